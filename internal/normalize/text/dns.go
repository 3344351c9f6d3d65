package text

import (
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// NamedLine reads a line of a file that BIND logs to: "22-Nov-2026 00:12:37.123
// queries: info: client …", where category and severity may be missing.
func (rd *Reader) NamedLine(r *Reading, s string) bool {
	if len(s) < 21 || s[2] != '-' || s[6] != '-' || s[11] != ' ' {
		return false
	}
	day, ok1 := number(s[:2])
	m := month(s[3:])
	year, ok2 := number(s[7:11])
	sec, nano, rest, ok3 := timeOfDay(s[12:])
	if !ok1 || !ok2 || !ok3 || m == 0 || !strings.HasPrefix(rest, " ") {
		return false
	}
	rd.serverLine(r, Header{Program: "named", Content: rest[1:], Text: rest[1:]}, bindText(rest[1:]))
	r.Time = r.clock.Local(time.Date(int(year), m, int(day), 0, 0, sec, nano, time.UTC))
	return true
}

// serverLine reads a line of a program's own log file as the syslog message it
// would be otherwise.
func (rd *Reader) serverLine(r *Reading, h Header, text string) {
	h.Facility = "daemon"
	h.fields(r)
	if set := rd.messages.programs[h.Program]; set == nil || !set.read(r, "", text) {
		r.Shape = "syslog"
	}
}

// bindText skips "queries: info: " in front of a message of BIND.
func bindText(s string) string {
	for range 2 {
		if head, rest, ok := strings.Cut(s, ": "); ok && len(head) < 24 && !strings.Contains(head, " ") {
			s = rest
		}
	}
	return s
}

// UnboundLine reads a line of Unbound's own log file: "[1669075957] unbound[7:0]
// info: 192.0.2.1 example.com. A IN".
func (rd *Reader) UnboundLine(r *Reading, s string) bool {
	rest, ok := strings.CutPrefix(s, "[")
	if !ok {
		return false
	}
	stamp, rest, ok := strings.Cut(rest, "] unbound[")
	process, text, ok2 := strings.Cut(rest, "] ")
	at, ok3 := epoch(stamp)
	if !ok || !ok2 || !ok3 || len(process) > maxTag {
		return false
	}
	pid, _, _ := strings.Cut(process, ":")
	rd.serverLine(r, Header{Program: "unbound", PID: pid, Content: text, Text: text}, text)
	r.Time = at
	return true
}

// WindowsDNS reads a packet line of the debug log of Windows' DNS server: time,
// thread, PACKET, buffer, protocol, direction, address, id, R for responses,
// opcode, flags with the result, type, name in labels with their lengths:
//
//	11/22/2026 12:12:37 AM 0D0C PACKET  00000248C3A9B0A0 UDP Rcv 192.0.2.1 0002   Q [0001   D   NOERROR] A      (7)example(3)com(0)
func WindowsDNS(r *Reading, s string) bool {
	at := strings.Index(s[:min(len(s), 80)], " PACKET ")
	if at < 0 {
		return false
	}
	head := strings.Fields(s[:at])
	flagged, rest, ok := strings.Cut(s[at+len(" PACKET "):], "[")
	flags, question, ok2 := strings.Cut(rest, "]")
	words := strings.Fields(flagged)
	if !ok || !ok2 || len(head) < 3 || len(words) < 6 {
		return false
	}
	when, ok := localStamp(strings.Join(head[:len(head)-1], " "), r.clock)
	kind, name := word(strings.TrimSpace(question))
	if !ok || kind == "" {
		return false
	}
	r.Time, r.Shape = when, "windows_dns"
	r.Add("thread", head[len(head)-1])
	r.Add("protocol", words[1])
	r.Add("direction", words[2])
	r.Add("ip", words[3])
	r.Add("xid", words[4])
	if words[5] == "R" {
		r.Add("event", "reply")
	} else {
		r.Add("event", "query")
	}
	r.Add("opcode", words[len(words)-1])
	if f := strings.Fields(flags); len(f) > 0 {
		r.Add("rcode", f[len(f)-1])
		r.Add("flags", strings.Join(f[:len(f)-1], " "))
	}
	r.Add("qtype", kind)
	r.Add("query", labels(strings.TrimSpace(name)))
	return true
}

// localStamp reads a date as Windows writes it in a log, by the server's region:
// "11/22/2026 12:12:37 AM", "22.11.2026 00:12:37", "2026-11-22 00:12:37". Between
// day and month the one above 12 is the day; month comes first where both fit.
func localStamp(s string, clock value.Clock) (at time.Time, ok bool) {
	if at, rest, ok := isoStamp(s, clock); ok && rest == "" {
		return at, true
	}
	date, rest := word(s)
	time1, half := word(rest)
	sep := strings.IndexAny(date, "/.-")
	if sep < 0 {
		return at, false
	}
	parts := strings.Split(date, date[sep:sep+1])
	if len(parts) != 3 {
		return at, false
	}
	m, ok1 := number(parts[0])
	d, ok2 := number(parts[1])
	y, ok3 := number(parts[2])
	if m > 12 || date[sep] == '.' {
		m, d = d, m
	}
	if y < 100 {
		y += 2000
	}
	sec, nano, left, ok4 := timeOfDay(time1)
	if !ok1 || !ok2 || !ok3 || !ok4 || left != "" || m < 1 || m > 12 || d < 1 || d > 31 || y > 9999 {
		return at, false
	}
	switch {
	case half == "PM" && sec < 12*3600:
		sec += 12 * 3600
	case half == "AM" && sec >= 12*3600:
		sec -= 12 * 3600
	}
	return clock.Local(time.Date(int(y), time.Month(m), int(d), 0, 0, sec, nano, time.UTC)), true
}

// labels turns "(7)example(3)com(0)" into "example.com".
func labels(s string) string {
	if !strings.HasPrefix(s, "(") {
		return s
	}
	b := make([]byte, 0, len(s))
	for s != "" {
		end := strings.IndexByte(s, ')')
		if s[0] != '(' || end < 0 {
			return string(append(b, s...))
		}
		n, _ := number(s[1:end])
		s = s[end+1:]
		if n <= 0 || int(n) > len(s) {
			break
		}
		if len(b) > 0 {
			b = append(b, '.')
		}
		b = append(b, s[:n]...)
		s = s[n:]
	}
	return string(b)
}

// windowsDHCP names the events of the DHCP server's audit log (Microsoft Learn,
// "DHCP server log event codes").
var windowsDHCP = map[string]string{"10": "assign", "11": "renew", "12": "release", "13": "conflict", "14": "exhausted", "15": "denied", "16": "delete", "17": "expire", "18": "expire", "20": "assign", "30": "dns_request", "31": "dns_failed", "32": "dns_success"}

// WindowsDHCP reads a line of the DHCP server's audit log: ID, date, time,
// description, address, host, MAC and more.
func WindowsDHCP(r *Reading, s string) bool {
	parts := strings.SplitN(s, ",", 8)
	if len(parts) < 7 || digits(parts[0]) != len(parts[0]) {
		return false
	}
	at, ok := localStamp(parts[1]+" "+parts[2], r.clock)
	if !ok {
		return false
	}
	r.Time, r.Shape = at, "windows_dhcp"
	r.addText("event", windowsDHCP[parts[0]])
	r.Add("id", parts[0])
	r.addText("description", parts[3])
	r.addText("ip", parts[4])
	r.addText("host", parts[5])
	r.addText("mac", parts[6])
	if len(parts) > 7 {
		r.addText("more", strings.Trim(parts[7], ","))
	}
	return true
}
