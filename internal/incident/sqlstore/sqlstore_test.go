package sqlstore_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/internal/incident"
	"github.com/tocsin-soc/tocsin/internal/incident/sqlstore"
	"github.com/tocsin-soc/tocsin/internal/incident/storetest"
)

// dialects runs a test on SQLite, and on PostgreSQL when TOCSIN_TEST_PG holds
// the address of a database the test may create schemas in (see testpg.sh).
func dialects(t *testing.T, run func(t *testing.T, open func(t *testing.T) *sqlstore.DB)) {
	t.Run("sqlite", func(t *testing.T) {
		run(t, func(t *testing.T) *sqlstore.DB {
			return openDB(t, filepath.Join(t.TempDir(), "in cident?.db"))
		})
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := os.Getenv("TOCSIN_TEST_PG")
		if dsn == "" {
			t.Skip("TOCSIN_TEST_PG is not set: PostgreSQL is not tested")
		}
		run(t, func(t *testing.T) *sqlstore.DB { return openDB(t, freshSchema(t, dsn)) })
	})
}

func openDB(t *testing.T, dsn string) *sqlstore.DB {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// freshSchema makes an empty schema and an address whose connections live in it.
func freshSchema(t *testing.T, dsn string) string {
	t.Helper()
	name := "t_" + strings.ToLower(strings.NewReplacer("/", "_", " ", "_", "#", "_").Replace(t.Name()))
	name = name[:min(len(name), 60)]
	if err := sqlstore.ResetSchema(context.Background(), dsn, name); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

func TestIncidents_Conformance(t *testing.T) {
	dialects(t, func(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
		storetest.Run(t, func(t *testing.T) incident.Store { return open(t).Incidents() })
	})
}
