package matchrun

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/evtx"
	"github.com/tocsin-soc/tocsin/sigma"
)

const sigmaDir = "../../../shared/sigma"

// TestEVTX_SigmaHQRegression: every rule finds its own event log, and the log
// gives the same matches as its JSON.
func TestEVTX_SigmaHQRegression(t *testing.T) {
	list, err := os.Open(filepath.Join(sigmaDir, "regression.jsonl"))
	if err != nil {
		t.Skip("SigmaHQ regression data is not beside the checkout")
	}
	defer list.Close()
	mapping, err := sigma.LoadMapping(os.DirFS("../../content/sigma"))
	if err != nil {
		t.Fatal(err)
	}
	var folders []fs.FS
	for _, dir := range []string{"rules", "rules-emerging-threats", "rules-threat-hunting"} {
		folders = append(folders, os.DirFS(filepath.Join(sigmaDir, "sigmahq", dir)))
	}
	set, err := sigma.Load(folders...)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := sigma.Compile(set.Rules, sigma.Options{Mapping: mapping})
	good, total := 0, 0
	for sc := bufio.NewScanner(list); sc.Scan(); total++ {
		var c struct {
			RuleID   string `json:"rule_id"`
			Expected int    `json:"expected_matches"`
			Log      string `json:"sample_path"`
			JSON     string `json:"sample_json_path"`
		}
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		log, err := os.ReadFile(filepath.Join(sigmaDir, c.Log))
		if err != nil {
			t.Fatal(err)
		}
		r, err := evtx.NewReader(bytes.NewReader(log), int64(len(log)), evtx.Options{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(sigmaDir, c.JSON))
		if err != nil {
			t.Fatal(err)
		}
		fromLog, n := matches(t, p, NewEVTX(r), c.RuleID)
		fromJSON, _ := matches(t, p, NewJSON(bytes.NewReader(text), sigma.Logsource{}), c.RuleID)
		if n >= c.Expected {
			good++
		} else {
			t.Errorf("%s: %d matches, want %d", c.Log, n, c.Expected)
		}
		if fromLog != fromJSON {
			t.Errorf("%s: the log gives\n%s\nits JSON\n%s", c.Log, fromLog, fromJSON)
		}
	}
	t.Logf("%d of %d rules match their event log", good, total)
}

// matches lists the matches of a source and counts those of one rule.
func matches(t *testing.T, p *sigma.Program, src Source, id string) (list string, count int) {
	t.Helper()
	m, ev := p.NewMatcher(), sigma.NewEvent(p.Fields())
	var b strings.Builder
	for {
		record, err := src.Next(ev)
		if err == io.EOF {
			return b.String(), count
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range m.Match(ev) {
			r := p.Rules()[i]
			if r.ID == id {
				count++
			}
			b.WriteString(r.Title + "\n")
		}
		_ = record
	}
}
