package correlate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// A Candidate is an incident that new alerts might belong to.
type Candidate = incident.Candidate

// A Kind says what a Decision is.
type Kind string

// The kinds of decision.
const (
	Open   Kind = "open"   // a new incident with Alerts
	Attach Kind = "attach" // Alerts belong to Incident
	Reopen Kind = "reopen" // Alerts belong to Incident, which is closed, and its rule wishes it reopened
	Merge  Kind = "merge"  // Source belongs to Incident
	Ignore Kind = "ignore" // the alert's rule wishes no incident
)

// A Decision is what is to be done, and why.
type Decision struct {
	Kind      Kind
	Incident  tocsin.IncidentID   // of Attach and Reopen; of Merge the one that stays
	Source    tocsin.IncidentID   // of Merge: the one that is emptied
	Alerts    []incident.AlertWhy // each with its own reason; none for Merge
	Why       tocsin.Reason       // of Merge; of others that of the first alert
	Title     string              // generated for what comes of it; empty leaves the title
	Note      string              // for the analyst: a limit that bit
	Continues tocsin.IncidentID   // of Open: the full incident that this one continues
}

// Command returns the command that does what was decided; ok is false for
// Ignore. It asks for no version: when an incident was closed, taken or merged
// since it was read, the command is a tocsin.Conflict, and the right answer is
// to read the candidates and decide again.
func (d *Decision) Command(actor tocsin.Actor) (cmd incident.Command, ok bool) {
	switch d.Kind {
	case Open:
		return incident.Open{Actor: actor, Title: d.Title, Generated: true, Alerts: d.Alerts, Note: d.Note, Continues: d.Continues}, true
	case Attach:
		return incident.Attach{Actor: actor, Incident: d.Incident, Alerts: d.Alerts, Title: d.Title}, true
	case Reopen:
		return incident.Reopen{Actor: actor, Incident: d.Incident, Alerts: d.Alerts, Text: d.Why.Text}, true
	case Merge:
		return incident.Merge{Actor: actor, Source: d.Source, Target: d.Incident, Why: d.Why, Title: d.Title}, true
	case Ignore:
		return nil, false
	}
	panic("correlate: decision of kind " + string(d.Kind))
}

// Decide says what becomes of new alerts, given the incidents they might belong
// to (incident.Desk.Candidates, asked as Rules.Ask says). Alerts that are in an
// incident already are left alone; an alert that is given twice counts once.
// Decisions are to be applied in order. Decide is pure, and the order of alerts
// and of incidents does not matter.
func Decide(alerts []tocsin.Alert, open []Candidate, rules *Rules, now time.Time) []Decision {
	d := &deciding{rules: rules, now: now}
	d.takeCandidates(open)
	var free, grouped []*tocsin.Alert
	for _, a := range inOrder(alerts) {
		switch {
		case a.Grouping.NoIncident:
			why := tocsin.Reason{Rule: "rule-grouping", Text: "its rule makes alerts without incidents", Score: 1}
			d.out = append(d.out, Decision{Kind: Ignore, Alerts: []incident.AlertWhy{{Alert: a.ID, Why: why}}, Why: why})
		case a.Grouping.Method != "":
			grouped = append(grouped, a)
		default:
			free = append(free, a)
		}
	}
	d.group(grouped)
	d.correlate(free)
	if len(open) >= incident.MaxCandidates {
		d.noteLimit(len(open))
	}
	return d.out
}

// inOrder returns the alerts that are in no incident, each once, by activity.
func inOrder(alerts []tocsin.Alert) []*tocsin.Alert {
	var list []*tocsin.Alert
	seen := map[tocsin.AlertID]bool{}
	for i := range alerts {
		if a := &alerts[i]; a.Incident == 0 && !seen[a.ID] {
			seen[a.ID] = true
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b *tocsin.Alert) int {
		return cmp.Or(a.FirstActivity.Compare(b.FirstActivity), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// deciding is one Decide.
type deciding struct {
	rules *Rules
	now   time.Time
	cases []*openCase // by number
	out   []Decision
}

// An openCase is a candidate, with what this run has decided about it so far.
type openCase struct {
	incident.Candidate
	inc    tocsin.Incident // as it will be: alerts, owner
	added  []*tocsin.Alert
	merged *openCase // where it was merged into
}

// now standing: the case that c has been merged into, or c.
func (c *openCase) standing() *openCase {
	for c.merged != nil {
		c = c.merged
	}
	return c
}

// isOpen reports whether alerts may be added.
func (c *openCase) isOpen() bool {
	return c.inc.Status == tocsin.IncidentNew || c.inc.Status == tocsin.IncidentActive
}

// room is how many alerts still fit.
func (c *openCase) room() int { return max(incident.MaxAlerts-len(c.inc.Alerts), 0) }

// alerts returns the alerts it has and those decided to be added.
func (c *openCase) alerts() []*tocsin.Alert {
	list := make([]*tocsin.Alert, 0, len(c.Alerts)+len(c.added))
	for i := range c.Alerts {
		list = append(list, &c.Alerts[i])
	}
	return append(list, c.added...)
}

// takeCandidates sorts the candidates and leaves out what takes no alerts:
// redirected ones, and those nobody and nothing has changed for long.
func (d *deciding) takeCandidates(open []Candidate) {
	for i := range open {
		c := &openCase{Candidate: open[i], inc: open[i].Incident}
		c.inc.Alerts = slices.Clone(c.inc.Alerts)
		if c.inc.Status != tocsin.IncidentRedirected && d.now.Sub(c.inc.UpdatedAt) <= d.rules.policy.retire {
			d.cases = append(d.cases, c)
		}
	}
	slices.SortFunc(d.cases, func(a, b *openCase) int { return cmp.Compare(a.inc.ID, b.inc.ID) })
}

// correlate decides about the alerts whose rules leave it to correlation.
func (d *deciding) correlate(alerts []*tocsin.Alert) {
	w := newWeb(d.rules, alerts, d.cases)
	for _, group := range w.groups() {
		d.decideGroup(w, group)
	}
}

// decideGroup decides about alerts that belong together.
func (d *deciding) decideGroup(w *web, group []int) {
	strongest := map[*openCase]bond{}
	for _, n := range group {
		for c, b := range w.toCase[n] {
			if old, ok := strongest[d.cases[c].standing()]; !ok || b.beats(&old) {
				strongest[d.cases[c].standing()] = b
			}
		}
	}
	target := pickTarget(strongest, d.rules.policy.merge)
	if target == nil {
		d.open(w, group, d.fullest(strongest))
		return
	}
	merges := d.mergeable(strongest, target, len(group))
	d.attach(w, d.elsewhere(w, group, target, merges), target)
	for _, source := range merges {
		d.merge(source, target, strongest[source])
	}
}

// pickTarget chooses the incident alerts go to: the oldest of those they are
// tied to strongly enough to merge, else the one they are tied to most. Full
// ones take nothing.
func pickTarget(strongest map[*openCase]bond, merge float64) *openCase {
	var target *openCase
	better := func(c *openCase, b bond) bool {
		if target == nil {
			return true
		}
		t := strongest[target]
		if (b.score >= merge) != (t.score >= merge) {
			return b.score >= merge
		}
		if b.score < merge && b.score != t.score {
			return b.score > t.score
		}
		return c.inc.ID < target.inc.ID
	}
	for c, b := range strongest {
		if c.room() > 0 && better(c, b) {
			target = c
		}
	}
	return target
}

// fullest returns the newest of the full incidents that alerts are tied to.
func (d *deciding) fullest(strongest map[*openCase]bond) *openCase {
	var full *openCase
	for c := range strongest {
		if full == nil || c.inc.ID > full.inc.ID {
			full = c
		}
	}
	return full
}

// mergeable returns the incidents to merge into target, oldest first: those
// tied to the same alerts (so many new ones) strongly enough, as the rules of
// merging allow.
func (d *deciding) mergeable(strongest map[*openCase]bond, target *openCase, fresh int) []*openCase {
	if strongest[target].score < d.rules.policy.merge {
		return nil
	}
	var list []*openCase
	total := target.inc
	// The new alerts take their room first.
	total.Alerts = make([]tocsin.AlertLink, len(total.Alerts)+min(fresh, target.room()))
	for _, c := range byID(strongest) {
		if c == target || strongest[c].score < d.rules.policy.merge || incident.Mergeable(&c.inc, &total) != nil {
			continue
		}
		list = append(list, c)
		total.Alerts = append(total.Alerts, c.inc.Alerts...)
		total.Owner = cmp.Or(total.Owner, c.inc.Owner)
	}
	return list
}

// byID returns cases in the order of their numbers.
func byID(strongest map[*openCase]bond) []*openCase {
	list := make([]*openCase, 0, len(strongest))
	for c := range strongest {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *openCase) int { return cmp.Compare(a.inc.ID, b.inc.ID) })
	return list
}

// elsewhere attaches those alerts of a group that are tied more to an incident
// that stays apart (another owner, say) than to the target, and returns the rest.
func (d *deciding) elsewhere(w *web, group []int, target *openCase, merges []*openCase) []int {
	var rest []int
	apart := map[*openCase][]int{}
	for _, n := range group {
		home, best := target, bond{}
		for _, c := range sortedKeys(w.toCase[n]) {
			b, at := w.toCase[n][c], d.cases[c].standing()
			if at == target || slices.Contains(merges, at) {
				at = target
			}
			if at.room() > len(apart[at]) && b.beats(&best) {
				home, best = at, b
			}
		}
		if home == target {
			rest = append(rest, n)
		} else {
			apart[home] = append(apart[home], n)
		}
	}
	for _, c := range d.cases {
		if len(apart[c]) > 0 {
			d.attach(w, apart[c], c)
		}
	}
	return rest
}

// attach links alerts to an incident, and opens another for what does not fit.
func (d *deciding) attach(w *web, group []int, c *openCase) {
	fits := group[:min(len(group), c.room())]
	if len(fits) > 0 {
		dec := Decision{Kind: Attach, Incident: c.inc.ID}
		for _, n := range fits {
			why := w.best(n, group, c, d.cases)
			dec.Alerts = append(dec.Alerts, incident.AlertWhy{Alert: w.nodes[n].alert.ID, Why: why})
			c.added = append(c.added, w.nodes[n].alert)
			c.inc.Alerts = append(c.inc.Alerts, tocsin.AlertLink{Alert: w.nodes[n].alert.ID})
		}
		dec.Why, dec.Title = dec.Alerts[0].Why, d.title(c)
		d.out = append(d.out, dec)
	}
	if rest := group[len(fits):]; len(rest) > 0 {
		d.open(w, rest, c)
	}
}

// title is the generated title of an incident with what was added to it.
func (d *deciding) title(c *openCase) string {
	if c.OwnTitle {
		return ""
	}
	return Title(c.alerts())
}

// open opens incidents for alerts that belong together, one for every 150.
// full is the incident they would belong to had it room, or nil.
func (d *deciding) open(w *web, group []int, full *openCase) {
	for i := 0; len(group) > 0; i++ {
		part := group[:min(len(group), incident.MaxAlerts)]
		group = group[len(part):]
		dec := Decision{Kind: Open}
		var alerts []*tocsin.Alert
		for k, n := range part {
			why := tocsin.Reason{Rule: "first", Text: "opened this incident", Score: 1}
			if k > 0 {
				why = w.best(n, part, nil, nil)
			}
			alerts = append(alerts, w.nodes[n].alert)
			dec.Alerts = append(dec.Alerts, incident.AlertWhy{Alert: w.nodes[n].alert.ID, Why: why})
		}
		dec.Why, dec.Title = dec.Alerts[0].Why, Title(alerts)
		switch {
		case i == 0 && full != nil:
			dec.Continues = full.inc.ID
			dec.Note = fmt.Sprintf("These alerts belong to incident %d, which holds %d alerts and takes no more. This incident continues it.", full.inc.ID, incident.MaxAlerts)
		case i > 0:
			dec.Note = fmt.Sprintf("These alerts belong together with those of the incident opened before this one, which holds %d alerts and takes no more.", incident.MaxAlerts)
		}
		d.out = append(d.out, dec)
	}
}

// merge merges one incident into another.
func (d *deciding) merge(source, target *openCase, why bond) {
	reason := why.reason
	reason.Text = "a new alert ties them together: " + reason.Text
	source.merged = target
	target.added = append(target.added, source.alerts()...)
	target.inc.Alerts = append(target.inc.Alerts, source.inc.Alerts...)
	target.inc.Owner = cmp.Or(target.inc.Owner, source.inc.Owner)
	d.out = append(d.out, Decision{Kind: Merge, Incident: target.inc.ID, Source: source.inc.ID, Why: reason, Title: d.title(target)})
}

// noteLimit says on every incident opened that not all incidents were considered.
func (d *deciding) noteLimit(n int) {
	for i := range d.out {
		if dec := &d.out[i]; dec.Kind == Open {
			dec.Note = strings.TrimSpace(dec.Note + fmt.Sprintf(" More than %d open incidents share an entity with these alerts; the %d with the newest activity were considered.", n-1, n))
		}
	}
}
