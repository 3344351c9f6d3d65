package detect

import (
	"slices"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/sigma"
)

// A Stream matches records against Sigma rules as they arrive. It is immutable
// and used by any number of goroutines.
type Stream struct {
	program  *sigma.Program
	rules    []tocsin.Rule // by the program's rule index, then the correlations
	entities *EntityMap
	chains   *chains
	scratch  sync.Pool // *scratch: one per goroutine at a time
}

// scratch is the memory of one matching goroutine.
type scratch struct {
	matcher *sigma.Matcher
	event   *sigma.Event
}

// NewStream compiles a linked set. Rules that cannot be honoured with this
// mapping come back as rejections.
func NewStream(set *RuleSet, mapping *sigma.Mapping, entities *EntityMap, timing Timing) (*Stream, []Rejected) {
	s := &Stream{entities: entities}
	program, rejections := sigma.Compile(set.Sigma.Rules, timing.options(mapping))
	s.program = program
	for _, r := range program.Rules() {
		s.rules = append(s.rules, vocabulary(&r.Head, set.Sources[filePart(r.Source)]))
	}
	chains, more := newChains(set.Sigma.Correlations, program)
	s.chains = chains
	for _, c := range chains.rules {
		s.rules = append(s.rules, vocabulary(&c.Head, set.Sources[filePart(c.Source)]))
	}
	s.scratch.New = func() any {
		return &scratch{program.NewMatcher(), sigma.NewEvent(program.Fields())}
	}
	var rejected []Rejected
	for _, r := range slices.Concat(rejections, more) {
		rejected = append(rejected, rejectedSigma(r))
	}
	return s, rejected
}

// filePart removes the "#2" by which the second document of a file is named.
func filePart(source string) string {
	for i := len(source) - 1; i > 0 && source[i-1] != '/'; i-- {
		if source[i] == '#' {
			return source[:i]
		}
	}
	return source
}

// Rules returns the rules on the stream, correlations included.
func (s *Stream) Rules() []tocsin.Rule { return s.rules }

// Match returns the findings of a batch of records, and what correlation rules
// want to remember of it. It only computes: the caller stores the records before
// it acts on either.
func (s *Stream) Match(records []tocsin.Record, now time.Time) ([]Finding, []Observation) {
	sc := s.scratch.Get().(*scratch)
	defer s.scratch.Put(sc)
	var found []Finding
	var seen []Observation
	for i := range records {
		r := &records[i]
		fill(sc.event, r)
		for _, n := range sc.matcher.Match(sc.event) {
			if s.chains.observes(n) {
				seen = append(seen, s.chains.observation(&s.rules[n], r))
			}
			if !s.program.Rules()[n].Silent {
				found = append(found, s.finding(&s.rules[n], r, now))
			}
		}
	}
	return found, seen
}

// fill turns a record into the library's event.
func fill(ev *sigma.Event, r *tocsin.Record) {
	ev.Reset()
	ls := &r.LogSource
	ev.Logsource = sigma.Logsource{Product: ls.Product, Category: ls.Category, Service: ls.Service}
	if len(r.Events) > 0 {
		ev.Time = r.Events[0].OccurredAt
	}
	for i := range r.Fields {
		ev.Set(r.Fields[i].Name, r.Fields[i].Value)
	}
}

// sigmaAlert is what every alert of a Sigma rule has.
func sigmaAlert(rule *tocsin.Rule, now time.Time) tocsin.Alert {
	return tocsin.Alert{
		Rule: rule.ID, RuleKind: rule.Kind, RuleVersion: rule.Version, Author: rule.Author, Title: rule.Title, Description: rule.Description,
		Severity: rule.Severity, Tactics: rule.Tactics, Techniques: rule.Techniques, RaisedAt: now,
	}
}

// finding makes the alert of one match.
func (s *Stream) finding(rule *tocsin.Rule, r *tocsin.Record, now time.Time) Finding {
	a := sigmaAlert(rule, now)
	a.Entities = s.entities.Entities(r.Fields)
	what := ""
	if len(r.Events) > 0 {
		e := &r.Events[0]
		a.FirstActivity, a.LastActivity, what = e.OccurredAt, e.OccurredAt, string(e.ID)
		a.Evidence = []tocsin.Evidence{{Event: e.ID, Table: e.Table, OccurredAt: e.OccurredAt, Summary: recordSummary(r.Fields)}}
	}
	a.Fingerprint = fingerprint(a.Entities)
	return newFinding(a, what)
}

// telling are the fields that say most about a record, in the order to show them.
var telling = []string{
	"EventID", "CommandLine", "Image", "ParentImage", "TargetFilename", "TargetObject", "Details", "QueryName", "DestinationIp", "ImageLoaded", "ScriptBlockText",
	"ServiceName", "ImagePath", "TaskName", "TargetUserName", "SubjectUserName", "IpAddress", "LogonType", "UserPrincipalName", "IPAddress", "ResultType", "ClientAppUsed",
	"AppDisplayName", "Operation", "UserId", "ClientIP", "OperationName", "Provider_Name",
}

// recordSummary writes a record in one line for the evidence list.
func recordSummary(fields []tocsin.Field) string {
	t := &Table{}
	row := []string{}
	for _, name := range telling {
		for i := range fields {
			if fields[i].Name == name && fields[i].Value != "" {
				t.Columns, row = append(t.Columns, name), append(row, fields[i].Value)
				break
			}
		}
	}
	return summary(t, row)
}
