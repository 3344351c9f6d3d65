package hec_test

import (
	"bytes"
	"compress/gzip"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/ingest/doortest"
	"github.com/tocsin-soc/tocsin/internal/ingest/hec"
)

var update = flag.Bool("update", false, "rewrite the cases' answers")

func open(in ingest.Intake) http.Handler {
	return hec.New(hec.Options{Intake: in, Budget: ingest.NewBudget(64 << 20), Limit: 16 << 20})
}

func TestDoor(t *testing.T) { doortest.Run(t, "testdata/*.txtar", *update, open) }

// post sends a body to a fresh door.
func post(t testing.TB, in *doortest.Inbox, encoding string, body io.Reader) (int, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/services/collector/event", body)
	r.Header.Set("Authorization", "Splunk "+doortest.Token)
	r.Header.Set("Content-Encoding", encoding)
	w := httptest.NewRecorder()
	open(in.Intake()).ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func zipped(t testing.TB, text string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestDoor_HostileBodiesAreBounded(t *testing.T) {
	long := strings.Repeat("x", 10<<20)
	var half bytes.Buffer
	if _, err := io.CopyN(&half, zipped(t, `{"event":"`+long+`"}`), 100); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, encoding string
		body           io.Reader
		status         int
		answer         string
		records        int
	}{
		{"a line of 10 MB", "", strings.NewReader(`{"event":"` + long + `"}`), 200, `"code":0`, 1},
		{"a bomb", "gzip", zipped(t, `{"event":"`+long+long+`"}`), 413, `"code":27`, 0},
		{"too long without compression", "", strings.NewReader(`{"event":"` + long + long + `"}`), 413, `"code":27`, 0},
		{"deep JSON", "", strings.NewReader(`{"event":` + strings.Repeat("[", 200_000)), 400, `"code":6,"invalid-event-number":0`, 1},
		{"half a gzip stream", "gzip", &half, 400, `"code":6`, 0},
		{"no gzip", "gzip", strings.NewReader(`{"event":1}`), 400, `"code":6`, 0},
		{"an unknown encoding", "br", strings.NewReader(`{"event":1}`), 400, `"code":6`, 0},
		{"no UTF-8", "", strings.NewReader("{\"event\":\"\xff\xfe\"}"), 200, `"code":0`, 1},
		{"names twice", "", strings.NewReader(`{"event":1,"event":"b","host":"x","host":"y"}`), 200, `"code":0`, 1},
		{"zero bytes", "", strings.NewReader(strings.Repeat("\x00", 1<<20)), 400, `"code":6,"invalid-event-number":0`, 1},
		{"garbage longer than a record", "", strings.NewReader(long), 400, `"code":6,"invalid-event-number":0`, 3},
	} {
		in := &doortest.Inbox{}
		status, answer := post(t, in, c.encoding, c.body)
		raws := in.Take()
		if status != c.status || !strings.Contains(answer, c.answer) || len(raws) != c.records {
			t.Errorf("%s: %d %s, %d records; want %d %s, %d", c.name, status, answer, len(raws), c.status, c.answer, c.records)
		}
		if status != 200 && len(in.Refused()) == 0 {
			t.Errorf("%s: not counted", c.name)
		}
	}
}

// TestDoor_RepeatsAndResends tells what happens twice from what is sent twice.
func TestDoor_RepeatsAndResends(t *testing.T) {
	in := &doortest.Inbox{Mode: "full"}
	d := open(in.Intake())
	send := func() int {
		r := httptest.NewRequest(http.MethodPost, "/services/collector", strings.NewReader(`{"event":"login failed"}`))
		r.Header.Set("Authorization", "Splunk "+doortest.Token)
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		return w.Code
	}
	if got := send(); got != 503 {
		t.Fatalf("full: %d", got)
	}
	in.Mode = "ok"
	positions := map[string]bool{}
	for range 3 {
		if got := send(); got != 200 {
			t.Fatalf("%d", got)
		}
		positions[in.Take()[0].Position] = true
	}
	if len(positions) != 3 {
		t.Errorf("three events at %d positions", len(positions))
	}
	// After a restart nobody knows whether the answer came: it is a re-send.
	again := &doortest.Inbox{}
	d = open(again.Intake())
	send()
	if raws := again.Take(); len(raws) != 1 || !positions[raws[0].Position] {
		t.Errorf("after a restart: %v", raws)
	}
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte(`{"time":1426279439.123,"host":"h","event":"hello"} {"event":{"a":1},"fields":{"b":"c"}}`), false)
	f.Add([]byte("<13>Nov 22 00:12:34 h a: b\nline two\n"), true)
	f.Fuzz(func(t *testing.T, body []byte, isRaw bool) {
		in := &doortest.Inbox{}
		path := "/services/collector/event"
		if isRaw {
			path = "/services/collector/raw"
		}
		r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
		r.Header.Set("Authorization", "Splunk "+doortest.Token)
		w := httptest.NewRecorder()
		open(in.Intake()).ServeHTTP(w, r)
		raws := in.Take()
		if w.Code == 200 && len(raws) == 0 {
			t.Errorf("success without a record for %q", body)
		}
		positions := map[string]bool{}
		for _, raw := range raws {
			if positions[raw.Position] {
				t.Errorf("two records at %s", raw.Position)
			}
			positions[raw.Position] = true
			if raw.Format == tocsin.FormatEnvelope && len(raw.Body) == 0 {
				t.Error("an empty envelope")
			}
		}
	})
}

func FuzzMembers(f *testing.F) {
	f.Add([]byte(`{"a":1 , "b\"":"x\\", "c":{"d":[1,"]"]},"\u0061":null}`))
	f.Fuzz(func(t *testing.T, text []byte) { hec.CheckMembers(t, text) })
}
