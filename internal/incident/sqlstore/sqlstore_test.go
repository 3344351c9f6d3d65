package sqlstore_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soc/tocsin"
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

// TestIncidents_SearchInALargeQueue runs the suite's searches as they are run
// when words are common, and wants the same incidents found.
func TestIncidents_SearchInALargeQueue(t *testing.T) {
	dialects(t, func(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
		store := open(t).Incidents()
		clock := storetest.NewClock()
		desk := incident.New(store, clock.Now)
		for i := range 12 {
			list, err := desk.Record(t.Context(), []incident.Finding{storetest.Find("r", fmt.Sprintf("user%d@contoso.example", i%3), i), storetest.Find("s", "shared@contoso.example", 100*i)})
			if err != nil {
				t.Fatal(err)
			}
			open := incident.Open{Actor: storetest.Engine, Title: fmt.Sprintf("Case %d", i), Tags: []string{"all"}}
			if list[0].Outcome == incident.IsNew {
				open.Alerts = []incident.AlertWhy{{Alert: list[0].Alert.ID}}
			}
			if _, err := desk.Apply(t.Context(), open); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range []incident.Filter{
			{Query: "case"}, {Query: "contoso"}, {Query: "case user1"}, {Query: "user1 contoso", Tag: []string{"all"}}, {Tag: []string{"ALL"}}, {Query: "nothing"},
			{Tag: []string{"all"}, Status: []tocsin.IncidentStatus{tocsin.IncidentNew}, Sort: incident.BySeverity, Descending: true, Query: "cas"},
		} {
			f.Limit = 4
			for {
				store.SearchAsIfLarge(1000, 1000)
				want, err := desk.Queue(t.Context(), f)
				if err != nil {
					t.Fatal(err)
				}
				store.SearchAsIfLarge(0, 5)
				got, err := desk.Queue(t.Context(), f)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want.Items, got.Items); diff != "" || got.Next != want.Next || got.Total != min(want.Total, 5) || got.TotalIsLeast != (want.Total > 5) {
					t.Errorf("%+v: total %d (at least: %v), want %d\n%s", f, got.Total, got.TotalIsLeast, want.Total, diff)
				}
				if f.Cursor = want.Next; f.Cursor == "" {
					break
				}
			}
		}
	})
}

func TestOpen_RefusesAndProtects(t *testing.T) {
	dir := t.TempDir()
	for dsn, kind := range map[string]tocsin.Kind{
		"": tocsin.Invalid, ":memory:": tocsin.Invalid, "mysql://x/y": tocsin.Invalid, filepath.Join(dir, "no", "such", "folder.db"): tocsin.Unavailable,
		"postgres://nobody@127.0.0.1:1/none?connect_timeout=1": tocsin.Unavailable,
	} {
		if db, err := sqlstore.Open(t.Context(), dsn); !tocsin.IsKind(err, kind) {
			t.Errorf("%q: %v, %v", dsn, db, err)
		}
	}
	path := filepath.Join(dir, "i.db")
	db := openDB(t, path)
	if err := db.Settings().Set(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal"} {
		if st, err := os.Stat(name); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, st.Mode(), err)
		}
	}
	again := openDB(t, path)
	if got, ok, err := again.Settings().Get(t.Context(), "a"); got != "b" || !ok || err != nil {
		t.Errorf("a second process reads %q, %v, %v", got, ok, err)
	}
}

// TestOpen_RefusesANewerSchema pretends that a later version migrated further.
func TestOpen_RefusesANewerSchema(t *testing.T) {
	dialects(t, func(t *testing.T, _ func(t *testing.T) *sqlstore.DB) {
		dsn := filepath.Join(t.TempDir(), "i.db")
		if pg := os.Getenv("TOCSIN_TEST_PG"); pg != "" && strings.HasSuffix(t.Name(), "postgres") {
			dsn = freshSchema(t, pg)
		}
		if err := openDB(t, dsn).PretendVersion(t.Context(), 99); err != nil {
			t.Fatal(err)
		}
		if db, err := sqlstore.Open(t.Context(), dsn); !tocsin.IsKind(err, tocsin.Invalid) {
			t.Errorf("%v, %v", db, err)
		}
	})
}

// TestIncidents_RefusesALogItDoesNotKnow finds an entry of a later version.
func TestIncidents_RefusesALogItDoesNotKnow(t *testing.T) {
	dialects(t, func(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
		db := open(t)
		desk := incident.New(db.Incidents(), storetest.NewClock().Now)
		if _, err := desk.Apply(t.Context(), incident.Open{Actor: storetest.Engine, Title: "A"}); err != nil {
			t.Fatal(err)
		}
		if err := db.Rewrite(t.Context(), `UPDATE entry SET kind = 'teleported'`); err != nil {
			t.Fatal(err)
		}
		if _, err := desk.Timeline(t.Context(), 1); !tocsin.IsKind(err, tocsin.Unavailable) {
			t.Errorf("folding without it would be wrong: %v", err)
		}
	})
}
