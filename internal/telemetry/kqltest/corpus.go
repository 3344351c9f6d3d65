package kqltest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/batch"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// CorpusQuery is one line of the corpus of public queries.
type CorpusQuery struct {
	ID       string      `json:"id"`
	Title    string      `json:"title"`
	Kind     string      `json:"kind"`
	Query    string      `json:"query"`
	Binds    bool        `json:"binds"`
	Open     bool        `json:"open"`
	Columns  [][2]string `json:"columns"`
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

// LoadCorpus reads the corpus.
func LoadCorpus(path string) ([]*CorpusQuery, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []*CorpusQuery
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 16<<20)
	for sc.Scan() {
		var q CorpusQuery
		if err := json.Unmarshal(sc.Bytes(), &q); err != nil {
			return nil, err
		}
		out = append(out, &q)
	}
	return out, sc.Err()
}

// standardColumns are those Log Analytics has in every table; the expected
// columns of the corpus assume them behind a table's own.
var standardColumns = []catalog.Column{
	{Name: "TenantId", Type: catalog.String}, {Name: "TimeGenerated", Type: catalog.DateTime},
	{Name: "Type", Type: catalog.String}, {Name: "SourceSystem", Type: catalog.String},
	{Name: "_ResourceId", Type: catalog.String}, {Name: "_SubscriptionId", Type: catalog.String}, {Name: "_ItemId", Type: catalog.String},
	{Name: "_BilledSize", Type: catalog.Real}, {Name: "_IsBillable", Type: catalog.String}, {Name: "_TimeReceived", Type: catalog.DateTime},
}

// defender names the tables that have both time columns.
var defender = []string{"DeviceTvm", "ExposureGraph", "Behavior", "DeviceBaseline"}

// CorpusCatalog has the tables of a schemas file and the corpus' parsers as saved
// functions.
func CorpusCatalog(schemas string, corpus []*CorpusQuery) (*catalog.Static, error) {
	f, err := os.Open(schemas)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	given, err := batch.Schemas(f)
	if err != nil {
		return nil, err
	}
	cat := &catalog.Static{AnyWatchlist: true}
	for _, name := range given.TableNames() {
		t, _ := given.Table(name)
		cols := append(append([]catalog.Column(nil), t.Columns...), standardColumns...)
		for _, prefix := range defender {
			if strings.HasPrefix(name, prefix) {
				cols = append(cols, catalog.Column{Name: "Timestamp", Type: catalog.DateTime})
			}
		}
		table := catalog.NewTable(name, cols)
		table.Open, table.Empty = name == "AzureDiagnostics", t.Empty
		cat.AddTable(table)
	}
	for _, q := range corpus {
		if q.Kind == "parser/function" {
			addParser(cat, q)
		}
	}
	return cat, nil
}

func addParser(cat *catalog.Static, q *CorpusQuery) {
	f := catalog.SavedFunction{Name: q.Title, Body: q.Query}
	if q.Metadata.FunctionName != "" {
		f.Name = q.Metadata.FunctionName
	}
	var params []string
	for _, p := range q.Metadata.ParserParams {
		s := p.Name
		if p.Type != "table" {
			s += ":" + p.Type
			if d := p.literal(); d != "" {
				s += "=" + d
			}
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

// Source is the text of the query; a parser's parameters are declared.
func (q *CorpusQuery) Source() string {
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
