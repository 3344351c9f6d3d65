package shippers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSSHD: OpenSSH's own words about sign-ins that fail, by rsyslog.
func TestSSHD(t *testing.T) {
	binary(t)
	tcp, log := port(t, "tcp"), filepath.Join(anybodys(t), "sshd.log")
	s := start(t, "--sources", write(t, t.TempDir(), "sources.yaml", "sources:\n  - {name: linux, door: syslog, listen: ['tcp://127.0.0.1:"+tcp+"']}\n"))
	rsyslog(t, imfile(log, "sshd[42]:")+`action(type="omfwd" target="127.0.0.1" port="`+tcp+`" protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")`+"\n")
	at, user, dir := sshd(t, log)
	sign := func(user string) {
		cmd := installed(t, "openssh/usr/bin/ssh", []string{"-F", "none", "-p", at, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "NumberOfPasswordPrompts=1",
			"-o", "PreferredAuthentications=password", user + "@127.0.0.1", "true"}...)
		cmd.Env = append(cmd.Env, "SSH_ASKPASS_REQUIRE=force", "SSH_ASKPASS="+filepath.Join(dir, "ask"))
		_ = cmd.Run() // most are refused
	}
	for i := range 5 {
		sign(fmt.Sprintf("oracle%d", i))
		sign(user)
	}
	s.arrive(t, 5, `DeviceLogonEvents | where ActionType == "LogonFailed" and AccountName startswith "oracle" and RemoteIP == "127.0.0.1" and isnotempty(RemotePort) | summarize take_any(RemoteIP) by AccountName`)
	s.arrive(t, 5, `DeviceLogonEvents | where ActionType == "LogonFailed" and AccountName == "`+user+`" and AdditionalFields has "password"`)
	s.arrive(t, 1, `Syslog | where ProcessName == "sshd" and SyslogMessage startswith "Server listening on 127.0.0.1"`)
}

// sshd runs OpenSSH's server on a port, as a user without rights: with root's it would
// want the system's own user and folders. It returns the port, a user that is there, and
// the folder with a program that says a wrong password. Such a server lets nobody in.
func sshd(t *testing.T, log string) (at, user, dir string) {
	t.Helper()
	dir, at, user = anybodys(t), port(t, "tcp"), owner()
	if err := os.CopyFS(filepath.Join(dir, "openssh"), os.DirFS(below(t, "openssh"))); err != nil {
		t.Fatal(err)
	}
	if out, err := installed(t, "openssh/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, "host")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "ask"), []byte("#!/bin/sh\necho wrong\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := write(t, dir, "sshd_config", fmt.Sprintf("Port %s\nListenAddress 127.0.0.1\nHostKey %s/host\nPidFile none\nUsePAM no\nStrictModes no\nLogLevel VERBOSE\nMaxStartups 100\n", at, dir))
	libraries, err := filepath.Glob(filepath.Join(dir, "openssh/*/lib/*-linux-gnu"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Glob(filepath.Join(dir, "openssh/lib/*-linux-gnu"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "openssh/usr/sbin/sshd"), "-D", "-E", log, "-f", file)
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(append(libraries, root...), ":"))
	if os.Geteuid() == 0 {
		const nobody = 65534
		user = "nobody"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		for _, name := range []string{"host", "sshd_config"} {
			if err := os.Chown(filepath.Join(dir, name), nobody, nobody); err != nil {
				t.Fatal(err)
			}
		}
		grow(t, log, "")
		if err := os.Chown(log, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	background(t, cmd)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if text, err := os.ReadFile(log); err == nil && strings.Contains(string(text), "Server listening") {
			return at, user, dir
		}
	}
	text, _ := os.ReadFile(log)
	t.Fatalf("sshd never listened:\n%s", text)
	return "", "", ""
}
