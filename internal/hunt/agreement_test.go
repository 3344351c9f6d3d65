package hunt_test

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/content"
	"github.com/tocsin-soc/tocsin/evtx"
	"github.com/tocsin-soc/tocsin/internal/hunt"
	"github.com/tocsin-soc/tocsin/internal/normalize"
	"github.com/tocsin-soc/tocsin/internal/normalize/windows"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/format"
	"github.com/tocsin-soc/tocsin/kql/token"
	"github.com/tocsin-soc/tocsin/sigma"
	"github.com/tocsin-soc/tocsin/sigma/lane"
	"github.com/tocsin-soc/tocsin/sigma/pattern"
	"github.com/tocsin-soc/tocsin/sigma/rule"
)

// corpora are the folders with SigmaHQ's rules and real logs; the test skips where they are absent.
const corpora = "../../../shared"

// mostPerLog bounds what one long log adds.
const mostPerLog = 300

// quiet is how many rules that match nothing are hunted as well.
const quiet = 150

// fewestAgreeing is a ratchet: how many rules that match something the two
// engines must at least be compared on.
const fewestAgreeing = 350

// mostExcused is a ratchet as well: events that may differ for a named reason.
const mostExcused = 4

// TestSigma_BothEnginesFindTheSameEvents: a rule matched on the stream and the
// same rule hunted as KQL over what the stream stored find the same events. The
// events are SigmaHQ's regression logs and ordinary traffic, through the
// product's normaliser into the product's tables.
func TestSigma_BothEnginesFindTheSameEvents(t *testing.T) {
	w := newAgreement(t)
	w.load(t, w.raws(t))
	compared, fired, agreed := 0, 0, map[string]int{}
	for _, n := range w.chosen() {
		r := w.program.Rules()[n]
		script, err := sigma.ToKQL(r, w.mapping, w.columns)
		if err != nil {
			w.refused++ // sigma's own tests keep the count of these
			continue
		}
		got, ran := w.hunt(t, r, format.Node(script))
		if !ran {
			continue
		}
		compared++
		if len(w.matched[n]) > 0 {
			fired++
		}
		for _, at := range slices.Sorted(maps.Keys(union(got, w.matched[n]))) {
			if got[at] == w.matched[n][at] {
				continue
			}
			if class := w.excuse(r, at); class != "" {
				agreed[class]++
				continue
			}
			t.Errorf("%s: hunted %v, matched %v: %s\n%s", r.Source, got[at], w.matched[n][at], w.origin[at], format.Node(script))
		}
	}
	t.Logf("%d records, %d rules compared, %d of them match something (%d rules match events of the Security channel); %d rules have no KQL, %d are too long to hunt; differences that the tables cannot avoid: %v",
		len(w.records), compared, fired, w.secure(), w.refused, w.tooLong, agreed)
	excused := 0
	for _, n := range agreed {
		excused += n
	}
	if excused > mostExcused {
		t.Errorf("%d events differ for reasons of the tables, no more than %d did before", excused, mostExcused)
	}
	if fired < fewestAgreeing {
		t.Errorf("only %d rules that match something were compared, want %d", fired, fewestAgreeing)
	}
}

// An agreement is one set of records, on the stream and in the store.
type agreement struct {
	schema  *schema.Schema
	store   *telemetry.Store
	hunter  *hunt.Hunter
	mapping *sigma.Mapping
	program *sigma.Program
	records []tocsin.Record
	origin  []string               // log of each record
	record  map[tocsin.EventID]int // by the id of each of its rows
	matched map[int32]map[int]bool // rule → records, by the matcher
	refused int                    // rules without KQL
	tooLong int                    // rules with more KQL than the hunter takes
}

func shippedFolder(t *testing.T, name string) fs.FS {
	t.Helper()
	sub, err := fs.Sub(content.Files, name)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

func newAgreement(t *testing.T) *agreement {
	t.Helper()
	var folders []fs.FS
	for _, dir := range []string{"rules", "rules-emerging-threats", "rules-threat-hunting"} {
		path := filepath.Join(corpora, "sigma/sigmahq", dir)
		if _, err := os.Stat(path); err != nil {
			t.Skipf("SigmaHQ's rules are not here: %v", err)
		}
		folders = append(folders, os.DirFS(path))
	}
	set, err := sigma.Load(folders...)
	if err != nil {
		t.Fatal(err)
	}
	w := &agreement{record: map[tocsin.EventID]int{}, matched: map[int32]map[int]bool{}}
	if w.mapping, err = sigma.LoadMapping(shippedFolder(t, "sigma")); err != nil {
		t.Fatal(err)
	}
	w.program, _ = sigma.Compile(set.Rules, sigma.Options{Mapping: w.mapping})
	if w.schema, err = schema.Load(shippedFolder(t, "tables")); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }
	if w.store, err = telemetry.Open(t.Context(), telemetry.Options{Schema: w.schema, Now: now, Render: telemetry.Renderer{Data: windows.EventData, Parameters: windows.EventParameters}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	w.hunter = hunt.New(w.schema.Catalog(), w.store, w.store.Holds, now)
	return w
}

// load normalises every record, stores its rows and matches it.
func (w *agreement) load(t *testing.T, raws []tocsin.Raw) {
	t.Helper()
	n, err := normalize.New(w.schema, shippedFolder(t, "normalize"))
	if err != nil {
		t.Fatal(err)
	}
	matcher, ev := w.program.NewMatcher(), sigma.NewEvent(w.program.Fields())
	batch := telemetry.Batch{ID: "agreement"}
	for i, raw := range raws {
		raw.ReceivedAt, raw.Source = time.Date(2026, 11, 21, 11, 0, 0, 0, time.UTC), "test"
		got, rejects := n.Batch([]tocsin.Raw{raw})
		if len(rejects) > 0 || len(got) != 1 {
			t.Fatalf("%s: %v", raw.Position, rejects)
		}
		r := &got[0]
		w.records, w.origin = append(w.records, *r), append(w.origin, raw.Position)
		batch.Starts = append(batch.Starts, len(batch.Events))
		batch.Events = append(batch.Events, r.Events...)
		for j := range r.Events {
			w.record[r.Events[j].ID] = i
		}
		ev.Reset()
		ev.Logsource = sigma.Logsource{Product: r.LogSource.Product, Category: r.LogSource.Category, Service: r.LogSource.Service}
		for _, f := range r.Fields {
			ev.Set(f.Name, f.Value)
		}
		for _, hit := range matcher.Match(ev) {
			if w.matched[hit] == nil {
				w.matched[hit] = map[int]bool{}
			}
			w.matched[hit][i] = true
		}
	}
	if _, err := w.store.Append(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

// raws are the regression logs, recorded attacks with much of the Security
// channel, and ordinary traffic.
func (w *agreement) raws(t *testing.T) []tocsin.Raw {
	t.Helper()
	var raws []tocsin.Raw
	for _, folder := range []string{"sigma/regression_data", "data/evtx-to-mitre"} {
		for _, path := range logsBelow(t, filepath.Join(corpora, folder)) {
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			log, err := evtx.NewStream(f, evtx.Options{})
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			n := 0
			for rec, err := range log.Records() {
				if err != nil {
					t.Fatalf("%s: %v", path, err)
				}
				if n++; n > mostPerLog {
					break
				}
				body, err := rec.AppendJSON(nil, evtx.JSONOptions{})
				if err != nil {
					t.Fatalf("%s: %v", path, err)
				}
				raws = append(raws, tocsin.Raw{Format: tocsin.FormatEvtx, Position: fmt.Sprintf("%s record %d", path, n), Body: body})
			}
		}
	}
	ordinary, err := lane.Generate(lane.Office, 1000, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, body := range ordinary {
		raws = append(raws, tocsin.Raw{Format: tocsin.FormatEvtx, Position: fmt.Sprint("ordinary traffic record ", i), Body: body})
	}
	return raws
}

// logsBelow lists the EVTX files below a folder.
func logsBelow(t *testing.T, folder string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".evtx") {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Skipf("no logs in %s: %v", folder, err)
	}
	return files
}

// columns says what the product's tables have.
func (w *agreement) columns(table, column string) (string, bool) {
	if t, ok := w.schema.Table(table); ok {
		if at, ok := t.Column(column); ok && t.Columns[at].Name == column {
			return t.Columns[at].Type.String(), true
		}
	}
	return "", false
}

// chosen are the Windows rules that match something and a sample of the others.
func (w *agreement) chosen() []int32 {
	var loud, silent []int32
	for i, r := range w.program.Rules() {
		n := int32(i)
		switch {
		case r.Logsource.Product != "windows":
		case len(w.matched[n]) > 0:
			loud = append(loud, n)
		default:
			silent = append(silent, n)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(silent), func(i, j int) { silent[i], silent[j] = silent[j], silent[i] })
	return append(loud, silent[:min(quiet, len(silent))]...)
}

// secure counts the rules that match events of the Security channel.
func (w *agreement) secure() int {
	n := 0
	for _, records := range w.matched {
		for at := range records {
			if channel, _, _ := fieldOf(&w.records[at], "Channel"); channel == "Security" {
				n++
				break
			}
		}
	}
	return n
}

// hunt returns the records whose rows a query finds; false if it could not run.
func (w *agreement) hunt(t *testing.T, r *sigma.Rule, text string) (map[int]bool, bool) {
	t.Helper()
	answer, err := w.hunter.Run(t.Context(), hunt.Query{Text: strings.TrimSpace(text) + "\n| project " + schema.EventIDColumn})
	if err != nil {
		t.Errorf("%s: %v\n%s", r.Source, err, text)
		return nil, false
	}
	if len(answer.Diagnostics) > 0 && answer.Diagnostics[0].Code == token.TooLong {
		w.tooLong++
		return nil, false
	}
	if answer.Diagnostics.HasErrors() {
		t.Errorf("%s: %v\n%s", r.Source, answer.Diagnostics, text)
		return nil, false
	}
	if answer.Tables[0].Truncated || answer.Tables[0].Columns[0].Type != catalog.String {
		t.Fatalf("%s: an answer of another shape", r.Source)
	}
	found := map[int]bool{}
	for _, row := range answer.Tables[0].Rows {
		at, ok := w.record[tocsin.EventID(row[0].(string))]
		if !ok {
			t.Fatalf("%s: a row of no record: %v", r.Source, row[0])
		}
		found[at] = true
	}
	return found, true
}

// excuse names why the tables cannot tell what the rule asks of a record; empty
// when they can.
func (w *agreement) excuse(r *sigma.Rule, at int) string {
	class := ""
	r.Expr.Walk(func(p *rule.Predicate) {
		value, present, more := fieldOf(&w.records[at], p.Field)
		switch {
		case present && value == "" && asksForPresence(p):
			class = "the rule asks whether a field is there that the event has empty"
		case more:
			class = "the rule asks for a field of which the event has several, which WindowsEvent keeps as a list"
		case present && inUserData(&w.records[at], p.Field):
			class = "the rule asks for a field of UserData, which WindowsEvent keeps below its root element"
		}
	})
	return class
}

// asksForPresence says whether a predicate tells an absent field from an empty one.
func asksForPresence(p *rule.Predicate) bool {
	if p.Field == "" {
		return false
	}
	switch p.Test {
	case rule.TestNull, rule.TestExists:
		return true
	case rule.TestPattern:
		shape, text := p.Pattern.Shape()
		return shape == pattern.All || shape == pattern.Exact && text == ""
	}
	return false
}

// fieldOf returns the first value of a field and whether there are more.
func fieldOf(r *tocsin.Record, name string) (value string, present, more bool) {
	for i := range r.Fields {
		if r.Fields[i].Name != name {
			continue
		}
		if present {
			return value, true, true
		}
		value, present = r.Fields[i].Value, true
	}
	return value, present, false
}

// inUserData says whether an event has a field by its own name and by its path
// in UserData.
func inUserData(r *tocsin.Record, name string) bool {
	for i := range r.Fields {
		if strings.HasPrefix(r.Fields[i].Name, "Event.UserData.") && strings.HasSuffix(r.Fields[i].Name, "."+name) {
			return true
		}
	}
	return false
}

func union(a, b map[int]bool) map[int]bool {
	all := maps.Clone(a)
	if all == nil {
		all = map[int]bool{}
	}
	maps.Copy(all, b)
	return all
}
