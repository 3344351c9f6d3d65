// Package syslog is the door for syslog: RFC 5424 and RFC 3164 messages over UDP
// (RFC 5426), TCP in both framings (RFC 6587) and TLS (RFC 5425).
//
// It only frames. A record is one message as it was received, header and all;
// package normalize reads it. Records of one event of the Linux audit system that
// come over one connection are joined, see ingest.JoinAudit.
//
// Syslog has no answer, so there is no acknowledgement after the commit. What
// this package promises instead: a TCP connection is read no further than what
// can be committed, so the sender feels it by TCP's window and keeps the rest;
// what was read is committed before Run returns; what the kernel drops of UDP is
// read from the socket's own counter and reported, like every message that was
// cut and every connection that was refused.
//
// Syslog has no identity either: two equal lines in one second are two events.
// So every message gets a position of its own, made of a random part for this
// run, the connection and the number of the message in it. A sender that sends
// a message again after a broken connection stores it twice; to take equal
// lines for one event would lose events, which is worse.
//
// It is tested with framings cut at every byte, lengths that lie, connections
// that dawdle, and against logger, rsyslog and syslog-ng.
package syslog

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// Options of a Listener. All but Pulse and the times are required.
type Options struct {
	Sender ingest.Sender // with Listen, TLS, Table and Limits
	Intake ingest.Intake // Admit is not used
	Random io.Reader
	Log    *slog.Logger
	Pulse  *ingest.Pulse

	Idle  time.Duration // a connection on which nothing comes is closed; 0 means 24 h
	Place time.Duration // one on which nothing came for so long makes place for another when all are taken; 0 means 30 s
	Frame time.Duration // a message that has begun must end; 0 means 1 min
	Grace time.Duration // at the end, for committing what was read; 0 means 10 s
	Retry time.Duration // between attempts to open an address; 0 means 15 s
}

// Defaults of the limits of a source.
const (
	defaultRecordBytes = 64 << 10
	defaultConnections = 1000
)

// A Listener listens at the addresses of one source.
type Listener struct {
	opts      Options
	addresses []address
	tls       *tls.Config
	run       string // what tells this run's positions from others'
	collect   *collector
	streams   atomic.Int64
	listening atomic.Int64

	callers   *callers
	handshake sparing // what is said of handshakes that fail
	endings   sparing // and of connections that break off

	mu    sync.Mutex
	bound map[string]string // address as configured → as opened
}

// New checks the settings and loads the certificates; it opens nothing. The
// error says which setting is wrong and how to write it.
func New(opts Options) (*Listener, error) {
	s := &opts.Sender.Settings
	if s.Limits.RecordBytes <= 0 {
		s.Limits.RecordBytes = defaultRecordBytes
	}
	if s.Limits.RecordBytes > tocsin.MaxRawBytes {
		return nil, tocsin.Errorf(tocsin.Invalid, "limits.recordBytes is %d; at most %d bytes of a record are taken.", s.Limits.RecordBytes, tocsin.MaxRawBytes)
	}
	if s.Limits.Connections <= 0 {
		s.Limits.Connections = defaultConnections
	}
	for _, d := range []struct {
		value *time.Duration
		std   time.Duration
	}{{&opts.Idle, 24 * time.Hour}, {&opts.Place, 30 * time.Second}, {&opts.Frame, time.Minute}, {&opts.Grace, 10 * time.Second}, {&opts.Retry, 15 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.std
		}
	}
	l := &Listener{opts: opts, callers: newCallers(s.Limits.Connections, opts.Place), bound: map[string]string{}}
	if len(s.Listen) == 0 {
		return nil, tocsin.Errorf(tocsin.Invalid, "A syslog source needs listen: with at least one of udp://HOST:PORT, tcp://HOST:PORT, tls://HOST:PORT.")
	}
	for _, text := range s.Listen {
		a, err := parseAddress(text)
		if err != nil {
			return nil, err
		}
		if a.scheme == "tls" && l.tls == nil {
			if l.tls, err = serverTLS(s.TLS); err != nil {
				return nil, err
			}
		}
		l.addresses = append(l.addresses, a)
	}
	var run [8]byte
	if _, err := io.ReadFull(opts.Random, run[:]); err != nil {
		return nil, fmt.Errorf("choosing a name for this run: %w", err)
	}
	l.run = hex.EncodeToString(run[:])
	l.collect = newCollector(opts.Intake, opts.Pulse, opts.Log)
	return l, nil
}

// Run listens until ctx ends, then commits what was read. An address that cannot
// be opened is tried again and again; the others work meanwhile.
func (l *Listener) Run(ctx context.Context) {
	hard, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	collected := make(chan struct{})
	go func() { l.collect.run(hard); close(collected) }()
	var readers sync.WaitGroup
	for _, a := range l.addresses {
		readers.Go(func() { l.keepListening(ctx, hard, a) })
	}
	<-ctx.Done()
	grace := time.AfterFunc(l.opts.Grace, func() { giveUp(); l.collect.room.close() })
	defer grace.Stop()
	l.callers.hangUp()
	readers.Wait()
	close(l.collect.in)
	<-collected
	l.opts.Pulse.Set(ingest.StateStopped, "", nil)
}

// Bound returns the address that was opened for one of the settings, such as
// the port that was chosen for port 0; empty while it is not open.
func (l *Listener) Bound(setting string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bound[setting]
}

// keepListening opens an address and serves it, again if that fails.
func (l *Listener) keepListening(ctx, hard context.Context, a address) {
	for {
		var err error
		if a.scheme == "udp" {
			err = l.serveUDP(ctx, hard, a)
		} else {
			err = l.serveTCP(ctx, hard, a)
		}
		if ctx.Err() != nil {
			return
		}
		err = tocsin.Wrap(err, tocsin.Unavailable, "%s://%s cannot be listened at. Is the port taken, or below 1024 without the right to it?", a.scheme, a.host)
		state := ingest.StateWaiting
		if l.listening.Load() > 0 {
			state = ingest.StateConnected
		}
		l.opts.Pulse.Set(state, "", err)
		l.opts.Log.Error("listening for syslog", "address", a.scheme+"://"+a.host, "error", err)
		timer := time.NewTimer(l.opts.Retry)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// opened notes that an address is open; the returned function notes the end.
func (l *Listener) opened(a address, at net.Addr, more string) (closed func()) {
	l.mu.Lock()
	for _, setting := range l.opts.Sender.Listen {
		if parsed, err := parseAddress(setting); err == nil && parsed == a {
			l.bound[setting] = at.String()
		}
	}
	var all []string
	for setting := range l.bound {
		all = append(all, setting)
	}
	l.mu.Unlock()
	slices.Sort(all)
	l.listening.Add(1)
	l.opts.Pulse.Set(ingest.StateConnected, strings.TrimSpace("listens at "+strings.Join(all, ", ")+more), nil)
	return func() { l.listening.Add(-1) }
}

func (l *Listener) refused(reason string, n int) {
	l.opts.Intake.Refused(ingest.DoorSyslog, reason, n)
}

// raw makes the record of one message from an address: devices that leave their
// name out of it are known by that.
func (l *Listener) raw(body []byte, from string, stream, n int64) tocsin.Raw {
	position := make([]byte, 0, 40)
	position = append(position, l.run...)
	position = appendNumber(append(position, '.'), stream)
	position = appendNumber(append(position, '.'), n)
	return tocsin.Raw{
		Source: l.opts.Sender.Source, Format: tocsin.FormatSyslog, Table: l.opts.Sender.Table,
		Position: string(position), Sender: from, ReceivedAt: l.opts.Intake.Now().UTC(), Body: body,
	}
}

// isOver says whether an error is the orderly end of a connection.
func isOver(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) }
