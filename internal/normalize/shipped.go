package normalize

import (
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/internal/normalize/expression"
)

// The numbers of the names that shippers write for facilities and severities
// (RFC 5424 section 6.2.1, and what syslog.h, journald and ECS call them).
var (
	facilityNumbers = map[string]int{
		"kern": 0, "kernel": 0, "user": 1, "mail": 2, "daemon": 3, "auth": 4, "syslog": 5, "lpr": 6, "news": 7, "uucp": 8, "cron": 9, "authpriv": 10, "ftp": 11,
		"ntp": 12, "audit": 13, "alert": 14, "clock": 15, "local0": 16, "local1": 17, "local2": 18, "local3": 19, "local4": 20, "local5": 21, "local6": 22, "local7": 23,
	}
	severityNumbers = map[string]int{
		"emerg": 0, "emergency": 0, "panic": 0, "alert": 1, "crit": 2, "critical": 2, "err": 3, "error": 3, "warning": 4, "warn": 4,
		"notice": 5, "info": 6, "informational": 6, "information": 6, "debug": 7,
	}
)

// syslogHeader writes the header that a shipper cut off a syslog message; ok is
// false if the shipper says nothing of one.
func (r *recordReader) syslogHeader(u *unwrapping, w wrapping) (header string, ok bool) {
	program, hasProgram := r.evaluate(u.program)
	pid, _ := r.evaluate(u.pid)
	facility := r.level(u.facility, facilityNumbers, 23)
	severity := r.level(u.severity, severityNumbers, 7)
	if !hasProgram && facility < 0 {
		return "", false
	}
	program = strings.TrimSuffix(strings.TrimSpace(program), ":")
	if name, rest, found := strings.Cut(program, "["); found && strings.HasSuffix(rest, "]") { // a whole tag: sshd[812]
		program, pid = name, strings.TrimSuffix(rest, "]")
	}
	var b strings.Builder
	if facility >= 0 && severity >= 0 {
		b.WriteString("<" + strconv.Itoa(facility<<3|severity) + ">1 ")
	}
	if w.at.IsZero() {
		b.WriteString("-")
	} else {
		b.WriteString(w.at.UTC().Format(time.RFC3339Nano))
	}
	b.WriteString(" " + headerWord(w.host) + " ")
	if facility >= 0 && severity >= 0 {
		b.WriteString(headerWord(program) + " " + headerWord(pid) + " - - ")
		return b.String(), true
	}
	if w.at.IsZero() || headerWord(w.host) == "-" || headerWord(program) == "-" {
		// Nothing of such a header could be told from the text: one with a priority it is.
		return "<14>1 " + b.String() + headerWord(program) + " " + headerWord(pid) + " - - ", true
	}
	b.WriteString(program)
	if headerWord(pid) != "-" {
		b.WriteString("[" + pid + "]")
	}
	b.WriteString(": ")
	return b.String(), true
}

// level reads a facility or severity, a name or a number; -1 if it is neither.
func (r *recordReader) level(x *expression.Expr, names map[string]int, most int) int {
	text, ok := r.evaluate(x)
	if !ok {
		return -1
	}
	if n, err := strconv.Atoi(text); err == nil && n >= 0 && n <= most {
		return n
	}
	if n, ok := names[strings.ToLower(text)]; ok {
		return n
	}
	return -1
}

// headerWord is a word of a syslog header: "-" for nothing, and for what would
// not be one word.
func headerWord(s string) string {
	if s == "" || len(s) > 255 || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return "-"
	}
	return s
}
