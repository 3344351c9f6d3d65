package incident_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
	"github.com/tocsin-soc/tocsin/internal/incident/storetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestEntry_Text plays a story that has every kind of entry and compares how
// the activity log reads with testdata/story.golden.
func TestEntry_Text(t *testing.T) {
	d := newDesk(t)
	why := func(list []incident.AlertWhy, text string) []incident.AlertWhy {
		for i := range list {
			list[i].Why = tocsin.Reason{Rule: "same-account", Text: text, Value: "account|x", Score: 0.8}
			if strings.HasPrefix(text, "opened") {
				list[i].Why.Rule = "first"
			}
		}
		return list
	}
	a := do(t, d, incident.Open{Actor: storetest.Engine, Title: "Spray", Generated: true, Alerts: why(raise(t, d, storetest.Find("spray", "amelie@contoso.example", 0)), "opened this incident")})
	b := do(t, d, incident.Open{Actor: storetest.Amelie, Title: "A call from the help desk", Owner: "amelie"})
	c := do(t, d, incident.Open{Actor: storetest.Engine, Title: "More", Generated: true, Continues: a.ID, Note: "The other one is full.",
		Alerts: raise(t, d, storetest.Find("m1", "b@x.example", 1), storetest.Find("m2", "b@x.example", 2), storetest.Find("m3", "b@x.example", 3), storetest.Find("m4", "b@x.example", 4))})
	do(t, d, incident.Attach{Actor: storetest.Engine, Incident: a.ID, Alerts: why(raise(t, d, storetest.Find("mail", "amelie@contoso.example", 5)), "same account amelie@contoso.example within 2 h"), Title: "Spray, then mail"})
	raise(t, d, storetest.Find("mail", "amelie@contoso.example", 90))
	version := func() int {
		row, err := d.Incident(t.Context(), a.ID)
		if err != nil {
			t.Fatal(err)
		}
		return row.Version
	}
	do(t, d, incident.Assign{Actor: storetest.Bob, Incident: a.ID, Version: version(), Owner: "bob"})
	do(t, d, incident.Assign{Actor: storetest.Bob, Incident: a.ID, Version: version(), Owner: "amelie"})
	do(t, d, incident.Assign{Actor: storetest.Bob, Incident: a.ID, Version: version()})
	do(t, d, incident.SetStatus{Actor: storetest.Bob, Incident: a.ID, Version: version(), Status: tocsin.IncidentActive})
	do(t, d, incident.SetSeverity{Actor: storetest.Bob, Incident: a.ID, Version: version(), Severity: tocsin.High})
	do(t, d, incident.Rename{Actor: storetest.Bob, Incident: a.ID, Version: version(), Title: "Amelie's mailbox"})
	do(t, d, incident.Retag{Actor: storetest.Bob, Incident: a.ID, Version: version(), Add: []string{"vip", "mail"}})
	do(t, d, incident.Retag{Actor: storetest.Bob, Incident: a.ID, Version: version(), Add: []string{"vip2"}, Drop: []string{"vip"}})
	do(t, d, incident.Comment{Actor: storetest.Bob, Incident: a.ID, Text: "Called her."})
	merge := tocsin.Reason{Rule: "same-host", Text: "same host ws-014 within 2 h", Score: 0.9}
	do(t, d, incident.Merge{Actor: storetest.Engine, Source: c.ID, Target: a.ID, Why: merge})
	do(t, d, incident.Unmerge{Actor: storetest.Bob, Source: c.ID, Version: version()})
	do(t, d, incident.Classify{Actor: storetest.Bob, Incident: a.ID, Version: version(), Classification: tocsin.TruePositive, Determination: "compromisedAccount"})
	do(t, d, incident.Classify{Actor: storetest.Bob, Incident: a.ID, Version: version()})
	do(t, d, incident.Move{Actor: storetest.Bob, Incident: a.ID, Version: version(), Alerts: []tocsin.AlertID{a.Alerts[0].Alert}, To: b.ID})
	do(t, d, incident.Close{Actor: storetest.Bob, Incident: a.ID, Version: version(), Classification: tocsin.BenignPositive, Determination: "securityTesting", Comment: "Red team."})
	do(t, d, incident.Reopen{Actor: storetest.Bob, Incident: a.ID, Version: version(), Text: "Not theirs."})

	var out strings.Builder
	kinds := map[incident.EntryKind]bool{}
	for id := a.ID; id <= c.ID; id++ {
		log, err := d.Timeline(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "incident %d\n", id)
		for i := range log {
			kinds[log[i].Kind] = true
			fmt.Fprintf(&out, "  %s %s", log[i].Actor.Name, log[i].Text())
			if c := log[i].Comment(); c != "" {
				fmt.Fprintf(&out, " | %s", c)
			}
			out.WriteByte('\n')
		}
	}
	if len(kinds) != 18 {
		t.Errorf("the story has %d kinds of entry, not all 18", len(kinds))
	}
	if *update {
		if err := os.WriteFile("testdata/story.golden", []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/story.golden")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Error(diff)
	}
}
