package mirror_test

import (
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/content"
	"github.com/tocsin-soc/tocsin/internal/incident"
	"github.com/tocsin-soc/tocsin/internal/incident/sqlstore"
	"github.com/tocsin-soc/tocsin/internal/mirror"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
)

func TestCatchUp_ARowPerChangeAndNoneTwice(t *testing.T) {
	ctx := t.Context()
	db, err := sqlstore.Open(ctx, filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	folder, err := fs.Sub(content.Files, "tables")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := schema.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	store, err := telemetry.Open(ctx, telemetry.Options{Schema: tables, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	desk := incident.New(db.Incidents(), time.Now)
	analyst := tocsin.Actor{Kind: tocsin.Person, ID: "1", Name: "amelie"}
	recorded, err := desk.Record(ctx, []incident.Finding{{ID: "f", Alert: tocsin.Alert{
		Rule: "r", RuleKind: tocsin.SigmaRule, Title: "T", Severity: tocsin.High, Fingerprint: "f", FirstActivity: time.Now(), LastActivity: time.Now(), RaisedAt: time.Now(),
		Entities: []tocsin.Entity{tocsin.NewEntity(tocsin.Account, "FullName", "amelie@contoso.example"), tocsin.NewEntity(tocsin.IP, "Address", "203.0.113.7")},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	inc, err := desk.Apply(ctx, incident.Open{Actor: analyst, Title: "It's", Alerts: []incident.AlertWhy{{Alert: recorded[0].Alert.ID, Why: tocsin.Reason{Text: "first"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Apply(ctx, incident.Assign{Actor: analyst, Incident: inc.ID, Version: inc.Version, Owner: "amelie"}); err != nil {
		t.Fatal(err)
	}
	m := mirror.New(desk, store, tables, time.Now)
	last, err := m.CatchUp(ctx, 0)
	if err != nil || last == 0 {
		t.Fatalf("position %d, %v", last, err)
	}
	if _, err := m.CatchUp(ctx, 0); err != nil {
		t.Fatal(err)
	}
	for table, want := range map[string]int{"SecurityIncident": 2, "SecurityAlert": 1, "AlertInfo": 1, "AlertEvidence": 2} {
		rows, err := store.Select(ctx, `SELECT count(*)::BIGINT FROM "`+table+`"`)
		if err != nil {
			t.Fatal(err)
		}
		cell := make([]any, 1)
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		if err := rows.Scan(cell); err != nil {
			t.Fatal(err)
		}
		_ = rows.Close()
		if cell[0] != int64(want) {
			t.Errorf("%s has %v rows, want %d", table, cell[0], want)
		}
	}
}
