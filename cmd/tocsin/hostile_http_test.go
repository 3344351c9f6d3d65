//go:build linux

package main

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A hostileDoor is how one door is spoken to over HTTP.
type hostileDoor struct {
	name, addr, path string
	header           map[string]string
	body             func(value string) []byte // a request with one record; value is JSON
	text             func(id string) string    // of a good record
	sign             bool                      // by the workspace's key, not by a token
}

func (d *hostileDoor) record(id string) (*hostileDoor, []byte) {
	text := id
	if d.text != nil {
		text = d.text(id)
	}
	return d, d.body(`"` + text + `"`)
}

func (w *hostileWorld) httpDoors() []*hostileDoor {
	row := func(before, after string) func(string) []byte {
		return func(value string) []byte { return []byte(before + value + after) }
	}
	const whole = `{"TimeGenerated":"2026-11-22T00:00:00Z","SyslogMessage":`
	bearer := map[string]string{"Authorization": "Bearer " + w.token, "Content-Type": "application/json"}
	main := w.at["tocsin"]
	return []*hostileDoor{
		{name: "http", addr: main, path: "/api/v1/ingest/Syslog", header: bearer, body: row(whole, "}\n")},
		{name: "hec", addr: w.at["hec"], path: "/services/collector/event", header: map[string]string{"Authorization": "Splunk " + w.token}, body: row(`{"event":`, `}`)},
		{name: "elastic", addr: w.at["elastic"], path: "/_bulk", header: bearer, body: row(`{"create":{"_index":"Syslog"}}`+"\n"+whole, "}\n")},
		{
			name: "otlp", addr: w.at["otlp"], path: "/v1/logs", header: bearer, body: otlpBody,
			text: func(id string) string { return "<13>Nov 22 08:00:00 h app: " + id },
		},
		{name: "azure", addr: main, path: "/dataCollectionRules/dcr-1/streams/Custom-Syslog?api-version=2023-01-01", header: bearer, body: row("["+whole, "}]")},
		{name: "azure signed", addr: main, path: "/api/logs?api-version=2016-04-01", header: map[string]string{"Content-Type": "application/json", "Log-Type": "Hostile"}, body: row(`[{"Computer":`, "}]"), sign: true},
	}
}

// otlpBody is a request of OTLP in JSON with one record.
func otlpBody(value string) []byte {
	if strings.HasPrefix(value, `"`) {
		value = `{"stringValue":` + value + `}`
	}
	return []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":` + value + `}]}]}]}`)
}

// post sends a body and returns the status and the beginning of the answer.
func (w *hostileWorld) post(d *hostileDoor, body []byte, header map[string]string) (int, string) {
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, "http://"+d.addr+d.path, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for name, value := range d.header {
		req.Header.Set(name, value)
	}
	if d.sign {
		w.sign(req, len(body))
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := w.client.Do(req)
	if err != nil { // the server may hang up on a body it does not want
		return 0, "connection closed"
	}
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<20)) // what there is
	return resp.StatusCode, strings.TrimSpace(string(text[:min(len(text), 200)]))
}

// sign signs as the HTTP Data Collector API has it.
func (w *hostileWorld) sign(req *http.Request, length int) {
	key, err := base64.StdEncoding.DecodeString(w.key)
	if err != nil {
		w.t.Fatal(err)
	}
	date := time.Now().UTC().Format(http.TimeFormat)
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte("POST\n" + strconv.Itoa(length) + "\napplication/json\nx-ms-date:" + date + "\n/api/logs"))
	req.Header.Set("X-Ms-Date", date)
	req.Header.Set("Authorization", "SharedKey "+hostileWorkspace+":"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// good sends a good record; it must be taken.
func (w *hostileWorld) good(id string, record func(id string) (*hostileDoor, []byte)) {
	w.t.Helper()
	d, body := record(id)
	var status int
	var answer string
	w.until(d.name+" takes a good record", func() bool { // a full queue says 429 and when to come back
		status, answer = w.post(d, body, nil)
		return status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable && status != 0
	})
	if status/100 != 2 || strings.Contains(answer, `"errors":true`) {
		w.t.Errorf("%s: a good record is answered %d %s", d.name, status, answer)
	}
	w.wanted = append(w.wanted, id)
}

// garbageToken must never be seen again.
const garbageToken = "tocsin_garbage-7d1f3f0a9c"

// An httpAttack is sent through every door over HTTP.
type httpAttack struct {
	name    string
	counted bool // as refused or as a dead letter, whichever door
	run     func(w *hostileWorld, d *hostileDoor) string
}

func httpAttacks() []httpAttack {
	value := func(name string, counted bool, make func() string) httpAttack {
		return httpAttack{name, counted, func(w *hostileWorld, d *hostileDoor) string { return w.answer(d, d.body(make()), nil) }}
	}
	encoded := func(name, encoding string, make func(d *hostileDoor) []byte) httpAttack {
		return httpAttack{name, true, func(w *hostileWorld, d *hostileDoor) string {
			return w.answer(d, make(d), map[string]string{"Content-Encoding": encoding})
		}}
	}
	return []httpAttack{
		value("10 MB line", true, func() string { return `"` + strings.Repeat("a", 10<<20) + `"` }),
		value("JSON 100,000 deep", true, func() string { return strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) }),
		value("JSON 100,000 deep, never closed", true, func() string { return strings.Repeat(`{"a":[`, 50_000) }),
		value("bad UTF-8", false, func() string { return "\"\xff\xfe\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\"" }),
		value("NUL bytes", false, func() string { return "\"a\x00b\x00\"" }),
		value("NUL and lone surrogates, escaped", false, func() string { return `"a\u0000\ud800b\udfff\u202e"` }),
		value("duplicate keys", false, func() string { return "{" + strings.Repeat(`"SyslogMessage":"a",`, 20_000) + `"a":1}` }),
		value("100,000 keys", false, func() string { return manyKeys(100_000) }),
		value("entity bomb in XML", false, func() string {
			return `"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><!DOCTYPE l [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><System><EventID>&b;</EventID></System></Event>"`
		}),
		value("number with 1,000,000 digits", false, func() string { return strings.Repeat("9", 500_000) + "e" + strings.Repeat("9", 500_000) }),
		encoded("gzip bomb, 10 GB", "gzip", func(*hostileDoor) []byte { return gzipBomb() }),
		encoded("zstd bomb, 10 GB", "zstd", func(*hostileDoor) []byte { return zstdBomb() }),
		encoded("deflate bomb, 256 MB", "deflate", func(*hostileDoor) []byte { return zlibBomb() }),
		encoded("truncated gzip", "gzip", func(d *hostileDoor) []byte {
			packed := gzipped([]byte(strings.Repeat("not the end ", 1000)))
			return packed[:len(packed)-10]
		}),
		encoded("garbage as gzip", "gzip", func(*hostileDoor) []byte { return []byte("\x1f\x8b garbage") }),
		encoded("unknown encoding", "br", func(*hostileDoor) []byte { return []byte("\x8b\x05\x80garbage") }),
		{"no, garbage and huge tokens", true, (*hostileWorld).badTokens},
		{"header of 1 MB", false, func(w *hostileWorld, d *hostileDoor) string {
			return w.answer(d, nil, map[string]string{"X-Padding": strings.Repeat("a", 1<<20)})
		}},
		{"body that ends early", false, (*hostileWorld).brokenOff},
		{"300 slow bodies that claim 1 MB", false, (*hostileWorld).slowBodies},
		{"100,000 empty records", false, func(w *hostileWorld, d *hostileDoor) string {
			if d.name == "otlp" {
				return w.answer(d, []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[`+strings.Repeat("{},", 99_999)+`{}]}]}]}`), nil)
			}
			return w.answer(d, []byte(strings.Repeat("{}\n", 100_000)), nil)
		}},
		{"500 tiny requests at once", false, (*hostileWorld).tinyRequests},
		{"100 zstd windows of 64 MiB at once", true, (*hostileWorld).manyWindows},
		{"window of 2 GiB", true, func(w *hostileWorld, d *hostileDoor) string { return w.answer(d, windowFrame(31), encodedZstd) }},
	}
}

func (w *hostileWorld) answer(d *hostileDoor, body []byte, header map[string]string) string {
	status, text := w.post(d, body, header)
	return fmt.Sprintf("%d %.40s", status, strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, text))
}

func (w *hostileWorld) badTokens(d *hostileDoor) string {
	for _, token := range []string{"", garbageToken, "Bearer", "Bearer " + garbageToken, "Splunk " + garbageToken, "Basic !!!", "ApiKey " + garbageToken, "SharedKey " + hostileWorkspace + ":AAAA", "SharedKey x:" + garbageToken, "Bearer " + strings.Repeat("x", 50<<10)} {
		_, body := d.record("never")
		if status, text := w.post(d, body, map[string]string{"Authorization": token}); status != http.StatusUnauthorized && status != http.StatusForbidden {
			w.t.Errorf("%s: the credential %.40q is answered %d %s", d.name, token, status, text)
		}
	}
	return "401 or 403, each"
}

// head is a request's head as bytes.
func (w *hostileWorld) head(d *hostileDoor, length int) string {
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, "http://"+d.addr+d.path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for name, value := range d.header {
		req.Header.Set(name, value)
	}
	if d.sign {
		w.sign(req, length)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n", d.path, length)
	_ = req.Header.Write(&b) // into memory
	return b.String() + "\r\n"
}

func (w *hostileWorld) dial(addr string) net.Conn {
	w.t.Helper()
	conn, err := net.DialTimeout("tcp", addr, hostilePatience)
	if err != nil {
		w.t.Fatal(err)
	}
	return conn
}

func (w *hostileWorld) brokenOff(d *hostileDoor) string {
	conn := w.dial(d.addr)
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, w.head(d, 1000)+`[{"a":`) // the server may have gone
	return "connection closed by the sender"
}

// slowBodies holds requests open that claim much and send nothing: others must
// not be kept out.
func (w *hostileWorld) slowBodies(d *hostileDoor) string {
	conns := make([]net.Conn, 300)
	for i := range conns {
		conns[i] = w.dial(d.addr)
		_, _ = io.WriteString(conns[i], w.head(d, 1<<20)+"{")
	}
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	id := "amid-" + strings.ReplaceAll(d.name, " ", "-")
	_, body := d.record("good-" + id)
	status, text := w.post(d, body, nil)
	if status/100 != 2 {
		w.t.Errorf("%s: amid slow bodies a good record is answered %d %s", d.name, status, text)
	}
	w.wanted = append(w.wanted, "good-"+id)
	return fmt.Sprintf("a good record amid them: %d", status)
}

func (w *hostileWorld) tinyRequests(d *hostileDoor) string {
	var work sync.WaitGroup
	slots := make(chan struct{}, 32)
	for i := range 500 {
		work.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			_, body := d.record(fmt.Sprintf("tiny %d", i))
			if status, text := w.post(d, body, nil); status/100 != 2 && status != 429 && status != 503 {
				w.t.Errorf("%s: a tiny request is answered %d %s", d.name, status, text)
			}
		})
	}
	work.Wait()
	return "2xx or 429"
}

var encodedZstd = map[string]string{"Content-Encoding": "zstd"}

// windowFrame is a zstd frame of one letter that asks for a window of 1 << log bytes.
func windowFrame(log byte) []byte {
	return []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, (log - 10) << 3, 1<<1 | 1<<3 | 1, 0, 0, 'a'}
}

// manyWindows asks for 6.4 GB with a kilobyte.
func (w *hostileWorld) manyWindows(d *hostileDoor) string {
	counts := w.atOnce(100, func() string {
		status, _ := w.post(d, windowFrame(26), encodedZstd)
		switch status {
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			return "told to come back"
		case http.StatusInternalServerError, 0:
			w.t.Errorf("%s: a window is answered %d", d.name, status)
		}
		return strconv.Itoa(status)
	})
	return fmt.Sprint(counts)
}

// atOnce calls a function n times, side by side, and counts what it says.
func (w *hostileWorld) atOnce(n int, do func() string) map[string]int {
	var work sync.WaitGroup
	var mu sync.Mutex
	counts := map[string]int{}
	for range n {
		work.Go(func() {
			said := do()
			mu.Lock()
			counts[said]++
			mu.Unlock()
		})
	}
	work.Wait()
	return counts
}

// A slowLoris holds connections open whose header never ends.
type slowLoris struct {
	w     *hostileWorld
	conns []net.Conn
	stop  chan struct{}
	work  sync.WaitGroup
}

// slowHeaders opens connections, as many at each address, that send a byte of a
// header a second.
func (w *hostileWorld) slowHeaders(n int) *slowLoris {
	l := &slowLoris{w: w, stop: make(chan struct{})}
	for _, at := range []string{"tocsin", "hec", "elastic", "otlp", "otlp-grpc"} {
		for range n / 5 {
			conn := w.dial(w.at[at])
			_, _ = io.WriteString(conn, "POST /x HTTP/1.1\r\nX: ") // one that has gone is what is waited for
			l.conns = append(l.conns, conn)
		}
	}
	l.work.Go(func() {
		for {
			select {
			case <-l.stop:
				return
			case <-time.After(time.Second):
				for _, c := range l.conns {
					_, _ = c.Write([]byte("a"))
				}
			}
		}
	})
	return l
}

// end waits until the server has let go of all of them.
func (l *slowLoris) end() string {
	closed := 0
	for _, c := range l.conns {
		_ = c.SetReadDeadline(time.Now().Add(hostilePatience))
		if _, err := io.Copy(io.Discard, c); !isTimeout(err) {
			closed++
		}
		_ = c.Close()
	}
	close(l.stop)
	l.work.Wait()
	if closed < len(l.conns) {
		l.w.t.Errorf("of %d connections whose header never ends, %d are still open", len(l.conns), len(l.conns)-closed)
	}
	return fmt.Sprintf("%d of %d closed by the server", closed, len(l.conns))
}

func isTimeout(err error) bool { n, ok := err.(net.Error); return ok && n.Timeout() }

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":%d`, i, i)
	}
	return "{" + b.String()[1:] + "}"
}

func gzipped(plain []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(plain) // into memory
	_ = z.Close()
	return b.Bytes()
}

// gzipBomb is 10 GB of zeros in 10 MB: members one behind the other.
var gzipBomb = sync.OnceValue(func() []byte { return bytes.Repeat(gzipped(make([]byte, 64<<20)), 160) })

var zlibBomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(make([]byte, 256<<20)) // into memory
	_ = z.Close()
	return b.Bytes()
})

// zstdBomb is 10 GB of one letter in 330 KB, written by hand: blocks that repeat
// a byte (RFC 8878 §3.1.1.2).
var zstdBomb = sync.OnceValue(func() []byte {
	const block = 128 << 10
	b := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38} // no checksum, no size, a window of 128 KiB
	for i, blocks := 0, 10<<30/block; i < blocks; i++ {
		head := block<<3 | 1<<1
		if i == blocks-1 {
			head |= 1
		}
		b = append(b, byte(head), byte(head>>8), byte(head>>16), 'a')
	}
	return b
})
