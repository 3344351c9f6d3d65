//go:build !linux

package syslog

import "net"

// enlarge asks for a receive buffer. What it got is not known here.
func enlarge(conn *net.UDPConn, size int) (got int) {
	for ; size >= 64<<10; size /= 2 {
		if conn.SetReadBuffer(size) == nil {
			return 0
		}
	}
	return 0
}

// A dropCount counts nothing here: only Linux tells what a socket dropped.
type dropCount struct{}

func newDropCount(*net.UDPConn) *dropCount { return &dropCount{} }

func (*dropCount) since() int { return 0 }
