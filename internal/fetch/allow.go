package fetch

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"syscall"

	"github.com/tocsin-soc/tocsin"
)

// An Allowed is a list of what may be asked: "raw.githubusercontent.com" (a host),
// "*.abuse.ch" (a host and all below it), "https://example.org/lists/" (a prefix).
type Allowed []entry

type entry struct {
	scheme, host, path string // path "" allows all
	below              bool   // hosts below host too
}

// ParseAllowed reads the list. isOpen accepts http addresses: for tests.
func ParseAllowed(list []string, isOpen bool) (Allowed, error) {
	var out Allowed
	for _, text := range list {
		e := entry{scheme: "https"}
		rest := strings.TrimSpace(text)
		if scheme, after, ok := strings.Cut(rest, "://"); ok {
			e.scheme, rest = strings.ToLower(scheme), after
		}
		if e.scheme != "https" && !(isOpen && e.scheme == "http") {
			return nil, tocsin.Errorf(tocsin.Invalid, "%q cannot be allowed: externaldata reads https addresses only.", text)
		}
		host, path, hasPath := strings.Cut(rest, "/")
		if hasPath {
			e.path = "/" + path
		}
		host, e.below = strings.CutPrefix(strings.ToLower(host), "*.")
		e.host = host
		if host == "" || strings.ContainsAny(host, "*@?# ") || strings.ContainsAny(e.path, "*?# ") {
			return nil, tocsin.Errorf(tocsin.Invalid, "%q is not a host (lists.example.org, *.example.org) or a prefix (https://lists.example.org/ioc/).", text)
		}
		out = append(out, e)
	}
	return out, nil
}

// check reports why an address may not be asked.
func (a Allowed) check(u *url.URL) error {
	if u.User != nil {
		return tocsin.Errorf(tocsin.Invalid, "externaldata does not take a user name or password in an address.")
	}
	for _, e := range a {
		if e.matches(u) {
			return nil
		}
	}
	shown := shown(u)
	if u.Scheme != "https" {
		return tocsin.Errorf(tocsin.Invalid, "externaldata may not read %s: only https addresses are read.", shown)
	}
	return tocsin.Errorf(tocsin.Denied, "externaldata may not read %s. Whoever runs Tocsin can allow the host with --allow-external %s.", shown, u.Hostname())
}

func (e entry) matches(u *url.URL) bool {
	host := strings.ToLower(u.Host)
	if e.scheme != u.Scheme || host != e.host && !(e.below && strings.HasSuffix(host, "."+e.host)) {
		return false
	}
	// Servers differ in what else they take for a step up: a backslash, and
	// parameters behind the dots.
	for _, part := range strings.FieldsFunc(u.Path, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part, _, _ = strings.Cut(part, ";"); part == ".." || part == "." {
			return false
		}
	}
	prefix := strings.TrimSuffix(e.path, "/")
	return prefix == "" || u.Path == prefix || strings.HasPrefix(u.Path, prefix+"/")
}

// shown is what may be said of an address: no query, which may hold a token.
func shown(u *url.URL) string { return u.Scheme + "://" + u.Host + u.EscapedPath() }

// control refuses connections to addresses that are not on the public internet. It is
// told the address a name was resolved to, so that no name can lead elsewhere.
func control(isPublic func(netip.Addr) bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("the address %s is not understood", address)
		}
		if !isPublic(at.Addr()) {
			return tocsin.Errorf(tocsin.Denied, "externaldata may not read from %s, which is not a public address.", at.Addr())
		}
		return nil
	}
}

// unicast6 is all of IPv6 that is given out (IANA's address space registry): what
// lies outside is private, reserved, or carries an IPv4 address inside.
var unicast6 = netip.MustParsePrefix("2000::/3")

// reserved are networks that are neither private nor public (IANA's special-purpose
// registries), those that carry an IPv4 address inside, and the address at which
// Azure's machines are told their secrets, which looks public.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("168.63.129.16/32"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("3fff::/20"),
}

// IsPublic reports whether an address is on the public internet.
func IsPublic(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsValid() || !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.Is6() && !unicast6.Contains(a) {
		return false
	}
	for _, p := range reserved {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
