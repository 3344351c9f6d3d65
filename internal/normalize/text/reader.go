package text

import (
	"io/fs"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// A Reader recognises texts and reads them. It is immutable.
type Reader struct {
	messages *Messages
	syscalls map[string]map[string]string
}

// NewReader makes a reader that knows the messages in fsys (content/normalize).
func NewReader(fsys fs.FS) (*Reader, error) {
	m, err := LoadMessages(fsys)
	if err != nil {
		return nil, err
	}
	return &Reader{messages: m, syscalls: readSyscalls(syscallNames)}, nil
}

// Syslog reads one syslog message. Its shape is that of its content, or "syslog"
// for a text that nothing more is known of; the header's fields come first. clock
// tells what times in the text leave out.
func (rd *Reader) Syslog(r *Reading, s string, clock value.Clock) {
	r.clock = clock
	h := ReadHeader(s, clock)
	h.fields(r)
	r.Shape = "syslog"
	if rd.content(r, &h); r.Time.IsZero() {
		r.Time = h.Time
	}
}

// Line reads a text without a known frame. ok is false if it is not recognised.
// A line of a syslog file, which has no priority, is read as syslog if a program
// stands behind its time.
func (rd *Reader) Line(r *Reading, s string, clock value.Clock) bool {
	r.clock = clock
	s = strings.TrimRight(s, "\r\n\x00 ")
	if s == "" {
		return false
	}
	switch c := s[0]; {
	case isAudit(s):
		return rd.Audit(r, s)
	case c == '<':
		if _, _, ok := priority(s); ok {
			rd.Syslog(r, s, clock)
			return true
		}
		return false
	case c == '[':
		if ApacheError(r, s) || rd.UnboundLine(r, s) {
			return true
		}
	case c-'0' < 10:
		if NginxError(r, s) || Squid(r, s) || WindowsDNS(r, s) || WindowsDHCP(r, s) || rd.NamedLine(r, s) {
			return true
		}
	}
	if AccessLog(r, s) {
		return true
	}
	h := ReadHeader(s, clock)
	n := len(r.Fields)
	if h.Time.IsZero() && h.Program == "" {
		return rd.structured(r, &h)
	}
	h.fields(r)
	r.Shape = "syslog"
	if rd.content(r, &h) || h.Program != "" && !h.Time.IsZero() {
		return true
	}
	*r = Reading{Fields: r.Fields, clock: clock}
	return r.back(n)
}

// content reads what stands behind a syslog header.
func (rd *Reader) content(r *Reading, h *Header) bool {
	s := h.Content
	at := r.Time
	r.Time = time.Time{}
	if h.Facility == "" { // a line of a file: where the program logs to is known for the usual ones
		if set := rd.messages.program(h.Program); set != nil {
			r.addText("Facility", set.facility)
		}
	}
	ok := rd.structured(r, h) || rd.byProgram(r, h.Program, s)
	if r.Time.IsZero() {
		r.Time = at
	}
	return ok
}

// structured reads contents that are known by how they begin.
func (rd *Reader) structured(r *Reading, h *Header) bool {
	s := h.Content
	if h.Data != "" && Juniper(r, h.Data, h.MsgID) {
		r.addText("text", s)
		return true
	}
	if s == "" {
		return h.Data != "" && CheckPoint(r, h.Data)
	}
	switch c := s[0]; {
	case isAudit(s):
		return rd.Audit(r, s)
	case c == '%':
		return rd.Cisco(r, s)
	case c == 'd' || c == 'l':
		if FortiGate(r, s) || Sophos(r, s) {
			return true
		}
	case c == 'i':
		if SonicWall(r, s) {
			return true
		}
	case c == '[':
		if CheckPoint(r, s) {
			return true
		}
	case c-'0' < 10:
		if PaloAlto(r, s) {
			return true
		}
	}
	if i := strings.Index(s[:min(len(s), 256)], "CEF:"); i >= 0 && CEF(r, s[i:]) {
		return true
	}
	if i := strings.Index(s[:min(len(s), 256)], "LEEF:"); i >= 0 && LEEF(r, s[i:]) {
		return true
	}
	return false
}

// byProgram reads what a program logs.
func (rd *Reader) byProgram(r *Reading, program, s string) bool {
	switch program {
	case "":
		return false
	case "sudo":
		s = strings.TrimLeft(s, " ") // the name is right-aligned
	case "kernel":
		return Netfilter(r, s)
	case "filterlog":
		return Filterlog(r, s)
	case "named":
		s = bindText(s)
	case "unbound":
		if _, rest, ok := strings.Cut(s, "] "); ok && s[0] == '[' { // [process:thread]
			s = rest
		}
	case "squid", "(squid-1)":
		return Squid(r, s)
	case "httpd", "apache", "apache2":
		return AccessLog(r, s) || ApacheError(r, s)
	case "nginx":
		if AccessLog(r, s) {
			r.Shape = "nginx_access"
			return true
		}
		return NginxError(r, s)
	}
	if strings.HasPrefix(s, "pam_") {
		if set := rd.messages.shapes["pam"]; set != nil && set.read(r, "", s) {
			return true
		}
	}
	set := rd.messages.program(program)
	return set != nil && set.read(r, "", s)
}
