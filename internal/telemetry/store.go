// Package telemetry stores events in DuckDB and answers queries over them.
//
// It promises:
//   - An Append that returned without error is committed to disk; nothing of it
//     is lost by a crash, and nothing of a failed one is visible.
//   - A record sent twice is stored once, whenever the second sending comes.
//   - For every source, received = stored + duplicates + dead-lettered +
//     filtered, in records, at every commit.
//   - What a batch gave rise to (findings) is kept with it until it is settled.
//   - Queries only read, within limits of time, memory and size, and do not hold
//     up the writer.
//
// It refuses to know KQL or detection: it runs SQL text that others made and
// stores rows that others shaped. Layout and figures: one native table per KQL
// table, rows in arrival order, no keys and no indexes, one writer goroutine;
// DESIGN.md in this folder says why. It is tested on real databases, by killing
// a real process over and over among other things.
package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
	"github.com/tocsin-soc/tocsin/internal/telemetry/ledger"
	"github.com/tocsin-soc/tocsin/internal/telemetry/retention"
	"github.com/tocsin-soc/tocsin/internal/telemetry/seen"
	"github.com/tocsin-soc/tocsin/internal/telemetry/tuple"
)

// Options configure a Store. Schema and Now are required; the zero value of
// everything else works.
type Options struct {
	Dir    string // folder of the database; created if absent. Empty keeps everything in memory
	Schema *schema.Schema
	Now    func() time.Time
	Log    *slog.Logger

	MemoryLimit int64 // bytes DuckDB may use; 0 means 40 % of the machine
	SpillLimit  int64 // bytes of disk that queries beyond their memory may use, all together; 0 means 16 GiB
	Threads     int   // threads of the query engine; 0 means one per core
	Queries     int   // queries that run at the same time; 0 means one per core, at least two

	QueryTime   time.Duration // longest a query may run; 0 means 10 minutes
	ResultBytes int64         // largest result of a query; 0 means 256 MiB

	// GeoInfo says where an address is, as a JSON object, or "" when it does not know:
	// geo_info_from_ip_address(). nil knows nothing.
	GeoInfo func(ip string) string

	// SeenEvents is how many ids are kept in memory to recognise what is sent
	// again, at about 6 bytes each; 0 means 64 million. Older events are
	// recognised by their id and time in the database.
	SeenEvents int

	Retention schema.Retention                // what the tables keep, where it differs from their declarations
	MinFree   int64                           // bytes of the disk that are left free: with less, nothing is taken in; 0 asks for none
	Free      func(dir string) (int64, error) // bytes free on the disk of a folder; nil asks the system

	// Render makes the rows of Event that are stored as rows of WindowsEvent.
	// Without it, events with a twin cannot be stored, nor twins be read.
	Render Renderer

	Linger time.Duration // longest a batch waits for company before it is committed; 0 means 1 s
}

func (o *Options) fill() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Threads <= 0 {
		o.Threads = runtime.NumCPU()
	}
	if o.Queries <= 0 {
		o.Queries = max(2, runtime.NumCPU())
	}
	if o.QueryTime <= 0 {
		o.QueryTime = 10 * time.Minute
	}
	if o.ResultBytes <= 0 {
		o.ResultBytes = 256 << 20
	}
	if o.SpillLimit <= 0 {
		o.SpillLimit = 16 << 30
	}
	if o.SeenEvents <= 0 {
		o.SeenEvents = 64 << 20
	}
	if o.Free == nil {
		o.Free = freeBytes
	}
	if o.Linger <= 0 {
		o.Linger = time.Second
	}
}

// forEngine are the options of an engine for the database at path.
func (o *Options) forEngine(path string) engine.Options {
	out := engine.Options{
		Path: path, Schema: o.Schema, MemoryLimit: o.MemoryLimit, SpillLimit: o.SpillLimit, Threads: o.Threads, Queries: o.Queries,
		RowGroup: rowGroup, QueryTime: o.QueryTime, ResultBytes: o.ResultBytes, GeoInfo: o.GeoInfo,
	}
	if o.renders() {
		out.Functions = o.Render.functions()
	}
	return out
}

// A Store is an open event store. It is safe for concurrent use.
type Store struct {
	opts     Options
	lock     *folderLock                   // nil in memory
	engine   atomic.Pointer[engine.Engine] // nil while it is being reopened
	ledger   atomic.Pointer[ledger.Ledger]
	keeper   *retention.Keeper
	room     roomState
	textRoom int64                    // see longtext.go
	layouts  map[string]*tuple.Layout // by table; never changes
	spare    sync.Pool                // *tuple.Block

	referring  sync.Mutex
	references []engine.Reference

	// Owned by the writer goroutine.
	tables      map[string]*storedTable // by name; every table that can be appended to
	seen        *seen.Set
	seenSaved   int // ids in it when it was last written to disk
	outbox      *outbox
	shortenedAt time.Time // when the log last said so

	requests chan *request
	faults   chan struct{} // a query met a fatal error
	closing  chan struct{}
	closed   chan struct{}
	close    sync.Once
}

// databaseFile is the name of the database in Options.Dir.
const databaseFile = "telemetry.duckdb"

// Open opens the store in opts.Dir, or creates it. Only one process can have a
// folder open; a second one gets tocsin.Unavailable with the id of the first.
func Open(ctx context.Context, opts Options) (*Store, error) {
	opts.fill()
	s := &Store{
		textRoom: textRoom(opts.MemoryLimit, opts.Threads),
		layouts:  layoutsOf(opts.Schema),
		opts:     opts,
		requests: make(chan *request),
		faults:   make(chan struct{}, 1),
		closing:  make(chan struct{}),
		closed:   make(chan struct{}),
	}
	s.keeper = s.newKeeper()
	if opts.Dir != "" {
		if err := os.MkdirAll(opts.Dir, 0o700); err != nil {
			return nil, tocsin.Wrap(err, tocsin.Invalid, "The data folder %s cannot be created. Check the path and its permissions.", opts.Dir)
		}
		lock, err := lockFolder(opts.Dir)
		if err != nil {
			return nil, err
		}
		s.lock = lock
	}
	if err := s.start(ctx); err != nil {
		s.lock.release()
		return nil, err
	}
	go s.write()
	return s, nil
}

// OpenMemory opens a store that lives in memory and vanishes with Close: for
// tests and for running queries over declared tables.
func OpenMemory(ctx context.Context, s *schema.Schema, now func() time.Time) (*Store, error) {
	return Open(ctx, Options{Schema: s, Now: now})
}

// start opens the database and reads what the writer keeps in memory.
func (s *Store) start(ctx context.Context) error {
	e, err := engine.Open(s.opts.forEngine(s.path()), s.faults)
	if err != nil {
		return err
	}
	if err := s.recover(ctx, e.Writer); err != nil {
		e.Shutdown()
		return err
	}
	for _, t := range s.tables {
		if err := s.publish(e, t); err != nil {
			e.Shutdown()
			return err
		}
	}
	for _, t := range s.opts.Schema.Tables() {
		if sql, ok := ledger.Query(t, engine.Database); ok {
			if err := e.Publish(t.Name, sql); err != nil {
				e.Shutdown()
				return err
			}
		}
	}
	if err := e.Serve(); err != nil {
		e.Shutdown()
		return err
	}
	s.referring.Lock()
	defer s.referring.Unlock()
	if err := e.Refer(ctx, s.references); err != nil {
		e.Shutdown()
		return err
	}
	s.engine.Store(e)
	return nil
}

// bookkeepingDDL creates what the store keeps beside the events.
const bookkeepingDDL = `
CREATE SCHEMA IF NOT EXISTS tocsin;
CREATE SCHEMA IF NOT EXISTS ` + eventSchema + `;
CREATE TABLE IF NOT EXISTS tocsin.identity (id VARCHAR NOT NULL);
INSERT INTO tocsin.identity SELECT gen_random_uuid()::VARCHAR WHERE NOT EXISTS (SELECT 1 FROM tocsin.identity);
CREATE TABLE IF NOT EXISTS tocsin.findings (position BIGINT NOT NULL, id VARCHAR NOT NULL, body VARCHAR NOT NULL);
` + ledger.DDL + retention.DDL

// recover reads the state that the writer keeps in memory from the database,
// which alone is the truth.
func (s *Store) recover(ctx context.Context, c *duck.Conn) error {
	if err := c.Exec(bookkeepingDDL); err != nil {
		return fmt.Errorf("creating the bookkeeping tables: %w", err)
	}
	tables, err := loadTables(ctx, c, s.opts.Schema)
	if err != nil {
		return err
	}
	if s.tables == nil {
		tellUndeclared(s.opts.Log, tables)
	}
	books, err := ledger.Load(ctx, c)
	if err != nil {
		return fmt.Errorf("reading the balance of the sources: %w", err)
	}
	outbox, err := loadOutbox(ctx, c)
	if err != nil {
		return fmt.Errorf("reading unsettled findings: %w", err)
	}
	// After a fault the set in memory is as good: what was committed is in it.
	if s.seen == nil {
		if s.seen, err = loadSeen(ctx, c, s, tables, tocsin.Ticks(books.Watermark())); err != nil {
			return fmt.Errorf("reading the ids of stored events: %w", err)
		}
		s.seenSaved = s.seen.Len()
	} else if err := rememberTimes(ctx, c, tables, s.seen.Floor); err != nil {
		return fmt.Errorf("reading the times of stored events: %w", err)
	}
	s.tables, s.outbox = tables, outbox
	s.ledger.Store(books)
	return nil
}

func (s *Store) path() string {
	if s.opts.Dir == "" {
		return ""
	}
	return filepath.Join(s.opts.Dir, databaseFile)
}

// Close finishes what was accepted, refuses what comes after, and closes the
// database. It may be called more than once.
func (s *Store) Close() error {
	s.close.Do(func() { close(s.closing) })
	<-s.closed
	return nil
}
