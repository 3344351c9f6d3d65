package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"modernc.org/sqlite" // the driver "sqlite"

	"github.com/tocsin-soc/tocsin"
)

// A DB is an open database. Its parts (Incidents, Accounts, Rules, Settings)
// share it and are valid until Close.
type DB struct {
	dialect dialect
	write   *sql.DB
	read    *sql.DB
}

// A dialect is what the two databases say differently.
type dialect int

const (
	sqliteDialect dialect = iota
	postgresDialect
)

//go:embed migrations
var migrations embed.FS

// Open opens or creates the database and brings its schema up to date. dsn is a
// file path for SQLite, or postgres://user@host/name for PostgreSQL. A database
// that cannot be reached or opened is tocsin.Unavailable, one that a newer
// version has written tocsin.Invalid.
func Open(ctx context.Context, dsn string) (*DB, error) {
	db, err := connect(dsn)
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// connect makes the pools; nothing is read yet.
func connect(dsn string) (*DB, error) {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		pool, err := sql.Open("pgx", dsn)
		if err != nil {
			return nil, tocsin.Wrap(err, tocsin.Invalid, "The address of the PostgreSQL database cannot be read. Write postgres://user@host:port/name.")
		}
		pool.SetMaxOpenConns(16)
		return &DB{dialect: postgresDialect, write: pool, read: pool}, nil
	}
	if dsn == "" || strings.HasPrefix(dsn, ":memory:") || strings.Contains(dsn, "://") {
		return nil, tocsin.Errorf(tocsin.Invalid, "%q is no database. Give a file path or postgres://user@host:port/name.", dsn)
	}
	if err := keepPrivate(dsn); err != nil {
		return nil, err
	}
	write, err := sql.Open("sqlite", sqliteName(dsn, "_txlock=immediate"))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", dsn, err)
	}
	write.SetMaxOpenConns(1) // SQLite has one writer; waiting here is fairer than its busy loop
	read, err := sql.Open("sqlite", sqliteName(dsn, "_pragma=query_only(1)"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", dsn, err), write.Close())
	}
	read.SetMaxOpenConns(4)
	read.SetMaxIdleConns(4)
	return &DB{dialect: sqliteDialect, write: write, read: read}, nil
}

// keepPrivate creates the file, if it is not there, for its owner only: it will
// hold hashes of passwords. SQLite gives its log files the same permissions.
func keepPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return tocsin.Wrap(err, tocsin.Unavailable, "The incident database %s cannot be opened. Check that its folder exists and may be written.", path)
	}
	return f.Close()
}

// sqliteName makes the name that the driver opens: write-ahead log, every
// commit synced, ten seconds of patience with other processes.
func sqliteName(path, more string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()}
	u.RawQuery = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=cache_size(-16000)&_pragma=temp_store(MEMORY)&" + more
	return u.String()
}

// migrate brings the schema up to date.
func (db *DB) migrate(ctx context.Context) error {
	folder, kind := "migrations/sqlite", goose.DialectSQLite3
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if db.dialect == postgresDialect {
		folder, kind = "migrations/postgres", goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return fmt.Errorf("preparing the migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return fmt.Errorf("finding the migrations: %w", err)
	}
	p, err := goose.NewProvider(kind, db.write, files, options...)
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return unreachable(err)
	}
	sources := p.ListSources()
	if newest := sources[len(sources)-1].Version; have > newest {
		return tocsin.Errorf(tocsin.Invalid, "The database has schema version %d; this version of Tocsin knows only %d. Start the newer version again.", have, newest)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating the database: %w", err)
	}
	return nil
}

// Close closes the database after everything running on it has ended.
func (db *DB) Close() error {
	if db.read == db.write {
		return db.write.Close()
	}
	return errors.Join(db.read.Close(), db.write.Close())
}

// update runs do in a transaction that no other writer overlaps.
func (db *DB) update(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return unreachable(err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if db.dialect == postgresDialect {
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", writerLock); err != nil {
			return unreachable(err)
		}
	}
	if err := do(tx); err != nil {
		return unreachable(err)
	}
	return unreachable(tx.Commit())
}

// snapshot runs do on one consistent reading of the database.
func (db *DB) snapshot(ctx context.Context, do func(querier) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if db.dialect == postgresDialect {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := db.read.BeginTx(ctx, options)
	if err != nil {
		return unreachable(err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	return do(tx)
}

// writerLock is the advisory lock of PostgreSQL that all writers take:
// "tocsin" in ASCII.
const writerLock = 0x746f6373696e

// unreachable gives a database that is gone, locked or full its kind; other
// errors stay as they are.
func unreachable(err error) error {
	var te *tocsin.Error
	if err == nil || errors.As(err, &te) {
		return err
	}
	var le *sqlite.Error
	if errors.As(err, &le) {
		switch le.Code() & 0xff { // SQLITE_BUSY, LOCKED, IOERR, FULL, CANTOPEN
		case 5, 6, 10, 13, 14:
			return tocsin.Wrap(err, tocsin.Unavailable, "The incident database is busy or cannot be written. Try again; if it stays, check the disk it is on.")
		}
	}
	var ce *pgconn.ConnectError
	var pe *pgconn.PgError
	switch {
	case errors.As(err, &ce), errors.As(err, &pe) && (strings.HasPrefix(pe.Code, "08") || strings.HasPrefix(pe.Code, "53") || strings.HasPrefix(pe.Code, "57")):
		return tocsin.Wrap(err, tocsin.Unavailable, "The incident database cannot be reached. Try again in a minute.")
	case errors.Is(err, context.DeadlineExceeded):
		return tocsin.Wrap(err, tocsin.Unavailable, "The incident database took too long to answer. Try again or ask for less.")
	}
	return err
}

// A querier is a database or a transaction.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// sql writes a statement's placeholders (?) as the dialect wants them. No
// statement of this package holds a question mark otherwise.
func (d dialect) sql(text string) string {
	if d != postgresDialect {
		return text
	}
	var out strings.Builder
	n := 0
	for {
		before, after, found := strings.Cut(text, "?")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		n++
		out.WriteString("$" + strconv.Itoa(n))
		text = after
	}
}

// marks returns n placeholders: "?,?,?".
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// maxBound is how many values one statement binds at most.
const maxBound = 900

// collect runs a query and scans every row.
func collect[T any](ctx context.Context, q querier, scan func(*sql.Rows, *T) error, query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, unreachable(err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		var v T
		if err := scan(rows, &v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, unreachable(rows.Err())
}

// toTicks and fromTicks turn times into columns and back; 0 is no time.
func toTicks(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return tocsin.Ticks(t)
}

func fromTicks(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return tocsin.FromTicks(n)
}

// plain makes a text that both databases can keep in a column: valid UTF-8
// without the zero character.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
