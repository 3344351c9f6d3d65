package ingest

import (
	"bytes"
	"io"
	"strconv"

	"github.com/tocsin-soc/tocsin"
)

// wrappers are the members in which services put the array of records when they
// write one object around it: CloudTrail's files ("Records"), Azure Monitor's
// ("records"), Microsoft Graph's answers ("value"), Google's ("entries").
var wrappers = [][]byte{[]byte("Records"), []byte("records"), []byte("value"), []byte("entries")}

// wrapperAhead reports whether what is read next is an object around an array of
// records, and at which byte that array's elements begin. Only scalars may stand
// before the array, as in {"@odata.context":"…","value":[.
func (c *cutter) wrapperAhead() (at int, ok bool) {
	for size := 256; size <= 4096; size *= 4 {
		head, err := c.in.Peek(size)
		at, ok, whole := wrapperIn(head)
		if ok || whole || err != nil {
			return at, ok
		}
	}
	return 0, false
}

// wrapperIn looks at the head of an object; whole means that more of it would
// change nothing.
func wrapperIn(head []byte) (at int, ok, whole bool) {
	i := 1 // behind the brace
	blanks := func() {
		for i < len(head) && (head[i] == ' ' || head[i] == '\t' || head[i] == '\n' || head[i] == '\r') {
			i++
		}
	}
	text := func() []byte { // a string without its quotes; nil if there is none, or not all of it
		if i >= len(head) || head[i] != '"' {
			return nil
		}
		from := i + 1
		for i = from; i < len(head); i++ {
			switch head[i] {
			case '\\':
				i++
			case '"':
				i++
				return head[from : i-1 : i-1]
			}
		}
		return nil
	}
	for {
		blanks()
		key := text()
		blanks()
		if key == nil || i >= len(head) || head[i] != ':' {
			return 0, false, i < len(head)
		}
		i++
		blanks()
		if i >= len(head) {
			return 0, false, false
		}
		switch head[i] {
		case '[':
			for _, w := range wrappers {
				if bytes.Equal(key, w) {
					return wrappedRecords(head, i+1)
				}
			}
			return 0, false, true
		case '{':
			return 0, false, true
		case '"':
			text()
		default:
			for i < len(head) && head[i] != ',' && head[i] != '}' {
				i++
			}
		}
		blanks()
		if i >= len(head) || head[i] != ',' {
			return 0, false, i < len(head)
		}
		i++
	}
}

// wrappedRecords makes sure that the array holds objects, or nothing.
func wrappedRecords(head []byte, from int) (at int, ok, whole bool) {
	for _, b := range head[from:] {
		switch b {
		case ' ', '\t', '\n', '\r':
		default:
			return from, b == '{' || b == ']', true
		}
	}
	return 0, false, false
}

// wrapped cuts the records out of one wrapper after the other; what else the
// wrapper says is not a record. The position is "2.17": the 17th record of the
// second wrapper.
func (c *cutter) wrapped(at int) error {
	for doc := int64(1); !c.stopped; doc++ {
		c.within = strconv.FormatInt(doc, 10) + "."
		if at < 0 {
			c.within = ""
			body, err := c.value(false)
			if body = bytes.TrimSpace(body); len(body) > 0 {
				c.within = strconv.FormatInt(doc, 10) + "."
				c.emit(0, body)
			}
			if err != nil {
				return err
			}
		} else {
			if _, err := c.in.Discard(at); err != nil {
				return err
			}
			if _, err := c.elements(); err != nil {
				return err
			}
			if err := c.closeWrapper(); err != nil {
				return err
			}
		}
		first, err := c.skipSpace()
		if err != nil {
			return err
		}
		next, ok := c.wrapperAhead()
		if at = next; first != '{' || !ok {
			at = -1
		}
	}
	return nil
}

// closeWrapper skips to the brace that closes the wrapper.
func (c *cutter) closeWrapper() error {
	n := nesting{depth: 1}
	for {
		b, err := c.in.ReadByte()
		if err == io.EOF {
			return tocsin.Errorf(tocsin.Invalid, "The JSON ends within the object around the records. What came before was taken.")
		}
		if err != nil || n.next(b) {
			return err
		}
	}
}
