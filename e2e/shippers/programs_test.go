package shippers

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
)

// programs is the folder that install.sh fills.
func programs() string {
	if dir := os.Getenv("TOCSIN_SHIPPERS"); dir != "" {
		return dir
	}
	return filepath.Join(os.Getenv("HOME"), ".cache/tocsin-shippers")
}

// installed returns the path of a program below the folder that install.sh
// fills, and a command for it that finds its libraries.
func installed(t *testing.T, path string, args ...string) *exec.Cmd {
	t.Helper()
	dir := programs()
	program := filepath.Join(dir, path)
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%s is not there. Run e2e/shippers/install.sh.", program)
	}
	cmd := exec.Command(program, args...)
	root, _, _ := strings.Cut(path, "/")
	var libraries []string
	for _, l := range []string{"usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "lib/aarch64-linux-gnu", "usr/lib/syslog-ng", "usr/lib/x86_64-linux-gnu/systemd", "usr/lib/aarch64-linux-gnu/systemd"} {
		libraries = append(libraries, filepath.Join(dir, root, l))
	}
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(libraries, ":"))
	return cmd
}

// below returns the one file or folder below the installed programs that
// matches, such as the folder of a program's modules.
func below(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(programs(), pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s is not there exactly once: %v %v", pattern, found, err)
	}
	return found[0]
}

// rsyslog runs rsyslogd with a configuration until the test ends.
func rsyslog(t *testing.T, configuration string) {
	t.Helper()
	dir := t.TempDir()
	file := write(t, dir, "rsyslog.conf", fmt.Sprintf("global(workDirectory=%q)\n", dir)+configuration)
	background(t, installed(t, "rsyslog/usr/sbin/rsyslogd", "-n", "-f", file, "-i", filepath.Join(dir, "pid"), "-M", below(t, "rsyslog/usr/lib/*/rsyslog")))
}

// syslogNG runs syslog-ng with a configuration until the test ends.
func syslogNG(t *testing.T, configuration string) {
	t.Helper()
	dir := t.TempDir()
	file := write(t, dir, "syslog-ng.conf", "@version: 3.38\n"+configuration)
	background(t, installed(t, "syslog-ng/usr/sbin/syslog-ng", "-F", "-f", file, "--no-caps", "--module-path", below(t, "syslog-ng/usr/lib/syslog-ng/3*"),
		"--persist-file", filepath.Join(dir, "persist"), "--pidfile", filepath.Join(dir, "pid"), "--control", filepath.Join(dir, "control")))
}

// collector runs the OpenTelemetry Collector with a configuration.
func collector(t *testing.T, configuration string) {
	t.Helper()
	background(t, installed(t, "otelcol", "--config", write(t, t.TempDir(), "collector.yaml", configuration)))
}

// owner is the user the tests run as: servers that want to become somebody else
// could not write into the test's folders.
func owner() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "root"
}

// failedLogins are lines of sshd, each from a port of its own.
func failedLogins(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Failed password for root from 203.0.113.%d port %d ssh2\n", i%250+1, 40000+i)
	}
	return b.String()
}

// grow appends to a file that a shipper follows.
func grow(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
