package shippers

import (
	"os/exec"
	"strings"
	"testing"
)

// TestCurl: every command of docs/connect/curl.md, as printed.
func TestCurl(t *testing.T) {
	binary(t)
	s := start(t)
	dir := t.TempDir()
	write(t, dir, "signins.jsonl", `{"TimeGenerated":"2026-11-22T08:00:00Z","UserPrincipalName":"a@x.example","ResultType":"50126"}`+"\n")
	write(t, dir, "records.jsonl", `{"Type":"SigninLogs","TimeGenerated":"2026-11-22T08:01:00Z","UserPrincipalName":"b@x.example","ResultType":"0"}`+"\n")
	write(t, dir, "bulk.json", `{"create":{"_index":"logs"}}`+"\n"+`{"@timestamp":"2026-11-22T08:02:00Z","host":{"name":"web-2"},"message":"a line that says nothing"}`+"\n")
	log := write(t, dir, "auth.log", "Nov 22 08:03:00 web-1 sshd[42]: "+strings.ReplaceAll(strings.TrimSuffix(failedLogins(2), "\n"), "\n", "\nNov 22 08:03:01 web-1 sshd[42]: ")+"\n")
	for _, marker := range []string{"# rows of a table", "# records of any known shape", "# lines of text", "# documents"} {
		own := []string{"https://tocsin.example:8700", s.url}
		if marker == "# lines of text" {
			own = append(own, "/var/log/auth.log", log)
		}
		cmd := exec.Command("sh", "-c", configuration(t, "curl", marker, own...)+"\n")
		cmd.Dir, cmd.Env = dir, append(cmd.Environ(), "TOCSIN_TOKEN="+s.token)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", marker, err, out)
		}
	}
	s.arrive(t, 2, `SigninLogs`)
	s.arrive(t, 2, `Syslog | where _Source == "hec:shipper" and SyslogMessage has "Failed password"`)
	s.arrive(t, 1, `Syslog | where _Source == "elastic:shipper" and Computer == "web-2"`)
}
