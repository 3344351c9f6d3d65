package syslog_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/ingest/syslog"
)

// dialFrom connects from an address of this machine.
func dialFrom(t *testing.T, from, to string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: time.Minute}
	conn, err := d.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// isClosed waits for the other side to close a connection.
func isClosed(t *testing.T, conn net.Conn) bool {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	_, err := conn.Read(make([]byte, 1))
	return err == io.EOF
}

// TestListener_IdleConnectionsMakePlace: the longest idle one, after what it sent is
// stored; never one within a message, and never one whose address has no more.
func TestListener_IdleConnectionsMakePlace(t *testing.T) {
	if c, err := net.Listen("tcp", "127.0.0.2:0"); err != nil {
		t.Skip("this machine has one loopback address: ", err)
	} else {
		_ = c.Close()
	}
	const crowd, other, third = "127.0.0.1", "127.0.0.2", "127.0.0.3"
	const closed, full = "idle connection closed to make place for another", "too many connections"
	for _, c := range []struct {
		name   string
		place  time.Duration
		open   []string // addresses, in this order
		say    []string // what each sends
		knock  string
		closed int // which makes place, -1 for none
	}{
		{"the longest idle of the crowd", time.Nanosecond, []string{crowd, crowd, other}, []string{"<13>a\n", "<13>b\n", "<13>c\n"}, third, 0},
		{"not one within a message", time.Nanosecond, []string{crowd, crowd, other}, []string{"<13>a", "<13>b\n", "<13>c\n"}, third, 1},
		{"not before its time, where nobody has more than half", time.Hour, []string{crowd, other, third}, []string{"<13>a\n", "<13>b\n", "<13>c\n"}, "127.0.0.4", -1},
		{"before its time, where one address has more than half", time.Hour, []string{crowd, crowd, other}, []string{"<13>a\n", "<13>b\n", "<13>c\n"}, third, 0},
		{"who has most drives nobody else out", time.Hour, []string{other, crowd, crowd}, []string{"<13>a\n", "<13>b\n", "<13>c\n"}, crowd, -1},
		{"who has most makes place for himself", time.Nanosecond, []string{other, crowd, crowd}, []string{"<13>a\n", "<13>b\n", "<13>c\n"}, crowd, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKeep()
			at, stop, pulse := listen(t, k, ingest.Settings{Listen: []string{"tcp://127.0.0.1:0"}, Limits: ingest.Limits{Connections: 3}}, func(o *syslog.Options) { o.Place = c.place })
			defer stop()
			var conns []net.Conn
			for i, from := range c.open {
				conn := dialFrom(t, from, at[0])
				conns = append(conns, conn)
				fmt.Fprint(conn, c.say[i])
				if body, isWhole := strings.CutSuffix(c.say[i], "\n"); isWhole {
					eventually(t, body+" is stored", func() bool { return k.has(body) })
				}
			}
			eventually(t, "all are let in", func() bool { return pulse.Health().Connections == 3 })
			newcomer := dialFrom(t, c.knock, at[0])
			if c.closed < 0 {
				if !isClosed(t, newcomer) || k.refusals(full) != 1 || k.refusals(closed) != 0 {
					t.Errorf("refused: %v", k.refused)
				}
				return
			}
			fmt.Fprint(newcomer, "<13>new\n")
			eventually(t, "the newcomer is heard", func() bool { return k.has("<13>new") })
			if !isClosed(t, conns[c.closed]) || k.refusals(closed) != 1 || k.refusals(full) != 0 {
				t.Errorf("refused: %v", k.refused)
			}
			for i, conn := range conns {
				if i != c.closed {
					fmt.Fprintf(conn, "<13>still %d\n", i)
					eventually(t, "the others are heard", func() bool {
						return k.has(fmt.Sprintf("<13>still %d", i)) || k.has(fmt.Sprintf("%s<13>still %d", c.say[i], i))
					})
				}
			}
			eventually(t, "three are open", func() bool { return pulse.Health().Connections == 3 })
		})
	}
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestListener_FailedHandshakesAreLoggedSparingly: all are counted, one is said, and
// a minute later how many were not.
func TestListener_FailedHandshakesAreLoggedSparingly(t *testing.T) {
	dir := certificates(t)
	k, log := newKeep(), &lockedBuffer{}
	var mu sync.Mutex
	now := time.Now()
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	settings := ingest.Settings{Listen: []string{"tls://127.0.0.1:0"}, TLS: ingest.TLS{Certificate: dir + "/server.pem", Key: dir + "/server.key"}}
	at, stop, _ := listen(t, k, settings, func(o *syslog.Options) { o.Log = slog.New(slog.NewTextHandler(log, nil)); o.Intake.Now = clock })
	defer stop()
	fail := func(n int) {
		for range n {
			conn := dial(t, "tcp", at[0])
			fmt.Fprint(conn, "GET / HTTP/1.1\r\n\r\n")
			_, _ = io.Copy(io.Discard, conn) // until it is closed
		}
	}
	fail(30)
	eventually(t, "all are counted", func() bool { return k.refusals("TLS handshake failed") == 30 })
	if n := strings.Count(log.String(), "handshake failed"); n != 1 {
		t.Errorf("%d lines: %s", n, log)
	}
	mu.Lock()
	now = now.Add(2 * time.Minute)
	mu.Unlock()
	fail(1)
	eventually(t, "what was not said is", func() bool { return strings.Contains(log.String(), "more=29") })
}
