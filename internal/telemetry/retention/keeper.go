// Package retention deletes what need not be kept any more, and gives the space
// back; it says what there is, and keeps the holds that forbid a deletion.
//
// It promises that nothing under a standing hold is deleted, that the oldest goes
// first, that every deletion leaves a line, and that commits go on in between. It
// refuses to delete rows of tables that nobody declares for their size. It is
// tested through the store it works on, with real files that must become smaller.
package retention

import (
	"context"
	"os"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// DDL creates what is kept of all this: the holds, and a line for every deletion,
// so that nothing goes in silence. The schema tocsin must be there.
const DDL = `
CREATE TABLE IF NOT EXISTS tocsin.holds (id VARCHAR NOT NULL, name VARCHAR NOT NULL, first BIGINT, last BIGINT, entity VARCHAR NOT NULL, incident BIGINT,
	reason VARCHAR NOT NULL, created BIGINT NOT NULL, created_by VARCHAR NOT NULL, released BIGINT, released_by VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS tocsin.deletions (id VARCHAR NOT NULL, made BIGINT NOT NULL, name VARCHAR NOT NULL, removed BIGINT NOT NULL, held BIGINT NOT NULL,
	cutoff BIGINT, reason VARCHAR NOT NULL, bytes_before BIGINT NOT NULL, bytes_after BIGINT);
ALTER TABLE tocsin.holds ADD COLUMN IF NOT EXISTS release_reason VARCHAR DEFAULT '';
`

// Options configure a Keeper.
type Options struct {
	Path     string // of the database file; empty: in memory, where only age deletes
	Database string // its name in statements
	Schema   *schema.Schema
	Now      func() time.Time
	Keep     schema.Retention      // what tables keep, where it differs from their declarations
	MinFree  int64                 // bytes of the disk that are left free
	Free     func() (int64, error) // bytes free on the disk of the file
	Own      []string              // the store's own tables, in the schema tocsin; all are small
}

// A Store is what retention needs of the store.
type Store interface {
	// Write runs fn with the writer's connection, between two commits.
	Write(ctx context.Context, fn func(c *duck.Conn) error) error
	// Read runs a query and hands each chunk of its answer on.
	Read(ctx context.Context, each func(*duck.Chunk), sql string, args ...any) error
	// Inspect is Read for questions about the file: it leaves no transaction open,
	// which would keep a checkpoint from freeing anything.
	Inspect(ctx context.Context, each func(*duck.Chunk), sql string, args ...any) error
	// Tables lists the tables that have rows, by name. It asks the writer.
	Tables() []Table
	// Table describes one of them as it is now. Only within Write.
	Table(name string) (Table, bool)
}

// A Table is a table that has rows.
type Table struct {
	Name         string
	Also         string // a table that is read from these rows, too; empty for none
	Decl         *schema.Table
	IsUndeclared bool     // no file declares it any more
	Qualified    string   // in statements: database, schema, table
	Time         string   // in statements: the column that tells rows apart by time
	Columns      []Column // that the database has, declared or not
}

// A Column is a column of a stored table.
type Column struct {
	Name string
	Kind catalog.Type
}

// A Keeper deletes, holds and measures. It is safe for concurrent use.
type Keeper struct {
	opts  Options
	store Store
	sizes sizes
}

// New returns the keeper of a store.
func New(store Store, opts Options) *Keeper { return &Keeper{opts: opts, store: store} }

// ageOf is how long rows of a table are kept; 0 is for ever. Rows that are read
// as two tables are kept as long as either asks.
func (k *Keeper) ageOf(t Table) time.Duration {
	age := k.opts.Keep.AgeOf(t.Decl)
	if also, ok := k.opts.Schema.Table(t.Also); ok && age != 0 {
		if other := k.opts.Keep.AgeOf(also); other == 0 || other > age {
			return other
		}
	}
	return age
}

// fileSize is the size of the database and its log.
func (k *Keeper) fileSize() (n int64) {
	for _, path := range []string{k.opts.Path, k.opts.Path + ".wal"} {
		if info, err := os.Stat(path); err == nil {
			n += info.Size()
		}
	}
	return n
}

// checkpoint writes everything into the file and frees the blocks of what was deleted.
func (k *Keeper) checkpoint(ctx context.Context) error {
	return k.store.Write(ctx, func(c *duck.Conn) error {
		return c.Exec("FORCE CHECKPOINT " + k.opts.Database)
	})
}

// ticksOrNull is how a time is bound; one that never was is NULL.
func ticksOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return tocsin.Ticks(t)
}
