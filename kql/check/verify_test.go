package check_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/check"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// TestPlansAreClosed holds every plan made from the corpus and the emulator's
// cases against the promises of package plan.
func TestPlansAreClosed(t *testing.T) {
	corpus := loadCorpus(t)
	cat := corpusCatalog(t, corpus)
	var out strings.Builder
	n, broken := 0, 0
	try := func(id, src string, cat catalog.Catalog) {
		lenient := false
		q, err := bind(src, cat, check.Options{From: now - 1, To: now})
		if err != nil {
			lenient = true
			q, err = bind(src, cat, check.Options{Lenient: true, From: now - 1, To: now})
		}
		if err != nil || len(q.Shapes) > 0 {
			return
		}
		n++
		if err := plan.Verify(q); err != nil {
			broken++
			fmt.Fprintf(&out, "BROKEN %s lenient=%t %v\n", id, lenient, err)
		}
		if plan.Print(q) == "" && len(q.Results) > 0 {
			t.Errorf("%s prints as nothing", id)
		}
	}
	for i := range corpus {
		try(corpus[i].ID, corpus[i].source(), cat)
	}
	for _, suite := range []string{"emulator", "docs", "kustoloco"} {
		lines(t, shared(t, "suites", suite+".jsonl"), func(line []byte) {
			var c suiteCase
			if err := json.Unmarshal(line, &c); err != nil {
				t.Fatal(err)
			}
			try(c.ID, c.Query, &catalog.Static{})
		})
	}
	writeReport(t, out.String())
	t.Logf("%d plans, %d broken", n, broken)
	if broken > 0 {
		t.Errorf("%d plans break a promise:\n%.2000s", broken, out.String())
	}
}
