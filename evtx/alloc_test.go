package evtx

import (
	"bytes"
	"testing"
)

// TestRecord_AllocatesNothing compares reading one record with reading a
// hundred that use its template: the hot path makes no garbage.
func TestRecord_AllocatesNothing(t *testing.T) {
	first := "fragment\ntemplate 1\nopen Event\nclose\nopen EventData\nclose\nopen Data\nattr Name\ntext \"A\"\nclose\nsubst 0\n/\n/\n/\neof\nend\nvalue string \"some text\"\neof"
	records := []string{first}
	for range 99 {
		records = append(records, "fragment\nuse 1\nvalue string \"some other text\"\neof")
	}
	allocs := func(log []byte) float64 {
		return testing.AllocsPerRun(20, func() {
			r, err := NewStream(bytes.NewReader(log), Options{})
			if err != nil {
				t.Fatal(err)
			}
			size := 0
			for rec, err := range r.Records() {
				if err != nil {
					t.Fatal(err)
				}
				for i := range rec.Len() {
					size += len(rec.Field(i).Value)
				}
			}
			if size == 0 {
				t.Fatal("no fields")
			}
		})
	}
	one, hundred := allocs(assemble(records[0])), allocs(assemble(records...))
	if hundred > one+5 {
		t.Errorf("one record takes %v allocations, a hundred %v", one, hundred)
	}
}
