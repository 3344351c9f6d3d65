package correlate

import (
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// The methods of a rule's own grouping: Microsoft Sentinel's
// incidentConfiguration.groupingConfiguration.matchingMethod.
const (
	allEntities = "AllEntities"
	anyAlert    = "AnyAlert"
	selected    = "Selected"
)

// defaultLookback is Sentinel's lookbackDuration when a rule gives none.
const defaultLookback = 5 * time.Hour

// lookback is how far apart alerts of one rule may be and still be grouped.
func lookback(a *tocsin.Alert) time.Duration {
	if a.Grouping.Lookback > 0 {
		return a.Grouping.Lookback
	}
	return defaultLookback
}

// group decides about alerts whose rules say how they are grouped: only with
// alerts of the same rule, as Sentinel does.
func (d *deciding) group(alerts []*tocsin.Alert) {
	lists := map[string][]*tocsin.Alert{}
	for _, a := range alerts {
		k := string(a.Rule) + "\x00" + likeness(a)
		lists[k] = append(lists[k], a)
	}
	for _, k := range sortedKeys(lists) {
		list := lists[k]
		for len(list) > 0 {
			n := 1
			last := list[0].LastActivity
			for n < len(list) && list[n].FirstActivity.Sub(last) <= lookback(list[n]) {
				if list[n].LastActivity.After(last) {
					last = list[n].LastActivity
				}
				n++
			}
			d.decideGrouped(list[:n])
			list = list[n:]
		}
	}
}

// decideGrouped decides about alerts that their rule groups together.
func (d *deciding) decideGrouped(list []*tocsin.Alert) {
	why := tocsin.Reason{Rule: "rule-grouping", Text: groupText(list[0]), Score: 1}
	c := d.grouped(list)
	w := &web{}
	all := make([]int, len(list))
	for i, a := range list {
		w.nodes = append(w.nodes, newNode(a, -1))
		w.peers = append(w.peers, map[int]bond{-1: {score: 1, reason: why}})
		w.toCase = append(w.toCase, nil)
		all[i] = i
	}
	w.fresh = len(list)
	switch {
	case c == nil:
		d.open(w, all, nil)
	case c.isOpen():
		d.attach(w, all, c)
	default:
		dec := Decision{Kind: Reopen, Incident: c.inc.ID}
		fits := all[:min(len(all), c.room())]
		why.Text += "; its rule reopens closed incidents"
		for _, n := range fits {
			dec.Alerts = append(dec.Alerts, incident.AlertWhy{Alert: list[n].ID, Why: why})
		}
		if dec.Why = why; len(fits) > 0 {
			d.out = append(d.out, dec)
		}
		if len(fits) < len(all) {
			d.open(w, all[len(fits):], c)
		}
	}
}

// grouped finds the incident that alerts of a rule are grouped into: an open
// one with an alert alike within the look-back, the newest first; else a closed
// one if the rule wishes to reopen.
func (d *deciding) grouped(list []*tocsin.Alert) *openCase {
	var found *openCase
	for _, c := range d.cases {
		if c.merged != nil || !c.isOpen() && !list[0].Grouping.Reopen || !holdsAlike(c, list) {
			continue
		}
		if found == nil || c.isOpen() && !found.isOpen() || c.isOpen() == found.isOpen() && c.room() > 0 {
			found = c
		}
	}
	return found
}

// holdsAlike reports whether an incident holds an alert of the same rule that
// the rule would group with one of list.
func holdsAlike(c *openCase, list []*tocsin.Alert) bool {
	for _, have := range c.alerts() {
		if have.Rule != list[0].Rule || likeness(with(have, list[0].Grouping)) != likeness(list[0]) {
			continue
		}
		for _, a := range list {
			if apart(have, a) <= lookback(a) {
				return true
			}
		}
	}
	return false
}

// with returns an alert as it would be under another grouping: the rule may
// have changed since it was raised.
func with(a *tocsin.Alert, g tocsin.Grouping) *tocsin.Alert {
	out := *a
	out.Grouping = g
	return &out
}

// apart is the time between the activity of two alerts; 0 when they overlap.
func apart(a, b *tocsin.Alert) time.Duration {
	if b.FirstActivity.Before(a.FirstActivity) {
		a, b = b, a
	}
	return max(b.FirstActivity.Sub(a.LastActivity), 0)
}

// likeness is the text that two alerts of one rule share when the rule groups
// them. An alert without anything to compare is like no other: to group all
// such alerts, as Sentinel does with AllEntities, would hide what differs.
func likeness(a *tocsin.Alert) string {
	var parts []string
	switch a.Grouping.Method {
	case anyAlert:
		return anyAlert
	case allEntities:
		parts = entityTexts(a.Entities, func(tocsin.EntityType) bool { return true })
	case selected:
		parts = entityTexts(a.Entities, func(t tocsin.EntityType) bool { return slices.Contains(a.Grouping.ByEntities, t) })
		for _, name := range a.Grouping.ByDetails {
			parts = append(parts, name+"="+detail(a, name))
		}
	}
	if len(parts) == 0 {
		return "alone\x00" + string(a.ID)
	}
	return a.Grouping.Method + "\x00" + strings.Join(parts, "\x00")
}

// entityTexts returns what tells entities of some types apart, in order.
func entityTexts(entities []tocsin.Entity, wanted func(tocsin.EntityType) bool) []string {
	var parts []string
	for _, e := range entities {
		if !wanted(e.Type) {
			continue
		}
		key, ok := e.Key()
		if !ok {
			key = strings.ToLower(e.String())
		}
		parts = append(parts, key)
	}
	return unique(parts)
}

// detail returns an alert's detail by the name a rule uses.
func detail(a *tocsin.Alert, name string) string {
	switch name {
	case "DisplayName":
		return a.Title
	case "Severity":
		return string(a.Severity)
	}
	return strings.Join(unique(slices.Clone(a.CustomDetails[name])), "\x01")
}

// groupText says how a rule groups its alerts.
func groupText(a *tocsin.Alert) string {
	within := " within " + spanText(lookback(a))
	switch a.Grouping.Method {
	case anyAlert:
		return "its rule puts all its alerts together" + within
	case allEntities:
		return "its rule groups alerts about the same entities" + within
	case selected:
		var by []string
		for _, t := range a.Grouping.ByEntities {
			by = append(by, nounOf(t))
		}
		by = append(by, a.Grouping.ByDetails...)
		return "its rule groups alerts by " + strings.Join(by, ", ") + within
	}
	return "its rule asks for grouping " + a.Grouping.Method + ", which is unknown, so it stands alone"
}
