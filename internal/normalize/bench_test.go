package normalize

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/tocsin-soc/tocsin"
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
		run("batch", func() {
			if _, rejects := n.Batch(raws); len(rejects) > 0 {
				b.Fatal(rejects[0].Reason)
			}
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
