package syslog_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/ingest/syslog"
)

// A keep stands for the store: it keeps what is fed, once per position.
type keep struct {
	mu      sync.Mutex
	stored  map[string]string // body by position
	refused map[string]int
	fail    func() error // asked before each commit; may block
}

func newKeep() *keep {
	return &keep{stored: map[string]string{}, refused: map[string]int{}, fail: func() error { return nil }}
}

func (k *keep) intake() ingest.Intake {
	return ingest.Intake{
		Feed: func(ctx context.Context, raws iter.Seq2[tocsin.Raw, error]) (r ingest.Receipt, err error) {
			if err := k.fail(); err != nil {
				return r, err
			}
			k.mu.Lock()
			defer k.mu.Unlock()
			for raw, err := range raws {
				if err != nil {
					return r, err
				}
				if _, twice := k.stored[raw.Position]; twice {
					return r, fmt.Errorf("position %s came twice", raw.Position)
				}
				k.stored[raw.Position] = string(raw.Body)
				r.Received++
			}
			return r, nil
		},
		Refused: func(door, reason string, n int) {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.refused[reason] += n
		},
		IsTable: func(string) bool { return false }, Now: time.Now,
	}
}

func (k *keep) count() int { k.mu.Lock(); defer k.mu.Unlock(); return len(k.stored) }

func (k *keep) refusals(reason string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.refused[reason]
}

func (k *keep) has(body string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, b := range k.stored {
		if b == body {
			return true
		}
	}
	return false
}

// eventually waits for a condition, for a long time: the machine may be busy.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// listen runs a listener until stop is called or the test ends; it returns the addresses.
func listen(t *testing.T, k *keep, settings ingest.Settings, change func(*syslog.Options)) (at []string, stop func(), pulse *ingest.Pulse) {
	t.Helper()
	pulse = ingest.NewPulse("syslog:test", ingest.DoorSyslog, time.Now)
	opts := syslog.Options{
		Sender: ingest.Sender{Source: "syslog:test", Settings: settings}, Intake: k.intake(),
		Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Pulse: pulse,
	}
	if change != nil {
		change(&opts)
	}
	l, err := syslog.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { l.Run(ctx); close(done) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	for _, setting := range settings.Listen {
		eventually(t, setting+" is open", func() bool { return l.Bound(setting) != "" })
		at = append(at, l.Bound(setting))
	}
	return at, stop, pulse
}

func dial(t *testing.T, network, at string) net.Conn {
	t.Helper()
	conn, err := net.Dial(network, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestListener_TakesWhatComes(t *testing.T) {
	k := newKeep()
	files := certificates(t)
	at, stop, pulse := listen(t, k, ingest.Settings{
		Listen: []string{"udp://127.0.0.1:0", "tcp://127.0.0.1:0", "tls://127.0.0.1:0"},
		TLS:    ingest.TLS{Certificate: files + "/server.pem", Key: files + "/server.key", Clients: files + "/ca.pem"},
	}, nil)
	fmt.Fprint(dial(t, "udp", at[0]), "<13>over udp\n")
	fmt.Fprint(dial(t, "tcp", at[1]), "<13>one\n7 <13>two<13>one\n<13>no end")
	secured := tls.Client(dial(t, "tcp", at[2]), clientTLS(t, files, true))
	fmt.Fprint(secured, "12 <13>over tls\n")
	eventually(t, "five messages", func() bool { return k.count() >= 5 })
	if h := pulse.Health(); h.State != ingest.StateConnected || h.Connections != 2 || h.Received != 5 || h.LastReceived.IsZero() {
		t.Errorf("health: %+v", h)
	}
	// A client without a certificate is not let in.
	stranger := tls.Client(dial(t, "tcp", at[2]), clientTLS(t, files, false))
	_, _ = stranger.Write([]byte("12 <13>not me!!\n"))
	eventually(t, "the stranger is counted", func() bool { return k.refusals("TLS handshake failed") == 1 })
	stop()
	for _, body := range []string{"<13>over udp", "<13>one", "<13>two", "<13>no end", "<13>over tls"} {
		if !k.has(body) {
			t.Errorf("%s is missing; there are %v", body, k.stored)
		}
	}
	if k.count() != 6 || k.has("<13>not me!!") {
		t.Errorf("%d messages: %v", k.count(), k.stored)
	}
	if h := pulse.Health(); h.State != ingest.StateStopped || h.Connections != 0 {
		t.Errorf("health after the end: %+v", h)
	}
}

func TestListener_HoldsBackTCP(t *testing.T) {
	k := newKeep()
	gate := make(chan struct{})
	k.fail = func() error { <-gate; return nil }
	at, stop, pulse := listen(t, k, ingest.Settings{Listen: []string{"tcp://127.0.0.1:0"}}, nil)
	conn := dial(t, "tcp", at[0])
	const messages = 60_000
	line := "<13>" + strings.Repeat("x", 1000) + "\n"
	sent := make(chan error, 1)
	go func() {
		for range messages {
			if _, err := conn.Write([]byte(line)); err != nil {
				sent <- err
				return
			}
		}
		sent <- conn.Close()
	}()
	last := int64(-1)
	eventually(t, "reading stands still", func() bool {
		time.Sleep(300 * time.Millisecond)
		now := pulse.Health().Received
		still := now == last && now > 0
		last = now
		return still
	})
	if last*1200 > 40<<20 {
		t.Errorf("%d messages were read while nothing could be committed", last)
	}
	close(gate)
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	eventually(t, "all are stored", func() bool { return k.count() == messages })
	stop()
}

func TestListener_TriesUntilItIsStored(t *testing.T) {
	k := newKeep()
	var mu sync.Mutex
	tries := 0
	k.fail = func() error {
		mu.Lock()
		defer mu.Unlock()
		if tries++; tries == 1 {
			return tocsin.Wrap(&ingest.Full{RetryAfter: time.Millisecond}, tocsin.Unavailable, "No room.")
		} else if tries == 2 {
			return errors.New("disk is full")
		}
		return nil
	}
	at, stop, pulse := listen(t, k, ingest.Settings{Listen: []string{"tcp://127.0.0.1:0"}}, nil)
	fmt.Fprint(dial(t, "tcp", at[0]), "<13>a\n<13>b\n")
	eventually(t, "both are stored", func() bool { return k.count() == 2 })
	if h := pulse.Health(); h.LastError != "disk is full" {
		t.Errorf("health: %+v", h)
	}
	stop()
}

func TestListener_CommitsWhatWasReadBeforeItEnds(t *testing.T) {
	k := newKeep()
	gate := make(chan struct{})
	k.fail = func() error { <-gate; return nil }
	at, stop, pulse := listen(t, k, ingest.Settings{Listen: []string{"tcp://127.0.0.1:0"}}, nil)
	fmt.Fprint(dial(t, "tcp", at[0]), strings.Repeat("<13>a\n", 100)+"<13>half")
	eventually(t, "it was read", func() bool { return pulse.Health().Received == 100 })
	time.AfterFunc(50*time.Millisecond, func() { close(gate) })
	stop()
	if k.count() != 101 || k.refusals("connection ended within a message, kept as far as it came") != 1 {
		t.Errorf("%d messages, refused %v", k.count(), k.refused)
	}
	// What cannot be stored in time is counted.
	k = newKeep()
	k.fail = func() error { return errors.New("no store") }
	at, stop, pulse = listen(t, k, ingest.Settings{Listen: []string{"tcp://127.0.0.1:0"}}, func(o *syslog.Options) { o.Grace = 50 * time.Millisecond })
	fmt.Fprint(dial(t, "tcp", at[0]), "<13>a\n<13>b\n")
	eventually(t, "it was read", func() bool { return pulse.Health().Received == 2 })
	stop()
	if n := k.refusals("read and not stored before the end"); n != 2 {
		t.Errorf("%d lost are counted: %v", n, k.refused)
	}
}

func TestListener_IsPatientOnlyBetweenMessages(t *testing.T) {
	k := newKeep()
	at, stop, _ := listen(t, k, ingest.Settings{Listen: []string{"tcp://127.0.0.1:0"}, Limits: ingest.Limits{Connections: 2, RecordBytes: 100}},
		func(o *syslog.Options) { o.Frame = 50 * time.Millisecond })
	slow, idle := dial(t, "tcp", at[0]), dial(t, "tcp", at[0])
	fmt.Fprint(slow, "<13>very sl")
	fmt.Fprint(idle, "<13>hello\n")
	eventually(t, "the slow one is closed", func() bool { return k.refusals("connection too slow within a message, closed") == 1 })
	fmt.Fprint(idle, "<13>still here\n<13>"+strings.Repeat("x", 10<<20)+"\n<13>after\n")
	eventually(t, "the others are stored", func() bool { return k.has("<13>still here") && k.has("<13>after") && k.has("<13>very sl") })
	if n := k.refusals("message longer than the limit, cut to it"); n != 1 {
		t.Errorf("%d cut: %v", n, k.refused)
	}
	fmt.Fprint(dial(t, "tcp", at[0]), "<13>second\n")
	eventually(t, "two are open", func() bool { return k.has("<13>second") })
	third := dial(t, "tcp", at[0])
	if _, err := third.Read(make([]byte, 1)); err == nil {
		t.Error("a third connection was let in")
	}
	if k.refusals("too many connections") != 1 {
		t.Errorf("refused: %v", k.refused)
	}
	stop()
}

func TestListener_JoinsAudit(t *testing.T) {
	k := newKeep()
	at, stop, _ := listen(t, k, ingest.Settings{Listen: []string{"tcp://127.0.0.1:0"}}, nil)
	fmt.Fprint(dial(t, "tcp", at[0]), "<13>h a: type=SYSCALL msg=audit(1.1:7): x\n<13>h a: type=EXECVE msg=audit(1.1:7): y\n<13>h a: type=SYSCALL msg=audit(1.1:8): z\n")
	eventually(t, "two records", func() bool { return k.count() == 2 })
	stop()
	if !k.has("<13>h a: type=SYSCALL msg=audit(1.1:7): x\ntype=EXECVE msg=audit(1.1:7): y") {
		t.Errorf("%v", k.stored)
	}
}

func TestListener_CountsWhatTheSocketDrops(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux counts what a socket drops")
	}
	k := newKeep()
	gate := make(chan struct{})
	open := sync.OnceFunc(func() { close(gate) })
	k.fail = func() error { <-gate; return nil }
	at, stop, _ := listen(t, k, ingest.Settings{Listen: []string{"udp://127.0.0.1:0"}}, nil)
	t.Cleanup(open) // before the listener is stopped, which waits for it
	conn := dial(t, "udp", at[0])
	line := []byte("<13>" + strings.Repeat("x", 1000))
	sent := 0
	eventually(t, "the socket drops, and it is counted", func() bool {
		for range 1000 {
			if _, err := conn.Write(line); err != nil {
				t.Fatal(err)
			}
			sent++
		}
		return k.refusals("dropped by the socket") > 0
	})
	open()
	eventually(t, "sent = stored + dropped", func() bool { return k.count()+k.refusals("dropped by the socket") == sent })
	stop()
}

func TestNew_SaysWhatIsWrong(t *testing.T) {
	for want, s := range map[string]ingest.Settings{
		"needs listen":              {},
		`"514" is no address`:       {Listen: []string{"514"}},
		`"http://x" is no address`:  {Listen: []string{"http://x"}},
		"needs tls.certificate":     {Listen: []string{"tls://127.0.0.1:0"}},
		"cannot be used":            {Listen: []string{"tls://127.0.0.1:0"}, TLS: ingest.TLS{Certificate: "nowhere", Key: "nowhere"}},
		"limits.recordBytes is 999": {Listen: []string{"udp://"}, Limits: ingest.Limits{RecordBytes: 999999999}},
	} {
		_, err := syslog.New(syslog.Options{Sender: ingest.Sender{Settings: s}, Random: rand.Reader})
		if kind, text := tocsin.Explain(err); kind != tocsin.Invalid || !strings.Contains(text, want) {
			t.Errorf("%+v: %v; want %q", s, err, want)
		}
	}
}

// certificates writes an authority, and certificates of it for both sides.
func certificates(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	write := func(name, kind string, der []byte, err error) {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	caKey := key()
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	write("ca.pem", "CERTIFICATE", der, err)
	for i, name := range []string{"server", "client"} {
		own := key()
		cert := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 2)), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
		der, err := x509.CreateCertificate(rand.Reader, cert, ca, &own.PublicKey, caKey)
		write(name+".pem", "CERTIFICATE", der, err)
		der, err = x509.MarshalECPrivateKey(own)
		write(name+".key", "EC PRIVATE KEY", der, err)
	}
	return dir
}

func clientTLS(t *testing.T, dir string, own bool) *tls.Config {
	t.Helper()
	text, err := os.ReadFile(dir + "/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(bytes.TrimSpace(text))
	config := &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}
	if own {
		pair, err := tls.LoadX509KeyPair(dir+"/client.pem", dir+"/client.key")
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}
