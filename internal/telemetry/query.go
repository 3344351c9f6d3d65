package telemetry

import (
	"context"

	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
	"github.com/tocsin-soc/tocsin/kql/exec"
)

// Query implements exec.Engine: it is Select, row by row.
func (s *Store) Query(ctx context.Context, sql string, args []any) (exec.Rows, error) {
	rows, err := s.Select(ctx, sql, args...)
	if err != nil {
		return nil, err // not rows, which would be an interface around nil
	}
	return rows, nil
}

var _ exec.Engine = (*Store)(nil)

// Select runs one reading statement: see engine.Engine.Select. The caller closes
// the rows.
func (s *Store) Select(ctx context.Context, sql string, args ...any) (*engine.Rows, error) {
	e := s.engine.Load()
	if e == nil {
		return nil, unavailable(nil)
	}
	return e.Select(ctx, sql, args...)
}

// Holds reports whether anything was ever stored in a table. A query over many
// tables (search, union *) is compiled and planned faster without the others.
func (s *Store) Holds(table string) bool {
	e := s.engine.Load()
	return e == nil || e.Holds(table) // not known while it is reopened
}

// Refer replaces the references of the store. A query that runs sees the old rows or
// the new ones of each.
func (s *Store) Refer(ctx context.Context, refs []engine.Reference) error {
	s.referring.Lock()
	defer s.referring.Unlock()
	e := s.engine.Load()
	if e == nil {
		return unavailable(nil)
	}
	if err := e.Refer(ctx, refs); err != nil {
		return err
	}
	s.references = refs
	return nil
}

// read runs a query and hands each chunk of its answer on.
func (s *Store) read(ctx context.Context, each func(*duck.Chunk), sql string, args ...any) error {
	rows, err := s.Select(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // read to its end or failed
	for rows.NextChunk() {
		each(rows.Chunk())
	}
	return rows.Err()
}
