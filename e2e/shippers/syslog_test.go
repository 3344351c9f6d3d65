package shippers

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRsyslog_OverTLS: docs/connect/rsyslog.md, both files as printed.
func TestRsyslog_OverTLS(t *testing.T) {
	binary(t)
	certs, tls, log := certificates(t), port(t, "tcp"), filepath.Join(t.TempDir(), "app.log")
	s := start(t, "--sources", write(t, certs, "sources.yaml", configuration(t, "rsyslog", "# sources.yaml", "tls://:6514", "tls://127.0.0.1:"+tls)))
	rsyslog(t, imfile(log, "sshd[42]:")+configuration(t, "rsyslog", "rsyslog.d",
		`target="tocsin.example"`, `target="127.0.0.1"`, `"6514"`, `"`+tls+`"`, "/etc/ssl/", certs+"/"))
	grow(t, log, failedLogins(500))
	s.arrive(t, 500, `Syslog | where _Source == "syslog:linux" and ProcessName == "sshd" and SyslogMessage startswith "Failed password"`)
	s.arrive(t, 500, `DeviceLogonEvents | where ActionType == "LogonFailed" and RemoteIP startswith "203.0.113."`)
}

// TestRsyslog_PlainTCP: the same without TLS, as the page says; newline framing too.
func TestRsyslog_PlainTCP(t *testing.T) {
	binary(t)
	tcp, log := port(t, "tcp"), filepath.Join(t.TempDir(), "app.log")
	s := start(t, "--sources", write(t, t.TempDir(), "sources.yaml", "sources:\n  - {name: linux, door: syslog, listen: ['tcp://127.0.0.1:"+tcp+"']}\n"))
	forward := `action(type="omfwd" target="127.0.0.1" port="` + tcp + `" protocol="tcp" `
	rsyslog(t, imfile(log, "app:")+forward+`TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")`+"\n"+forward+`TCP_Framing="traditional")`+"\n")
	grow(t, log, failedLogins(200))
	s.arrive(t, 400, `Syslog | where _Source == "syslog:linux" and ProcessName == "app"`)
}

// TestRsyslog_Omelasticsearch: docs/connect/rsyslog-omelasticsearch.md.
func TestRsyslog_Omelasticsearch(t *testing.T) {
	binary(t)
	elastic, log := port(t, "tcp"), filepath.Join(t.TempDir(), "app.log")
	s := start(t, "--elastic-addr", "127.0.0.1:"+elastic)
	rsyslog(t, imfile(log, "sshd[42]:")+configuration(t, "rsyslog-omelasticsearch", "rsyslog.d",
		"tocsin.example", "127.0.0.1", `"9200"`, `"`+elastic+`"`, `usehttps="on"`, `usehttps="off"`, "TOKEN", s.token))
	grow(t, log, failedLogins(300))
	s.arrive(t, 300, `Syslog | where _Source == "elastic:shipper" and ProcessName == "sshd" and isnotempty(Computer)`)
}

// TestSyslogNG_OverTLS: docs/connect/syslog-ng.md, both files as printed.
func TestSyslogNG_OverTLS(t *testing.T) {
	binary(t)
	certs, tls, tcp, log := certificates(t), port(t, "tcp"), port(t, "tcp"), filepath.Join(t.TempDir(), "app.log")
	s := start(t, "--sources", write(t, certs, "sources.yaml", configuration(t, "syslog-ng", "# sources.yaml", "tls://:6514", "tls://127.0.0.1:"+tls, "tcp://:514", "tcp://127.0.0.1:"+tcp)))
	grow(t, log, "")
	syslogNG(t, `source s_src { file("`+log+`" follow-freq(0.1) program-override("app") flags(no-parse)); };`+"\n"+configuration(t, "syslog-ng", "conf.d",
		`"tocsin.example"`, `"127.0.0.1"`, "port(6514)", "port("+tls+")", "/etc/ssl/", certs+"/"))
	grow(t, log, failedLogins(300))
	s.arrive(t, 300, `Syslog | where _Source == "syslog:linux" and SyslogMessage startswith "Failed password"`)
}

// TestLogger: docs/connect/network-devices.md's own line, over UDP and TCP.
func TestLogger(t *testing.T) {
	binary(t)
	p := port(t, "tcp")
	s := start(t, "--sources", write(t, t.TempDir(), "sources.yaml",
		"sources:\n  - {name: firewalls, door: syslog, listen: ['udp://127.0.0.1:"+p+"', 'tcp://127.0.0.1:"+p+"']}\n"))
	line := configuration(t, "network-devices", "# what a device would send", "tocsin.example", "127.0.0.1", "-P 514", "-P "+p)
	for _, transport := range []string{"-T", "-d"} {
		if out, err := exec.Command("sh", "-c", strings.Replace(line, " -T ", " "+transport+" ", 1)).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	rows := s.arrive(t, 2, `CommonSecurityLog | where _Source == "syslog:firewalls"`)
	if rows[0]["DeviceVendor"] != "Vendor" || rows[0]["DestinationPort"] != float64(443) || rows[0]["DeviceAction"] != "deny" {
		t.Errorf("got %v", rows[0])
	}
}

// imfile is rsyslog's input from a file under a tag.
func imfile(path, tag string) string {
	return `module(load="imfile" mode="inotify")` + "\n" + `input(type="imfile" File="` + path + `" Tag="` + tag + `" Severity="info" Facility="auth")` + "\n"
}
