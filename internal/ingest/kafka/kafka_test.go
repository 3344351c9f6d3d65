package kafka

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// A keep stands for the store: what is fed, once per position.
type keep struct {
	mu      sync.Mutex
	stored  map[string]string
	refused map[string]int
	fail    func(n int) error // asked before each commit, with how many are stored
}

func newKeep() *keep { return &keep{stored: map[string]string{}, refused: map[string]int{}} }

func (k *keep) intake() ingest.Intake {
	return ingest.Intake{
		Feed: func(ctx context.Context, raws iter.Seq2[tocsin.Raw, error]) (r ingest.Receipt, err error) {
			if k.fail != nil {
				if err := k.fail(k.count()); err != nil {
					return r, err
				}
			}
			k.mu.Lock()
			defer k.mu.Unlock()
			for raw := range raws {
				k.stored[raw.Position] = string(raw.Body)
			}
			return r, nil
		},
		Refused: func(_, reason string, n int) { k.refused[reason] += n },
		Now:     time.Now,
	}
}

func (k *keep) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.stored)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(90 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestValue(t *testing.T) {
	k := newKeep()
	for _, c := range []struct{ topic, value, want string }{
		{"t", `{"a":1}`, `json-line  t/2/7:1 {"a":1}`},
		{"t", "[{\"a\":1},{\"b\":2}]", `json-line  t/2/7:1 {"a":1}|json-line  t/2/7:2 {"b":2}`},
		{"t", "{\"a\":1}\n{\"b\":2}\n", `json-line  t/2/7:1 {"a":1}|json-line  t/2/7:2 {"b":2}`},
		{"t", `{"Records":[{"a":1}]}`, `json-line  t/2/7:1.1 {"a":1}`},
		{"rows", `{"a":1}`, `row SigninLogs t/2/7:1 {"a":1}`},
		{"rows", `a text`, `envelope SigninLogs t/2/7 {"format":"line","table":"SigninLogs","record":"a text"}`},
		{"t", "<13>Nov 22 00:00:00 h p: m\n", `syslog  t/2/7 <13>Nov 22 00:00:00 h p: m`},
		{"t", "CEF:0|a|b|c|d|e|5|", `line  t/2/7 CEF:0|a|b|c|d|e|5|`},
		{"t", "<Event><System/></Event>", `windows  t/2/7 <Event><System/></Event>`},
		{"t", "", ``}, {"t", " \n", ``},
		{"t", "\x1f\x8b\x08", `damaged  t/2/7 the value at t/2/7 cannot be read to its end: The gzip stream is damaged at its beginning.`},
		{"t", strings.Repeat("x", 1001), `damaged  t/2/7 the value has 1001 bytes, at most 1000 are taken. It is still in the topic, at t/2/7`},
	} {
		consumer, err := New(Options{Intake: k.intake(), Sender: ingest.Sender{Settings: ingest.Settings{
			Brokers: []string{"h:1"}, Topics: []string{"t"}, Tables: map[string]string{"rows": "SigninLogs"}, Limits: ingest.Limits{RecordBytes: 1000},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		consumer.value(&kgo.Record{Topic: c.topic, Partition: 2, Offset: 7, Value: []byte(c.value)}, func(raw tocsin.Raw) bool {
			got = append(got, fmt.Sprintf("%s %s %s %s", raw.Format, raw.Table, raw.Position, raw.Body))
			return true
		})
		if text := strings.ReplaceAll(strings.Join(got, "|"), "rows/", "t/"); text != c.want {
			t.Errorf("%.40q:\n got %s\nwant %s", c.value, text, c.want)
		}
	}
}

func TestNew_SaysWhatIsWrong(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\nx"), 0o600); err != nil {
		t.Fatal(err)
	}
	ok := ingest.Settings{Brokers: []string{"h:1"}, Topics: []string{"t"}}
	for want, change := range map[string]func(*ingest.Settings){
		"needs brokers":           func(s *ingest.Settings) { s.Brokers = nil },
		`"h" is no broker`:        func(s *ingest.Settings) { s.Brokers = []string{"h"} },
		"Some brokers":            func(s *ingest.Settings) { s.Brokers = []string{"tls://h:1", "h:2"} },
		"needs user":              func(s *ingest.Settings) { s.SASL.Mechanism = "plain" },
		"cannot be read":          func(s *ingest.Settings) { s.SASL = ingest.SASL{Mechanism: "plain", User: "u", PasswordFile: "nowhere"} },
		"is empty":                func(s *ingest.Settings) { s.SASL = ingest.SASL{Mechanism: "plain", User: "u", PasswordFile: empty} },
		"authorities cannot":      func(s *ingest.Settings) { s.Brokers, s.TLS.Authority = []string{"tls://h:1"}, "nowhere" },
		"certificate nowhere and": func(s *ingest.Settings) { s.Brokers, s.TLS.Certificate = []string{"tls://h:1"}, "nowhere" },
	} {
		s := ok
		change(&s)
		_, err := New(Options{Sender: ingest.Sender{Settings: s}})
		if kind, text := tocsin.Explain(err); kind != tocsin.Invalid || !strings.Contains(text, want) {
			t.Errorf("%+v: %v; want %q", s, err, want)
		}
	}
}

// broker returns the address of the broker that testkafka.sh started, and a topic
// of the test's own.
func broker(t *testing.T) (address, topic string) {
	t.Helper()
	address = os.Getenv("TOCSIN_TEST_KAFKA")
	if address == "" {
		t.Skip("no broker; run make test-kafka")
	}
	return address, fmt.Sprintf("%s-%d", t.Name(), time.Now().UnixNano())
}

// produce writes n records to a topic.
func produce(t *testing.T, address, topic string, from, n int) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.AllowAutoTopicCreation(), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	records := make([]*kgo.Record, n)
	for i := range records {
		records[i] = &kgo.Record{Topic: topic, Value: fmt.Appendf(nil, `{"n":%d}`, from+i)}
	}
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// consume runs a consumer until the returned function is called.
func consume(t *testing.T, k *keep, s ingest.Settings) (stop func(), pulse *ingest.Pulse) {
	t.Helper()
	pulse = ingest.NewPulse("kafka:test", ingest.DoorKafka, time.Now)
	c, err := New(Options{
		Sender: ingest.Sender{Source: "kafka:test", Settings: s}, Intake: k.intake(), Log: slog.New(slog.DiscardHandler), Pulse: pulse, Grace: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { c.Run(ctx); close(done) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop, pulse
}

func TestConsumer_CommitsAfterTheStore(t *testing.T) {
	address, topic := broker(t)
	settings := ingest.Settings{Brokers: []string{address}, Topics: []string{topic}, Group: topic}
	produce(t, address, topic, 0, 3000)
	// A store that refuses: nothing is committed, so all comes to the next one.
	refusing := newKeep()
	asked := make(chan struct{}, 100)
	refusing.fail = func(int) error { asked <- struct{}{}; return errors.New("no store") }
	stop, pulse := consume(t, refusing, settings)
	<-asked
	stop()
	if h := pulse.Health(); h.LastError != "no store" || h.State != ingest.StateStopped || h.Received != 0 {
		t.Errorf("health: %+v", h)
	}
	// One that has no room at first.
	k := newKeep()
	tries := 0
	k.fail = func(int) error {
		if tries++; tries < 3 {
			return tocsin.Wrap(&ingest.Full{RetryAfter: time.Millisecond}, tocsin.Unavailable, "No room.")
		}
		return nil
	}
	stop, pulse = consume(t, k, settings)
	eventually(t, "all are stored", func() bool { return k.count() == 3000 })
	if h := pulse.Health(); h.State != ingest.StateConnected || h.Received < 3000 {
		t.Errorf("health: %+v", h)
	}
	stop()
	// What was committed does not come again; what comes after it does.
	produce(t, address, topic, 3000, 10)
	next := newKeep()
	stop, _ = consume(t, next, settings)
	eventually(t, "the new ones are stored", func() bool { return next.count() >= 10 })
	stop()
	if next.count() != 10 {
		t.Errorf("%d records came to a group that had all but 10", next.count())
	}
}

func TestConsumer_RebalanceLosesNothing(t *testing.T) {
	address, topic := broker(t)
	settings := ingest.Settings{Brokers: []string{address}, Topics: []string{topic}, Group: topic}
	k := newKeep()
	produce(t, address, topic, 0, 1000)
	stopFirst, _ := consume(t, k, settings)
	eventually(t, "the first consumes", func() bool { return k.count() >= 1 })
	stopSecond, _ := consume(t, k, settings)
	for i := range 10 {
		produce(t, address, topic, 1000+i*500, 500)
		if i == 6 {
			stopFirst()
		}
	}
	eventually(t, "all are stored", func() bool { return k.count() == 6000 })
	stopSecond()
	seen := map[string]bool{}
	for _, body := range k.stored {
		seen[body] = true
	}
	if len(seen) != 6000 {
		t.Errorf("%d different records of 6000", len(seen))
	}
}

func TestConsumer_SignsIn(t *testing.T) {
	address, topic := broker(t)
	produce(t, address, topic, 0, 10)
	secured := os.Getenv("TOCSIN_TEST_KAFKA_SASL")
	password := filepath.Join(t.TempDir(), "password")
	write := func(text string) {
		if err := os.WriteFile(password, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, mechanism := range []string{"plain", "scram-sha-256", "scram-sha-512"} {
		write("secret\n")
		s := ingest.Settings{Brokers: []string{secured}, Topics: []string{topic}, Group: topic + mechanism, SASL: ingest.SASL{Mechanism: mechanism, User: "tocsin", PasswordFile: password}}
		k := newKeep()
		stop, _ := consume(t, k, s)
		eventually(t, mechanism+" gives records", func() bool { return k.count() == 10 })
		stop()
		write("wrong\n")
		stop, pulse := consume(t, newKeep(), s)
		eventually(t, mechanism+" says that the password is wrong", func() bool { return pulse.Health().LastError != "" })
		stop()
	}
}

func TestConsumer_SaysThatNobodyAnswers(t *testing.T) {
	stop, pulse := consume(t, newKeep(), ingest.Settings{Brokers: []string{"127.0.0.1:1"}, Topics: []string{"t"}})
	eventually(t, "an error shows", func() bool { h := pulse.Health(); return h.LastError != "" && h.State == ingest.StateWaiting })
	stop()
}

func FuzzValue(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, "[{},", "<13>x", "\x1f\x8b", "text", `{"Records":[{`} {
		f.Add([]byte(seed))
	}
	k := newKeep()
	c, err := New(Options{Intake: k.intake(), Sender: ingest.Sender{Settings: ingest.Settings{Brokers: []string{"h:1"}, Topics: []string{"t"}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		positions := map[string]bool{}
		c.value(&kgo.Record{Topic: "t", Value: in}, func(raw tocsin.Raw) bool {
			if positions[raw.Position] {
				t.Errorf("position %s twice", raw.Position)
			}
			positions[raw.Position] = true
			return len(positions) < 1000
		})
	})
}
