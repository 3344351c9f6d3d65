package evtx

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// TestLimits_HoldForAChunk reads a chunk whose small records all ask for a
// megabyte of text: the work stays bounded, and every record has its answer.
func TestLimits_HoldForAChunk(t *testing.T) {
	records := []string{"fragment\ntemplate 1\nopen Event\nclose\nopen D\nclose\n" + strings.Repeat("subst 0\n", 4500) + "/\n/\neof\nend\nvalue string \"x\"\neof"}
	long := strings.Repeat("0123456789", 20)
	for range 90 {
		records = append(records, "fragment\nuse 1\nvalue string \""+long+"\"\neof")
	}
	r, err := NewStream(bytes.NewReader(assemble(records...)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	returned, refused, text := 0, 0, 0
	for rec, err := range r.Records() {
		switch {
		case errors.Is(err, ErrLimit):
			refused++
			continue
		case err != nil:
			t.Fatal(err)
		}
		returned++
		for f := range rec.Fields() {
			text += len(f.Value)
		}
		if _, err := rec.AppendXML(nil); err != nil && !errors.Is(err, ErrLimit) {
			t.Fatal(err)
		}
	}
	if returned+refused != 91 || refused < 20 || text > maxChunkText+maxText {
		t.Errorf("%d returned, %d refused, %d bytes of text", returned, refused, text)
	}
}
