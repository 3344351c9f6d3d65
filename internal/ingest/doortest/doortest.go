// Package doortest runs the cases of a door: what a shipper sends, byte for
// byte, over a real HTTP server; what it is answered; and the records that are
// handed on. A case is a txtar file whose comment says what it shows and, for
// bytes from a shipper's documentation, where they stand. Its sections, in
// order, as often as needed:
//
//	-- settings --   JSON of ingest.Settings, of the token "good"
//	-- feed --       how the store takes what follows: ok, full, down, broken
//	-- request --    method, path, header, an empty line, the body
//	-- response --   status, the header fields that matter, an empty line, the body
//	-- records --    one JSON line per record; # stands for the name of the submission
//
// A request's header X-Case-Encode says how the body is encoded before it is
// sent: gzip, zstd, deflate, snappy, base64 (the case has it in base64).
// The flag -update rewrites response and records.
package doortest

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// Received is when every record of a case is received.
var Received = time.Date(2026, 11, 22, 0, 12, 34, 0, time.UTC)

// Token is the only credential that is let in.
const Token = "good"

// An Inbox is an intake that keeps what it is fed.
type Inbox struct {
	Settings ingest.Settings
	Mode     string // ok, full, down, broken

	mu      sync.Mutex
	raws    []tocsin.Raw
	refused map[string]int
}

// Intake is the inbox as doors see it.
func (in *Inbox) Intake() ingest.Intake {
	return ingest.Intake{
		Admit: func(_ context.Context, door, credential string) (ingest.Sender, error) {
			if credential != Token {
				return ingest.Sender{}, tocsin.Errorf(tocsin.Denied, "The API token is wrong, expired or revoked. Make a new one.")
			}
			return ingest.Sender{Source: tocsin.SourceID(door + ":" + Token), Settings: in.Settings}, nil
		},
		Feed: in.feed, Now: func() time.Time { return Received },
		IsTable: func(name string) bool {
			return slices.Contains([]string{"SigninLogs", "SecurityEvent", "Syslog", "OTelLogs", "CommonSecurityLog", "Okta_CL"}, name)
		},
		Refused: func(door, reason string, n int) {
			in.mu.Lock()
			defer in.mu.Unlock()
			if in.refused == nil {
				in.refused = map[string]int{}
			}
			in.refused[door+" "+reason] += n
		},
	}
}

func (in *Inbox) feed(_ context.Context, raws iter.Seq2[tocsin.Raw, error]) (r ingest.Receipt, err error) {
	switch in.Mode {
	case "full":
		return r, tocsin.Wrap(&ingest.Full{RetryAfter: 1500 * time.Millisecond}, tocsin.Unavailable, "More telemetry is arriving than can be stored.")
	case "down":
		return r, tocsin.Errorf(tocsin.Unavailable, "Tocsin is shutting down. Send it again when it is back.")
	case "broken":
		return r, errors.New("the disk is on fire")
	}
	for raw, err := range raws {
		if err != nil {
			return r, err
		}
		raw.Body = bytes.Clone(raw.Body)
		in.mu.Lock()
		in.raws = append(in.raws, raw)
		in.mu.Unlock()
		r.Received++
		r.Stored++
	}
	return r, nil
}

// Take returns what was fed since it was last asked.
func (in *Inbox) Take() []tocsin.Raw {
	in.mu.Lock()
	defer in.mu.Unlock()
	raws := in.raws
	in.raws = nil
	return raws
}

// Refused returns how often something was refused, by "door reason".
func (in *Inbox) Refused() map[string]int {
	in.mu.Lock()
	defer in.mu.Unlock()
	n := map[string]int{}
	for k, v := range in.refused {
		n[k] = v
	}
	return n
}

// Run runs the cases that match pattern against the door that open makes.
func Run(t *testing.T, pattern string, update bool, open func(ingest.Intake) http.Handler) {
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases match %s: %v", pattern, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { runCase(t, path, update, open) })
	}
}

func runCase(t *testing.T, path string, update bool, open func(ingest.Intake) http.Handler) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := txtar.Parse(text)
	in := &Inbox{}
	srv := httptest.NewServer(open(in.Intake()))
	defer srv.Close()
	var got txtar.Archive
	got.Comment = c.Comment
	for _, f := range c.Files {
		switch f.Name {
		case "settings":
			in.Settings = ingest.Settings{}
			if err := json.Unmarshal(f.Data, &in.Settings); err != nil {
				t.Fatal(err)
			}
			got.Files = append(got.Files, f)
		case "feed":
			in.Mode = strings.TrimSpace(string(f.Data))
			got.Files = append(got.Files, f)
		case "request":
			got.Files = append(got.Files, f, txtar.File{Name: "response", Data: exchange(t, srv, f.Data)})
			if records := printRaws(in.Take()); len(records) > 0 {
				got.Files = append(got.Files, txtar.File{Name: "records", Data: records})
			}
		case "response", "records": // what is expected
		default:
			t.Errorf("unknown section %s", f.Name)
		}
	}
	if update {
		if err := os.WriteFile(path, txtar.Format(&got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(txtar.Format(c)), string(txtar.Format(&got))); diff != "" {
		t.Errorf("%s (-want +got)\n%s", bytes.TrimSpace(c.Comment), diff)
	}
}

// exchange sends one request and prints the answer.
func exchange(t *testing.T, srv *httptest.Server, text []byte) []byte {
	head, body, _ := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(strings.TrimRight(string(head), "\n"), "\n")
	method, target, ok := strings.Cut(lines[0], " ")
	if !ok {
		t.Fatalf("%q is no request line", lines[0])
	}
	header := http.Header{}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		header.Add(name, strings.TrimSpace(value))
	}
	body = bytes.TrimSuffix(body, []byte("\n"))
	for _, how := range header["X-Case-Encode"] {
		body = encode(t, how, body)
	}
	header.Del("X-Case-Encode")
	req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+target, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header, req.Host = header, header.Get("Host")
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	fmt.Fprintln(&out, resp.StatusCode)
	for _, name := range []string{"Content-Type", "Retry-After", "Www-Authenticate", "X-Elastic-Product", "Warning", "Allow"} {
		if v := resp.Header.Get(name); v != "" {
			fmt.Fprintf(&out, "%s: %s\n", name, v)
		}
	}
	if len(answer) > 0 {
		if strings.Contains(resp.Header.Get("Content-Type"), "protobuf") {
			answer = []byte(base64.StdEncoding.EncodeToString(answer))
		}
		fmt.Fprintf(&out, "\n%s\n", bytes.TrimRight(answer, "\n"))
	}
	return out.Bytes()
}

func encode(t *testing.T, how string, body []byte) []byte {
	var out bytes.Buffer
	var w io.WriteCloser
	switch how {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "deflate":
		w = zlib.NewWriter(&out)
	case "zstd":
		z, err := zstd.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	case "snappy":
		return s2.EncodeSnappy(nil, body)
	case "base64":
		b, err := base64.StdEncoding.DecodeString(string(bytes.ReplaceAll(body, []byte("\n"), nil)))
		if err != nil {
			t.Fatal(err)
		}
		return b
	default:
		t.Fatalf("unknown encoding %q", how)
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var submission = regexp.MustCompile(`^[0-9a-f]{24}`)

// printRaws writes records as JSON lines; long bodies are cut.
func printRaws(raws []tocsin.Raw) []byte {
	var out bytes.Buffer
	for _, r := range raws {
		body := string(r.Body)
		if len(body) > 2000 {
			body = fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(body[:200], ""), len(body))
		}
		position := submission.ReplaceAllString(r.Position, "#")
		if r.ReceivedAt != Received {
			position += " received " + r.ReceivedAt.String()
		}
		line := map[string]any{"source": r.Source, "format": r.Format, "position": position, "body": body}
		if r.Table != "" {
			line["table"] = r.Table
		}
		if r.IsNamed {
			line["named"] = true
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(line); err != nil {
			panic(err) // a map of strings
		}
		out.Write(b.Bytes())
	}
	return out.Bytes()
}
