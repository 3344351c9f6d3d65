package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// fillQueue opens 24 incidents of all severities, statuses and some owners.
func fillQueue(t *testing.T, s *scene) {
	t.Helper()
	list := []tocsin.Severity{tocsin.Informational, tocsin.Low, tocsin.Medium, tocsin.High}
	for i := range 24 {
		inc := s.apply(t, incident.Open{Actor: Amelie, Title: fmt.Sprintf("Case %d", i+1), Severity: list[i%4], Tags: []string{"All", fmt.Sprintf("t%d", i%3)}})
		if i%2 == 0 {
			inc = s.apply(t, incident.Assign{Actor: Amelie, Incident: inc.ID, Version: inc.Version, Owner: "amelie"})
		}
		switch i % 6 {
		case 1:
			inc = s.apply(t, incident.SetStatus{Actor: Amelie, Incident: inc.ID, Version: inc.Version, Status: tocsin.IncidentActive})
		case 2:
			inc = s.apply(t, incident.Close{Actor: Amelie, Incident: inc.ID, Version: inc.Version, Classification: tocsin.Undetermined})
		}
	}
	s.apply(t, incident.Merge{Actor: Engine, Source: 8, Target: 4})
}

// testQueue compares every filter and order with a plain reading of all rows.
func testQueue(t *testing.T, s *scene) {
	fillQueue(t, s)
	var all []incident.Summary
	for id := tocsin.IncidentID(1); id <= 24; id++ {
		row, _ := s.summary(t, id)
		all = append(all, row)
	}
	for _, c := range []struct {
		filter incident.Filter
		keep   func(*incident.Summary) bool
	}{
		{incident.Filter{}, func(r *incident.Summary) bool { return r.Status != tocsin.IncidentRedirected }},
		{incident.Filter{Status: []tocsin.IncidentStatus{tocsin.IncidentNew, tocsin.IncidentActive}}, func(r *incident.Summary) bool {
			return r.Status == tocsin.IncidentNew || r.Status == tocsin.IncidentActive
		}},
		{incident.Filter{Status: []tocsin.IncidentStatus{tocsin.IncidentActive, tocsin.IncidentClosed}}, func(r *incident.Summary) bool {
			return r.Status == tocsin.IncidentActive || r.Status == tocsin.IncidentClosed
		}},
		{incident.Filter{Status: []tocsin.IncidentStatus{tocsin.IncidentRedirected}}, func(r *incident.Summary) bool { return r.Status == tocsin.IncidentRedirected }},
		{incident.Filter{Owner: []string{incident.Nobody}, Severity: []tocsin.Severity{tocsin.High, tocsin.Low}}, func(r *incident.Summary) bool {
			return r.Owner == "" && (r.Severity == tocsin.High || r.Severity == tocsin.Low) && r.Status != tocsin.IncidentRedirected
		}},
		{incident.Filter{Owner: []string{"amelie"}, Tag: []string{"all", "T1"}}, func(r *incident.Summary) bool {
			return r.Owner == "amelie" && slices.Contains(r.Tags, "t1") && r.Status != tocsin.IncidentRedirected
		}},
		{incident.Filter{Owner: []string{"amelie", incident.Nobody}, Status: []tocsin.IncidentStatus{tocsin.IncidentNew}}, func(r *incident.Summary) bool {
			return r.Status == tocsin.IncidentNew
		}},
		{incident.Filter{Owner: []string{"nobody at all"}}, func(*incident.Summary) bool { return false }},
	} {
		for _, sort := range []incident.Sort{incident.ByUpdated, incident.ByCreated, incident.BySeverity, incident.ByNumber} {
			for _, descending := range []bool{false, true} {
				f := c.filter
				f.Sort, f.Descending, f.Limit = sort, descending, 5
				checkPages(t, s, f, all, c.keep)
			}
		}
	}
	checkCounts(t, s, all)
	for _, f := range []incident.Filter{
		{Sort: "title"}, {Status: []tocsin.IncidentStatus{"open"}}, {Severity: []tocsin.Severity{"huge"}}, {Limit: 201}, {Limit: -1},
		{Cursor: "x"}, {Cursor: "dXBkYXRlZEF0L3RydWUge30"},
	} {
		if _, err := s.desk.Queue(s.ctx, f); !tocsin.IsKind(err, tocsin.Invalid) {
			t.Errorf("filter %+v: %v", f, err)
		}
	}
}

// checkPages reads all pages of a filter and compares them with want's rows.
func checkPages(t *testing.T, s *scene, f incident.Filter, all []incident.Summary, keep func(*incident.Summary) bool) {
	t.Helper()
	var want []tocsin.IncidentID
	rows := slices.Clone(all)
	slices.SortFunc(rows, func(a, b incident.Summary) int {
		d := f.SortKey(&a.Incident) - f.SortKey(&b.Incident)
		if d == 0 {
			d = int64(a.ID - b.ID)
		}
		if f.Descending {
			d = -d
		}
		return int(min(max(d, -1), 1))
	})
	for i := range rows {
		if keep(&rows[i]) {
			want = append(want, rows[i].ID)
		}
	}
	var got []tocsin.IncidentID
	for {
		page, err := s.desk.Queue(s.ctx, f)
		if err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		if page.Total != len(want) {
			t.Fatalf("%+v: total %d, want %d", f, page.Total, len(want))
		}
		for i := range page.Items {
			got = append(got, page.Items[i].ID)
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%+v: %v, want %v", f, got, want)
	}
}

// checkCounts compares the kept counts with a count.
func checkCounts(t *testing.T, s *scene, all []incident.Summary) {
	t.Helper()
	var want incident.Counts
	open := map[tocsin.Severity]int{}
	for i := range all {
		switch all[i].Status {
		case tocsin.IncidentNew:
			want.New++
		case tocsin.IncidentActive:
			want.Active++
		case tocsin.IncidentClosed:
			want.Closed++
		}
		if all[i].Status == tocsin.IncidentNew || all[i].Status == tocsin.IncidentActive {
			open[all[i].Severity]++
			if all[i].Owner == "" {
				want.Unassigned++
			}
		}
	}
	got, err := s.desk.Counts(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, sev := range []tocsin.Severity{tocsin.Informational, tocsin.Low, tocsin.Medium, tocsin.High} {
		if n, ok := got.BySeverity[sev]; !ok || n != open[sev] {
			t.Errorf("%s: %d open, want %d", sev, n, open[sev])
		}
	}
	if got.New != want.New || got.Active != want.Active || got.Closed != want.Closed || got.Unassigned != want.Unassigned {
		t.Errorf("counts %+v, want %+v", got, want)
	}
}

// testSearch finds incidents by words.
func testSearch(t *testing.T, s *scene) {
	s.open(t, "Password spray from Tor", Find("spray", "amelie@contoso.example", 0))
	s.open(t, "Mailbox rule hides mail", Find("mail", "bob@fabrikam.example", 1))
	f := Find("host", `CORP\svc-backup`, 2)
	f.Alert.Entities = append(f.Alert.Entities, tocsin.NewEntity(tocsin.IP, "Address", "203.0.113.7"), tocsin.NewEntity(tocsin.Host, "HostName", "WS-014.corp.example"))
	s.open(t, "Größere Übertragung", f)
	for query, want := range map[string][]tocsin.IncidentID{
		"spray": {1}, "SPRAY tor": {1}, "spray mail": {}, "amelie@contoso.example": {1}, "contoso": {1}, "amel": {1}, "am": {},
		"mail": {2}, "fabrikam.example": {2}, "203.0.113": {3}, "203.0.113.7": {3}, "113": {}, "ws-014": {3}, "svc-backup": {3},
		"backup": {3}, "GRÖSSERE": {}, "größere": {3}, "#2": {2}, "2": {2}, "example": {1, 2, 3}, "100%": {}, "' or 1=1": {}, "": {1, 2, 3},
		`corp\svc-backup`: {3},
	} {
		page, err := s.desk.Queue(s.ctx, incident.Filter{Query: query, Sort: incident.ByNumber})
		if err != nil {
			t.Fatalf("%q: %v", query, err)
		}
		got := []tocsin.IncidentID{}
		for i := range page.Items {
			got = append(got, page.Items[i].ID)
		}
		if !slices.Equal(got, want) || page.Total != len(want) {
			t.Errorf("%q finds %v (total %d), want %v", query, got, page.Total, want)
		}
	}
	row, version := s.summary(t, 1)
	if len(row.Entities) != 1 || row.Entities[0].Label() != "amelie@contoso.example" || row.EntityCount != 1 {
		t.Errorf("entities of incident 1: %+v (%d)", row.Entities, row.EntityCount)
	}
	s.apply(t, incident.Rename{Actor: Amelie, Incident: 1, Version: version, Title: "Renamed"})
	for query, want := range map[string]int{"spray": 0, "renamed": 1, "amelie": 1} {
		if page, err := s.desk.Queue(s.ctx, incident.Filter{Query: query}); err != nil || page.Total != want {
			t.Errorf("after renaming, %q finds %d, want %d (%v)", query, page.Total, want, err)
		}
	}
}

// testAlerts pages through alerts.
func testAlerts(t *testing.T, s *scene) {
	for i := range 7 {
		s.record(t, Find("loose", fmt.Sprintf("user%d@contoso.example", i), i))
	}
	inc := s.open(t, "Shut", Find("shut", "user1@contoso.example", 10), Find("shut2", "user1@contoso.example", 10))
	s.apply(t, incident.Close{Actor: Engine, Incident: inc.ID, Classification: tocsin.FalsePositive})
	user1, _ := Find("x", "user1@contoso.example", 0).Alert.Entities[0].Key()
	for _, c := range []struct {
		filter incident.AlertFilter
		want   int
	}{
		{incident.AlertFilter{}, 9},
		{incident.AlertFilter{Loose: true}, 7},
		{incident.AlertFilter{Status: []tocsin.AlertStatus{tocsin.AlertResolved}}, 2},
		{incident.AlertFilter{Status: []tocsin.AlertStatus{tocsin.AlertNew, tocsin.AlertInProgress}}, 7},
		{incident.AlertFilter{Entity: user1}, 3},
		{incident.AlertFilter{Rule: "loose", Severity: []tocsin.Severity{tocsin.Medium}}, 7},
		{incident.AlertFilter{Severity: []tocsin.Severity{tocsin.High}}, 0},
		{incident.AlertFilter{Since: Start.Add(6 * time.Minute)}, 4},
	} {
		f := c.filter
		f.Limit = 2
		var got []tocsin.Alert
		for {
			page, err := s.desk.Alerts(s.ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page.Items...)
			if f.Cursor = page.Next; f.Cursor == "" {
				break
			}
		}
		if len(got) != c.want {
			t.Errorf("%+v: %d alerts, want %d", c.filter, len(got), c.want)
		}
		if !slices.IsSortedFunc(got, func(a, b tocsin.Alert) int { return b.RaisedAt.Compare(a.RaisedAt) }) {
			t.Errorf("%+v: not newest first", c.filter)
		}
	}
	if _, err := s.desk.Alert(s.ctx, "al00"); !tocsin.IsKind(err, tocsin.NotFound) {
		t.Errorf("an alert that does not exist: %v", err)
	}
	if _, err := s.desk.Alerts(s.ctx, incident.AlertFilter{Status: []tocsin.AlertStatus{"open"}}); !tocsin.IsKind(err, tocsin.Invalid) {
		t.Errorf("a status there is not: %v", err)
	}
}

// testCandidates asks for related incidents.
func testCandidates(t *testing.T, s *scene) {
	a := s.open(t, "A", Find("spray", "amelie@contoso.example", 0))
	b := s.open(t, "B", Find("mail", "amelie@contoso.example", 60))
	c := s.open(t, "C", Find("mail", "carol@contoso.example", 90))
	s.apply(t, incident.Close{Actor: Engine, Incident: a.ID, Classification: tocsin.FalsePositive})
	key, _ := tocsin.NewEntity(tocsin.Account, "FullName", "amelie@contoso.example").Key()
	for _, q := range []struct {
		ask  incident.Related
		want []tocsin.IncidentID
	}{
		{incident.Related{Keys: []string{key}}, []tocsin.IncidentID{b.ID}},
		{incident.Related{Keys: []string{key}, Closed: true}, []tocsin.IncidentID{b.ID, a.ID}},
		{incident.Related{Keys: []string{key}, Closed: true, Since: Start.Add(time.Minute)}, []tocsin.IncidentID{b.ID}},
		{incident.Related{Rules: []tocsin.RuleID{"mail"}}, []tocsin.IncidentID{c.ID, b.ID}},
		{incident.Related{Keys: []string{key}, Rules: []tocsin.RuleID{"mail"}, Limit: 1}, []tocsin.IncidentID{c.ID}},
		{incident.Related{Keys: []string{"account|name|nobody"}}, nil},
		{incident.Related{}, nil},
	} {
		got, err := s.desk.Candidates(s.ctx, q.ask)
		if err != nil {
			t.Fatal(err)
		}
		var ids []tocsin.IncidentID
		for i := range got {
			ids = append(ids, got[i].Incident.ID)
			if len(got[i].Alerts) != 1 || got[i].OwnTitle {
				t.Errorf("candidate %+v", got[i])
			}
		}
		if !slices.Equal(ids, q.want) {
			t.Errorf("%+v: %v, want %v", q.ask, ids, q.want)
		}
	}
	degrees, err := s.desk.Degrees(s.ctx, []string{key, "nothing"}, time.Time{})
	if err != nil || degrees[key] != 2 || len(degrees) != 1 {
		t.Errorf("degrees %v, %v", degrees, err)
	}
}

// testRareKeysFirst asks with a key that many incidents share and a rare one:
// the limit must not cut off the incident with the rare key.
func testRareKeysFirst(t *testing.T, s *scene) {
	proxy := tocsin.NewEntity(tocsin.IP, "Address", "192.0.2.1")
	rare := s.open(t, "Rare", Find("spray", "amelie@contoso.example", 0))
	for i := range 6 {
		f := Find("noise", fmt.Sprintf("u%d@contoso.example", i), 10+i)
		f.Alert.Entities = append(f.Alert.Entities, proxy)
		s.open(t, "Noise", f)
	}
	hub, _ := proxy.Key()
	key, _ := tocsin.NewEntity(tocsin.Account, "FullName", "amelie@contoso.example").Key()
	got, err := s.desk.Candidates(s.ctx, incident.Related{Keys: []string{hub, key, "nothing"}, Limit: 3})
	if err != nil || len(got) != 3 || got[2].Incident.ID != rare.ID || got[0].Incident.ID != rare.ID+6 {
		t.Errorf("%d candidates, %v: %+v", len(got), err, got)
	}
}
