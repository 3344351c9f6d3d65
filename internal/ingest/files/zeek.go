package files

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
)

// zeek reads Zeek's own table format into the JSON that its JSON writer gives,
// with the log's name in _path (docs.zeek.org, "Zeek Log Formats"): the header
// says how fields are separated, named and typed, and a rotated file may have
// more than one header.
type zeek struct {
	separator string
	set       string
	empty     string
	unset     string
	path      string
	fields    []string
	types     []string
}

func newZeek() *zeek { return &zeek{separator: "\t", set: ",", empty: "(empty)", unset: "-"} }

func (z *zeek) End(func(Piece)) {}

func (z *zeek) Holds() string { return "" }

func (z *zeek) Headless() bool { return len(z.fields) == 0 }

func (z *zeek) Line(at string, line []byte, emit func(Piece)) {
	text := string(line)
	if strings.HasPrefix(text, "#") {
		z.header(text[1:])
		return
	}
	cells := strings.Split(text, z.separator)
	if len(z.fields) == 0 || len(cells) != len(z.fields) {
		emit(Piece{Format: tocsin.FormatDamaged, At: at, Body: damagedRow(at, len(cells), len(z.fields), line)})
		return
	}
	body := append(make([]byte, 0, 2*len(line)), '{')
	if z.path != "" {
		body = append(append(body, `"_path":`...), quoted(z.path)...)
	}
	for i, cell := range cells {
		if cell == z.unset {
			continue
		}
		if len(body) > 1 {
			body = append(body, ',')
		}
		body = jsontext.AppendQuoted(body, z.fields[i])
		body = append(body, ':')
		typ := ""
		if i < len(z.types) {
			typ = z.types[i]
		}
		body = z.value(body, typ, cell)
	}
	emit(Piece{Format: tocsin.FormatJSONLine, At: at, Body: append(body, '}')})
}

// header takes one line of the header.
func (z *zeek) header(text string) {
	name, rest, _ := strings.Cut(text, " ")
	if name == "separator" {
		if s := unescapeZeek(strings.TrimSpace(rest)); s != "" {
			z.separator = s
		}
		return
	}
	name, rest, _ = strings.Cut(text, z.separator)
	switch name {
	case "set_separator":
		z.set = unescapeZeek(rest)
	case "empty_field":
		z.empty = unescapeZeek(rest)
	case "unset_field":
		z.unset = unescapeZeek(rest)
	case "path":
		z.path = unescapeZeek(rest)
	case "fields":
		z.fields = strings.Split(rest, z.separator)
	case "types":
		z.types = strings.Split(rest, z.separator)
	}
}

// value writes one cell by its type.
func (z *zeek) value(dst []byte, typ, cell string) []byte {
	if inner, ok := containerOf(typ); ok {
		dst = append(dst, '[')
		if cell != z.empty {
			for i, one := range strings.Split(cell, z.set) {
				if i > 0 {
					dst = append(dst, ',')
				}
				dst = z.value(dst, inner, one)
			}
		}
		return append(dst, ']')
	}
	switch typ {
	case "bool":
		if cell == "T" || cell == "F" {
			return strconv.AppendBool(dst, cell == "T")
		}
	case "time", "interval", "double", "count", "int", "port":
		if isNumber(cell) {
			return append(dst, cell...)
		}
	}
	if cell == z.empty {
		return append(dst, '"', '"')
	}
	return jsontext.AppendQuoted(dst, unescapeZeek(cell))
}

// containerOf returns what a set, table or vector holds.
func containerOf(typ string) (inner string, ok bool) {
	for _, prefix := range []string{"set[", "vector[", "table["} {
		if rest, ok := strings.CutPrefix(typ, prefix); ok {
			return strings.TrimSuffix(rest, "]"), true
		}
	}
	return "", false
}

var number = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?$`)

// isNumber reports whether a text is a number as JSON writes it.
func isNumber(s string) bool { return len(s) <= 40 && number.MatchString(s) }

// unescapeZeek undoes \xHH.
func unescapeZeek(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] == 'x' {
			if n, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

var zeekName = regexp.MustCompile(`^([a-z][a-z0-9_]*)(\.[0-9:.-]+)?\.log(\.gz|\.zst)?$`)

// zeekPath returns the name of the log that a file of Zeek's is named after:
// conn.log, dns.20:00:00-21:00:00.log.gz.
func zeekPath(name string) string {
	if m := zeekName.FindStringSubmatch(filepath.Base(name)); m != nil {
		return m[1]
	}
	return ""
}

// withZeekPath adds the name of the log to a record of Zeek's JSON that lacks it.
func withZeekPath(body []byte, path string) []byte {
	if !bytes.HasPrefix(body, []byte(`{"ts":`)) || bytes.Contains(body, []byte(`"_path":`)) {
		return body
	}
	with := append([]byte(`{"_path":`), quoted(path)...)
	return append(append(with, ','), body[1:]...)
}

// quoted writes a text as JSON does.
func quoted(s string) []byte { return jsontext.AppendQuoted(nil, s) }

// damagedRow says what is wrong with a row of a table.
func damagedRow(at string, cells, columns int, line []byte) []byte {
	const most = 2000
	return []byte("row " + at + " has " + strconv.Itoa(cells) + " cells and the header " + strconv.Itoa(columns) + ": " + string(line[:min(len(line), most)]))
}
