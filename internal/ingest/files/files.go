// Package files reads the files in which telemetry lies about: Windows event
// logs, JSON of every arrangement, CSV, Parquet, Zeek's and W3C's tables, text
// logs, mail, and archives and compressed forms of them.
//
// It promises that the content decides how a file is read, not its name; that
// every record has the same position whenever and however often the file is
// read; that a broken record costs only itself; and that nothing is passed over
// in silence: an import lists what it did not read. It refuses to understand
// records: that is package normalize's. Memory is bounded by the size of a record
// (tocsin.MaxRawBytes), for Parquet by that of a row group.
//
// It is tested by files in testdata with the records they must give, by the same
// files cut off and disturbed, and by a fuzz target over all formats.
package files

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// A Spec says how the records of a file are to be called.
type Spec struct {
	Source     tocsin.SourceID
	Name       string // of the file; only what does not say its own kind is named after it
	Table      string // table of records that do not say theirs; empty lets each, or the name, decide
	Prefix     string // goes before each position
	ReceivedAt time.Time
	MaxBytes   int64 // once unpacked, archives within it included; 0 means MaxUnpacked of its size
	// IsTable says whether a table of that name is declared; nil knows none.
	IsTable func(name string) bool
	// Doubtful makes plain text that looks like no log unreadable, for files that
	// nobody named.
	Doubtful bool
}

// An Unreadable is the cause of an error about a file that is of no kind this
// package knows. Nothing of it was read.
type Unreadable struct{ Why string }

// Error says why.
func (u *Unreadable) Error() string { return u.Why }

// Read cuts a file into raw records, one at a time. What can be read before an
// error is yielded first; the error once, at the end. A panic of a reader becomes
// an error.
func Read(r io.Reader, spec Spec) iter.Seq2[tocsin.Raw, error] {
	return func(yield func(tocsin.Raw, error) bool) {
		e := &emitter{spec: &spec, yield: yield, allowance: newAllowance(r, &spec)}
		if err := e.file(r, 0); err != nil && !e.stopped {
			yield(tocsin.Raw{}, err)
		}
	}
}

// file reads one file, which may be a member of an archive.
func (e *emitter) file(r io.Reader, depth int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if e.inYield {
				panic(p) // the receiver's own
			}
			err = tocsin.Errorf(tocsin.Invalid, "%s cannot be read: a defect of its reader (%v). What came before was taken.", e.spec.Name, p)
		}
	}()
	in, err := ingest.Expand(r, unbounded, nil)
	if err != nil {
		return err
	}
	defer in.Close()
	head := bufio.NewReaderSize(e.allowance.reader(in), headBytes)
	// An archive's directory and Parquet's stand at the end: they need the file itself.
	var whole randomAccess
	if plain, ok := r.(randomAccess); ok {
		var magic [4]byte
		if _, err := plain.ReadAt(magic[:], 0); err == nil && !isCompressed(magic[:]) {
			whole = plain
		}
	}
	k, why := detect(head, e.spec)
	e.table = e.tableByName()
	return e.read(k, why, head, whole, depth)
}

// unbounded is a limit for what has another.
const unbounded = math.MaxInt64 - 1

// read reads a file of a kind.
func (e *emitter) read(k kind, why string, head *bufio.Reader, whole randomAccess, depth int) error {
	switch k {
	case kindEvtx:
		return e.evtx(head)
	case kindParquet:
		return e.parquet(head, whole)
	case kindZip:
		return e.zip(head, whole, depth)
	case kindTar:
		return e.tar(head, depth)
	case kindJSON:
		return e.json(head)
	case kindCSV:
		return e.csv(head)
	case kindZeek:
		return e.lines(head, newZeek())
	case kindW3C:
		return e.lines(head, newW3C())
	case kindMbox:
		return e.mbox(head)
	case kindMail:
		return e.mail(head)
	case kindXML:
		return e.xml(head)
	case kindText:
		return e.lines(head, NewText(e.table, e.spec.Name))
	case kindEmpty:
		return nil
	case kindUnknown:
		return tocsin.Wrap(&Unreadable{why}, tocsin.Invalid, "%s is not read: %s.", e.spec.Name, why)
	default:
		panic(fmt.Sprintf("files: kind %d has no reader", k))
	}
}

// An emitter hands on the records of a file.
type emitter struct {
	spec    *Spec
	yield   func(tocsin.Raw, error) bool
	table   string // of rows
	stopped bool   // the receiver wants no more
	inYield bool

	allowance *allowance
}

// emit hands on one record; of one that is too long, a byte more than it may have.
func (e *emitter) emit(format tocsin.Format, table, position string, body []byte) {
	if e.stopped {
		return
	}
	if e.spec.Prefix != "" {
		position = e.spec.Prefix + ":" + position
	}
	e.raw(tocsin.Raw{Source: e.spec.Source, Format: format, Table: table, Position: position, ReceivedAt: e.spec.ReceivedAt, Body: body[:min(len(body), tocsin.MaxRawBytes+1)]})
}

func (e *emitter) raw(raw tocsin.Raw) {
	e.inYield = true
	e.stopped = !e.yield(raw, nil)
	e.inYield = false
}

// object hands on a JSON object: a row of the file's table, if it has one.
func (e *emitter) object(position string, body []byte) {
	if e.table != "" {
		e.emit(tocsin.FormatRow, e.table, position, body)
		return
	}
	e.emit(tocsin.FormatJSONLine, "", position, body)
}

// damaged hands on what could not be read, with the reason.
func (e *emitter) damaged(position, format string, args ...any) {
	e.emit(tocsin.FormatDamaged, "", position, fmt.Appendf(nil, format, args...))
}

// tableByName returns the table whose rows a file holds: the one that was asked
// for, or the one the file is named after (SigninLogs.json,
// SigninLogs-2026-11-21.jsonl.gz).
func (e *emitter) tableByName() string {
	if e.spec.Table != "" || e.spec.IsTable == nil {
		return e.spec.Table
	}
	name := filepath.Base(e.spec.Name)
	if end := strings.IndexAny(name, ".-"); end > 0 {
		name = name[:end]
	}
	if e.spec.IsTable(name) {
		return name
	}
	return ""
}

// json cuts JSON as the doors do. Zeek's JSON does not say which log a record is
// of unless its file does.
func (e *emitter) json(head *bufio.Reader) error {
	spec := ingest.Spec{
		Source: e.spec.Source, Prefix: e.spec.Prefix, ReceivedAt: e.spec.ReceivedAt, MaxBytes: unbounded,
		Format: tocsin.FormatJSONLine,
	}
	if e.table != "" {
		spec.Format, spec.Table = tocsin.FormatRow, e.table
	}
	path := zeekPath(e.spec.Name)
	for raw, err := range ingest.Read(head, spec) {
		if err != nil {
			return err
		}
		if path != "" && e.table == "" {
			raw.Body = withZeekPath(raw.Body, path)
		}
		if e.raw(raw); e.stopped {
			return nil
		}
	}
	return nil
}

// lines reads a file line by line.
func (e *emitter) lines(head *bufio.Reader, of Lines) error {
	in := bufio.NewReaderSize(ingest.DecodeUnicode(head), headBytes)
	emit := func(p Piece) {
		if p.Format == tocsin.FormatJSONLine {
			e.object(p.At, p.Body)
		} else {
			e.emit(p.Format, p.Table, p.At, p.Body)
		}
	}
	for n := int64(1); !e.stopped; n++ {
		line, err := readLine(in)
		if len(line) > 0 {
			of.Line(strconv.FormatInt(n, 10), line, emit)
		}
		if err == io.EOF {
			of.End(emit)
			return nil
		}
		if err != nil {
			of.End(emit)
			return err
		}
	}
	return nil
}

// readLine reads a line without its end; of one that is too long it keeps one
// byte more than a record may have, by which it is recognised.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if room := tocsin.MaxRawBytes + 1 - len(line); room > 0 {
			line = append(line, part[:min(len(part), room)]...)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
			line = line[:len(line)-1]
		}
		return line, err
	}
}
