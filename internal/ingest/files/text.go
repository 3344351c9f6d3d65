package files

import (
	"bytes"
	"regexp"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// A Piece is a record that lines gave. A JSON line is a row if the file has a table.
type Piece struct {
	Format tocsin.Format
	Table  string
	At     string // the position of its first line
	Body   []byte
}

// Lines makes records of the lines of one file, given in their order.
type Lines interface {
	// Line takes a line that is not empty, without its end. at is its position.
	Line(at string, line []byte, emit func(Piece))
	// End hands on what was waiting for more lines.
	End(emit func(Piece))
	// Holds returns the position of the first line that is waiting for more;
	// empty when none is.
	Holds() string
	// Headless says that lines mean nothing yet: the header that goes before them
	// was not read.
	Headless() bool
}

// NewText makes the reader of text logs: one record per line, but for records of
// one event of the Linux audit system, which are joined. table takes lines that
// nothing recognises; it may be empty. name is the file's, see zeekPath.
func NewText(table, name string) Lines {
	return &text{table: table, zeek: zeekPath(name)}
}

// text is a reader of text logs. Consecutive audit records of one event wait in
// group until another line comes.
type text struct {
	table string
	zeek  string // the log that JSON lines are of, if they are Zeek's
	key   string
	group Piece
	lines int
}

const maxGroup = 500 // lines of one audit event

func (t *text) Line(at string, line []byte, emit func(Piece)) {
	key := ingest.AuditKey(line)
	if key != nil && string(key) == t.key && t.lines < maxGroup {
		if record := ingest.AuditRecord(line); len(t.group.Body)+1+len(record) <= tocsin.MaxRawBytes {
			t.group.Body = append(append(t.group.Body, '\n'), record...)
			t.lines++
			return
		}
	}
	t.End(emit)
	p := t.piece(at, line)
	if key == nil {
		emit(p)
		return
	}
	t.key, t.group, t.lines = string(key), p, 1
}

func (t *text) End(emit func(Piece)) {
	if t.key != "" {
		emit(t.group)
	}
	t.key, t.group = "", Piece{}
}

func (t *text) Holds() string { return t.group.At }

func (t *text) Headless() bool { return false }

// piece says what a line is.
func (t *text) piece(at string, line []byte) Piece {
	trimmed := bytes.TrimLeft(line, " \t")
	switch {
	case len(trimmed) > 0 && trimmed[0] == '{' && bytes.HasSuffix(bytes.TrimRight(trimmed, " \t"), []byte("}")):
		if t.table == "" && t.zeek != "" {
			line = withZeekPath(line, t.zeek)
		}
		return Piece{Format: tocsin.FormatJSONLine, At: at, Body: line}
	case t.table == "" && looksLikeSyslog(line):
		return Piece{Format: tocsin.FormatSyslog, At: at, Body: line}
	case t.table == "":
		return Piece{Format: tocsin.FormatLine, At: at, Body: line}
	}
	format := tocsin.FormatLine
	if looksLikeSyslog(line) {
		format = tocsin.FormatSyslog
	}
	envelope := ingest.Envelope{Format: format, Table: t.table, Text: string(line)}
	return Piece{Format: tocsin.FormatEnvelope, Table: t.table, At: at, Body: envelope.Append(nil)}
}

// syslogLine is a line with a header of syslog: a priority, or what daemons write
// into files, which is the header without it (RFC 3164 §4.1.2, and with the time
// of RFC 3339 as rsyslog and systemd write it): time, host, program with a colon.
var syslogLine = regexp.MustCompile(`^(<\d{1,3}>|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ [^ :]+:|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^ ]{0,16} \S+ [^ :\[=]+(\[\d+\])?:)`)

func looksLikeSyslog(line []byte) bool {
	return len(line) > 3 && (line[0] == '<' || line[0] >= 'A' && line[0] <= 'Z' || line[0] >= '0' && line[0] <= '9') && syslogLine.Match(line[:min(len(line), 200)])
}
