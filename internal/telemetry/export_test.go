package telemetry

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
)

// DropTwinColumn makes the closed database in dir one of before there were twins.
func DropTwinColumn(t *testing.T, dir string) {
	db, err := duck.Open(filepath.Join(dir, databaseFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Exec("ALTER TABLE events." + twinSource + " DROP COLUMN " + twinColumn); err != nil {
		t.Fatal(err)
	}
}

// Fault makes the store believe that DuckDB met a fatal error, of which there
// is none that can be provoked reliably, and waits until it has noticed.
func (s *Store) Fault() {
	old := s.engine.Load()
	s.reportFault()
	for s.engine.Load() == old && old != nil {
	}
}

// Fold adds up the history of the intake, as the writer does now and then.
func (s *Store) Fold() error {
	return s.do(context.Background(), func() error { return s.ledger.Load().Fold(context.Background(), s.engine.Load().Writer) })
}

// BookkeepingTables are the store's own tables.
func BookkeepingTables() []string { return ownTables }
