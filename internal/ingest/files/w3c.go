package files

import (
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
)

// w3c reads the W3C extended log format (w3.org/TR/WD-logfile), as IIS and
// proxies write it, into JSON objects whose members are named as in #Fields. A
// field that is "-" is left out. The directives may come again within a file.
type w3c struct{ fields []string }

func newW3C() *w3c { return &w3c{} }

func (w *w3c) End(func(Piece)) {}

func (w *w3c) Holds() string { return "" }

func (w *w3c) Headless() bool { return len(w.fields) == 0 }

func (w *w3c) Line(at string, line []byte, emit func(Piece)) {
	text := string(line)
	if strings.HasPrefix(text, "#") {
		if fields, ok := strings.CutPrefix(text, "#Fields:"); ok {
			w.fields = strings.Fields(fields)
		}
		return
	}
	cells := splitW3C(text)
	if len(w.fields) == 0 || len(cells) != len(w.fields) {
		emit(Piece{Format: tocsin.FormatDamaged, At: at, Body: damagedRow(at, len(cells), len(w.fields), line)})
		return
	}
	body := append(make([]byte, 0, 2*len(line)+32*len(cells)), '{')
	for i, cell := range cells {
		if cell == "-" {
			continue
		}
		if len(body) > 1 {
			body = append(body, ',')
		}
		body = jsontext.AppendQuoted(body, w.fields[i])
		body = append(body, ':')
		body = jsontext.AppendQuoted(body, cell)
	}
	emit(Piece{Format: tocsin.FormatJSONLine, At: at, Body: append(body, '}')})
}

// splitW3C splits at blanks and tabs. A cell in quotes may have them; a quote in
// it is doubled.
func splitW3C(line string) []string {
	var cells []string
	for line = strings.TrimLeft(line, " \t"); line != ""; line = strings.TrimLeft(line, " \t") {
		if line[0] != '"' {
			end := strings.IndexAny(line, " \t")
			if end < 0 {
				return append(cells, line)
			}
			cells, line = append(cells, line[:end]), line[end:]
			continue
		}
		var cell strings.Builder
		i := 1
		for ; i < len(line); i++ {
			if line[i] == '"' {
				if i+1 < len(line) && line[i+1] == '"' {
					i++
				} else {
					break
				}
			}
			cell.WriteByte(line[i])
		}
		cells, line = append(cells, cell.String()), line[min(i+1, len(line)):]
	}
	return cells
}
