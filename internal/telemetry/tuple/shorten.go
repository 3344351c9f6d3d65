package tuple

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin/kql/catalog"
)

const (
	shortText = 1 << 10 // what is kept of a text that is shortened
	shortJSON = 8 << 10 // what a JSON value may still have with its texts shortened
)

// Shorten cuts the texts of a row that are longer than 1 KiB; each then says how
// long it was. In JSON the texts inside are cut.
func (t *Tuple) Shorten() {
	t.rewrite(func(c *Cells) {
		switch {
		case c.Kind != Text || len(c.Text) <= shortText || t.isStamp(c.Column):
		case c.Column != TwinColumn && t.Layout.columns[c.Column].kind == catalog.Dynamic:
			c.Text = []byte(shortenedJSON(string(c.Text)))
		default:
			c.Text = []byte(shortened(string(c.Text)))
		}
	})
}

// Cut leaves n bytes of the text of a column at most, whole characters only.
func (t *Tuple) Cut(column, n int) {
	t.rewrite(func(c *Cells) {
		if c.Kind == Text && c.Column == column {
			c.Text = []byte(beginning(string(c.Text), n))
		}
	})
}

// SetBool changes the cell of a bool column, which must be there.
func (t *Tuple) SetBool(column int, v bool) {
	t.rewrite(func(c *Cells) {
		if c.Kind == Bool && c.Column == column {
			c.Num = 0
			if v {
				c.Num = 1
			}
		}
	})
}

// rewrite changes the cells of a row.
func (t *Tuple) rewrite(change func(*Cells)) {
	var out []byte
	for c := t.Cells(); c.Next(); {
		change(&c)
		switch c.Kind {
		case Text:
			out = appendText(out, c.Column, string(c.Text))
		case UUID, Decimal:
			out = appendWide(out, c.Kind, c.Column, c.Num, c.High)
		default:
			out = appendNumber(out, c.Kind, c.Column, c.Num)
		}
	}
	t.cells = out
	t.Texts = t.measure()
}

// measure returns the bytes of the texts that the event brought.
func (t *Tuple) measure() (n int) {
	for c := t.Cells(); c.Next(); {
		if c.Kind == Text && !t.isStamp(c.Column) {
			n += len(c.Text)
		}
	}
	return n
}

// isStamp reports whether a column is one that the store gives, not the event.
func (t *Tuple) isStamp(column int) bool { return column >= t.Layout.Values && column != TwinColumn }

// shortened returns the beginning of a text and how long it was.
func shortened(text string) string {
	return beginning(text, shortText) + cutMark(len(text))
}

func cutMark(length int) string { return fmt.Sprintf("… [shortened by Tocsin: %d bytes]", length) }

// beginning returns at most n bytes of a text, whole characters only.
func beginning(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// shortenedJSON shortens the texts inside a JSON value, so that the rest can
// still be asked for. Of a value that stays long nonetheless only the beginning
// is left, as a JSON text.
func shortenedJSON(value string) string {
	var out strings.Builder
	rest := value
	for out.Len() <= shortJSON {
		open := strings.IndexByte(rest, '"')
		if open < 0 {
			out.WriteString(rest)
			break
		}
		end := open + jsonTextLength(rest[open:])
		text := rest[open:end]
		out.WriteString(rest[:open])
		rest = rest[end:]
		if isKey := strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), ":"); len(text) > shortText && !isKey {
			text = jsonBeginning(text, shortText) + cutMark(len(text)-2) + `"`
		}
		out.WriteString(text)
	}
	if out.Len() <= shortJSON {
		return out.String()
	}
	text, err := json.Marshal(shortened(value))
	if err != nil {
		panic(fmt.Sprintf("telemetry: a text has no JSON: %v", err))
	}
	return string(text)
}

// jsonTextLength returns the length of the JSON text that s begins with, quotes
// included; all of s when it does not end.
func jsonTextLength(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// jsonBeginning returns at most n bytes of a JSON text without its last quote,
// cut neither in a character nor in an escape.
func jsonBeginning(text string, n int) string {
	end := 1
	for i := 1; i < len(text)-1; {
		step := 1
		switch c := text[i]; {
		case c == '\\' && strings.HasPrefix(text[i+1:], "u"):
			step = 6
			if i+7 < len(text) && strings.EqualFold(text[i+2:i+3], "d") && strings.HasPrefix(text[i+6:], `\u`) {
				step = 12 // maybe the two halves of one character
			}
		case c == '\\':
			step = 2
		case c >= utf8.RuneSelf:
			_, step = utf8.DecodeRuneInString(text[i:])
		}
		if i += step; i > n {
			break
		}
		end = i
	}
	return text[:min(end, len(text)-1)]
}
