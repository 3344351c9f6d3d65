package text

import (
	"strings"
	"time"
)

// Audit reads one event of the Linux audit system: the records that share a
// serial number, a line each, as auditd writes them (RAW or ENRICHED) or as the
// kernel prints them. Every record's fields are fields under auditd's own names,
// so a name comes once per record; hexadecimal texts are decoded. Beside them
// stand what several records say together: see auditEvent.
func (rd *Reader) Audit(r *Reading, s string) bool {
	from := len(r.Fields)
	e := auditEvent{r: r, syscalls: rd.syscalls, isExec: strings.Contains(s, "type=EXECVE") || strings.Contains(s, "type=1309")}
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); line != "" && !e.record(line) {
			if e.id == "" {
				return r.back(from)
			}
			if !r.full() {
				r.Add("text", line)
			}
		}
	}
	if e.id == "" {
		return r.back(from)
	}
	e.conclude()
	r.Shape, r.Time = "auditd", e.at
	return true
}

// isAudit says whether a text begins like a record of the audit system.
func isAudit(s string) bool {
	for _, prefix := range [...]string{"type=", "node=", "audit: type=", "audit("} {
		if strings.HasPrefix(s, prefix) {
			return strings.Contains(s[:min(len(s), 400)], "audit(")
		}
	}
	return false
}

// auditTypes are the records that the kernel prints by number
// (include/uapi/linux/audit.h), as far as somebody asks for them.
var auditTypes = map[string]string{
	"1100": "USER_AUTH", "1101": "USER_ACCT", "1103": "CRED_ACQ", "1104": "CRED_DISP", "1105": "USER_START", "1106": "USER_END", "1112": "USER_LOGIN",
	"1114": "ADD_USER", "1115": "DEL_USER", "1116": "ADD_GROUP", "1117": "DEL_GROUP", "1123": "USER_CMD", "1130": "SERVICE_START", "1131": "SERVICE_STOP",
	"1300": "SYSCALL", "1302": "PATH", "1305": "CONFIG_CHANGE", "1306": "SOCKADDR", "1307": "CWD", "1309": "EXECVE", "1319": "TTY", "1326": "SECCOMP", "1327": "PROCTITLE",
	"1400": "AVC", "1403": "MAC_POLICY_LOAD", "1404": "MAC_STATUS",
}

// An auditEvent is what the records of one event say together:
//
//	SYSCALL   the system call's name, also where the log is not enriched
//	cmdline   the arguments joined by blanks, or the process title
//	action    exec, create, modify, delete, rename, connect, connect_failed, accept, bind
//	file, oldfile          full paths of what was created, changed, deleted, renamed
//	saddr_fam, laddr, lport  the socket address
type auditEvent struct {
	r        *Reading
	syscalls map[string]map[string]string
	isExec   bool // there is an EXECVE record: it says the arguments, SYSCALL only has pointers

	id           string
	at           time.Time
	arch, number string
	name         string // of the system call
	success      string
	exit         string
	flags        [4]string // a0 to a3 of SYSCALL
	cwd, title   string
	args         []byte
	piece        []byte // of an argument that comes in pieces, the last field
	pairs        int
	paths        []auditPath
	family, addr string
	port         string
}

type auditPath struct{ name, kind, mode string }

// record reads one line.
func (e *auditEvent) record(line string) bool {
	line = strings.TrimPrefix(line, "audit: ")
	node := ""
	if rest, ok := strings.CutPrefix(line, "node="); ok {
		node, line = word(rest)
	}
	kind := ""
	if rest, ok := strings.CutPrefix(line, "type="); ok {
		kind, line = word(rest)
	}
	line = strings.TrimPrefix(line, "msg=")
	rest, ok := strings.CutPrefix(line, "audit(")
	if !ok {
		return false
	}
	id, rest, ok := strings.Cut(rest, ")")
	stamp, _, colon := strings.Cut(id, ":")
	if !ok || !colon || len(id) > maxTag {
		return false
	}
	if e.id == "" {
		at, left, ok := unixStamp(stamp + " ")
		if !ok || left != " " {
			return false
		}
		e.id, e.at = id, at
		e.r.Add("auditid", id)
		e.r.addText("node", node)
	}
	if name, ok := auditTypes[kind]; ok {
		kind = name
	}
	if e.r.full() { // the raw text has the rest
		return true
	}
	e.r.addText("type", kind)
	if kind == "PATH" {
		e.paths = append(e.paths, auditPath{})
	}
	e.body(kind, strings.TrimPrefix(rest, ":"), false)
	return true
}

// maxPairs bounds the pairs and words that are read of one event, maxQuoted the
// text in which the end of a quotation is looked for: what does not close would
// be searched to the end again and again. The kernel's records have at most 8,970
// bytes (MAX_AUDIT_MESSAGE_LENGTH of audit's libaudit.h).
const (
	maxPairs  = 8192
	maxQuoted = 32 << 10
)

// body reads the pairs of one record. The byte 0x1d stands between what the
// kernel said and the names that ENRICHED adds. inside says that s is a value of
// such a pair.
func (e *auditEvent) body(kind, s string, inside bool) {
	for s != "" && e.pairs < maxPairs {
		e.pairs++
		s = strings.TrimLeft(s, " \x1d")
		n := 0
		for n < len(s) && isKeyByte(s[n]) {
			n++
		}
		if n == 0 || n == len(s) || s[n] != '=' {
			end := strings.IndexAny(s, " \x1d")
			if end < 0 {
				end = len(s)
			}
			if strings.HasPrefix(s, "{ ") && kind == "AVC" { // { read open } are the permissions
				if i := strings.Index(s[:min(len(s), maxQuoted)], " }"); i > 0 {
					end = i + 2
				}
			}
			if w := s[:end]; kind == "AVC" && w != "" && w != "for" && w != "avc:" && !e.r.full() {
				e.r.Add("avc", strings.Trim(w, "{} "))
			}
			s = s[end:]
			continue
		}
		key := s[:n]
		var value string
		var quoted bool
		value, s, quoted = auditValue(s[n+1:])
		switch {
		case value == "(null)" || value == "?" && !quoted:
		case key == "msg" || key == "SADDR": // what a program said stands in quotes of its own, in braces what a socket address means
			if !inside { // there is no third level
				e.body(kind, value, true)
			}
		default:
			e.pair(kind, key, value, quoted)
		}
	}
}

// auditValue cuts off "text", 'text', { text } or a word.
func auditValue(s string) (value, rest string, quoted bool) {
	if s != "" {
		for _, pair := range [...]string{`""`, `''`, `{}`} {
			if s[0] == pair[0] {
				if end := strings.IndexByte(s[1:min(len(s), maxQuoted)], pair[1]); end >= 0 {
					return s[1 : 1+end], s[end+2:], true
				}
			}
		}
	}
	end := strings.IndexAny(s, " \x1d")
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:], false
}

// isUntrusted names the fields whose text a user chooses: auditd writes them in
// hexadecimal when they hold a blank, a quote or a control character.
func isUntrusted(kind, key string) bool {
	switch key {
	case "comm", "exe", "name", "cwd", "proctitle", "key", "acct", "data", "cmd", "dir", "path", "file", "watch", "ocomm", "root", "apparmor", "profile":
		return true
	}
	return kind == "EXECVE" && len(key) > 1 && key[0] == 'a' && key[1]-'0' < 10
}

func (e *auditEvent) pair(kind, key, value string, quoted bool) {
	if !quoted && isUntrusted(kind, key) {
		value = unhex(value)
	}
	switch kind {
	case "SYSCALL", "SECCOMP":
		if e.syscall(key, value) {
			return
		}
	case "EXECVE":
		if key[0] == 'a' && len(key) > 1 && key[1]-'0' < 10 {
			if strings.HasSuffix(key, "_len") {
				return
			}
			name, piece, isPiece := strings.Cut(key, "[") // a long argument comes in pieces
			if len(e.args) > 0 && (!isPiece || piece == "0]") {
				e.args = append(e.args, ' ')
			}
			e.args = append(e.args, value...)
			if last := &e.r.Fields[len(e.r.Fields)-1]; isPiece && last.Name == name {
				if len(e.piece) < maxMessage {
					e.piece = append(e.piece, value...)
				}
				return
			}
			if e.closePiece(); isPiece {
				e.piece = append(e.piece, value...)
			}
			key = name
		}
	case "CWD":
		if key == "cwd" {
			e.cwd = value
		}
	case "PROCTITLE":
		if key == "proctitle" {
			value = strings.TrimRight(strings.ReplaceAll(value, "\x00", " "), " ")
			e.title = value
		}
	case "PATH":
		switch p := &e.paths[len(e.paths)-1]; key {
		case "name":
			p.name = value
		case "nametype", "objtype":
			p.kind = value
		case "mode":
			p.mode = value
		}
	case "SOCKADDR":
		e.socket(key, value)
	}
	if kind != "EXECVE" {
		e.closePiece()
	}
	if !e.r.full() {
		e.r.Add(key, value)
	}
}

// closePiece gives the last field the pieces of its argument.
func (e *auditEvent) closePiece() {
	if len(e.piece) > 0 {
		if last := &e.r.Fields[len(e.r.Fields)-1]; len(e.piece) > len(last.Value) {
			last.Value = string(e.piece)
		}
		e.piece = e.piece[:0]
	}
}

// syscall notes what is needed of a SYSCALL record; true if the field is not to
// be shown.
func (e *auditEvent) syscall(key, value string) bool {
	switch key {
	case "arch":
		e.arch = value
	case "syscall":
		e.number = value
	case "SYSCALL":
		e.name = value
	case "success":
		e.success = value
	case "exit":
		e.exit = value
	case "a0", "a1", "a2", "a3":
		e.flags[key[1]-'0'] = value
		return e.isExec
	}
	return false
}

func (e *auditEvent) socket(key, value string) {
	switch key {
	case "saddr":
		if e.family == "" {
			e.family, e.addr, e.port = socketAddress(value)
		}
	case "saddr_fam":
		e.family = value
	case "laddr", "path":
		e.addr = value
	case "lport":
		e.port = value
	}
}
