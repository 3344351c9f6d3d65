package syslog

import (
	"bufio"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// soReceiveForce is SO_RCVBUFFORCE (socket(7)): like SO_RCVBUF without the
// ceiling net.core.rmem_max, for those who may administer the network.
const soReceiveForce = 33

// enlarge asks for a receive buffer and returns what it got, 0 if unknown. The
// kernel doubles what is asked, for its own bookkeeping.
func enlarge(conn *net.UDPConn, size int) (got int) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { // an error means that the buffer is as it was
		if syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, soReceiveForce, size) != nil {
			_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, size)
		}
		if n, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF); err == nil {
			got = n / 2
		}
	})
	return got
}

// A dropCount follows the number of datagrams that a socket had no room for.
// The kernel shows it in the last column of /proc/net/udp and udp6, by the
// socket's inode (proc(5)).
type dropCount struct {
	mu    sync.Mutex
	inode string
	seen  uint64
}

func newDropCount(conn *net.UDPConn) *dropCount {
	d := &dropCount{}
	raw, err := conn.SyscallConn()
	if err != nil {
		return d
	}
	_ = raw.Control(func(fd uintptr) { // without an inode nothing is counted
		var stat syscall.Stat_t
		if syscall.Fstat(int(fd), &stat) == nil {
			d.inode = strconv.FormatUint(stat.Ino, 10)
		}
	})
	return d
}

// since returns how many were dropped since it was last asked.
func (d *dropCount) since() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inode == "" {
		return 0
	}
	for _, table := range []string{"/proc/self/net/udp", "/proc/self/net/udp6"} {
		if total, ok := dropsOf(table, d.inode); ok && total > d.seen {
			n := total - d.seen
			d.seen = total
			return int(n)
		}
	}
	return 0
}

// dropsOf reads the drops of one socket from a table of /proc. Its columns:
// sl local rem st queues tr retrnsmt uid timeout inode ref pointer drops.
func dropsOf(table, inode string) (uint64, bool) {
	f, err := os.Open(table)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		columns := strings.Fields(lines.Text())
		if len(columns) < 13 || columns[9] != inode {
			continue
		}
		n, err := strconv.ParseUint(columns[12], 10, 64)
		return n, err == nil
	}
	return 0, false
}
