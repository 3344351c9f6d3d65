package transform_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/normalize"
)

// BenchmarkApply measures a transform beside its yardstick, the normaliser over
// the same records: what a source pays with and without one.
func BenchmarkApply(b *testing.B) {
	s := tables(b)
	const size = 5000
	rows := make([]string, size)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"TimeGenerated":"2026-11-21T10:00:00Z","EventID":%d,"Account":"CONTOSO\\user%d","Computer":"ws%d","IpAddress":"10.0.0.%d","Process":"svchost.exe","CommandLine":"C:\\Windows\\System32\\svchost.exe -k netsvcs -p -s Schedule %d"}`, 4624+i%4, i%100, i%500, i%250, i)
	}
	n, err := normalize.New(s, folder(b, "normalize"))
	if err != nil {
		b.Fatal(err)
	}
	var raws []tocsin.Raw
	for i, row := range rows {
		raws = append(raws, tocsin.Raw{Source: "s", Format: tocsin.FormatRow, Table: "SecurityEvent", Position: fmt.Sprint(i), ReceivedAt: now, Body: []byte(row)})
	}
	perRecord := func(b *testing.B) float64 {
		return float64(b.Elapsed().Nanoseconds()) / float64(b.N) / size
	}
	var yardstick float64
	b.Run("normalise", func(b *testing.B) {
		for b.Loop() {
			n.Batch(raws)
		}
		yardstick = perRecord(b)
		b.ReportMetric(yardstick, "ns/record")
	})
	for name, text := range map[string]string{
		"where":         `source | where EventID != 4626`,
		"where+extend":  `source | where EventID != 4626 | extend Account = tolower(Account), Computer = strcat(Computer, '.contoso.com')`,
		"parse+project": `source | parse CommandLine with * '-k ' Activity ' -p' * | project TimeGenerated, EventID, Account, Computer, Activity, CommandLine`,
	} {
		set, err := load(b, s, text, "SecurityEvent")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				in, _ := n.Batch(raws)
				b.StartTimer()
				if _, err := set.Apply(context.Background(), in); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(perRecord(b), "ns/record")
			b.ReportMetric(1e9/perRecord(b), "records/s")
			if yardstick > 0 {
				b.ReportMetric(perRecord(b)/yardstick, "of-normalising")
			}
		})
	}
}
