package shippers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// filebeat runs Filebeat with a configuration on a folder of its own, in which
// it finds its state again, until the test ends or the command is killed.
func filebeat(t *testing.T, s *server, home, configuration string) (*exec.Cmd, *output) {
	t.Helper()
	t.Setenv("TOCSIN_TOKEN", s.token)
	cmd := installed(t, "filebeat", "--path.home", home, "-e", "-c", write(t, home, "filebeat.yml", configuration))
	return cmd, background(t, cmd)
}

// asPrinted is the page's configuration with the test's server and two files.
func (s *server) asPrinted(t *testing.T, auth, audit string) string {
	t.Helper()
	return configuration(t, "filebeat", "/etc/filebeat", "https://tocsin.example:8700", s.url,
		"[/var/log/auth.log, /var/log/secure, /var/log/syslog, /var/log/messages]", "["+auth+"]", "/var/log/audit/audit.log", audit)
}

// syslogLines are the lines of failedLogins from the number on, as syslog writes
// them to a file.
func syslogLines(from, n int) string {
	var b strings.Builder
	for i := from; i < from+n; i++ {
		fmt.Fprintf(&b, "2026-11-22T08:%02d:%02d.%06d+00:00 web-1 sshd[42]: Failed password for root from 203.0.113.%d port %d ssh2\n", i/60%60, i%60, i, i%250+1, i)
	}
	return b.String()
}

// sshdLines are the rows of syslogLines.
const sshdLines = `Syslog | where _Source == "elastic:shipper" and ProcessName == "sshd" and Computer == "web-1"`

// TestFilebeat_TocsinCrashes: docs/connect/filebeat.md, and Tocsin killed and
// started again in the middle of it: every line is stored once.
func TestFilebeat_TocsinCrashes(t *testing.T) {
	binary(t)
	s, dir := start(t), t.TempDir()
	auth, audit := filepath.Join(dir, "auth.log"), filepath.Join(dir, "audit.log")
	grow(t, auth, syslogLines(0, 5000))
	filebeat(t, s, t.TempDir(), s.asPrinted(t, auth, audit))
	for i := range 3 {
		grow(t, auth, syslogLines(5000*(i+1), 5000))
		s.atLeast(t, 5000*i+1, sshdLines)
		s.crash(t)
	}
	for i := range 20 { // Filebeat tells files apart by their first KiB
		grow(t, audit, fmt.Sprintf(`type=SYSCALL msg=audit(1795334400.123:%d): arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=2 auid=1000 uid=0 comm="id" exe="/usr/bin/id" key="x"`+"\n", i))
	}
	s.exactly(t, 20_000, sshdLines, "SyslogMessage")
	s.arrive(t, 20, `LinuxAuditLog | where _Source == "elastic:shipper"`)
}

// TestFilebeat_Killed: Filebeat killed and started again in the middle of a file.
// What it sends again bears a new time, and the name that the page gives it.
func TestFilebeat_Killed(t *testing.T) {
	binary(t)
	s, dir, home := start(t), t.TempDir(), t.TempDir()
	auth, audit := filepath.Join(dir, "auth.log"), filepath.Join(dir, "audit.log")
	for i := range 3 {
		grow(t, auth, syslogLines(5000*i, 5000))
		cmd, _ := filebeat(t, s, home, s.asPrinted(t, auth, audit))
		s.atLeast(t, 5000*i+1, sshdLines)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_, _ = cmd.Process.Wait()
	}
	filebeat(t, s, home, s.asPrinted(t, auth, audit))
	s.exactly(t, 15_000, sshdLines, "SyslogMessage")
}

// TestFilebeat_BackPressure: a source that takes less than Filebeat sends answers
// 429 until it has room, and nothing is lost or stored twice.
func TestFilebeat_BackPressure(t *testing.T) {
	binary(t)
	dir := t.TempDir()
	s := start(t, "--sources", write(t, dir, "sources.yaml", "sources:\n  - {name: shipper, door: elastic, limits: {recordsPerSecond: 1000}}\n"))
	auth := filepath.Join(dir, "auth.log")
	grow(t, auth, syslogLines(0, 6000))
	filebeat(t, s, t.TempDir(), s.asPrinted(t, auth, filepath.Join(dir, "audit.log")))
	s.exactly(t, 6000, sshdLines, "SyslogMessage")
	if !strings.Contains(s.metrics(t), `tocsin_door_refused_total{door="elastic",reason="busy"}`) {
		t.Errorf("nothing was refused:\n%s", s.metrics(t))
	}
}

// TestFilebeat_SetUp: with templates, life cycles and pipelines left on, as
// Filebeat has it when nothing is said, and a module.
func TestFilebeat_SetUp(t *testing.T) {
	binary(t)
	s, dir, home := start(t), t.TempDir(), t.TempDir()
	text := s.asPrinted(t, filepath.Join(dir, "auth.log"), filepath.Join(dir, "audit.log"))
	text, _, _ = strings.Cut(text, "setup.template.enabled")
	if err := os.Symlink(below(t, "filebeat-module"), filepath.Join(home, "module")); err != nil {
		t.Fatal(err)
	}
	access := filepath.Join(dir, "access.log")
	var lines strings.Builder
	for i := range 100 {
		fmt.Fprintf(&lines, "203.0.113.9 - - [22/Nov/2026:08:00:%02d +0000] \"GET /a.php?n=%d HTTP/1.1\" 200 2 \"-\" \"curl/7.88.1\"\n", i%60, i)
	}
	grow(t, access, lines.String())
	_, said := filebeat(t, s, home, text+"filebeat.modules:\n  - module: nginx\n    access: {enabled: true, var.paths: ["+access+"]}\n    error: {enabled: false}\n    ingress_controller: {enabled: false}\n")
	said.wait(t, regexp.MustCompile("Loaded index template"))
	s.arrive(t, 100, `ASimWebSessionLogs | where _Source == "elastic:shipper" and EventProduct == "Nginx" and Url startswith "/a.php?n="`)
	s.arrive(t, 100, `NGINX_CL`)
}

// TestFilebeat_TestOutput: what the page tells to look at first.
func TestFilebeat_TestOutput(t *testing.T) {
	binary(t)
	s, home := start(t), t.TempDir()
	t.Setenv("TOCSIN_TOKEN", s.token)
	cmd := installed(t, "filebeat", "test", "output", "--path.home", home, "-c", write(t, home, "filebeat.yml", s.asPrinted(t, "/nowhere", "/nowhere")))
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "talk to server... OK") {
		t.Errorf("%v\n%s", err, out)
	}
}

// count is the number of rows of a query.
func (s *server) count(t *testing.T, query string) int {
	t.Helper()
	return int(s.rows(t, query+" | count")[0]["Count"].(float64))
}

// until waits for a condition.
func (s *server) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("never came: %s\nhealth: %v\ndead letters: %v", what, s.rows(t, "IngestHealth"), s.rows(t, "DeadLetters | project SourceId, Reason, RawData | take 5"))
}

// atLeast waits until a query has so many rows or more.
func (s *server) atLeast(t *testing.T, n int, query string) {
	t.Helper()
	s.until(t, fmt.Sprintf("%d rows of %s", n, query), func() bool { return s.count(t, query) >= n })
}

// exactly waits until a query has so many rows that differ in a column, and
// fails if it has others.
func (s *server) exactly(t *testing.T, n int, query, column string) {
	t.Helper()
	s.atLeast(t, n, query+" | distinct "+column)
	if all := s.count(t, query); all != n {
		t.Errorf("%d rows of %d are there twice for %s", all-n, n, query)
	}
}
