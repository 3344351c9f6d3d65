package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// A hunter runs one query over and over. It reads a fixed stretch of time, so
// that under load it does the same work as before.
type hunter struct {
	server *server
	query  string
	now    func() time.Time
	loaded []time.Duration
}

const huntQuery = `DeviceProcessEvents
| where Timestamp between (datetime(%s) .. datetime(%s))
| where ProcessCommandLine has "payroll" or InitiatingProcessCommandLine contains "ledger"
| summarize Runs = count(), Hosts = dcount(DeviceName), Accounts = make_set(AccountName, 10) by FileName
| top 20 by Runs`

func newHunter(s *server, from, to time.Time, now func() time.Time) *hunter {
	text := func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
	return &hunter{server: s, query: fmt.Sprintf(huntQuery, text(from), text(to)), now: now}
}

// idleHunts is how often the query runs on the idle server.
const idleHunts = 15

// idle measures the query on a server that has nothing else to do.
func (h *hunter) idle(ctx context.Context) ([]time.Duration, error) {
	if !wait(ctx, 3*time.Second) { // what is left of the warming up
		return nil, ctx.Err()
	}
	var out []time.Duration
	for range idleHunts {
		took, err := h.once(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, took)
		wait(ctx, 200*time.Millisecond)
	}
	slices.Sort(out)
	return out, ctx.Err()
}

// run hunts every so often until ctx ends.
func (h *hunter) run(ctx context.Context, every time.Duration) error {
	clock := time.NewTicker(every)
	defer clock.Stop()
	defer func() { slices.Sort(h.loaded) }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-clock.C:
		}
		took, err := h.once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		h.loaded = append(h.loaded, took)
	}
}

// once runs the query and returns how long the answer took.
func (h *hunter) once(ctx context.Context) (time.Duration, error) {
	text, err := json.Marshal(map[string]string{"query": h.query})
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.server.base+"/api/v1/query", bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	var result struct {
		Tables []struct {
			Rows []json.RawMessage `json:"rows"`
		} `json:"tables"`
		Diagnostics json.RawMessage `json:"diagnostics"`
	}
	began := h.now()
	if err := h.server.ask(req, h.server.query, &result); err != nil {
		return 0, fmt.Errorf("hunting: %w", err)
	}
	took := h.now().Sub(began)
	if len(result.Tables) == 0 || len(result.Tables[0].Rows) == 0 {
		return 0, fmt.Errorf("the hunting query found nothing: %s", result.Diagnostics)
	}
	return took, nil
}
