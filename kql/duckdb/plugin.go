package duckdb

import (
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// plugin lowers a plugin call whose columns are known.
func (l *lowerer) plugin(r *plan.Call) *sel {
	switch r.Plugin {
	case "ipv4_lookup", "ipv6_lookup":
		return l.ipLookup(r)
	case "rows_near":
		return l.rowsNear(r)
	case "dcount_intersect":
		return l.dcountIntersect(r)
	case "rolling_percentile":
		return l.rollingPercentile(r)
	case "sliding_window_counts":
		return l.slidingCounts(r)
	case "activity_counts_metrics":
		return l.activityCounts(r)
	case "narrow":
		return l.narrow(r)
	case "basket", "autocluster", "diffpatterns", "sequence_detect", "schema_merge":
		return l.outside(r, r.Cols, l.argumentRows(r))
	case "graph_components":
		return l.outside(r, r.Cols, r.In, r.Args[1].Rel)
	case "active_users_count":
		return l.activeUsers(r)
	case "activity_metrics":
		return l.activityMetrics(r)
	case "new_activity_metrics":
		return l.newActivity(r)
	case "activity_engagement":
		return l.activityEngagement(r)
	case "session_count":
		return l.sessionCount(r)
	}
	unsupported("the plugin "+r.Plugin, "")
	return nil
}

// argumentRows are the rows an operator outside the engine reads: one column per argument.
func (l *lowerer) argumentRows(r *plan.Call) plan.Rel {
	p := &plan.Project{In: r.In}
	for _, a := range r.Args {
		col := plan.Column{ID: l.hidden(), Type: a.X.Type()}
		p.Items, p.Cols = append(p.Items, plan.Item{Col: col, X: a.X}), append(p.Cols, col)
	}
	return p
}

// ipLookup joins each row with the ranges its address lies in; further keys
// must be equal.
func (l *lowerer) ipLookup(r *plan.Call) *sel {
	left, right := l.wrap(l.rel(r.In)), l.wrap(l.rel(r.Args[0].Rel))
	left.order, right.order = nil, nil
	family := strings.TrimSuffix(r.Plugin, "_lookup")
	numbers := family == "ipv4" && r.Args[2].X.Type() == catalog.String
	if numbers {
		// Each text is read once; the engine joins numbers by their order.
		net := l.expr(r.Args[2].X, right)
		left = l.exported(left, []string{"kql_parse_ipv4(split_part(" + l.expr(r.Args[1].X, left) + ", '/', 1), NULL::BIGINT) AS ip"})
		right = l.exported(right, []string{"kql_parse_ipv4(" + net + ", NULL::BIGINT) AS low", "(1::BIGINT << (32 - kql_ipv4_suffix(" + net + "))) - 1 AS size"})
	}
	lq, rq := qualify(left), qualify(right)
	on := []string{"ip >= low", "ip <= low + size"}
	if !numbers {
		on = []string{"kql_" + family + "_in_range(" + l.expr(r.Args[1].X, lq) + ", to_json(" + l.expr(r.Args[2].X, rq) + ")::VARCHAR)"}
	}
	word := "INNER JOIN"
	for _, a := range r.Args[3:] {
		if a.Name == "return_unmatched" {
			if c, ok := isConst(a.X); ok && c.Bool {
				word = "LEFT JOIN"
			}
			continue
		}
		key, ok := a.X.(*plan.Col)
		if !ok {
			unsupported(r.Plugin+" with a computed key", "extend both sides first")
		}
		for _, c := range r.In.Columns() {
			if c.Name == key.Name {
				on = append(on, lq.cols[c.ID]+" IS NOT DISTINCT FROM "+l.expr(key, rq))
			}
		}
	}
	s := newSel(lq.from + " " + word + " " + rq.from + " ON " + strings.Join(on, " AND "))
	for _, c := range r.Cols {
		if sql, ok := lq.cols[c.ID]; ok {
			s.set(c.ID, sql)
			continue
		}
		sql := rq.cols[c.ID]
		if c.Type == catalog.String {
			sql = "coalesce(" + sql + ", '')"
		}
		s.set(c.ID, sql)
	}
	return s
}

// rowsNear keeps the rows at most so far before or after one that satisfies the
// predicate.
func (l *lowerer) rowsNear(r *plan.Call) *sel {
	s := l.wrap(l.rel(r.In))
	order := l.expr(r.Args[0].X, s)
	before, ok := isConst(r.Args[2].X)
	after := before
	if len(r.Args) > 3 {
		after, ok = isConst(r.Args[3].X)
	}
	if !ok || before == nil || after == nil {
		unsupported("rows_near with a computed distance", "write the number")
	}
	near := l.alias("n")
	hit := "max(CASE WHEN " + l.pred(r.Args[1].X, s) + " THEN 1 ELSE 0 END) OVER (ORDER BY " + order + " ROWS BETWEEN " + itoa(after.Int) + " PRECEDING AND " + itoa(before.Int) + " FOLLOWING) AS " + near
	s.order = []string{order + " ASC NULLS LAST"}
	out := l.exported(s, []string{hit})
	out.where = []string{near + " = 1"}
	return out
}

func (l *lowerer) dcountIntersect(r *plan.Call) *sel {
	s := l.open(l.rel(r.In)).clone()
	parts := make([]string, len(r.Args))
	for i, a := range r.Args {
		parts[i] = l.expr(a.X, s)
	}
	m := l.alias("m")
	s = l.exported(s, []string{"kql_hll_intersect(" + strings.Join(parts, ", ") + ") AS " + m})
	out := s.clone()
	out.cols, out.ids = map[plan.ColID]string{}, nil
	for i, c := range r.Cols {
		out.set(c.ID, "json_extract_string("+m+", '$["+strconv.Itoa(i)+"]')::BIGINT")
	}
	return out
}

// timeline is the materialized input of an analytics plugin with the values of
// the arguments as columns a0, a1, …
func (l *lowerer) timeline(r *plan.Call) (name string) {
	s := l.open(l.rel(r.In))
	cols := make([]string, len(r.Args))
	for i, a := range r.Args {
		cols[i] = l.expr(a.X, s) + " AS a" + strconv.Itoa(i)
	}
	name = l.alias("w")
	t := *s
	t.order = nil
	var b strings.Builder
	t.tail(&b, false)
	l.ctes = append(l.ctes, name+" AS MATERIALIZED (SELECT "+strings.Join(cols, ", ")+b.String()+")")
	return name
}

// dims are the argument columns from the given position on.
func dims(r *plan.Call, from int) (list []string) {
	for i := from; i < len(r.Args); i++ {
		list = append(list, "a"+strconv.Itoa(i))
	}
	return list
}

// delivered wraps SQL whose select list is in the order of the call's columns.
func (l *lowerer) delivered(r *plan.Call, sql string) *sel {
	names := make([]string, len(r.Cols))
	s := newSel("")
	for i, c := range r.Cols {
		names[i] = colName(c.ID)
		s.set(c.ID, colName(c.ID))
	}
	order := make([]string, len(names))
	for i := range order {
		order[i] = strconv.Itoa(i + 1)
	}
	if r.Plugin != "narrow" {
		sql += " ORDER BY " + strings.Join(order, ", ") // the same every time
	}
	s.from = "(" + sql + ") AS " + l.alias("t") + "(" + strings.Join(names, ", ") + ")"
	return s
}

func prefixed(prefix string, list []string) string {
	out := ""
	for _, d := range list {
		out += ", " + prefix + d
	}
	return out
}

func sameDims(list []string) string {
	out := ""
	for _, d := range list {
		out += " AND x." + d + " IS NOT DISTINCT FROM e." + d
	}
	return out
}

// rollingPercentile: arguments value, percentile, index, bin, bins, dimensions.
func (l *lowerer) rollingPercentile(r *plan.Call) *sel {
	w, d := l.timeline(r), dims(r, 5)
	p, ok := isConst(r.Args[1].X)
	if !ok {
		unsupported("rolling_percentile with a computed percentile", "write the number")
	}
	q := p.Real
	if p.T != catalog.Real {
		q = float64(p.Int)
	}
	bin := "a2 - a2 % a3"
	sql := "SELECT e.b" + prefixed("e.", d) + ", quantile_disc(x.a0, " + strconv.FormatFloat(q/100, 'f', -1, 64) + ") FROM (SELECT DISTINCT " + bin + " AS b, a3, a4" + prefixed("", d) + " FROM " + w +
		") AS e JOIN (SELECT *, " + bin + " AS b FROM " + w + ") AS x ON x.b <= e.b AND x.b > e.b - e.a3 * e.a4" + sameDims(d) + " GROUP BY e.b" + prefixed("e.", d)
	return l.delivered(r, sql)
}

// slidingCounts: arguments id, timeline, start, end, lookback, bin, dimensions.
func (l *lowerer) slidingCounts(r *plan.Call) *sel {
	w, d := l.timeline(r), dims(r, 6)
	sql := "SELECT e.b" + prefixed("e.", d) + ", count(*), count(DISTINCT x.a0) FROM (SELECT unnest(generate_series(a2, a3, a5)) AS b, a4, a5" + prefixed("", d) +
		" FROM (SELECT DISTINCT a2, a3, a4, a5" + prefixed("", d) + " FROM " + w + ")) AS e JOIN " + w + " AS x ON x.a1 < e.b + e.a5 AND x.a1 >= e.b + e.a5 - e.a4" + sameDims(d) + " GROUP BY e.b" + prefixed("e.", d)
	return l.delivered(r, sql)
}

// activityCounts: arguments id, timeline, start, end, step, dimensions.
func (l *lowerer) activityCounts(r *plan.Call) *sel {
	w, d := l.timeline(r), dims(r, 5)
	part := ""
	if len(d) > 0 {
		part = "PARTITION BY " + strings.Join(d, ", ") + " "
	}
	binned := "SELECT *, a2 + (a1 - a2) // a4 * a4 AS b FROM " + w + " WHERE a1 >= a2 AND a1 <= a3"
	first := "SELECT *, min(b) OVER (PARTITION BY a0" + prefixed("", d) + ") AS f FROM (" + binned + ")"
	per := "SELECT b" + prefixed("", d) + ", count(*) AS n, count(DISTINCT a0) AS d, count(DISTINCT a0) FILTER (WHERE f = b) AS nd FROM (" + first + ") GROUP BY b" + prefixed("", d)
	return l.delivered(r, "SELECT b"+prefixed("", d)+", n, d, nd, (sum(nd) OVER ("+part+"ORDER BY b ROWS UNBOUNDED PRECEDING))::BIGINT FROM ("+per+")")
}

// activeUsers: arguments id, timeline, start, end, lookback, period, active
// periods, bin, dimensions. An id counts in a bin when, looking back from one of
// its events there, it was seen in enough periods.
func (l *lowerer) activeUsers(r *plan.Call) *sel {
	w, d := l.timeline(r), dims(r, 8)
	seen := "SELECT e.a0 AS id, e.a2 + (e.a1 - e.a2) // e.a7 * e.a7 AS b" + prefixed("e.", d) + " FROM " + w + " AS e JOIN " + w +
		" AS x ON x.a0 IS NOT DISTINCT FROM e.a0 AND x.a1 <= e.a1 AND x.a1 > e.a1 - e.a4" + sameDims(d) +
		" WHERE e.a1 >= e.a2 AND e.a1 <= e.a3 GROUP BY e.a0, e.a1, e.a2, e.a6, e.a7" + prefixed("e.", d) + " HAVING count(DISTINCT x.a1 - x.a1 % x.a5) >= e.a6"
	return l.delivered(r, "SELECT b"+prefixed("", d)+", count(DISTINCT id) FROM ("+seen+") GROUP BY b"+prefixed("", d))
}

// activityMetrics: arguments id, timeline, start, end, window, dimensions.
func (l *lowerer) activityMetrics(r *plan.Call) *sel {
	w, d := l.timeline(r), dims(r, 5)
	ids := l.alias("w")
	l.ctes = append(l.ctes, ids+" AS MATERIALIZED (SELECT DISTINCT a0, a2 + (a1 - a2) // a4 * a4 AS b, a4"+prefixed("", d)+" FROM "+w+" WHERE a1 >= a2 AND a1 <= a3)")
	first := "SELECT *, min(b) OVER (PARTITION BY a0" + prefixed("", d) + ") AS f FROM " + ids
	sql := "SELECT e.b" + prefixed("e.", d) + ", count(*), count(*) FILTER (WHERE e.f = e.b), count(x.a0)::DOUBLE / any_value(p.n), 1 - count(x.a0)::DOUBLE / any_value(p.n) FROM (" + first +
		") AS e LEFT JOIN " + ids + " AS x ON x.a0 IS NOT DISTINCT FROM e.a0 AND x.b = e.b - e.a4" + sameDims(d) +
		" LEFT JOIN (SELECT b, count(*) AS n" + prefixed("", d) + " FROM " + ids + " GROUP BY b" + prefixed("", d) + ") AS p ON p.b = e.b - e.a4" + strings.ReplaceAll(sameDims(d), "x.", "p.") +
		" GROUP BY e.b" + prefixed("e.", d)
	return l.delivered(r, "SELECT * REPLACE (coalesce(rr, 'nan'::DOUBLE) AS rr, coalesce(cr, 'nan'::DOUBLE) AS cr) FROM ("+sql+") AS q(b"+prefixed("", d)+", n, nn, rr, cr)")
}

// newActivity: arguments id, timeline, start, end, window. For the ids first seen in one
// window, how many are seen in each window from there on.
func (l *lowerer) newActivity(r *plan.Call) *sel {
	w := l.timeline(r)
	seen, first := l.alias("w"), l.alias("w")
	l.ctes = append(l.ctes, seen+" AS MATERIALIZED (SELECT DISTINCT a0, a2 + (a1 - a2) // a4 * a4 AS b FROM "+w+" WHERE a1 >= a2 AND a1 <= a3)",
		first+" AS MATERIALIZED (SELECT a0, min(b) AS f FROM "+seen+" GROUP BY a0)")
	pairs := "SELECT n.f, t.b, n.c, (SELECT count(*) FROM " + seen + " AS s JOIN " + first + " AS i ON s.a0 IS NOT DISTINCT FROM i.a0 WHERE s.b = t.b AND i.f = n.f) AS k" +
		" FROM (SELECT f, count(*) AS c FROM " + first + " GROUP BY f) AS n JOIN (SELECT DISTINCT b FROM " + seen + ") AS t ON t.b >= n.f"
	return l.delivered(r, "SELECT f, b, c, k, c - k, k::DOUBLE / c, (c - k)::DOUBLE / c FROM ("+pairs+")")
}

// activityEngagement: arguments id, timeline, start, end, inner, outer, dimensions.
func (l *lowerer) activityEngagement(r *plan.Call) *sel {
	w, d := l.timeline(r), dims(r, 6)
	sql := "SELECT e.b" + prefixed("e.", d) + ", count(DISTINCT x.a0) FILTER (WHERE x.a1 >= e.b) AS i, count(DISTINCT x.a0) AS o FROM (SELECT unnest(generate_series(a2, a3 - 1, a4)) AS b, a4, a5" + prefixed("", d) +
		" FROM (SELECT DISTINCT a2, a3, a4, a5" + prefixed("", d) + " FROM " + w + ")) AS e JOIN " + w + " AS x ON x.a1 < e.b + e.a4 AND x.a1 >= e.b + e.a4 - e.a5" + sameDims(d) + " GROUP BY e.b" + prefixed("e.", d)
	return l.delivered(r, "SELECT *, i::DOUBLE / o FROM ("+sql+")")
}

// sessionCount: arguments id, timeline, start, end, bin, lookback, dimensions. An
// event begins a session when its id was not seen within the lookback before; a session
// counts in every bin it has an event in.
func (l *lowerer) sessionCount(r *plan.Call) *sel {
	w, d := l.timeline(r), dims(r, 6)
	each := "(PARTITION BY a0" + prefixed("", d) + " ORDER BY a1"
	events := "SELECT *, lag(a1) OVER " + each + ") AS p FROM " + w
	sessions := "SELECT *, sum(CASE WHEN p IS NULL OR a1 - p > a5 THEN 1 ELSE 0 END) OVER " + each + " ROWS UNBOUNDED PRECEDING) AS n FROM (" + events + ")"
	return l.delivered(r, "SELECT a2 + (a1 - a2) // a4 * a4 AS b"+prefixed("", d)+", count(DISTINCT {'i': a0, 'n': n}) FROM ("+sessions+") WHERE a1 >= a2 AND a1 <= a3 GROUP BY b"+prefixed("", d))
}

// narrow turns rows into (row, column, value) triples.
func (l *lowerer) narrow(r *plan.Call) *sel {
	s := l.open(l.rel(r.In)).clone()
	cols := r.In.Columns()
	row := l.alias("n")
	in := l.exported(s, []string{"row_number() OVER () - 1 AS " + row})
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = "SELECT " + row + ", " + l.text(c.Name) + ", " + convert(in.cols[c.ID], c.Type, catalog.String) + " FROM " + in.from
	}
	if len(parts) == 0 {
		parts = []string{"SELECT 0::BIGINT, '', '' WHERE FALSE"}
	}
	return l.delivered(r, strings.Join(parts, " UNION ALL "))
}
