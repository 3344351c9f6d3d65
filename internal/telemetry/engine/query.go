package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

// Select runs one reading statement with its arguments bound to $1, $2, …: nil,
// bool, int64, float64 or string. It waits for a free worker, then runs within
// the limits. A limit that bites is a tocsin.Error that says what to change. The
// caller closes the rows.
func (e *Engine) Select(ctx context.Context, sql string, args ...any) (*Rows, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, e.opts.QueryTime, errQueryTime(e.opts.QueryTime))
	j := &job{ctx: ctx, sql: sql, args: args, rows: &Rows{cancel: cancel, more: make(chan struct{}, 1), limit: e.opts.ResultBytes}, started: make(chan error, 1)}
	select {
	case e.jobs <- j:
	case <-ctx.Done():
		cancel()
		return nil, context.Cause(ctx)
	case <-e.ctx.Done():
		cancel()
		return nil, Closed()
	}
	if err := <-j.started; err != nil {
		cancel()
		return nil, err
	}
	return j.rows, nil
}

// Inspect asks about the file and hands each chunk on. It uses neither a worker,
// whose transaction may end after the answer and would keep a checkpoint from
// freeing anything, nor the publisher, for which commits wait, nor the writer.
func (e *Engine) Inspect(ctx context.Context, each func(*duck.Chunk), sql string, args ...any) error {
	e.inspecting.Lock()
	defer e.inspecting.Unlock()
	rows, err := e.inspector.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.NextChunk() {
		each(rows.Chunk())
	}
	return rows.Err()
}

func errQueryTime(limit fmt.Stringer) error {
	return tocsin.Errorf(tocsin.Unavailable, "The query ran longer than %s and was stopped. Narrow its time range or filter earlier.", limit)
}

// Closed is what callers are told once their store is being closed.
func Closed() error {
	return tocsin.Errorf(tocsin.Unavailable, "Tocsin is shutting down. Try again when it is back.")
}

// job is a statement on its way through a worker.
type job struct {
	ctx     context.Context
	sql     string
	args    []any
	rows    *Rows
	started chan error // nil once the columns are known
}

// work runs jobs on one connection, on a thread of its own, which gets a low
// priority when a job takes long.
func (e *Engine) work(c *duck.Conn) {
	defer e.workers.Done()
	isNice := e.opts.Path != ""
	if isNice {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	}
	thread := threadID()
	for {
		select {
		case j := <-e.jobs:
			var slow *time.Timer
			if isNice {
				slow = time.AfterFunc(slowQuery, func() { lowerPriority(thread, slowNiceness) })
			}
			e.run(c, j)
			if isNice && !slow.Stop() {
				// The priority cannot be raised again: another thread goes on.
				e.workers.Add(1)
				go e.work(c)
				return
			}
		case <-e.ctx.Done():
			return
		}
	}
}

// slowQuery is how long a query has the same priority as the writer. Short ones,
// which somebody waits for, cost ingest little; long ones must not hold it up.
const slowQuery = 500 * time.Millisecond

func (e *Engine) run(c *duck.Conn, j *job) {
	ctx, cancel := context.WithCancel(j.ctx)
	defer cancel()
	unhook := context.AfterFunc(e.ctx, cancel)
	defer unhook()
	rows, err := e.begin(ctx, c, j)
	if err != nil {
		j.started <- e.explain(j.ctx, err)
		return
	}
	defer rows.Close()
	j.rows.names = rows.Names()
	j.started <- nil
	for rows.NextChunk() {
		if err := j.rows.push(rows.TakeChunk()); err != nil {
			j.rows.end(err)
			return
		}
	}
	j.rows.end(e.explain(j.ctx, rows.Err()))
}

// begin prepares and starts the statement. Declared tables that nothing was
// ever stored in are made visible on the way. A view that gains a column just
// then could be paired with rows of a later snapshot, so the statement is
// started again when any view was replaced meanwhile.
func (e *Engine) begin(ctx context.Context, c *duck.Conn, j *job) (*duck.Rows, error) {
	if err := e.declare(j.sql); err != nil {
		return nil, err
	}
	for {
		generation := e.generation.Load()
		rows, err := e.startOn(ctx, c, j)
		if err != nil || e.generation.Load() == generation {
			return rows, err
		}
		rows.Close()
	}
}

func (e *Engine) startOn(ctx context.Context, c *duck.Conn, j *job) (*duck.Rows, error) {
	stmt, err := c.Prepare(j.sql)
	if duck.Unknown(err) {
		if err := e.declareAll(); err != nil {
			return nil, err
		}
		stmt, err = c.Prepare(j.sql)
	}
	if err != nil {
		return nil, fmt.Errorf("preparing the statement: %w", err)
	}
	if !stmt.ReadsOnly() {
		stmt.Close()
		return nil, errors.New("a query may only read")
	}
	rows, err := stmt.Query(ctx, j.args...)
	if err != nil {
		stmt.Close()
		return nil, fmt.Errorf("starting the statement: %w", err)
	}
	rows.Own(stmt)
	return rows, nil
}

// explain turns what stopped a query into what its reader should know.
func (e *Engine) explain(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case duck.Fatal(err):
		select {
		case e.faults <- struct{}{}:
		default: // already known
		}
		return tocsin.Wrap(err, tocsin.Unavailable, "The query engine failed and is being restarted. Try again in a few seconds.")
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case e.ctx.Err() != nil:
		return Closed()
	case duck.OutOfMemory(err):
		return tocsin.Wrap(err, tocsin.Unavailable, "The query needs more memory than it may use. Narrow its time range, or group by fewer columns.")
	}
	return err
}

// Rows is the result of a query. The worker fills it as fast as it can, so a
// slow reader keeps no worker busy; what is not read yet counts against the
// limit of result size. Rows is not safe for concurrent use.
type Rows struct {
	names  []string
	cancel context.CancelFunc
	limit  int64

	mu    sync.Mutex
	ready []duck.Chunk
	bytes int64
	ended bool
	err   error
	more  chan struct{} // something was pushed or ended

	current duck.Chunk
	at      int
}

// Columns returns the names of the result columns.
func (r *Rows) Columns() []string { return r.names }

// NextChunk moves to the next chunk of rows; false at the end or after an error.
func (r *Rows) NextChunk() bool {
	for {
		r.mu.Lock()
		if len(r.ready) > 0 {
			r.current, r.at = r.ready[0], -1
			r.ready = r.ready[1:]
			r.mu.Unlock()
			return true
		}
		ended := r.ended
		r.mu.Unlock()
		if ended {
			return false
		}
		<-r.more
	}
}

// Chunk returns the chunk NextChunk moved to.
func (r *Rows) Chunk() *duck.Chunk { return &r.current }

// Next moves to the next row; false at the end or after an error.
func (r *Rows) Next() bool {
	r.at++
	for r.at >= r.current.Len {
		if !r.NextChunk() {
			return false
		}
		r.at = 0
	}
	return true
}

// Scan fills dest with the cells of the row: nil, bool, int64, float64 or string.
func (r *Rows) Scan(dest []any) error {
	if len(dest) != len(r.current.Columns) {
		return fmt.Errorf("scanning %d columns into %d cells", len(r.current.Columns), len(dest))
	}
	for i := range dest {
		dest[i] = r.current.Columns[i].Value(r.at)
	}
	return nil
}

// Err returns what ended the reading early.
func (r *Rows) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Close stops the query if it still runs. It may be called more than once.
func (r *Rows) Close() error {
	r.cancel()
	return nil
}

// push hands a chunk to the reader.
func (r *Rows) push(c duck.Chunk) error {
	size := 0
	for i := range c.Columns {
		size += c.Columns[i].Bytes()
	}
	r.mu.Lock()
	r.bytes += int64(size)
	over := r.bytes > r.limit
	if !over {
		r.ready = append(r.ready, c)
	}
	r.mu.Unlock()
	if over {
		return tocsin.Errorf(tocsin.Unavailable, "The result of the query is larger than %d MiB. Select fewer columns or rows, or summarize.", r.limit>>20)
	}
	r.wake()
	return nil
}

func (r *Rows) end(err error) {
	r.mu.Lock()
	r.ended, r.err = true, err
	r.mu.Unlock()
	r.wake()
}

func (r *Rows) wake() {
	select {
	case r.more <- struct{}{}:
	default: // the reader is already told
	}
}
