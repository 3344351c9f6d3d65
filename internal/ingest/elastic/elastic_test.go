package elastic_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/ingest/doortest"
	"github.com/tocsin-soc/tocsin/internal/ingest/elastic"
)

var update = flag.Bool("update", false, "rewrite the cases' answers")

func open(in ingest.Intake) http.Handler {
	return elastic.New(elastic.Options{Intake: in, Budget: ingest.NewBudget(64 << 20), Limit: 16 << 20})
}

func TestDoor(t *testing.T) { doortest.Run(t, "testdata/*.txtar", *update, open) }

func bulk(in *doortest.Inbox, encoding string, body io.Reader) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/_bulk", body)
	r.SetBasicAuth("x", doortest.Token)
	r.Header.Set("Content-Encoding", encoding)
	w := httptest.NewRecorder()
	open(in.Intake()).ServeHTTP(w, r)
	return w
}

func zipped(t testing.TB, text string) *bytes.Buffer {
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
	const action = "{\"index\":{\"_index\":\"x\"}}\n"
	long := strings.Repeat("x", 10<<20)
	whole := zipped(t, action+`{"a":"`+long+`"}`)
	for _, c := range []struct {
		name, encoding string
		body           io.Reader
		status         int
		answer         string
		records        int
	}{
		{"a document of 10 MB", "", strings.NewReader(action + `{"a":"` + long + "\"}\n" + action + "{}\n"), 200, `"status":400`, 2},
		{"a bomb", "gzip", zipped(t, action+`{"a":"`+long+long+`"}`), 413, "content_too_long_exception", 0},
		{"deep JSON", "", strings.NewReader(action + strings.Repeat(`{"a":`, 200_000)), 200, `"status":400`, 1},
		{"a deep action", "", strings.NewReader(strings.Repeat(`{"index":`, 200_000) + "\n{}\n"), 200, `"status":400`, 2},
		{"half a gzip stream", "gzip", bytes.NewReader(whole.Bytes()[:100]), 400, "parse_exception", 0},
		{"no gzip", "gzip", strings.NewReader(action), 400, "parse_exception", 0},
		{"an unknown encoding", "br", strings.NewReader(action), 415, "illegal_argument_exception", 0},
		{"no UTF-8", "", strings.NewReader(action + "{\"a\":\"\xff\"}\n"), 200, `"status":201`, 1},
		{"names twice", "", strings.NewReader(action + `{"a":1,"a":2}` + "\n"), 200, `"status":201`, 1},
		{"zero bytes", "", strings.NewReader(strings.Repeat("\x00", 1<<20)), 200, `"status":400`, 1},
		{"an id that is too long", "", strings.NewReader(`{"index":{"_id":"` + strings.Repeat("i", 600) + "\"}}\n{}\n"), 200, `"status":400`, 2},
		{"300,000 actions without a document", "", strings.NewReader(strings.Repeat(action, 300_000)), 413, "content_too_long_exception", 0},
		{"1,000 actions with one", "", strings.NewReader(strings.Repeat(action+"{}\n", 1000)), 200, `"errors":false`, 1000},
		{"empty lines", "", strings.NewReader("\n\n\n"), 400, "request body is required", 0},
	} {
		in := &doortest.Inbox{}
		w := bulk(in, c.encoding, c.body)
		if raws := in.Take(); w.Code != c.status || !strings.Contains(w.Body.String(), c.answer) || len(raws) != c.records {
			t.Errorf("%s: %d %.300s, %d records; want %d %s, %d", c.name, w.Code, w.Body, len(raws), c.status, c.answer, c.records)
		}
		if strings.Contains(w.Body.String(), `"status":4`) && w.Body.Len() > 0 && len(in.Refused()) == 0 && c.name != "empty lines" {
			t.Errorf("%s: not counted", c.name)
		}
	}
}

func FuzzBulk(f *testing.F) {
	f.Add([]byte("{\"index\":{\"_index\":\"a\",\"_id\":\"1\"}}\n{\"a\":1}\n{\"delete\":{\"_id\":\"2\"}}\n{\"create\":{}}\n{\"b\":2}"))
	f.Add([]byte("nonsense\n{\"update\":{}}\n\n{\"index\":{}}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		in := &doortest.Inbox{}
		w := bulk(in, "", bytes.NewReader(body))
		var answer struct {
			Errors bool
			Items  []map[string]struct{ Status int }
		}
		if w.Code != 200 {
			if raws := in.Take(); len(raws) > 0 {
				t.Errorf("%d with %d records", w.Code, len(raws))
			}
			return
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		kept := 0
		for _, it := range answer.Items {
			for verb, result := range it {
				if verb == "index" || verb == "create" {
					kept++
				}
				if result.Status != 201 && result.Status != 400 {
					t.Errorf("status %d", result.Status)
				}
			}
		}
		if raws := in.Take(); len(raws) != kept {
			t.Errorf("%d records for %d results", len(raws), kept)
		}
	})
}
