package normalize

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
	"github.com/tocsin-soc/tocsin/internal/normalize/text"
	"github.com/tocsin-soc/tocsin/internal/normalize/value"
	"github.com/tocsin-soc/tocsin/internal/normalize/windows"
	"github.com/tocsin-soc/tocsin/internal/schema"
)

// A Normalizer is immutable but for its counters and safe for concurrent use.
type Normalizer struct {
	tables  map[string]*table
	windows *mapping
	views   map[string]*view // Sigma views of tables, by name
	shapes  *shapes
	batches sync.Pool // *batch
	readers sync.Pool // *recordReader
	texts   *text.Reader
	read    sync.Pool // *text.Reading
	zones   map[tocsin.SourceID]*time.Location
	zone    *time.Location // of all other sources
	losses  losses
}

// InZones says in which zone the times of sources are that name none; those of
// all other sources are in other, UTC if that is nil. It is called before the
// first batch.
func (n *Normalizer) InZones(zones map[tocsin.SourceID]*time.Location, other *time.Location) {
	n.zones, n.zone = zones, other
}

// New makes a normaliser for the tables of a schema by the mappings in fsys
// (content/normalize): every *.yaml is a mapping, but for tables.yaml, which says
// how rows look to Sigma. Folders of somebody's own add to them, see [Folder].
// The error joins a *schema.Mistake for everything that is wrong in a file.
func New(s *schema.Schema, fsys fs.FS, own ...Folder) (*Normalizer, error) {
	folders := append([]Folder{{Files: fsys}}, own...)
	for i := range own {
		folders[i+1].IsOwn = true
	}
	n := &Normalizer{tables: make(map[string]*table, len(s.Tables()))}
	for _, t := range s.Tables() {
		n.tables[t.Name] = newTable(t)
	}
	var err error
	if n.windows, err = loadMapping(folders, n.tables); err != nil {
		return nil, err
	}
	if n.views, err = loadViews(folders, n.tables); err != nil {
		return nil, err
	}
	if n.texts, err = text.NewReader(fsys); err != nil {
		return nil, err
	}
	n.losses.init()
	n.read.New = func() any { return new(text.Reading) }
	n.shapes = n.windows.shapes
	n.readers.New = func() any { return newRecordReader(n.shapes) }
	n.batches.New = func() any { return &batch{Normalizer: n, windows: newWinEvent(n.windows)} }
	return n, nil
}

// Batch turns raw records into records and rejects. Each raw record becomes
// exactly one of the two; both lists keep the order of raws.
func (n *Normalizer) Batch(raws []tocsin.Raw) ([]tocsin.Record, []tocsin.Reject) {
	m := &Memory{}
	return n.BatchIn(m, raws)
}

// BatchIn is Batch with the events and the fields of the records in memory that
// the caller frees.
func (n *Normalizer) BatchIn(memory *Memory, raws []tocsin.Raw) ([]tocsin.Record, []tocsin.Reject) {
	records := make([]tocsin.Record, 0, len(raws))
	var rejects []tocsin.Reject
	b := n.batches.Get().(*batch)
	b.memory = memory
	defer func() { b.memory = nil; n.batches.Put(b) }()
	for i := range raws {
		rec, err := b.one(&raws[i])
		if err != nil {
			rejects = append(rejects, tocsin.Reject{Raw: raws[i], Reason: err.Error()})
			continue
		}
		records = append(records, rec)
	}
	return records, rejects
}

// A batch is the normaliser at work on records, one after the other, with the
// memory their rows and fields go to.
type batch struct {
	*Normalizer
	memory  *Memory
	windows *winEvent
	clock   value.Clock // of the source
}

// keep copies fields to the batch's memory.
func (n *batch) keep(fields []tocsin.Field) []tocsin.Field {
	kept := n.memory.fields.take(len(fields))
	copy(kept, fields)
	return kept
}

// newRow begins a row in the batch's memory.
func (n *batch) newRow(t *table) rowBuilder {
	return rowBuilder{t: t, values: n.memory.values.take(len(t.columns))}
}

// localRow begins a row of a source whose times may have no zone.
func (n *batch) localRow(t *table) rowBuilder {
	b := n.newRow(t)
	b.clock = n.clock
	return b
}

// one normalises one record; the error is written for an analyst.
func (n *batch) one(raw *tocsin.Raw) (tocsin.Record, error) {
	n.clock = value.Clock{Zone: n.zone, Received: raw.ReceivedAt}
	if zone := n.zones[raw.Source]; zone != nil {
		n.clock.Zone = zone
	}
	if len(raw.Body) > tocsin.MaxRawBytes {
		return tocsin.Record{}, fmt.Errorf("the record has %d bytes, at most %d are taken. Split it at the source", len(raw.Body), tocsin.MaxRawBytes)
	}
	if raw.Format == tocsin.FormatMail {
		return n.mailRecord(raw) // in whatever character set it is
	}
	body := string(raw.Body)
	if !utf8.ValidString(body) {
		body = strings.ToValidUTF8(body, "\uFFFD")
	}
	if raw.Format == tocsin.FormatDamaged {
		return tocsin.Record{}, errors.New(body) // the reader has said why
	}
	body = strings.TrimPrefix(body, "\uFEFF")
	if raw.Format == tocsin.FormatEnvelope {
		return n.unwrap(raw, body)
	}
	z := jsontext.New(body)
	if z.Peek() == '<' && (raw.Format == tocsin.FormatWindows || raw.Format == tocsin.FormatJSONLine) {
		return n.windowsEvent(raw, body, windows.XML)
	}
	if raw.Format == tocsin.FormatLine || raw.Format == tocsin.FormatSyslog {
		return n.lineRecord(raw, body)
	}
	if z.Peek() != '{' {
		return tocsin.Record{}, fmt.Errorf("the record is not a JSON object but %s. Send one JSON object per line", excerpt(body))
	}
	switch raw.Format {
	case tocsin.FormatRow:
		return n.row(raw, body)
	case tocsin.FormatEvtx:
		return n.windowsEvent(raw, body, windows.Evtx)
	case tocsin.FormatWindows, tocsin.FormatJSONLine:
		if guess := guessed(body); guess != 0 {
			if rec, err := n.windowsEvent(raw, body, guess); err == nil {
				return rec, nil
			}
		}
		return n.object(raw, body, wrapping{})
	}
	return tocsin.Record{}, fmt.Errorf("records of format %q cannot be read", raw.Format)
}

// excerpt quotes the start of a body; doors explain there what they could not read.
func excerpt(body string) string {
	const most = 200
	if runes := []rune(body[:min(len(body), 4*most)]); len(runes) > most {
		return strconv.Quote(string(runes[:most])) + "…"
	}
	return strconv.Quote(body)
}

// guessed tells the two usual shapes of a Windows event by how they begin, which
// spares reading them twice. It may be wrong: then the event cannot be read.
func guessed(body string) windows.Form {
	switch {
	case strings.HasPrefix(body, `{"Event":{`):
		return windows.Evtx
	case strings.HasPrefix(body, `{"@timestamp":"`) && strings.Contains(body, `"winlog":{`) && !strings.Contains(body, `"Event":{`):
		return windows.Winlogbeat
	}
	return 0
}
