// Package kafka is the door for Apache Kafka: a member of a consumer group that
// takes the records of topics.
//
// It promises that an offset is committed only after what stands before it is
// stored, so that nothing is lost when this process, a broker or a rebalance
// comes in between; and that what is delivered again is stored once: the position
// of a record is its topic, partition and offset, for ever. While there is no
// room, it does not poll. It refuses to create topics or to write.
//
// A value is JSON (one object, an array, or lines), a syslog message, or text; a
// value in gzip or zstd of its own is read too. Rows of a table, where the sources
// file says so, are JSON.
//
// It is tested against a real broker (make test-kafka): redelivery, rebalance,
// a store that refuses; and by tables of values without one.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// Options of a Consumer. All but Pulse and Grace are required.
type Options struct {
	Sender ingest.Sender // with Brokers, Topics, Group, SASL, TLS, Table, Tables and Limits
	Intake ingest.Intake // Admit is not used
	Log    *slog.Logger
	Pulse  *ingest.Pulse
	Grace  time.Duration // at the end, for what was polled; 0 means 10 s
}

const (
	defaultGroup = "tocsin"
	pollRecords  = 10_000  // handed on, and committed, together
	fetchBytes   = 8 << 20 // of one answer of a broker
	fetchWait    = 500 * time.Millisecond
	firstPause   = time.Second
	longestPause = 30 * time.Second
)

// A Consumer consumes the topics of one source.
type Consumer struct {
	opts    Options
	options []kgo.Opt
	warned  errorOnce
}

// New checks the settings and reads the files they name; it connects to
// nothing. The error says which setting is wrong and how to write it.
func New(opts Options) (*Consumer, error) {
	s := &opts.Sender.Settings
	if len(s.Brokers) == 0 || len(s.Topics) == 0 {
		return nil, tocsin.Errorf(tocsin.Invalid, "A kafka source needs brokers: with HOST:PORT of some brokers, and topics:.")
	}
	if s.Limits.RecordBytes > tocsin.MaxRawBytes {
		return nil, tocsin.Errorf(tocsin.Invalid, "limits.recordBytes is %d; at most %d bytes of a record are taken.", s.Limits.RecordBytes, tocsin.MaxRawBytes)
	}
	if s.Limits.RecordBytes <= 0 {
		s.Limits.RecordBytes = tocsin.MaxRawBytes
	}
	if s.Group == "" {
		s.Group = defaultGroup
	}
	if opts.Grace <= 0 {
		opts.Grace = 10 * time.Second
	}
	c := &Consumer{opts: opts}
	seeds, secured, err := brokers(s.Brokers)
	if err != nil {
		return nil, err
	}
	c.options = []kgo.Opt{
		kgo.SeedBrokers(seeds...), kgo.ConsumerGroup(s.Group), kgo.ConsumeTopics(s.Topics...), kgo.ClientID("tocsin"),
		kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(), kgo.RebalanceTimeout(time.Minute), kgo.SessionTimeout(15 * time.Second), // after a crash the next one waits so long
		kgo.FetchMaxBytes(fetchBytes), kgo.FetchMaxPartitionBytes(fetchBytes / 4), kgo.BrokerMaxReadBytes(4 * fetchBytes), kgo.FetchMaxWait(fetchWait),
		// A group that has never committed begins with what the topic still holds.
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.WithHooks(c),
	}
	if secured {
		config, err := clientTLS(s.TLS)
		if err != nil {
			return nil, err
		}
		c.options = append(c.options, kgo.DialTLSConfig(config))
	}
	if s.SASL.Mechanism != "" {
		mechanism, err := signIn(s.SASL)
		if err != nil {
			return nil, err
		}
		c.options = append(c.options, kgo.SASL(mechanism))
	}
	return c, nil
}

// brokers reads the addresses; all of them are to be tls:// or none.
func brokers(list []string) (seeds []string, secured bool, err error) {
	for _, text := range list {
		host, isTLS := strings.CutPrefix(text, "tls://")
		if _, _, err := net.SplitHostPort(host); err != nil || strings.Contains(host, "/") {
			return nil, false, tocsin.Errorf(tocsin.Invalid, "%q is no broker. Write HOST:PORT, or tls://HOST:PORT.", text)
		}
		if len(seeds) > 0 && isTLS != secured {
			return nil, false, tocsin.Errorf(tocsin.Invalid, "Some brokers are written with tls:// and some without. Write all of them in the same way.")
		}
		seeds, secured = append(seeds, host), isTLS
	}
	return seeds, secured, nil
}

// Run consumes until ctx ends; what was polled by then is stored and its offsets
// committed, or comes again the next time.
func (c *Consumer) Run(ctx context.Context) {
	defer c.opts.Pulse.Set(ingest.StateStopped, "", nil)
	client, err := kgo.NewClient(c.options...)
	if err != nil { // the options were made by New
		c.opts.Pulse.Set(ingest.StateFailed, "", err)
		c.opts.Log.Error("opening the Kafka client", "source", c.opts.Sender.Source, "error", err)
		return
	}
	defer client.CloseAllowingRebalance()
	hard, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(c.opts.Grace, giveUp) })
	defer stop()
	for ctx.Err() == nil {
		fetches := client.PollRecords(ctx, pollRecords)
		if fetches.IsClientClosed() {
			return
		}
		c.tell(fetches)
		if !fetches.Empty() && c.store(hard, fetches) {
			c.commit(hard, client, fetches.Records())
		}
		client.AllowRebalance()
	}
}

// tell reports what brokers could not give.
func (c *Consumer) tell(fetches kgo.Fetches) {
	fetches.EachError(func(topic string, partition int32, err error) {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return
		}
		err = fmt.Errorf("topic %q, partition %d: %w", topic, partition, err)
		c.opts.Pulse.Set(ingest.StateWaiting, "", err)
		c.warn(err)
	})
	if !fetches.Empty() {
		c.opts.Pulse.Set(ingest.StateConnected, "topics "+strings.Join(c.opts.Sender.Topics, ", ")+", group "+c.opts.Sender.Group, nil)
	}
}

// store hands the records on until they are stored; false when the end came
// before: they are not committed and come again.
func (c *Consumer) store(ctx context.Context, fetches kgo.Fetches) bool {
	count := 0
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		count = 0
		_, err := c.opts.Intake.Feed(ctx, func(yield func(tocsin.Raw, error) bool) {
			c.each(fetches, func(raw tocsin.Raw) bool { count++; return yield(raw, nil) })
		})
		if err == nil {
			c.opts.Pulse.Took(count)
			return true
		}
		wait := pause
		var full *ingest.Full
		if errors.As(err, &full) {
			wait, pause = full.RetryAfter, firstPause
		} else if ctx.Err() == nil {
			c.opts.Pulse.Set(ingest.StateConnected, "", err)
			c.warn(err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
}

// commit tells the group how far it is. A failure costs only that the records
// come again, and are known then.
func (c *Consumer) commit(ctx context.Context, client *kgo.Client, records []*kgo.Record) {
	if err := client.CommitRecords(ctx, records...); err != nil && ctx.Err() == nil {
		c.opts.Pulse.Set(ingest.StateConnected, "", err)
		c.warn(fmt.Errorf("committing offsets: %w", err))
	}
}

// OnBrokerConnect implements kgo.HookBrokerConnect: the client tries on for ever,
// and only this says that it cannot connect.
func (c *Consumer) OnBrokerConnect(meta kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if err == nil {
		c.opts.Pulse.Set(ingest.StateConnected, "connected to "+net.JoinHostPort(meta.Host, fmt.Sprint(meta.Port)), nil)
		return
	}
	if errors.Is(err, context.Canceled) {
		return
	}
	c.opts.Pulse.Set(ingest.StateWaiting, "", err)
	c.warn(fmt.Errorf("connecting to %s:%d: %w", meta.Host, meta.Port, err))
}

// warn logs an error, but not the same one again and again.
func (c *Consumer) warn(err error) {
	if c.warned.isNew(err) {
		c.opts.Log.Warn("consuming from Kafka; tried again", "source", c.opts.Sender.Source, "error", err)
	}
}

// errorOnce remembers the last few errors by their text.
type errorOnce struct {
	mu   sync.Mutex
	last []string
}

func (e *errorOnce) isNew(err error) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	text := err.Error()
	if slices.Contains(e.last, text) {
		return false
	}
	if len(e.last) >= 8 {
		e.last = e.last[1:]
	}
	e.last = append(e.last, text)
	return true
}
