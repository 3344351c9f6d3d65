package telemetry

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/kql/native"
)

// engine is one opening of the database: a connection for the writer, and
// workers with a connection each for queries. After a fatal error it is thrown
// away and another one is opened.
type engine struct {
	opts    *Options
	db      *duck.DB
	writer  *duck.Conn // for the writer goroutine only
	readers []*duck.Conn
	faults  chan<- struct{}

	publishing sync.Mutex // guards the four below
	publisher  *duck.Conn
	views      map[string]string // by table: the query behind its view, without added rows
	added      map[string]string // by table: the query whose rows are added
	referred   map[string]bool   // SQL names of the references
	published  sync.Map          // names of tables that have a view; true when the view can have rows
	generation atomic.Int64      // how often a view was replaced

	jobs    chan *job
	stop    context.CancelFunc // ends every running query
	ctx     context.Context
	workers sync.WaitGroup
	once    sync.Once
}

// eventDatabase is DuckDB's name of the database that holds the events.
const eventDatabase = "telemetry"

// viewDatabase holds a view for every table that a query may name. It lives in
// memory and is all that the search path of a query leads to.
const viewDatabase = "declared"

func openEngine(path string, opts *Options, faults chan<- struct{}) (*engine, error) {
	e := &engine{opts: opts, faults: faults, jobs: make(chan *job)}
	e.ctx, e.stop = context.WithCancel(context.Background())
	var err error
	if e.db, err = duck.Open("", opts.settings()); err != nil {
		return nil, fmt.Errorf("starting DuckDB: %w", err)
	}
	if e.writer, err = e.db.Connect(); err != nil {
		e.shutdown()
		return nil, fmt.Errorf("starting DuckDB: %w", err)
	}
	if path == "" {
		path = ":memory:"
	}
	attach := fmt.Sprintf("ATTACH %s AS %s (STORAGE_VERSION 'latest', ROW_GROUP_SIZE %d); USE %s", quoteText(path), eventDatabase, rowGroup, eventDatabase)
	if err := e.writer.Exec(attach); err != nil {
		e.shutdown()
		return nil, openError(path, err)
	}
	if err := e.connect(); err != nil {
		e.shutdown()
		return nil, fmt.Errorf("setting up the event store: %w", err)
	}
	return e, nil
}

// openError explains what commonly keeps a database from opening.
func openError(path string, err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, "Could not set lock"):
		return tocsin.Wrap(err, tocsin.Unavailable, "The event store %s is in use by another program. Stop it or choose another --data.", path)
	case strings.Contains(text, "not a valid DuckDB database file"):
		return tocsin.Wrap(err, tocsin.Invalid, "%s is not an event store, or is damaged. Restore it from a backup or choose another --data.", path)
	}
	return tocsin.Wrap(err, tocsin.Unavailable, "The event store %s cannot be opened.", path)
}

// limitMemory takes half of DuckDB's own limit of 80 % of the machine: what Go
// and the system need comes on top of it.
func (e *engine) limitMemory() error {
	if e.opts.MemoryLimit > 0 {
		return nil // set when DuckDB was opened
	}
	rows, err := e.writer.Query(context.Background(), "SELECT current_setting('memory_limit')")
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.NextChunk() {
		return rows.Err()
	}
	var size float64
	var unit string
	if _, err := fmt.Sscanf(rows.Chunk().Columns[0].Texts[0], "%f %s", &size, &unit); err != nil {
		return fmt.Errorf("reading the memory limit: %w", err)
	}
	rows.Close()
	return e.writer.Exec(fmt.Sprintf("SET memory_limit = '%.1f %s'", size/2, unit))
}

// connect opens the connections.
func (e *engine) connect() (err error) {
	if err := e.limitMemory(); err != nil {
		return err
	}
	if e.opts.Dir != "" {
		// DuckDB's own limit is nine tenths of the disk, which events need. Given
		// when it is opened, the setting is forgotten.
		if err := e.writer.Exec(fmt.Sprintf("SET max_temp_directory_size = '%dB'", e.opts.SpillLimit)); err != nil {
			return err
		}
	}
	if err := e.writer.Exec("ATTACH ':memory:' AS " + viewDatabase); err != nil {
		return err
	}
	for _, f := range native.Functions() {
		if f.Name == native.GeoInfo && e.opts.GeoInfo != nil {
			f.Fn = e.opts.geoInfo
		}
		if err := e.writer.Register(nativeFunction(f)); err != nil {
			return err
		}
	}
	if e.opts.renders() {
		for _, f := range e.opts.Render.functions() {
			if err := e.writer.Register(f); err != nil {
				return err
			}
		}
	}
	if e.publisher, err = e.db.Connect(); err != nil {
		return err
	}
	for range e.opts.Queries {
		c, err := e.db.Connect()
		if err != nil {
			return err
		}
		e.readers = append(e.readers, c)
		if err := c.Exec("SET search_path = '" + viewDatabase + ".main'"); err != nil {
			return err
		}
	}
	return nil
}

// geoInfo is GeoInfo as a native function.
func (o *Options) geoInfo(args []any) any {
	ip, _ := args[0].(string)
	if info := o.GeoInfo(ip); info != "" {
		return info
	}
	return nil
}

// nativeFunction describes one of KQL's native functions to the driver.
func nativeFunction(f native.Function) duck.Function {
	out := duck.Function{Name: f.Name, Variadic: physical(f.Variadic), Result: physical(f.Result), Call: f.Fn}
	for _, k := range f.Args {
		out.Args = append(out.Args, physical(k))
	}
	return out
}

func physical(k native.Kind) duck.Type {
	switch k {
	case native.None:
		return 0
	case native.Bool:
		return duck.Boolean
	case native.Int:
		return duck.Integer
	case native.Long:
		return duck.BigInt
	case native.Real:
		return duck.Double
	case native.Text:
		return duck.Varchar
	}
	panic(fmt.Sprintf("telemetry: no physical type for native kind %d", k))
}

// quoteText writes an SQL string literal.
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// serve makes the views over the bookkeeping and starts the query workers. Nothing
// can be configured, attached or read from disk by SQL after that.
func (e *engine) serve() error {
	for name, view := range ledgerViews {
		if t, ok := e.opts.Schema.Table(name); ok {
			if err := e.publish(name, view.query(t, eventDatabase)); err != nil {
				return err
			}
		}
	}
	if err := e.lowerPool(); err != nil {
		return err
	}
	if err := e.writer.Exec("SET enable_external_access = false; SET lock_configuration = true"); err != nil {
		return fmt.Errorf("locking the configuration: %w", err)
	}
	for _, c := range e.readers {
		e.workers.Add(1)
		go e.work(c)
	}
	return nil
}

// lowerPool has DuckDB start its threads anew from a thread of low priority,
// which they inherit.
func (e *engine) lowerPool() error {
	if e.opts.Dir == "" {
		return nil // nobody to give way to
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		lowerPriority(threadID(), poolNiceness)
		done <- e.writer.Exec(fmt.Sprintf("SET threads = 1; SET threads = %d", e.opts.Threads))
	}()
	if err := <-done; err != nil {
		return fmt.Errorf("starting the threads of the query engine: %w", err)
	}
	return nil
}

// publish makes query what readers see as the table. A query that began before
// and has not settled on its snapshot yet is started again: see begin.
func (e *engine) publish(table, query string) error {
	e.publishing.Lock()
	defer e.publishing.Unlock()
	if e.views == nil {
		e.views = map[string]string{}
	}
	e.views[table] = query
	return e.replaceView(table, query)
}

// replaceView makes the view, with the rows that are added to the table.
func (e *engine) replaceView(table, query string) error {
	if added, ok := e.added[table]; ok {
		query = "(" + query + ") UNION ALL BY NAME (" + added + ")"
	}
	if err := e.publisher.Exec("CREATE OR REPLACE VIEW " + viewDatabase + ".main." + schema.Quote(table) + " AS " + query); err != nil {
		return fmt.Errorf("publishing table %s: %w", table, err)
	}
	e.published.Store(table, true)
	e.generation.Add(1)
	return nil
}

// Holds reports whether anything was ever stored in a table. A query over many
// tables (search, union *) is compiled and planned faster without the others.
func (s *Store) Holds(table string) bool {
	e := s.engine.Load()
	if e == nil {
		return true // not known just now
	}
	filled, known := e.published.Load(table)
	return known && filled.(bool)
}

// publishEmpty makes a declared table visible that nothing was ever stored in.
func (e *engine) publishEmpty(t *schema.Table) error {
	e.publishing.Lock()
	defer e.publishing.Unlock()
	if _, known := e.published.Load(t.Name); known {
		return nil
	}
	if err := e.publisher.Exec("CREATE VIEW " + viewDatabase + ".main." + schema.Quote(t.Name) + " AS " + emptySelect(t)); err != nil {
		return fmt.Errorf("declaring table %s: %w", t.Name, err)
	}
	e.published.Store(t.Name, false)
	return nil
}

// emptySelect is a query for the columns of a table and no rows.
func emptySelect(t *schema.Table) string {
	var columns []string
	for i, c := range t.Columns {
		if t.Spelling(i) == i {
			columns = append(columns, "CAST(NULL AS "+schema.StoredType(c.Type)+") AS "+schema.Quote(c.Stored))
		}
	}
	if len(columns) == 0 {
		columns = []string{`1 AS "no columns"`}
	}
	return "SELECT " + strings.Join(columns, ", ") + " WHERE false"
}

// declare makes the declared tables visible that sql mentions.
func (e *engine) declare(sql string) error {
	for rest := sql; ; {
		name, after, ok := nextQuoted(rest)
		if !ok {
			return nil
		}
		rest = after
		if _, known := e.published.Load(name); known {
			continue
		}
		if t, ok := e.opts.Schema.Table(name); ok {
			if err := e.publishEmpty(t); err != nil {
				return err
			}
		}
	}
}

// declareAll makes every declared table visible.
func (e *engine) declareAll() error {
	for _, t := range e.opts.Schema.Tables() {
		if err := e.publishEmpty(t); err != nil {
			return err
		}
	}
	return nil
}

// nextQuoted returns the first quoted identifier of sql, outside of string
// literals, and what follows it.
func nextQuoted(sql string) (name, rest string, ok bool) {
	for i := 0; i < len(sql); i++ {
		quote := sql[i]
		if quote != '"' && quote != '\'' {
			continue
		}
		end := strings.IndexByte(sql[i+1:], quote)
		if end < 0 {
			return "", "", false
		}
		if quote == '"' {
			return sql[i+1 : i+1+end], sql[i+end+2:], true
		}
		i += end + 1
	}
	return "", "", false
}

// stopQueries ends the running queries and waits for the workers.
func (e *engine) stopQueries() {
	e.stop()
	e.workers.Wait()
}

// shutdown closes everything. It may be called more than once.
func (e *engine) shutdown() {
	e.once.Do(func() {
		e.stopQueries()
		for _, c := range append(e.readers, e.publisher, e.writer) {
			if c != nil {
				c.Close()
			}
		}
		e.db.Close()
	})
}
