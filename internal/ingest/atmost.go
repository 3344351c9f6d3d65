package ingest

import (
	"iter"

	"github.com/tocsin-soc/tocsin"
)

// MaxRecords bounds the records of one submission that a door holds whole: a
// record of two bytes costs the store as much as one of a hundred.
const MaxRecords = 1_000_000

// AtMost hands on records up to a number; for more it fails with the cause
// *TooLarge. What came before is taken.
func AtMost(raws iter.Seq2[tocsin.Raw, error], most int) iter.Seq2[tocsin.Raw, error] {
	return func(yield func(tocsin.Raw, error) bool) {
		n := 0
		for raw, err := range raws {
			if n++; n > most {
				yield(tocsin.Raw{}, tocsin.Wrap(&TooLarge{}, tocsin.Invalid, "The body holds more than %d records. Send smaller batches.", most))
				return
			}
			if !yield(raw, err) {
				return
			}
		}
	}
}
