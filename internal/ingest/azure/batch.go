package azure

import (
	"bytes"
	"iter"
	"strconv"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// batch is one request's records on their way.
type batch struct {
	sender ingest.Sender
	prefix string
	at     time.Time
	room   *ingest.Room // of the body
}

// elements cuts the elements of an array, or one object. cut makes the record of
// an element that is an object; anything else is handed on to become a dead
// letter.
func (b *batch) elements(body []byte, cut func([]byte, tocsin.Raw) tocsin.Raw) iter.Seq2[tocsin.Raw, error] {
	return func(yield func(tocsin.Raw, error) bool) {
		number := 0
		for raw, err := range ingest.Read(bytes.NewReader(body), ingest.Spec{Source: b.sender.Source, Format: tocsin.FormatJSONLine, ReceivedAt: b.at, Room: b.room}) {
			if err != nil {
				yield(tocsin.Raw{}, err)
				return
			}
			raw.Position = b.prefix + ":" + strconv.Itoa(number)
			number++
			if len(raw.Body) <= tocsin.MaxRawBytes && raw.Body[0] == '{' {
				raw = cut(raw.Body, raw)
			}
			if !yield(raw, nil) {
				return
			}
		}
	}
}
