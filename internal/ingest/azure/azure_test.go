package azure_test

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/ingest/azure"
	"github.com/tocsin-soc/tocsin/internal/ingest/doortest"
)

var update = flag.Bool("update", false, "rewrite the cases' answers")

// workspaceID and key are of the one workspace of these tests.
const workspaceID = "b438b4f6-912a-46d5-9cb1-b44069212abc"

var key = bytes.Repeat([]byte("k"), 64)

func open(in ingest.Intake) http.Handler {
	return azure.New(azure.Options{
		Intake: in, Budget: ingest.NewBudget(64 << 20),
		Workspace: func(id string) (ingest.Sender, []byte, bool) {
			return ingest.Sender{Source: "azure:agents"}, key, id == workspaceID
		},
	})
}

func TestDoor(t *testing.T) { doortest.Run(t, "testdata/*.txtar", *update, open) }

// sign is what a client of the HTTP Data Collector API puts in Authorization.
func sign(key []byte, workspace string, length int, date string) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "POST\n%d\napplication/json\nx-ms-date:%s\n/api/logs", length, date)
	return "SharedKey " + workspace + ":" + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func collect(in *doortest.Inbox, authorization, date, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/api/logs?api-version=2016-04-01", strings.NewReader(body))
	r.Header.Set("Authorization", authorization)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Log-Type", "Okta")
	r.Header.Set("x-ms-date", date)
	r.Header.Set("time-generated-field", "DateValue")
	w := httptest.NewRecorder()
	open(in.Intake()).ServeHTTP(w, r)
	return w
}

func TestCollector_Signature(t *testing.T) {
	const body = `[{"a":1}]`
	now := doortest.Received.Format(http.TimeFormat)
	for _, c := range []struct {
		name          string
		authorization string
		date          string
		status        int
	}{
		{"signed", sign(key, workspaceID, len(body), now), now, 200},
		{"the id in capitals", sign(key, strings.ToUpper(workspaceID), len(body), now), now, 200},
		{"another key", sign(bytes.Repeat([]byte("x"), 64), workspaceID, len(body), now), now, 403},
		{"an unknown workspace", sign(key, "00000000-0000-0000-0000-000000000000", len(body), now), now, 403},
		{"an unknown workspace, signed with zeros", sign(make([]byte, 64), "00000000-0000-0000-0000-000000000000", len(body), now), now, 403},
		{"another length", sign(key, workspaceID, len(body)+1, now), now, 403},
		{"another date", sign(key, workspaceID, len(body), now), doortest.Received.Add(time.Second).Format(http.TimeFormat), 403},
		{"too old", sign(key, workspaceID, len(body), doortest.Received.Add(-16*time.Minute).Format(http.TimeFormat)), doortest.Received.Add(-16 * time.Minute).Format(http.TimeFormat), 403},
		{"too young", sign(key, workspaceID, len(body), doortest.Received.Add(16*time.Minute).Format(http.TimeFormat)), doortest.Received.Add(16 * time.Minute).Format(http.TimeFormat), 403},
		{"no date", sign(key, workspaceID, len(body), ""), "", 403},
		{"a token", "Bearer " + doortest.Token, now, 403},
		{"nothing", "", now, 403},
		{"garbage", "SharedKey " + strings.Repeat(":", 9000), now, 403},
	} {
		in := &doortest.Inbox{}
		w := collect(in, c.authorization, c.date, body)
		if stored := len(in.Take()); w.Code != c.status || (stored == 1) != (c.status == 200) {
			t.Errorf("%s: %d %s, %d records; want %d", c.name, w.Code, w.Body, stored, c.status)
		}
		if c.status != 200 && len(in.Refused()) != 1 {
			t.Errorf("%s: counted as %v", c.name, in.Refused())
		}
	}
}

// TestCollector_Columns takes the record of Microsoft's documentation.
func TestCollector_Columns(t *testing.T) {
	const body = `[{"StringValue":"MyString1","NumberValue":42,"BooleanValue":true,"DateValue":"2019-09-12T20:00:00.625Z","GUIDValue":"9909ED01-A74C-4874-8ABF-D2678E3AE23D","Nothing":null,"List":[1],"Computer":"web-1"}]`
	now := doortest.Received.Format(http.TimeFormat)
	in := &doortest.Inbox{}
	if w := collect(in, sign(key, workspaceID, len(body), now), now, body); w.Code != 200 || w.Body.Len() > 0 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	const want = `{"format":"row","table":"Okta_CL","time":"2019-09-12T20:00:00.625Z","record":{"BooleanValue_b":true,"Computer":"web-1",` +
		`"DateValue_t":"2019-09-12T20:00:00.625Z","GUIDValue_g":"9909ED01-A74C-4874-8ABF-D2678E3AE23D","List_s":"[1]","NumberValue_d":42,"StringValue_s":"MyString1"}}`
	raws := in.Take()
	if len(raws) != 1 || string(raws[0].Body) != want || raws[0].Source != "azure:agents" {
		t.Errorf("%+v\nwant %s", raws, want)
	}
}

func stream(in *doortest.Inbox, encoding string, body io.Reader) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/dataCollectionRules/dcr-1/streams/Custom-SigninLogs?api-version=2023-01-01", body)
	r.Header.Set("Authorization", "Bearer "+doortest.Token)
	r.Header.Set("Content-Encoding", encoding)
	w := httptest.NewRecorder()
	open(in.Intake()).ServeHTTP(w, r)
	return w
}

func zipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestStream_HostileBodiesAreBounded(t *testing.T) {
	long := `[{"a":"` + strings.Repeat("x", 10<<20) + `"}]`
	for _, c := range []struct {
		name, encoding, body string
		status, records      int
	}{
		{"10 MB", "", long, 413, 0},
		{"a bomb", "gzip", string(zipped(t, long)), 413, 0},
		{"just 1 MB", "", `[{"a":"` + strings.Repeat("x", 1<<20-10) + `"}]`, 204, 1},
		{"deep JSON", "", "[" + strings.Repeat(`{"a":`, 100_000), 400, 1},
		{"deep lists", "", strings.Repeat("[", 500_000), 400, 1},
		{"half a gzip stream", "gzip", string(zipped(t, `[{"a":1}]`)[:15]), 400, 0},
		{"no gzip", "gzip", "[]", 400, 0},
		{"an unknown encoding", "br", "[]", 415, 0},
		{"no UTF-8", "", "[{\"a\":\"\xff\"}]", 204, 1},
		{"names twice", "", `[{"a":1,"a":2}]`, 204, 1},
		{"zero bytes", "", strings.Repeat("\x00", 1000), 400, 1},
	} {
		in := &doortest.Inbox{}
		w := stream(in, c.encoding, strings.NewReader(c.body))
		if raws := in.Take(); w.Code != c.status || len(raws) != c.records {
			t.Errorf("%s: %d %.300s, %d records; want %d, %d", c.name, w.Code, w.Body, len(raws), c.status, c.records)
		}
		if w.Code >= 400 && len(in.Refused()) == 0 {
			t.Errorf("%s: not counted", c.name)
		}
	}
}

func FuzzBodies(f *testing.F) {
	f.Add([]byte(`[{"a":1},{"b":"2026-01-01T00:00:00Z"},7]`))
	f.Add([]byte(`{"a":{"b":[null]},"DateValue":"x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		now := doortest.Received.Format(http.TimeFormat)
		streamed, collected := &doortest.Inbox{}, &doortest.Inbox{}
		a := stream(streamed, "", bytes.NewReader(body))
		b := collect(collected, sign(key, workspaceID, len(body), now), now, string(body))
		if (a.Code == 204) != (b.Code == 200) {
			t.Errorf("one door says %d, the other %d", a.Code, b.Code)
		}
		n, m := streamed.Take(), collected.Take()
		if len(n) != len(m) {
			t.Errorf("one door has %d records, the other %d", len(n), len(m))
		}
		positions := map[string]bool{}
		for _, raw := range n {
			if positions[raw.Position] {
				t.Errorf("two records at %s", raw.Position)
			}
			positions[raw.Position] = true
		}
	})
}
