package shippers

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// ask looks names up at a server until it has answered the first, then n more
// that are there and one that is not.
func ask(t *testing.T, at string, n int) {
	t.Helper()
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", at)
	}}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		if _, err := resolver.LookupNetIP(ctx, "ip4", "www.corp.example."); err == nil {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("%s never answered", at)
		}
		time.Sleep(100 * time.Millisecond)
	}
	for i := range n {
		if _, err := resolver.LookupTXT(ctx, fmt.Sprintf("t%d.corp.example.", i)); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = resolver.LookupTXT(ctx, "c2.evil.example.") // refused or unknown, as each server has it
}

// TestBIND: docs/connect/dns-servers.md.
func TestBIND(t *testing.T) {
	binary(t)
	dir, logs, p := t.TempDir(), t.TempDir(), port(t, "udp")
	s := start(t, "--sources", write(t, t.TempDir(), "sources.yaml", source(t, "dns-servers", "bind", "/var/log/named", logs)))
	write(t, dir, "zone", "$TTL 60\n@ IN SOA ns root 1 60 60 60 60\n@ IN NS ns\nns IN A 192.0.2.53\nwww IN A 192.0.2.80\n* IN TXT \"x\"\n")
	file := write(t, dir, "named.conf", "options { directory \""+dir+"\"; pid-file none; session-keyfile none; listen-on port "+p+" { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; dnssec-validation no; allow-query-cache { none; }; };\ncontrols {};\n"+
		"zone \"corp.example\" { type primary; file \"zone\"; };\n"+configuration(t, "dns-servers", "/etc/bind", "/var/log/named", logs))
	background(t, installed(t, "bind/usr/sbin/named", "-f", "-c", file))
	ask(t, "127.0.0.1:"+p, 30)
	s.arrive(t, 30, `DnsEvents | where _Source == "folder:bind" and QueryType == "TXT" and Name endswith ".corp.example" and ClientIP == "127.0.0.1"`)
	s.arrive(t, 2, `DnsEvents | where Name == "c2.evil.example"`) // the query and its refusal
}

// TestUnbound: docs/connect/dns-servers.md.
func TestUnbound(t *testing.T) {
	binary(t)
	dir, logs, p := t.TempDir(), t.TempDir(), port(t, "udp")
	s := start(t, "--sources", write(t, t.TempDir(), "sources.yaml", source(t, "dns-servers", "unbound", "/var/log/unbound", logs)))
	file := write(t, dir, "unbound.conf", configuration(t, "dns-servers", "/etc/unbound", "/var/log/unbound", logs)+
		"  directory: \""+dir+"\"\n  chroot: \"\"\n  username: \"\"\n  pidfile: \"\"\n  interface: 127.0.0.1@"+p+"\n  module-config: iterator\n  local-zone: \"evil.example.\" always_nxdomain\n  local-zone: \"corp.example.\" redirect\n"+
		"  local-data: \"corp.example. 60 IN A 192.0.2.80\"\n  local-data: \"corp.example. 60 IN TXT x\"\nremote-control:\n  control-enable: no\n")
	background(t, installed(t, "unbound/usr/sbin/unbound", "-d", "-c", file))
	ask(t, "127.0.0.1:"+p, 30)
	s.arrive(t, 60, `DnsEvents | where _Source == "folder:unbound" and QueryType == "TXT" and Name endswith ".corp.example"`)
	s.arrive(t, 1, `DnsEvents | where Name == "c2.evil.example" and ResultCode == 3`)
}

// TestDnsmasq: docs/connect/dns-servers.md.
func TestDnsmasq(t *testing.T) {
	binary(t)
	dir, p := t.TempDir(), port(t, "udp")
	log := filepath.Join(dir, "dnsmasq.log")
	s := start(t, "--sources", write(t, t.TempDir(), "sources.yaml", source(t, "dns-servers", "dnsmasq", "/var/log/dnsmasq.log", log)))
	settings := configuration(t, "dns-servers", "/etc/dnsmasq", "/var/log/dnsmasq.log", log) +
		"port=" + p + "\nlisten-address=127.0.0.1\nbind-interfaces\nuser=" + owner() + "\nno-resolv\nno-hosts\npid-file=\nhost-record=www.corp.example,192.0.2.80\nlocal=/evil.example/\n"
	for i := range 30 {
		settings += fmt.Sprintf("txt-record=t%d.corp.example,x\n", i)
	}
	background(t, installed(t, "dnsmasq/usr/sbin/dnsmasq", "-k", "-C", write(t, dir, "dnsmasq.conf", settings)))
	ask(t, "127.0.0.1:"+p, 30)
	s.arrive(t, 60, `DnsEvents | where _Source == "folder:dnsmasq" and Name matches regex "^t[0-9]+[.]corp[.]example$"`)
	s.arrive(t, 2, `DnsEvents | where Name == "c2.evil.example"`)
	if row := s.rows(t, `DnsEvents | where Name == "www.corp.example" and isnotempty(IPAddresses) | take 1`); len(row) != 1 || row[0]["IPAddresses"] != "192.0.2.80" {
		t.Errorf("got %v", row)
	}
}
