package hec_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crypto/sha256"

	"github.com/tocsin-soc/tocsin/internal/ingest/doortest"
)

// BenchmarkEvents takes batches of 1,000 events of about 1 KB through the door
// and prints its time as a multiple of hashing the same bytes once, in the same run.
func BenchmarkEvents(b *testing.B) {
	event := `{"time":1795306354.123,"host":"web-1","sourcetype":"sysmon","event":{"winlog":{"channel":"Microsoft-Windows-Sysmon/Operational","event_id":1,"event_data":{"CommandLine":"` +
		strings.Repeat("powershell -enc ", 50) + `"}}}}` + "\n"
	body := []byte(strings.Repeat(event, 1000))
	in := &doortest.Inbox{}
	d := open(in.Intake())
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	var hashing time.Duration
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/services/collector/event", bytes.NewReader(body))
		r.Header.Set("Authorization", "Splunk "+doortest.Token)
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Code != http.StatusOK || len(in.Take()) != 1000 {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
		began := time.Now()
		sha256.Sum256(body)
		hashing += time.Since(began)
	}
	b.ReportMetric(float64(b.N)*1000/(b.Elapsed()-hashing).Seconds(), "events/s")
	b.ReportMetric((b.Elapsed()-hashing).Seconds()/hashing.Seconds(), "x-sha256")
}
