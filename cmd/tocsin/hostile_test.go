//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// What a hostile sender may cost. The engine gets hostileMemory; the process must
// stay below hostilePeak whatever is sent, and every answer come within
// hostilePatience, which is generous because the machine may be busy.
const (
	hostileMemory   = "512MiB"
	hostilePeak     = 1300 << 20
	hostilePatience = 90 * time.Second
)

// TestHostile_EveryDoor sends what no honest sender sends through every door of
// a real server. After each attack the server is ready, a good record sent
// through the same door is stored, what was refused is counted, and memory stays
// bounded; in the end the books balance, nothing panicked, no goroutine is left,
// and no secret stands in the log, the metrics or a dead letter.
func TestHostile_EveryDoor(t *testing.T) {
	if os.Getenv("TOCSIN_TEST_HOSTILE") == "" {
		t.Skip("attacks on a real server run with `make test-hostile`")
	}
	w := startHostile(t)
	w.good("http", w.httpDoors()[0].record)
	idle := w.goroutines()
	loris := w.slowHeaders(200)
	for _, d := range w.httpDoors() {
		for _, a := range httpAttacks() {
			w.attack(d.name+": "+a.name, a.counted, func() string { return a.run(w, d) }, func(id string) { w.good(id, d.record) })
		}
	}
	for _, a := range syslogAttacks() {
		w.attack("syslog: "+a.name, a.counted, func() string { return a.run(w) }, w.goodSyslog)
	}
	for _, a := range grpcAttacks() {
		w.attack("otlp-grpc: "+a.name, a.counted, func() string { return a.run(w) }, w.goodGRPC)
	}
	w.attack("folder: every file", true, w.dropFiles, w.goodFile)
	w.attack("http: slow headers", false, loris.end, func(id string) { w.good(id, w.httpDoors()[0].record) })
	w.finish(idle)
}

// hostileWorld is a server with every door open, and what was seen of it.
type hostileWorld struct {
	t       *testing.T
	dir     string
	server  *exec.Cmd
	ended   chan struct{}
	at      map[string]string // address by door
	profile string
	token   string // may ingest
	admin   string // may all
	key     string // of the workspace, in base64
	client  *http.Client
	wanted  []string // ids of good records
	peak    int64

	mu  sync.Mutex
	log bytes.Buffer
}

const hostileWorkspace = "b438b4f6-912a-46d5-9cb1-b44069212abc"

func startHostile(t *testing.T) *hostileWorld {
	w := &hostileWorld{t: t, dir: t.TempDir(), at: map[string]string{}, ended: make(chan struct{}), client: &http.Client{
		Timeout: hostilePatience, Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true},
	}}
	data := filepath.Join(w.dir, "data")
	c := &crashWorld{t: t}
	c.tocsin("a long and quiet sentence\n", "user", "add", "amelie", "--role", "admin", "--data", data)
	w.token = strings.TrimSpace(c.tocsin("", "user", "token", "amelie", "shipper", "--scope", "ingest", "--data", data))
	w.admin = strings.TrimSpace(c.tocsin("", "user", "token", "amelie", "desk", "--scope", "api", "--data", data))
	w.key = strings.Repeat("a2tr", 21) + "aw=="
	selfSigned(t, w.dir)
	for _, name := range []string{"udp", "tcp", "tls", "profile"} {
		w.at[name] = freePort(t, strings.HasPrefix(name, "udp"))
	}
	w.write("key", []byte(w.key))
	if err := os.Mkdir(filepath.Join(w.dir, "drop"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.write("sources.yaml", fmt.Appendf(nil, `sources:
  - {name: wire, door: syslog, listen: ['udp://%s', 'tcp://%s', 'tls://%s'], tls: {certificate: cert.pem, key: key.pem}}
  - {name: signed, door: azure, workspace: %s, keyFile: key, tables: {Hostile: Syslog}}
  - {name: drop, door: folder, path: drop, follow: true}
`, w.at["udp"], w.at["tcp"], w.at["tls"], hostileWorkspace))
	w.serve("--data", data, "--sources", filepath.Join(w.dir, "sources.yaml"), "--memory", hostileMemory, "--min-free", "1MiB", "--profile", w.at["profile"],
		"--addr", "127.0.0.1:0", "--hec-addr", "127.0.0.1:0", "--elastic-addr", "127.0.0.1:0", "--otlp-http-addr", "127.0.0.1:0", "--otlp-grpc-addr", "127.0.0.1:0")
	return w
}

var hostileAt = regexp.MustCompile(`(?m)^(tocsin|hec|elastic|otlp|otlp-grpc) (?:\S+ )?is at (?:http://)?(\S+)$`)

// serve starts the server and waits until it answers.
func (w *hostileWorld) serve(args ...string) {
	w.server = exec.Command("tocsin", append([]string{"serve"}, args...)...)
	out, err := w.server.StderrPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.server.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = w.server.Process.Kill(); <-w.ended; _ = w.server.Wait() })
	go func() {
		defer close(w.ended)
		in := bufio.NewReader(out)
		for {
			line, err := in.ReadString('\n')
			w.mu.Lock()
			w.log.WriteString(line)
			w.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	w.until("the server answers", func() bool {
		for _, found := range hostileAt.FindAllStringSubmatch(w.said(), -1) {
			w.at[found[1]] = found[2]
		}
		return w.at["tocsin"] != "" && w.ready()
	})
}

func (w *hostileWorld) said() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

func (w *hostileWorld) write(name string, content []byte) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		w.t.Fatal(err)
	}
}

func (w *hostileWorld) until(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(hostilePatience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("never: %s. The server said:\n%s", what, w.said()[max(0, len(w.said())-4000):])
		}
	}
}

func (w *hostileWorld) get(url string) (int, string) {
	resp, err := w.client.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(resp.Body) // what there is
	return resp.StatusCode, string(text)
}

func (w *hostileWorld) ready() bool {
	status, _ := w.get("http://" + w.at["tocsin"] + "/readyz")
	return status == http.StatusOK
}

var countedLine = regexp.MustCompile(`(?m)^(?:tocsin_door_refused_total\{.*|tocsin_ingest_records_total\{outcome="dead_lettered".*) (\S+)$`)

// counted is how much was refused or dead-lettered so far.
func (w *hostileWorld) counted() (n float64) {
	_, text := w.get("http://" + w.at["tocsin"] + "/metrics")
	for _, found := range countedLine.FindAllStringSubmatch(text, -1) {
		one, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			w.t.Error(err)
		}
		n += one
	}
	return n
}

var goroutineTotal = regexp.MustCompile(`goroutine profile: total (\d+)`)

func (w *hostileWorld) goroutines() int {
	_, text := w.get("http://" + w.at["profile"] + "/debug/pprof/goroutine?debug=1")
	found := goroutineTotal.FindStringSubmatch(text)
	if found == nil {
		w.t.Fatalf("no profile of goroutines: %s", text)
	}
	n, _ := strconv.Atoi(found[1])
	return n
}

// rss is the most memory the server had since forget.
func (w *hostileWorld) rss() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.server.Process.Pid))
	if err != nil {
		w.t.Fatalf("the server is gone: %v\n%s", err, w.said())
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		w.t.Fatal(err)
	}
	return kib << 10
}

// forget lets the peak start again; where the kernel does not, it stays that of
// all attacks so far, and the bound holds for it all the same.
func (w *hostileWorld) forget() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", w.server.Process.Pid), []byte("5"), 0)
}

// attack runs one attack and checks what must hold after each.
func (w *hostileWorld) attack(name string, counted bool, run func() string, good func(id string)) {
	w.t.Helper()
	w.forget()
	before, began := w.counted(), time.Now()
	answer := run()
	took := time.Since(began)
	if !w.ready() {
		w.t.Errorf("%s: the server is not ready any more", name)
	}
	id := fmt.Sprintf("good%04d", len(w.wanted))
	good(id)
	if counted {
		w.until(name+" is counted", func() bool { return w.counted() > before })
	}
	peak := w.rss()
	w.peak = max(w.peak, peak)
	if peak > hostilePeak {
		w.t.Errorf("%s: the server had %d MiB, at most %d are right", name, peak>>20, hostilePeak>>20)
	}
	w.t.Logf("| %-60s | %-50s | %5d MiB | %6.2f s |", name, answer, peak>>20, took.Seconds())
}

// query returns the cells of the first table.
func (w *hostileWorld) query(text string) [][]json.RawMessage {
	w.t.Helper()
	body, _ := json.Marshal(map[string]any{"query": text})
	var result struct {
		Tables []struct{ Rows [][]json.RawMessage }
	}
	if err := send(w.t.Context(), http.MethodPost, "http://"+w.at["tocsin"], "/api/v1/query", w.admin, bytes.NewReader(body), &result); err != nil {
		w.t.Fatalf("%s: %v\n%s", text, err, w.said()[max(0, len(w.said())-4000):])
	}
	if len(result.Tables) != 1 {
		w.t.Fatalf("%s has no answer", text)
	}
	return result.Tables[0].Rows
}

// finish checks what must hold in the end.
func (w *hostileWorld) finish(idle int) {
	t := w.t
	var there, missing string
	defer func() {
		if missing != "" && t.Failed() {
			t.Logf("not stored: %s", missing)
		}
	}()
	w.until("every good record is stored", func() bool {
		there = fmt.Sprint(w.texts(`Syslog | where SyslogMessage contains "good" or Computer startswith "good" | project strcat(Computer, " ", SyslogMessage)`))
		for _, id := range w.wanted {
			if !strings.Contains(there, id) {
				missing = id
				return false
			}
		}
		missing = ""
		return true
	})
	w.client.CloseIdleConnections()
	left := 0
	w.until("the goroutines of connections end", func() bool { left = w.goroutines(); return left <= idle+40 })
	t.Logf("goroutines: %d before, %d after; highest memory %d MiB; %d good records", idle, left, w.peak>>20, len(w.wanted))
	for _, row := range w.query(`IngestHealth | where Unaccounted != 0 or Received != Stored + Duplicates + DeadLettered + Filtered`) {
		t.Errorf("the books do not balance: %s", row)
	}
	if rows := w.query(`DeadLetters | where isempty(Reason)`); len(rows) > 0 {
		t.Errorf("dead letters without a reason: %s", rows[0])
	}
	_, metrics := w.get("http://" + w.at["tocsin"] + "/metrics")
	letters := fmt.Sprint(w.texts(`DeadLetters | project strcat(Reason, substring(RawData, 0, 1000), Position)`))
	if err := w.server.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-w.ended
	for where, text := range map[string]string{"the log": w.said(), "the metrics": metrics, "dead letters": letters} {
		for _, secret := range []string{w.token, w.admin, w.key, garbageToken} {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds a secret", where)
			}
		}
		if at := strings.Index(text, "panic"); at >= 0 {
			t.Errorf("%s: something panicked: %s", where, text[at:min(len(text), at+3000)])
		}
		if where != "dead letters" && len(text) > 2<<20 {
			t.Errorf("%s has %d bytes", where, len(text))
		}
	}
	for _, line := range regexp.MustCompile(`(?m)^.*level=ERROR.*$`).FindAllString(w.said(), 10) {
		t.Errorf("the log has an error: %.500s", line)
	}
}

// texts are the texts of a query's only column.
func (w *hostileWorld) texts(query string) (list []string) {
	for _, row := range w.query(query) {
		var text string
		if err := json.Unmarshal(row[0], &text); err != nil {
			w.t.Fatal(err)
		}
		list = append(list, text)
	}
	return list
}

func freePort(t *testing.T, udp bool) string {
	t.Helper()
	if udp {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		return c.LocalAddr().String()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
