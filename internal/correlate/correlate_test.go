package correlate_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/correlate"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

var update = flag.Bool("update", false, "write the golden files anew")

// start is minute 0 of the scenes.
var start = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// scene is a file in testdata.
type scene struct {
	About   string         `yaml:"about"`
	Alerts  []sceneAlert   `yaml:"alerts"`
	Open    []sceneCase    `yaml:"open"`
	Degrees map[string]int `yaml:"degrees"`
}

type sceneCase struct {
	ID      tocsin.IncidentID     `yaml:"id"`
	Owner   string                `yaml:"owner"`
	Status  tocsin.IncidentStatus `yaml:"status"`
	Named   bool                  `yaml:"named"`
	Alerts  []sceneAlert          `yaml:"alerts"`
	Fill    int                   `yaml:"fill"`    // further alerts about nothing
	Updated string                `yaml:"updated"` // days before minute 0
}

type sceneAlert struct {
	ID       string              `yaml:"id"`
	Rule     string              `yaml:"rule"`
	Title    string              `yaml:"title"`
	At       int                 `yaml:"at"`
	Until    int                 `yaml:"until"`
	Severity tocsin.Severity     `yaml:"severity"`
	Tactics  []string            `yaml:"tactics"`
	Entities []string            `yaml:"entities"` // "Account amelie@contoso.example"
	Details  map[string][]string `yaml:"details"`
	Grouping *struct {
		NoIncident bool                `yaml:"noIncident"`
		Method     string              `yaml:"method"`
		Lookback   string              `yaml:"lookback"`
		Reopen     bool                `yaml:"reopen"`
		ByEntities []tocsin.EntityType `yaml:"byEntities"`
		ByDetails  []string            `yaml:"byDetails"`
	} `yaml:"grouping"`
}

// strongID is the identifier an entity of a type is written with in a scene.
var strongID = map[tocsin.EntityType]string{
	tocsin.Account: "FullName", tocsin.Host: "HostName", tocsin.IP: "Address", tocsin.URL: "Url", tocsin.FileHash: "Value",
	tocsin.Mailbox: "MailboxPrimaryAddress", tocsin.MailMessage: "NetworkMessageId", tocsin.File: "Name", tocsin.Malware: "Name",
}

func (s sceneAlert) alert(t *testing.T) tocsin.Alert {
	t.Helper()
	a := tocsin.Alert{
		ID: tocsin.AlertID(s.ID), Rule: tocsin.RuleID(s.Rule), Title: s.Title, Severity: s.Severity, Tactics: s.Tactics, CustomDetails: s.Details,
		FirstActivity: start.Add(time.Duration(s.At) * time.Minute), LastActivity: start.Add(time.Duration(max(s.At, s.Until)) * time.Minute),
		Status: tocsin.AlertNew, Count: 1,
	}
	if a.Rule == "" {
		a.Rule = tocsin.RuleID("rule of " + s.ID)
	}
	if a.Title == "" {
		a.Title = "Alert " + s.ID
	}
	if a.Severity == "" {
		a.Severity = tocsin.Medium
	}
	for _, e := range s.Entities {
		kind, value, _ := strings.Cut(e, " ")
		name := strongID[tocsin.EntityType(kind)]
		if name == "" {
			t.Fatalf("alert %s: entity %q", s.ID, e)
		}
		a.Entities = append(a.Entities, tocsin.NewEntity(tocsin.EntityType(kind), name, value))
	}
	if g := s.Grouping; g != nil {
		a.Grouping = tocsin.Grouping{NoIncident: g.NoIncident, Method: g.Method, Reopen: g.Reopen, ByEntities: g.ByEntities, ByDetails: g.ByDetails}
		if g.Lookback != "" {
			d, err := time.ParseDuration(g.Lookback)
			if err != nil {
				t.Fatal(err)
			}
			a.Grouping.Lookback = d
		}
	}
	return a
}

func (s sceneCase) candidate(t *testing.T) correlate.Candidate {
	t.Helper()
	c := correlate.Candidate{OwnTitle: s.Named, Incident: tocsin.Incident{ID: s.ID, Owner: s.Owner, Status: s.Status, UpdatedAt: start}}
	if s.Status == "" {
		c.Incident.Status = tocsin.IncidentNew
	}
	if s.Updated != "" {
		d, err := time.ParseDuration(s.Updated)
		if err != nil {
			t.Fatal(err)
		}
		c.Incident.UpdatedAt = start.Add(-d)
	}
	for i := range s.Fill {
		s.Alerts = append(s.Alerts, sceneAlert{ID: fmt.Sprintf("fill-%d-%03d", s.ID, i)})
	}
	for _, a := range s.Alerts {
		alert := a.alert(t)
		alert.Incident = s.ID
		c.Alerts = append(c.Alerts, alert)
		c.Incident.Alerts = append(c.Incident.Alerts, tocsin.AlertLink{Alert: alert.ID})
	}
	return c
}

// content is the folder of the rules that are shipped.
func content(t testing.TB) *correlate.Rules {
	t.Helper()
	rules, err := correlate.Load(os.DirFS("../../content/correlation"))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// tell writes decisions as a person would read them.
func tell(list []correlate.Decision) string {
	var out strings.Builder
	for _, d := range list {
		fmt.Fprintf(&out, "%s", d.Kind)
		if d.Incident != 0 {
			fmt.Fprintf(&out, " %d", d.Incident)
		}
		if d.Source != 0 {
			fmt.Fprintf(&out, " <- %d: %s (%s %.3f)", d.Source, d.Why.Text, d.Why.Rule, d.Why.Score)
		}
		if d.Continues != 0 {
			fmt.Fprintf(&out, " continues %d", d.Continues)
		}
		fmt.Fprintf(&out, " %q\n", d.Title)
		for i, a := range d.Alerts {
			if i < 6 {
				fmt.Fprintf(&out, "  %s: %s (%s %.3f)\n", a.Alert, a.Why.Text, a.Why.Rule, a.Why.Score)
			}
		}
		if n := len(d.Alerts); n > 6 {
			fmt.Fprintf(&out, "  … %d alerts in all\n", n)
		}
		if d.Note != "" {
			fmt.Fprintf(&out, "  note: %s\n", d.Note)
		}
	}
	return out.String()
}

func TestDecide_Scenes(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenes: %v", err)
	}
	rules := content(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var s scene
			if err := yaml.UnmarshalWithOptions(text, &s, yaml.Strict()); err != nil {
				t.Fatal(err)
			}
			var alerts []tocsin.Alert
			for _, a := range s.Alerts {
				alerts = append(alerts, a.alert(t))
			}
			var open []correlate.Candidate
			for _, c := range s.Open {
				open = append(open, c.candidate(t))
			}
			got := tell(correlate.Decide(alerts, open, rules.Measured(s.Degrees), start))
			golden := strings.TrimSuffix(file, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s\n%s", s.About, diff)
			}
			slices.Reverse(alerts)
			slices.Reverse(open)
			if again := tell(correlate.Decide(alerts, open, rules.Measured(s.Degrees), start)); again != got {
				t.Errorf("the other way round:\n%s", cmp.Diff(got, again))
			}
		})
	}
}

// randomAlerts makes alerts that share a few accounts, hosts, addresses and files.
func randomAlerts(rng *rand.Rand, n int, id string) []tocsin.Alert {
	tactics := []string{"InitialAccess", "Execution", "CredentialAccess", "LateralMovement", "Exfiltration"}
	list := make([]tocsin.Alert, n)
	for i := range list {
		at := start.Add(time.Duration(rng.IntN(6*60)) * time.Minute)
		a := tocsin.Alert{
			ID: tocsin.AlertID(fmt.Sprintf("%s%04d", id, i)), Rule: tocsin.RuleID(fmt.Sprintf("r%d", rng.IntN(8))), Title: fmt.Sprintf("Finding %d", rng.IntN(8)),
			Severity: []tocsin.Severity{tocsin.Low, tocsin.Medium, tocsin.High}[rng.IntN(3)], Tactics: []string{tactics[rng.IntN(5)]},
			FirstActivity: at, LastActivity: at.Add(time.Duration(rng.IntN(30)) * time.Minute),
		}
		if rng.IntN(2) == 0 {
			a.Entities = append(a.Entities, tocsin.NewEntity(tocsin.Account, "FullName", fmt.Sprintf("u%d@contoso.example", rng.IntN(n))))
		}
		if rng.IntN(2) == 0 {
			a.Entities = append(a.Entities, tocsin.NewEntity(tocsin.Host, "HostName", fmt.Sprintf("ws-%d", rng.IntN(n))))
		}
		if rng.IntN(3) == 0 {
			a.Entities = append(a.Entities, tocsin.NewEntity(tocsin.IP, "Address", fmt.Sprintf("198.51.100.%d", rng.IntN(9))))
		}
		if rng.IntN(6) == 0 {
			a.Grouping = tocsin.Grouping{Method: []string{"AllEntities", "AnyAlert", "Selected"}[rng.IntN(3)], ByDetails: []string{"Severity"}, Lookback: time.Hour, Reopen: rng.IntN(2) == 0}
		}
		list[i] = a
	}
	return list
}

// TestDecide_OrderDoesNotMatter shuffles the same alerts and incidents.
func TestDecide_OrderDoesNotMatter(t *testing.T) {
	rules := content(t)
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 7))
		alerts := randomAlerts(rng, 1+rng.IntN(60), "n")
		var open []correlate.Candidate
		for i := range rng.IntN(8) {
			c := correlate.Candidate{Alerts: randomAlerts(rng, 1+rng.IntN(20), fmt.Sprintf("o%d-", i))}
			c.Incident = tocsin.Incident{ID: tocsin.IncidentID(i + 1), UpdatedAt: start, Status: tocsin.IncidentNew}
			if rng.IntN(5) == 0 {
				c.Incident.Status = tocsin.IncidentClosed
			}
			if rng.IntN(3) == 0 {
				c.Incident.Owner = []string{"amelie", "bob"}[rng.IntN(2)]
			}
			for k := range c.Alerts {
				c.Alerts[k].Incident = c.Incident.ID
				c.Incident.Alerts = append(c.Incident.Alerts, tocsin.AlertLink{Alert: c.Alerts[k].ID})
			}
			open = append(open, c)
		}
		first := correlate.Decide(alerts, open, rules, start)
		checkComplete(t, alerts, first)
		want := tell(first)
		for range 4 {
			rng.Shuffle(len(alerts), func(i, j int) { alerts[i], alerts[j] = alerts[j], alerts[i] })
			rng.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
			for _, c := range open {
				rng.Shuffle(len(c.Alerts), func(i, j int) { c.Alerts[i], c.Alerts[j] = c.Alerts[j], c.Alerts[i] })
			}
			if got := tell(correlate.Decide(alerts, open, rules, start)); got != want {
				t.Fatalf("seed %d: another order gives another result:\n%s", seed, cmp.Diff(want, got))
			}
		}
	}
}

// checkComplete wants every alert in exactly one decision, and every link explained.
func checkComplete(t *testing.T, alerts []tocsin.Alert, list []correlate.Decision) {
	t.Helper()
	seen := map[tocsin.AlertID]int{}
	for _, d := range list {
		for _, a := range d.Alerts {
			seen[a.Alert]++
			if a.Why.Rule == "" || a.Why.Text == "" || a.Why.Score <= 0 || a.Why.Score > 1 {
				t.Fatalf("alert %s is linked without a reason: %+v", a.Alert, a.Why)
			}
		}
		if len(d.Alerts) > incident.MaxAlerts {
			t.Fatalf("%d alerts in one decision", len(d.Alerts))
		}
		if d.Kind == correlate.Merge && (d.Why.Text == "" || d.Source == d.Incident) {
			t.Fatalf("merge %+v", d)
		}
		if _, ok := d.Command(tocsin.Actor{}); ok != (d.Kind != correlate.Ignore) {
			t.Fatalf("command of %s", d.Kind)
		}
	}
	for i := range alerts {
		if seen[alerts[i].ID] != 1 {
			t.Fatalf("alert %s is in %d decisions", alerts[i].ID, seen[alerts[i].ID])
		}
	}
}

func TestDecide_CeilingIsVisible(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	alerts := randomAlerts(rng, 400, "x")
	for i := range alerts {
		alerts[i].Grouping = tocsin.Grouping{}
		alerts[i].Entities = []tocsin.Entity{tocsin.NewEntity(tocsin.Account, "FullName", "amelie@contoso.example")}
	}
	got := correlate.Decide(alerts, nil, content(t), start)
	checkComplete(t, alerts, got)
	if len(got) != 3 || len(got[0].Alerts) != 150 || len(got[2].Alerts) != 100 || got[1].Note == "" || got[2].Note == "" {
		t.Errorf("400 alerts about one account:\n%s", tell(got))
	}
}

func TestLoad_RefusesWhatItDoesNotKnow(t *testing.T) {
	policy := "kind: policy\nlink: 0.6\nmerge: 0.8\nretire: 30d\nhubs: {degree: 9, fanout: 9}\n"
	rule := "kind: rule\nid: a\nname: A\ndescription: d\nweight: 0.5\nwindow: 2h\nlink: {entities: [Account]}\n"
	for name, files := range map[string][]string{
		"no policy":       {rule},
		"no rule":         {policy},
		"two policies":    {policy, policy, rule},
		"same id twice":   {policy, rule, rule},
		"unknown field":   {policy, rule + "wieght: 1\n"},
		"unknown type":    {policy, strings.Replace(rule, "Account", "Acount", 1)},
		"unknown blocker": {policy, rule + "blockers: [sometimes]\n"},
		"weight":          {policy, strings.Replace(rule, "0.5", "1.5", 1)},
		"window":          {policy, strings.Replace(rule, "2h", "2 hours", 1)},
		"window empty":    {policy, strings.Replace(rule, "2h", "''", 1)},
		"two links":       {policy, strings.Replace(rule, "{entities: [Account]}", "{entities: [Account], artifacts: [URL]}", 1)},
		"unknown tactic":  {policy, strings.Replace(rule, "{entities: [Account]}", "{sequence: {first: [Cooking], then: [Impact], sharing: [Host]}}", 1)},
		"half a sequence": {policy, strings.Replace(rule, "{entities: [Account]}", "{sequence: {first: [Impact]}}", 1)},
		"unknown kind":    {policy, rule, "kind: recipe\n"},
		"thresholds":      {strings.Replace(policy, "0.8", "0.5", 1), rule},
		"hub pattern":     {strings.Replace(policy, "fanout: 9", "fanout: 9, listed: [{type: Host, like: ['[']}]", 1), rule},
		"not YAML":        {policy, rule, "\t{"},
		"too long":        {policy, rule + "# " + strings.Repeat("x", 300_000)},
	} {
		folder := fstest.MapFS{}
		for i, text := range files {
			folder[fmt.Sprintf("%d.yaml", i)] = &fstest.MapFile{Data: []byte(text)}
		}
		if _, err := correlate.Load(folder); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := correlate.Load(fstest.MapFS{"p.yaml": {Data: []byte(policy)}, "r.yaml": {Data: []byte(rule)}}); err != nil {
		t.Error(err)
	}
}

func TestAsk_KeysWindowAndRules(t *testing.T) {
	a := sceneAlert{ID: "a", At: 60, Entities: []string{"Account amelie@contoso.example"}}.alert(t)
	b := sceneAlert{ID: "b", Rule: "grouped", At: 0, Entities: []string{"Host ws-1"}}.alert(t)
	b.Grouping = tocsin.Grouping{Method: "AnyAlert", Lookback: 7 * 24 * time.Hour, Reopen: true}
	inside := sceneAlert{ID: "c", Entities: []string{"Host ws-2"}}.alert(t)
	inside.Incident = 3
	ask, keys := content(t).Ask([]tocsin.Alert{a, b, inside})
	if !slices.Equal(keys, []string{"account|name+upnsuffix|amelie|contoso.example"}) || !slices.Equal(ask.Rules, []tocsin.RuleID{"grouped"}) || !ask.Closed || !ask.Since.Equal(start.Add(-7*24*time.Hour)) {
		t.Errorf("%+v, %v", ask, keys)
	}
}

func BenchmarkDecide(b *testing.B) {
	rules := content(b)
	rng := rand.New(rand.NewPCG(1, 1))
	alerts := randomAlerts(rng, 1000, "x")
	b.ReportAllocs()
	for b.Loop() {
		correlate.Decide(alerts, nil, rules, start)
	}
	b.ReportMetric(float64(len(alerts)*b.N)/b.Elapsed().Seconds(), "alerts/s")
}
