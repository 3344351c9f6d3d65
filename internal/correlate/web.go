package correlate

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tocsin-soc/tocsin"
)

// A web is the new alerts, the alerts of the candidates, and what ties them.
type web struct {
	nodes  []*node // the new alerts first, in order of activity
	fresh  int     // how many are new
	parent []int   // of new alerts: union-find
	peers  []map[int]bond
	toCase []map[int]bond // of a new alert: the strongest bond to each candidate
}

// Limits on comparing: a key with more alerts than allPairs is compared only
// with the nearest in time, which chains them all the same when they are close.
const (
	allPairs = 200
	nearest  = 40
)

// newWeb weighs every new alert against every other alert it shares a key with.
func newWeb(r *Rules, alerts []*tocsin.Alert, cases []*openCase) *web {
	w := &web{fresh: len(alerts)}
	for _, a := range alerts {
		w.nodes = append(w.nodes, newNode(a, -1))
	}
	for c, k := range cases {
		if k.isOpen() {
			for i := range k.Alerts {
				w.nodes = append(w.nodes, newNode(&k.Alerts[i], c))
			}
		}
	}
	w.parent = make([]int, w.fresh)
	w.peers = make([]map[int]bond, w.fresh)
	w.toCase = make([]map[int]bond, w.fresh)
	for i := range w.parent {
		w.parent[i], w.peers[i], w.toCase[i] = i, map[int]bond{}, map[int]bond{}
	}
	h := findHubs(r, w.nodes)
	done := map[[2]int]bool{}
	for _, list := range w.byKey(h) {
		reach := len(list)
		if reach > allPairs {
			reach = nearest
		}
		for i, a := range list {
			for _, b := range list[i+1 : min(i+1+reach, len(list))] {
				pair := [2]int{min(a, b), max(a, b)}
				if pair[0] < w.fresh && !done[pair] {
					done[pair] = true
					w.tie(pair[0], pair[1], r.bind(w.nodes[a], w.nodes[b], h), r.policy.link)
				}
			}
		}
	}
	return w
}

// byKey lists the alerts that have each key which is no hub, by activity. A
// pair that shares only hubs is never tied, so it need not be looked at.
func (w *web) byKey(h *hubs) [][]int {
	lists := map[string][]int{}
	for i, n := range w.nodes {
		for k, e := range n.keys {
			if !h.has(k, e) {
				lists[k] = append(lists[k], i)
			}
		}
	}
	out := make([][]int, 0, len(lists))
	for _, k := range sortedKeys(lists) {
		list := lists[k]
		slices.SortFunc(list, func(a, b int) int {
			if w.nodes[a].before(w.nodes[b]) {
				return -1
			}
			return 1
		})
		out = append(out, list)
	}
	return out
}

// tie remembers a bond that links.
func (w *web) tie(fresh, other int, b bond, link float64) {
	if b.score < link {
		return
	}
	if other >= w.fresh {
		c := w.nodes[other].incident
		if old, ok := w.toCase[fresh][c]; !ok || b.beats(&old) {
			w.toCase[fresh][c] = b
		}
		return
	}
	w.peers[fresh][other], w.peers[other][fresh] = b, b
	a, z := w.find(fresh), w.find(other)
	w.parent[max(a, z)] = min(a, z)
}

// find returns the first alert of the group that n is in.
func (w *web) find(n int) int {
	for w.parent[n] != n {
		w.parent[n] = w.parent[w.parent[n]]
		n = w.parent[n]
	}
	return n
}

// groups returns the new alerts that belong together, in order of activity.
func (w *web) groups() [][]int {
	at := map[int]int{}
	var out [][]int
	for n := range w.fresh {
		root := w.find(n)
		g, ok := at[root]
		if !ok {
			g = len(out)
			at[root] = g
			out = append(out, nil)
		}
		out[g] = append(out[g], n)
	}
	return out
}

// best returns why alert n belongs where the group goes: the strongest bond to
// the incident, else to another alert of the group.
func (w *web) best(n int, group []int, c *openCase, cases []*openCase) tocsin.Reason {
	var best bond
	if c != nil {
		for _, k := range sortedKeys(w.toCase[n]) {
			if b := w.toCase[n][k]; cases[k].standing() == c && b.beats(&best) {
				best = b
			}
		}
	}
	if best.score > 0 {
		return best.reason
	}
	in := map[int]bool{}
	for _, g := range group {
		in[g] = true
	}
	for pass := range 2 { // within the group, then whatever tied it at all
		for _, p := range sortedKeys(w.peers[n]) {
			if b := w.peers[n][p]; (pass == 1 || in[p]) && b.beats(&best) {
				best = b
			}
		}
		if best.score > 0 {
			break
		}
	}
	if best.score == 0 { // tied only to an incident that this group does not go to
		for _, k := range sortedKeys(w.toCase[n]) {
			if b := w.toCase[n][k]; b.beats(&best) {
				best = b
			}
		}
	}
	return best.reason
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
