package syslog

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/tocsin-soc/tocsin"
)

const (
	maxDatagram   = 64 << 10
	blockBytes    = 512 << 10 // datagrams are read one behind the other into blocks
	receiveBuffer = 32 << 20  // asked for; the kernel gives what it allows
	dropEvery     = time.Second
	drainTime     = 100 * time.Millisecond
)

// serveUDP reads datagrams until ctx ends. While there is no room it does not
// read: what then overflows, the kernel counts.
func (l *Listener) serveUDP(ctx, hard context.Context, a address) error {
	config := net.ListenConfig{}
	packets, err := config.ListenPacket(ctx, "udp", a.host)
	if err != nil {
		return err
	}
	conn := packets.(*net.UDPConn) // what "udp" gives
	defer conn.Close()
	size := enlarge(conn, receiveBuffer)
	drops := newDropCount(conn)
	defer func() { l.countDrops(drops) }()
	more := ""
	if size > 0 {
		more = fmt.Sprintf("; receive buffer %d KiB", size>>10)
	}
	defer l.opened(a, conn.LocalAddr(), more)()
	ended := make(chan struct{})
	defer func() { <-ended }()
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer close(ended)
		l.watchDrops(watching, conn, drops)
	}()
	return l.readDatagrams(hard, conn)
}

// readDatagrams reads until the connection's deadline, which comes with the end.
func (l *Listener) readDatagrams(hard context.Context, conn *net.UDPConn) error {
	stream, n := l.streams.Add(1), int64(0)
	var block []byte
	var last netip.Addr
	address := ""
	for {
		if cap(block)-len(block) < maxDatagram {
			block = make([]byte, 0, blockBytes)
		}
		space := block[len(block):min(cap(block), len(block)+maxDatagram)]
		got, from, err := conn.ReadFromUDPAddrPort(space)
		if err != nil {
			return err
		}
		body := space[:got:got]
		block = block[:len(block)+got]
		if body = trimEnd(body); len(body) == 0 {
			continue
		}
		if limit := l.opts.Sender.Limits.RecordBytes; len(body) > limit {
			l.refused(string(tooLong), 1)
			body = body[:limit:limit]
		}
		n++
		if from.Addr() != last {
			last, address = from.Addr(), from.Addr().Unmap().WithZone("").String()
		}
		l.collect.add(hard, []tocsin.Raw{l.raw(body, address, stream, n)}, sender(from))
	}
}

// sender tells the streams of a socket apart. Streams of connections are
// positive, these are negative.
func sender(from netip.AddrPort) int64 {
	ip := from.Addr().As16()
	low, high := binary.BigEndian.Uint64(ip[8:]), binary.BigEndian.Uint64(ip[:8])
	mixed := (low ^ high*0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
	return -1 - int64((mixed^uint64(from.Port()))>>1)
}

// watchDrops reports what the kernel dropped, and ends the reading with ctx.
func (l *Listener) watchDrops(ctx context.Context, conn *net.UDPConn, drops *dropCount) {
	clock := time.NewTicker(dropEvery)
	defer clock.Stop()
	for {
		select {
		case <-ctx.Done():
			// What the socket holds is still read.
			_ = conn.SetReadDeadline(l.opts.Intake.Now().Add(drainTime)) // a closed one needs none
			return
		case <-clock.C:
			l.countDrops(drops)
		}
	}
}

func (l *Listener) countDrops(drops *dropCount) {
	if n := drops.since(); n > 0 {
		l.refused("dropped by the socket", n)
		l.opts.Log.Warn("UDP syslog messages were dropped by the kernel: more came than could be stored", "messages", n)
	}
}
