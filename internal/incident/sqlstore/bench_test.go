package sqlstore_test

import (
	"context"
	cryptorand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/auth"
	"github.com/tocsin-soc/tocsin/internal/incident"
	"github.com/tocsin-soc/tocsin/internal/incident/sqlstore"
)

// The size of the queue that is measured. The figures in
// docs/reference/performance-incidents.md are of
//
//	TOCSIN_BENCH_INCIDENTS=100000 TOCSIN_BENCH_DB=/tmp/bench.db go test -run xxx -bench . ./internal/incident/sqlstore
//
// which is made once and kept in the file (or PostgreSQL address) named.
func benchSize() int {
	if n, err := strconv.Atoi(os.Getenv("TOCSIN_BENCH_INCIDENTS")); err == nil && n > 0 {
		return n
	}
	return 1_000
}

// benchStore opens the store that is measured, and fills it when it is empty:
// ten alerts to an incident, nine of ten incidents closed, as in a year's use.
func benchStore(b *testing.B) (*incident.Desk, *sqlstore.DB) {
	b.Helper()
	dsn := os.Getenv("TOCSIN_BENCH_DB")
	if dsn == "" {
		dsn = b.TempDir() + "/bench.db"
	}
	db, err := sqlstore.Open(b.Context(), dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	clock := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	desk := incident.New(db.Incidents(), func() time.Time { clock = clock.Add(7 * time.Second); return clock })
	counts, err := desk.Counts(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	have := counts.New + counts.Active + counts.Closed
	if have >= benchSize() {
		return desk, db
	}
	began := time.Now()
	rng := rand.New(rand.NewPCG(uint64(have), 1))
	for n := have; n < benchSize(); n += 100 {
		if err := fillBatch(b.Context(), desk, rng, n); err != nil {
			b.Fatal(err)
		}
	}
	b.Logf("filled %d incidents in %s", benchSize()-have, time.Since(began).Round(time.Second))
	return desk, db
}

// fillBatch opens 100 incidents with about 1,000 alerts and works on most.
func fillBatch(ctx context.Context, desk *incident.Desk, rng *rand.Rand, from int) error {
	var findings []incident.Finding
	var owns []int
	for i := range 100 {
		n := 1 + int(rng.ExpFloat64()*9)
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(from+i) * 5 * time.Minute)
		for k := range min(n, incident.MaxAlerts) {
			findings = append(findings, benchFinding(rng, fmt.Sprintf("%d/%d", from+i, k), at.Add(time.Duration(k)*time.Minute)))
			owns = append(owns, i)
		}
	}
	recorded, err := desk.Record(ctx, findings)
	if err != nil {
		return err
	}
	cmds := make([]incident.Command, 100)
	opens := make([]incident.Open, 100)
	for i, r := range recorded {
		o := &opens[owns[i]]
		o.Title = r.Alert.Title + " on " + r.Alert.Entities[0].Label()
		o.Alerts = append(o.Alerts, incident.AlertWhy{Alert: r.Alert.ID, Why: tocsin.Reason{Rule: "same-account", Text: "same account " + r.Alert.Entities[0].Label() + " within 2 h", Value: "account|x", Score: 0.8}})
	}
	for i := range opens {
		opens[i].Actor, opens[i].Generated = tocsin.Actor{Kind: tocsin.Correlation, ID: "correlation", Name: "Correlation"}, true
		if rng.IntN(3) == 0 {
			opens[i].Tags = []string{fmt.Sprintf("tag-%d", rng.IntN(30))}
		}
		cmds[i] = opens[i]
	}
	list, err := desk.ApplyAll(ctx, cmds)
	if err != nil {
		return err
	}
	cmds = cmds[:0]
	for _, inc := range list {
		owner := fmt.Sprintf("analyst%d", rng.IntN(20))
		person := tocsin.Actor{Kind: tocsin.Person, ID: owner, Name: owner}
		switch r := rng.IntN(100); {
		case r < 90:
			closed, class := tocsin.IncidentClosed, tocsin.FalsePositive
			cmds = append(cmds, incident.Change{Actor: person, Incident: inc.ID, Version: 1, Owner: &owner, Status: &closed, Classification: &class})
		case r < 95:
			cmds = append(cmds, incident.Assign{Actor: person, Incident: inc.ID, Version: 1, Owner: owner})
		}
	}
	_, err = desk.ApplyAll(ctx, cmds)
	return err
}

// benchFinding makes a finding of one of 60 rules about one of 5,000 accounts,
// 8,000 hosts and 20,000 addresses.
func benchFinding(rng *rand.Rand, id string, at time.Time) incident.Finding {
	rule := rng.IntN(60)
	entities := []tocsin.Entity{
		tocsin.NewEntity(tocsin.Account, "FullName", fmt.Sprintf("user%d@contoso.example", rng.IntN(5_000))),
		tocsin.NewEntity(tocsin.Host, "HostName", fmt.Sprintf("ws-%04d", rng.IntN(8_000))),
		tocsin.NewEntity(tocsin.IP, "Address", fmt.Sprintf("10.%d.%d.%d", rng.IntN(2), rng.IntN(50), rng.IntN(200))),
	}
	words := []string{"Suspicious", "Rare", "Unusual", "Possible", "Repeated"}
	things := []string{"sign-in", "process", "mailbox rule", "service", "download", "registry change", "consent", "share access", "script", "password spray", "token use", "scheduled task"}
	return incident.Finding{ID: id, Alert: tocsin.Alert{
		Rule: tocsin.RuleID(fmt.Sprintf("rule-%02d", rule)), RuleKind: tocsin.ScheduledRule, RuleVersion: "1.0.0", Author: "Tocsin",
		Title: words[rule%5] + " " + things[rule%12], Description: "What the rule looks for and what to do about it, in a sentence or two of usual length, so that rows have a usual size.",
		Severity: []tocsin.Severity{tocsin.Informational, tocsin.Low, tocsin.Medium, tocsin.Medium, tocsin.High}[rng.IntN(5)],
		Tactics:  []string{"InitialAccess"}, Techniques: []string{"T1078"}, Entities: entities,
		Evidence:    []tocsin.Evidence{{Event: tocsin.EventID("ev" + id), Table: "SigninLogs", OccurredAt: at, Summary: "one line that an analyst can read"}},
		Fingerprint: id, Count: 1, FirstActivity: at, LastActivity: at.Add(time.Minute), RaisedAt: at.Add(2 * time.Minute),
	}}
}

// measure runs f again and again and reports its median and 95th percentile,
// and how many times a read of one incident by number it takes.
func measure(b *testing.B, yardstick time.Duration, f func(i int) error) {
	b.Helper()
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		if err := f(len(took)); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	at := func(share float64) time.Duration { return took[int(float64(len(took)-1)*share)] }
	b.ReportMetric(float64(at(0.5).Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(at(0.95).Microseconds())/1000, "p95-ms")
	b.ReportMetric(float64(at(0.5))/float64(yardstick), "x-point-read")
}

// pointRead is the yardstick: the median of reading one incident by number.
func pointRead(b *testing.B, desk *incident.Desk) time.Duration {
	b.Helper()
	var took []time.Duration
	for i := range 200 {
		began := time.Now()
		if _, err := desk.Incident(b.Context(), tocsin.IncidentID(1+i*7919%benchSize())); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[len(took)/2]
}

func BenchmarkQueue(b *testing.B) {
	desk, _ := benchStore(b)
	yard := pointRead(b, desk)
	open := []tocsin.IncidentStatus{tocsin.IncidentNew, tocsin.IncidentActive}
	for _, c := range []struct {
		name   string
		filter incident.Filter
	}{
		{"default", incident.Filter{Status: open, Sort: incident.ByUpdated, Descending: true}},
		{"everything", incident.Filter{Sort: incident.ByUpdated, Descending: true}},
		{"closed_by_severity", incident.Filter{Status: []tocsin.IncidentStatus{tocsin.IncidentClosed}, Sort: incident.BySeverity, Descending: true}},
		{"high_open_oldest", incident.Filter{Status: open, Severity: []tocsin.Severity{tocsin.High}, Sort: incident.ByCreated}},
		{"informational_by_number", incident.Filter{Severity: []tocsin.Severity{tocsin.Informational}, Sort: incident.ByNumber, Descending: true}},
		{"mine_open", incident.Filter{Status: open, Owner: []string{"analyst7"}, Sort: incident.ByUpdated, Descending: true}},
		{"mine_all_by_severity", incident.Filter{Owner: []string{"analyst7"}, Sort: incident.BySeverity, Descending: true}},
		{"unassigned", incident.Filter{Status: open, Owner: []string{incident.Nobody}, Sort: incident.ByUpdated, Descending: true}},
		{"tag", incident.Filter{Tag: []string{"tag-7"}, Sort: incident.ByUpdated, Descending: true}},
		{"search_account", incident.Filter{Query: "user1234@contoso.example", Sort: incident.ByUpdated, Descending: true}},
		{"search_prefix", incident.Filter{Query: "ws-01", Sort: incident.ByUpdated, Descending: true}},
		{"search_common_word", incident.Filter{Query: "suspicious", Sort: incident.ByUpdated, Descending: true}},
		{"search_word_everywhere", incident.Filter{Query: "contoso", Sort: incident.ByUpdated, Descending: true}},
		{"search_two_words_open", incident.Filter{Status: open, Query: "password spray", Sort: incident.ByUpdated, Descending: true}},
		{"search_nothing", incident.Filter{Query: "nosuchword", Sort: incident.ByUpdated, Descending: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			measure(b, yard, func(int) error { _, err := desk.Queue(b.Context(), c.filter); return err })
		})
	}
	b.Run("deep_page", func(b *testing.B) {
		f := incident.Filter{Sort: incident.ByUpdated, Descending: true, Limit: 200}
		for range 200 {
			page, err := desk.Queue(b.Context(), f)
			if err != nil {
				b.Fatal(err)
			}
			if page.Next == "" {
				break
			}
			f.Cursor = page.Next
		}
		f.Limit = 50
		measure(b, yard, func(int) error { _, err := desk.Queue(b.Context(), f); return err })
	})
	b.Run("counts", func(b *testing.B) {
		measure(b, yard, func(int) error { _, err := desk.Counts(b.Context()); return err })
	})
}

func BenchmarkRead(b *testing.B) {
	desk, db := benchStore(b)
	yard := pointRead(b, desk)
	id := func(i int) tocsin.IncidentID { return tocsin.IncidentID(1 + i*7919%benchSize()) }
	ctx := b.Context()
	account := func(i int) string {
		k, _ := tocsin.NewEntity(tocsin.Account, "FullName", fmt.Sprintf("user%d@contoso.example", i*31%5000)).Key()
		return k
	}
	since := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(benchSize())*5*time.Minute - 3*24*time.Hour)
	for name, f := range map[string]func(i int) error{
		"incident":    func(i int) error { _, err := desk.Incident(ctx, id(i)); return err },
		"timeline":    func(i int) error { _, err := desk.Timeline(ctx, id(i)); return err },
		"alerts_of":   func(i int) error { _, err := desk.AlertsOf(ctx, id(i)); return err },
		"alerts_page": func(int) error { _, err := desk.Alerts(ctx, incident.AlertFilter{}); return err },
		"alerts_open_high": func(int) error {
			_, err := desk.Alerts(ctx, incident.AlertFilter{Status: []tocsin.AlertStatus{tocsin.AlertNew}, Severity: []tocsin.Severity{tocsin.High}})
			return err
		},
		"alerts_loose":     func(int) error { _, err := desk.Alerts(ctx, incident.AlertFilter{Loose: true}); return err },
		"alerts_of_entity": func(i int) error { _, err := desk.Alerts(ctx, incident.AlertFilter{Entity: account(i)}); return err },
		"alerts_of_rule":   func(int) error { _, err := desk.Alerts(ctx, incident.AlertFilter{Rule: "rule-07"}); return err },
		"candidates": func(i int) error {
			_, err := desk.Candidates(ctx, incident.Related{Keys: []string{account(i), account(i + 1)}, Since: since})
			return err
		},
		"candidates_by_rule": func(int) error {
			_, err := desk.Candidates(ctx, incident.Related{Rules: []tocsin.RuleID{"rule-07"}, Since: since})
			return err
		},
		"degrees":      func(i int) error { _, err := desk.Degrees(ctx, []string{account(i)}, time.Time{}); return err },
		"log_1000":     func(i int) error { _, err := desk.Log(ctx, int64(i*1000%benchSize()), 1000); return err },
		"alert_counts": func(int) error { _, err := db.Rules().AlertCounts(ctx); return err },
	} {
		b.Run(name, func(b *testing.B) { measure(b, yard, f) })
	}
}

func BenchmarkWrite(b *testing.B) {
	desk, _ := benchStore(b)
	yard := pointRead(b, desk)
	ctx := b.Context()
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 2))
	engine := tocsin.Actor{Kind: tocsin.Correlation, ID: "correlation", Name: "Correlation"}
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	at := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	b.Run("comment", func(b *testing.B) {
		measure(b, yard, func(i int) error {
			_, err := desk.Apply(ctx, incident.Comment{Actor: engine, Incident: tocsin.IncidentID(1 + i*7919%benchSize()), Text: "noted"})
			return err
		})
	})
	b.Run("record_1_and_open", func(b *testing.B) {
		measure(b, yard, func(i int) error {
			list, err := desk.Record(ctx, []incident.Finding{benchFinding(rng, fmt.Sprintf("w%s/%d", run, i), at)})
			if err != nil {
				return err
			}
			_, err = desk.Apply(ctx, incident.Open{Actor: engine, Title: "New", Alerts: []incident.AlertWhy{{Alert: list[0].Alert.ID}}})
			return err
		})
	})
	b.Run("record_1000", func(b *testing.B) {
		measure(b, yard, func(i int) error {
			var findings []incident.Finding
			for k := range 1000 {
				findings = append(findings, benchFinding(rng, fmt.Sprintf("m%s/%d/%d", run, i, k), at))
			}
			_, err := desk.Record(ctx, findings)
			return err
		})
	})
}

// BenchmarkRecentToken is what a request at a door of telemetry pays for its
// token; "lookups" is how many such requests one look-up in the store costs.
func BenchmarkRecentToken(b *testing.B) {
	db, err := sqlstore.Open(b.Context(), b.TempDir()+"/bench.db")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	g, err := auth.New(db.Accounts(), auth.Options{Now: time.Now, Random: cryptorand.Reader, Cost: auth.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}})
	if err != nil {
		b.Fatal(err)
	}
	u, err := g.CreateUser(b.Context(), tocsin.Actor{}, auth.NewUser{Name: "bob", Role: tocsin.Responder})
	if err != nil {
		b.Fatal(err)
	}
	token, _, err := g.MakeToken(b.Context(), u, auth.NewToken{Name: "shipper", Scopes: []auth.Scope{auth.ScopeIngest}, Role: tocsin.Reader, Expires: time.Now().Add(time.Hour)})
	if err != nil {
		b.Fatal(err)
	}
	times := func(ask func(context.Context, string) (auth.Identity, error), n int) time.Duration {
		begun := time.Now()
		for range n {
			if _, err := ask(b.Context(), token); err != nil {
				b.Fatal(err)
			}
		}
		return time.Since(begun) / time.Duration(n)
	}
	lookup := times(g.Token, 500)
	b.ResetTimer()
	remembered := times(g.RecentToken, max(b.N, 1000))
	b.ReportMetric(float64(lookup)/float64(max(remembered, 1)), "lookups")
}
