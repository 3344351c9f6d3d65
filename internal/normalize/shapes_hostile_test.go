package normalize

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/tocsin-soc/tocsin"
)

// TestShapes_LossesAreExact sends the same unknown field from two sources, by
// several goroutines at once.
func TestShapes_LossesAreExact(t *testing.T) {
	n := shipped(t)
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for i := range 100 {
				body := []byte(`{"eventVersion":"1","eventSource":"s","eventName":"n","awsRegion":"r","eventTime":"2026-01-01T00:00:00Z","unheard":{"of":1}}`)
				raw := tocsin.Raw{Source: tocsin.SourceID(fmt.Sprint("source-", g%2)), Format: tocsin.FormatJSONLine, Position: fmt.Sprint(i), ReceivedAt: received, Body: body}
				if records, _ := n.Batch([]tocsin.Raw{raw, raw}); len(records) != 2 {
					t.Error("a record is lost")
				}
			}
		})
	}
	group.Wait()
	want := Loss{Shape: "cloudtrail", Table: "AWSCloudTrail", Field: "unheard.of", Reason: "kept in _Unmapped", Count: 400}
	list := n.Losses()
	if len(list) != 2 {
		t.Fatalf("%+v", list)
	}
	for i, l := range list {
		if want.Source = tocsin.SourceID(fmt.Sprint("source-", i)); l != want {
			t.Errorf("got %+v, want %+v", l, want)
		}
	}
}

// TestShapes_HostileRecords: long lists, names and nesting cost what they weigh,
// and a reader does not remember them.
func TestShapes_HostileRecords(t *testing.T) {
	n := shipped(t)
	dns := `{"timestamp":"2026-03-01T08:40:02.000000+0000","event_type":"dns","src_ip":"10.1.2.3","dest_ip":"10.1.0.1","dns":{"answers":[` +
		strings.TrimSuffix(strings.Repeat(`{"rdata":"203.0.113.9"},`, 100_000), ",") + `]}}`
	names := []byte(`{"eventVersion":"1","eventSource":"s","eventName":"n","awsRegion":"r"`)
	for i := range 20_000 {
		names = fmt.Appendf(names, `,"%d%s":1`, i, strings.Repeat("x", 150))
	}
	names = append(names, '}')
	deep := `{"eventVersion":"1","eventSource":"s","eventName":"n","awsRegion":"r","d":` + strings.Repeat(`{"a":`, 60) + "1" + strings.Repeat("}", 60) + "}"
	for _, body := range []string{dns, string(names), deep} {
		raw := tocsin.Raw{Source: "test", Format: tocsin.FormatJSONLine, ReceivedAt: received, Body: []byte(body)}
		records, rejects := n.Batch([]tocsin.Raw{raw})
		if len(records) != 1 {
			t.Fatalf("%.80s: %v", body, rejects[0].Reason)
		}
		if len(records[0].Fields) > maxFields+64 {
			t.Errorf("%.80s: %d fields", body, len(records[0].Fields))
		}
	}
	r := newRecordReader(n.shapes)
	r.begin(n.shapes.named["cloudtrail"])
	if err := r.readJSON(string(names)); err != nil || r.learned > maxLearned {
		t.Errorf("%d names are remembered, %v", r.learned, err)
	}
	if listed := len(n.Losses()); listed > maxLosses+1 {
		t.Errorf("%d losses are told apart", listed)
	}
}
