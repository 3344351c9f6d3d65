package files

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/evtx"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// evtx hands on the records of a Windows event log as JSON. A damaged record
// becomes one that says so, to be a dead letter.
func (e *emitter) evtx(head *bufio.Reader) error {
	log, err := evtx.NewStream(head, evtx.Options{})
	if err != nil {
		return tocsin.Wrap(err, tocsin.Invalid, "%s is no readable Windows event log: %v.", e.spec.Name, err)
	}
	for record, err := range log.Records() {
		var damaged *evtx.RecordError
		var chunk *evtx.ChunkError
		switch {
		case errors.As(err, &damaged):
			e.damaged("offset "+strconv.FormatInt(damaged.Offset, 10), "damaged record: %v", damaged)
		case errors.As(err, &chunk):
			e.damaged("chunk at offset "+strconv.FormatInt(chunk.Offset, 10), "damaged chunk: %v", chunk)
		case err != nil:
			return fmt.Errorf("reading the log: %w", err)
		default:
			body, err := record.AppendJSON(nil, evtx.JSONOptions{TimeDigits: 7})
			if err != nil {
				body = fmt.Appendf(nil, "record %d cannot be written as JSON: %v", record.ID, err)
			}
			e.emit(tocsin.FormatEvtx, "", strconv.FormatUint(record.ID, 10), body)
		}
		if e.stopped {
			return nil
		}
	}
	if c := log.Counts(); c.Damaged > 0 || c.DamagedChunks > 0 {
		return tocsin.Errorf(tocsin.Invalid,
			"The log is damaged or cut off: at least %d records cannot be read. Everything else is stored; the dead letters say where and why.", c.Damaged)
	}
	return nil
}

var (
	eventStart = [][]byte{[]byte("<Event "), []byte("<Event>")}
	eventEnd   = []byte("</Event>")
)

// xml hands on the events of an export as XML (wevtutil, the event viewer). What
// stands between events is not an event.
func (e *emitter) xml(head *bufio.Reader) error {
	in := bufio.NewReaderSize(ingest.DecodeUnicode(head), headBytes)
	var event []byte
	inEvent := false
	for n := int64(1); !e.stopped; {
		part, err := in.ReadSlice('>')
		if !inEvent {
			for _, start := range eventStart {
				if at := bytes.LastIndex(part, start); at >= 0 {
					inEvent, event, part = true, nil, part[at:]
					break
				}
			}
		}
		if inEvent {
			if room := tocsin.MaxRawBytes + 1 - len(event); room > 0 {
				event = append(event, part[:min(len(part), room)]...)
			}
			if bytes.HasSuffix(part, eventEnd) || bytes.HasSuffix(event, eventEnd) {
				e.emit(tocsin.FormatWindows, "", strconv.FormatInt(n, 10), event)
				inEvent, n = false, n+1
			}
		}
		switch {
		case err == io.EOF && inEvent:
			e.damaged(strconv.FormatInt(n, 10), "the export ends within event %d: %s", n, event[:min(len(event), 2000)])
			return nil
		case err == io.EOF:
			return nil
		case err != nil && err != bufio.ErrBufferFull:
			return err
		}
	}
	return nil
}
