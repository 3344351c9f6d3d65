package correlate

import (
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// A node is an alert as correlation sees it.
type node struct {
	alert    *tocsin.Alert
	incident int // index of its candidate; -1 for a new alert
	keys     map[string]*tocsin.Entity
	accounts map[string]bool // keys of accounts
	hosts    map[string]bool
}

// newNode prepares an alert.
func newNode(a *tocsin.Alert, candidate int) *node {
	n := &node{alert: a, incident: candidate, keys: map[string]*tocsin.Entity{}, accounts: map[string]bool{}, hosts: map[string]bool{}}
	for i := range a.Entities {
		e := &a.Entities[i]
		for _, k := range e.Keys() {
			n.keys[k] = e
			switch e.Type {
			case tocsin.Account:
				n.accounts[k] = true
			case tocsin.Host:
				n.hosts[k] = true
			}
		}
	}
	return n
}

// hubs says which entity keys link nothing alone.
type hubs struct {
	rules    *Rules
	measured map[string]bool
	known    map[string]bool // answers given
}

// few is how many accounts or hosts an alert may name and still tell something
// about the other entities in it: a spray names a hundred accounts by itself.
const few = 3

// fanRules is how many detection rules must have seen an entity with others
// before that makes it a hub: one rule that finds many accounts at one address
// has found a spray, not a proxy.
const fanRules = 3

// findHubs measures the nodes: keys in many open incidents, hosts and addresses
// seen with many accounts, accounts seen on many hosts.
func findHubs(r *Rules, nodes []*node) *hubs {
	h := &hubs{rules: r, measured: map[string]bool{}, known: map[string]bool{}}
	incidents := map[string]map[int]bool{}
	fans := map[string]map[string]bool{}
	rules := map[string]map[tocsin.RuleID]bool{}
	note := func(k, other string, rule tocsin.RuleID) {
		if fans[k] == nil {
			fans[k], rules[k] = map[string]bool{}, map[tocsin.RuleID]bool{}
		}
		fans[k][other], rules[k][rule] = true, true
	}
	for _, n := range nodes {
		for k, e := range n.keys {
			if n.incident >= 0 {
				if incidents[k] == nil {
					incidents[k] = map[int]bool{}
				}
				incidents[k][n.incident] = true
			}
			others := n.accounts
			if e.Type == tocsin.Account {
				others = n.hosts
			}
			if len(others) <= few {
				for other := range others {
					note(k, other, n.alert.Rule)
				}
			}
		}
	}
	for k, degree := range r.degrees {
		h.measured[k] = degree >= r.policy.degree
	}
	for k, set := range incidents {
		h.measured[k] = h.measured[k] || len(set) >= r.policy.degree
	}
	for k, set := range fans {
		h.measured[k] = h.measured[k] || len(set) >= r.policy.fanout && len(rules[k]) >= fanRules
	}
	return h
}

// has reports whether a key is a hub: listed or measured.
func (h *hubs) has(key string, e *tocsin.Entity) bool {
	if h.measured[key] {
		return true
	}
	is, ok := h.known[key]
	if !ok {
		is = h.listed(e)
		h.known[key] = is
	}
	return is
}

// listed reports whether an entity is on the policy's list of hubs.
func (h *hubs) listed(e *tocsin.Entity) bool {
	label, name := strings.ToLower(e.Label()), strings.ToLower(e.Identifiers["HostName"])
	for _, like := range h.rules.policy.hubs[e.Type] {
		for _, text := range []string{label, name} {
			// A slash in a name must not stop a star, as it does in paths.
			if ok, err := path.Match(strings.ReplaceAll(like, "/", "\x01"), strings.ReplaceAll(text, "/", "\x01")); ok && err == nil {
				return true
			}
		}
	}
	return false
}

// A bond is what two alerts have in common, by all rules together.
type bond struct {
	score  float64
	reason tocsin.Reason
}

// beats orders bonds: by score, then by reason, so that no order of input matters.
func (b *bond) beats(o *bond) bool {
	if b.score != o.score {
		return b.score > o.score
	}
	return b.reason.Rule < o.reason.Rule || b.reason.Rule == o.reason.Rule && b.reason.Value < o.reason.Value
}

// hold is one rule that holds between two alerts.
type hold struct {
	rule  *rule
	key   string
	thing *tocsin.Entity
	isHub bool
}

// bind weighs two alerts. It is symmetric. A score below the policy's link is no link.
func (r *Rules) bind(a, b *node, h *hubs) bond {
	if b.before(a) {
		a, b = b, a
	}
	gap := b.alert.FirstActivity.Sub(a.alert.LastActivity)
	shared := sharedKeys(a, b)
	if len(shared) == 0 {
		return bond{}
	}
	var holds []hold
	for i := range r.rules {
		if one := &r.rules[i]; gap <= one.window && one.inOrder(a, b) && !one.blocked(a, b) {
			if held, ok := one.holds(a, shared, h); ok {
				holds = append(holds, held)
			}
		}
	}
	return weigh(holds, a, b)
}

// before orders alerts by their activity, so that a pair has one order.
func (n *node) before(o *node) bool {
	if !n.alert.FirstActivity.Equal(o.alert.FirstActivity) {
		return n.alert.FirstActivity.Before(o.alert.FirstActivity)
	}
	return n.alert.ID < o.alert.ID
}

// sharedKeys returns the keys both alerts have, in order.
func sharedKeys(a, b *node) []string {
	small, large := a, b
	if len(small.keys) > len(large.keys) {
		small, large = large, small
	}
	var out []string
	for k := range small.keys {
		if _, ok := large.keys[k]; ok {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// inOrder reports whether the tactics of a, the earlier alert, and b are those
// of the rule's sequence.
func (r *rule) inOrder(a, b *node) bool {
	if r.first == nil {
		return true
	}
	return anyIn(a.alert.Tactics, r.first) && anyIn(b.alert.Tactics, r.then)
}

func anyIn(list []string, set map[string]bool) bool {
	for _, s := range list {
		if set[s] {
			return true
		}
	}
	return false
}

// blocked reports whether one of the rule's blockers applies.
func (r *rule) blocked(a, b *node) bool {
	for _, bl := range r.blockers {
		switch bl {
		case informational:
			if a.alert.Severity == tocsin.Informational || b.alert.Severity == tocsin.Informational {
				return true
			}
		case sameRule:
			if a.alert.Rule == b.alert.Rule {
				return true
			}
		case differentRule:
			if a.alert.Rule != b.alert.Rule {
				return true
			}
		case differentAccount:
			if disjoint(a.accounts, b.accounts) {
				return true
			}
		case differentHost:
			if disjoint(a.hosts, b.hosts) {
				return true
			}
		default:
			panic("correlate: blocker " + string(bl))
		}
	}
	return false
}

// disjoint reports whether both sets have members and share none.
func disjoint(a, b map[string]bool) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	for k := range a {
		if b[k] {
			return false
		}
	}
	return true
}

// holds finds the thing a rule holds by: one that is no hub if there is one.
func (r *rule) holds(a *node, shared []string, h *hubs) (hold, bool) {
	found := hold{}
	for _, k := range shared {
		e := a.keys[k]
		if !r.types[e.Type] {
			continue
		}
		isHub := h.has(k, e)
		if found.rule == nil || found.isHub && !isHub {
			found = hold{rule: r, key: k, thing: e, isHub: isHub}
		}
	}
	return found, found.rule != nil
}

// weigh adds up what holds. One shared thing counts once, by the rule that
// weighs most, and once more for a sequence through it. Hubs count only beside
// something that is none.
func weigh(holds []hold, a, b *node) bond {
	type part struct {
		key      string
		sequence bool
	}
	strongest := map[part]*hold{}
	var best *hold
	for i := range holds {
		x := &holds[i]
		at := part{x.key, x.rule.first != nil}
		if old := strongest[at]; old == nil || x.rule.weight > old.rule.weight {
			strongest[at] = x
		}
		if !x.isHub && (best == nil || x.rule.weight > best.rule.weight) {
			best = x
		}
	}
	if best == nil {
		return bond{}
	}
	miss := 1.0
	var more []string
	for i := range holds {
		x := &holds[i]
		if strongest[part{x.key, x.rule.first != nil}] != x {
			continue
		}
		miss *= 1 - x.rule.weight
		if x.key != best.key && x.rule.first == nil {
			more = append(more, sameText(x.thing))
		}
	}
	text := best.text(a, b)
	if more = unique(more); len(more) > 0 {
		text += "; " + strings.Join(more, "; ")
	}
	score := math.Round((1-miss)*1000) / 1000
	return bond{score: score, reason: tocsin.Reason{Rule: best.rule.id, Text: text, Value: best.key, Score: score}}
}

// text says why: "same account amelie@contoso.example within 2 h", or "initial
// access, then collection by account amelie@contoso.example within 24 h".
func (x *hold) text(a, b *node) string {
	within := " within " + spanText(x.rule.window)
	if x.rule.first == nil {
		return sameText(x.thing) + within
	}
	return tacticText(firstIn(a.alert.Tactics, x.rule.first)) + ", then " + tacticText(firstIn(b.alert.Tactics, x.rule.then)) +
		", with the " + sameText(x.thing) + within
}

// firstIn returns the first of list that is in set.
func firstIn(list []string, set map[string]bool) string {
	for _, s := range list {
		if set[s] {
			return s
		}
	}
	panic("correlate: a sequence holds without its tactics")
}

// sameText says "same account amelie@contoso.example".
func sameText(e *tocsin.Entity) string {
	return fmt.Sprintf("same %s %s", nouns[e.Type], shorten(e.Label(), 120))
}

// spanText writes a window: 30 min, 2 h, 3 d.
func spanText(d time.Duration) string {
	switch {
	case d >= 48*time.Hour && d%(24*time.Hour) == 0:
		return fmt.Sprintf("%d d", d/(24*time.Hour))
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d min", d/time.Minute)
}
