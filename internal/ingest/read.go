package ingest

import (
	"bufio"
	"bytes"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A Spec says what the records of a stream are to be called.
type Spec struct {
	Source     tocsin.SourceID
	Format     tocsin.Format
	Table      string // of FormatRow
	Prefix     string // goes before the number of a record in its Position: what tells this stream from others of the source
	ReceivedAt time.Time
	MaxBytes   int64 // once decompressed; 0 means 1 GiB
	Room       *Room // what reading holds is taken from it; nil counts nothing. Whoever gives it releases it
}

// Read cuts a stream of JSON into raw records, one at a time: one object per
// line, the elements of one array, objects that run over several lines, or, for
// FormatJSONLine, objects around an array of records (see wrappers). The
// stream may be compressed by gzip or zstd and may begin with a byte order
// mark. Position is the number of the line, or of the element.
//
// What is not an object is handed on as it is, at least one line of it, to
// become a dead letter; a record longer than tocsin.MaxRawBytes is cut one byte
// past that, which its reader recognises. An error is yielded once, at the end.
func Read(r io.Reader, spec Spec) iter.Seq2[tocsin.Raw, error] {
	return func(yield func(tocsin.Raw, error) bool) {
		limit := spec.MaxBytes
		if limit <= 0 {
			limit = 1 << 30
		}
		p := payer{room: spec.Room, reader: r}
		if err := p.begin(); err != nil {
			yield(tocsin.Raw{}, err)
			return
		}
		in, err := expand(p.reader, limit, min(p.buffer, 64<<10), p.room)
		if err != nil {
			yield(tocsin.Raw{}, err)
			return
		}
		defer in.Close()
		b := bufio.NewReaderSize(DecodeUnicode(in), p.buffer)
		c := &cutter{in: b, spec: spec, blockSize: p.buffer, yield: p.pay(yield)}
		c.run()
	}
}

// cutter cuts one stream. stopped means that the receiver wants no more.
type cutter struct {
	in      *bufio.Reader
	spec    Spec
	yield   func(tocsin.Raw, error) bool
	line    int64  // of the next byte, 1-based
	within  string // the wrapper that is being read, for positions
	block   []byte // where the next lines are kept: one allocation for some hundred
	stopped bool

	blockSize int
}

// longLine is the length of a line that gets memory of its own.
const longLine = 32 << 10

// keep copies a line to where it stays.
func (c *cutter) keep(line []byte) []byte {
	if len(line) > longLine {
		return bytes.Clone(line)
	}
	if len(line) > cap(c.block)-len(c.block) {
		c.block = make([]byte, 0, max(c.blockSize, len(line)))
	}
	at := len(c.block)
	c.block = append(c.block, line...)
	return c.block[at:len(c.block):len(c.block)]
}

func (c *cutter) run() {
	c.line = 1
	first, err := c.skipSpace()
	if err == nil {
		at, isWrapper := 0, false
		if first == '{' && c.spec.Format == tocsin.FormatJSONLine {
			at, isWrapper = c.wrapperAhead()
		}
		if isWrapper {
			err = c.wrapped(at)
		} else if first == '[' {
			err = c.array()
		} else if first == '{' && !c.firstLineIsWhole() {
			err = c.objects()
		} else {
			err = c.lines()
		}
	}
	if err != nil && err != io.EOF && !c.stopped {
		c.yield(tocsin.Raw{}, err)
	}
}

// emit hands on one record.
func (c *cutter) emit(n int64, body []byte) {
	if c.stopped {
		return
	}
	raw := tocsin.Raw{
		Source: c.spec.Source, Format: c.spec.Format, Table: c.spec.Table, ReceivedAt: c.spec.ReceivedAt,
		Position: c.position(n), Body: body,
	}
	c.stopped = !c.yield(raw, nil)
}

func (c *cutter) position(n int64) string {
	if c.spec.Prefix == "" {
		return c.within + strconv.FormatInt(n, 10)
	}
	at := make([]byte, 0, 256)
	at = append(append(append(at, c.spec.Prefix...), ':'), c.within...)
	return string(strconv.AppendInt(at, n, 10))
}

// skipSpace skips white space and returns the byte after it, unread.
func (c *cutter) skipSpace() (byte, error) {
	for {
		b, err := c.in.ReadByte()
		if err != nil {
			return 0, err
		}
		switch b {
		case '\n':
			c.line++
		case ' ', '\t', '\r':
		default:
			return b, c.in.UnreadByte()
		}
	}
}

// lines cuts one record per line that is not empty.
func (c *cutter) lines() error {
	for !c.stopped {
		body, err := c.readLine()
		if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 {
			c.emit(c.line, trimmed)
		}
		c.line++
		if err != nil {
			return err
		}
	}
	return nil
}

// readLine reads to the end of the line; of a line that is too long it keeps
// one byte more than a record may have.
func (c *cutter) readLine() ([]byte, error) {
	var line []byte
	for {
		part, err := c.in.ReadSlice('\n')
		if line == nil && err == nil {
			return c.keep(part), nil
		}
		if room := tocsin.MaxRawBytes + 1 - len(line); room > 0 {
			line = append(line, part[:min(len(part), room)]...)
		}
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}

// firstLineIsWhole reports whether lines are records: the brackets of the first
// one balance, or the second one begins a record too (the first is then broken).
func (c *cutter) firstLineIsWhole() bool {
	for size := 512; ; size *= 4 {
		head, err := c.in.Peek(min(size, c.in.Size()))
		first, rest, found := bytes.Cut(head, []byte("\n"))
		if !found || len(rest) == 0 {
			if err != nil || size >= c.in.Size() {
				return true // one line, or a very long one: not written for people
			}
			continue
		}
		var n nesting
		for _, b := range first {
			n.next(b)
		}
		return n.depth == 0 || rest[0] == '{'
	}
}

// nesting follows the brackets of JSON text.
type nesting struct {
	depth             int
	inString, escaped bool
}

// next takes one byte and reports whether it closed the outermost bracket.
func (n *nesting) next(b byte) (closed bool) {
	if n.inString {
		switch {
		case b == '\n': // JSON text cannot have it: the string was never closed
			n.inString, n.escaped = false, false
		case n.escaped:
			n.escaped = false
		case b == '\\':
			n.escaped = true
		case b == '"':
			n.inString = false
		}
		return false
	}
	switch b {
	case '"':
		n.inString = true
	case '{', '[':
		n.depth++
	case '}', ']':
		n.depth = max(0, n.depth-1) // a stray one ends what there is
		return n.depth == 0
	}
	return false
}

// objects cuts values that run over several lines. After a value that never
// closes, it starts again at the next line that begins with a brace.
func (c *cutter) objects() error {
	last, repeat := int64(0), int64(1)
	for !c.stopped {
		if _, err := c.skipSpace(); err != nil {
			return err
		}
		at := c.line
		body, err := c.value(false)
		if len(bytes.TrimSpace(body)) > 0 {
			c.within = ""
			if at != last {
				last, repeat = at, 1
				c.emit(at, bytes.TrimSpace(body))
			} else { // another one that begins on the same line: "3.2"
				repeat++
				c.within = strconv.FormatInt(at, 10) + "."
				c.emit(repeat, bytes.TrimSpace(body))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// array cuts the elements of one array.
func (c *cutter) array() error {
	if _, err := c.in.ReadByte(); err != nil { // the bracket
		return err
	}
	n, err := c.elements()
	if err != nil || c.stopped {
		return err
	}
	return c.afterArray(n)
}

// elements cuts what stands between the brackets of an array, of which the first
// is read, and returns the number of the next one.
func (c *cutter) elements() (n int64, err error) {
	for n = 1; !c.stopped; {
		b, err := c.skipSpace()
		if err != nil {
			return n, err
		}
		if b == ',' || b == ']' {
			if _, err := c.in.ReadByte(); err != nil {
				return n, err
			}
			if b == ']' {
				return n, nil
			}
			continue
		}
		body, err := c.value(true)
		if body = bytes.TrimSpace(body); len(body) > 0 {
			c.emit(n, body)
			n++
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// afterArray hands on what stands behind the end of an array, as it should not.
func (c *cutter) afterArray(n int64) error {
	if _, err := c.skipSpace(); err != nil {
		return err
	}
	for ; !c.stopped; n++ {
		body, err := c.readLine()
		if body = bytes.TrimSpace(body); len(body) > 0 {
			c.emit(n, body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// value reads one JSON value. A scalar ends at a comma or bracket in an array,
// at the end of the line elsewhere.
func (c *cutter) value(inArray bool) ([]byte, error) {
	var body []byte
	var n nesting
	for {
		b, err := c.in.ReadByte()
		if err != nil {
			return body, err
		}
		outside := n.depth == 0 && !n.inString
		switch {
		case outside && inArray && (b == ',' || b == ']'), outside && !inArray && b == '\n':
			return body, c.in.UnreadByte()
		case b == '\n':
			c.line++
		}
		if len(body) <= tocsin.MaxRawBytes {
			body = append(body, b)
		}
		if n.next(b) {
			return body, nil
		}
		if b == '\n' && !inArray && c.nextLineStartsAnew() {
			return body, nil
		}
	}
}

// nextLineStartsAnew reports whether the next line begins with a brace in its
// first column: the value before it was never closed.
func (c *cutter) nextLineStartsAnew() bool {
	next, err := c.in.Peek(1)
	return err == nil && next[0] == '{'
}
