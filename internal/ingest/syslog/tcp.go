package syslog

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// What a connection hands on at once: less when it has to wait for more.
const (
	chunkRecords = 1000
	chunkBytes   = 64 << 10
)

// handshakeTime bounds the beginning of TLS.
const handshakeTime = 10 * time.Second

// serveTCP accepts connections until ctx ends, and waits for their readers.
func (l *Listener) serveTCP(ctx, hard context.Context, a address) error {
	config := net.ListenConfig{KeepAlive: time.Minute}
	ln, err := config.Listen(ctx, "tcp", a.host)
	if err != nil {
		return err
	}
	defer ln.Close()
	stop := context.AfterFunc(ctx, func() { ln.Close() })
	defer stop()
	defer l.opened(a, ln.Addr(), "")()
	var readers sync.WaitGroup
	defer readers.Wait()
	for {
		conn, err := ln.Accept()
		switch {
		case err == nil:
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return err
		default: // out of file descriptors, say: it passes
			l.opts.Pulse.Set(ingest.StateConnected, "", err)
			l.opts.Log.Error("accepting a syslog connection", "error", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		in, left := l.callers.greet(ctx, conn, l.opts.Intake.Now())
		if in == nil {
			l.refused("too many connections", 1)
			conn.Close()
			continue
		}
		if left != nil {
			l.refused("idle connection closed to make place for another", 1)
		}
		l.opts.Pulse.Connected(1)
		readers.Go(func() {
			defer l.part(in)
			l.serveConn(ctx, hard, in, a.scheme == "tls")
		})
	}
}

func (l *Listener) part(in *caller) {
	in.conn.Close()
	l.callers.part(in)
	l.opts.Pulse.Connected(-1)
}

// serveConn reads one connection to its end.
func (l *Listener) serveConn(ctx, hard context.Context, in *caller, isTLS bool) {
	conn := in.conn
	if isTLS {
		secured := tls.Server(conn, l.tls)
		within, cancel := context.WithTimeout(ctx, handshakeTime)
		err := secured.HandshakeContext(within)
		cancel()
		if err != nil {
			l.refused("TLS handshake failed", 1)
			if unsaid, ok := l.handshake.speak(l.opts.Intake.Now()); ok {
				l.opts.Log.Warn("a syslog client's TLS handshake failed", "client", conn.RemoteAddr(), "error", err, "more", unsaid)
			}
			return
		}
		conn = secured
	}
	stream, n := l.streams.Add(1), int64(0)
	address := ""
	if in.address.IsValid() {
		address = in.address.String()
	}
	var batch []tocsin.Raw
	size := 0
	hand := func() {
		if len(batch) > 0 {
			l.collect.add(hard, batch, stream)
			batch, size = nil, 0
		}
	}
	f := &framer{max: l.opts.Sender.Limits.RecordBytes}
	f.in = bufio.NewReaderSize(&patient{conn: conn, ctx: ctx, opts: &l.opts, framer: f, hand: hand, caller: in, callers: l.callers}, 16<<10)
	for {
		body, flaw, err := f.next()
		if flaw != "" {
			l.refused(string(flaw), 1)
		}
		if len(body) > 0 {
			n++
			batch = append(batch, l.raw(body, address, stream, n))
			size += len(body)
		}
		if err != nil || len(batch) >= chunkRecords || size >= chunkBytes {
			hand()
		}
		if err != nil {
			l.ended(ctx, conn, err, f.inFrame)
			return
		}
	}
}

// ended says why a connection ended, if not by the sender's own will.
func (l *Listener) ended(ctx context.Context, conn net.Conn, err error, inFrame bool) {
	switch {
	case isOver(err) || ctx.Err() != nil:
	case errors.Is(err, os.ErrDeadlineExceeded) && inFrame:
		l.refused("connection too slow within a message, closed", 1)
	case errors.Is(err, os.ErrDeadlineExceeded): // idle
	default:
		if unsaid, ok := l.endings.speak(l.opts.Intake.Now()); ok {
			l.opts.Log.Info("a syslog connection broke off", "client", conn.RemoteAddr(), "error", err, "more", unsaid)
		}
	}
}

// A patient connection waits long between messages and not long within one.
type patient struct {
	conn   net.Conn
	ctx    context.Context //nolint:containedctx // of the listener: reading ends with it
	opts   *Options
	framer *framer
	hand   func()    // hands on what was read, before waiting for more
	frame  int64     // the message that has begun, by its number
	until  time.Time // it has to end by then

	caller  *caller
	callers *callers
	seen    int64     // messages, when this was last between two
	since   time.Time // that; what senders put between messages does not count
	leaving bool      // it makes place for another; what the sender sent until now is still read
}

// Read implements io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	p.hand()
	now := p.opts.Intake.Now()
	deadline, idle := now.Add(p.opts.Idle), time.Time{}
	if p.framer.inFrame {
		if p.frame != p.framer.frames {
			p.frame, p.until = p.framer.frames, now.Add(p.opts.Frame)
		}
		deadline = p.until
	} else {
		if p.since.IsZero() || p.seen != p.framer.frames {
			p.since, p.seen = now, p.framer.frames
		}
		idle = p.since
	}
	if p.leaving {
		deadline = now.Add(drainTime)
	}
	if err := p.conn.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	asked := p.callers.waits(p.caller, idle)       // greet may have come before the deadline was set
	if p.ctx.Err() != nil || asked && !p.leaving { // and so may hangUp
		if err := p.conn.SetReadDeadline(time.Unix(1, 0)); err != nil {
			return 0, err
		}
	}
	n, err := p.conn.Read(b)
	if n > 0 {
		idle = time.Time{}
	}
	if asked = p.callers.waits(p.caller, idle); n == 0 && asked && !p.leaving && p.ctx.Err() == nil && errors.Is(err, os.ErrDeadlineExceeded) {
		p.leaving = true
		return p.Read(b)
	}
	return n, err
}

func appendNumber(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }
