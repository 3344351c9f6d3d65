package text

import (
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// AccessLog reads a line of the Common or Combined Log Format of Apache and
// nginx, with a virtual host in front ("vhost_combined") or numbers behind:
//
//	192.0.2.1 - alice [22/Nov/2026:00:12:37 +0000] "GET /a?b=1 HTTP/1.1" 200 512 "http://…" "Mozilla/5.0 …"
//
// Fields have the names of the W3C Extended Log Format, which Sigma's category
// webserver uses.
func AccessLog(r *Reading, s string) bool {
	open := strings.Index(s[:min(len(s), 1024)], " [")
	if open < 0 {
		return false
	}
	at, rest, ok := clfStamp(s[open+2:], r.clock)
	if !ok || !strings.HasPrefix(rest, `] "`) {
		return false
	}
	words := strings.Fields(s[:open])
	if len(words) < 3 {
		return false
	}
	request, rest, ok := webQuoted(rest[2:])
	if !ok {
		return false
	}
	status, rest := word(strings.TrimLeft(rest, " "))
	if digits(status) != 3 || len(status) != 3 {
		return false
	}
	size, rest := word(rest)
	r.Time = at
	n := len(words)
	if n > 3 {
		host, port, _ := strings.Cut(words[0], ":")
		r.Add("s-computername", host)
		r.addText("s-port", port)
		words = words[n-3:]
	}
	r.Add("c-ip", words[0])
	r.addText("c-ident", nilValue(words[1]))
	r.addText("cs-username", nilValue(words[2]))
	requestLine(r, request)
	r.Add("sc-status", status)
	r.addText("sc-bytes", nilValue(size))
	for _, name := range [...]string{"cs-referer", "cs-user-agent", "x-forwarded-for"} {
		rest = strings.TrimLeft(rest, " ")
		value, left, ok := webQuoted(rest)
		if !ok {
			break
		}
		r.addText(name, nilValue(value))
		rest = left
	}
	r.addText("rest", strings.TrimSpace(rest))
	r.Shape = "access_log"
	return true
}

// clfStamp reads "22/Nov/2026:00:12:37 +0000".
func clfStamp(s string, clock value.Clock) (at time.Time, rest string, ok bool) {
	if len(s) < 20 || s[2] != '/' || s[6] != '/' || s[11] != ':' {
		return at, s, false
	}
	day, ok1 := number(s[:2])
	m := month(s[3:])
	year, ok2 := number(s[7:11])
	sec, nano, rest, ok3 := timeOfDay(s[12:])
	if !ok1 || !ok2 || !ok3 || m == 0 || day == 0 || day > 31 || year == 0 {
		return at, s, false
	}
	zone, rest, hasZone := zoneOf(rest)
	if at = time.Date(int(year), m, int(day), 0, 0, sec-zone, nano, time.UTC); !hasZone {
		at = clock.Local(at)
	}
	return at, rest, true
}

// webQuoted reads a text in quotes, in which servers write a quote and what is
// not printable as \", \x22, \\.
func webQuoted(s string) (value, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		return "", s, false
	}
	escaped := false
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			if value = s[1:i]; escaped {
				value = webEscapes.Replace(value)
			}
			return value, s[i+1:], true
		}
	}
	return "", s, false
}

var webEscapes = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\x22`, `"`, `\x5C`, `\`, `\x5c`, `\`)

// requestLine splits "GET /path?query HTTP/1.1" from both ends: a hostile path
// may have blanks.
func requestLine(r *Reading, s string) {
	method, target, ok := strings.Cut(s, " ")
	if !ok || method == "" || len(method) > 32 {
		r.addText("cs-uri", s) // no request line: a TLS handshake on a plain port
		return
	}
	if i := strings.LastIndex(target, " HTTP/"); i >= 0 {
		r.Add("cs-version", target[i+1:])
		target = target[:i]
	}
	r.Add("cs-method", method)
	r.uri(method, target)
}

// uri adds a URI in the parts that Sigma's categories webserver and proxy ask
// for.
func (r *Reading) uri(method, target string) {
	r.Add("c-uri", target)
	if method == "CONNECT" { // host:port
		host, port := target, ""
		if i := strings.LastIndexByte(target, ':'); i > 0 {
			host, port = target[:i], target[i+1:]
		}
		r.Add("cs-host", host)
		r.addText("r-port", port)
		return
	}
	stem, query, ok := strings.Cut(target, "?")
	if _, rest, absolute := strings.Cut(stem, "://"); absolute {
		host, path, _ := strings.Cut(rest, "/")
		r.Add("cs-host", host)
		stem = "/" + path
	}
	r.Add("cs-uri-stem", stem)
	if ok {
		r.Add("cs-uri-query", query)
	}
	if dot := strings.LastIndexByte(stem, '.'); dot > strings.LastIndexByte(stem, '/') && len(stem)-dot <= 10 {
		r.Add("c-uri-extension", stem[dot+1:])
	}
}

// NginxError reads a line of nginx' error log: "2026/11/22 00:12:37 [error] 7#7: *1
// text, client: …, server: …, request: "…", …".
func NginxError(r *Reading, s string) bool {
	at, rest, ok := isoStamp(s, r.clock)
	if !ok || s[4] != '/' || !strings.HasPrefix(rest, " [") {
		return false
	}
	level, rest, ok := strings.Cut(rest[2:], "] ")
	process, text, ok2 := strings.Cut(rest, ": ")
	pid, _, ok3 := strings.Cut(process, "#")
	if !ok || !ok2 || !ok3 || digits(pid) != len(pid) || len(level) > 16 {
		return false
	}
	r.Time, r.Shape = at, "nginx_error"
	r.Add("level", level)
	r.Add("pid", pid)
	r.Add("message", text)
	for _, part := range [...][2]string{{", client: ", "c-ip"}, {", server: ", "cs-host"}} {
		if i := strings.LastIndex(text, part[0]); i >= 0 {
			value, _, _ := strings.Cut(text[i+len(part[0]):], ",")
			r.addText(part[1], value)
		}
	}
	if i := strings.LastIndex(text, `, request: "`); i >= 0 {
		if request, _, ok := webQuoted(text[i+len(`, request: `):]); ok {
			requestLine(r, request)
		}
	}
	return true
}

// ApacheError reads a line of Apache's error log: "[Sun Nov 22 00:12:37.123 2026]
// [core:error] [pid 7:tid 7] [client 192.0.2.1:5] AH00126: text".
func ApacheError(r *Reading, s string) bool {
	if !strings.HasPrefix(s, "[") {
		return false
	}
	head, rest, ok := strings.Cut(s[1:], "] [")
	at, left, isTime := stamp(head, r.clock)
	if !ok || !isTime || left != "" {
		return false
	}
	level, rest, ok := strings.Cut(rest, "] ")
	if !ok || len(level) > 64 {
		return false
	}
	r.Time, r.Shape = at, "apache_error"
	r.Add("level", level)
	for strings.HasPrefix(rest, "[") {
		part, left, ok := strings.Cut(rest[1:], "] ")
		if !ok {
			break
		}
		key, value := word(part)
		switch key {
		case "pid":
			pid, tid, _ := strings.Cut(value, ":tid ")
			r.Add("pid", pid)
			r.addText("tid", tid)
		case "client":
			if i := strings.LastIndexByte(value, ':'); i > 0 {
				r.Add("c-port", value[i+1:])
				value = value[:i]
			}
			r.Add("c-ip", value)
		case "":
		default:
			r.Add(key, value)
		}
		if rest = left; r.full() {
			break
		}
	}
	r.Add("message", rest)
	return true
}

// Squid reads a line of Squid's native access log: seconds, milliseconds taken,
// client, code/status, bytes, method, URL, user, hierarchy/peer, type.
func Squid(r *Reading, s string) bool {
	at, _, ok := unixStamp(s)
	words := strings.Fields(s[:min(len(s), 64<<10)])
	if !ok || len(words) < 10 || digits(words[1]) != len(words[1]) {
		return false
	}
	result, status, ok1 := strings.Cut(words[3], "/")
	hierarchy, peer, ok2 := strings.Cut(words[8], "/")
	if !ok1 || !ok2 || digits(status) != len(status) {
		return false
	}
	r.Time, r.Shape = at, "squid"
	r.Add("time-taken", words[1])
	r.Add("c-ip", words[2])
	r.Add("s-action", result)
	r.Add("sc-status", status)
	r.Add("sc-bytes", words[4])
	r.Add("cs-method", words[5])
	r.uri(words[5], words[6])
	r.addText("cs-username", nilValue(words[7]))
	r.Add("s-hierarchy", hierarchy)
	r.addText("r-ip", nilValue(peer))
	r.addText("rs-content-type", nilValue(words[9]))
	return true
}
