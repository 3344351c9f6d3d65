package mining

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
)

// maxPatterns bounds how many patterns one plugin may find.
const maxPatterns = 20_000

// ErrTooMany says that there are more patterns than anyone could read.
var ErrTooMany = fmt.Errorf("there are more than %d patterns; raise the threshold, or project fewer columns before", maxPatterns)

// An item is a value of a column.
type item struct {
	column int
	value  any
}

// A pattern is a set of values that share rows, as large as it can be without losing one
// of them (it is closed).
type pattern struct {
	items  []int // ascending
	rows   []int32
	weight float64
}

// A miner looks for patterns in rows.
type miner struct {
	ctx     context.Context
	items   []item
	rows    [][]int // by row: the items it has, ascending
	weights []float64
	least   float64 // weight of a pattern
	most    int     // values that are chosen one after the other
	found   []pattern
	counts  []float64 // scratch, by item
	numbers []int32
}

// newMiner reads the columns of rows. A null or empty cell is no value unless shown says
// that the column has a wildcard of its own, so that both can be told apart.
func newMiner(ctx context.Context, rows [][]any, columns []int, shown func(column int) bool, weights []float64, least float64, most int) *miner {
	m := &miner{ctx: ctx, weights: weights, least: least, most: most}
	total := map[item]float64{}
	of := func(row []any, c int) (item, bool) {
		v := row[c]
		if (v == nil || v == "") && !shown(c) {
			return item{}, false
		}
		if f, ok := v.(float64); ok && math.IsNaN(f) {
			v = "NaN" // which a map finds again
		}
		return item{c, v}, true
	}
	for i, row := range rows {
		for _, c := range columns {
			if it, ok := of(row, c); ok {
				total[it] += weights[i]
			}
		}
	}
	for it, w := range total {
		if w >= least-1e-9 {
			m.items = append(m.items, it)
		}
	}
	sort.Slice(m.items, func(a, b int) bool {
		x, y := m.items[a], m.items[b]
		if x.column != y.column {
			return x.column < y.column
		}
		return compare(x.value, y.value) < 0
	})
	number := map[item]int{}
	for i, it := range m.items {
		number[it] = i
	}
	m.rows = make([][]int, len(rows))
	for i, row := range rows {
		for _, c := range columns {
			if it, ok := of(row, c); ok {
				if n, frequent := number[it]; frequent {
					m.rows[i] = append(m.rows[i], n)
				}
			}
		}
	}
	m.counts, m.numbers = make([]float64, len(m.items)), make([]int32, len(m.items))
	return m
}

// mine finds every closed pattern with the least weight, each once: a pattern is made by
// adding values in ascending order, and one that its values do not make first is left to
// the values that do (Uno, Kiyomi, Arimura: LCM, 2004).
func (m *miner) mine() ([]pattern, error) {
	all := make([]int32, len(m.rows))
	for i := range all {
		all[i] = int32(i)
	}
	err := m.grow(pattern{rows: all}, -1, 0)
	return m.found, err
}

func (m *miner) grow(p pattern, last, depth int) error {
	if err := m.ctx.Err(); err != nil {
		return err
	}
	clear(m.counts)
	clear(m.numbers)
	for _, r := range p.rows {
		for _, it := range m.rows[r] {
			m.counts[it] += m.weights[r]
			m.numbers[it]++
		}
	}
	var candidates []int
	closure := p.items[:0:0]
	for it := range m.items {
		switch {
		case len(p.rows) > 0 && m.numbers[it] == int32(len(p.rows)):
			if it < last && !slices.Contains(p.items, it) {
				return nil // others make this pattern
			}
			closure = append(closure, it)
		case it > last && m.counts[it] >= m.least-1e-9:
			candidates = append(candidates, it)
		}
	}
	p.items = closure
	if len(closure) > 0 {
		if len(m.found) == maxPatterns {
			return ErrTooMany
		}
		for _, r := range p.rows {
			p.weight += m.weights[r]
		}
		m.found = append(m.found, p)
	}
	if depth == m.most {
		return nil
	}
	for _, it := range candidates {
		var rows []int32
		for _, r := range p.rows {
			if _, has := slices.BinarySearch(m.rows[r], it); has {
				rows = append(rows, r)
			}
		}
		if err := m.grow(pattern{items: closure, rows: rows}, it, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// compare orders cells of one column.
func compare(a, b any) int {
	switch x := a.(type) {
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
	case float64:
		if y, ok := b.(float64); ok && x != y {
			if x < y {
				return -1
			}
			return 1
		}
	}
	s, t := text(a), text(b)
	switch {
	case s < t:
		return -1
	case s > t:
		return 1
	}
	return 0
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return fmt.Sprint(v)
}

// weigh reads the weights of rows: of a column, or 1 each. A weight that is no number, or
// below zero, is none.
func weigh(rows [][]any, column int) (weights []float64, total float64, err error) {
	weights = make([]float64, len(rows))
	for i, row := range rows {
		w := 1.0
		if column >= 0 {
			switch v := row[column].(type) {
			case int64:
				w = float64(v)
			case float64:
				w = v
			case nil:
				w = 0
			default:
				return nil, 0, errors.New("a weight is a number")
			}
			if math.IsNaN(w) || math.IsInf(w, 0) || w < 0 {
				w = 0
			}
		}
		weights[i] = w
		total += w
	}
	return weights, total, nil
}
