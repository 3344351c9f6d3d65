package ingest

import (
	"bytes"

	"github.com/tocsin-soc/tocsin"
)

// AuditKey returns what the records of one event of the Linux audit system have
// in common, "1700000000.123:456" of msg=audit(1700000000.123:456), or nothing
// for a line of anything else. The kernel writes one event as several lines
// (SYSCALL, EXECVE, PATH, PROCTITLE …), which say something only together.
func AuditKey(line []byte) []byte {
	const before = "audit("
	at := bytes.Index(line, []byte(before))
	if at < 0 {
		return nil
	}
	rest := line[at+len(before):]
	end := bytes.IndexByte(rest[:min(len(rest), 64)], ')')
	if end < 0 {
		return nil
	}
	key := rest[:end]
	colon := bytes.IndexByte(key, ':')
	if colon <= 0 || colon == len(key)-1 {
		return nil
	}
	for i, b := range key {
		if (b < '0' || b > '9') && b != '.' && i != colon {
			return nil
		}
	}
	return key
}

// AuditRecord returns the part of a line that is the audit record: from node=
// or type= on, without the header of syslog before it.
func AuditRecord(line []byte) []byte {
	at := bytes.Index(line, []byte("audit("))
	if at < 0 {
		return line
	}
	head := line[:at]
	for _, word := range []string{"node=", "type="} {
		if i := bytes.LastIndex(head, []byte(word)); i >= 0 && (i == 0 || head[i-1] == ' ') {
			return line[i:]
		}
	}
	return line
}

// JoinAudit joins records of one audit event into one raw record, by newline:
// those of raws that come from one stream and have the same key, also when
// others stand between them. stream tells the streams apart. The first line
// keeps the header it came with, the others lose theirs; position and time are
// those of the first. The order of what is left is that of first lines.
//
// An event whose lines came in two batches becomes two records.
func JoinAudit(raws []tocsin.Raw, stream func(i int) int64) []tocsin.Raw {
	type group struct {
		stream int64
		key    string
	}
	type place struct {
		at    int  // in kept
		owned bool // its body is a buffer of ours, which may grow
	}
	var first map[group]place
	kept := raws[:0]
	for i := range raws {
		raw := raws[i]
		key := AuditKey(raw.Body)
		if key == nil {
			kept = append(kept, raw)
			continue
		}
		g := group{stream(i), string(key)}
		p, seen := first[g]
		if record := AuditRecord(raw.Body); seen && len(kept[p.at].Body)+1+len(record) <= tocsin.MaxRawBytes {
			body := kept[p.at].Body
			if !p.owned {
				body = body[:len(body):len(body)]
				first[g] = place{p.at, true}
			}
			kept[p.at].Body = append(append(body, '\n'), record...)
			continue
		}
		if first == nil {
			first = map[group]place{}
		}
		first[g] = place{at: len(kept)}
		kept = append(kept, raw)
	}
	return kept
}
