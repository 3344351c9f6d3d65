// Package demo plays the built-in attacks into a running server and judges what
// comes of them.
//
// It promises to send as any source would, through the server's own HTTP door, and
// to judge by the truth that the simulation knows. It refuses to touch the stores:
// it reads incidents where people do. It is tested by playing into a real server
// over real stores, for several seeds.
package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"sort"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/content"
	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/incident"
	"github.com/tocsin-soc/tocsin/internal/simulate"
)

// Options configure a Demo. All are required.
type Options struct {
	Base  string         // the server's address: http://127.0.0.1:8700
	Token string         // an API token of scope ingest
	Desk  *incident.Desk // of the server
	Seed  uint64         // of the simulations: the same seed, the same attacks
	Now   func() time.Time
	Event func(Event) // is told what happens
}

// A Demo is a running demonstration: the server, and attacks played into it
// through its own HTTP door.
type Demo struct {
	opts  Options
	began time.Time
	data  []*simulate.Dataset
	first time.Duration // to the first incident; 0 until then
}

// An Event is something that happened and is worth a line on the terminal.
type Event struct {
	After    time.Duration // since the start
	Kind     string        // alert or incident
	Severity tocsin.Severity
	Incident tocsin.IncidentID
	Title    string
}

// A Summary is what came of a demonstration.
type Summary struct {
	Tables        []TableCount // events by table
	Alerts        int
	Incidents     int
	FirstIncident time.Duration
	Verdicts      []simulate.Verdict
}

// TableCount is how many events of a table were sent.
type TableCount struct {
	Table  string
	Events int
}

// Passed reports whether every expected incident appeared.
func (s *Summary) Passed() bool {
	for _, v := range s.Verdicts {
		if !v.Detected() {
			return false
		}
	}
	return len(s.Verdicts) > 0
}

// New prepares a demonstration of every built-in scenario.
func New(o Options) (*Demo, error) {
	d := &Demo{opts: o, began: o.Now()}
	paths, err := fs.Glob(content.Files, "simulations/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing simulations: %w", err)
	}
	for i, p := range paths {
		text, err := fs.ReadFile(content.Files, p)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", p, err)
		}
		s, err := simulate.ParseScenario(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path.Base(p), err)
		}
		start := d.began.Add(-s.Duration - 10*time.Minute)
		set, err := simulate.Generate(s, o.Seed+uint64(i), start)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.ID, err)
		}
		d.data = append(d.data, set)
	}
	return d, nil
}

// Play sends every scenario to the server and reports what appears meanwhile.
// It returns when everything is sent and the rules have caught up, or at the
// deadline.
func (d *Demo) Play(ctx context.Context, deadline time.Duration) (*Summary, error) {
	notices, stop := d.opts.Desk.Subscribe(1024)
	defer stop()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		d.watch(ctx, notices)
	}()
	for _, set := range d.data {
		if err := simulate.Play(ctx, set.Batches(10*time.Minute), d.send); err != nil {
			return nil, err
		}
	}
	poll := time.NewTicker(250 * time.Millisecond)
	defer poll.Stop()
	for {
		summary, err := d.summary(ctx)
		if err != nil {
			return nil, err
		}
		if summary.Passed() || d.opts.Now().Sub(d.began) > deadline {
			stop()
			<-watched
			summary.FirstIncident = d.first
			return summary, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-poll.C:
		}
	}
}

// send posts one batch, as any source would.
func (d *Demo) send(ctx context.Context, b simulate.Batch) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.opts.Base+"/api/v1/ingest/"+b.Table, bytes.NewReader(b.Body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+d.opts.Token)
	req.Header.Set("X-Tocsin-Batch", b.ID)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // read only
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answered %s: %s", resp.Status, bytes.TrimSpace(text))
	}
	var got api.IngestResult
	if err := json.Unmarshal(text, &got); err != nil {
		return fmt.Errorf("reading the server's answer: %w", err)
	}
	if got.Stored+got.Duplicates != b.Rows {
		return fmt.Errorf("of %d rows %d were stored, %d seen before, %d dead-lettered", b.Rows, got.Stored, got.Duplicates, got.DeadLettered)
	}
	return nil
}

// watch turns notices into lines: each incident once when it opens, each alert
// once when it appears.
func (d *Demo) watch(ctx context.Context, notices <-chan incident.Notice) {
	alerts, incidents := map[tocsin.AlertID]bool{}, map[tocsin.IncidentID]bool{}
	for n := range notices {
		after := d.opts.Now().Sub(d.began)
		if n.Alert != "" && !alerts[n.Alert] {
			alerts[n.Alert] = true
			if a, err := d.opts.Desk.Alert(ctx, n.Alert); err == nil {
				d.opts.Event(Event{after, "alert", a.Severity, a.Incident, a.Title})
			}
		}
		if n.Incident != 0 && !incidents[n.Incident] {
			incidents[n.Incident] = true
			if d.first == 0 {
				d.first = after
			}
			if s, err := d.opts.Desk.Incident(ctx, n.Incident); err == nil {
				d.opts.Event(Event{after, "incident", s.Severity, s.ID, s.Title})
			}
		}
	}
}

// summary counts what there is and judges it against the truth.
func (d *Demo) summary(ctx context.Context) (*Summary, error) {
	s := &Summary{}
	counts := map[string]int{}
	for _, set := range d.data {
		for _, e := range set.Emissions {
			counts[e.Table]++
		}
	}
	for t, n := range counts {
		s.Tables = append(s.Tables, TableCount{t, n})
	}
	sort.Slice(s.Tables, func(i, j int) bool { return s.Tables[i].Table < s.Tables[j].Table })
	page, err := d.opts.Desk.Queue(ctx, incident.Filter{Limit: incident.MaxPage})
	if err != nil {
		return nil, err
	}
	var observed []simulate.Observed
	for _, inc := range page.Items {
		alerts, err := d.opts.Desk.AlertsOf(ctx, inc.ID)
		if err != nil {
			return nil, err
		}
		s.Incidents, s.Alerts = s.Incidents+1, s.Alerts+len(alerts)
		observed = append(observed, simulate.Observed{ID: inc.ID, Alerts: alerts})
	}
	for _, set := range d.data {
		s.Verdicts = append(s.Verdicts, simulate.Judge(set, observed)...)
	}
	return s, nil
}
