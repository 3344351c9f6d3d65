package text

import (
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// A Header is what stands in front of a syslog message's content.
type Header struct {
	Facility string // name; empty where the text has no priority
	Severity string
	Time     time.Time // zero where there is none
	Host     string
	Program  string // APP-NAME, or the tag of RFC 3164
	PID      string // PROCID; may be a name in RFC 5424
	MsgID    string
	Data     string // RFC 5424 structured data, with the brackets
	Content  string // the message behind all that
	Text     string // Content with structured data that says something, in front
}

var facilities = [24]string{
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
}

var severities = [8]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

// maxTag bounds the name of a program and its process id, so that a text is not
// taken for one. RFC 5424 section 6 allows names of 48 and ids of 128.
const maxTag = 128

// ReadHeader cuts a syslog message into its header and its content, RFC 5424 or
// RFC 3164 as devices really write it: without priority, host, tag or time, with
// ISO times, years, zones, Cisco's sequence numbers. It fails on nothing: what
// is no header is content. (leodido/go-syslog, which DESIGN.md names, gives up
// on all of those, and copies each part.)
func ReadHeader(s string, clock value.Clock) Header {
	var h Header
	s = strings.TrimRight(s, "\r\n\x00 ")
	s = strings.TrimPrefix(s, "\uFEFF")
	pri, rest, ok := priority(s)
	if ok {
		h.Facility, h.Severity, s = facilities[pri>>3], severities[pri&7], rest
		if len(s) > 2 && s[0] == '1' && s[1] == ' ' && h.modern(s[2:], clock) {
			return h
		}
		if len(s) > 2 && s[0]-'0' < 10 && s[1] == ' ' { // Meraki: a version, then Unix seconds
			if at, rest, ok := unixStamp(s[2:]); ok {
				h.Time = at
				h.hostAndTag(strings.TrimLeft(rest, " "), true)
				return h
			}
		}
	}
	h.classic(strings.TrimLeft(s, " "), clock, ok)
	return h
}

// priority reads "<134>" (RFC 5424 section 6.2.1: 0 to 191).
func priority(s string) (pri int, rest string, ok bool) {
	if len(s) < 3 || s[0] != '<' {
		return 0, s, false
	}
	n := digits(s[1:])
	value, _ := number(s[1 : 1+n])
	if n == 0 || n > 3 || 1+n >= len(s) || s[1+n] != '>' || value > 191 {
		return 0, s, false
	}
	return int(value), s[n+2:], true
}

// modern reads RFC 5424 behind the version: five words, structured data, text.
func (h *Header) modern(s string, clock value.Clock) bool {
	var words [5]string
	for i := range words {
		var found bool
		if words[i], s, found = strings.Cut(s, " "); !found && i < 4 {
			return false
		}
	}
	if words[0] != "-" {
		at, rest, ok := isoStamp(words[0], clock)
		if !ok || rest != "" {
			return false
		}
		h.Time = at
	}
	h.Host, h.Program, h.PID, h.MsgID = nilValue(words[1]), nilValue(words[2]), nilValue(words[3]), nilValue(words[4])
	start := s
	h.Data, s = structured(s)
	s = strings.TrimPrefix(strings.TrimPrefix(s, " "), "\uFEFF")
	h.Content, h.Text = s, s
	if h.Data != "" && !isTransport(h.Data) {
		h.Text = start
	}
	return true
}

// nilValue reads RFC 5424's "-" for nothing.
func nilValue(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// structured cuts off STRUCTURED-DATA: "-", or elements in brackets where `\`
// escapes `"`, `\` and `]` within quotes. What does not close is text.
func structured(s string) (data, rest string) {
	if strings.HasPrefix(s, "-") && (len(s) == 1 || s[1] == ' ') {
		return "", s[1:]
	}
	end := 0
	for end < len(s) && s[end] == '[' {
		quoted, i := false, end+1
		for ; i < len(s); i++ {
			if c := s[i]; c == '\\' && quoted {
				i++
			} else if c == '"' {
				quoted = !quoted
			} else if c == ']' && !quoted {
				break
			}
		}
		if i >= len(s) {
			break
		}
		end = i + 1
	}
	return s[:end], s[end:]
}

// isTransport says that structured data only speaks of the transport: the
// elements timeQuality, origin and meta of RFC 5424 section 7.
func isTransport(data string) bool {
	for data != "" {
		if !strings.HasPrefix(data, "[timeQuality") && !strings.HasPrefix(data, "[origin") && !strings.HasPrefix(data, "[meta") {
			return false
		}
		next := strings.Index(data, "][")
		if next < 0 {
			return true
		}
		data = data[next+1:]
	}
	return true
}

// classic reads RFC 3164 as it is found.
func (h *Header) classic(s string, clock value.Clock, hasPriority bool) {
	s = sequence(strings.TrimPrefix(s, ":")) // EMBLEM format has a colon behind the priority
	at, rest, ok := stamp(s, clock)
	if !ok {
		if host, rest, found := strings.Cut(s, ": "); found && len(host) < maxTag && !strings.Contains(host, " ") { // Cisco: origin-id before the time
			if at, rest, ok := stamp(strings.TrimLeft(rest, "*."), clock); ok {
				h.Time, h.Host = at, host
				h.hostAndTag(strings.TrimLeft(rest, ": "), false)
				return
			}
		}
		if hasPriority {
			h.hostAndTag(s, false)
		} else {
			h.Content, h.Text = s, s
		}
		return
	}
	h.Time = at
	named := !strings.HasPrefix(rest, ":")
	h.hostAndTag(strings.TrimLeft(rest, ": "), named)
}

// sequence skips what Cisco puts in front of the time: numbers ("000123: ") and
// the mark of a clock that is not set ("*", ".").
func sequence(s string) string {
	for range 2 {
		n := digits(s)
		if n == 0 || n > 12 || !strings.HasPrefix(s[n:], ": ") {
			break
		}
		s = s[n+2:]
	}
	if len(s) > 1 && (s[0] == '*' || s[0] == '.') && month(s[1:]) > 0 {
		return s[1:]
	}
	return s
}

// hostAndTag reads "HOST TAG[PID]: text", either of them missing. A word is the
// host only where a time stood before it.
func (h *Header) hostAndTag(s string, mayHaveHost bool) {
	if mayHaveHost && !startsContent(s) {
		if first, rest := word(s); rest != "" && !isTag(first) {
			h.Host, s = first, rest
			if strings.HasPrefix(s, ": ") { // ASA: "fw01 : %ASA-6-…"
				s = s[2:]
			}
		} else if rest != "" && len(first) > 1 && startsContent(rest) { // "router1: %SYS-5-…"
			h.Host, s = strings.TrimSuffix(first, ":"), rest
		}
	}
	if !startsContent(s) {
		s = h.tag(s)
	}
	h.Content, h.Text = s, s
}

// startsContent says that a text begins with content that has a colon of its
// own and no tag before it.
func startsContent(s string) bool {
	return s != "" && (s[0] == '%' && strings.IndexByte(s, ':') > 0 || s[0] == '{' || s[0] == '[' ||
		strings.HasPrefix(s, "CEF:") || strings.HasPrefix(s, "LEEF:"))
}

// isTag says that a word is a tag and no host: "su:", "sshd[123]:".
func isTag(s string) bool {
	return strings.HasSuffix(s, ":") && !strings.HasSuffix(s, "::") || strings.HasSuffix(s, "]") && strings.IndexByte(s, '[') > 0
}

// tag reads "name[pid]: " or "name: " and returns what is behind it.
func (h *Header) tag(s string) string {
	n := 0
	for n < len(s) && n < maxTag && isTagByte(s[n]) {
		n++
	}
	if n == 0 || n == len(s) {
		return s
	}
	switch rest := s[n:]; {
	case rest[0] == '[':
		end := strings.IndexByte(rest, ']')
		if end < 0 || end > maxTag || strings.Contains(rest[:end], " ") {
			return s
		}
		h.Program, h.PID = s[:n], rest[1:end]
		s = strings.TrimPrefix(rest[end+1:], ":")
	case rest[0] == ':' && (len(rest) == 1 || rest[1] == ' '):
		h.Program, s = s[:n], rest[1:]
	default:
		return s
	}
	s = strings.TrimPrefix(s, " ")
	if strings.HasPrefix(s, "[ID ") { // Solaris: [ID 800047 auth.info]
		if end := strings.Index(s, "] "); end > 0 && end < maxTag {
			s = s[end+2:]
		}
	}
	return s
}

// isTagByte says which bytes names of programs have; RFC 3164 section 5.3 says
// letters and digits, real ones are "postfix/smtpd", "(systemd)", "CRON",
// "sshd-session".
func isTagByte(c byte) bool {
	return isAlnum(c) || c == '-' || c == '_' || c == '/' || c == '.' || c == '(' || c == ')' || c == '@' || c == '+' || c >= 0x80
}

// fields adds the header to a reading, under the names of the table Syslog.
func (h *Header) fields(r *Reading) {
	r.Host, r.Program, r.Content = h.Host, h.Program, h.Content
	r.addText("Facility", h.Facility)
	r.addText("SeverityLevel", h.Severity)
	r.addText("HostName", h.Host)
	r.addText("ProcessName", h.Program)
	r.addText("ProcessID", h.PID)
	r.addText("MsgID", h.MsgID)
	r.Add("SyslogMessage", h.Text)
	if r.Time.IsZero() {
		r.Time = h.Time
	}
}
