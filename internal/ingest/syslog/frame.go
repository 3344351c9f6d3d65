package syslog

import (
	"bufio"
	"errors"
	"io"
)

// A framer cuts a stream of syslog into messages. Two framings are in use
// (RFC 6587 §3.4) and told apart for each frame: "LEN SP MSG" with the length
// in bytes, and messages that end with a line feed.
type framer struct {
	in  *bufio.Reader
	max int // bytes of a message that are kept
	// inFrame is true while a frame has begun and not ended: then the sender may
	// not take its time.
	inFrame bool
	frames  int64 // begun
	counted bool  // a counted frame was seen
}

// A flaw is what was wrong with a frame; empty if nothing was.
type flaw string

const (
	tooLong flaw = "message longer than the limit, cut to it"
	cutOff  flaw = "connection ended within a message, kept as far as it came"
	outStep flaw = "frames out of step, connection closed"
)

// errEndless ends a connection that cannot be read on.
var errEndless = errors.New("frames out of step or without an end")

const (
	maxDigits  = 8        // of a frame's length
	maxSkipped = 64 << 20 // bytes thrown away looking for the end of a line
)

// next returns the next message, without its frame. A message may come with a
// flaw, and with an error at the end of the stream. The body is a copy.
func (f *framer) next() ([]byte, flaw, error) {
	f.inFrame = false
	if err := f.skipFill(); err != nil {
		return nil, "", err
	}
	f.inFrame = true
	f.frames++
	n, isCounted, err := f.length()
	if err != nil {
		// The stream ends within what may be a length: what there is, is a line.
		return f.line()
	}
	if isCounted {
		f.counted = true
		return f.bytes(n)
	}
	return f.line()
}

// skipFill skips what senders put between frames: line ends, NUL, blanks.
func (f *framer) skipFill() error {
	for {
		b, err := f.in.ReadByte()
		if err != nil {
			return err
		}
		switch b {
		case '\n', '\r', 0, ' ':
		default:
			return f.in.UnreadByte()
		}
	}
}

// length reads the length of a counted frame, if it is one: digits, a space, and
// the "<" that every message begins with. A line such as "2026-11-22 …" is none.
func (f *framer) length() (n int, isCounted bool, err error) {
	for i := 0; i <= maxDigits+1; i++ {
		head, err := f.in.Peek(i + 1)
		if err != nil {
			return 0, false, err
		}
		switch b := head[i]; {
		case b >= '0' && b <= '9' && i < maxDigits && (i > 0 || b != '0'):
			n = n*10 + int(b-'0')
		case b == ' ' && i > 0:
			head, err := f.in.Peek(i + 2)
			if err != nil {
				return 0, false, err
			}
			if head[i+1] != '<' {
				return 0, false, nil
			}
			_, err = f.in.Discard(i + 1)
			return n, true, err
		default:
			return 0, false, nil
		}
	}
	return 0, false, nil
}

// bytes reads a counted frame.
func (f *framer) bytes(n int) ([]byte, flaw, error) {
	body := make([]byte, 0, min(n, f.max, 8<<10))
	for left := min(n, f.max); left > 0; {
		// Read in pieces: a length that lies must not cost its own memory.
		piece, err := f.in.Peek(min(left, f.in.Size()))
		body = append(body, piece...)
		_, _ = f.in.Discard(len(piece)) // they are buffered
		left -= len(piece)
		if err != nil && left > 0 {
			return body, cutOff, err
		}
	}
	if n <= f.max {
		return trimEnd(body), "", nil
	}
	for left := n - f.max; left > 0; {
		skipped, err := f.in.Discard(min(left, 1<<20))
		left -= skipped
		if err != nil {
			return body, tooLong, err
		}
	}
	return body, tooLong, nil
}

// line reads a message that ends with a line feed, or NUL as some senders have it.
func (f *framer) line() ([]byte, flaw, error) {
	var body []byte
	skipped := 0
	for {
		part, err := f.in.ReadSlice('\n')
		room := f.max + 1 - len(body)
		body = append(body, part[:min(len(part), room)]...)
		skipped += len(part) - min(len(part), room)
		isLong := len(trimEnd(body)) > f.max
		switch {
		case err == nil && isLong:
			return body[:f.max], tooLong, nil
		case err == nil:
			return trimEnd(body), "", nil
		case err == bufio.ErrBufferFull && isLong && f.counted:
			// Lengths were sent before: a length that lied has put the frames out
			// of step. Only a new connection brings them back.
			return body[:f.max], outStep, errEndless
		case err == bufio.ErrBufferFull && skipped > maxSkipped:
			return body[:f.max], outStep, errEndless
		case err == bufio.ErrBufferFull:
			continue
		case isLong:
			return body[:f.max], tooLong, err
		case err == io.EOF: // the last line often has no end
			return trimEnd(body), "", err
		default:
			return trimEnd(body), cutOff, err
		}
	}
}

// trimEnd takes line ends and NUL off the end of a message.
func trimEnd(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r' || b[len(b)-1] == 0) {
		b = b[:len(b)-1]
	}
	return b
}
