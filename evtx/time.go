package evtx

import (
	"encoding/binary"
	"time"
)

const (
	ticksPerSecond = 10_000_000
	epochSeconds   = 11_644_473_600 // from 1601-01-01 to 1970-01-01
)

// filetime converts 100 ns ticks since 1601-01-01 UTC.
func filetime(ticks uint64) time.Time {
	return time.Unix(int64(ticks/ticksPerSecond)-epochSeconds, int64(ticks%ticksPerSecond)*100).UTC()
}

// systemTime reads a SYSTEMTIME (milliseconds) as FILETIME ticks.
func systemTime(b []byte) (uint64, bool) {
	if len(b) != 16 {
		return 0, false
	}
	field := func(i int) int { return int(binary.LittleEndian.Uint16(b[2*i:])) }
	year, month, day := field(0), field(1), field(3)
	if year < 1601 || year > 30827 || month < 1 || month > 12 || day < 1 || day > 31 ||
		field(4) > 23 || field(5) > 59 || field(6) > 59 || field(7) > 999 {
		return 0, false
	}
	t := time.Date(year, time.Month(month), day, field(4), field(5), field(6), 0, time.UTC)
	return uint64(t.Unix()+epochSeconds)*ticksPerSecond + uint64(field(7))*10_000, true
}

// appendFiletime appends RFC 3339 in UTC, the fraction cut (never rounded) to
// digits (1–9).
func appendFiletime(dst []byte, ticks uint64, digits int) []byte {
	t := filetime(ticks)
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = appendPadded(dst, year, 4)
	dst = appendPadded(append(dst, '-'), int(month), 2)
	dst = appendPadded(append(dst, '-'), day, 2)
	dst = appendPadded(append(dst, 'T'), hour, 2)
	dst = appendPadded(append(dst, ':'), minute, 2)
	dst = appendPadded(append(dst, ':'), second, 2)
	dst = append(dst, '.')
	from := len(dst)
	dst = appendPadded(dst, t.Nanosecond(), 9)
	return append(dst[:from+digits], 'Z')
}

// appendPadded appends n in at least width digits.
func appendPadded(dst []byte, n, width int) []byte {
	var buf [20]byte
	at := len(buf)
	for n > 0 || len(buf)-at < width {
		at--
		buf[at] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, buf[at:]...)
}
