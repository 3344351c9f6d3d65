package files

import (
	"bufio"
	"bytes"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// A kind is a way in which a file is written.
type kind uint8

const (
	kindUnknown kind = iota
	kindEmpty
	kindEvtx
	kindParquet
	kindZip
	kindTar
	kindJSON
	kindCSV
	kindZeek
	kindW3C
	kindMbox
	kindMail
	kindXML
	kindText
)

// headBytes is how much of a file is looked at.
const headBytes = 64 << 10

// magics are the first bytes of binary kinds, and of some that are not ours to read.
var magics = []struct {
	at    int
	bytes string
	kind  kind
	why   string
}{
	{0, "ElfFile\x00", kindEvtx, ""},
	{0, "PAR1", kindParquet, ""},
	{0, "PK\x03\x04", kindZip, ""},
	{257, "ustar", kindTar, ""},
	{0, "\x30\x00\x00\x00LfLe", kindUnknown, "it is a log of Windows before Vista (EVT); convert it to EVTX"},
	{0, "SQLite format 3\x00", kindUnknown, "it is an SQLite database; export the table as CSV or JSON"},
	{0, "\xd4\xc3\xb2\xa1", kindUnknown, "it is a packet capture; let Zeek or Suricata read it and import their logs"},
	{0, "\x0a\x0d\x0d\x0a", kindUnknown, "it is a packet capture; let Zeek or Suricata read it and import their logs"},
	{0, "PAGEDU", kindUnknown, "it is a memory dump"},
	{0, "\xfd7zXZ\x00", kindUnknown, "it is compressed by xz; decompress it first"},
	{0, "BZh", kindUnknown, "it is compressed by bzip2; decompress it first"},
	{0, "7z\xbc\xaf\x27\x1c", kindUnknown, "it is a 7-Zip archive; unpack it first"},
}

// detect tells the kind of a file by its beginning; for kindUnknown also why it
// cannot be read.
func detect(in *bufio.Reader, spec *Spec) (k kind, why string) {
	head, _ := in.Peek(headBytes) // a short file, or one that breaks off: what there is decides
	for _, m := range magics {
		if len(head) >= m.at+len(m.bytes) && string(head[m.at:m.at+len(m.bytes)]) == m.bytes {
			return m.kind, m.why
		}
	}
	text := make([]byte, len(head))
	n, _ := bufio.NewReader(ingest.DecodeUnicode(bytes.NewReader(head))).Read(text) // of a byte slice: no error but the end
	text = bytes.TrimLeft(text[:n], " \t\r\n")
	switch {
	case len(text) == 0:
		return kindEmpty, ""
	case bytes.IndexByte(text[:min(len(text), 4096)], 0) >= 0:
		return kindUnknown, "it is binary, of no kind that is known"
	case text[0] == '{' || text[0] == '[' && !isBracketedTime(text):
		return kindJSON, ""
	case hasAnyPrefix(text, "#separator ", "#fields\t"):
		return kindZeek, ""
	case hasAnyPrefix(text, "#Software: ", "#Version: ", "#Fields: ", "#Date: "):
		return kindW3C, ""
	case bytes.HasPrefix(text, []byte("From ")) && looksLikeMail(afterLine(text)):
		return kindMbox, ""
	case looksLikeMail(text):
		return kindMail, ""
	case hasAnyPrefix(text, "<Event ", "<Event>", "<Events>", "<?xml"):
		if bytes.Contains(text, []byte("<Event")) {
			return kindXML, ""
		}
		return kindUnknown, "it is XML, but no export of Windows events"
	}
	if spec.Table != "" && !looksLikeLog(text) || looksLikeCSV(text) {
		return kindCSV, ""
	}
	if spec.Doubtful && !looksLikeLog(text) && !isNamedLog(spec.Name) {
		return kindUnknown, "it is text that looks like no log; import it by its own name if it is one"
	}
	return kindText, ""
}

// isCompressed reports whether the file is gzip or zstd.
func isCompressed(magic []byte) bool {
	return bytes.HasPrefix(magic, []byte{0x1f, 0x8b}) || bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd})
}

func hasAnyPrefix(text []byte, prefixes ...string) bool {
	for _, p := range prefixes {
		if bytes.HasPrefix(text, []byte(p)) {
			return true
		}
	}
	return false
}

func afterLine(text []byte) []byte {
	_, rest, _ := bytes.Cut(text, []byte("\n"))
	return rest
}

// isBracketedTime tells a log whose lines begin with [time] from a JSON array. The
// time may be Unix seconds ("[1767323040] unbound[7:0] …"): no word follows the end
// of an array.
func isBracketedTime(text []byte) bool {
	if inside, rest, ok := bytes.Cut(text[:min(len(text), 40)], []byte("] ")); ok && len(inside) > 9 && len(rest) > 0 &&
		len(bytes.Trim(inside, "[0123456789.")) == 0 && rest[0]|0x20 >= 'a' && rest[0]|0x20 <= 'z' {
		return true
	}
	return len(text) > 3 && (text[1] >= 'A' && text[1] <= 'Z' || text[1] >= '0' && text[1] <= '9' && bytes.IndexByte(text[:min(len(text), 40)], ']') > 0 && bytes.ContainsAny(text[:min(len(text), 20)], ":/-"))
}

// mailHeaders are names with which a message begins (RFC 5322 §3.6 and what
// servers put before it).
var mailHeaders = []string{"received", "from", "to", "date", "message-id", "subject", "return-path", "delivered-to", "mime-version", "x-received", "authentication-results", "arc-seal", "dkim-signature", "content-type", "reply-to", "sender"}

// looksLikeMail reports whether a text begins with the header of a message: at
// least two lines of it, of which one names a well-known field.
func looksLikeMail(text []byte) bool {
	known, fields := 0, 0
	for range 8 {
		line, rest, found := bytes.Cut(text, []byte("\n"))
		text = rest
		line = bytes.TrimRight(line, "\r")
		if !found || len(line) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		name, _, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(name) == 0 || bytes.ContainsAny(name, " \t,;\"") {
			return false
		}
		fields++
		for _, h := range mailHeaders {
			if strings.EqualFold(h, string(name)) {
				known++
			}
		}
	}
	return fields >= 2 && known >= 1 && known*2 >= fields
}

var (
	accessLine = regexp.MustCompile(`^\S+ \S+ \S+ \[[^\]]{10,40}\] "`)
	stampLine  = regexp.MustCompile(`^[\[(]?(\d{4}[-/]\d\d[-/]\d\d[T ]|\d\d[-/.]\w{2,3}[-/.]\d{2,4}[ :T]|\w{3} \w{3} [ \d]\d )`)
)

// looksLikeLog reports whether at least half of the first lines look like ones of
// a log: syslog, auditd, CEF, LEEF, a web server's, JSON, or a time first.
func looksLikeLog(text []byte) bool {
	seen, good := 0, 0
	for range 20 {
		line, rest, found := bytes.Cut(text, []byte("\n"))
		if !found && seen > 0 {
			break // cut off
		}
		text = rest
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		seen++
		if looksLikeSyslog(line) || ingest.AuditKey(line) != nil || line[0] == '{' || accessLine.Match(line) || stampLine.Match(line) ||
			bytes.Contains(line, []byte("CEF:0|")) || bytes.Contains(line, []byte("LEEF:")) {
			good++
		}
	}
	return seen > 0 && good*2 >= seen
}

var logName = regexp.MustCompile(`(?i)(\.(log|cef|leef)([.-].*)?|^(syslog|messages|secure|auth|maillog|kern|daemon|access_log|error_log)([.-].*)?)$`)

// isNamedLog reports whether a file is named as logs are.
func isNamedLog(name string) bool { return logName.MatchString(filepath.Base(name)) }
