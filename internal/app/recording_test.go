package app_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/internal/app"
	"github.com/tocsin-soc/tocsin/internal/hunt"
	"github.com/tocsin-soc/tocsin/internal/ingest/files"
)

// goldenSAML is SimuLand's recorded exercise: 52 rows that were exported from
// queries, some without the name of their table.
const goldenSAML = "../../../shared/data/golden-saml"

// TestImport_RecordedExercise imports the recording and finds it again by KQL: by
// table, and the reading of the AD FS key by the attributes the recording keeps
// under another name.
func TestImport_RecordedExercise(t *testing.T) {
	if _, err := os.Stat(goldenSAML); err != nil {
		t.Skip("the recorded exercise is not beside the checkout")
	}
	cfg := config(t)
	a, err := app.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	var total files.Report
	err = a.Import(t.Context(), app.ImportRequest{Paths: []string{goldenSAML}, Done: func(r files.Report) {
		total.Events += r.Events
		total.Stored += r.Stored
		total.DeadLetters += r.DeadLetters
	}})
	if err != nil || total.Events != 52 || total.Stored != 52 || total.DeadLetters != 0 {
		t.Errorf("%+v, %v; want 52 events stored", total, err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		`union withsource=T SecurityEvent, Event, DeviceEvents, IdentityDirectoryEvents, CloudAppEvents, AuditLogs, OfficeActivity
			| summarize N=count() by T | order by T asc`: "AuditLogs 4;CloudAppEvents 2;DeviceEvents 5;Event 2;IdentityDirectoryEvents 2;OfficeActivity 1;SecurityEvent 36",
		`DeviceEvents | where ActionType == "LdapSearch" and AdditionalFields.AttributeList has "thumbnailPhoto" | count`: "2",
		`SecurityEvent | where EventID == 4662 | join kind=inner (SecurityEvent | where EventID == 4624 and LogonType == 3) on $left.SubjectLogonId == $right.TargetLogonId
			| summarize dcount(TimeGenerated), make_set(IpAddress1)`: `4 ["192.168.2.5"]`,
	} {
		answer, err := app.Query(t.Context(), cfg, hunt.Query{Text: query, From: time.Date(2021, 8, 2, 0, 0, 0, 0, time.UTC), To: time.Date(2021, 8, 3, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			t.Fatal(err)
		}
		if len(answer.Tables) == 0 {
			t.Fatal(answer.Diagnostics)
		}
		var rows []string
		for _, row := range answer.Tables[0].Rows {
			rows = append(rows, strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(row), "["), "]"))
		}
		if got := strings.Join(rows, ";"); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", query, got, want)
		}
	}
}
