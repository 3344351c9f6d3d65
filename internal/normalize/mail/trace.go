package mail

import (
	netmail "net/mail"
	"net/netip"
	"net/textproto"
	"strings"
)

// received reads the trace: the topmost field is the last server's. Who sent it
// is the first public address from the top.
func (m *Message) received(fields []string) {
	for i, text := range fields {
		if i >= 50 {
			m.cut("trace")
			return
		}
		if at := strings.LastIndexByte(text, ';'); at >= 0 && m.Received.IsZero() {
			if when, err := netmail.ParseDate(strings.TrimSpace(text[at+1:])); err == nil {
				m.Received = when.UTC()
			}
		}
		if !m.SenderIP.IsValid() {
			from, _, _ := strings.Cut(text, " by ") // the other half is the server itself
			m.SenderIP = publicAddress(from)
		}
	}
}

// publicAddress finds the first address in brackets or parentheses that is not
// of a private network.
func publicAddress(text string) netip.Addr {
	for field := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n[]();,=", r) }) {
		addr, err := netip.ParseAddr(strings.TrimPrefix(strings.TrimPrefix(field, "IPv6:"), "ipv6:"))
		if err != nil {
			continue
		}
		if addr = addr.Unmap(); !addr.IsPrivate() && !addr.IsLoopback() && !addr.IsLinkLocalUnicast() && !addr.IsUnspecified() {
			return addr.WithZone("")
		}
	}
	return netip.Addr{}
}

// authentication reads what the receiving servers found (RFC 8601); the first,
// which is the last server's, counts. The server's word on the client's address
// is better than the trace.
func (m *Message) authentication(h textproto.MIMEHeader) {
	for _, text := range h["Authentication-Results"] {
		for clause := range strings.SplitSeq(text, ";") {
			method, result, ok := strings.Cut(strings.TrimSpace(clause), "=")
			name := methods[strings.ToLower(strings.TrimSpace(method))]
			if !ok || name == "" || m.Auth[name] != "" {
				continue
			}
			result, _, _ = strings.Cut(strings.TrimSpace(result), " ")
			m.Auth[name] = strings.ToLower(strings.ToValidUTF8(result, ""))
			if at := strings.Index(clause, "sender IP is "); at >= 0 {
				m.say(publicAddress(clause[at:]))
			}
		}
	}
	for _, text := range h["Received-Spf"] {
		if at := strings.Index(text, "client-ip="); at >= 0 {
			m.say(publicAddress(text[at:]))
		}
	}
	for _, name := range []string{"X-Originating-Ip", "X-Sender-Ip"} {
		if !m.SenderIP.IsValid() {
			m.SenderIP = publicAddress(h.Get(name))
		}
	}
	for _, name := range []string{"X-Microsoft-Antispam", "X-Forefront-Antispam-Report"} {
		for field := range strings.SplitSeq(h.Get(name), ";") {
			if level, ok := strings.CutPrefix(strings.TrimSpace(field), "BCL:"); ok && m.BulkLevel == "" {
				m.BulkLevel = level
			}
		}
	}
}

var methods = map[string]string{"spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC", "compauth": "CompAuth"}

func (m *Message) say(addr netip.Addr) {
	if addr.IsValid() {
		m.SenderIP = addr
	}
}
