package duckdb

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// rel lowers an operator and everything below it.
func (l *lowerer) rel(r plan.Rel) *sel {
	switch r := r.(type) {
	case *plan.Table:
		return l.table(r)
	case *plan.Values:
		return l.values(r)
	case *plan.Range:
		return l.rangeRows(r)
	case *plan.Ref:
		return l.ref(r)
	case *plan.Leaf:
		return l.leaf(r)
	case *plan.Filter:
		return l.filter(r)
	case *plan.Project:
		return l.project(r)
	case *plan.Aggregate:
		return l.aggregate(r)
	case *plan.Join:
		return l.join(r)
	case *plan.Union:
		return l.union(r)
	case *plan.Sort:
		return l.sort(r)
	case *plan.Limit:
		return l.limit(r.In, r.N)
	case *plan.Sample:
		s := l.open(l.rel(r.In)).clone()
		s.order = []string{"random()"}
		s.limit = l.expr(r.N, s)
		return l.wrap(s)
	case *plan.Number:
		return l.number(r)
	case *plan.Window:
		return l.window(r)
	}
	return l.rare(r)
}

func (l *lowerer) rare(r plan.Rel) *sel {
	switch r := r.(type) {
	case *plan.Expand:
		return l.expand(r)
	case *plan.Apply:
		return l.apply(r)
	case *plan.Partition:
		return l.partition(r)
	case *plan.Parse:
		return l.parse(r)
	case *plan.ParseKV:
		return l.parseKV(r)
	case *plan.MakeSeries:
		return l.makeSeries(r)
	case *plan.Call:
		return l.plugin(r)
	case *plan.TopNested:
		return l.topNested(r)
	case *plan.Scan:
		return l.scan(r)
	case *plan.Pivot:
		return l.pivot(r)
	case *plan.External:
		return l.external(r)
	}
	panic(fmt.Sprintf("duckdb: unknown operator %T", r))
}

// WatchlistSchema is where statements look for watchlists, each a table under its alias.
const WatchlistSchema = "watchlist"

func (l *lowerer) table(r *plan.Table) *sel {
	name := quote(r.Name)
	if r.Watchlist {
		name = WatchlistSchema + "." + name
	}
	if l.opt.TableName != nil {
		name = l.opt.TableName(r)
	}
	s := newSel(name)
	for i, c := range r.Cols {
		if !l.live.is(c.ID) {
			continue
		}
		source := c.Name
		if r.Source != nil {
			source = r.Source[i]
		}
		switch {
		case source == "":
			s.set(c.ID, null(c.Type))
		case c.Type == catalog.Dynamic:
			s.set(c.ID, quote(source)+"::VARCHAR")
		default:
			s.set(c.ID, quote(source))
		}
	}
	if p := r.Period; p != nil {
		if p.From != 0 {
			s.where = append(s.where, quote(p.Column)+" >= "+itoa(p.From))
		}
		if p.To != 0 {
			s.where = append(s.where, quote(p.Column)+" < "+itoa(p.To))
		}
	}
	return s
}

func (l *lowerer) values(r *plan.Values) *sel {
	if len(r.Cols) == 0 {
		rows := make([]string, max(len(r.Rows), 1))
		for i := range rows {
			rows[i] = "(1)"
		}
		s := newSel("(VALUES " + strings.Join(rows, ", ") + ") AS " + l.alias("t") + "(one)")
		if len(r.Rows) == 0 {
			s.where = []string{"FALSE"}
		}
		return s
	}
	if s, ok := l.bulk(r); ok {
		return s
	}
	alias := l.alias("t")
	s := newSel("")
	var names []string
	for _, c := range r.Cols {
		s.set(c.ID, colName(c.ID))
		names = append(names, colName(c.ID))
	}
	scope := newSel("")
	rows := make([]string, len(r.Rows))
	for i, row := range r.Rows {
		cells := make([]string, len(row))
		for j, x := range row {
			cells[j] = l.expr(x, scope)
		}
		if len(r.Rows) > 1 {
			cells = append(cells, strconv.Itoa(i))
		}
		rows[i] = "(" + strings.Join(cells, ", ") + ")"
	}
	if len(rows) > 1 {
		names = append(names, "ord")
		s.order = []string{alias + ".ord ASC NULLS LAST"}
	}
	if len(rows) == 0 {
		cells := make([]string, len(r.Cols))
		for i, c := range r.Cols {
			cells[i] = null(c.Type)
		}
		rows = []string{"(" + strings.Join(cells, ", ") + ")"}
		s.where = []string{"FALSE"}
	}
	s.from = "(VALUES " + strings.Join(rows, ", ") + ") AS " + alias + "(" + strings.Join(names, ", ") + ")"
	return s
}

func (l *lowerer) rangeRows(r *plan.Range) *sel {
	scope := newSel("")
	from, to, step := l.expr(r.From, scope), l.expr(r.To, scope), l.expr(r.Step, scope)
	name := colName(r.Col.ID)
	var s *sel
	switch r.Col.Type {
	case catalog.Real, catalog.Decimal:
		t := sqlType(r.Col.Type)
		steps := "floor((" + to + " - " + from + ") / nullif(" + step + ", 0) + 1e-9)::BIGINT + 1"
		s = newSel("(SELECT (" + from + " + i * " + step + ")::" + t + " AS " + name + " FROM (SELECT unnest(range(coalesce(" + steps + ", 0))) AS i)) AS " + l.alias("t"))
	default:
		_, c1 := isConst(r.From)
		_, c2 := isConst(r.To)
		k, c3 := isConst(r.Step)
		series := "generate_series(" + from + "::BIGINT, " + to + "::BIGINT, nullif(" + step + "::BIGINT, 0))"
		if c1 && c2 && c3 && k.Int != 0 {
			s = newSel("(SELECT i::" + sqlType(r.Col.Type) + " AS " + name + " FROM " + series + " AS g(i)) AS " + l.alias("t"))
		} else {
			s = newSel("(SELECT unnest(" + series + ")::" + sqlType(r.Col.Type) + " AS " + name + ") AS " + l.alias("t"))
		}
	}
	s.set(r.Col.ID, name)
	if k, ok := isConst(r.Step); ok && (k.Int > 0 || k.Real > 0) {
		s.order = []string{name + " ASC NULLS LAST"} // the rows come in this order
	}
	return s
}

// cheap says that reading a row set twice costs less than keeping it.
func cheap(r plan.Rel, depth int) bool {
	if depth > 6 {
		return false
	}
	switch r := r.(type) {
	case *plan.Table, *plan.Values, *plan.Range:
		return true
	case *plan.Filter:
		return cheap(r.In, depth+1)
	case *plan.Project:
		return cheap(r.In, depth+1)
	case *plan.Ref:
		return !r.Shared.Materialized && cheap(r.Shared.Rel, depth+2)
	}
	return false
}

// ref reads a shared row set: written out again where that costs little, else
// a materialized common table expression. A CTE that DuckDB would inline twice
// is never used: it loses the arguments of the second copy (1.5.5).
func (l *lowerer) ref(r *plan.Ref) *sel {
	if !r.Shared.Materialized && (r.Shared.Uses <= 1 || cheap(r.Shared.Rel, 0)) {
		in := l.rel(r.Shared.Rel)
		s := in.clone()
		s.cols, s.ids = map[plan.ColID]string{}, nil
		for i, c := range r.Shared.Rel.Columns() {
			if sql, ok := in.cols[c.ID]; ok && l.live.is(r.Cols[i].ID) {
				s.set(r.Cols[i].ID, sql)
			}
		}
		l.keep(in, s)
		return s
	}
	sh, ok := l.shared[r.Shared]
	if !ok {
		in := l.rel(r.Shared.Rel)
		sh = &sharedRows{name: "s" + strconv.Itoa(r.Shared.ID)}
		var extra []string
		for _, term := range in.order {
			x, dir := splitTerm(term)
			o := l.alias("o")
			extra = append(extra, x+" AS "+o)
			sh.order = append(sh.order, [2]string{o, dir})
		}
		var ids []plan.ColID
		for _, c := range r.Shared.Rel.Columns() {
			sh.cols = append(sh.cols, c.ID)
			if _, ok := in.cols[c.ID]; ok {
				ids = append(ids, c.ID)
			}
		}
		l.ctes = append(l.ctes, sh.name+" AS MATERIALIZED ("+in.text(ids, extra, false)+")")
		l.shared[r.Shared] = sh
	}
	alias := l.alias("t")
	s := newSel(sh.name + " AS " + alias)
	for i, c := range r.Cols {
		if l.live.is(c.ID) {
			s.set(c.ID, alias+"."+colName(sh.cols[i]))
		}
	}
	for _, o := range sh.order {
		s.order = append(s.order, alias+"."+o[0]+o[1])
	}
	return s
}

// sharedRows is a common table expression already written.
type sharedRows struct {
	name  string
	cols  []plan.ColID
	order [][2]string
}

func (l *lowerer) leaf(r *plan.Leaf) *sel {
	s, ok := l.leaves[r]
	if !ok {
		panic("duckdb: leaf outside its operator")
	}
	return s.clone()
}

func (l *lowerer) filter(r *plan.Filter) *sel {
	s := l.open(l.flat(l.rel(r.In), r.Pred))
	for _, p := range conjuncts(r.Pred) {
		s.where = append(s.where, l.pred(p, s))
	}
	return s
}

func (l *lowerer) project(r *plan.Project) *sel {
	var exprs []plan.Expr
	var items []plan.Item
	for _, it := range r.Items {
		if l.live.is(it.Col.ID) {
			items = append(items, it)
			exprs = append(exprs, it.X)
		}
	}
	s := l.rel(r.In)
	if s.sealed || len(items) > 0 {
		s = l.flat(s, exprs...)
	}
	computed := map[plan.ColID]string{}
	for _, it := range items {
		computed[it.Col.ID] = l.expr(it.X, s)
	}
	out := s.clone()
	out.cols, out.ids = map[plan.ColID]string{}, nil
	for _, c := range l.prune(r.Cols) {
		sql, ok := computed[c.ID]
		if !ok {
			sql, ok = s.cols[c.ID]
		}
		if !ok {
			panic("duckdb: projected column " + c.Name + " is not in scope")
		}
		out.set(c.ID, sql)
	}
	l.keep(s, out)
	return out
}

// keep carries the hidden column of the enclosing mv-apply or partition.
func (l *lowerer) keep(from, to *sel) {
	if sql, ok := from.cols[l.by]; ok && l.by != 0 {
		to.set(l.by, sql)
	}
}

// partitionBy is the window clause that keeps the rows of one body apart.
func (l *lowerer) partitionBy(s *sel) string {
	if sql, ok := s.cols[l.by]; ok && l.by != 0 {
		return "PARTITION BY " + sql + " "
	}
	return ""
}

func (l *lowerer) union(r *plan.Union) *sel {
	if len(r.Inputs) == 0 {
		return l.values(&plan.Values{Cols: r.Cols})
	}
	if r.From != nil {
		return l.unionByName(r)
	}
	sels := make([]*sel, len(r.Inputs))
	placed := true
	for i, in := range r.Inputs {
		sels[i] = l.rel(in)
		placed = placed && firstSeen(sels[i]) != "" && len(sels[i].order) == 1
	}
	parts := make([]string, len(r.Inputs))
	for i, in := range r.Inputs {
		var ids []plan.ColID
		for j, c := range in.Columns() {
			if l.live.is(r.Cols[j].ID) {
				ids = append(ids, c.ID)
			}
		}
		if sels[i].cols[l.by] != "" {
			ids = append(ids, l.by)
		}
		var extra []string
		if placed {
			x, _ := splitTerm(sels[i].order[0])
			extra = []string{strconv.Itoa(i) + " AS branch", x + " AS ord"}
		}
		parts[i] = "(" + sels[i].text(ids, extra, false) + ")"
	}
	cols := l.prune(r.Cols)
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = colName(c.ID)
	}
	if sels[0].cols[l.by] != "" {
		names = append(names, colName(l.by))
	}
	if placed {
		names = append(names, "branch", "ord")
	}
	if len(names) == 0 {
		names = []string{"one"} // what a select without columns delivers
	}
	list := "(" + strings.Join(names, ", ") + ")"
	s := newSel("(" + strings.Join(parts, " UNION ALL ") + ") AS " + l.alias("t") + list)
	for _, c := range cols {
		s.set(c.ID, colName(c.ID))
	}
	if sels[0].cols[l.by] != "" {
		s.set(l.by, colName(l.by))
	}
	if placed {
		s.order = []string{"branch ASC NULLS LAST", "ord ASC NULLS LAST"}
	}
	return s
}

// unionByName lowers a union of very many tables: each selects what it has.
func (l *lowerer) unionByName(r *plan.Union) *sel {
	parts := make([]string, len(r.Inputs))
	given := map[plan.ColID]bool{}
	for n, in := range r.Inputs {
		s := l.rel(in)
		out := s.clone()
		out.cols, out.ids, out.order = map[plan.ColID]string{}, nil, nil
		for k, c := range in.Columns() {
			if to := unionColumn(r, n, k); l.live.is(to.ID) {
				out.set(to.ID, s.cols[c.ID])
				given[to.ID] = true
			}
		}
		parts[n] = "(" + out.text(out.ids, nil, false) + ")"
	}
	s := newSel("(" + strings.Join(parts, " UNION ALL BY NAME ") + ") AS " + l.alias("t"))
	for _, c := range l.prune(r.Cols) {
		switch {
		case !given[c.ID]:
			s.set(c.ID, null(c.Type))
		case c.Type == catalog.String:
			s.set(c.ID, "coalesce("+colName(c.ID)+", '')")
		default:
			s.set(c.ID, colName(c.ID))
		}
	}
	return s
}

// sortTerms are the ORDER BY terms of the keys; NaN sorts as null.
func (l *lowerer) sortTerms(keys []plan.SortKey, s *sel) []string {
	var terms []string
	for _, k := range keys {
		x := l.expr(k.X, s)
		if k.X.Type() == catalog.Real {
			x = "CASE WHEN NOT isnan(" + x + ") THEN " + x + " END"
		}
		dir := " ASC"
		if k.Desc {
			dir = " DESC"
		}
		if k.NullsFirst {
			dir += " NULLS FIRST"
		} else {
			dir += " NULLS LAST"
		}
		terms = append(terms, x+dir)
	}
	return terms
}

func (l *lowerer) sort(r *plan.Sort) *sel {
	exprs := make([]plan.Expr, len(r.Keys))
	for i, k := range r.Keys {
		exprs[i] = k.X
	}
	s := l.open(l.flat(l.rel(r.In), exprs...)).clone()
	s.order = l.sortTerms(r.Keys, s)
	if r.Ord.ID == 0 {
		return s
	}
	s.set(r.Ord.ID, "row_number() OVER ("+l.partitionBy(s)+"ORDER BY "+strings.Join(s.order, ", ")+")")
	s.order = nil
	s = l.wrap(s)
	s.order = []string{colName(r.Ord.ID) + " ASC NULLS LAST"}
	return s
}

func (l *lowerer) limit(in plan.Rel, n plan.Expr) *sel {
	s := l.open(l.rel(in)).clone()
	if part := l.partitionBy(s); part != "" {
		rank := l.alias("n")
		over := part
		if len(s.order) > 0 {
			over += "ORDER BY " + strings.Join(s.order, ", ")
		}
		most := l.expr(n, newSel(""))
		s = l.exported(s, []string{"row_number() OVER (" + over + ") AS " + rank})
		s.where = append(s.where, rank+" <= "+most)
		return s
	}
	if c, ok := n.(*plan.Const); ok {
		s.limit = "0"
		if !c.Null && c.Int > 0 {
			s.limit = itoa(c.Int)
		}
		return s
	}
	s.limit = "(SELECT greatest(coalesce(" + l.expr(n, newSel("")) + ", 0), 0))"
	return s
}

func (l *lowerer) number(r *plan.Number) *sel {
	s := l.open(l.rel(r.In)).clone()
	over := l.partitionBy(s)
	if len(s.order) > 0 {
		over += "ORDER BY " + strings.Join(s.order, ", ")
	}
	s.set(r.Ord.ID, "row_number() OVER ("+over+")")
	s.order = nil
	s = l.wrap(s)
	s.order = []string{colName(r.Ord.ID) + " ASC NULLS LAST"}
	return s
}
