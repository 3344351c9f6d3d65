package ingest

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// DecodeUnicode drops a UTF-8 byte order mark and turns UTF-16 that begins with
// one (what PowerShell writes) into UTF-8.
func DecodeUnicode(r io.Reader) io.Reader {
	b := bufio.NewReaderSize(r, 64<<10)
	head, _ := b.Peek(3) // a short stream has no mark
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		_, _ = b.Discard(3)
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		_, _ = b.Discard(2)
		return &utf16Reader{in: b, low: 0, high: 1}
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		_, _ = b.Discard(2)
		return &utf16Reader{in: b, low: 1, high: 0}
	}
	return b
}

// utf16Reader decodes UTF-16; low and high say which byte of a unit is which.
type utf16Reader struct {
	in        *bufio.Reader
	low, high int
	out       []byte
	pending   rune // first half of a surrogate pair
	err       error
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		u.fill()
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// fill decodes some units.
func (u *utf16Reader) fill() {
	u.out = make([]byte, 0, 4096)
	for len(u.out) < 4000 && u.err == nil {
		var unit [2]byte
		if _, err := io.ReadFull(u.in, unit[:]); err != nil {
			if err == io.ErrUnexpectedEOF || u.pending != 0 {
				u.out = utf8.AppendRune(u.out, utf8.RuneError)
			}
			if err == io.ErrUnexpectedEOF {
				err = io.EOF
			}
			u.err = err
			return
		}
		u.unit(rune(unit[u.low]) | rune(unit[u.high])<<8)
	}
}

func (u *utf16Reader) unit(r rune) {
	if u.pending != 0 {
		pair := utf16.DecodeRune(u.pending, r)
		u.pending = 0
		u.out = utf8.AppendRune(u.out, pair)
		if pair != utf8.RuneError {
			return
		}
	}
	switch {
	case utf16.IsSurrogate(r) && r < 0xdc00:
		u.pending = r
	default:
		u.out = utf8.AppendRune(u.out, r) // a lone second half becomes U+FFFD
	}
}
