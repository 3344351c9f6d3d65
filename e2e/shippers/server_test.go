package shippers

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything may take on a busy machine.
const patience = 2 * time.Minute

// A server is bin/tocsin with stores of its own.
type server struct {
	binary, data string
	url, addr    string
	token        string // may ingest and query; named "shipper"
	command      *exec.Cmd
}

// binary returns the program under test.
func binary(t *testing.T) string {
	t.Helper()
	if os.Getenv("TOCSIN_TEST_SHIPPERS") == "" {
		t.Skip("real shippers run with `make test-shippers`")
	}
	path := os.Getenv("TOCSIN_BIN")
	if path == "" {
		path, _ = filepath.Abs("../../bin/tocsin")
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not there. Build it with make build.", path)
	}
	return path
}

// start runs a server with further arguments until the test ends, and checks
// then that its books balance.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{binary: binary(t), data: t.TempDir()}
	s.run(t, "a strong enough password\n", "user", "add", "shipper", "--data", s.data, "--role", "admin")
	s.token = strings.TrimSpace(s.run(t, "", "user", "token", "shipper", "shipper", "--scope", "ingest", "--scope", "query", "--data", s.data))
	s.serve(t, "127.0.0.1:0", args...)
	return s
}

// serve runs the server on its data until the test ends, or somebody kills it.
func (s *server) serve(t *testing.T, addr string, args ...string) {
	t.Helper()
	command := exec.Command(s.binary, append([]string{"serve", "--data", s.data, "--addr", addr}, args...)...)
	found := background(t, command).wait(t, regexp.MustCompile(`tocsin \S+ is at (http://(\S+))`))
	s.url, s.addr, s.command = found[1], found[2], command
	t.Cleanup(func() {
		if s.command == command { // it was not killed since
			s.balance(t)
		}
	})
}

// crash kills the server at once, as a power failure would, and starts it again
// on the same data and address.
func (s *server) crash(t *testing.T, args ...string) {
	t.Helper()
	if err := s.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = s.command.Process.Wait()
	s.serve(t, s.addr, args...)
}

// run runs a verb to its end and returns what it printed.
func (s *server) run(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.binary, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tocsin %s: %v\n%s", strings.Join(args, " "), err, &errs)
	}
	return string(out)
}

// rows returns the rows of a query.
func (s *server) rows(t *testing.T, query string) []map[string]any {
	t.Helper()
	var rows []map[string]any
	lines := bufio.NewScanner(strings.NewReader(s.run(t, "", "query", "--server", s.url, "--token", s.token, "--format", "jsonl", query)))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var row map[string]any
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		rows = append(rows, row)
	}
	return rows
}

// arrive waits until the query has as many rows as wanted, and fails with what
// the books say when it never has.
func (s *server) arrive(t *testing.T, want int, query string) []map[string]any {
	t.Helper()
	var rows []map[string]any
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if rows = s.rows(t, query); len(rows) >= want {
			break
		}
	}
	if len(rows) != want {
		t.Fatalf("%d rows of %d arrived for %s\nhealth: %v\ndead letters: %v", len(rows), want, query,
			s.rows(t, "IngestHealth"), s.rows(t, "DeadLetters | project SourceId, Reason, RawData | take 5"))
	}
	return rows
}

// balance checks the conservation equation of every source.
func (s *server) balance(t *testing.T) {
	t.Helper()
	for _, row := range s.rows(t, "IngestHealth | where Unaccounted != 0 or DeadLettered != 0") {
		t.Errorf("the books of %v do not balance, or it has dead letters: %v", row["SourceId"], row)
	}
}

// metrics returns what /metrics says.
func (s *server) metrics(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// output is what a program running in the background has said so far.
type output struct {
	lines chan string
	all   []string
	name  string
}

// background starts a program and ends it with the test.
func background(t *testing.T, cmd *exec.Cmd) *output {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", cmd.Path, err)
	}
	_ = w.Close()
	o := &output{lines: make(chan string, 10_000), name: filepath.Base(cmd.Path)}
	go func() {
		defer close(o.lines)
		for in := bufio.NewScanner(r); in.Scan(); {
			select {
			case o.lines <- in.Text():
			default: // more than anybody waits for
			}
		}
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(patience):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
		_ = r.Close()
		if t.Failed() {
			for line := range o.lines {
				o.all = append(o.all, line)
			}
			t.Logf("%s said:\n%s", o.name, strings.Join(o.all, "\n"))
		}
	})
	return o
}

// wait returns the groups of the first line that matches.
func (o *output) wait(t *testing.T, line *regexp.Regexp) []string {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case said, ok := <-o.lines:
			if !ok {
				t.Fatalf("%s ended before it said %s:\n%s", o.name, line, strings.Join(o.all, "\n"))
			}
			o.all = append(o.all, said)
			if found := line.FindStringSubmatch(said); found != nil {
				return found
			}
		case <-late:
			t.Fatalf("%s never said %s:\n%s", o.name, line, strings.Join(o.all, "\n"))
		}
	}
}

// port returns the number of a port that nothing listens on.
func port(t *testing.T, network string) string {
	t.Helper()
	if network == "udp" {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return fmt.Sprint(c.LocalAddr().(*net.UDPAddr).Port)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}
