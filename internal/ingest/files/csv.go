package files

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
)

// Bounds of one row. A quote that is never closed costs only its own line.
const (
	maxRowLines = 1000
	maxColumns  = 4096
)

// csv reads a table with a header (RFC 4180): every row becomes an object with
// the header's names; empty cells are left out. Exports of portals are written
// back into the shape of the API they come from, see heading.
func (e *emitter) csv(head *bufio.Reader) error {
	c := &csvReader{in: bufio.NewReaderSize(ingest.DecodeUnicode(head), headBytes)}
	first, _ := c.in.Peek(4096)
	c.comma = delimiter(first)
	names, _, err := c.row()
	if err != nil && (err != io.EOF || len(names) == 0) {
		return err
	}
	if len(names) > maxColumns {
		return tocsin.Errorf(tocsin.Invalid, "%s has %d columns, at most %d are read.", e.spec.Name, len(names), maxColumns)
	}
	t := newHeader(names)
	for n := int64(1); !e.stopped; n++ {
		cells, line, err := c.row()
		at := strconv.FormatInt(n, 10)
		switch {
		case c.broken:
			e.damaged(at, "row %s has a quote that is not closed: %s", at, line[:min(len(line), 2000)])
		case len(cells) == 0:
		case len(cells) > len(names):
			e.emit(tocsin.FormatDamaged, "", at, damagedRow(at, len(cells), len(names), line))
		default:
			e.row(t, at, cells)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// row hands on one row.
func (e *emitter) row(t *header, at string, cells []string) {
	if t.record >= 0 && t.record < len(cells) && strings.HasPrefix(cells[t.record], "{") && e.table == "" {
		e.emit(tocsin.FormatJSONLine, "", at, []byte(cells[t.record]))
		return
	}
	if t.paths != nil && e.table == "" {
		e.emit(tocsin.FormatJSONLine, "", at, t.nested(cells))
		return
	}
	body := append(make([]byte, 0, 512), '{')
	for i, cell := range cells {
		if cell == "" {
			continue
		}
		if t.isTime[i] {
			cell = portalTime(cell)
		}
		if len(body) > 1 {
			body = append(body, ',')
		}
		body = jsontext.AppendQuoted(body, t.names[i])
		body = append(body, ':')
		body = jsontext.AppendQuoted(body, cell)
	}
	e.object(at, append(body, '}'))
}

// A header says what the columns of a table are.
type header struct {
	names  []string
	isTime []bool
	record int        // the column that holds the whole record as JSON; -1 if none does
	paths  [][]string // where columns belong in the record of an API; nil if they do not
}

// recordColumn is the column of an export of the unified audit log that holds
// the record itself; the others repeat parts of it.
const recordColumn = "AuditData"

func newHeader(names []string) *header {
	t := &header{names: names, isTime: make([]bool, len(names)), record: -1}
	for i, name := range names {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		// The portals of Log Analytics and Sentinel write the zone into the name.
		if base, ok := strings.CutSuffix(name, " [UTC]"); ok {
			name, t.isTime[i] = base, true
		}
		if name == "" {
			name = "column" + strconv.Itoa(i+1)
		}
		if name == recordColumn {
			t.record = i
		}
		t.names[i] = name
	}
	t.paths = pathsOf(t.names)
	return t
}

// portalTimes are the ways in which portals write a time of a "[UTC]" column.
var portalTimes = []string{"1/2/2006, 3:04:05.999999999 PM", "1/2/2006, 15:04:05.999999999", "2006-01-02 15:04:05.999999999", "1/2/2006 3:04:05 PM"}

// portalTime writes a time of a portal as RFC 3339; what is none stays.
func portalTime(cell string) string {
	for _, layout := range portalTimes {
		if at, err := time.Parse(layout, cell); err == nil {
			return at.Format(time.RFC3339Nano)
		}
	}
	return cell
}

// A csvReader cuts rows. broken tells that the last one was only a line.
type csvReader struct {
	in     *bufio.Reader
	comma  byte
	queue  [][]byte // lines that were read and belong to no row yet
	broken bool
}

// row returns the cells of the next row, and its text; none for an empty line.
func (c *csvReader) row() (cells []string, text []byte, err error) {
	c.broken = false
	text, err = c.line()
	if !isOpen(text, c.comma) {
		return splitRow(text, c.comma), text, err
	}
	var more [][]byte
	whole := bytes.Clone(text)
	for err == nil && len(more) < maxRowLines && len(whole) <= tocsin.MaxRawBytes {
		var next []byte
		next, err = c.line()
		more = append(more, next)
		whole = append(append(whole, '\n'), next...)
		if bytes.IndexByte(next, '"') >= 0 && !isOpen(whole, c.comma) {
			return splitRow(whole, c.comma), whole, err
		}
	}
	c.broken = true
	c.queue = append(more, c.queue...)
	if err == io.EOF && len(more) > 0 {
		err = nil // it comes again, after the queue
	}
	return nil, text, err
}

// line returns the next line, without its end.
func (c *csvReader) line() ([]byte, error) {
	if len(c.queue) > 0 {
		next := c.queue[0]
		c.queue = c.queue[1:]
		return next, nil
	}
	return readLine(c.in)
}

// isOpen reports whether a row ends within quotes.
func isOpen(row []byte, comma byte) bool {
	if bytes.IndexByte(row, '"') < 0 {
		return false
	}
	inQuotes, atStart := false, true
	for i := 0; i < len(row); i++ {
		switch b := row[i]; {
		case inQuotes && b == '"':
			if i+1 < len(row) && row[i+1] == '"' {
				i++
			} else {
				inQuotes = false
			}
		case inQuotes:
		case b == '"' && atStart:
			inQuotes = true
			atStart = false
		default:
			atStart = b == comma || b == '\n'
		}
	}
	return inQuotes
}

// splitRow splits a row whose quotes are closed.
func splitRow(row []byte, comma byte) []string {
	if len(bytes.TrimSpace(row)) == 0 {
		return nil
	}
	var cells []string
	for {
		if len(row) == 0 || row[0] != '"' {
			end := bytes.IndexByte(row, comma)
			if end < 0 {
				return append(cells, string(row))
			}
			cells, row = append(cells, string(row[:end])), row[end+1:]
			continue
		}
		var cell []byte
		i := 1
		for ; i < len(row); i++ {
			if row[i] == '"' {
				if i+1 < len(row) && row[i+1] == '"' {
					i++
				} else {
					break
				}
			}
			cell = append(cell, row[i])
		}
		rest := row[min(i+1, len(row)):]
		end := bytes.IndexByte(rest, comma)
		if end < 0 {
			return append(cells, string(append(cell, rest...)))
		}
		cells, row = append(cells, string(append(cell, rest[:end]...))), rest[end+1:]
	}
}

// delimiter returns what separates the columns of the first line: the sign that
// is most in it.
func delimiter(head []byte) byte {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	best, most := byte(','), 0
	for _, d := range []byte(",\t;|") {
		if n := bytes.Count(line, []byte{d}); n > most {
			best, most = d, n
		}
	}
	return best
}

var columnName = regexp.MustCompile(`^[\pL_$@][\pL\pN _.:/$@#()\[\]-]*$`)

// looksLikeCSV reports whether a text begins with a header and, if there is more,
// a row of as many cells. A header is at least two names that differ.
func looksLikeCSV(text []byte) bool {
	first, rest, found := bytes.Cut(text, []byte("\n"))
	first = bytes.TrimRight(first, "\r")
	comma := delimiter(first)
	if isOpen(first, comma) {
		return false
	}
	names := splitRow(first, comma)
	seen := map[string]bool{}
	for i, name := range names {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		if len(name) > 100 || !columnName.MatchString(name) || seen[name] && i < 2 {
			return false
		}
		seen[name] = true
	}
	if len(seen) < 2 {
		return false
	}
	second, _, whole := bytes.Cut(rest, []byte("\n"))
	if !found || len(bytes.TrimSpace(second)) == 0 {
		return true
	}
	second = bytes.TrimRight(second, "\r")
	if isOpen(second, comma) || !whole {
		return true // runs over several lines
	}
	return len(splitRow(second, comma)) == len(names)
}
