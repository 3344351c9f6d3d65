package api_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// noLetters has no dead letters; what it is asked shows in its answers.
type noLetters struct{}

func (noLetters) List(_ context.Context, q api.DeadLetterQuery, _ bool, limit int, _ string) (api.DeadLetterList, error) {
	return api.DeadLetterList{Items: []api.DeadLetter{{ID: "1", Source: q.Source, RawLength: limit}}}, nil
}
func (noLetters) Groups(context.Context, api.DeadLetterQuery) (api.DeadLetterGroups, error) {
	return api.DeadLetterGroups{}, nil
}
func (noLetters) Get(_ context.Context, id string) (api.DeadLetter, error) {
	return api.DeadLetter{}, tocsin.Errorf(tocsin.NotFound, "There is no dead letter %q.", id)
}
func (noLetters) Replay(_ context.Context, r api.ReplayRequest, by string) (api.ReplayResult, error) {
	return api.ReplayResult{Tried: len(r.IDs), Reasons: []api.ReplayTally{{Reason: by, Count: 1}}}, nil
}
func (noLetters) Discard(context.Context, api.DiscardRequest, string) (api.DiscardResult, error) {
	return api.DiscardResult{}, nil
}

// noRetention keeps nothing.
type noRetention struct{ stopped string }

func (noRetention) Holds(context.Context) ([]api.Hold, error) { return nil, nil }
func (noRetention) AddHold(_ context.Context, h api.HoldRequest, by string) (api.Hold, error) {
	return api.Hold{Reason: h.Reason, CreatedBy: by}, nil
}
func (noRetention) ReleaseHold(context.Context, string, string, string) error { return nil }
func (noRetention) Held(_ context.Context, h api.HoldScope) (api.HoldPreview, error) {
	return api.HoldPreview{Rows: h.Incident}, nil
}
func (noRetention) Stock(context.Context) (api.Stock, error)               { return api.Stock{}, nil }
func (noRetention) Deletions(context.Context, int) ([]api.Deletion, error) { return nil, nil }
func (r noRetention) Stopped() string                                      { return r.stopped }

func TestDeadLetters_WhoMayDoWhat(t *testing.T) {
	srv, _ := start(t, floor{})
	var list api.DeadLetterList
	if got := call(t, srv, "reader", http.MethodGet, "/api/v1/dead-letters?source=a&limit=7", nil, &list); got != http.StatusOK || len(list.Items) != 1 || list.Items[0].Source != "a" || list.Items[0].RawLength != 7 {
		t.Errorf("%d, %+v", got, list)
	}
	for _, c := range []struct {
		as, method, path string
		body             any
		want             int
	}{
		{"reader", http.MethodGet, "/api/v1/dead-letters/groups", nil, http.StatusOK},
		{"reader", http.MethodGet, "/api/v1/dead-letters/nope", nil, http.StatusNotFound},
		{"reader", http.MethodGet, "/api/v1/dead-letters?state=lost", nil, http.StatusBadRequest},
		{"reader", http.MethodGet, "/api/v1/dead-letters?order=newest&kind=x", nil, http.StatusOK},
		{"reader", http.MethodGet, "/api/v1/dead-letters?order=sideways", nil, http.StatusBadRequest},
		{"reader", http.MethodPost, "/api/v1/dead-letters/replay", api.ReplayRequest{}, http.StatusForbidden},
		{"responder", http.MethodPost, "/api/v1/dead-letters/discard", api.DiscardRequest{}, http.StatusForbidden},
		{"contributor", http.MethodPost, "/api/v1/dead-letters/discard", api.DiscardRequest{Note: "a test"}, http.StatusOK},
		{"contributor", http.MethodPost, "/api/v1/dead-letters/replay", api.ReplayRequest{Limit: -1}, http.StatusBadRequest},
		{"reader", http.MethodGet, "/api/v1/holds", nil, http.StatusOK},
		{"reader", http.MethodGet, "/api/v1/retention/runs", nil, http.StatusOK},
		{"responder", http.MethodPost, "/api/v1/holds", api.HoldRequest{Reason: "case"}, http.StatusForbidden},
		{"contributor", http.MethodPost, "/api/v1/holds", api.HoldRequest{Reason: "case"}, http.StatusOK},
		{"contributor", http.MethodPost, "/api/v1/holds", api.HoldRequest{}, http.StatusBadRequest},
		{"contributor", http.MethodPost, "/api/v1/holds/h/release", api.ReleaseRequest{Reason: "over"}, http.StatusForbidden},
		{"admin", http.MethodPost, "/api/v1/holds/h/release", api.ReleaseRequest{}, http.StatusBadRequest},
		{"admin", http.MethodPost, "/api/v1/holds/h/release", api.ReleaseRequest{Reason: "over"}, http.StatusOK},
		{"reader", http.MethodGet, "/api/v1/holds/preview?table=SigninLogs&from=2026-11-01T00:00:00Z&incident=4", nil, http.StatusOK},
		{"reader", http.MethodGet, "/api/v1/retention/tables", nil, http.StatusOK},
		{"", http.MethodGet, "/api/v1/retention/tables", nil, http.StatusUnauthorized},
	} {
		var out any
		if got := call(t, srv, c.as, c.method, c.path, c.body, &out); got != c.want {
			t.Errorf("%s %s %s: %d, want %d: %v", c.as, c.method, c.path, got, c.want, out)
		}
	}
	var result api.ReplayResult
	if got := call(t, srv, "contributor", http.MethodPost, "/api/v1/dead-letters/replay", api.ReplayRequest{DeadLetterQuery: api.DeadLetterQuery{IDs: []string{"1", "2"}}}, &result); got != http.StatusOK || result.Tried != 2 || result.Reasons[0].Reason == "" {
		t.Errorf("%d, %+v", got, result)
	}
}

func TestReady_SaysThatTheIntakeIsStopped(t *testing.T) {
	full := tocsin.Wrap(&ingest.Full{RetryAfter: 30 * time.Second}, tocsin.Unavailable, "The disk is full.")
	srv, _ := start(t, floor{fail: full, stopped: "The disk is full."})
	if got := call(t, srv, "", http.MethodGet, "/readyz/intake", nil, nil); got != http.StatusServiceUnavailable {
		t.Errorf("/readyz/intake: %d", got)
	}
	if got := call(t, srv, "", http.MethodGet, "/readyz", nil, nil); got != http.StatusOK {
		t.Errorf("/readyz: %d; queries are still answered", got)
	}
	var list api.SourceList
	if got := call(t, srv, "reader", http.MethodGet, "/api/v1/sources", nil, &list); got != http.StatusOK || list.Stopped == "" {
		t.Errorf("%d, %+v", got, list)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/api/v1/ingest/SigninLogs", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer admin")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "30" {
		t.Errorf("%s, Retry-After %q", resp.Status, resp.Header.Get("Retry-After"))
	}
}

func TestIngest_TooLargeIsSaidAsSuch(t *testing.T) {
	large := tocsin.Wrap(&ingest.TooLarge{Limit: 1 << 20}, tocsin.Invalid, "The data is larger than 1 MiB once decompressed. Split it.")
	for _, c := range []struct {
		fail error
		want int
	}{{large, http.StatusRequestEntityTooLarge}, {tocsin.Errorf(tocsin.Invalid, "The body is no JSON."), http.StatusBadRequest}} {
		srv, _ := start(t, floor{fail: c.fail})
		if got := call(t, srv, "sender", http.MethodPost, "/api/v1/ingest/SigninLogs", nil, nil); got != c.want {
			t.Errorf("%v: %d, want %d", c.fail, got, c.want)
		}
	}
}
