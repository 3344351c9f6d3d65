package sqlstore_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
	"github.com/tocsin-soc/tocsin/internal/incident/sqlstore"
	"github.com/tocsin-soc/tocsin/internal/incident/storetest"
)

// TestMain lets the test binary play the process that is killed.
func TestMain(m *testing.M) {
	if dsn := os.Getenv("TOCSIN_TEST_WRITER"); dsn != "" {
		if err := writeForever(dsn); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeForever records findings, opens, comments and merges, and says on
// standard output what was acknowledged.
func writeForever(dsn string) error {
	ctx := context.Background()
	db, err := sqlstore.Open(ctx, dsn)
	if err != nil {
		return err
	}
	desk := incident.New(db.Incidents(), time.Now)
	var last tocsin.IncidentID
	for i := 0; ; i++ {
		list, err := desk.Record(ctx, []incident.Finding{storetest.Find("r", fmt.Sprintf("u%d-%d@contoso.example", os.Getpid(), i), i)})
		if err != nil {
			return err
		}
		inc, err := desk.Apply(ctx, incident.Open{Actor: storetest.Engine, Title: "Case", Alerts: []incident.AlertWhy{{Alert: list[0].Alert.ID}}})
		if err != nil {
			return err
		}
		fmt.Printf("%d 1\n", inc.ID)
		if i%3 == 2 {
			if _, err = desk.Apply(ctx, incident.Merge{Actor: storetest.Engine, Source: inc.ID, Target: last}); err != nil {
				return err
			}
			fmt.Printf("%d 2\n", inc.ID)
			continue
		}
		last = inc.ID
	}
}

// TestIncidents_SurvivesKill kills a writing process again and again: whatever
// it was told is stored must be there, and every state must be its log's fold.
func TestIncidents_SurvivesKill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	dialects(t, func(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
		dsn := filepath.Join(t.TempDir(), "i.db")
		if pg := os.Getenv("TOCSIN_TEST_PG"); pg != "" && filepath.Base(t.Name()) == "postgres" {
			dsn = freshSchema(t, pg)
		}
		acknowledged := map[tocsin.IncidentID]int{}
		for round := range 3 {
			killWriter(t, dsn, 20+13*round, acknowledged)
		}
		db := openDB(t, dsn)
		desk := incident.New(db.Incidents(), time.Now)
		for id, version := range acknowledged {
			row, err := desk.Incident(t.Context(), id)
			if err != nil || row.Version < version {
				t.Fatalf("incident %d was acknowledged at version %d; it is %d, %v", id, version, row.Version, err)
			}
		}
		log, err := desk.Log(t.Context(), 0, 1_000_000)
		if err != nil {
			t.Fatal(err)
		}
		byID := map[tocsin.IncidentID][]incident.Entry{}
		for _, e := range log {
			byID[e.Incident] = append(byID[e.Incident], e)
		}
		for id, entries := range byID {
			row, err := desk.Incident(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(incident.Fold(entries), row.Incident); diff != "" {
				t.Fatalf("incident %d is not the fold of its log:\n%s", id, diff)
			}
		}
		counts, err := desk.Counts(t.Context())
		page, err2 := desk.Queue(t.Context(), incident.Filter{Status: []tocsin.IncidentStatus{tocsin.IncidentNew, tocsin.IncidentRedirected}, Limit: 1})
		if err != nil || err2 != nil || counts.New == 0 || page.Total != len(byID) {
			t.Fatalf("counts %+v, total %d of %d, %v, %v", counts, page.Total, len(byID), err, err2)
		}
	})
}

// killWriter starts a writer and kills it after it acknowledged so many writes.
func killWriter(t *testing.T, dsn string, after int, acknowledged map[tocsin.IncidentID]int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "TOCSIN_TEST_WRITER="+dsn)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if n == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		var id, version int
		if k, err := fmt.Sscan(lines.Text(), &id, &version); k == 2 && err == nil && strconv.Itoa(id)+" "+strconv.Itoa(version) == lines.Text() {
			acknowledged[tocsin.IncidentID(id)] = version
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the writer ended by itself")
	}
}
