package text

import (
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"path"
	"strconv"
	"strings"
)

//go:embed syscalls.txt
var syscallNames string

// readSyscalls reads the names of system calls, by architecture and number.
func readSyscalls(text string) map[string]map[string]string {
	all := map[string]map[string]string{}
	var of map[string]string
	for line := range strings.SplitSeq(text, "\n") {
		first, rest := word(line)
		switch {
		case first == "arch":
			hex, name := word(rest)
			of = map[string]string{}
			all[hex], all[name] = of, of
		case of != nil && rest != "":
			of[first] = rest
		}
	}
	return all
}

// conclude adds what the records say together.
func (e *auditEvent) conclude() {
	e.closePiece()
	if e.name == "" && e.number != "" {
		if e.name = e.syscalls[e.arch][e.number]; e.name != "" {
			e.r.Add("SYSCALL", e.name)
		}
	}
	if e.title == "" || len(e.args) > 0 {
		e.title = string(e.args)
	}
	e.r.addText("cmdline", e.title)
	if e.family != "" && e.r.Get("saddr_fam") == "" {
		e.r.Add("saddr_fam", e.family)
		e.r.addText("laddr", e.addr)
		e.r.addText("lport", e.port)
	}
	switch e.name {
	case "execve", "execveat":
		if e.success == "yes" && e.isExec {
			e.r.Add("action", "exec")
		}
	case "connect":
		switch {
		case e.success == "yes" || e.exit == "-115" || strings.HasPrefix(e.exit, "EINPROGRESS"):
			e.r.Add("action", "connect")
		default:
			e.r.Add("action", "connect_failed")
		}
	case "accept", "accept4", "bind":
		if e.success == "yes" {
			e.r.Add("action", strings.TrimSuffix(e.name, "4"))
		}
	default:
		if e.success == "yes" {
			e.fileAction()
		}
	}
}

// fileAction tells what happened to a file, by the system call and the paths
// with their kinds. Folders are left out, as Defender does.
func (e *auditEvent) fileAction() {
	created, deleted, normal := e.pathOf("CREATE"), e.pathOf("DELETE"), e.pathOf("NORMAL")
	switch e.name {
	case "rename", "renameat", "renameat2":
		if created != "" && deleted != "" {
			e.file("rename", created)
			e.r.Add("oldfile", deleted)
		}
	case "unlink", "unlinkat":
		e.file("delete", deleted)
	case "open", "openat", "openat2", "creat", "mknod", "mknodat", "link", "linkat", "symlink", "symlinkat":
		if created != "" {
			e.file("create", created)
		} else if e.writes() {
			e.file("modify", normal)
		}
	case "truncate":
		e.file("modify", normal)
	}
}

func (e *auditEvent) file(action, name string) {
	if name != "" {
		e.r.Add("action", action)
		e.r.Add("file", name)
	}
}

// pathOf returns the full path of the last PATH record of a kind that is no
// folder.
func (e *auditEvent) pathOf(kind string) string {
	for i := len(e.paths) - 1; i >= 0; i-- {
		p := &e.paths[i]
		if p.kind != kind || p.name == "" || strings.HasPrefix(p.mode, "04") || strings.HasPrefix(p.mode, "dir,") {
			continue
		}
		if strings.HasPrefix(p.name, "/") || e.cwd == "" {
			return p.name
		}
		return path.Join(e.cwd, p.name)
	}
	return ""
}

// writes says whether the flags of open (2) ask for writing: O_WRONLY, O_RDWR or
// O_TRUNC. openat2 hands them over by a pointer, so nothing is known.
func (e *auditEvent) writes() bool {
	text := ""
	switch e.name {
	case "open":
		text = e.flags[1]
	case "openat":
		text = e.flags[2]
	case "creat":
		return true
	}
	if strings.Contains(text, "O_") { // interpreted
		return strings.Contains(text, "O_WRONLY") || strings.Contains(text, "O_RDWR") || strings.Contains(text, "O_TRUNC")
	}
	flags, err := strconv.ParseUint(text, 16, 64)
	return err == nil && flags&0o1003 != 0
}

// unhex decodes what auditd wrote in hexadecimal; anything else stays.
func unhex(s string) string {
	if len(s) < 2 || len(s)&1 != 0 {
		return s
	}
	for i := range len(s) {
		if c := s[i]; c-'0' > 9 && c-'A' > 5 {
			return s
		}
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return s
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// socketAddress decodes a struct sockaddr as auditd prints it: the family in the
// machine's order (the little-endian one), port and address in the network's.
func socketAddress(s string) (family, addr, port string) {
	b, err := hex.DecodeString(s[:min(len(s), 512)])
	if err != nil || len(b) < 2 {
		return "", "", ""
	}
	switch f := binary.LittleEndian.Uint16(b); {
	case f == 1:
		name := b[2:]
		if len(name) > 1 && name[0] == 0 { // an abstract name
			name = append([]byte{'@'}, name[1:]...)
		}
		text, _, _ := strings.Cut(string(name), "\x00")
		return "local", strings.ToValidUTF8(text, "\uFFFD"), ""
	case f == 2 && len(b) >= 8:
		return "inet", netip.AddrFrom4([4]byte(b[4:8])).String(), strconv.Itoa(int(binary.BigEndian.Uint16(b[2:])))
	case f == 10 && len(b) >= 24:
		return "inet6", netip.AddrFrom16([16]byte(b[8:24])).Unmap().String(), strconv.Itoa(int(binary.BigEndian.Uint16(b[2:])))
	case f == 16:
		return "netlink", "", ""
	}
	return "", "", ""
}
