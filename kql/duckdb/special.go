package duckdb

import (
	"math"
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/native"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// special lowers the functions whose SQL depends on constants or types.
func (l *lowerer) special(f *plan.Func, s *sel) (string, bool) {
	a := func(i int) string { return l.expr(f.Args[i], s) }
	t := func(i int) catalog.Type { return f.Args[i].Type() }
	if tmpl, ok := likeNamed(f.Name); ok {
		return l.fill(tmpl, f, s), true
	}
	switch f.Name {
	case "strcat":
		return l.concat(f.Args, "", s), true
	case "strcat_delim":
		return l.concat(f.Args[1:], a(0), s), true
	case "split":
		return l.split(f, s), true
	case "extract":
		return l.extract(f, s), true
	case "extract_all":
		return l.extractAll(f, s), true
	case "extract_json":
		js := "kql_extract_json(" + a(0) + ", " + a(1) + ")"
		return convert(js, catalog.Dynamic, f.T), true
	case "replace_regex":
		return l.replaceRegex(f.Args[0], f.Args[1], f.Args[2], s), true
	case "replace":
		return l.replaceRegex(f.Args[2], f.Args[0], f.Args[1], s), true
	case "replace_string":
		return "replace(" + a(0) + ", " + a(1) + ", " + a(2) + ")", true
	case "countof":
		if len(f.Args) > 2 {
			if c, ok := isConst(f.Args[2]); ok && c.Text == "regex" {
				return "kql_countof_regex(" + a(0) + ", " + a(1) + ")", true
			}
		}
		return "kql_countof(" + a(0) + ", " + a(1) + ")", true
	case "tostring", "tolong", "toint", "toreal", "todouble", "todatetime", "totimespan", "tobool", "todecimal", "toguid":
		return l.cast(&plan.Cast{X: f.Args[0], To: f.T}, s), true
	case "parse_json", "todynamic", "toobject":
		if t(0) == catalog.Dynamic {
			return a(0), true
		}
		return "kql_parse_json(" + a(0) + ")", true
	case "gettype":
		if t(0) == catalog.Dynamic {
			return "kql_gettype(" + a(0) + ")", true
		}
		return "'" + t(0).String() + "'", true
	case "bin", "floor":
		return l.bin(f, s), true
	case "bin_at":
		return l.binAt(f, s), true
	case "isnull":
		if t(0) == catalog.String {
			return "FALSE", true
		}
		return "(" + a(0) + " IS NULL)", true
	case "isnotnull":
		if t(0) == catalog.String {
			return "TRUE", true
		}
		return "(" + a(0) + " IS NOT NULL)", true
	case "isempty":
		return l.empty(f.Args[0], s), true
	case "isnotempty":
		return "(NOT " + l.empty(f.Args[0], s) + ")", true
	case "now":
		return "", false
	case "array_length":
		return "CASE WHEN json_type(" + a(0) + ") = 'ARRAY' THEN json_array_length(" + a(0) + ")::BIGINT END", true
	case "coalesce":
		return l.coalesce(f, s), true
	case "max_of", "min_of":
		return l.extremeOf(f, s), true
	}
	return l.specialRest(f, s, a, t)
}

func (l *lowerer) specialRest(f *plan.Func, s *sel, a func(int) string, t func(int) catalog.Type) (string, bool) {
	switch f.Name {
	case "round":
		return l.round(f, s), true
	case "ceiling":
		if t(0) == catalog.Int || t(0) == catalog.Long {
			return a(0), true
		}
		return "ceil(" + a(0) + ")::" + sqlType(f.T), true
	case "abs":
		if t(0) == catalog.Real || t(0) == catalog.Decimal {
			return "abs(" + a(0) + ")", true
		}
		return "abs(" + a(0) + "::BIGINT)", true
	case "startofday", "startofweek", "startofmonth", "startofyear", "endofday", "endofweek", "endofmonth", "endofyear":
		return l.period(f, s), true
	case "make_datetime":
		return l.makeDateTime(f, s), true
	case "make_timespan":
		return l.makeTimeSpan(f, s), true
	case "hash", "hash_xxhash64":
		mod := "NULL::BIGINT"
		if len(f.Args) > 1 {
			mod = a(1)
		}
		return l.hash(f.Args[0], mod, s), true
	case "hash_many", "hash_combine":
		parts := make([]string, len(f.Args))
		for i, x := range f.Args {
			parts[i] = a(i)
			if f.Name == "hash_many" {
				parts[i] = l.hash(x, "NULL::BIGINT", s)
			}
		}
		return "kql_hash_combine(" + strings.Join(parts, ", ") + ")", true
	case "around":
		lo, hi := "("+a(1)+" - "+a(2)+")", "("+a(1)+" + "+a(2)+")"
		return "(" + a(0) + " BETWEEN " + lo + " AND " + hi + ")", true
	case "bag_pack", "pack", "pack_dictionary":
		return l.pack("kql_bag_pack(", f.Args, s), true
	case "bag_pack_nonempty":
		return l.pack("kql_pack_all(TRUE, ", f.Args, s), true
	case "pack_array":
		parts := make([]string, len(f.Args))
		for i, x := range f.Args {
			parts[i] = "coalesce(" + toJSON(a(i), x.Type()) + ", 'null')"
		}
		return "'[' || concat_ws(',', " + strings.Join(append(parts, "NULL"), ", ") + ") || ']'", true
	case "range":
		return l.rangeArray(f, s), true
	case "array_sort_asc", "array_sort_desc":
		return l.arraySort(f, s), true
	case "percentile_tdigest":
		list := "kql_percentiles(" + a(0) + ", json_array(" + a(1) + "))"
		return convert("nullif(json_extract("+list+", '$[0]')::VARCHAR, 'null')", catalog.Dynamic, f.T), true
	case "percentiles_array_tdigest", "percentile_array_tdigest":
		if len(f.Args) == 2 && t(1) == catalog.Dynamic {
			return "kql_percentiles(" + a(0) + ", " + a(1) + ")", true
		}
		parts := make([]string, 0, len(f.Args))
		for i := 1; i < len(f.Args); i++ {
			parts = append(parts, a(i))
		}
		return "kql_percentiles(" + a(0) + ", json_array(" + strings.Join(parts, ", ") + "))", true
	case "series_stats":
		return "kql_series_stats(" + a(0) + ", TRUE)", true
	case "series_fit_line", "series_fit_2lines":
		return "kql_" + f.Name + "(" + a(0) + ", TRUE)", true
	case "series_fit_line_dynamic", "series_fit_2lines_dynamic":
		return "kql_" + strings.TrimSuffix(f.Name, "_dynamic") + "(" + a(0) + ", FALSE)", true
	case "series_fft", "series_ifft", "series_decompose", "series_decompose_anomalies", "series_decompose_forecast", "series_periods_detect", "series_periods_validate", "series_fit_poly":
		return l.seriesTuple(f, s), true
	case "ingestion_time":
		return "NULL::BIGINT", true
	case "geo_line_length", "geo_distance_point_to_line":
		return l.onSphere(f, s), true
	case "datetime_list_timezones":
		return l.text(native.ZoneNames()), true
	case "estimate_data_size":
		return l.sizes(f.Args, s), true
	}
	return "", false
}

func (l *lowerer) concat(args []plan.Expr, delim string, s *sel) string {
	parts := make([]string, len(args))
	for i, x := range args {
		parts[i] = convert(l.expr(x, s), x.Type(), catalog.String)
	}
	if delim != "" {
		return "concat_ws(" + delim + ", " + strings.Join(parts, ", ") + ")"
	}
	return "(" + strings.Join(parts, " || ") + ")"
}

func (l *lowerer) split(f *plan.Func, s *sel) string {
	a, d := l.expr(f.Args[0], s), l.expr(f.Args[1], s)
	list := "kql_split(" + a + ", " + d + ")"
	if c, ok := isConst(f.Args[1]); ok && c.Text != "" {
		list = "to_json(string_split(" + a + ", " + d + "))::VARCHAR"
	}
	if len(f.Args) < 3 {
		return list
	}
	// The requested part comes as an array of one; a missing part is null.
	el := "kql_element(" + list + ", " + l.expr(f.Args[2], s) + "::BIGINT)"
	return "'[' || " + el + " || ']'"
}

func (l *lowerer) extract(f *plan.Func, s *sel) string {
	source := l.expr(f.Args[2], s)
	pattern, isPattern := isConst(f.Args[0])
	group, isGroup := isConst(f.Args[1])
	sql := "kql_extract(" + l.expr(f.Args[0], s) + ", " + l.expr(f.Args[1], s) + ", " + source + ")"
	if isPattern && isGroup {
		p, groups := regex(pattern.Text)
		switch {
		case group.Int < 0 || group.Int > int64(groups):
			sql = "''"
		case group.Int <= 9:
			sql = "regexp_extract(" + source + ", " + l.text(p) + ", " + itoa(group.Int) + ")"
		}
	}
	return convert(sql, catalog.String, f.T)
}

func (l *lowerer) extractAll(f *plan.Func, s *sel) string {
	if c, ok := isConst(f.Args[0]); ok {
		regex(c.Text)
	}
	groups, source := "NULL::VARCHAR", f.Args[len(f.Args)-1]
	if len(f.Args) == 3 {
		groups = l.expr(f.Args[1], s)
	}
	return "kql_extract_all(" + l.expr(f.Args[0], s) + ", " + groups + ", " + l.expr(source, s) + ")"
}

func (l *lowerer) replaceRegex(source, pattern, rewrite plan.Expr, s *sel) string {
	a, r := l.expr(source, s), l.expr(rewrite, s)
	p, isPattern := isConst(pattern)
	if w, ok := isConst(rewrite); ok && isPattern {
		translated, groups := regex(p.Text)
		if plainRewrite(w.Text, groups) {
			return "regexp_replace(" + a + ", " + l.text(translated) + ", " + r + ", 'g')"
		}
	}
	return "kql_replace_regex(" + a + ", " + l.expr(pattern, s) + ", " + r + ")"
}

// plainRewrite says that RE2 reads a replacement as Kusto does: every backslash
// is followed by the number of an existing group.
func plainRewrite(w string, groups int) bool {
	for i := 0; i < len(w); i++ {
		if w[i] != '\\' {
			continue
		}
		i++
		if i == len(w) || w[i] < '0' || w[i] > '9' || int(w[i]-'0') > groups {
			return false
		}
	}
	return true
}

// bin rounds down to a multiple; integers below zero round down too, and a bin
// that is not positive gives null.
func (l *lowerer) bin(f *plan.Func, s *sel) string {
	v := f.Args[0]
	a := l.expr(v, s)
	if len(f.Args) == 1 {
		return "floor(" + a + ")"
	}
	n := l.expr(f.Args[1], s)
	c, fixed := isConst(f.Args[1])
	switch v.Type() {
	case catalog.Real, catalog.Decimal:
		return l.binReal(f, a, n)
	}
	if f.T == catalog.Real || f.T == catalog.Decimal {
		return l.binReal(f, a+"::DOUBLE", n)
	}
	if fixed && c.Int <= 0 {
		return null(f.T)
	}
	down := "(" + a + " - " + a + " % " + n + ")"
	if v.Type() != catalog.DateTime {
		down = "(" + a + " - ((" + a + " % " + n + ") + " + n + ") % " + n + ")"
		if !l.opt.Unguarded && v.Type() != catalog.Int && f.T != catalog.Int {
			down = wrappingLess(a, above(a, n))
		}
	}
	if fixed {
		return down
	}
	return "CASE WHEN " + n + " > 0 THEN " + down + " END"
}

// above is how far a whole number lies above a multiple of n; it cannot overflow.
func above(a, n string) string {
	rest := "(" + a + " % " + n + ")"
	return "(CASE WHEN " + rest + " < 0 THEN " + rest + " + " + n + " ELSE " + rest + " END)"
}

// wrappingLess subtracts as Kusto does, which wraps below the least number.
func wrappingLess(a, b string) string { return "kql_wrap(1, " + a + ", " + b + ")" }

func (l *lowerer) binReal(f *plan.Func, a, n string) string {
	sql := "kql_bin_real(" + a + "::DOUBLE, " + n + "::DOUBLE)"
	if f.T == catalog.Decimal {
		return sql + "::" + decimalType
	}
	return sql
}

func (l *lowerer) binAt(f *plan.Func, s *sel) string {
	a, n, at := l.expr(f.Args[0], s), l.expr(f.Args[1], s), l.expr(f.Args[2], s)
	if f.T == catalog.Real {
		a, n, at = a+"::DOUBLE", n+"::DOUBLE", at+"::DOUBLE"
		return "(kql_bin_real(" + a + " - " + at + ", " + n + ") + " + at + ")"
	}
	d := "(" + a + " - " + at + ")"
	if !l.opt.Unguarded && f.T != catalog.Int {
		return "CASE WHEN " + n + " > 0 THEN " + wrappingLess(a, above(wrappingLess(a, at), n)) + " END"
	}
	return "CASE WHEN " + n + " > 0 THEN " + a + " - (" + d + " % " + n + " + " + n + ") % " + n + " END"
}

func (l *lowerer) empty(x plan.Expr, s *sel) string {
	a := l.expr(x, s)
	switch x.Type() {
	case catalog.String:
		return "(" + a + " = '')"
	case catalog.Dynamic:
		return "(" + a + " IS NULL OR " + a + " = '\"\"')"
	}
	return "(" + a + " IS NULL)"
}

// coalesce takes the first that is not null; of strings, the first that is not
// empty.
func (l *lowerer) coalesce(f *plan.Func, s *sel) string {
	parts := make([]string, len(f.Args))
	for i, x := range f.Args {
		parts[i] = l.expr(x, s)
		if f.T == catalog.String && i < len(f.Args)-1 {
			parts[i] = "nullif(" + parts[i] + ", '')"
		}
	}
	return "coalesce(" + strings.Join(parts, ", ") + ")"
}

// extremeOf ignores nulls; NaN wins, as it does in Kusto.
func (l *lowerer) extremeOf(f *plan.Func, s *sel) string {
	parts := make([]string, len(f.Args))
	var nans []string
	for i, x := range f.Args {
		parts[i] = l.expr(x, s)
		if f.T == catalog.Real {
			if c, ok := isConst(x); !ok || math.IsNaN(c.Real) {
				nans = append(nans, "coalesce(isnan("+parts[i]+"), FALSE)")
			}
		}
	}
	fn := "greatest("
	if f.Name == "min_of" {
		fn = "least("
		if len(nans) > 0 {
			return "CASE WHEN " + strings.Join(nans, " OR ") + " THEN 'nan'::DOUBLE ELSE least(" + strings.Join(parts, ", ") + ") END"
		}
	}
	return fn + strings.Join(parts, ", ") + ")"
}

func (l *lowerer) round(f *plan.Func, s *sel) string {
	a := l.expr(f.Args[0], s)
	if f.T == catalog.Int || f.T == catalog.Long {
		return a
	}
	n := "0"
	if len(f.Args) > 1 {
		n = l.expr(f.Args[1], s) + "::INTEGER"
	}
	return "round(" + a + ", " + n + ")::" + sqlType(f.T)
}

// period is startof… and endof…, with an offset in whole periods.
func (l *lowerer) period(f *plan.Func, s *sel) string {
	a := l.expr(f.Args[0], s)
	offset := ""
	if len(f.Args) > 1 {
		offset = l.expr(f.Args[1], s)
	}
	end := strings.HasPrefix(f.Name, "endof")
	unit := strings.TrimPrefix(strings.TrimPrefix(f.Name, "startof"), "endof")
	var start string
	switch unit {
	case "day":
		start = "(" + a + " - " + a + " % " + day + ")"
	case "week":
		start = "(" + a + " - (" + a + " + " + day + ") % 6048000000000)"
	default:
		d := "(DATE '0001-01-01' + (" + a + " // " + day + ")::INTEGER)"
		start = "((date_trunc('" + unit + "', " + d + ")::DATE - DATE '0001-01-01') * " + day + ")"
	}
	if offset != "" {
		start = "kql_datetime_add('" + unit + "', " + offset + ", " + start + ")"
	}
	if !end {
		return start
	}
	if unit == "day" || unit == "week" {
		length := map[string]string{"day": "863999999999", "week": "6047999999999"}[unit]
		return "(" + start + " + " + length + ")"
	}
	// The last instant of year 9999 has no start after it.
	return "coalesce(kql_datetime_add('" + unit + "', 1, " + start + ") - 1, CASE WHEN " + a + " IS NOT NULL THEN 3155378975999999999 END)"
}

func (l *lowerer) makeDateTime(f *plan.Func, s *sel) string {
	if len(f.Args) == 1 {
		return l.cast(&plan.Cast{X: f.Args[0], To: catalog.DateTime}, s)
	}
	parts := []string{"1::BIGINT", "1::BIGINT", "1::BIGINT", "0::BIGINT", "0::BIGINT", "0::DOUBLE"}
	for i, x := range f.Args {
		parts[i] = convert(l.expr(x, s), x.Type(), catalog.Long)
		if i == 5 {
			parts[i] = convert(l.expr(x, s), x.Type(), catalog.Real)
		}
	}
	return "kql_make_datetime(" + strings.Join(parts, ", ") + ")"
}

func (l *lowerer) makeTimeSpan(f *plan.Func, s *sel) string {
	if len(f.Args) == 1 {
		return l.cast(&plan.Cast{X: f.Args[0], To: catalog.TimeSpan}, s)
	}
	parts := []string{"0::BIGINT", "0::BIGINT", "0::BIGINT", "0::DOUBLE"}
	skip := 1
	if len(f.Args) == 4 {
		skip = 0
	}
	for i, x := range f.Args {
		to := catalog.Long
		if i+skip == 3 {
			to = catalog.Real
		}
		parts[i+skip] = convert(l.expr(x, s), x.Type(), to)
	}
	return "kql_make_timespan(" + strings.Join(parts, ", ") + ")"
}

func (l *lowerer) hash(x plan.Expr, mod string, s *sel) string {
	a := l.expr(x, s)
	switch x.Type() {
	case catalog.Int:
		return "kql_xxhash64_long(" + a + ", " + mod + ", 4)"
	case catalog.Long, catalog.DateTime, catalog.TimeSpan:
		return "kql_xxhash64_long(" + a + ", " + mod + ", 8)"
	}
	return "kql_xxhash64(" + convert(a, x.Type(), catalog.String) + ", " + mod + ")"
}

// pack calls a packing native with keys as text and values as JSON.
func (l *lowerer) pack(fn string, args []plan.Expr, s *sel) string {
	var parts []string
	for i, x := range args {
		a := l.expr(x, s)
		if i%2 == 1 {
			a = toJSON(a, x.Type())
		} else {
			a = convert(a, x.Type(), catalog.String)
		}
		parts = append(parts, a)
	}
	return fn + strings.Join(parts, ", ") + ")"
}

func (l *lowerer) rangeArray(f *plan.Func, s *sel) string {
	from, to := f.Args[0], f.Args[1]
	a, b := l.expr(from, s), l.expr(to, s)
	step := "1::BIGINT"
	stepType := catalog.Long
	if len(f.Args) > 2 {
		step, stepType = l.expr(f.Args[2], s), f.Args[2].Type()
	}
	if from.Type() == catalog.DateTime || from.Type() == catalog.TimeSpan {
		if len(f.Args) < 3 {
			step = strconv.Itoa(3600 * 10_000_000)
		}
		if to.Type() != from.Type() {
			b = convert(b, to.Type(), from.Type())
		}
		if stepType != catalog.TimeSpan && len(f.Args) > 2 {
			step = convert(step, stepType, catalog.TimeSpan)
		}
		return "kql_range_ticks(" + a + ", " + b + ", " + step + ", " + strings.ToUpper(strconv.FormatBool(from.Type() == catalog.DateTime)) + ")"
	}
	return "kql_range(" + toJSON(a, from.Type()) + ", " + toJSON(b, to.Type()) + ", " + toJSON(step, stepType) + ")"
}

// arraySort sorts one array; several come as an array of arrays.
func (l *lowerer) arraySort(f *plan.Func, s *sel) string {
	desc := "FALSE"
	if f.Name == "array_sort_desc" {
		desc = "TRUE"
	}
	var arrays []string
	nulls := "NULL::BOOLEAN"
	for _, x := range f.Args {
		if x.Type() == catalog.Bool {
			nulls = l.expr(x, s)
		} else {
			arrays = append(arrays, l.expr(x, s))
		}
	}
	if len(arrays) == 1 {
		return "kql_array_sort(" + arrays[0] + ", " + desc + ", " + nulls + ")"
	}
	return "kql_array_sort_by(" + desc + ", " + strings.Join(arrays, ", ") + ")"
}

// seriesTuple calls the multi-valued series functions, each an array of its
// values in the order of their columns.
func (l *lowerer) seriesTuple(f *plan.Func, s *sel) string {
	switch f.Name {
	case "series_fft":
		return l.fill("kql_series_fft({0}, {1|NULL::VARCHAR}, FALSE)", f, s)
	case "series_ifft":
		return l.fill("kql_series_fft({0}, {1|NULL::VARCHAR}, TRUE)", f, s)
	case "series_decompose":
		return l.fill("kql_series_decompose({0}, {1|NULL::BIGINT}, {2|'avg'}, {3|0})", f, s)
	case "series_decompose_anomalies":
		return l.fill("kql_series_anomalies({0}, {1|NULL}::DOUBLE, {2|NULL::BIGINT}, {3|'avg'}, {4|0}, {5|'ctukey'})", f, s)
	case "series_decompose_forecast":
		return l.fill("kql_series_forecast({0}, {1}, {2|NULL::BIGINT}, {3|''})", f, s)
	case "series_periods_detect":
		return l.fill("kql_series_periods_detect({0}, {r1}, {r2}, {3})", f, s)
	case "series_fit_poly":
		return l.fill("kql_series_fit_poly({0}, {1|NULL::VARCHAR}, {2|1})", f, s)
	}
	return l.fill("kql_series_periods_validate({0}, json_array({1*})::VARCHAR)", f, s)
}

// sizes adds up what values take: the width of their type, or the bytes of their
// text.
func (l *lowerer) sizes(args []plan.Expr, s *sel) string {
	fixed, sum := 0, ""
	for _, x := range args {
		switch x.Type() {
		case catalog.Bool:
			fixed++
		case catalog.Int:
			fixed += 4
		case catalog.Guid, catalog.Decimal:
			fixed += 16
		case catalog.String, catalog.Dynamic:
			sum += " + coalesce(strlen(" + l.expr(x, s) + "), 0)"
		default:
			fixed += 8
		}
	}
	return "(" + strconv.Itoa(fixed) + "::BIGINT" + sum + ")"
}

// onSphere lowers the functions that may be asked for the spheroid instead.
func (l *lowerer) onSphere(f *plan.Func, s *sel) string {
	form, last := "kql_geo_length({0})", 1
	if f.Name == "geo_distance_point_to_line" {
		form, last = "kql_geo_to_shape({r0}, {r1}, {2}, FALSE)", 3
	}
	if len(f.Args) > last {
		if k, ok := isConst(f.Args[last]); !ok || k.Bool {
			unsupported(f.Name+"() on the spheroid", "leave out use_spheroid; on the sphere the length is within 0.6 %")
		}
	}
	return l.fill(form, f, s)
}
