package detect

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A Ledger keeps what was run, so that a restart neither skips nor repeats a
// window. The state store implements it.
type Ledger interface {
	// Progress returns the newest ingestion time that the rule's runs have taken
	// into account and the end of the newest window it completed; zero times for
	// a rule that never ran.
	Progress(ctx context.Context, rule tocsin.RuleID) (watermark, windowEnd time.Time, err error)
	// AppendRun adds one line. Unless it failed, it moves the progress.
	AppendRun(ctx context.Context, run tocsin.RuleRun) error
}

// An Engine runs the queries of rules. Package app implements it with kql and telemetry.
type Engine interface {
	// Query runs the rule's query over one window of event time. (A
	// near-real-time rule looks at every minute of event time, again when late
	// events touch it, instead of at minutes of ingestion time: the same events
	// give the same alerts.)
	Query(ctx context.Context, r *KQLRule, w Window) (*Table, error)
	// Late returns the stretch of event time, before the given end, of events in
	// the rule's tables that arrived after the watermark; a zero Window for none.
	Late(ctx context.Context, r *KQLRule, watermark, before time.Time) (Window, error)
	// Watermark returns the newest ingestion time that is committed: whatever
	// arrives later has a later one.
	Watermark(ctx context.Context) (time.Time, error)
}

// A Schedule runs KQL rules on a clock that the caller turns.
type Schedule struct {
	rules   []*KQLRule
	ledger  Ledger
	engine  Engine
	horizon Horizon
	now     func() time.Time // for the cost of a run only
	health  map[tocsin.RuleID]*health
}

// health counts a rule's failures in a row.
type health struct {
	failures  int
	restUntil time.Time // suppression, or the pause after failures
}

// NewSchedule makes a schedule. now is asked only to measure how long a run took.
func NewSchedule(rules []*KQLRule, ledger Ledger, engine Engine, horizon Horizon, now func() time.Time) *Schedule {
	s := &Schedule{rules: rules, ledger: ledger, engine: engine, horizon: horizon, now: now, health: map[tocsin.RuleID]*health{}}
	for _, r := range rules {
		s.health[r.ID] = &health{}
	}
	return s
}

// Rules returns the rules on the clock.
func (s *Schedule) Rules() []*KQLRule { return s.rules }

// maxPause bounds the pause of a rule that keeps failing.
const maxPause = time.Hour

// Tick runs every window that is due at now, rule by rule, and hands the
// findings of each run to raise before the run is written to the ledger: a
// crash between the two repeats the run, and a repeated finding counts once.
// A rule that fails is recorded and pauses, longer with each failure; it never
// stops the others. Tick returns an error only when ctx ends or the ledger fails.
func (s *Schedule) Tick(ctx context.Context, now time.Time, raise func(context.Context, []Finding) error) error {
	for _, r := range s.rules {
		if h := s.health[r.ID]; now.Before(h.restUntil) {
			continue
		}
		if err := s.tickRule(ctx, r, now, raise); err != nil {
			return fmt.Errorf("rule %s: %w", r.ID, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// tickRule runs what is due of one rule.
func (s *Schedule) tickRule(ctx context.Context, r *KQLRule, now time.Time, raise func(context.Context, []Finding) error) error {
	seen, last, err := s.ledger.Progress(ctx, r.ID)
	if err != nil {
		return err
	}
	watermark, err := s.engine.Watermark(ctx)
	if err != nil {
		return s.fail(ctx, r, tocsin.RuleRun{From: now, To: now}, now, err)
	}
	var late Window
	if !last.IsZero() && watermark.After(seen) {
		if late, err = s.engine.Late(ctx, r, seen, last); err != nil {
			return s.fail(ctx, r, tocsin.RuleRun{From: now, To: now}, now, err)
		}
	}
	d := due(r.Frequency, r.Period, last, now, late, s.horizon)
	for _, w := range d.Skipped {
		reason := fmt.Sprintf("not run: older than the back-fill horizon of %s or beyond %d windows in one tick", s.horizon.Backfill, s.horizon.MaxWindows)
		if err := s.ledger.AppendRun(ctx, skippedRun(r, w, now, reason)); err != nil {
			return err
		}
	}
	for i, w := range d.Windows {
		run := tocsin.RuleRun{Rule: r.ID, Version: r.Version, From: w.From, To: w.To, StartedAt: now, Watermark: seen, IsBackfill: w.To.Before(now.Truncate(r.Frequency))}
		if i == len(d.Windows)-1 {
			// Only now everything that had arrived is taken into account: had an
			// earlier window failed, its late events must be found again.
			run.Watermark = watermark
		}
		ok, err := s.run(ctx, r, w, &run, now, raise)
		if err != nil {
			return s.fail(ctx, r, run, now, err)
		}
		if err := s.ledger.AppendRun(ctx, run); err != nil {
			return err
		}
		s.health[r.ID].failures = 0
		if ok && r.Suppress > 0 {
			// The windows not run stay due; they are run, or skipped in the
			// ledger, when the rule wakes.
			s.health[r.ID].restUntil = now.Add(r.Suppress)
			return nil
		}
	}
	return nil
}

// run runs one window; fired says that it raised something.
func (s *Schedule) run(ctx context.Context, r *KQLRule, w Window, run *tocsin.RuleRun, now time.Time, raise func(context.Context, []Finding) error) (fired bool, err error) {
	began := s.now()
	table, err := s.engine.Query(ctx, r, w)
	run.Took = s.now().Sub(began)
	if err != nil {
		return false, err
	}
	list, note := findings(r, w, table, now)
	run.Rows, run.Status = len(table.Rows), tocsin.RunSucceeded
	if note != "" {
		run.Status, run.Reason = tocsin.RunCapped, note
	}
	distinct := map[tocsin.AlertID]bool{}
	for _, f := range list {
		distinct[f.Alert.ID] = true
	}
	run.Alerts = len(distinct)
	if len(list) == 0 {
		return false, nil
	}
	return true, raise(ctx, list)
}

// fail records a failed run and lets the rule rest: 1, 2, 4 … minutes up to an
// hour. The window stays due, so nothing is lost once the rule works again.
func (s *Schedule) fail(ctx context.Context, r *KQLRule, run tocsin.RuleRun, now time.Time, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	h := s.health[r.ID]
	pause := min(time.Minute<<min(h.failures, 10), maxPause)
	h.failures++
	h.restUntil = now.Add(pause)
	run.Rule, run.Version, run.StartedAt, run.Status = r.ID, r.Version, now, tocsin.RunFailed
	_, message := tocsin.Explain(cause)
	run.Reason = fmt.Sprintf("%s Next try in %s.", strings.TrimSuffix(message, ".")+".", pause)
	return s.ledger.AppendRun(ctx, run)
}
