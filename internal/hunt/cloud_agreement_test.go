package hunt_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/kql/format"
	"github.com/tocsin-soc/tocsin/sigma"
)

// clouds are the products whose rules are hunted in tables of their own.
var clouds = []string{"aws", "azure", "gcp", "github", "kubernetes", "m365", "okta"}

// fewestCloud is a ratchet: how many rules about them fire on the golden records
// and are found again by KQL.
const fewestCloud = 10

// mostWithoutKQL is how many of their rules ask for what no column has.
const mostWithoutKQL = 58

// TestSigma_CloudRulesHuntTheSameRecords: a rule about a cloud service that fires
// on a golden record of package normalize finds its row when it is hunted, and no
// rule finds a record it does not fire on.
func TestSigma_CloudRulesHuntTheSameRecords(t *testing.T) {
	w := newAgreement(t)
	var raws []tocsin.Raw
	for _, name := range []string{"cloudtrail", "entra_diagnostic", "entra_graph", "azure", "m365", "cloud_other"} {
		archive, err := txtar.ParseFile("../normalize/testdata/" + name + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range bytes.Split(bytes.TrimSpace(archive.Files[0].Data), []byte("\n")) {
			if !bytes.Contains(line, []byte("{broken")) && !bytes.Contains(line, []byte("NoSuchTable")) { // cases of dead letters
				raws = append(raws, tocsin.Raw{Format: tocsin.FormatJSONLine, Position: fmt.Sprint(name, " ", i), Body: line})
			}
		}
	}
	w.load(t, raws)
	agreed, refused := 0, 0
	for i, r := range w.program.Rules() {
		if !slices.Contains(clouds, r.Logsource.Product) {
			continue
		}
		script, err := sigma.ToKQL(r, w.mapping, w.columns)
		if err != nil {
			refused++
			continue
		}
		got, ran := w.hunt(t, r, format.Node(script))
		if !ran {
			continue
		}
		for at := range union(got, w.matched[int32(i)]) {
			if got[at] == w.matched[int32(i)][at] {
				agreed++
			} else {
				t.Errorf("%s: hunted %v, matched %v: %s\n%s", r.Source, got[at], w.matched[int32(i)][at], w.origin[at], format.Node(script))
			}
		}
	}
	t.Logf("%d rules and records agree, %d rules have no KQL", agreed, refused)
	if agreed < fewestCloud || refused > mostWithoutKQL {
		t.Errorf("%d rules and records agree, want %d; %d rules have no KQL, no more than %d did before", agreed, fewestCloud, refused, mostWithoutKQL)
	}
}
