package telemetry

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// DuckDB reads and writes a column 2,048 rows at a time, on each of its threads,
// and holds the texts of all of them meanwhile. With megabytes in each a query
// fails for lack of memory however narrow it is, and a checkpoint takes the
// database down. So of any 2,048 rows of a table one behind the other as many
// are stored whole as there is room for. A row that finds none is stored with
// its long texts shortened; each that was says so, and its source counts it.
const (
	shortRow  = 4 << 10 // bytes of texts up to which a row is stored whole in any case
	shortText = 1 << 10 // what is kept of a text of a longer row that there is no room for
	shortJSON = 8 << 10 // what a JSON value may still have with its texts shortened
)

// mostRoom is the room of a store whose memory is not limited.
const mostRoom = 256 << 20

// textRoom returns the bytes of texts that 2,048 rows of a table may have. A
// thread that reads them needs up to six times as much: its buffer grows by
// doubling, the blocks are held besides, and JSON that is looked into is taken apart.
func textRoom(memory int64, threads int) int64 {
	if memory <= 0 {
		return mostRoom
	}
	return min(mostRoom, memory/int64(6*threads))
}

// A textWindow knows how long the texts of a table's newest 2,048 rows are. It
// begins empty when the store is opened.
type textWindow struct {
	sizes [duck.ChunkRows]uint32
	next  int // the oldest, which the next row takes the place of
	sum   int64
}

// clone copies a window; nil is an empty one.
func (w *textWindow) clone() *textWindow {
	if w == nil {
		return &textWindow{}
	}
	c := *w
	return &c
}

// fits reports whether a row with so many bytes of texts can be stored whole.
func (w *textWindow) fits(size int, room int64) bool {
	return size <= shortRow || w.sum-int64(w.sizes[w.next])+int64(size) <= room
}

// add takes in the next row.
func (w *textWindow) add(size int) {
	w.sum += int64(size) - int64(w.sizes[w.next])
	w.sizes[w.next] = uint32(size)
	w.next = (w.next + 1) % len(w.sizes)
}

// noteShortened says in the log that rows were shortened, once a minute at most.
func (s *Store) noteShortened(k *commit, now time.Time) {
	for _, p := range k.parts {
		if p.shortened > 0 && now.Sub(s.shortenedAt) >= time.Minute {
			s.shortenedAt = now
			s.opts.Log.Warn("long texts of rows were shortened: more memory leaves room for more (--memory)", "table", p.table.name, "rows", p.shortened, "bytesPer2048Rows", s.textRoom)
		}
	}
}

// textSize returns the bytes of an event's texts.
func textSize(ev *tocsin.Event) (n int) {
	for i := range ev.Values {
		n += len(ev.Values[i].Str)
	}
	return n
}

// shorten cuts the long texts of an event and returns what is left of them.
func (t *storedTable) shorten(ev *tocsin.Event) (size int) {
	if t.name == deadLetterTable {
		shortenLetter(t, ev)
		return textSize(ev)
	}
	for i := range ev.Values {
		v := &ev.Values[i]
		if len(v.Str) <= shortText {
			continue
		}
		switch t.decl.Columns[i].Type {
		case catalog.String:
			v.Str = shortened(v.Str)
		case catalog.Dynamic:
			v.Str = shortenedJSON(v.Str)
		}
	}
	return textSize(ev)
}

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
