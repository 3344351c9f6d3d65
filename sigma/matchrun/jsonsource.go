package matchrun

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/tocsin-soc/tocsin/sigma"
)

// Bounds on the text held at once; the larger one is for a single record.
const (
	chunkBytes = 1 << 20
	maxRecord  = 32 << 20
)

// JSON reads a stream of JSON objects: one per line, or laid out over several
// lines, or the elements of an array.
type JSON struct {
	in     io.Reader
	buf    []byte
	at     int // of the next record in buf
	eof    bool
	record uint64
	named  sigma.Logsource
}

// NewJSON reads objects from r. named is the log source of events that do not
// tell their own; it may be empty.
func NewJSON(r io.Reader, named sigma.Logsource) *JSON {
	return &JSON{in: r, buf: make([]byte, 0, chunkBytes), named: named}
}

// Next fills ev with the next object. Text that is no object is given up to the
// end of its line.
func (s *JSON) Next(ev *sigma.Event) (uint64, error) {
	for {
		s.skipBetween()
		if s.at < len(s.buf) {
			n, err := sigma.ScanJSON(s.buf[s.at:], ev)
			switch {
			case err == nil:
				s.at += n
				s.record++
				if ev.Logsource == (sigma.Logsource{}) {
					ev.Logsource = s.named
				}
				return s.record, nil
			case !errors.Is(err, sigma.ErrIncomplete) || s.eof:
				return s.giveUp(n, err)
			}
		} else if s.eof {
			return s.record, io.EOF
		}
		if err := s.fill(); err != nil {
			return s.record, err
		}
	}
}

// giveUp leaves a record that failed n bytes behind its beginning: at the line
// that failed when a new object begins there, else behind it.
func (s *JSON) giveUp(n int, err error) (uint64, error) {
	s.record++
	bad := s.buf[s.at:min(s.at+n+1, len(s.buf))]
	begin := bytes.LastIndexByte(bad, '\n') + 1
	switch end := bytes.IndexByte(s.buf[s.at+n:], '\n'); {
	case begin > 0 && bytes.HasPrefix(bytes.TrimLeft(bad[begin:], " \t"), []byte{'{'}):
		s.at += begin
	case end >= 0:
		s.at += n + end
	default:
		s.at = len(s.buf)
	}
	return s.record, &RecordError{Record: s.record, Err: err}
}

// skipBetween skips white space, commas, brackets and a byte-order mark.
func (s *JSON) skipBetween() {
	for ; s.at < len(s.buf); s.at++ {
		switch s.buf[s.at] {
		case ' ', '\t', '\r', '\n', ',', '[', ']', 0xEF, 0xBB, 0xBF:
			continue
		}
		return
	}
}

// fill reads more behind what is not used up yet.
func (s *JSON) fill() error {
	rest := copy(s.buf[:cap(s.buf)], s.buf[s.at:])
	s.buf, s.at = s.buf[:rest], 0
	if rest == cap(s.buf) {
		if rest >= maxRecord {
			return fmt.Errorf("record %d exceeds %d bytes", s.record+1, maxRecord)
		}
		s.buf = append(make([]byte, 0, 2*cap(s.buf)), s.buf...)
	}
	n, err := s.in.Read(s.buf[rest:cap(s.buf)])
	s.buf = s.buf[:rest+n]
	switch {
	case errors.Is(err, io.EOF):
		s.eof = true
	case err != nil:
		return fmt.Errorf("reading JSON: %w", err)
	}
	return nil
}
