package mining

import (
	"context"
	"math"
	"slices"
	"sort"
)

// A Table is what the plugins of patterns read.
type Table struct {
	Rows    [][]any
	Columns []int // of Rows: those that patterns are about
	Weight  int   // the column that weighs a row; -1 for none
	// Wildcard is what a column shows that a pattern leaves open; nil for null and "".
	Wildcard func(column int) any
}

func (t *Table) shown(column int) bool { return t.Wildcard(column) != nil }

// cells are a pattern as the columns show it.
func (t *Table) cells(m *miner, p pattern) []any {
	out := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		out[i] = t.Wildcard(c)
	}
	for _, it := range p.items {
		at := slices.Index(t.Columns, m.items[it].column)
		// The cell as it is in the rows: the miner's own form of NaN is none.
		out[at] = t.Rows[p.rows[0]][m.items[it].column]
	}
	return out
}

// Basket returns the patterns that at least a share of the rows has (basket-plugin.md): a
// number, count, percentage and the values, the most frequent first. most is how many
// values may be combined that do not follow from each other.
func Basket(ctx context.Context, t *Table, threshold float64, most int) ([][]any, error) {
	weights, total, err := weigh(t.Rows, t.Weight)
	if err != nil || total == 0 {
		return nil, err
	}
	m := newMiner(ctx, t.Rows, t.Columns, t.shown, weights, threshold*total, most)
	found, err := m.mine()
	if err != nil {
		return nil, err
	}
	byWeight(found)
	return t.segments(m, found, total), nil
}

// byWeight orders patterns: more rows first, then more values, then the values.
func byWeight(found []pattern) {
	sort.SliceStable(found, func(i, j int) bool {
		a, b := found[i], found[j]
		if a.weight != b.weight {
			return a.weight > b.weight
		}
		if len(a.items) != len(b.items) {
			return len(a.items) > len(b.items)
		}
		return slices.Compare(a.items, b.items) < 0
	})
}

func (t *Table) segments(m *miner, found []pattern, total float64) [][]any {
	rows := make([][]any, len(found))
	for i, p := range found {
		rows[i] = append([]any{int64(i), int64(math.Round(p.weight)), 100 * p.weight / total}, t.cells(m, p)...)
	}
	return rows
}

// Bounds of autocluster: the least share of rows a cluster has, and how many there are.
const (
	clusterShare = 0.02
	maxClusters  = 10
)

// Autocluster returns few patterns that together say much about the rows. Candidates are
// the frequent patterns; the score of one is the weighted geometric mean of the share of
// rows it covers and the share of columns it fixes (autocluster-plugin.md), and the best
// are taken in turn as long as most of their rows are new.
func Autocluster(ctx context.Context, t *Table, sizeWeight float64) ([][]any, error) {
	weights, total, err := weigh(t.Rows, t.Weight)
	if err != nil || total == 0 || len(t.Columns) == 0 {
		return nil, err
	}
	m := newMiner(ctx, t.Rows, t.Columns, t.shown, weights, clusterShare*total, 3)
	found, err := m.mine()
	if err != nil {
		return nil, err
	}
	byWeight(found)
	score := func(p pattern) float64 {
		return math.Pow(p.weight/total, sizeWeight) * math.Pow(float64(len(p.items))/float64(len(t.Columns)), 1-sizeWeight)
	}
	sort.SliceStable(found, func(i, j int) bool { return score(found[i]) > score(found[j]) })
	covered := make([]bool, len(t.Rows))
	var chosen []pattern
	for _, p := range found {
		fresh := 0.0
		for _, r := range p.rows {
			if !covered[r] {
				fresh += weights[r]
			}
		}
		if fresh < p.weight/2 || len(chosen) == maxClusters {
			continue
		}
		for _, r := range p.rows {
			covered[r] = true
		}
		chosen = append(chosen, p)
	}
	byWeight(chosen)
	return t.segments(m, chosen, total), nil
}

// maxDifferences is how many patterns Diffpatterns shows.
const maxDifferences = 100

// Diffpatterns returns the patterns whose shares of the rows of two sets differ by at
// least a threshold (diffpatterns-plugin.md), the greatest difference first: number, counts,
// percentages, difference, values. A pattern that says no more than a more general one is
// left out. set tells the set of a row: 'A', 'B' or another.
func Diffpatterns(ctx context.Context, t *Table, set func(row int) byte, threshold float64, most int) ([][]any, error) {
	own, _, err := weigh(t.Rows, t.Weight)
	if err != nil {
		return nil, err
	}
	var totals [2]float64
	for i := range t.Rows {
		if s := set(i); s == 'A' || s == 'B' {
			totals[s-'A'] += own[i]
		}
	}
	if totals[0] == 0 || totals[1] == 0 {
		return nil, nil
	}
	// A row weighs its share of its set, so a difference of shares is a difference of weights.
	weights := make([]float64, len(t.Rows))
	for i := range t.Rows {
		if s := set(i); s == 'A' || s == 'B' {
			weights[i] = own[i] / totals[s-'A']
		}
	}
	m := newMiner(ctx, t.Rows, t.Columns, t.shown, weights, threshold, most)
	found, err := m.mine()
	if err != nil {
		return nil, err
	}
	type difference struct {
		pattern
		count, share [2]float64
	}
	var list []difference
	for _, p := range found {
		d := difference{pattern: p}
		for _, r := range p.rows {
			if s := set(int(r)); s == 'A' || s == 'B' {
				d.count[s-'A'] += own[r]
			}
		}
		for i := range d.share {
			d.share[i] = 100 * d.count[i] / totals[i]
		}
		if math.Abs(d.share[0]-d.share[1]) >= 100*threshold-1e-9 {
			list = append(list, d)
		}
	}
	gap := func(d difference) float64 { return math.Abs(d.share[0] - d.share[1]) }
	sort.SliceStable(list, func(i, j int) bool {
		if gap(list[i]) != gap(list[j]) {
			return gap(list[i]) > gap(list[j])
		}
		return len(list[i].items) < len(list[j].items)
	})
	var rows [][]any
	var kept []difference
	for _, d := range list {
		general := func(k difference) bool { return len(k.items) < len(d.items) && contains(d.items, k.items) }
		if slices.ContainsFunc(kept, general) || len(kept) == maxDifferences {
			continue
		}
		kept = append(kept, d)
		rows = append(rows, append([]any{int64(len(rows)), int64(math.Round(d.count[0])), int64(math.Round(d.count[1])), d.share[0], d.share[1], gap(d)}, t.cells(m, d.pattern)...))
	}
	return rows, nil
}

// contains reports whether ascending all holds every one of ascending some.
func contains(all, some []int) bool {
	for _, x := range some {
		if _, ok := slices.BinarySearch(all, x); !ok {
			return false
		}
	}
	return true
}
