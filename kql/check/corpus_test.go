package check_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/check"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

var (
	update = flag.Bool("update", false, "raise the ratchets in kql/testdata")
	report = flag.String("report", "", "write what fails, one line each, to this file")
)

// shared returns a path in the reference material beside the checkout, or skips.
func shared(t testing.TB, path ...string) string {
	_, file, _, _ := runtime.Caller(0)
	p := filepath.Join(append([]string{filepath.Dir(file), "..", "..", "..", "shared", "kql"}, path...)...)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("reference material is absent: %v", err)
	}
	return p
}

// corpusQuery is a line of queries.jsonl.
type corpusQuery struct {
	ID       string      `json:"id"`
	Title    string      `json:"title"`
	Kind     string      `json:"kind"`
	Query    string      `json:"query"`
	Binds    bool        `json:"binds"`
	Columns  [][2]string `json:"columns"`
	Open     *bool       `json:"open"`
	Metadata struct {
		FunctionName            string `json:"FunctionName"`
		EquivalentBuiltInParser string `json:"EquivalentBuiltInParser"`
		ParserParams            []parserParam
	} `json:"metadata"`
}

// parserParam is a parameter of a parser; its default may be any YAML scalar.
type parserParam struct {
	Name, Type string
	Default    any
}

// literal is the default as KQL, or "" for none.
func (p parserParam) literal() string {
	if p.Default == nil {
		return ""
	}
	d := fmt.Sprint(p.Default)
	if p.Type == "string" && !strings.HasPrefix(d, "'") && !strings.HasPrefix(d, "\"") {
		return "'" + d + "'"
	}
	return d
}

func lines(t testing.TB, path string, each func(line []byte)) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := bufio.NewScanner(f)
	r.Buffer(nil, 64<<20)
	for r.Scan() {
		each(r.Bytes())
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
}

func loadCorpus(t testing.TB) []corpusQuery {
	var all []corpusQuery
	lines(t, shared(t, "corpus", "queries.jsonl"), func(line []byte) {
		var q corpusQuery
		if err := json.Unmarshal(line, &q); err != nil {
			t.Fatal(err)
		}
		all = append(all, q)
	})
	return all
}

// corpusCatalog has the tables of schemas_all.json and the parsers of the corpus
// as saved functions.
func corpusCatalog(t testing.TB, corpus []corpusQuery) *catalog.Static {
	cat := &catalog.Static{AnyWatchlist: true}
	data, err := os.ReadFile(shared(t, "corpus", "schemas_all.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, cols := range orderedSchemas(t, data) {
		cat.AddTable(catalog.WithStandardColumns(name, cols))
	}
	for _, q := range corpus {
		if q.Kind != "parser/function" {
			continue
		}
		f := catalog.SavedFunction{Name: q.Title, Body: q.Query}
		if q.Metadata.FunctionName != "" {
			f.Name = q.Metadata.FunctionName
		}
		var params []string
		for _, p := range q.Metadata.ParserParams {
			if p.Type == "table" {
				params = append(params, p.Name)
				continue
			}
			s := p.Name + ":" + p.Type
			if d := p.literal(); d != "" {
				s += "=" + d
			}
			params = append(params, s)
		}
		f.Parameters = strings.Join(params, ", ")
		if _, taken := cat.Table(f.Name); !taken {
			cat.AddFunction(&f)
		}
		if alias := q.Metadata.EquivalentBuiltInParser; alias != "" {
			g := f
			g.Name = alias
			cat.AddFunction(&g)
		}
	}
	return cat
}

// orderedSchemas reads {table: {column: type}} keeping the order of columns.
func orderedSchemas(t testing.TB, data []byte) map[string][]catalog.Column {
	dec := json.NewDecoder(strings.NewReader(string(data)))
	next := func() json.Token {
		tok, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	out := map[string][]catalog.Column{}
	next()
	for dec.More() {
		name := next().(string)
		next()
		for dec.More() {
			col := next().(string)
			typ, ok := catalog.ParseType(next().(string))
			if !ok {
				t.Fatalf("%s.%s has an unknown type", name, col)
			}
			out[name] = append(out[name], catalog.Column{Name: col, Type: typ})
		}
		next()
	}
	return out
}

// source is the text of a corpus query; the parameters of a parser are declared.
func (q *corpusQuery) source() string {
	var decl []string
	for _, p := range q.Metadata.ParserParams {
		if p.Type == "table" {
			continue
		}
		d := p.literal()
		if d == "" {
			d = map[string]string{"string": "'x'", "dynamic": "dynamic([])", "datetime": "datetime(null)", "bool": "false", "boolean": "false"}[p.Type]
		}
		if d == "" {
			d = p.Type + "(null)"
		}
		decl = append(decl, p.Name+":"+p.Type+"="+d)
	}
	if decl == nil {
		return q.Query
	}
	return "declare query_parameters(" + strings.Join(decl, ", ") + ");\n" + q.Query
}

// now is a fixed moment, 2026-01-01T00:00:00Z in ticks.
const now = 639_028_224_000_000_000

func bind(src string, cat catalog.Catalog, opt check.Options) (*plan.Query, error) {
	script, diags := parser.Parse(src)
	if err := diags.Err(); err != nil {
		return nil, err
	}
	if opt.Now == 0 {
		opt.Now = now
	}
	q, diags := check.Check(script, cat, opt)
	if err := diags.Err(); err != nil {
		return nil, err
	}
	return q, nil
}

// TestCorpus binds the public corpus and compares result columns with those
// Microsoft's analyzer derives. The figures may only rise.
func TestCorpus(t *testing.T) {
	corpus := loadCorpus(t)
	cat := corpusCatalog(t, corpus)
	var out strings.Builder
	total, bound, closed, equal, rules, rulesBound := 0, 0, 0, 0, 0, 0
	for i := range corpus {
		q := &corpus[i]
		if !q.Binds {
			continue
		}
		total++
		if q.Kind == "analytics rule" {
			rules++
		}
		res, err := bind(q.source(), cat, check.Options{})
		if err != nil {
			fmt.Fprintf(&out, "BIND %s %s %v\n", q.ID, q.Kind, err)
		} else {
			bound++
			if q.Kind == "analytics rule" {
				rulesBound++
			}
		}
		if q.Open == nil || *q.Open {
			continue
		}
		closed++
		if err != nil {
			continue
		}
		if want, got := columnsOf(q.Columns), resultColumns(res); want != got {
			fmt.Fprintf(&out, "COLS %s %s\n  want %s\n  got  %s\n", q.ID, q.Kind, want, got)
		} else {
			equal++
		}
	}
	writeReport(t, out.String())
	t.Logf("binds: %d of %d (%.2f %%), rules %d of %d; columns equal: %d of %d (%.2f %%)", bound, total, percent(bound, total),
		rulesBound, rules, equal, closed, percent(equal, closed))
	ratchet(t, "corpus_binds", bound)
	ratchet(t, "corpus_columns", equal)
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(max(of, 1)) }

func writeReport(t *testing.T, text string) {
	if *report != "" {
		if err := os.WriteFile(*report, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func columnsOf(list [][2]string) string {
	var b strings.Builder
	for _, c := range list {
		fmt.Fprintf(&b, "%s:%s ", c[0], c[1])
	}
	return b.String()
}

func resultColumns(q *plan.Query) string {
	if len(q.Results) == 0 {
		return ""
	}
	var b strings.Builder
	for _, c := range q.Results[len(q.Results)-1].Rel.Columns() {
		fmt.Fprintf(&b, "%s:%s ", c.Name, c.Type)
	}
	return b.String()
}

// ratchet fails when a figure falls below the one recorded in
// kql/testdata/binder.json; -update raises it.
func ratchet(t *testing.T, name string, got int) {
	path := filepath.Join("..", "testdata", "binder.json")
	marks := map[string]int{}
	if data, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(data, &marks); err != nil {
			t.Fatal(err)
		}
	}
	if got < marks[name] {
		t.Errorf("%s fell from %d to %d", name, marks[name], got)
	}
	if *update && got > marks[name] {
		marks[name] = got
		data, err := json.MarshalIndent(marks, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
