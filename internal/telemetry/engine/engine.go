// Package engine is one opening of the event database: a connection for the one
// writer, and workers that answer queries beside it.
//
// It promises that queries only read, within limits of time, memory and size of
// the result, and give way to the writer; that they see every declared table,
// whether anything was ever stored in it or not; and that a view replaced while a
// query begins never pairs old columns with new rows. It refuses files, settings
// and extensions to SQL once it serves. It does not know how tables lie in the
// database: its owner publishes the views. After a fatal error it is thrown away
// and another one is opened. It is tested alone on a database in memory, and by
// the store's queries, limits and faults.
package engine

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/kql/native"
)

// Options configure an Engine. All are required but where zero has a meaning.
type Options struct {
	Path   string // of the database file; empty keeps everything in memory
	Schema *schema.Schema

	MemoryLimit int64 // bytes DuckDB may use; 0 means 40 % of the machine
	SpillLimit  int64 // bytes of disk that queries beyond their memory may use, all together
	Threads     int   // of DuckDB
	Queries     int   // that run at the same time
	RowGroup    int   // rows that DuckDB compresses and frees together, in a new file

	QueryTime   time.Duration // longest a query may run
	ResultBytes int64         // largest result of a query

	GeoInfo   func(ip string) string // where an address is, as a JSON object, or ""; nil knows nothing
	Functions []duck.Function        // beside KQL's: what published views call
}

// An Engine is one opening of the database. Its methods may be called from any
// goroutine.
type Engine struct {
	Writer *duck.Conn // for one goroutine only: the one that changes the database

	opts    Options
	db      *duck.DB
	readers []*duck.Conn
	faults  chan<- struct{}

	publishing sync.Mutex // guards the four below
	publisher  *duck.Conn
	views      map[string]string // by table: the query behind its view, without added rows
	added      map[string]string // by table: the query whose rows are added
	referred   map[string]bool   // SQL names of the references
	published  sync.Map          // names of tables that have a view; true when the view can have rows
	generation atomic.Int64      // how often a view was replaced

	inspecting sync.Mutex // guards the inspector
	inspector  *duck.Conn // asks about the file: minutes, when that is large

	jobs    chan *job
	stop    context.CancelFunc // ends every running query
	ctx     context.Context
	workers sync.WaitGroup
	once    sync.Once
}

// Database is DuckDB's name of the database that holds the events.
const Database = "telemetry"

// viewDatabase holds a view for every table that a query may name. It lives in
// memory and is all that the search path of a query leads to.
const viewDatabase = "declared"

// Open opens the database or makes it. Nobody is answered before Serve. A fatal
// error that a query meets is told to faults, which is never waited for.
func Open(opts Options, faults chan<- struct{}) (*Engine, error) {
	e := &Engine{opts: opts, faults: faults, jobs: make(chan *job)}
	e.ctx, e.stop = context.WithCancel(context.Background())
	var err error
	if e.db, err = duck.Open("", opts.settings()); err != nil {
		return nil, fmt.Errorf("starting DuckDB: %w", err)
	}
	if e.Writer, err = e.db.Connect(); err != nil {
		e.Shutdown()
		return nil, fmt.Errorf("starting DuckDB: %w", err)
	}
	path := cmp.Or(opts.Path, ":memory:")
	attach := fmt.Sprintf("ATTACH %s AS %s (STORAGE_VERSION 'latest', ROW_GROUP_SIZE %d); USE %s", quoteText(path), Database, opts.RowGroup, Database)
	if err := e.Writer.Exec(attach); err != nil {
		e.Shutdown()
		return nil, openError(path, err)
	}
	if err := e.connect(); err != nil {
		e.Shutdown()
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
func (e *Engine) limitMemory() error {
	if e.opts.MemoryLimit > 0 {
		return nil // set when DuckDB was opened
	}
	rows, err := e.Writer.Query(context.Background(), "SELECT current_setting('memory_limit')")
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
	return e.Writer.Exec(fmt.Sprintf("SET memory_limit = '%.1f %s'", size/2, unit))
}

// connect opens the connections.
func (e *Engine) connect() (err error) {
	if err := e.limitMemory(); err != nil {
		return err
	}
	if e.opts.Path != "" {
		// DuckDB's own limit is nine tenths of the disk, which events need. Given
		// when it is opened, the setting is forgotten.
		if err := e.Writer.Exec(fmt.Sprintf("SET max_temp_directory_size = '%dB'", e.opts.SpillLimit)); err != nil {
			return err
		}
	}
	if err := e.Writer.Exec("ATTACH ':memory:' AS " + viewDatabase); err != nil {
		return err
	}
	for _, f := range native.Functions() {
		if f.Name == native.GeoInfo && e.opts.GeoInfo != nil {
			f.Fn = e.opts.geoInfo
		}
		if err := e.Writer.Register(Native(f)); err != nil {
			return err
		}
	}
	for _, f := range e.opts.Functions {
		if err := e.Writer.Register(f); err != nil {
			return err
		}
	}
	if e.inspector, err = e.db.Connect(); err != nil {
		return err
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

// quoteText writes an SQL string literal.
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Serve starts the query workers. Nothing can be configured, attached or read
// from disk by SQL after that.
func (e *Engine) Serve() error {
	if err := e.lowerPool(); err != nil {
		return err
	}
	if err := e.Writer.Exec("SET enable_external_access = false; SET lock_configuration = true"); err != nil {
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
func (e *Engine) lowerPool() error {
	if e.opts.Path == "" {
		return nil // nobody to give way to
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		lowerPriority(threadID(), poolNiceness)
		done <- e.Writer.Exec(fmt.Sprintf("SET threads = 1; SET threads = %d", e.opts.Threads))
	}()
	if err := <-done; err != nil {
		return fmt.Errorf("starting the threads of the query engine: %w", err)
	}
	return nil
}

// StopQueries ends the running queries and waits for the workers.
func (e *Engine) StopQueries() {
	e.stop()
	e.workers.Wait()
}

// Shutdown closes everything. It may be called more than once.
func (e *Engine) Shutdown() {
	e.once.Do(func() {
		e.StopQueries()
		for _, c := range append(e.readers, e.inspector, e.publisher, e.Writer) {
			if c != nil {
				c.Close()
			}
		}
		e.db.Close()
	})
}

// settings are the DuckDB settings of an engine.
func (o *Options) settings() map[string]string {
	settings := map[string]string{
		"threads":                      strconv.Itoa(o.Threads),
		"autoinstall_known_extensions": "false",
		"autoload_known_extensions":    "false",
		"allow_community_extensions":   "false",
		"checkpoint_threshold":         "1TB", // the writer decides when
		"preserve_insertion_order":     "true",
		"enable_external_file_cache":   "false",
	}
	if o.MemoryLimit > 0 {
		settings["memory_limit"] = strconv.FormatInt(o.MemoryLimit, 10) + "B"
	}
	if o.Path != "" {
		settings["temp_directory"] = filepath.Join(filepath.Dir(o.Path), "tmp")
	} else {
		settings["temp_directory"] = ""
	}
	return settings
}
