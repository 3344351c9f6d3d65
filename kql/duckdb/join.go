package duckdb

import (
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// joinWords are SQL's names of the flavours.
var joinWords = map[plan.JoinKind]string{
	plan.InnerUnique: "INNER JOIN", plan.Inner: "INNER JOIN", plan.LeftOuter: "LEFT JOIN", plan.RightOuter: "RIGHT JOIN", plan.FullOuter: "FULL JOIN",
	plan.LeftSemi: "SEMI JOIN", plan.LeftAnti: "ANTI JOIN", plan.RightSemi: "SEMI JOIN", plan.RightAnti: "ANTI JOIN",
}

// join lowers a join. Null keys meet null keys, as the Kusto engine has it.
func (l *lowerer) join(r *plan.Join) *sel {
	left, right := l.wrap(l.rel(r.Left)), l.wrap(l.rel(r.Right))
	left.order, right.order = nil, nil
	if r.Kind == plan.InnerUnique && len(r.On) > 0 {
		left = l.distinctOn(left, r.On)
	}
	lq, rq := qualify(left), qualify(right)
	var on []string
	for _, k := range r.On {
		a, b := l.expr(k.Left, lq), l.expr(k.Right, rq)
		if k.Left.Type() == catalog.String {
			on = append(on, a+" = "+b)
		} else {
			on = append(on, a+" IS NOT DISTINCT FROM "+b)
		}
	}
	first, second := lq, rq
	if r.Kind == plan.RightSemi || r.Kind == plan.RightAnti {
		first, second = rq, lq
	}
	from := first.from + " CROSS JOIN " + second.from
	if len(on) > 0 {
		from = first.from + " " + joinWords[r.Kind] + " " + second.from + " ON " + strings.Join(on, " AND ")
	} else if r.Kind != plan.Inner && r.Kind != plan.InnerUnique {
		from = first.from + " " + joinWords[r.Kind] + " " + second.from + " ON TRUE"
	}
	s := newSel(from)
	types := map[plan.ColID]catalog.Type{}
	for _, c := range r.Cols {
		types[c.ID] = c.Type
	}
	fillLeft := r.Kind == plan.RightOuter || r.Kind == plan.FullOuter
	fillRight := r.Kind == plan.LeftOuter || r.Kind == plan.FullOuter
	take := func(side *sel, fill bool) {
		for _, id := range side.ids {
			t, ok := types[id]
			if !ok {
				continue
			}
			sql := side.cols[id]
			if fill && t == catalog.String {
				sql = "coalesce(" + sql + ", '')"
			}
			s.set(id, sql)
		}
	}
	switch r.Kind {
	case plan.LeftSemi, plan.LeftAnti:
		take(lq, false)
	case plan.RightSemi, plan.RightAnti:
		take(rq, false)
	default:
		take(lq, fillLeft)
		take(rq, fillRight)
	}
	return s
}

// qualify prefixes the columns of a wrapped sel with its alias.
func qualify(s *sel) *sel {
	alias := s.from[strings.LastIndex(s.from, " AS ")+4:]
	out := newSel(s.from)
	for _, id := range s.ids {
		out.set(id, alias+"."+s.cols[id])
	}
	return out
}

// distinctOn keeps the first row of each key.
func (l *lowerer) distinctOn(s *sel, on []plan.KeyPair) *sel {
	keys := make([]string, len(on))
	for i, k := range on {
		keys[i] = l.expr(k.Left, s)
	}
	text := s.text(s.ids, nil, false)
	text = "SELECT DISTINCT ON (" + strings.Join(keys, ", ") + ")" + strings.TrimPrefix(text, "SELECT")
	out := newSel("(" + text + ") AS " + l.alias("t"))
	for _, id := range s.ids {
		out.set(id, colName(id))
	}
	return out
}
