package telemetry

import (
	"cmp"
	"context"
	"os"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
)

// Sizes of a commit. A commit of at least a row group of a table goes compressed
// straight to the file; a smaller one goes through the log and a checkpoint, at
// twice the cost and while nothing else can be written. A row group an eighth of
// DuckDB's usual one makes the first more frequent and checkpoints cheaper (which
// write partly filled row groups again), and finds the newest rows sooner; half
// of it would take a tenth more space. See DESIGN.md.
const (
	rowGroup      = 7 * duck.ChunkRows
	groupRows     = 6 * rowGroup          // about half of what is in flight (ingest.Queue): the next commit is made ready meanwhile
	busyRows      = 4096                  // a group with fewer rows does not wait for company
	quiet         = 40 * time.Millisecond // company that does not come within this is not waited for
	checkpointLog = 128 << 20             // bytes of log after which the writer checkpoints
)

// request is what the writer goroutine is asked to do: commit a batch or run fn.
type request struct {
	prepared *Prepared
	run      func() error
	reply    chan reply
}

type reply struct {
	appended Appended
	err      error
}

// write is the writer goroutine: the only one that changes the database.
func (s *Store) write() {
	defer close(s.closed)
	for {
		select {
		case r := <-s.requests:
			s.serve(r)
		case <-s.faults:
			s.reopen(nil)
		case <-s.closing:
			s.finish()
			return
		}
	}
}

func (s *Store) serve(r *request) {
	if r.run != nil {
		r.reply <- reply{err: s.guard(r.run())}
		return
	}
	s.commitGroup(s.collect(r))
}

// collect waits for batches to commit together with first: until a row group
// is full, nobody comes any more, or first has waited long enough.
func (s *Store) collect(first *request) []*request {
	group, rows := []*request{first}, first.size()
	late := time.NewTimer(s.opts.Linger)
	defer late.Stop()
	for rows < groupRows {
		r := s.next(rows >= busyRows, late.C)
		switch {
		case r == nil:
			return group
		case r.run != nil:
			r.reply <- reply{err: s.guard(r.run())}
		default:
			group, rows = append(group, r), rows+r.size()
		}
	}
	return group
}

// next returns the request that stands at the door; when there is none, it
// waits a little for one if wait says so. Nil means that nobody came.
func (s *Store) next(wait bool, late <-chan time.Time) *request {
	select {
	case r := <-s.requests:
		return r
	default:
	}
	if !wait {
		return nil
	}
	select {
	case r := <-s.requests:
		return r
	case <-time.After(quiet):
	case <-late:
	case <-s.closing:
	}
	return nil
}

func (r *request) size() int { return len(r.prepared.rows) }

// commitGroup commits the batches together or, when that fails, one by one, so
// that a batch that cannot be stored fails alone.
func (s *Store) commitGroup(group []*request) {
	e := s.engine.Load()
	if e == nil {
		answer(group, unavailable(nil))
		return
	}
	now := s.ledger.Load().Tick(s.opts.Now())
	k, err := s.prepare(context.Background(), e.Writer, group)
	if err == nil {
		err = s.apply(context.Background(), e, k, now)
	}
	switch {
	case err == nil:
		for i, r := range group {
			r.reply <- reply{appended: k.answers[i]}
		}
		s.checkpointIfDue(e)
		s.tendSeen(e)
		s.foldIfDue(e)
	case duck.Fatal(err):
		full := s.diskFull(err)
		answer(group, cmp.Or(full, unavailable(err)))
		s.reopen(err)
	case isDiskFull(err.Error()):
		answer(group, s.diskFull(err))
	case len(group) == 1:
		s.opts.Log.Error("a batch could not be stored", "batch", group[0].prepared.batch.ID, "rows", group[0].size(), "error", err)
		answer(group, unavailable(err))
	default:
		for i := range group {
			s.commitGroup(group[i : i+1])
		}
	}
}

func answer(group []*request, err error) {
	for _, r := range group {
		r.reply <- reply{err: err}
	}
}

// unavailable is what a caller is told when nothing of its batch was stored. An
// error that explains itself is passed on.
func unavailable(cause error) error {
	if tocsin.IsKind(cause, tocsin.Internal) || tocsin.IsKind(cause, tocsin.Invalid) {
		return cause
	}
	if cause == nil {
		return tocsin.Errorf(tocsin.Unavailable, "The event store is being reopened after a fault. Nothing was stored; send it again in a few seconds.")
	}
	return tocsin.Wrap(cause, tocsin.Unavailable, "The events could not be stored. Nothing of them was kept; check the free space of the data folder, then send them again.")
}

// checkpointIfDue keeps the log short. DuckDB's own checkpoints do not happen
// while readers overlap; a forced one by the only writer does.
func (s *Store) checkpointIfDue(e *engine.Engine) {
	if s.opts.Dir == "" {
		return
	}
	info, err := os.Stat(s.path() + ".wal")
	if err != nil || info.Size() < s.logLimit() {
		return // no log, nothing due
	}
	if err := e.Writer.ExecPatiently("FORCE CHECKPOINT " + engine.Database); err != nil {
		s.opts.Log.Error("a checkpoint failed; the next commit tries again", "logBytes", info.Size(), "error", err)
		_ = s.guard(err)
	}
}

// logLimit is how long the log may become. A checkpoint holds what the log holds
// in memory, and more while it compresses that; one that runs out of memory takes
// the database down. It must fit when rows are megabytes, too.
func (s *Store) logLimit() int64 {
	if s.opts.MemoryLimit > 0 {
		return min(checkpointLog, s.opts.MemoryLimit/8)
	}
	return checkpointLog
}

// guard passes err on and has the database reopened if it is fatal.
func (s *Store) guard(err error) error {
	if duck.Fatal(err) {
		s.reportFault()
	}
	return err
}

// reportFault asks the writer goroutine to reopen the database.
func (s *Store) reportFault() {
	select {
	case s.faults <- struct{}{}:
	default: // already asked
	}
}

// reopen closes the database after a fatal error and opens it again. What was
// acknowledged is committed and thus there; callers in between are told to
// come back.
func (s *Store) reopen(cause error) {
	old := s.engine.Swap(nil)
	s.opts.Log.Error("the event store met a fatal error and is being reopened", "error", cause)
	if old != nil {
		old.Shutdown()
	}
	select { // the fault that led here is dealt with
	case <-s.faults:
	default:
	}
	for {
		err := s.start(context.Background())
		if err == nil {
			s.opts.Log.Info("the event store is open again", "events", s.seen.Len())
			return
		}
		s.opts.Log.Error("the event store cannot be reopened; trying again", "error", err)
		if !s.refuse(time.Second) {
			return
		}
	}
}

// refuse turns requests away for a while; false when the store is closing.
func (s *Store) refuse(d time.Duration) bool {
	over := time.After(d)
	for {
		select {
		case r := <-s.requests:
			r.reply <- reply{err: unavailable(nil)}
		case <-over:
			return true
		case <-s.closing:
			return false
		}
	}
}

// finish writes everything into the database file and closes it.
func (s *Store) finish() {
	if e := s.engine.Swap(nil); e != nil {
		e.StopQueries()
		if s.opts.Dir != "" {
			if err := e.Writer.Exec("CHECKPOINT " + engine.Database); err != nil {
				s.opts.Log.Error("the last checkpoint failed; the log is replayed at the next start", "error", err)
			}
			s.saveSeen(e)
		}
		e.Shutdown()
	}
	s.lock.release()
}
