package normalize

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/sigma/lane"
)

// TestBatchIn_UsedMemoryGivesTheSame: nothing of an earlier batch shows in a
// later one.
func TestBatchIn_UsedMemoryGivesTheSame(t *testing.T) {
	n := shipped(t)
	stream, err := lane.NewStream(lane.Office, 5)
	if err != nil {
		t.Fatal(err)
	}
	m := &Memory{}
	for round := range 4 {
		var raws []tocsin.Raw
		for i := range 200 + 150*round {
			stream.Shape = lane.Shape(i % 2)
			raws = append(raws, tocsin.Raw{Source: "s", Format: tocsin.FormatJSONLine, Position: fmt.Sprint(round, i), ReceivedAt: received, Body: stream.Append(nil)})
		}
		want, _ := n.Batch(raws)
		got, rejects := n.BatchIn(m, raws)
		if len(rejects) > 0 {
			t.Fatal(rejects[0].Reason)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("round %d: %s", round, d)
		}
		m.Reset()
	}
}
