package folder

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/ingest/files"
)

const (
	headBytes = 64 << 10 // by which the kind of a file is told
	longest   = 2 * tocsin.MaxRawBytes
)

// A track is what is known of the file at a path.
type track struct {
	path    string
	size    int64
	changed time.Time
	since   time.Time // size and changed are as they are since then, or it was parted with
	settled bool      // there is nothing to do until it changes
	retry   time.Time // after an error
	round   int       // of the last look that saw it

	// Of a file that grows:
	file   *os.File // nil when it is not kept open
	info   fs.FileInfo
	id     string
	gen    int
	offset int64 // of the next byte to be read
	lines  files.Growing
}

func (t *track) close(f *Folder) {
	if t.file != nil {
		_ = t.file.Close() // it was only read
		t.file = nil
		f.open--
	}
}

// visit reads what is new in the file at a path.
func (f *Folder) visit(ctx context.Context, path string, info fs.FileInfo) {
	now := f.opts.Intake.Now()
	signature := fmt.Sprintf("%d:%d", info.Size(), info.ModTime().UnixNano())
	t := f.tracks[path]
	switch {
	case t == nil && f.known(wholeKey(path)) == signature:
		return
	case t != nil && t.info != nil && !os.SameFile(t.info, info):
		f.part(t) // another file has taken its place
		t = nil
	case t != nil && t.size == info.Size() && t.changed.Equal(info.ModTime()):
		if t.round = f.round; t.settled || now.Before(t.retry) {
			return
		}
	case t != nil:
		t.since, t.settled = now, false
		delete(f.refused, path) // what is wrong with it now is to be told
	}
	if t == nil {
		t = &track{path: path, since: now}
		f.tracks[path] = t
	}
	t.size, t.changed, t.round = info.Size(), info.ModTime(), f.round
	switch err := f.read(ctx, t, signature); {
	case err != nil:
		f.problem(path, err)
		t.retry = now.Add(retryAfter)
	default:
		f.accept(path)
	}
	if f.known(wholeKey(path)) == signature {
		t.close(f)
		delete(f.tracks, path) // the memory is enough
	}
}

// retryAfter is when a file that could not be read is tried again.
const retryAfter = time.Minute

// part keeps a file that was rotated away for a while: who writes it may not
// know yet.
func (f *Folder) part(t *track) {
	if t.file == nil || t.id == "" {
		return
	}
	t.since = f.opts.Intake.Now()
	f.parted = append(f.parted, t)
}

// readParted reads on in files that were rotated away, and lets go of them after
// a while.
func (f *Folder) readParted(ctx context.Context) {
	kept := f.parted[:0]
	for _, t := range f.parted {
		info, err := t.file.Stat()
		isOver := f.opts.Intake.Now().Sub(t.since) > f.opts.Linger || err != nil
		if err == nil && info.Size() >= t.offset { // else it was truncated
			if err := f.readOn(ctx, t, t.file, isOver); err != nil {
				f.problem(t.path, err)
			}
		}
		if isOver {
			t.close(f)
		} else {
			kept = append(kept, t)
		}
	}
	f.parted = kept
}

// takeOver lets go of a file that was rotated away and was found under its new
// name.
func (f *Folder) takeOver(id string) {
	for i, t := range f.parted {
		if t.id == id {
			t.close(f)
			f.parted = append(f.parted[:i], f.parted[i+1:]...)
			return
		}
	}
}

// read opens the file and reads it as what it is.
func (f *Folder) read(ctx context.Context, t *track, signature string) error {
	file, err := f.openFile(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	kept := false
	defer func() {
		if !kept {
			_ = file.Close() // it was only read
		}
	}()
	head, packed, err := headOf(file)
	if err != nil {
		return err
	}
	spec := files.Spec{Source: f.opts.Sender.Source, Name: filepath.Base(t.path), Table: f.opts.Sender.Table, IsTable: f.opts.Intake.IsTable, Doubtful: true, ReceivedAt: f.opts.Intake.Now().UTC()}
	growing, grows := files.Grows(head, spec)
	if !grows || packed {
		return f.readSettled(ctx, t, file, head, packed && grows, spec, signature)
	}
	first, ok := firstLine(head, !f.opts.Sender.Follow)
	if !ok {
		return nil // its first line has not ended
	}
	id := identity(t.path, first)
	if id != t.id || t.offset > t.size {
		f.begin(t, id, growing)
		f.siblings(ctx, t)
	}
	if err := f.readOn(ctx, t, file, !f.opts.Sender.Follow); err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && (t.file == nil && f.open < maxOpen || t.file != nil) {
		t.close(f)
		t.file, t.info, kept = file, info, true
		f.open++
	}
	return err
}

// begin starts, or goes on with, a file that grows: where the memory says, or,
// if it is shorter by now, from its beginning as another generation.
func (f *Folder) begin(t *track, id string, growing files.Growing) {
	f.takeOver(id)
	t.id, t.lines = id, growing
	t.gen, t.offset = f.remembered(id)
	if t.offset > t.size {
		t.gen, t.offset = t.gen+1, 0
	}
}

// remembered returns how far a file was read.
func (f *Folder) remembered(id string) (gen int, offset int64) {
	g, o, _ := strings.Cut(f.known(id), ":")
	gen, _ = strconv.Atoi(g)                // nothing is 0
	offset, _ = strconv.ParseInt(o, 10, 64) // nothing is 0
	return gen, max(offset, 0)
}

// readOn reads lines from where the track is to the end of the file. A line that
// has not ended is left, unless the file is final.
func (f *Folder) readOn(ctx context.Context, t *track, file io.ReadSeeker, final bool) error {
	at := t.offset
	if t.lines.Lines.Holds() == "" && at > 0 && t.needsHeader() {
		at = 0 // what the header said is read again
	}
	if _, err := file.Seek(at, io.SeekStart); err != nil {
		return err
	}
	return f.readLines(ctx, t, bufio.NewReaderSize(file, 256<<10), at, final)
}

// needsHeader reports whether the lines are nothing without those before them,
// and these were not read since the start.
func (t *track) needsHeader() bool { return t.lines.Lines.Headless() }

// readLines reads lines from an offset on; those before the track's own offset
// are only heard, not handed on.
func (f *Folder) readLines(ctx context.Context, t *track, in *bufio.Reader, at int64, final bool) error {
	emit := func(p files.Piece) { f.add(ctx, t.lines.Raw(p, f.opts.Sender.Source)) }
	silent := func(files.Piece) {}
	began := at
	for ctx.Err() == nil {
		line, n, ended, err := nextLine(in)
		if err != nil && err != io.EOF {
			return err
		}
		if !ended && (n == 0 || !final && n < longest) {
			break
		}
		hand := emit
		if at < t.offset {
			hand = silent
		}
		if body := bytes.TrimRight(line, "\r\n"); len(body) > 0 {
			t.lines.Lines.Line(t.position(at), body, hand)
		}
		at += n
	}
	if final || at == began {
		t.lines.Lines.End(emit)
	}
	t.offset = max(t.offset, at)
	reached := t.offset
	if held := t.lines.Lines.Holds(); held != "" {
		// What waits for more lines is read again after a crash.
		if o, err := strconv.ParseInt(held[strings.LastIndexByte(held, ':')+1:], 10, 64); err == nil {
			reached = o
		}
	}
	t.settled = t.lines.Lines.Holds() == ""
	if t.offset > 0 {
		f.remember(t.id, strconv.Itoa(t.gen)+":"+strconv.FormatInt(reached, 10))
	}
	return ctx.Err()
}

// position is the identity of the file and an offset in it.
func (t *track) position(offset int64) string {
	id := t.id
	if t.gen > 0 {
		id += "~" + strconv.Itoa(t.gen)
	}
	return id + ":" + strconv.FormatInt(offset, 10)
}

// maxSiblings bounds the files that are looked at after a rotation.
const maxSiblings = 1000

// siblings reads on in what the file at this path was before it was rotated,
// while nobody looked: files beside it whose name goes on after its own and
// whose identity is known.
func (f *Folder) siblings(ctx context.Context, t *track) {
	var matches []string
	for _, sign := range []string{".*", "-*"} {
		found, err := filepath.Glob(escapeGlob(t.path) + sign)
		if err != nil {
			f.problem(t.path, err)
			return
		}
		matches = append(matches, found...)
	}
	if len(matches) > maxSiblings {
		f.problem(t.path, fmt.Errorf("%d files beside it are named like its rotations, at most %d are looked at; give the source a pattern that takes them", len(matches), maxSiblings))
		return
	}
	for _, path := range matches {
		if f.tracks[path] != nil {
			continue // it is read on its own
		}
		if err := f.sibling(ctx, t, path); err != nil {
			f.problem(path, err)
		}
	}
}

func (f *Folder) sibling(ctx context.Context, t *track, path string) error {
	file, err := f.openFile(path)
	if err != nil {
		return err
	}
	defer file.Close()
	head, packed, err := headOf(file)
	if err != nil {
		return err
	}
	first, ok := firstLine(head, true)
	if !ok {
		return nil
	}
	old := &track{path: path, id: identity(path, first)}
	isParted := slices.ContainsFunc(f.parted, func(p *track) bool { return p.id == old.id })
	if old.id == t.id || isParted || f.known(old.id) == "" {
		return nil
	}
	growing, grows := files.Grows(head, files.Spec{Name: filepath.Base(t.path), Table: f.opts.Sender.Table, IsTable: f.opts.Intake.IsTable})
	if !grows {
		return nil
	}
	old.lines = growing
	old.gen, old.offset = f.remembered(old.id)
	return f.readPacked(ctx, old, file, packed)
}

// readPacked reads a file that does not grow any more, compressed or not, from
// where its track is.
func (f *Folder) readPacked(ctx context.Context, t *track, file *os.File, packed bool) error {
	if !packed {
		return f.readOn(ctx, t, file, true)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	in, err := ingest.Expand(file, files.MaxUnpacked(info.Size()), nil)
	if err != nil {
		return err
	}
	defer in.Close()
	return f.readLines(ctx, t, bufio.NewReaderSize(in, 256<<10), 0, true)
}

// readSettled reads a file as a whole once it has not changed for a while.
func (f *Folder) readSettled(ctx context.Context, t *track, file *os.File, head []byte, isLines bool, spec files.Spec, signature string) error {
	if f.opts.Sender.Follow && f.opts.Intake.Now().Sub(t.since) < f.opts.Settle && f.opts.Intake.Now().Sub(t.changed) < f.opts.Settle {
		return nil
	}
	if first, ok := firstLine(head, true); isLines && ok {
		growing, _ := files.Grows(head, spec)
		id := identity(t.path, first)
		old := &track{path: t.path, id: id, lines: growing}
		old.gen, old.offset = f.remembered(id)
		if err := f.readPacked(ctx, old, file, true); err != nil {
			return err
		}
		f.remember(wholeKey(t.path), signature)
		return nil
	}
	err := f.readWhole(ctx, t, file, spec)
	f.remember(wholeKey(t.path), signature) // after an error too: it is not better before it changes
	return err
}

// readWhole reads a file that is not lines.
func (f *Folder) readWhole(ctx context.Context, t *track, file *os.File, spec files.Spec) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	spec.Prefix = identity(t.path, nil)
	for raw, err := range files.Read(file, spec) {
		if err != nil {
			return err
		}
		f.add(ctx, raw)
		if f.batch.lost {
			return ctx.Err()
		}
	}
	return nil
}

// headOf returns the beginning of a file, decompressed, and whether it had to be.
func headOf(file *os.File) (head []byte, packed bool, err error) {
	head = make([]byte, headBytes)
	n, err := file.ReadAt(head, 0)
	if head = head[:n]; err != nil && err != io.EOF {
		return nil, false, err
	}
	packed = bytes.HasPrefix(head, []byte{0x1f, 0x8b}) || bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd})
	if !packed {
		return head, false, nil
	}
	in, err := ingest.Expand(bytes.NewReader(head), headBytes, nil)
	if err != nil {
		return head, true, nil // damaged: the reader says how
	}
	defer in.Close()
	plain := make([]byte, headBytes)
	n, _ = io.ReadFull(in, plain) // the head ends early, as it must
	return plain[:n], true, nil
}

// firstLine returns the first line that is not a comment, and what stands before
// it; of a long one the beginning. ok is false while it has not ended, unless the
// file is final.
func firstLine(head []byte, final bool) (first []byte, ok bool) {
	const most = 4096
	end := 0
	for end < len(head) {
		n := bytes.IndexByte(head[end:], '\n')
		if n < 0 {
			if final || len(head) >= most {
				return head[:min(len(head), most)], len(head) > 0
			}
			return nil, false
		}
		line := head[end : end+n]
		if end += n + 1; len(bytes.TrimSpace(line)) > 0 && line[0] != '#' || end >= most {
			return head[:min(end, most)], true
		}
	}
	return head, final && len(head) > 0
}

// rotation is what programs add to the name of a file they put aside.
var rotation = regexp.MustCompile(`([.-](\d{1,10}|\d{4}-\d\d-\d\d([T_-][\d:.-]*)?|old|bak|gz|zst))+$`)

// identity names a file over rotation: see the package comment. Without a first
// line it is that of the path.
func identity(path string, first []byte) string {
	dir, base := filepath.Split(path)
	if stem := rotation.ReplaceAllString(base, ""); stem != "" && first != nil {
		base = stem
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00", dir, base)
	h.Write(first)
	return hex.EncodeToString(h.Sum(nil)[:10])
}

// wholeKey is the key under which it is remembered that a file was read as a whole.
func wholeKey(path string) string { return "whole/" + identity(path, nil) }

// nextLine reads a line and says how many bytes it took and whether it has
// ended; of a long one it keeps a byte more than a record may have.
func nextLine(in *bufio.Reader) (line []byte, n int64, ended bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		n += int64(len(part))
		if room := tocsin.MaxRawBytes + 1 - len(line); room > 0 {
			line = append(line, part[:min(len(part), room)]...)
		}
		if err == bufio.ErrBufferFull {
			if n < longest {
				continue
			}
			return line, n, false, nil // what goes on is another line
		}
		return line, n, err == nil, err
	}
}

// escapeGlob makes a path a pattern of itself.
func escapeGlob(path string) string {
	return regexp.MustCompile(`[*?\[\\]`).ReplaceAllString(path, `\$0`)
}
