package otlp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// in wraps fields of so many messages around a text, from the inside out.
func in(inner []byte, fields ...byte) []byte {
	for _, f := range fields {
		inner = append(binary.AppendUvarint([]byte{f<<3 | 2}, uint64(len(inner))), inner...)
	}
	return inner
}

// TestCosts: what reading a request takes was taken from the budget before, and
// not many times as much.
func TestCosts(t *testing.T) {
	const n = 100_000
	many := func(bytes_ string) []byte { return bytes.Repeat([]byte(bytes_), n) }
	manyObjects := func(before, one, after string) []byte {
		return []byte(before + strings.Repeat(one+",", n-1) + one + after)
	}
	for name, c := range map[string]struct {
		body   []byte
		isJSON bool
	}{
		"resources":          {many("\x0a\x00"), false},
		"scopes":             {in(many("\x12\x00"), 1), false},
		"records":            {in(many("\x12\x00"), 2, 1), false},
		"attributes":         {in(many("\x32\x00"), 2, 2, 1), false},
		"empty values":       {in(many("\x32\x02\x12\x00"), 2, 2, 1), false},
		"texts":              {in(many("\x32\x07\x0a\x01k\x12\x02\x0a\x00"), 2, 2, 1), false},
		"lists":              {in(many("\x0a\x02\x2a\x00"), 5, 5, 2, 2, 1), false},
		"records in JSON":    {manyObjects(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[`, "{}", `]}]}]}`), true},
		"attributes in JSON": {manyObjects(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[`, "{}", `]}]}]}]}`), true},
		"values in JSON":     {manyObjects(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[`, `{"value":{"arrayValue":{}}}`, `]}]}]}]}`), true},
	} {
		cost := costOf
		if c.isJSON {
			cost = costOfJSON
		}
		paid, err := cost(c.body)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := decode(&ingest.Body{Bytes: c.body}, c.isJSON); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if took := int64(after.TotalAlloc - before.TotalAlloc); took > paid+paid/20 || took < paid/6 {
			t.Errorf("%s: reading takes %d bytes, and %d are paid for", name, took, paid)
		}
		var full *ingest.Full
		budget := ingest.NewBudget(128 << 20)
		if err := budget.Room().Grow(128<<20 - paid + 1); err != nil {
			t.Fatal(err)
		}
		if _, err := decode(&ingest.Body{Bytes: c.body, Room: *budget.Room()}, c.isJSON); !errors.As(err, &full) {
			t.Errorf("%s: without room: %v", name, err)
		}
	}
}
