package normalize

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/evtx"
	"github.com/tocsin-soc/tocsin/sigma"
)

// corpora are the folders with real logs; a test skips where they are absent.
const corpora = "../../../shared"

// events calls do with the JSON of each event of a log.
func events(t testing.TB, path string, do func(body []byte)) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := evtx.NewStream(f, evtx.Options{})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for rec, err := range r.Records() {
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		body, err := rec.AppendJSON(nil, evtx.JSONOptions{})
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		do(body)
	}
}

// logs lists the EVTX files below a folder of the corpora.
func logs(t testing.TB, folder string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(filepath.Join(corpora, folder), func(path string, _ fs.DirEntry, err error) error {
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

func evtxRaw(body []byte, position string) tocsin.Raw {
	return tocsin.Raw{Source: "test", Format: tocsin.FormatEvtx, Position: position, ReceivedAt: received, Body: body}
}

// TestEveryRealEventIsNormalised sends all real logs through: nothing may be
// rejected or lost, every event is a row of a raw table, and the flat view says
// what package sigma reads from the same JSON.
func TestEveryRealEventIsNormalised(t *testing.T) {
	n := shipped(t)
	rows := map[string]int{}
	names := sigma.NewFields()
	probe := sigma.NewEvent(names)
	count := 0
	for _, path := range logs(t, ".") {
		events(t, path, func(body []byte) {
			count++
			records, rejects := n.Batch([]tocsin.Raw{evtxRaw(body, path)})
			if len(rejects) > 0 {
				t.Fatalf("%s: %s", path, rejects[0].Reason)
			}
			for _, e := range records[0].Events {
				rows[e.Table]++
			}
			if len(records[0].Events) == 0 {
				t.Fatalf("%s: an event without a row: %s", path, body)
			}
			if ours, theirs := viewText(records[0].Fields), sigmaView(t, names, probe, records[0].Fields, body); ours != theirs {
				t.Fatalf("%s: the flat view differs from package sigma's:\n%s", path, cmp.Diff(theirs, ours))
			}
		})
	}
	t.Logf("%d events; rows: %v; losses: %+v", count, rows, n.Losses())
	if len(n.Losses()) > 0 {
		t.Errorf("losses: %+v", n.Losses())
	}
}

// viewText writes fields sorted, one per line.
func viewText(fields []tocsin.Field) string {
	lines := make([]string, len(fields))
	for i, f := range fields {
		lines[i] = f.Name + "=" + f.Value
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// sigmaView reads the JSON by package sigma, as far as the names of fields go.
func sigmaView(t *testing.T, names *sigma.Fields, ev *sigma.Event, fields []tocsin.Field, body []byte) string {
	t.Helper()
	for _, f := range fields {
		names.ID(f.Name)
	}
	if err := sigma.ParseJSON(body, ev); err != nil {
		t.Fatal(err)
	}
	var list []tocsin.Field
	for i := range ev.Len() {
		id, kind, value := ev.At(i)
		if id != sigma.NoField && kind != sigma.KindNull && !(id == sigma.FieldChannel && len(value) == 0) {
			list = append(list, tocsin.Field{Name: names.Name(id), Value: string(value)})
		}
	}
	return viewText(list)
}

// TestSigmaHQRegression sends SigmaHQ's regression logs through normalising
// into the matcher: each rule must fire as often as its log says.
func TestSigmaHQRegression(t *testing.T) {
	root := filepath.Join(corpora, "sigma")
	list, err := os.Open(filepath.Join(root, "regression.jsonl"))
	if err != nil {
		t.Skip(err)
	}
	defer list.Close()
	program := sigmaHQ(t, filepath.Join(root, "sigmahq"))
	matcher, ev := program.NewMatcher(), sigma.NewEvent(program.Fields())
	n := shipped(t)
	logs := 0
	for lines := bufio.NewScanner(list); lines.Scan(); logs++ {
		var sample struct {
			Log      string `json:"sample_path"`
			Rule     string `json:"rule_id"`
			Expected int    `json:"expected_matches"`
		}
		if err := json.Unmarshal(lines.Bytes(), &sample); err != nil {
			t.Fatal(err)
		}
		hits := 0
		events(t, filepath.Join(root, sample.Log), func(body []byte) {
			records, _ := n.Batch([]tocsin.Raw{evtxRaw(bytes.Clone(body), sample.Log)})
			for i := range records {
				fill(ev, &records[i])
				for _, m := range matcher.Match(ev) {
					if program.Rules()[m].ID == sample.Rule {
						hits++
					}
				}
			}
		})
		if hits < sample.Expected {
			t.Errorf("%s: rule %s fires %d times, expected are %d", sample.Log, sample.Rule, hits, sample.Expected)
		}
	}
	t.Logf("%d logs", logs)
}

// fill does what the detection stage does with a record.
func fill(ev *sigma.Event, r *tocsin.Record) {
	ev.Reset()
	ev.Logsource = sigma.Logsource{Product: r.LogSource.Product, Category: r.LogSource.Category, Service: r.LogSource.Service}
	for _, f := range r.Fields {
		ev.Set(f.Name, f.Value)
	}
}

// sigmaHQ compiles SigmaHQ's active rules with the product's mapping.
func sigmaHQ(t *testing.T, root string) *sigma.Program {
	t.Helper()
	mapping, err := sigma.LoadMapping(os.DirFS("../../content/sigma"))
	if err != nil {
		t.Fatal(err)
	}
	all := &sigma.Set{}
	for _, folder := range []string{"rules", "rules-emerging-threats", "rules-threat-hunting"} {
		set, err := sigma.Load(os.DirFS(filepath.Join(root, folder)))
		if err != nil {
			t.Skip(err)
		}
		all.Add(set)
	}
	program, _ := sigma.Compile(all.Rules, sigma.Options{Mapping: mapping})
	return program
}
