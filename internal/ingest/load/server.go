package load

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A server is a tocsin process under load.
type server struct {
	base      string // http://127.0.0.1:…
	ingest    string // token
	query     string // token
	rules     int    // detection rules in force
	notLoaded int
	client    *http.Client
	cmd       *exec.Cmd
	ended     chan error
	once      sync.Once
	endErr    error
}

// started is the line in which a server says where it is.
var started = regexp.MustCompile(` is at (http://\S+)$`)

const startTime = 2 * time.Minute

// startServer starts a server on an empty folder, with a user and two tokens.
func startServer(ctx context.Context, o *Options) (s *server, err error) {
	args := []string{"serve", "--data", o.Dir, "--addr", "127.0.0.1:0"}
	if o.Rules != "" {
		args = append(args, "--rules", o.Rules)
	}
	if o.Memory != "" {
		args = append(args, "--memory", o.Memory)
	}
	if o.Profile != "" {
		args = append(args, "--profile", o.Profile)
	}
	s = &server{cmd: exec.Command(o.Program, args...), ended: make(chan error, 1)}
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", o.Program, err)
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", o.Program, err)
	}
	address := make(chan string, 1)
	go s.listen(stderr, address, o.Progress)
	select {
	case s.base = <-address:
	case err := <-s.ended:
		return nil, fmt.Errorf("%s serve ended at start: %w", o.Program, err)
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), s.stop())
	case <-time.After(startTime):
		return nil, errors.Join(fmt.Errorf("the server said no address within %s", startTime), s.stop())
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost, transport.WriteBufferSize = o.Connections+2, 64<<10
	s.client = &http.Client{Transport: transport}
	if err := s.enrol(ctx, o); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// listen reads what the server says until it ends. Rules that did not load are
// counted, everything after the start is passed on.
func (s *server) listen(stderr io.Reader, address chan<- string, out io.Writer) {
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		line := lines.Text()
		var more int
		switch {
		case started.MatchString(line):
			address <- started.FindStringSubmatch(line)[1]
		case strings.HasPrefix(line, "rule not loaded: "):
			s.notLoaded++
		case strings.HasPrefix(line, "… and "):
			if _, err := fmt.Sscanf(line, "… and %d more rules", &more); err == nil {
				s.notLoaded += more
			}
		case strings.HasPrefix(line, "no users yet"):
		default:
			fmt.Fprintln(out, "server: "+line)
		}
	}
	s.ended <- s.cmd.Wait()
}

// enrol makes the user and tokens as an operator does.
func (s *server) enrol(ctx context.Context, o *Options) error {
	tocsin := func(stdin string, args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, o.Program, append(args, "--data", o.Dir)...)
		cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("tocsin %s: %w", strings.Join(args, " "), err)
		}
		return strings.TrimSpace(string(out)), nil
	}
	_, err := tocsin("only-for-this-measurement\n", "user", "add", "load", "--role", "admin")
	if err == nil {
		s.ingest, err = tocsin("", "user", "token", "load", "generator", "--scope", "ingest")
	}
	if err == nil {
		s.query, err = tocsin("", "user", "token", "load", "hunter", "--scope", "api")
	}
	if err != nil {
		return err
	}
	var list struct {
		On int `json:"on"`
	}
	if err := s.get(ctx, "/api/v1/rules", &list); err != nil {
		return err
	}
	s.rules = list.On
	return nil
}

// get reads a JSON document of the interface.
func (s *server) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+path, http.NoBody)
	if err != nil {
		return err
	}
	return s.ask(req, s.query, into)
}

// ask sends a request and reads its answer, which must be 200.
func (s *server) ask(req *http.Request, token string, into any) error {
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("reading the answer to %s: %w", req.URL.Path, err)
	}
	if resp.StatusCode != http.StatusOK {
		return &refusal{resp.StatusCode, retryAfter(resp), string(body)}
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("reading the answer to %s: %w", req.URL.Path, err)
	}
	return nil
}

// A refusal is an answer other than 200.
type refusal struct {
	status int
	after  time.Duration
	body   string
}

func (r *refusal) Error() string { return fmt.Sprintf("status %d: %s", r.status, r.body) }

func retryAfter(resp *http.Response) time.Duration {
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return time.Second
	}
	return time.Duration(seconds) * time.Second
}

// Books are the conservation equation of the generator's source, in records.
type Books struct {
	Received     int64 `json:"received"`
	Stored       int64 `json:"stored"`
	Duplicates   int64 `json:"duplicates"`
	DeadLettered int64 `json:"deadLettered"`
	Filtered     int64 `json:"filtered"`
}

// books reads the equation as the server keeps it.
func (s *server) books(ctx context.Context) (Books, error) {
	var list struct {
		Items []struct {
			ID string `json:"id"`
			Books
		} `json:"items"`
	}
	if err := s.get(ctx, "/api/v1/sources", &list); err != nil {
		return Books{}, err
	}
	for _, source := range list.Items {
		if strings.HasPrefix(source.ID, "http:") {
			return source.Books, nil
		}
	}
	return Books{}, errors.New("the server knows no source of ours")
}

func (s *server) pid() int { return s.cmd.Process.Pid }

// stop ends the server in order and waits for it. It may be called twice.
func (s *server) stop() error {
	s.once.Do(func() {
		if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			s.endErr = err
			return
		}
		s.endErr = <-s.ended
	})
	return s.endErr
}
