package telemetry

import (
	"context"
	"maps"
	"slices"

	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
	"github.com/tocsin-soc/tocsin/internal/telemetry/retention"
)

// Keeper returns what deletes and holds rows of the store and measures them.
func (s *Store) Keeper() *retention.Keeper { return s.keeper }

// ownTables are the store's own; all are small.
var ownTables = []string{"identity", "sources", "findings", "intake", "holds", "deletions", "expected", "drift"}

// newKeeper returns the keeper of the store.
func (s *Store) newKeeper() *retention.Keeper {
	o := &s.opts
	return retention.New(keeping{s}, retention.Options{
		Path: s.path(), Database: engine.Database, Schema: o.Schema, Now: o.Now, Keep: o.Retention, MinFree: o.MinFree,
		Free: func() (int64, error) { return o.Free(o.Dir) }, Own: ownTables,
	})
}

// keeping is the store as its keeper sees it.
type keeping struct{ store *Store }

// Write implements retention.Store.
func (k keeping) Write(ctx context.Context, fn func(c *duck.Conn) error) error {
	return k.store.withWriter(ctx, fn)
}

// Read implements retention.Store.
func (k keeping) Read(ctx context.Context, each func(*duck.Chunk), sql string, args ...any) error {
	return k.store.read(ctx, each, sql, args...)
}

// Inspect implements retention.Store.
func (k keeping) Inspect(ctx context.Context, each func(*duck.Chunk), sql string, args ...any) error {
	e := k.store.engine.Load()
	if e == nil {
		return unavailable(nil)
	}
	return e.Inspect(ctx, each, sql, args...)
}

// Tables implements retention.Store.
func (k keeping) Tables() (list []retention.Table) {
	_ = k.store.do(context.Background(), func() error { // a store that closes has nothing to keep
		for _, name := range slices.Sorted(maps.Keys(k.store.tables)) {
			if t, ok := k.Table(name); ok {
				list = append(list, t)
			}
		}
		return nil
	})
	return list
}

// Table implements retention.Store.
func (k keeping) Table(name string) (retention.Table, bool) {
	t, ok := k.store.tables[name]
	if !ok || !t.exists {
		return retention.Table{}, false
	}
	out := retention.Table{
		Name: name, Decl: t.decl, IsUndeclared: t.isUndeclared, Time: t.timeSQL(),
		Qualified: schema.Quote(engine.Database) + "." + t.qualified(),
	}
	if name == twinSource {
		out.Also = twinTable
	}
	for _, c := range t.columns {
		out.Columns = append(out.Columns, retention.Column{Name: c.name, Kind: c.kind})
	}
	return out, true
}
