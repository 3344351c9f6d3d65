// Package matchrun runs Sigma rules over files of events and writes what
// matches, one JSON object per line, and a summary at the end: the work behind a
// command line tool, without its flags.
//
// It promises that the summary accounts for everything: rules loaded, rejected
// and skipped with reasons, events read, unreadable and about no rule. It reads
// no clock and opens no file. It is tested end to end on small inputs.
package matchrun

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-soc/tocsin/sigma"
	"github.com/tocsin-soc/tocsin/sigma/correlation"
	"github.com/tocsin-soc/tocsin/sigma/pipeline"
)

// Source yields events: a file of JSON lines (NewJSON), an EVTX log, a table.
type Source interface {
	// Next fills ev, resetting it first, and returns the record's number in the
	// source. At the end it returns io.EOF; a *RecordError is one unreadable
	// record, after which reading goes on; any other error ends the run.
	Next(ev *sigma.Event) (record uint64, err error)
}

// RecordError is a record that could not be read.
type RecordError struct {
	Record uint64
	Err    error
}

// Error says which record and why.
func (e *RecordError) Error() string { return fmt.Sprintf("record %d: %v", e.Record, e.Err) }

// Unwrap returns the cause.
func (e *RecordError) Unwrap() error { return e.Err }

// Config says what to run.
type Config struct {
	Rules        []fs.FS              // folders of rules
	Mapping      *sigma.Mapping       // nil: only what events name themselves counts
	Placeholders map[string][]string  // values for expand
	Pipelines    []*pipeline.Pipeline // change rules before they are compiled
	MinLevel     sigma.Level          // rules below it are left out
	Everywhere   bool                 // evaluate every rule on every event, whatever its log source
	Lateness     time.Duration        // how far out of order events may be, for correlations
	Explain      bool                 // write which fields matched
	Now          func() time.Time     // for the summary's seconds; nil: none
	Out          io.Writer
}

// Match is one line of output.
type Match struct {
	RuleID  string       `json:"rule_id"`
	Title   string       `json:"title"`
	Level   string       `json:"level"`
	Record  uint64       `json:"record"`
	Author  string       `json:"author,omitempty"`
	Tags    []string     `json:"tags,omitempty"`
	Matched []MatchField `json:"matched,omitempty"`

	// Of correlations: Record is the last event's, the rest is the evidence.
	Records []string     `json:"records,omitempty"`
	Group   []GroupField `json:"group,omitempty"`
	Value   float64      `json:"value,omitempty"`
}

// GroupField is a group-by field of a correlation and its value.
type GroupField struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// MatchField is one reason of a match.
type MatchField struct {
	Field string `json:"field,omitempty"`
	Value string `json:"value,omitempty"`
	Test  string `json:"test"`
}

// Rejected is a rule left out, and why.
type Rejected struct {
	Source string `json:"source"`
	ID     string `json:"rule_id,omitempty"`
	Title  string `json:"title,omitempty"`
	Reason string `json:"reason"`
}

// Summary is the last line of output.
type Summary struct {
	Events       int        `json:"events"`
	Matches      int        `json:"matches"`
	Unreadable   int        `json:"unreadable"`
	Unrouted     int        `json:"unrouted"` // events no rule is about
	Rules        int        `json:"rules_loaded"`
	Correlations int        `json:"correlations_loaded"`
	RejectedN    int        `json:"rules_rejected"`
	SkippedN     int        `json:"rules_skipped"` // deprecated, unsupported or below the level
	Rejected     []Rejected `json:"rejected,omitempty"`
	Warnings     []Rejected `json:"warnings,omitempty"`  // rules honoured that probably mean something else
	Late         int        `json:"late,omitempty"`      // correlation input older than the lateness allows
	Forgotten    int        `json:"forgotten,omitempty"` // correlation input dropped for lack of memory
	LoadSeconds  float64    `json:"load_seconds"`
	Seconds      float64    `json:"seconds"`
	EventsPerSec float64    `json:"events_per_second"`
}

// Run loads the rules, matches every event of the sources and writes matches and
// summary. An unreadable record or a rejected rule is counted, not an error.
func Run(ctx context.Context, cfg Config, sources ...Source) (Summary, error) {
	r := runner{cfg: cfg, enc: json.NewEncoder(cfg.Out)}
	r.enc.SetEscapeHTML(false)
	start := r.now()
	if err := r.load(); err != nil {
		return r.sum, err
	}
	loaded := r.now()
	r.sum.LoadSeconds = loaded.Sub(start).Seconds()
	for _, src := range sources {
		if err := r.drain(ctx, src); err != nil {
			return r.sum, err
		}
	}
	if err := r.correlated(r.state.Flush()); err != nil {
		return r.sum, err
	}
	r.sum.Late = r.state.Stats().Late
	r.sum.Seconds = r.now().Sub(loaded).Seconds()
	if r.sum.Seconds > 0 {
		r.sum.EventsPerSec = float64(r.sum.Events) / r.sum.Seconds
	}
	return r.sum, r.enc.Encode(r.sum)
}

type runner struct {
	cfg     Config
	enc     *json.Encoder
	sum     Summary
	program *sigma.Program
	matcher *sigma.Matcher
	event   *sigma.Event
	state   *correlation.State
}

func (r *runner) now() time.Time {
	if r.cfg.Now == nil {
		return time.Time{}
	}
	return r.cfg.Now()
}

func (r *runner) load() error {
	all, err := sigma.Load(r.cfg.Rules...)
	if err != nil {
		return err
	}
	pipeline.Apply(all, r.cfg.Pipelines...)
	rules := all.Rules[:0]
	for _, rule := range all.Rules {
		if rule.Level < r.cfg.MinLevel && !feeds(all.Correlations, rule) {
			r.sum.SkippedN++
			continue
		}
		rule.Silent = rule.Silent || rule.Level < r.cfg.MinLevel
		if r.cfg.Everywhere {
			rule.Logsource = sigma.Logsource{}
		}
		rules = append(rules, rule)
	}
	p, rejected := sigma.Compile(rules, sigma.Options{Mapping: r.cfg.Mapping, Placeholders: r.cfg.Placeholders})
	state, more := correlation.New(all.Correlations, p, correlation.Options{Lateness: r.cfg.Lateness})
	for _, x := range slices.Concat(all.Rejected, rejected, more) {
		r.sum.Rejected = append(r.sum.Rejected, Rejected{Source: x.Source, ID: x.ID, Title: x.Title, Reason: x.Reason})
	}
	for _, x := range all.Warnings {
		r.sum.Warnings = append(r.sum.Warnings, Rejected{Source: x.Source, ID: x.ID, Title: x.Title, Reason: x.Reason})
	}
	r.sum.Correlations = len(all.Correlations) - len(more)
	r.state = state
	r.sum.Rules, r.sum.RejectedN = len(p.Rules()), len(r.sum.Rejected)
	r.sum.SkippedN += len(all.Skipped)
	r.program, r.matcher, r.event = p, p.NewMatcher(), sigma.NewEvent(p.Fields())
	return nil
}

// feeds reports whether a correlation needs the rule, whatever its level.
func feeds(list []*sigma.Correlation, rule *sigma.Rule) bool {
	for _, c := range list {
		if slices.ContainsFunc(c.Rules, rule.Ref) {
			return true
		}
	}
	return false
}

// checkEvery is how many events pass between looks at the context.
const checkEvery = 1024

func (r *runner) drain(ctx context.Context, src Source) error {
	for {
		if r.sum.Events%checkEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		record, err := src.Next(r.event)
		var bad *RecordError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad):
			r.sum.Unreadable++
			continue
		case err != nil:
			return fmt.Errorf("reading events: %w", err)
		}
		r.sum.Events++
		if err := r.match(record); err != nil {
			return err
		}
	}
}

func (r *runner) match(record uint64) error {
	hits := r.matcher.Match(r.event)
	if len(hits) == 0 {
		if !r.matcher.Routed(r.event) {
			r.sum.Unrouted++
		}
		return nil
	}
	for _, i := range hits {
		rule := r.program.Rules()[i]
		if r.state.Observed(i) {
			r.state.Observe(i, r.event, strconv.FormatUint(record, 10))
		}
		if rule.Silent {
			continue
		}
		m := Match{RuleID: rule.ID, Title: rule.Title, Level: rule.Level.String(), Record: record}
		if r.cfg.Explain {
			m.Author, m.Tags = rule.Author, rule.Tags
			for _, f := range r.matcher.Explain(i, r.event) {
				m.Matched = append(m.Matched, MatchField(f))
			}
		}
		r.sum.Matches++
		if err := r.enc.Encode(m); err != nil {
			return fmt.Errorf("writing a match: %w", err)
		}
	}
	return r.correlated(r.state.Advance(time.Time{}))
}

// correlated writes what correlations found.
func (r *runner) correlated(hits []correlation.Hit) error {
	for _, h := range hits {
		m := Match{RuleID: h.Rule.ID, Title: h.Rule.Title, Level: h.Rule.Level.String(), Records: h.Events, Value: h.Value}
		if n := len(h.Events); n > 0 {
			m.Record, _ = strconv.ParseUint(h.Events[n-1], 10, 64) // ids are the numbers given to Observe
		}
		if r.cfg.Explain {
			m.Author, m.Tags = h.Rule.Author, h.Rule.Tags
		}
		for _, g := range h.Group {
			m.Group = append(m.Group, GroupField(g))
		}
		r.sum.Matches++
		if err := r.enc.Encode(m); err != nil {
			return fmt.Errorf("writing a correlation: %w", err)
		}
	}
	for _, l := range r.state.Losses() {
		r.sum.Forgotten += l.Events
	}
	return nil
}
