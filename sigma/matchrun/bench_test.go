package matchrun

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/sigma"
	"github.com/tocsin-soc/tocsin/sigma/lane"
)

// BenchmarkRun measures the whole run over JSON lines, rules loaded once per
// iteration included in none of the figures but load-s.
func BenchmarkRun(b *testing.B) {
	if _, err := os.Stat(filepath.Join(sigmaDir, "sigmahq")); err != nil {
		b.Skip("SigmaHQ rules are not beside the checkout")
	}
	mapping, err := sigma.LoadMapping(os.DirFS("../../content/sigma"))
	if err != nil {
		b.Fatal(err)
	}
	recs, err := lane.Generate(lane.ProcessCreation, 20_000, 1)
	if err != nil {
		b.Fatal(err)
	}
	text := bytes.Join(recs, []byte("\n"))
	var rules []fs.FS
	for _, dir := range []string{"rules", "rules-emerging-threats", "rules-threat-hunting", "rules-placeholder", "rules-compliance"} {
		rules = append(rules, os.DirFS(filepath.Join(sigmaDir, "sigmahq", dir)))
	}
	b.SetBytes(int64(len(text)))
	var sum Summary
	for b.Loop() {
		sum, err = Run(b.Context(), Config{Rules: rules, Mapping: mapping, Now: time.Now, Out: io.Discard}, NewJSON(bytes.NewReader(text), sigma.Logsource{}))
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(sum.EventsPerSec, "events/s")
	b.ReportMetric(sum.LoadSeconds, "load-s")
	b.ReportMetric(float64(sum.Rules), "rules")
}
