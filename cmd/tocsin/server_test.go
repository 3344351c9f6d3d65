package main

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// stopGrace is how long a story's server may take to end: it commits first, and
// the machine may be busy.
const stopGrace = time.Minute

// servers are the servers that stories run, by the script they run for.
type servers struct{ byScript sync.Map }

func (s *servers) of(ts *testscript.TestScript) *server {
	srv, _ := s.byScript.Load(ts)
	found, _ := srv.(*server)
	return found
}

type server struct {
	cmd *exec.Cmd
	out chan struct{} // closed when its output has ended
}

var isAt = regexp.MustCompile(`^(tocsin|hec|elastic|otlp|otlp-grpc) (?:\S+ )?is at (\S+)$`)

// serve starts tocsin serve with the arguments given, on free ports, and waits
// until it answers. It sets URL, and HEC, ELASTIC, OTLP, OTLP_GRPC to the
// addresses of doors of their own.
func (s *servers) serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || s.of(ts) != nil {
		ts.Fatalf("usage: serve ARGS, once at a time")
	}
	cmd := exec.Command("tocsin", append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"))
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	srv := &server{cmd, make(chan struct{})}
	s.byScript.Store(ts, srv)
	ts.Defer(func() { s.end(ts) })
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		found := isAt.FindStringSubmatch(lines.Text())
		if found == nil {
			ts.Logf("%s", lines.Text())
		} else if found[1] != "tocsin" {
			ts.Setenv(strings.ToUpper(strings.ReplaceAll(found[1], "-", "_")), found[2])
		} else {
			ts.Setenv("URL", found[2])
		}
		if found != nil && found[1] == "tocsin" { // the last of them
			break
		}
	}
	go func() {
		for lines.Scan() { // a full pipe would stop it
		}
		close(srv.out)
	}()
	for range 600 {
		if resp, err := http.Get(ts.Getenv("URL") + "/readyz"); err == nil {
			_ = resp.Body.Close()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	ts.Fatalf("the server does not answer")
}

// shutdown ends the server as an operator does, and fails if it does not end well.
func (s *servers) shutdown(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 || s.of(ts) == nil {
		ts.Fatalf("usage: shutdown, after serve")
	}
	ts.Check(s.end(ts))
}

// crash ends the server as a power cut does.
func (s *servers) crash(ts *testscript.TestScript, neg bool, args []string) {
	srv := s.of(ts)
	if neg || len(args) > 0 || srv == nil {
		ts.Fatalf("usage: crash, after serve")
	}
	s.byScript.Delete(ts)
	ts.Check(srv.cmd.Process.Kill())
	<-srv.out
	_ = srv.cmd.Wait() // it says that it was killed
}

func (s *servers) end(ts *testscript.TestScript) error {
	srv := s.of(ts)
	if srv == nil {
		return nil
	}
	s.byScript.Delete(ts)
	_ = srv.cmd.Process.Signal(os.Interrupt) // it has ended if this fails
	late := time.AfterFunc(stopGrace, func() { _ = srv.cmd.Process.Kill() })
	defer late.Stop()
	<-srv.out
	return srv.cmd.Wait()
}
