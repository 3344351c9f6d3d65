package shippers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFilebeat_Journal: docs/connect/filebeat.md for hosts with a journal only. The
// journal is one that systemd wrote from journal export format
// (https://systemd.io/JOURNAL_EXPORT_FORMATS/), and Filebeat reads it by journalctl.
func TestFilebeat_Journal(t *testing.T) {
	binary(t)
	s, dir, home := start(t), t.TempDir(), t.TempDir()
	var export strings.Builder
	for i := range 200 {
		fmt.Fprintf(&export, "__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=0123456789abcdef0123456789abcdef\n_MACHINE_ID=fedcba9876543210fedcba9876543210\n"+
			"_HOSTNAME=web-1\n_TRANSPORT=syslog\n_UID=0\n_COMM=sshd\n_PID=42\n_SYSTEMD_UNIT=ssh.service\nPRIORITY=6\nSYSLOG_FACILITY=4\nSYSLOG_IDENTIFIER=sshd\nSYSLOG_PID=42\n"+
			"MESSAGE=Failed password for root from 203.0.113.%d port %d ssh2\n\n", 1_795_334_400_000_000+i*1_000_000, 1_000_000+i, i%250+1, 40_000+i)
	}
	journal := filepath.Join(dir, "system.journal")
	if out, err := installed(t, "journal/lib/systemd/systemd-journal-remote", "--output="+journal, write(t, dir, "export", export.String())).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	journalctl := installed(t, "journal/bin/journalctl") // behind a script, so that only it gets those libraries
	script := "#!/bin/sh\n"
	for _, variable := range journalctl.Env {
		if strings.HasPrefix(variable, "LD_LIBRARY_PATH=") {
			script += variable + " "
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "journalctl"), []byte(script+"exec "+journalctl.Path+` "$@"`+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	_, rest, _ := strings.Cut(s.asPrinted(t, "/nowhere", "/nowhere"), "output.elasticsearch")
	filebeat(t, s, home, configuration(t, "filebeat", "in place of the inputs")+"    paths: ["+journal+"]\n"+"output.elasticsearch"+rest)
	row := s.arrive(t, 200, sshdLines+" | where ProcessID == 42")[0]
	if row["Facility"] != "auth" || row["SeverityLevel"] != "info" {
		t.Errorf("got %v", row)
	}
	s.arrive(t, 200, `DeviceLogonEvents | where ActionType == "LogonFailed" and RemoteIP startswith "203.0.113." and TimeGenerated >= datetime(2026-11-22T08:00:00Z)`)
}
