package matchrun

import (
	"errors"
	"io"
	"iter"

	"github.com/tocsin-soc/tocsin/evtx"
	"github.com/tocsin-soc/tocsin/sigma"
)

// EVTX reads the records of an event log straight into events, without JSON in
// between. Records are numbered from 1 in the order of the file.
type EVTX struct {
	next   func() (*evtx.Record, error, bool)
	stop   func()
	number uint64
	names  map[*evtx.Name]fieldNames
	fields *sigma.Fields
	joined []byte
}

// fieldNames are the fields a value of the log goes to.
type fieldNames struct {
	field sigma.FieldID
	full  sigma.FieldID // of UserData: the full path
	also  sigma.FieldID // Computer is ComputerName, too
}

// NewEVTX reads from r, which it uses up. Close it when not read to the end.
func NewEVTX(r *evtx.Reader) *EVTX {
	s := &EVTX{names: map[*evtx.Name]fieldNames{}}
	s.next, s.stop = iter.Pull2(r.Records())
	return s
}

// Close ends reading; it may be called at any time.
func (s *EVTX) Close() { s.stop() }

// Next fills ev with the next record.
func (s *EVTX) Next(ev *sigma.Event) (uint64, error) {
	rec, err, ok := s.next()
	if !ok {
		return s.number, io.EOF
	}
	s.number++
	var record *evtx.RecordError
	var chunk *evtx.ChunkError
	switch {
	case errors.As(err, &record), errors.As(err, &chunk):
		return s.number, &RecordError{Record: s.number, Err: err}
	case err != nil:
		return s.number, err
	}
	s.fill(ev, rec)
	return s.number, nil
}

func (s *EVTX) fill(ev *sigma.Event, rec *evtx.Record) {
	ev.Reset()
	if s.fields != ev.Fields() {
		s.fields = ev.Fields()
		clear(s.names)
	}
	for f := range rec.SystemFields() {
		n := s.lookup(f.Name)
		ev.Add(n.field, kindOf(f.Kind), f.Value)
		if n.also != sigma.NoField {
			ev.Add(n.also, kindOf(f.Kind), f.Value)
		}
	}
	nameless := 0
	s.joined = s.joined[:0]
	for f := range rec.Fields() {
		n := s.lookup(f.Name)
		if f.Name.Section != evtx.EventData {
			s.addUser(ev, n, f)
			continue
		}
		ev.Add(n.field, kindOf(f.Kind), f.Value)
		if f.Name.Text == "Data" && f.Kind != evtx.Null {
			if nameless++; nameless > 1 {
				s.joined = append(s.joined, ' ')
			}
			s.joined = append(s.joined, f.Value...)
		}
	}
	if nameless > 1 { // nameless values also match as one text
		ev.AddString(s.fields.Lookup([]byte("Data")), string(s.joined))
	}
}

// addUser adds a value outside EventData: the first of a name wins, and every
// one has its full path.
func (s *EVTX) addUser(ev *sigma.Event, n fieldNames, f evtx.Field) {
	id := n.field
	if ev.Has(id) {
		id = sigma.NoField
	}
	ev.Add(id, kindOf(f.Kind), f.Value)
	if n.full != sigma.NoField {
		ev.Add(n.full, kindOf(f.Kind), f.Value)
	}
}

func (s *EVTX) lookup(name *evtx.Name) fieldNames {
	n, ok := s.names[name]
	if !ok {
		n.field = s.fields.Lookup([]byte(name.Flat))
		if name.Section == evtx.UserData {
			n.full = s.fields.Lookup([]byte("Event." + name.Path))
		}
		if name.Flat == "Computer" && name.Section == evtx.SystemSection {
			n.also = s.fields.Lookup([]byte("ComputerName"))
		}
		s.names[name] = n
	}
	return n
}

func kindOf(k evtx.Kind) sigma.Kind {
	switch k {
	case evtx.Null:
		return sigma.KindNull
	case evtx.Int, evtx.Uint, evtx.Float:
		return sigma.KindNumber
	case evtx.Bool:
		return sigma.KindBool
	}
	return sigma.KindString
}
