// Package lane makes streams of Windows telemetry for measuring: the same seed
// makes the same bytes. Records have evtx_dump's JSON form or Winlogbeat's.
//
// It promises ordinary office and server traffic with the variety that defeats
// naive caching (ids, hashes, paths and arguments change), and no attack. It
// costs about a microsecond a record, so that a generator can load a server on
// the same machine. It is tested for reproducibility and for parsing.
package lane

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Mix names a kind of stream.
type Mix string

// The mixes.
const (
	ProcessCreation Mix = "process-creation" // Sysmon event 1
	FileEvent       Mix = "file-event"       // Sysmon event 11
	Office          Mix = "office"           // Sysmon 1, 3, 7, 11, 13 and Security 4624, 4688 as hosts send them
	Sysmon          Mix = "sysmon"           // Sysmon 1, 3, 5, 7, 10, 11, 12, 13, 22 as a fleet with a common configuration sends them
)

// Shape is how a record is written.
type Shape uint8

// The shapes.
const (
	Evtx       Shape = iota // evtx_dump's: {"Event":{"System":…,"EventData":…}}
	Winlogbeat              // Elastic's: {"@timestamp":…,"winlog":{…}}
)

// Generate returns n records of a mix, one JSON object each.
func Generate(mix Mix, n int, seed uint64) ([][]byte, error) {
	s, err := NewStream(mix, seed)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, n)
	for i := range out {
		out[i] = s.Append(nil)
	}
	return out, nil
}

// A Stream makes one record after another. It is used by one goroutine.
type Stream struct {
	// Shape of the records to come.
	Shape Shape
	// At is when the next record happens; nil scatters records over November 2026.
	At func() time.Time

	tuned  bool
	make   func()
	r      *rand.Rand
	record int
	utc    []byte // of the record being made: 2026-11-21 10:00:00.000
	b      []byte
}

// NewStream begins a stream.
func NewStream(mix Mix, seed uint64) (*Stream, error) {
	s := &Stream{r: rand.New(rand.NewPCG(seed, 0x746f6373696e))}
	makers := map[Mix]func(){ProcessCreation: s.process, FileEvent: s.file, Office: s.office, Sysmon: s.sysmonMix}
	if s.make = makers[mix]; s.make == nil {
		return nil, fmt.Errorf("unknown mix %q", mix)
	}
	s.tuned = mix == Sysmon
	return s, nil
}

// Append appends the next record to dst, without a line break.
func (s *Stream) Append(dst []byte) []byte {
	s.b = dst
	s.record++
	s.clock()
	s.make()
	dst, s.b = s.b, nil
	return dst
}

// office is a host's ordinary stream.
func (s *Stream) office() {
	switch n := s.r.IntN(100); {
	case n < 15:
		s.process()
	case n < 35:
		s.file()
	case n < 55:
		s.image()
	case n < 70:
		s.registry()
	case n < 85:
		s.network()
	case n < 93:
		s.logon()
	default:
		s.securityProcess()
	}
}

// sysmonMix has the shares of a fleet whose Sysmon logs what the common public
// configurations do: few processes, many loads, files, keys and connections.
func (s *Stream) sysmonMix() {
	switch n := s.r.IntN(100); {
	case n < 14:
		s.process()
	case n < 34:
		s.network()
	case n < 40:
		s.exit()
	case n < 58:
		s.image()
	case n < 63:
		s.access()
	case n < 80:
		s.file()
	case n < 92:
		s.registry()
	default:
		s.query()
	}
}
