package fetch_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/fetch"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// A rig is a server and a fetcher that may read it.
type rig struct {
	*httptest.Server
	fetcher *fetch.Fetcher
	now     time.Time
	asked   []string // paths and conditions of the requests
	dir     string
}

func newRig(t *testing.T, allow func(url string) []string, handler http.HandlerFunc) *rig {
	t.Helper()
	r := &rig{now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), dir: t.TempDir()}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.asked = append(r.asked, q.URL.Path+q.Header.Get("If-None-Match"))
		handler(w, q)
	}))
	t.Cleanup(r.Close)
	allowed, err := fetch.ParseAllowed(allow(r.URL), false)
	if err != nil {
		t.Fatal(err)
	}
	r.fetcher = fetch.New(fetch.Options{
		Allowed: allowed, Dir: r.dir, Now: func() time.Time { return r.now }, IsPublic: func(netip.Addr) bool { return true },
		Adapt: func(tr *http.Transport) {
			tr.TLSClientConfig = r.Client().Transport.(*http.Transport).TLSClientConfig
		},
	})
	return r
}

func all(url string) []string { return []string{url} }

func external(format string, properties ...string) *plan.External {
	op := &plan.External{Format: format, Cols: []plan.Column{{ID: 1, Name: "a", Type: catalog.String}, {ID: 2, Name: "b", Type: catalog.Long}}}
	for i := 0; i < len(properties); i += 2 {
		op.Properties = append(op.Properties, plan.Property{Name: properties[i], Value: properties[i+1]})
	}
	return op
}

func said(t *testing.T, err error, kind tocsin.Kind, text string) {
	t.Helper()
	var e *tocsin.Error
	if !errors.As(err, &e) || e.Kind != kind || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want %s: …%s…", err, kind, text)
	}
	if err != nil && strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the error tells the secret: %v", err)
	}
}

// TestFetch_CopiesAreAskedAgain: a fresh copy is used as it is, an old one is asked for
// conditionally, and used with a warning when nobody answers.
func TestFetch_CopiesAreAskedAgain(t *testing.T) {
	down := false
	r := newRig(t, all, func(w http.ResponseWriter, q *http.Request) {
		switch {
		case down:
			w.WriteHeader(http.StatusBadGateway)
		case q.Header.Get("If-None-Match") == `"v1"`:
			w.WriteHeader(http.StatusNotModified)
		default:
			w.Header().Set("ETag", `"v1"`)
			fmt.Fprint(w, "x,1\ny,2\n")
		}
	})
	read := func() string {
		t.Helper()
		rows, warnings, err := r.fetcher.Fetch(context.Background(), external("csv"), []string{r.URL + "/list.csv?sig=s3cret"})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(rows, warnings)
	}
	rows := "[[x 1] [y 2]]"
	for i, want := range []string{rows + " []", rows + " []", rows + " []"} {
		if got := read(); got != want {
			t.Errorf("read %d: %s", i, got)
		}
		r.now = r.now.Add(time.Duration(i*20) * time.Minute)
	}
	if got := fmt.Sprint(r.asked); got != `[/list.csv /list.csv"v1"]` {
		t.Error(got)
	}
	r.now, down = r.now.Add(time.Hour), true
	if got := read(); !strings.Contains(got, rows) || !strings.Contains(got, "Bad Gateway (502)); its copy of 2026-01-01") || strings.Contains(got, "s3cret") {
		t.Error(got)
	}
	// A torn copy is none.
	bodies, _ := filepath.Glob(filepath.Join(r.dir, "*.body"))
	if len(bodies) != 1 {
		t.Fatal(bodies)
	}
	if err := os.WriteFile(bodies[0], []byte("x,"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := r.fetcher.Fetch(context.Background(), external("csv"), []string{r.URL + "/list.csv?sig=s3cret"})
	said(t, err, tocsin.Unavailable, "There is no earlier copy")
	for _, name := range bodies {
		if text, _ := os.ReadFile(strings.TrimSuffix(name, ".body") + ".json"); strings.Contains(string(text), "s3cret") {
			t.Error("the note of a copy holds the secret")
		}
	}
}

// TestFetch_RefusesWhatIsNotAllowed: each hop is held to the list.
func TestFetch_RefusesWhatIsNotAllowed(t *testing.T) {
	var elsewhere string
	r := newRig(t, func(url string) []string { return []string{url + "/lists/", "*.example.org"} }, func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/lists/away":
			http.Redirect(w, q, elsewhere, http.StatusFound)
		case "/lists/tricky":
			w.Header().Set("Location", "/lists/..;/private")
			w.WriteHeader(http.StatusFound)
		case "/lists/inward":
			http.Redirect(w, q, "/lists/a.csv", http.StatusFound)
		case "/lists/loop":
			http.Redirect(w, q, "/lists/loop", http.StatusFound)
		default:
			fmt.Fprint(w, "ok,1\n")
		}
	})
	elsewhere = r.URL + "/private?x=s3cret"
	for _, c := range []struct {
		url  string
		kind tocsin.Kind
		text string
	}{
		{r.URL + "/lists/a.csv", "", ""},
		{r.URL + "/lists", "", ""},
		{r.URL + "/lists/a.csv;impersonate", "", ""},
		{r.URL + "/lists/a.csv;s3cret==", tocsin.Invalid, "sign in"},
		{r.URL + "/listsandmore/a.csv?s3cret", tocsin.Denied, "--allow-external 127.0.0.1"},
		{r.URL + "/lists/../private", tocsin.Denied, "may not read"},
		{r.URL + "/lists/%2e%2e/private", tocsin.Denied, "may not read"},
		{r.URL + "/lists/..%5cprivate", tocsin.Denied, "may not read"},
		{r.URL + "/lists/..%3b/private", tocsin.Denied, "may not read"},
		{r.URL + "/lists/a%5cb..csv", "", ""},
		{r.URL + "/lists/tricky", tocsin.Denied, "may not read"},
		{r.URL + "/lists/inward", "", ""},
		{r.URL + "/lists/away", tocsin.Denied, "/private. Whoever"},
		{r.URL + "/lists/loop", tocsin.Invalid, "redirects more than"},
		{strings.Replace(r.URL, "https:", "http:", 1) + "/lists/a.csv", tocsin.Invalid, "only https"},
		{"https://example.org.evil.example/x", tocsin.Denied, "may not read"},
		{"https://evilexample.org/x", tocsin.Denied, "may not read"},
		{"https://user:s3cret@example.org/x", tocsin.Invalid, "user name"},
		{"file:///etc/passwd", tocsin.Invalid, "not understood"},
		{"abfss://c@a.dfs.core.windows.net/x;s3cret", tocsin.Invalid, ""},
		{"", tocsin.Invalid, "not understood"},
		{"https://[::1", tocsin.Invalid, "not understood"},
	} {
		rows, _, err := r.fetcher.Fetch(context.Background(), external("csv"), []string{c.url})
		if c.kind == "" {
			if err != nil || len(rows) != 1 {
				t.Errorf("%s: %v %v", c.url, rows, err)
			}
			continue
		}
		said(t, err, c.kind, c.text)
	}
	if _, err := fetch.ParseAllowed([]string{"http://example.org"}, false); err == nil {
		t.Error("http was allowed")
	}
	if _, err := fetch.ParseAllowed([]string{"*"}, false); err == nil {
		t.Error("everything was allowed")
	}
}

// TestFetch_RefusesPrivateAddresses: by the address a name leads to, not by the name.
func TestFetch_RefusesPrivateAddresses(t *testing.T) {
	r := newRig(t, all, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "x,1\n") })
	at := netip.MustParseAddrPort(strings.TrimPrefix(r.URL, "https://"))
	local := fmt.Sprintf("localhost:%d", at.Port())
	allowed, err := fetch.ParseAllowed([]string{r.URL, local}, false)
	if err != nil {
		t.Fatal(err)
	}
	f := fetch.New(fetch.Options{Allowed: allowed, Now: func() time.Time { return r.now }, Adapt: func(tr *http.Transport) {
		tr.TLSClientConfig = r.Client().Transport.(*http.Transport).TLSClientConfig
	}})
	for _, url := range []string{r.URL + "/x", "https://" + local + "/x"} {
		_, _, err := f.Fetch(context.Background(), external("csv"), []string{url})
		said(t, err, tocsin.Denied, "not a public address")
	}
	if len(r.asked) > 0 {
		t.Errorf("it was asked: %v", r.asked)
	}
	for text, public := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.0.1": false, "169.254.169.254": false,
		"100.100.100.200": false, "0.0.0.0": false, "255.255.255.255": false, "224.0.0.1": false, "::1": false, "::": false, "fe80::1": false, "fd00:ec2::254": false,
		"::ffff:10.0.0.1": false, "::ffff:8.8.8.8": true, "64:ff9b::a00:1": false, "2002:a00:1::": false, "::a00:1": false,
		"168.63.129.16": false, "168.63.129.17": true, "::ffff:0:a00:1": false, "3fff::1": false, "5f00::1": false, "2a00:1450::1": true,
	} {
		if got := fetch.IsPublic(netip.MustParseAddr(text)); got != public {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func zipped(files map[string]string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"a.csv", "b.txt"} {
		f, _ := w.Create(name)
		_, _ = f.Write([]byte(files[name]))
	}
	_ = w.Close()
	return b.Bytes()
}

func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.Bytes()
}

// TestFetch_Formats: every format, and what the name of the address says of it.
func TestFetch_Formats(t *testing.T) {
	bodies := map[string][]byte{}
	r := newRig(t, all, func(w http.ResponseWriter, q *http.Request) { _, _ = w.Write(bodies[q.URL.Path]) })
	for i, c := range []struct {
		name, format, body string
		properties         []string
		want               string
	}{
		{"x.csv", "", "\xef\xbb\xbfa,\"b\"\"c\"\n\"multi\nline\",2,extra\n\nshort\n", nil, `[["a" "b\"c"] ["multi\nline" "2"] ["short" ""]]`},
		{"x.csv", "csv", "head,er\na,1\n", []string{"ignoreFirstRecord", "True"}, `[["a" "1"]]`},
		{"x.csv", "csv", "head,er\na,1\n", []string{"ignorefirstrecord", "false"}, `[["head" "er"] ["a" "1"]]`},
		{"x", "", "a,1", nil, `[["a" "1"]]`},
		{"x.txt", "tsv", "a\t1\n", nil, `[["a" "1"]]`},
		{"x", "psv", "a|1\n", nil, `[["a" "1"]]`},
		{"x", "scsv", "a;1\n", nil, `[["a" "1"]]`},
		{"x", "sohsv", "a\x011\n", nil, `[["a" "1"]]`},
		{"x.txt", "", "a,1\r\n\n b \n", nil, `[["a,1" ""] [" b " ""]]`},
		{"x.csv", "txt", "head\na,1", []string{"ignoreFirstRecord", "true"}, `[["a,1" ""]]`},
		{"x", "raw", "a\nb", nil, `[["a\nb" ""]]`},
		{"x", "json", "{\"b\": 12345678901234567890, \"a\":\"é\\n\"}\n{\"a\":null,\"c\":1}\n", nil, `[["é\n" "12345678901234567890"] ["" ""]]`},
		{"x.json", "", `[{"a":{"k": [1, 2]}, "b":true}, {"a": 1.50}]`, nil, `[["{\"k\":[1,2]}" "true"] ["1.50" ""]]`},
		{"x", "multijson", `{"a":"1"} {"a":"2"} [{"a":"3"}]`, []string{"ignoreFirstRecord", "true"}, `[["2" ""] ["3" ""]]`},
		{"x.csv.gz", "", string(gzipped("a,1\n")), nil, `[["a" "1"]]`},
		{"x.zip", "", string(zipped(map[string]string{"a.csv": "a,1\n", "b.txt": "b,2\n"})), nil, `[["a" "1"] ["b,2" ""]]`},
		{"x.zip", "csv", string(zipped(map[string]string{"a.csv": "a,1\n", "b.txt": "b,2\n"})), []string{"zipPattern", "*.csv"}, `[["a" "1"]]`},
		{"x", "csv", "", nil, `[]`},
	} {
		path := fmt.Sprintf("/%d/%s", i, c.name)
		bodies[path] = []byte(c.body)
		rows, warnings, err := r.fetcher.Fetch(context.Background(), external(c.format, c.properties...), []string{r.URL + path})
		if got := fmt.Sprintf("%q", rows); err != nil || got != c.want || len(warnings) > 0 {
			t.Errorf("%s %s: %s %v %v, want %s", c.name, c.format, got, warnings, err, c.want)
		}
	}
	for i, c := range []struct{ name, format, property, body, want string }{
		{"x.gz", "csv", "", "no gzip", "unpacking gzip"},
		{"x.zip", "csv", "", "no zip", "unpacking zip"},
		{"x", "json", "", `{"a":1} nonsense`, "near byte"},
		{"x", "json", "", `[1]`, "a JSON object is expected"},
		{"x", "csv", "", "\xff\xfe", "not UTF-8"},
		{"x", "parquet", "", "", "does not read the format parquet"},
		{"x", "csv", "ingestionMapping", "", "does not support ingestionMapping"},
	} {
		path := fmt.Sprintf("/bad/%d/%s", i, c.name)
		bodies[path] = []byte(c.body)
		op := external(c.format)
		if c.property != "" {
			op = external(c.format, c.property, "x")
		}
		_, _, err := r.fetcher.Fetch(context.Background(), op, []string{r.URL + path})
		said(t, err, tocsin.Invalid, c.want)
	}
	_, warnings, err := r.fetcher.Fetch(context.Background(), external("csv", "ignoreLastRecord", "true"), []string{r.URL + "/0/x.csv", r.URL + "/1/x.csv"})
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "ignoreLastRecord") {
		t.Error(warnings, err)
	}
}

// TestFetch_Bounds: what is packed to be enormous is refused before it fills the memory.
func TestFetch_Bounds(t *testing.T) {
	bomb := gzipped(strings.Repeat("0", 300<<20))
	r := newRig(t, all, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bomb) })
	_, _, err := r.fetcher.Fetch(context.Background(), external("raw"), []string{r.URL + "/bomb.gz"})
	said(t, err, tocsin.Invalid, "unpacks to more than 256 MiB")
	_, _, err = r.fetcher.Fetch(context.Background(), external("raw"), make([]string, 51))
	said(t, err, tocsin.Invalid, "at most 50")
}

// TestFetch_FewBytesMakeFewRows: what is small on the way and large in memory is
// refused, and its neighbour is read.
func TestFetch_FewBytesMakeFewRows(t *testing.T) {
	directory := func(members int) string {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for i := range members {
			_, _ = w.Create(fmt.Sprintf("%060000d.csv", i)) // into memory
		}
		_ = w.Close()
		return b.String()
	}
	bodies := map[string]string{}
	r := newRig(t, all, func(w http.ResponseWriter, q *http.Request) { fmt.Fprint(w, bodies[q.URL.Path]) })
	for i, c := range []struct{ name, body, want string }{
		{"x.json", "[" + strings.Repeat("{},", 1_100_000) + "{}]", "more than 1000000 rows"},
		{"x.json", strings.Repeat("[{}]", 1_100_000), "more than 1000000 rows"},
		{"x.json", "[" + strings.Repeat("{},", 10_000) + "{}] [{}]", ""},
		{"x.json", `{"a":"` + strings.Repeat("x", 5<<20) + `"}`, "longer than 4 MiB"},
		{"x.json", `[{"a":"` + strings.Repeat("x", 3<<20) + `"}]`, ""},
		{"x.csv", strings.Repeat(",", 5<<20), "longer than 4 MiB"},
		{"x.csv", strings.Repeat("\"\n\",", 5<<20/4+1), "longer than 4 MiB"},
		{"x.csv", strings.Repeat(",", 1<<20) + "\n" + strings.Repeat(strings.Repeat("x", 1<<20)+"\n", 5), ""},
		{"x.zip", directory(80), "directory is longer than 4 MiB"},
		{"x.zip", directory(60), ""},
	} {
		path := fmt.Sprintf("/%d/%s", i, c.name)
		bodies[path] = c.body
		_, _, err := r.fetcher.Fetch(context.Background(), external(""), []string{r.URL + path})
		if c.want == "" {
			if err != nil {
				t.Errorf("%d %s: %v", i, c.name, err)
			}
			continue
		}
		said(t, err, tocsin.Invalid, c.want)
	}
	// Together they are bounded too.
	bodies["/long.txt"] = strings.Repeat(strings.Repeat("x", 1<<20)+"\n", 90)
	_, _, err := r.fetcher.Fetch(context.Background(), external(""), []string{r.URL + "/long.txt", r.URL + "/long.txt"})
	if err != nil {
		t.Error(err)
	}
	_, _, err = r.fetcher.Fetch(context.Background(), external(""), []string{r.URL + "/long.txt", r.URL + "/long.txt", r.URL + "/long.txt"})
	said(t, err, tocsin.Invalid, "more than 256 MiB")
}

// TestFetch_NobodyWaitsForAnother: longer than his own query lasts.
func TestFetch_NobodyWaitsForAnother(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	r := newRig(t, all, func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		fmt.Fprint(w, "a,1\n")
	})
	first := make(chan error, 1)
	go func() {
		_, _, err := r.fetcher.Fetch(context.Background(), external("csv"), []string{r.URL + "/x"})
		first <- err
	}()
	<-asked
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := r.fetcher.Fetch(ended, external("csv"), []string{r.URL + "/x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("a query that has ended: %v", err)
	}
	close(answer)
	if err := <-first; err != nil {
		t.Error(err)
	}
}
