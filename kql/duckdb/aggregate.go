package duckdb

import (
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

func (l *lowerer) aggregate(r *plan.Aggregate) *sel {
	var exprs []plan.Expr
	for _, k := range r.Keys {
		exprs = append(exprs, k.X)
	}
	for _, g := range r.Aggs {
		for i, x := range g.Args {
			if len(g.Cols) != len(g.Args) || i == 0 || l.live.is(g.Cols[i].ID) {
				exprs = append(exprs, x)
			}
		}
	}
	s := l.rel(r.In)
	if len(exprs) > 0 || s.sealed {
		s = l.flat(s, exprs...)
	}
	s = l.open(s)
	out := map[plan.ColID]string{}
	var groups []string
	for i, k := range r.Keys {
		out[k.Col.ID] = l.expr(k.X, s)
		groups = append(groups, strconv.Itoa(i+1))
	}
	if by, ok := s.cols[l.by]; ok && l.by != 0 {
		out[l.by] = by
		groups = append(groups, strconv.Itoa(len(groups)+1))
	}
	for _, g := range r.Aggs {
		for id, sql := range l.agg(g, s) {
			out[id] = sql
		}
	}
	first := firstSeen(s)
	var b strings.Builder
	b.WriteString("SELECT ")
	n := 0
	write := func(id plan.ColID) {
		if n > 0 {
			b.WriteString(", ")
		}
		n++
		b.WriteString(out[id] + " AS " + colName(id))
	}
	for _, k := range r.Keys {
		write(k.Col.ID)
	}
	if _, ok := out[l.by]; ok {
		write(l.by)
	}
	outer := map[plan.ColID]string{}
	for _, g := range r.Aggs {
		for _, c := range g.Cols {
			switch sql, ok := out[c.ID]; {
			case !ok: // not read by anything
			case strings.HasPrefix(sql, fromRow):
				outer[c.ID] = sql[len(fromRow):]
			default:
				write(c.ID)
			}
		}
	}
	for _, row := range l.rows {
		if n > 0 {
			b.WriteString(", ")
		}
		n++
		b.WriteString(row)
	}
	l.rows = nil
	if n == 0 { // one row, of no rows too, whatever is read of it
		b.WriteString("count(*) AS one")
	}
	if first != "" && len(groups) > 0 {
		b.WriteString(", " + first + " AS ord")
	}
	t := *s
	t.order = nil
	t.tail(&b, false)
	if len(groups) > 0 {
		b.WriteString(" GROUP BY " + strings.Join(groups, ", "))
	}
	res := newSel("(" + b.String() + ") AS " + l.alias("t"))
	for _, c := range r.Cols {
		if sql, ok := outer[c.ID]; ok {
			res.set(c.ID, sql)
		} else if _, ok := out[c.ID]; ok {
			res.set(c.ID, colName(c.ID))
		}
	}
	if _, ok := out[l.by]; ok {
		res.set(l.by, colName(l.by))
	}
	if first != "" && len(groups) > 0 {
		res.order = []string{"ord ASC NULLS LAST"}
	}
	return res
}

// firstSeen is where a group's first row stands, when the rows have positions:
// the groups of a literal table come in the order of their first rows.
func firstSeen(s *sel) string {
	var terms []string
	for _, t := range s.order {
		x, dir := splitTerm(t)
		if dir != " ASC NULLS LAST" || !simple(x) {
			return ""
		}
		terms = append(terms, x)
	}
	switch len(terms) {
	case 0:
		return ""
	case 1:
		return "min(" + terms[0] + ")"
	}
	return "min(ROW(" + strings.Join(terms, ", ") + "))"
}

// agg lowers one aggregate call to the SQL of each of its columns.
func (l *lowerer) agg(g plan.Agg, s *sel) map[plan.ColID]string {
	one := func(sql string) map[plan.ColID]string { return map[plan.ColID]string{g.Cols[0].ID: sql} }
	name := g.Func
	filter := l.only
	args := g.Args
	if pred, rest, ok := predicate(g); ok {
		filter = strings.TrimPrefix(filter+" AND "+l.pred(pred, s), " AND ")
		args = rest
	}
	where := func(cond string) string {
		switch {
		case cond == "" && filter == "":
			return ""
		case cond == "":
			return " FILTER (WHERE " + filter + ")"
		case filter == "":
			return " FILTER (WHERE " + cond + ")"
		}
		return " FILTER (WHERE " + filter + " AND " + cond + ")"
	}
	rowWise := name == "take_any" || name == "arg_max" || name == "arg_min"
	a := make([]string, len(args))
	for i, x := range args {
		if !rowWise || i == 0 || l.live.is(g.Cols[i].ID) {
			a[i] = l.expr(x, s)
		}
	}
	t := g.Cols[0].Type
	switch name {
	case "count", "cnt":
		return one("count(*)" + where(""))
	case "countif":
		return one("count(*)" + where(""))
	case "sum", "sumif":
		return one(sum(a[0], args[0].Type(), t, where("")))
	case "avg", "avgif":
		return one(l.avg(a[0], args[0].Type(), t, where("")))
	case "min", "minif", "max", "maxif":
		return one(extreme(name[:3], a[0], args[0].Type(), where("")))
	case "dcount", "dcountif", "count_distinct", "count_distinctif":
		return one("count(DISTINCT " + a[0] + ")" + where(""))
	case "stdev", "stdevif", "stdevp", "stdevpif", "variance", "varianceif", "variancep", "variancepif":
		return one(spreadOf(name, a[0], args[0].Type(), where))
	case "covariance", "covarianceif":
		return one("coalesce(covar_samp(" + a[0] + "::DOUBLE, " + a[1] + "::DOUBLE)" + where("") + ", 0)")
	case "covariancep", "covariancepif":
		return one("coalesce(covar_pop(" + a[0] + "::DOUBLE, " + a[1] + "::DOUBLE)" + where("") + ", 0)")
	case "binary_all_and", "binary_all_or", "binary_all_xor":
		fn := map[string]string{"and": "bit_and(", "or": "bit_or(", "xor": "bit_xor("}[name[11:]]
		return one(fn + a[0] + ")" + where(""))
	case "take_any", "arg_max", "arg_min":
		return l.rowAgg(g, a, s)
	case "take_anyif", "passthrough":
		return one(missing("first("+a[0]+ordered(s)+")"+where(""), t))
	}
	return l.listAgg(g, name, args, a, s, where)
}

// predicate splits the condition off an …if aggregate.
func predicate(g plan.Agg) (pred plan.Expr, rest []plan.Expr, ok bool) {
	at := -1
	switch g.Func {
	case "countif":
		at = 0
	case "sumif", "avgif", "minif", "maxif", "stdevif", "stdevpif", "varianceif", "variancepif", "dcountif", "count_distinctif",
		"make_list_if", "make_set_if", "make_bag_if", "take_anyif", "hll_if":
		at = 1
	case "covarianceif", "covariancepif":
		at = 2
	}
	if at < 0 || at >= len(g.Args) {
		return nil, nil, false
	}
	rest = append(append([]plan.Expr{}, g.Args[:at]...), g.Args[at+1:]...)
	return g.Args[at], rest, true
}

// ordered is the ORDER BY of an aggregate whose input has an order.
func ordered(s *sel) string {
	if len(s.order) == 0 {
		return ""
	}
	return " ORDER BY " + strings.Join(s.order, ", ")
}

func missing(sql string, t catalog.Type) string {
	if t == catalog.String {
		return "coalesce(" + sql + ", '')"
	}
	return sql
}

// sum of integers wraps as 64-bit arithmetic does; of nothing it is 0.
func sum(a string, in, t catalog.Type, where string) string {
	switch in {
	case catalog.Real:
		return "coalesce(sum(" + a + ")" + where + ", 0)::DOUBLE"
	case catalog.Decimal:
		return "coalesce(sum(" + a + ")" + where + ", 0)::" + decimalType
	case catalog.Int:
		return "coalesce(sum(" + a + ")" + where + ", 0)::BIGINT"
	}
	return wrapped("coalesce(sum("+a+")"+where+", 0)", t)
}

// wrapped is a 128-bit number as the bits of it that Kusto keeps.
func wrapped(h string, t catalog.Type) string {
	low, high, turn := "9223372036854775808", "9223372036854775807", "18446744073709551616"
	if t == catalog.Int {
		low, high, turn = "2147483648", "2147483647", "4294967296"
	}
	return "CASE WHEN " + h + " BETWEEN -" + low + " AND " + high + " THEN " + h +
		" ELSE ((" + h + " + " + low + ") % " + turn + " + " + turn + ") % " + turn + " - " + low + " END::" + sqlType(t)
}

func (l *lowerer) avg(a string, in, t catalog.Type, where string) string {
	switch t {
	case catalog.DateTime, catalog.TimeSpan:
		return "trunc(avg(" + a + ")" + where + ")::BIGINT"
	case catalog.Decimal:
		return "kql_decimal('/', sum(" + a + ")" + where + "::VARCHAR, (count(" + a + ")" + where + ")::VARCHAR)::" + decimalType
	}
	if in == catalog.Long {
		// Kusto's sum behind it wraps, so its mean does too.
		return "CASE WHEN count(" + a + ")" + where + " = 0 THEN 'nan'::DOUBLE ELSE " + sum(a, in, catalog.Long, where) + "::DOUBLE / count(" + a + ")" + where + " END"
	}
	return "coalesce(avg(" + a + ")" + where + ", 'nan'::DOUBLE)"
}

// extreme is min and max; NaN wins either way.
func extreme(fn, a string, in catalog.Type, where string) string {
	sql := fn + "(" + a + ")" + where
	if in == catalog.Real && fn == "min" {
		return "CASE WHEN isnan(max(" + a + ")" + where + ") THEN 'nan'::DOUBLE ELSE " + sql + " END"
	}
	return missing(sql, in)
}

// spreadOf is a variance or deviation: 0 of one value or none, NaN when a value
// is not finite.
func spreadOf(name, a string, in catalog.Type, where func(string) string) string {
	fn := map[string]string{"stdev": "stddev_samp", "stdevp": "stddev_pop", "variance": "var_samp", "variancep": "var_pop"}[strings.TrimSuffix(name, "if")]
	x := a
	if in != catalog.Real {
		x += "::DOUBLE"
		return "coalesce(" + fn + "(" + x + ")" + where("") + ", 0)"
	}
	return "CASE WHEN coalesce(bool_or(NOT isfinite(" + x + "))" + where("") + ", FALSE) THEN 'nan'::DOUBLE ELSE coalesce(" + fn + "(" + x + ")" + where("isfinite("+x+")") + ", 0) END"
}

// wideRow is how many columns are taken from one row singly; more are packed
// into a struct, which costs less than as many searches (engines.md, query 8).
const wideRow = 8

// rowAgg takes the values of one row: the one with the extreme first argument,
// or any. Of equal rows the first counts; when the key is null everywhere, the
// first row counts.
func (l *lowerer) rowAgg(g plan.Agg, a []string, s *sel) map[plan.ColID]string {
	out := map[plan.ColID]string{}
	first := func(x string) string { return "first(" + x + ordered(s) + ")" }
	if g.Func == "take_any" {
		for i, c := range g.Cols {
			if l.live.is(c.ID) {
				out[c.ID] = missing(first(a[i]), c.Type)
			}
		}
		return out
	}
	key := a[0]
	fn, plain := "arg_max_null(", "max("
	if g.Func == "arg_min" {
		fn, plain = "arg_min_null(", "min("
		if g.Args[0].Type() == catalog.Real {
			key = "CASE WHEN isnan(" + key + ") THEN '-inf'::DOUBLE ELSE " + key + " END"
		}
	}
	pick := func(x string) string {
		return "CASE WHEN " + plain + key + ") IS NULL THEN " + first(x) + " ELSE " + fn + x + ", " + key + ordered(s) + ") END"
	}
	var wanted []int
	for i, c := range g.Cols {
		if l.live.is(c.ID) {
			wanted = append(wanted, i)
		}
	}
	if len(wanted) <= wideRow {
		for _, i := range wanted {
			c := g.Cols[i]
			if i == 0 && key == a[0] {
				out[c.ID] = missing(plain+key+")", c.Type)
				continue
			}
			out[c.ID] = missing(pick(a[i]), c.Type)
		}
		return out
	}
	fields := make([]string, len(wanted))
	row := l.alias("w")
	for n, i := range wanted {
		fields[n] = "f" + strconv.Itoa(i) + " := " + a[i]
		out[g.Cols[i].ID] = fromRow + missing(row+".f"+strconv.Itoa(i), g.Cols[i].Type)
	}
	l.rows = append(l.rows, pick("struct_pack("+strings.Join(fields, ", ")+")")+" AS "+row)
	return out
}

// fromRow marks a column that is taken out of a packed row one level above.
const fromRow = "\x01"

// listAgg lowers the aggregates that collect values.
func (l *lowerer) listAgg(g plan.Agg, name string, args []plan.Expr, a []string, s *sel, where func(string) string) map[plan.ColID]string {
	one := func(sql string) map[plan.ColID]string { return map[plan.ColID]string{g.Cols[0].ID: sql} }
	size := ""
	if len(a) > 1 {
		size = a[1]
	}
	switch name {
	case "make_list", "make_list_if":
		return one(l.list(a[0], args[0].Type(), size, "", s, where))
	case "make_list_with_nulls":
		return one(l.list(a[0], args[0].Type(), "", "nulls", s, where))
	case "make_set", "make_set_if":
		return one(l.list(a[0], args[0].Type(), size, "set", s, where))
	case "make_bag", "make_bag_if":
		return one("kql_make_bag(" + jsonList(a[0], args[0].Type(), s, where("")) + ")")
	case "buildschema":
		return one("kql_buildschema(" + jsonList(a[0], args[0].Type(), s, where("")) + ")")
	case "percentile", "percentiles", "percentiles_array":
		return l.percentiles(g, a, s, where)
	case "percentilew", "percentilesw", "percentilesw_array":
		return l.weighted(g, a, s, where)
	case "hll", "hll_if":
		return one("coalesce(to_json(list_sort(list(DISTINCT " + l.hash(args[0], "NULL::BIGINT", s) + ")" + where(a[0]+" IS NOT NULL") + "))::VARCHAR, '[]')")
	case "hll_merge":
		return one("kql_hll_merge_list(" + jsonList(a[0], catalog.Dynamic, s, where("")) + ")")
	case "tdigest":
		return one("coalesce(to_json(list_sort(list(" + a[0] + ")" + where(a[0]+" IS NOT NULL") + "))::VARCHAR, '[]')")
	case "tdigest_merge":
		return one("kql_tdigest_merge_list(" + jsonList(a[0], catalog.Dynamic, s, where("")) + ")")
	}
	unsupported(name+"()", "")
	return nil
}

// jsonList is a JSON array of the values in the order of the rows, nulls as null.
func jsonList(a string, t catalog.Type, s *sel, where string) string {
	return "('[' || coalesce(string_agg(coalesce(" + toJSON(a, t) + ", 'null'), ','" + ordered(s) + ")" + where + ", '') || ']')"
}

// list is make_list and make_set. Elements that are arrays are spread, as Kusto
// does; nulls are left out except in a list of dynamic values.
func (l *lowerer) list(a string, t catalog.Type, size, mode string, s *sel, where func(string) string) string {
	if t == catalog.Dynamic {
		all := jsonList(a, t, s, where(""))
		if mode == "set" {
			if size == "" {
				size = "NULL::BIGINT"
			}
			return "kql_set_of(" + all + ", " + size + ")"
		}
		sql := "kql_flatten(" + all + ")"
		if size != "" {
			sql = "kql_array_slice(" + sql + ", 0, " + size + " - 1)"
		}
		return sql
	}
	cond := a + " IS NOT NULL"
	if t == catalog.String || mode == "nulls" {
		cond = ""
	}
	x := a
	switch t {
	case catalog.DateTime:
		x = "kql_datetime_text(" + a + ")"
	case catalog.TimeSpan:
		x = "kql_timespan_text(" + a + ")"
	case catalog.Decimal:
		x = "kql_text_of_decimal(" + a + "::VARCHAR)"
	case catalog.Guid:
		x = a + "::VARCHAR"
	}
	if mode == "nulls" && x != a {
		x = "CASE WHEN " + a + " IS NOT NULL THEN " + x + " END"
	}
	list := "list(" + x + ordered(s) + ")" + where(cond)
	if mode == "set" && len(s.order) > 0 {
		// Rows in a known order: the set keeps the order of first sight.
		if size == "" {
			size = "NULL::BIGINT"
		}
		return "kql_set_of(" + jsonList(a, t, s, where(cond)) + ", " + size + ")"
	}
	if mode == "set" {
		// Without positions the order is nobody's; sorted, it is at least the same
		// every time.
		list = "list_sort(list(DISTINCT " + x + ")" + where(cond) + ")"
	}
	if t == catalog.Real {
		list = "list_transform(" + list + ", lambda e: CASE WHEN isfinite(e) OR e IS NULL THEN to_json(e) ELSE to_json(kql_text_of_real(e)) END)"
	}
	if size != "" {
		list = "(" + list + ")[1:" + size + "]"
	}
	return "coalesce(to_json(" + list + ")::VARCHAR, '[]')"
}

// percentiles are nearest-rank: quantile_disc is.
func (l *lowerer) percentiles(g plan.Agg, a []string, s *sel, where func(string) string) map[plan.ColID]string {
	out := map[plan.ColID]string{}
	t := g.Args[0].Type()
	if g.Func == "percentiles_array" || t == catalog.Dynamic {
		ps := "'[" + strings.Join(a[1:], ",") + "]'"
		if len(a) == 2 && g.Args[1].Type() == catalog.Dynamic {
			ps = a[1]
		} else {
			ps = "json_array(" + strings.Join(a[1:], ", ") + ")"
		}
		sql := "kql_percentiles(" + jsonList(a[0], t, s, where("")) + ", " + ps + ")"
		if g.Func == "percentiles_array" {
			return map[plan.ColID]string{g.Cols[0].ID: sql}
		}
		for i, c := range g.Cols {
			out[c.ID] = convert("nullif(json_extract("+sql+", '$["+strconv.Itoa(i)+"]')::VARCHAR, 'null')", catalog.Dynamic, c.Type)
		}
		return out
	}
	for i, c := range g.Cols {
		p, ok := isConst(g.Args[i+1])
		if !ok {
			unsupported(g.Func+"() of a percentile that is not a constant", "write the number")
		}
		q := p.Real
		if p.T != catalog.Real {
			q = float64(p.Int)
		}
		sql := "quantile_disc(" + a[0] + ", " + strconv.FormatFloat(q/100, 'f', -1, 64) + ")" + where("")
		out[c.ID] = convert(sql, t, c.Type)
	}
	return out
}

func (l *lowerer) weighted(g plan.Agg, a []string, s *sel, where func(string) string) map[plan.ColID]string {
	t := g.Args[0].Type()
	pair := "json_array(" + toJSON(a[0], t) + "::JSON, " + a[1] + ")::VARCHAR"
	ps := "json_array(" + strings.Join(a[2:], ", ") + ")"
	if len(a) == 3 && g.Args[2].Type() == catalog.Dynamic {
		ps = a[2]
	}
	sql := "kql_percentile_weighted(" + jsonList(pair, catalog.Dynamic, s, where("")) + ", " + ps + ")"
	if g.Func == "percentilesw_array" {
		return map[plan.ColID]string{g.Cols[0].ID: sql}
	}
	out := map[plan.ColID]string{}
	for i, c := range g.Cols {
		out[c.ID] = convert("nullif(json_extract("+sql+", '$["+strconv.Itoa(i)+"]')::VARCHAR, 'null')", catalog.Dynamic, c.Type)
	}
	return out
}
