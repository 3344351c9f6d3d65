package normalize

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/sigma/lane"
)

// BenchmarkBatch measures normalising real events (evtx JSON) into rows and the
// flat view, beside the standard library parsing the same bytes into maps.
func BenchmarkBatch(b *testing.B) {
	n := shipped(b)
	for _, folder := range []string{"sigma/regression_data", "data/evtx-to-mitre"} {
		var raws []tocsin.Raw
		size := int64(0)
		for _, path := range logs(b, folder) {
			events(b, path, func(body []byte) {
				raws = append(raws, evtxRaw(append([]byte(nil), body...), fmt.Sprint(len(raws))))
				size += int64(len(body))
			})
		}
		run := func(name string, do func()) {
			b.Run(folder+"/"+name, func(b *testing.B) {
				b.SetBytes(size)
				b.ReportAllocs()
				for b.Loop() {
					do()
				}
				b.ReportMetric(float64(len(raws)*b.N)/b.Elapsed().Seconds(), "events/s")
			})
		}
		m := &Memory{} // as the pipeline has it
		run("batch", func() {
			if _, rejects := n.BatchIn(m, raws); len(rejects) > 0 {
				b.Fatal(rejects[0].Reason)
			}
			m.Reset()
		})
		run("yardstick-encoding-json", func() {
			for i := range raws {
				var v map[string]any
				if err := json.Unmarshal(raws[i].Body, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSysmon measures normalising what `make bench-ingest` sends, in both
// shapes, as a door hands it on.
func BenchmarkSysmon(b *testing.B) {
	n := shipped(b)
	stream, err := lane.NewStream(lane.Sysmon, 1)
	if err != nil {
		b.Fatal(err)
	}
	const batch = 500
	var raws []tocsin.Raw
	for i := range 20 * batch {
		stream.Shape = lane.Shape(i / batch % 2)
		raws = append(raws, tocsin.Raw{Source: "http:bench", Format: tocsin.FormatJSONLine, Position: fmt.Sprint(i), ReceivedAt: received, Body: stream.Append(nil)})
	}
	b.ReportAllocs()
	m := &Memory{}
	i := 0
	for b.Loop() {
		if _, rejects := n.BatchIn(m, raws[i:i+batch]); len(rejects) > 0 {
			b.Fatal(rejects[0].Reason)
		}
		m.Reset()
		i = (i + batch) % len(raws)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1000/float64(b.N*batch), "µs/event")
}

// BenchmarkShapes measures recognising and mapping the records of the golden
// cases, beside the standard library parsing the same bytes into maps.
func BenchmarkShapes(b *testing.B) {
	n := shipped(b)
	for _, name := range []string{"cloudtrail", "entra_diagnostic", "m365", "cloud_other", "zeek", "suricata", "ecs", "winlogbeat", "winlogbeat_xml"} {
		archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
		if err != nil {
			b.Fatal(err)
		}
		var raws []tocsin.Raw
		size := int64(0)
		for _, line := range bytes.Split(bytes.TrimSpace(archive.Files[0].Data), []byte("\n")) {
			raws = append(raws, tocsin.Raw{Source: "test", Format: tocsin.FormatJSONLine, Position: fmt.Sprint(len(raws)), ReceivedAt: received, Body: line})
			size += int64(len(line))
		}
		run := func(what string, do func()) {
			b.Run(name+"/"+what, func(b *testing.B) {
				b.SetBytes(size)
				b.ReportAllocs()
				for b.Loop() {
					do()
				}
				b.ReportMetric(float64(len(raws)*b.N)/b.Elapsed().Seconds(), "records/s")
			})
		}
		m := &Memory{}
		run("batch", func() { n.BatchIn(m, raws); m.Reset() })
		run("yardstick-encoding-json", func() {
			for i := range raws {
				var v map[string]any
				if err := json.Unmarshal(raws[i].Body, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
