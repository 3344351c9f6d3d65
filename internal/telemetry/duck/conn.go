package duck

import (
	"context"
	"fmt"
	"strings"
	"time"

	capi "github.com/duckdb/duckdb-go-bindings"
)

// A Conn is one connection. It runs one statement at a time and is not safe for
// concurrent use, Interrupt excepted.
type Conn struct {
	conn capi.Connection
}

// Close closes the connection; an open transaction is rolled back.
func (c *Conn) Close() { capi.Disconnect(&c.conn) }

// Interrupt asks the running statement, if any, to stop.
func (c *Conn) Interrupt() { capi.Interrupt(c.conn) }

// Exec runs one or more statements without arguments and drops their results.
func (c *Conn) Exec(sql string) error {
	var res capi.Result
	defer capi.DestroyResult(&res)
	if capi.Query(c.conn, sql, &res) == capi.StateError {
		return resultError(&res)
	}
	return nil
}

// ExecPatiently runs one statement without arguments and drops its result. Where
// Exec would use up a core asking again and again whether one of the engine's
// own threads is done with its part, it sleeps.
func (c *Conn) ExecPatiently(sql string) error {
	s, err := c.Prepare(sql)
	if err != nil {
		return err
	}
	defer s.Close()
	var pending capi.PendingResult
	defer capi.DestroyPending(&pending)
	if capi.PendingPrepared(s.stmt, &pending) == capi.StateError {
		return classify(capi.PendingError(pending))
	}
	if err := awaitTasks(pending); err != nil {
		return err
	}
	var res capi.Result
	defer capi.DestroyResult(&res)
	if capi.ExecutePending(pending, &res) == capi.StateError {
		return resultError(&res)
	}
	return nil
}

// awaitTasks works on a statement until it is done, or until a streamed one has
// its first rows. The engine's own waiting keeps a core busy; this sleeps when
// other threads have all the work.
func awaitTasks(pending capi.PendingResult) error {
	nap := minNap
	for {
		switch state := capi.PendingExecuteTask(pending); {
		case state == capi.PendingStateError:
			return classify(capi.PendingError(pending))
		case capi.PendingExecutionIsFinished(state):
			return nil
		case state == capi.PendingStateNoTasksAvailable:
			time.Sleep(nap)
			nap = min(2*nap, maxNap)
		default:
			nap = minNap
		}
	}
}

// How long awaitTasks sleeps at a time.
const (
	minNap = 50 * time.Microsecond
	maxNap = 2 * time.Millisecond
)

// ExecArgs runs one statement with arguments and drops its result.
func (c *Conn) ExecArgs(ctx context.Context, sql string, args ...any) error {
	rows, err := c.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	for rows.NextChunk() {
	}
	err = rows.Err()
	rows.Close()
	return err
}

// Query runs one statement, its arguments bound to $1, $2, …: nil, bool, int,
// int64, float64 or string. The result is streamed: the statement runs on while
// chunks are read, and the connection is busy until the rows are closed.
func (c *Conn) Query(ctx context.Context, sql string, args ...any) (*Rows, error) {
	s, err := c.Prepare(sql)
	if err != nil {
		return nil, err
	}
	rows, err := s.Query(ctx, args...)
	if err != nil {
		s.Close()
		return nil, err
	}
	rows.Own(s)
	return rows, nil
}

// A Stmt is a prepared statement of a connection.
type Stmt struct {
	conn *Conn
	stmt capi.PreparedStatement
}

// QueryInt runs a statement and returns the first cell of its answer, a whole
// number; 0 when it is null or there is none. Of a change it is the number of rows.
func (c *Conn) QueryInt(ctx context.Context, sql string, args ...any) (int64, error) {
	rows, err := c.Query(ctx, sql, args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	if !rows.NextChunk() {
		return 0, rows.Err()
	}
	n, _ := rows.Chunk().Columns[0].Value(0).(int64)
	return n, nil
}

// Prepare parses and binds one statement.
func (c *Conn) Prepare(sql string) (*Stmt, error) {
	s := &Stmt{conn: c}
	if capi.Prepare(c.conn, sql, &s.stmt) == capi.StateError {
		err := classify(capi.PrepareError(s.stmt))
		capi.DestroyPrepare(&s.stmt)
		return nil, err
	}
	return s, nil
}

// ReadsOnly reports whether the statement is a SELECT or an EXPLAIN.
func (s *Stmt) ReadsOnly() bool {
	t := capi.PreparedStatementType(s.stmt)
	return t == capi.StatementTypeSelect || t == capi.StatementTypeExplain
}

// Close frees the statement.
func (s *Stmt) Close() { capi.DestroyPrepare(&s.stmt) }

// Query runs the statement; see Conn.Query.
func (s *Stmt) Query(ctx context.Context, args ...any) (*Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if n := int(capi.NParams(s.stmt)); n != len(args) {
		return nil, fmt.Errorf("statement has %d parameters, got %d arguments", n, len(args))
	}
	for i, arg := range args {
		if err := s.bind(capi.IdxT(i+1), arg); err != nil {
			return nil, fmt.Errorf("binding $%d: %w", i+1, err)
		}
	}
	r := &Rows{ctx: ctx, stop: s.conn.interruptWhenDone(ctx)}
	var pending capi.PendingResult
	defer capi.DestroyPending(&pending)
	if capi.PendingPreparedStreaming(s.stmt, &pending) == capi.StateError {
		r.stop()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return nil, classify(capi.PendingError(pending))
	}
	if err := awaitTasks(pending); err != nil {
		r.stop()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	if capi.ExecutePending(pending, &r.res) == capi.StateError {
		err := r.failure()
		r.Close()
		return nil, err
	}
	r.describe()
	return r, nil
}

// interruptWhenDone interrupts the connection once ctx ends, again and again
// until stop is called: an interrupt between two steps of a statement is lost.
func (c *Conn) interruptWhenDone(ctx context.Context) (stop func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case <-quit:
			return
		case <-ctx.Done():
		}
		again := time.NewTicker(5 * time.Millisecond)
		defer again.Stop()
		for {
			c.Interrupt()
			select {
			case <-quit:
				return
			case <-again.C:
			}
		}
	}()
	return func() { close(quit); <-gone }
}

func (s *Stmt) bind(i capi.IdxT, arg any) error {
	var state capi.State
	switch v := arg.(type) {
	case nil:
		state = capi.BindNull(s.stmt, i)
	case bool:
		state = capi.BindBoolean(s.stmt, i, v)
	case int:
		state = capi.BindInt64(s.stmt, i, int64(v))
	case int64:
		state = capi.BindInt64(s.stmt, i, v)
	case float64:
		state = capi.BindDouble(s.stmt, i, v)
	case string:
		state = capi.BindVarcharLength(s.stmt, i, v, capi.IdxT(len(v)))
	default:
		return fmt.Errorf("an argument cannot be %T", arg)
	}
	if state == capi.StateError {
		return classify(capi.PrepareError(s.stmt))
	}
	return nil
}

func resultError(res *capi.Result) error {
	return &Error{Class: capi.ResultErrorType(res), Message: capi.ResultError(res)}
}

// classes are the beginnings of messages whose class DuckDB does not give by
// itself while preparing.
var classes = []struct {
	prefix string
	class  capi.ErrorType
}{
	{"Catalog Error", capi.ErrorTypeCatalog},
	{"FATAL Error", capi.ErrorTypeFatal},
	{"INTERNAL Error", capi.ErrorTypeInternal},
	{"Out of Memory Error", capi.ErrorTypeOutOfMemory},
	{"INTERRUPT Error", capi.ErrorTypeInterrupt},
}

func classify(message string) error {
	for _, c := range classes {
		if strings.HasPrefix(message, c.prefix) {
			return &Error{Class: c.class, Message: message}
		}
	}
	return &Error{Message: message}
}
