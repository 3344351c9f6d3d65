package kqltest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/result"
)

// A Verdict is the outcome of a case.
type Verdict string

// The verdicts. PassNames means that the values are right and only column names
// differ.
const (
	Pass      Verdict = "PASS"
	PassNames Verdict = "PASS_NAMES"
	Fail      Verdict = "FAIL"
	Skip      Verdict = "SKIP"
)

// actual is a result as the reference implementation sees it: decoded JSON.
type actual struct {
	cols, types []string
	rows        [][]any
}

func decode(t *result.Table) actual {
	var a actual
	for _, c := range t.Columns {
		a.cols = append(a.cols, c.Name)
		a.types = append(a.types, c.Type.String())
	}
	for _, row := range t.Rows {
		var cells []any
		dec := json.NewDecoder(strings.NewReader(string(t.AppendRow(nil, row))))
		dec.UseNumber()
		if err := dec.Decode(&cells); err != nil {
			cells = []any{"not JSON: " + err.Error()}
		}
		a.rows = append(a.rows, cells)
	}
	return a
}

type options struct{ unordered, lenient, strict bool }

var unorderedCall = regexp.MustCompile(`\b(make_set|make_set_if|makeset|set_union|set_intersect|set_difference|bag_keys|buildschema|geo_\w*neighbors|geo_polygon_to_\w+|geo_h3cell_(?:rings|children))\s*\(`)

// emulatorTypes are the type classes of the recorded suite.
var emulatorTypes = map[string][]string{
	"Int": {"int", "long"}, "Real": {"real", "decimal"}, "String": {"string"}, "DateTime": {"datetime"}, "TimeSpan": {"timespan"},
	"Bool": {"bool"}, "Dynamic": {"dynamic"}, "Guid": {"guid"},
}

// Compare grades a result by COMPARE.md.
func Compare(c *Case, t *result.Table) (Verdict, string) {
	adj := c.Adjust
	if adj == nil {
		adj = &Adjust{}
	}
	if adj.Action == "exclude" {
		return Skip, adj.Reason
	}
	a := decode(t)
	if c.ExpectText != nil {
		return compareText(c, a)
	}
	cols, rows := c.Columns, c.Rows
	if adj.Columns != nil {
		cols = adj.Columns
	}
	if adj.Rows != nil {
		rows = adj.Rows
	}
	opt := options{unordered: unorderedCall.MatchString(c.Query) || adj.Unordered, lenient: adj.LenientNumbers, strict: c.Kind == "fuzz"}
	cols, rows, a, err := dropElided(cols, rows, a)
	if err != "" {
		return Fail, err
	}
	if len(cols) != len(a.cols) {
		return Fail, fmt.Sprintf("columns: expected %q, got %q", cols, a.cols)
	}
	if adj.Reorder {
		a = a.pick(cols)
	}
	namesOK := slices.Equal(cols, a.cols) || adj.Names == "any"
	msg := ""
	if !namesOK {
		msg = fmt.Sprintf("names: expected %q, got %q", cols, a.cols)
	}
	if m := typesDiffer(c, a); m != "" {
		return Fail, m
	}
	pass := Pass
	if !namesOK {
		pass = PassNames
	}
	if len(adj.IgnoreColumns) > 0 {
		rows, a = ignore(adj.IgnoreColumns, cols, rows, a)
		cols = slices.DeleteFunc(slices.Clone(cols), func(n string) bool { return slices.Contains(adj.IgnoreColumns, n) })
	}
	if !opt.strict && len(rows) == 1 && len(a.rows) == 0 && blank(rows[0]) {
		return pass, msg
	}
	if len(adj.Bijection) > 0 {
		if bijection(slices.Index(cols, adj.Bijection[0]), rows, a, opt) {
			return pass, msg
		}
		return Fail, "no bijection of ids"
	}
	if c.Truncated || adj.Truncated {
		if c.RowCount != nil && *c.RowCount != len(a.rows) {
			return Fail, fmt.Sprintf("row count: expected %d, got %d", *c.RowCount, len(a.rows))
		}
		if bad := multiset(rows, a, opt, true); bad != "" {
			return Fail, bad
		}
		return pass, msg
	}
	alternatives := append([][][]*string{rows}, adj.AcceptRows...)
	if c.RowsMD != nil && adj.Rows == nil {
		alternatives = append(alternatives, c.RowsMD)
	}
	for _, want := range alternatives {
		if ok, why := compareRows(c, cols, want, a, opt); ok {
			return pass, msg
		} else if msg == "" || !namesOK {
			msg += " " + why
		}
	}
	return Fail, msg
}

func compareRows(c *Case, cols []string, want [][]*string, a actual, opt options) (bool, string) {
	if len(want) != len(a.rows) {
		return false, fmt.Sprintf("row count: expected %d, got %d", len(want), len(a.rows))
	}
	if c.Order == "sorted" || c.Order == "single" {
		same := true
		for i := range want {
			same = same && rowEqual(want[i], a.rows[i], a.types, opt)
		}
		if same {
			return true, ""
		}
	}
	if bad := multiset(want, a, opt, false); bad != "" {
		return false, bad
	}
	if c.Order != "sorted" {
		return true, ""
	}
	for _, k := range sortColumns(c.Query) {
		j := slices.Index(cols, k)
		if j < 0 {
			return true, ""
		}
		for i := range want {
			if !cellEqual(want[i][j], a.rows[i][j], a.types[j], opt) {
				return false, "rows right, order wrong"
			}
		}
	}
	return true, ""
}

// typesDiffer checks the types of the suites that have them.
func typesDiffer(c *Case, a actual) string {
	if len(c.Types) != len(a.types) || c.Adjust != nil && c.Adjust.Columns != nil {
		return ""
	}
	for i, t := range c.Types {
		ok := t == a.types[i]
		if classes, known := emulatorTypes[t]; known {
			ok = slices.Contains(classes, a.types[i])
		}
		if !ok {
			return fmt.Sprintf("type of %s: expected %s, got %s", a.cols[i], t, a.types[i])
		}
	}
	return ""
}

func dropElided(cols []string, rows [][]*string, a actual) ([]string, [][]*string, actual, string) {
	var keep []int
	for i, n := range cols {
		if t := strings.TrimSpace(n); t != "..." && t != "…" {
			keep = append(keep, i)
		}
	}
	if len(keep) == len(cols) {
		return cols, rows, a, ""
	}
	var names []string
	for _, i := range keep {
		names = append(names, cols[i])
		if !slices.Contains(a.cols, cols[i]) {
			return nil, nil, a, "no column " + cols[i]
		}
	}
	var out [][]*string
	for _, r := range rows {
		var row []*string
		for _, i := range keep {
			if i < len(r) {
				row = append(row, r[i])
			}
		}
		out = append(out, row)
	}
	return names, out, a.pick(names), ""
}

// pick rearranges the columns by name; unchanged when they do not all exist.
func (a actual) pick(names []string) actual {
	var index []int
	for _, n := range names {
		i := slices.Index(a.cols, n)
		if i < 0 {
			return a
		}
		index = append(index, i)
	}
	var out actual
	for _, i := range index {
		out.cols, out.types = append(out.cols, a.cols[i]), append(out.types, a.types[i])
	}
	for _, r := range a.rows {
		var row []any
		for _, i := range index {
			row = append(row, r[i])
		}
		out.rows = append(out.rows, row)
	}
	return out
}

func ignore(names, cols []string, rows [][]*string, a actual) ([][]*string, actual) {
	var keep []int
	for i, n := range cols {
		if !slices.Contains(names, n) {
			keep = append(keep, i)
		}
	}
	var out [][]*string
	for _, r := range rows {
		var row []*string
		for _, i := range keep {
			row = append(row, r[i])
		}
		out = append(out, row)
	}
	var b actual
	for _, i := range keep {
		b.cols, b.types = append(b.cols, a.cols[i]), append(b.types, a.types[i])
	}
	for _, r := range a.rows {
		var row []any
		for _, i := range keep {
			row = append(row, r[i])
		}
		b.rows = append(b.rows, row)
	}
	return out, b
}

func blank(row []*string) bool {
	for _, c := range row {
		if c != nil && strings.TrimSpace(*c) != "" {
			return false
		}
	}
	return true
}

func rowEqual(want []*string, got []any, types []string, opt options) bool {
	if len(want) > len(got) {
		return false
	}
	for i := range want {
		if !cellEqual(want[i], got[i], types[i], opt) {
			return false
		}
	}
	return true
}

func multiset(want [][]*string, a actual, opt options, subset bool) string {
	used := make([]bool, len(a.rows))
next:
	for _, w := range want {
		for i, g := range a.rows {
			if !used[i] && rowEqual(w, g, a.types, opt) {
				used[i] = true
				continue next
			}
		}
		return "row not found: " + rowText(w) + " got " + gotText(a)
	}
	if !subset && slices.Contains(used, false) {
		return "more rows than expected"
	}
	return ""
}

func rowText(row []*string) string {
	parts := make([]string, len(row))
	for i, c := range row {
		parts[i] = "null"
		if c != nil {
			parts[i] = fmt.Sprintf("%q", *c)
		}
	}
	return "[" + strings.Join(parts, " ") + "]"
}

func gotText(a actual) string {
	b, _ := json.Marshal(a.rows[:min(len(a.rows), 4)])
	return string(b)
}

var sortClause = regexp.MustCompile(`\|\s*(?:sort|order)\s+by\s+([^|;]+)|\|\s*top\s+[^|;]*?\s+by\s+([^|;]+)`)
var sortWords = regexp.MustCompile(`\b(asc|desc|nulls\s+(first|last))\b`)
var plainName = regexp.MustCompile(`^\w+$`)

// sortColumns are the keys of the last sort, if they are plain columns.
func sortColumns(query string) []string {
	all := sortClause.FindAllStringSubmatch(query, -1)
	if len(all) == 0 {
		return nil
	}
	m := all[len(all)-1]
	var out []string
	for _, part := range strings.Split(m[1]+m[2], ",") {
		x := strings.TrimSpace(sortWords.ReplaceAllString(part, ""))
		if !plainName.MatchString(x) {
			return nil
		}
		out = append(out, x)
	}
	return out
}

// bijection tries every renaming of the ids in column j.
func bijection(j int, rows [][]*string, a actual, opt options) bool {
	ids := func(n int, at func(i int) string) []string {
		var out []string
		for i := range n {
			if s := at(i); !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
		slices.Sort(out)
		return out
	}
	want := ids(len(rows), func(i int) string { return *rows[i][j] })
	got := ids(len(a.rows), func(i int) string { return plainText(a.rows[i][j]) })
	if len(want) != len(got) {
		return false
	}
	var try func(k int) bool
	try = func(k int) bool {
		if k == len(got) {
			b := actual{cols: a.cols, types: slices.Clone(a.types)}
			b.types[j] = ""
			for _, r := range a.rows {
				r = slices.Clone(r)
				r[j] = want[slices.Index(got, plainText(r[j]))]
				b.rows = append(b.rows, r)
			}
			return multiset(rows, b, opt, false) == ""
		}
		for i := k; i < len(want); i++ {
			want[k], want[i] = want[i], want[k]
			if try(k + 1) {
				return true
			}
			want[k], want[i] = want[i], want[k]
		}
		return false
	}
	return try(0)
}
