package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/incident"
	"github.com/tocsin-soc/tocsin/internal/incident/sqlstore"
)

// gate lets in by cookie or token value: reader, responder, sender (ingest only).
type gate struct{}

func who(name string) (api.Who, error) {
	w := api.Who{Actor: tocsin.Actor{Kind: tocsin.Person, ID: name, Name: name}, User: name, Role: tocsin.Role(name), ExpiresAt: time.Now().Add(time.Hour)}
	switch name {
	case "reader", "responder", "contributor", "admin":
	case "sender":
		w.Role, w.Scopes = tocsin.Responder, []api.Scope{api.ScopeIngest}
	default:
		return w, errors.New("unknown")
	}
	return w, nil
}

func (gate) SignIn(_ context.Context, user, password, _ string) (string, api.Who, error) {
	if password != "correct horse" {
		return "", api.Who{}, tocsin.Errorf(tocsin.Denied, "Name or password is wrong.")
	}
	w, err := who(user)
	return user, w, err
}
func (gate) Redeem(context.Context, string, string) (string, api.Who, error) {
	return "", api.Who{}, tocsin.Errorf(tocsin.Denied, "This link is used up.")
}
func (gate) Session(_ context.Context, token string) (api.Who, error) { return who(token) }
func (gate) Token(_ context.Context, token string) (api.Who, error)   { return who(token) }
func (gate) SignOut(context.Context, string) error                    { return nil }
func (gate) Users(context.Context) ([]api.Assignee, error) {
	return []api.Assignee{{User: "responder", DisplayName: "Rita", Role: tocsin.Responder}}, nil
}

// floor is everything behind the API that this test does not look at.
type floor struct {
	fail    error
	stopped string // why nothing is taken in
}

func (f floor) Query(context.Context, api.QueryRequest) (api.QueryResult, error) {
	return api.QueryResult{}, f.fail
}
func (floor) Check(context.Context, api.QueryRequest) ([]api.Diagnostic, error) { return nil, nil }
func (floor) Schema() api.Schema                                                { return api.Schema{} }
func (floor) Sources(context.Context) (api.SourceList, error)                   { return api.SourceList{}, nil }
func (floor) Answers(context.Context) error                                     { return nil }
func (floor) List(context.Context) ([]api.Rule, error)                          { return nil, nil }
func (floor) Detail(context.Context, tocsin.RuleID) (api.RuleDetail, error) {
	return api.RuleDetail{}, tocsin.Errorf(tocsin.NotFound, "There is no such rule.")
}
func (f floor) Refused(string) {}

func (f floor) Ingest(_ context.Context, source tocsin.SourceID, table, batch string, body io.Reader) (api.IngestResult, error) {
	text, err := io.ReadAll(body)
	return api.IngestResult{Received: bytes.Count(text, []byte("\n"))}, errors.Join(err, f.fail)
}

// start serves the API over a real state store.
func start(t *testing.T, f floor) (*httptest.Server, *incident.Desk) {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	desk := incident.New(db.Incidents(), time.Now)
	srv := httptest.NewServer(api.New(api.Backend{
		Desk: desk, Gate: gate{}, Hunt: f, Rules: f, Sources: f, Intake: f, DeadLetters: noLetters{}, Retention: noRetention{stopped: f.stopped}, UI: http.NotFoundHandler(), Metrics: http.NotFoundHandler(),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now, Version: "test",
	}))
	t.Cleanup(srv.Close)
	return srv, desk
}

// call sends one request as somebody and decodes the answer.
func call(t *testing.T, srv *httptest.Server, as, method, path string, body any, into any) int {
	t.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if as != "" {
		req.AddCookie(&http.Cookie{Name: "tocsin_session", Value: as})
		req.Header.Set("X-Tocsin-Request", "1")
	}
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err = io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatalf("%s %s answered %d %q: %v", method, path, resp.StatusCode, text, err)
		}
	}
	return resp.StatusCode
}

func person(name string) tocsin.Actor { return tocsin.Actor{Kind: tocsin.Person, ID: name, Name: name} }

// raise opens an incident with one alert.
func raise(t *testing.T, desk *incident.Desk) tocsin.Incident {
	t.Helper()
	now := time.Now()
	a := tocsin.Alert{
		Rule: "r1", RuleKind: tocsin.SigmaRule, Title: "Mimikatz", Severity: tocsin.High, Fingerprint: "f", Count: 1, FirstActivity: now, LastActivity: now, RaisedAt: now,
		Entities: []tocsin.Entity{tocsin.NewEntity(tocsin.Account, "FullName", "amelie@contoso.example")},
		Evidence: []tocsin.Evidence{{Event: "e1", Table: "SecurityEvent", OccurredAt: now, Summary: "<script>alert(1)</script>"}},
	}
	recorded, err := desk.Record(t.Context(), []incident.Finding{{ID: "f1", Alert: a}})
	if err != nil {
		t.Fatal(err)
	}
	inc, err := desk.Apply(t.Context(), incident.Open{
		Actor: tocsin.Actor{Kind: tocsin.Correlation, ID: "c", Name: "correlation"}, Title: "Credential theft",
		Alerts: []incident.AlertWhy{{Alert: recorded[0].Alert.ID, Why: tocsin.Reason{Rule: "first", Text: "first alert", Score: 1}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return inc
}

func TestIncident_WholeWayOverHTTP(t *testing.T) {
	srv, desk := start(t, floor{})
	inc := raise(t, desk)
	var page api.IncidentPage
	if code := call(t, srv, "reader", "GET", "/api/v1/incidents?status=new,active&sort=-severity", nil, &page); code != 200 || len(page.Items) != 1 || page.Counts.New != 1 || page.Counts.BySeverity["high"] != 1 {
		t.Fatalf("%d %+v", code, page)
	}
	path := fmt.Sprintf("/api/v1/incidents/%d", inc.ID)
	var d api.IncidentDetail
	if call(t, srv, "reader", "GET", path, nil, &d); d.Alerts[0].Reason == nil || d.Alerts[0].Reason.Text != "first alert" || d.Entities[0].Label != "amelie@contoso.example" || len(d.Timeline) == 0 {
		t.Fatalf("%+v", d)
	}
	owner, active := "responder", tocsin.IncidentActive
	if code := call(t, srv, "responder", "PATCH", path, api.IncidentChange{Version: d.Version, Owner: &owner, Status: &active}, &d); code != 200 || d.Owner != owner || d.AcknowledgedAt == nil {
		t.Fatalf("%d %+v", code, d)
	}
	if code := call(t, srv, "responder", "POST", path+"/comments", api.NewComment{Text: "calling Amelie"}, &d); code != 200 || d.Timeline[0].Comment != "calling Amelie" {
		t.Fatalf("%d %+v", code, d.Timeline)
	}
	closed := tocsin.IncidentClosed
	var p api.Problem
	if code := call(t, srv, "responder", "PATCH", path, api.IncidentChange{Version: d.Version, Status: &closed}, &p); code != 400 || p.Kind != tocsin.Invalid {
		t.Fatalf("closing without a classification: %d %+v", code, p)
	}
	tp, det := tocsin.TruePositive, tocsin.Determination("compromisedAccount")
	if code := call(t, srv, "responder", "PATCH", path, api.IncidentChange{Version: d.Version, Status: &closed, Classification: &tp, Determination: &det}, &d); code != 200 || d.Status != closed || d.ClosedAt == nil {
		t.Fatalf("%d %+v", code, d)
	}
	if code := call(t, srv, "responder", "PATCH", path, api.IncidentChange{Version: 1, Owner: &owner}, &p); code != 409 || p.Kind != tocsin.Conflict {
		t.Fatalf("a stale version: %d %+v", code, p)
	}
	nobody := "mallory"
	if code := call(t, srv, "responder", "PATCH", path, api.IncidentChange{Version: d.Version, Owner: &nobody}, &p); code != 400 {
		t.Fatalf("an owner who is no user: %d %+v", code, p)
	}
	if code := call(t, srv, "reader", "GET", "/api/v1/incidents/999", nil, &p); code != 404 || p.RequestID == "" {
		t.Fatalf("%d %+v", code, p)
	}
}

func TestAuthorisation_EveryRouteTurnsAwayWhoMayNot(t *testing.T) {
	srv, desk := start(t, floor{})
	inc := raise(t, desk)
	var doc struct {
		Paths map[string]map[string]struct{ OperationID string } `json:"paths"`
	}
	if code := call(t, srv, "", "GET", "/openapi.json", nil, &doc); code != 200 || len(doc.Paths) < 10 {
		t.Fatalf("openapi: %d, %d paths", code, len(doc.Paths))
	}
	open := map[string]bool{"sign-in": true, "sign-out": true}
	checked := 0
	for path, methods := range doc.Paths {
		for method, op := range methods {
			at := strings.NewReplacer("{id}", fmt.Sprint(inc.ID), "{table}", "SigninLogs").Replace(path)
			method = strings.ToUpper(method)
			var p api.Problem
			if open[op.OperationID] {
				continue
			}
			checked++
			if code := call(t, srv, "", method, at, nil, &p); code != http.StatusUnauthorized {
				t.Errorf("%s %s without a session: %d", method, at, code)
			}
			if code := call(t, srv, "stranger", method, at, nil, &p); code != http.StatusUnauthorized {
				t.Errorf("%s %s with a stranger's cookie: %d", method, at, code)
			}
			if method != "GET" && op.OperationID != "run-query" && op.OperationID != "check-query" {
				if code := call(t, srv, "reader", method, at, map[string]any{"version": 1, "text": "x"}, &p); code != http.StatusForbidden {
					t.Errorf("%s %s as a reader: %d %+v", method, at, code, p)
				}
			}
		}
	}
	if checked < 12 {
		t.Errorf("only %d operations were looked at", checked)
	}
}

func TestAuthorisation_TokensDoWhatTheirScopesSay(t *testing.T) {
	srv, _ := start(t, floor{})
	for _, c := range []struct {
		token, method, path string
		want                int
	}{
		{"sender", "POST", "/api/v1/ingest/SigninLogs", 200},
		{"sender", "POST", "/api/v1/ingest", 200},
		{"sender", "GET", "/api/v1/incidents", 403},
		{"sender", "GET", "/api/v1/stream", 403},
		{"reader", "POST", "/api/v1/ingest/SigninLogs", 403},
		{"reader", "POST", "/api/v1/ingest", 403},
		{"forged", "GET", "/api/v1/incidents", 401},
		{"", "GET", "/api/v1/incidents", 401},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, srv.URL+c.path, strings.NewReader("{}\n"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+c.token)
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%s: %s %s: %d, want %d", c.token, c.method, c.path, resp.StatusCode, c.want)
		}
	}
}

func TestCookie_ChangesNeedOurHeaderAndOurSite(t *testing.T) {
	srv, desk := start(t, floor{})
	inc := raise(t, desk)
	send := func(set func(*http.Request)) int {
		req, err := http.NewRequestWithContext(t.Context(), "POST", fmt.Sprintf("%s/api/v1/incidents/%d/comments", srv.URL, inc.ID), strings.NewReader(`{"text":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.AddCookie(&http.Cookie{Name: "tocsin_session", Value: "responder"})
		set(req)
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if code := send(func(*http.Request) {}); code != 403 {
		t.Errorf("without our header: %d", code)
	}
	if code := send(func(r *http.Request) {
		r.Header.Set("X-Tocsin-Request", "1")
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	}); code != 403 {
		t.Errorf("from another site: %d", code)
	}
	if code := send(func(r *http.Request) { r.Header.Set("X-Tocsin-Request", "1") }); code != 200 {
		t.Errorf("from our site: %d", code)
	}
}

func TestErrors_NeverCarryTheirCause(t *testing.T) {
	srv, _ := start(t, floor{fail: tocsin.Wrap(errors.New("password=hunter2"), tocsin.Unavailable, "The store is busy. Try again.")})
	for _, path := range []string{"/api/v1/query"} {
		var raw json.RawMessage
		code := call(t, srv, "reader", "POST", path, api.QueryRequest{Query: "T"}, &raw)
		if code != 503 || strings.Contains(string(raw), "hunter2") || !strings.Contains(string(raw), "The store is busy") {
			t.Errorf("%s: %d %s", path, code, raw)
		}
	}
}

func TestBodies_AreBoundedAndChecked(t *testing.T) {
	srv, desk := start(t, floor{})
	inc := raise(t, desk)
	path := fmt.Sprintf("/api/v1/incidents/%d", inc.ID)
	var p api.Problem
	for name, body := range map[string]string{
		"an unknown field":  `{"version":1,"isAdmin":true}`,
		"a wrong type":      `{"version":"one"}`,
		"no JSON":           `{"version":`,
		"a huge body":       `{"version":1,"comment":"` + strings.Repeat("x", 2<<20) + `"}`,
		"a missing version": `{}`,
	} {
		if code := call(t, srv, "responder", "PATCH", path, json.RawMessage(nil), nil); code == 200 {
			t.Error("an empty body changed something")
		}
		req, err := http.NewRequestWithContext(t.Context(), "PATCH", srv.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer responder")
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(resp.Body).Decode(&p)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode < 400 || resp.StatusCode >= 500 || p.Message == "" {
			t.Errorf("%s: %d %+v %v", name, resp.StatusCode, p, err)
		}
	}
}

func TestStream_TellsOfChanges(t *testing.T) {
	srv, desk := start(t, floor{})
	req, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL+"/api/v1/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "tocsin_session", Value: "reader"})
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() && !strings.Contains(lines.Text(), "open") {
	}
	inc := raise(t, desk)
	for lines.Scan() {
		text, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var c api.Change
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			t.Fatal(err)
		}
		if c.Kind == "incident" && c.Incident == inc.ID {
			return
		}
	}
	t.Fatalf("the stream ended without the incident: %v", lines.Err())
}

func TestSignIn_WrongPasswordIsSaidAndNothingElse(t *testing.T) {
	srv, _ := start(t, floor{})
	var p api.Problem
	if code := call(t, srv, "", "POST", "/api/v1/session", api.SignIn{User: "admin", Password: "wrong"}, &p); code != 401 || p.Message != "Name or password is wrong." {
		t.Errorf("%d %+v", code, p)
	}
	var s api.Session
	if code := call(t, srv, "", "POST", "/api/v1/session", api.SignIn{User: "admin", Password: "correct horse"}, &s); code != 200 || s.User != "admin" {
		t.Errorf("%d %+v", code, s)
	}
}
