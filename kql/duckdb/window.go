package duckdb

import (
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// window computes functions over the numbered rows. A restart condition splits
// the rows into runs, which become partitions.
func (l *lowerer) window(r *plan.Window) *sel {
	s := l.rel(r.In)
	if s.limit != "" || s.sealed || len(s.where) > 0 {
		s = l.wrap(s)
	}
	var exprs []plan.Expr
	for _, f := range r.Funcs {
		exprs = append(exprs, f.Args...)
	}
	s = l.flat(s, exprs...).clone()
	ord := s.cols[r.Ord]
	runs := map[string]string{}
	// Runs of a restart condition are counted one level below their use.
	var extra []string
	for _, f := range r.Funcs {
		if x := restart(f); x != nil {
			cond := l.pred(x, s)
			if runs[cond] == "" {
				runs[cond] = l.alias("g")
				extra = append(extra, "sum(CASE WHEN "+cond+" THEN 1 ELSE 0 END) OVER ("+l.partitionBy(s)+"ORDER BY "+ord+") AS "+runs[cond])
			}
		}
	}
	changes := map[plan.ColID]string{}
	for _, f := range r.Funcs {
		if f.Func == "row_rank_dense" || f.Func == "row_rank_min" || f.Func == "row_rank" {
			x := l.expr(f.Args[0], s)
			changes[f.Col.ID] = l.alias("d")
			first := "row_number() OVER (" + l.partitionBy(s) + "ORDER BY " + ord + ") = 1"
			if cond := restart(f); cond != nil {
				first += " OR coalesce(" + l.expr(cond, s) + ", FALSE)"
			}
			extra = append(extra, "("+x+" IS DISTINCT FROM lag("+x+") OVER ("+l.partitionBy(s)+"ORDER BY "+ord+") OR "+first+") AS "+changes[f.Col.ID],
				"row_number() OVER ("+l.partitionBy(s)+"ORDER BY "+ord+") AS n"+changes[f.Col.ID])
		}
	}
	conds := map[plan.ColID]string{}
	for _, f := range r.Funcs {
		if x := restart(f); x != nil {
			conds[f.Col.ID] = runs[l.pred(x, s)]
		}
	}
	args := map[plan.ColID][]string{}
	if sessions := hasSessions(r.Funcs); len(extra) > 0 || sessions {
		// Carry everything through a level that holds the runs and changes.
		inner := s
		text := inner.text(inner.ids, extra, false)
		if sessions {
			s = l.withSessions(r, inner, text, conds)
		} else {
			s = newSel("(" + text + ") AS " + l.alias("t"))
		}
		for _, id := range inner.ids {
			s.set(id, colName(id))
		}
		s.order = nil
		ord = colName(r.Ord)
	}
	for _, f := range r.Funcs {
		for _, x := range f.Args {
			args[f.Col.ID] = append(args[f.Col.ID], l.expr(x, s))
		}
	}
	for _, f := range r.Funcs {
		if f.Func == "row_window_session" {
			s.set(f.Col.ID, sessionColumn(f))
			continue
		}
		s.set(f.Col.ID, l.windowFunc(f, args[f.Col.ID], l.partitionBy(s), ord, conds[f.Col.ID], changes[f.Col.ID]))
	}
	s.order = nil
	out := l.wrap(s)
	out.order = []string{colName(r.Ord) + " ASC NULLS LAST"}
	return out
}

// restart is the argument of a window function that starts a new run.
func restart(f plan.WindowFunc) plan.Expr {
	i := 1
	switch f.Func {
	case "row_window_session":
		i = 3
	case "prev", "next":
		return nil
	}
	if i < len(f.Args) {
		return f.Args[i]
	}
	return nil
}

func (l *lowerer) windowFunc(f plan.WindowFunc, a []string, by, ord, run, changed string) string {
	part := by
	switch {
	case run != "" && by != "":
		part = strings.TrimSuffix(by, " ") + ", " + run + " "
	case run != "":
		part = "PARTITION BY " + run + " "
	}
	over := " OVER (" + part + "ORDER BY " + ord + ")"
	rows := " OVER (" + part + "ORDER BY " + ord + " ROWS UNBOUNDED PRECEDING)"
	switch f.Func {
	case "row_number":
		sql := "row_number()" + over
		if len(a) > 0 {
			sql = "(" + sql + " - 1 + " + a[0] + ")"
		}
		return sql
	case "prev", "next":
		fn := map[string]string{"prev": "lag(", "next": "lead("}[f.Func]
		offset, def := "1", null(f.Col.Type)
		if len(a) > 1 {
			offset = a[1]
		}
		if len(a) > 2 {
			def = a[2]
		}
		return fn + a[0] + ", " + offset + ", " + def + ")" + over
	case "row_cumsum":
		if f.Col.Type == catalog.Real || f.Col.Type == catalog.Decimal {
			return "sum(" + a[0] + ")" + rows
		}
		return wrapped("sum("+a[0]+")"+rows, f.Col.Type)
	case "row_rank_dense":
		return "sum(CASE WHEN " + changed + " THEN 1 ELSE 0 END)" + rows + "::BIGINT"
	case "row_rank_min", "row_rank":
		// The number of the first row with this value, counted from the run's start.
		return "(max(CASE WHEN " + changed + " THEN n" + changed + " END)" + rows + " - min(n" + changed + ")" + rows + " + 1)"
	}
	unsupported(f.Func+"()", "")
	return ""
}

func hasSessions(funcs []plan.WindowFunc) bool {
	for _, f := range funcs {
		if f.Func == "row_window_session" {
			return true
		}
	}
	return false
}

// sessionColumn holds the beginnings of a function's sessions.
func sessionColumn(f plan.WindowFunc) string { return "st" + colName(f.Col.ID) }

// withSessions joins the rows with the beginnings of their sessions, which depend on
// all rows before: a native reads the times of each run as one list, and its list is
// laid out by the numbers of the rows.
func (l *lowerer) withSessions(r *plan.Window, inner *sel, text string, conds map[plan.ColID]string) *sel {
	name := l.alias("w")
	l.ctes = append(l.ctes, name+" AS MATERIALIZED ("+text+")")
	rows := newSel(name)
	for _, id := range inner.ids {
		rows.set(id, colName(id))
	}
	ord, by := colName(r.Ord), ""
	if _, ok := rows.cols[l.by]; ok && l.by != 0 {
		by = colName(l.by)
	}
	from := name
	for _, f := range r.Funcs {
		if f.Func != "row_window_session" {
			continue
		}
		var keys, carried []string
		on := "n" + sessionColumn(f) + " = " + ord
		if by != "" {
			keys, carried = append(keys, by), append(carried, by+" AS b"+sessionColumn(f))
			on += " AND b" + sessionColumn(f) + " IS NOT DISTINCT FROM " + by
		}
		if run := conds[f.Col.ID]; run != "" {
			keys = append(keys, run)
		}
		group := ""
		if len(keys) > 0 {
			group = " GROUP BY " + strings.Join(keys, ", ")
		}
		list := func(x string) string { return "list(" + x + " ORDER BY " + ord + ")" }
		starts := "kql_sessions(to_json(" + list(l.expr(f.Args[0], rows)) + ")::VARCHAR, any_value(" + l.expr(f.Args[1], rows) + "), any_value(" + l.expr(f.Args[2], rows) + "))::JSON::BIGINT[]"
		carried = append(carried, "unnest("+list(ord)+") AS n"+sessionColumn(f), "unnest("+starts+") AS "+sessionColumn(f))
		from += " JOIN (SELECT " + strings.Join(carried, ", ") + " FROM " + name + group + ") AS " + l.alias("u") + " ON " + on
	}
	return newSel(from)
}
