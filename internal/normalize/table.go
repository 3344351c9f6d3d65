package normalize

import (
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
	"github.com/tocsin-soc/tocsin/internal/normalize/value"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// What no other column of a table takes goes to its AdditionalFields, or to
// _Unmapped where Microsoft's tables have no such column.
const (
	additionalFields = "AdditionalFields"
	unmapped         = "_Unmapped"
)

// A table is what normalising needs to know of one: its columns but for those
// the store fills.
type table struct {
	name       string
	columns    []schema.Column
	byName     map[string]int
	folded     map[string]int // by lower-case name; -1 where two columns differ only in case
	time       int            // the time column, -1 if there is none
	timestamp  int            // Timestamp, where that is not the time column; -1
	typeName   int            // Type, -1
	additional int            // AdditionalFields if it is dynamic, or _Unmapped; -1
}

func newTable(s *schema.Table) *table {
	t := &table{name: s.Name, columns: s.Columns, byName: map[string]int{}, folded: map[string]int{}, time: -1, timestamp: -1, typeName: -1, additional: -1}
	if s.IsStamped() {
		t.columns = s.Columns[:len(s.Columns)-3]
	}
	for i, c := range t.columns {
		t.byName[c.Name] = i
		fold := strings.ToLower(c.Name)
		if _, twice := t.folded[fold]; twice {
			t.folded[fold] = -1
		} else {
			t.folded[fold] = i
		}
		switch {
		case c.Name == s.TimeColumn:
			t.time = i
		case c.Name == "Timestamp" && c.Type == catalog.DateTime:
			t.timestamp = i
		case c.Name == "Type" && c.Type == catalog.String:
			t.typeName = i
		case c.Type == catalog.Dynamic && (c.Name == additionalFields || c.Name == unmapped && t.additional < 0):
			t.additional = i
		}
	}
	return t
}

// column finds a column by its name, or by its name in another case if that is
// clear.
func (t *table) column(name string) (int, bool) {
	if i, ok := t.byName[name]; ok {
		return i, true
	}
	i, ok := t.folded[strings.ToLower(name)]
	if !ok {
		return t.unionColumn(name)
	}
	return i, i >= 0
}

// unionColumn finds a column by the name it has in the output of a union of
// tables in which its type differs: AdditionalFields_string.
func (t *table) unionColumn(name string) (int, bool) {
	end := strings.LastIndexByte(name, '_')
	if end <= 0 {
		return 0, false
	}
	switch name[end+1:] {
	case "string", "dynamic", "long", "int", "real", "bool", "datetime", "guid", "decimal", "timespan":
		i, ok := t.byName[name[:end]]
		return i, ok
	}
	return 0, false
}

// A Loss says how often something of records could not be stored as it came.
type Loss struct {
	Source tocsin.SourceID // empty for Windows events
	Shape  string          // name of the shape in content/normalize; empty for rows in the shape of their table
	Table  string
	Field  string // a column, or the path of a field in the record
	Reason string // "no column", "kept in AdditionalFields", "no datetime value", "no time", …
	Count  int64
}

// maxLosses bounds the distinct losses that are told apart, maxFieldName the
// bytes of a name that are kept of each.
const (
	maxLosses    = 10_000
	maxFieldName = 128
)

type losses struct {
	mu     sync.Mutex
	counts map[Loss]*atomic.Int64
}

func (l *losses) init() { l.counts = map[Loss]*atomic.Int64{} }

func (l *losses) add(key Loss) { l.counter(key).Add(1) }

// counter returns what counts a loss; whoever meets the same one often keeps it.
func (l *losses) counter(key Loss) *atomic.Int64 {
	if len(key.Field) > maxFieldName {
		key.Field = strings.ToValidUTF8(key.Field[:maxFieldName], "") + "…"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts[key] == nil {
		if len(l.counts) >= maxLosses {
			key = Loss{Reason: "other"}
		} else {
			key.Field = strings.Clone(key.Field) // it may be a part of the record
		}
		if l.counts[key] == nil {
			l.counts[key] = new(atomic.Int64)
		}
	}
	return l.counts[key]
}

// A tally counts that a field found no column, for the source it last came from.
type tally struct {
	source tocsin.SourceID
	table  string
	kept   string
	n      *atomic.Int64
}

// count counts a field; kept is the column that keeps it, empty if none does.
func (t *tally) count(n *Normalizer, source tocsin.SourceID, s *recordShape, table, field, kept string) {
	if t.n == nil || t.source != source || t.table != table || t.kept != kept {
		reason := "no column"
		if kept != "" {
			reason = "kept in " + kept
		}
		*t = tally{source: source, table: table, kept: kept, n: n.losses.counter(Loss{Source: source, Shape: s.name, Table: table, Field: field, Reason: reason})}
	}
	t.n.Add(1)
}

// Losses returns what could not be stored as it came since start, sorted: a
// field without a column in a table without AdditionalFields, a value of the
// wrong type, a row without a time.
func (n *Normalizer) Losses() []Loss {
	n.losses.mu.Lock()
	defer n.losses.mu.Unlock()
	list := make([]Loss, 0, len(n.losses.counts))
	for l, count := range n.losses.counts {
		l.Count = count.Load()
		list = append(list, l)
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.Source != b.Source {
			return a.Source < b.Source
		}
		if a.Shape != b.Shape {
			return a.Shape < b.Shape
		}
		if a.Table != b.Table {
			return a.Table < b.Table
		}
		if a.Field != b.Field {
			return a.Field < b.Field
		}
		return a.Reason < b.Reason
	})
	return list
}

// A rowBuilder fills the row of one event of a table.
type rowBuilder struct {
	t      *table
	source tocsin.SourceID // with shape, for what is lost
	shape  string
	clock  value.Clock // reads times without a zone
	values []tocsin.Value
	extra  []byte // members of AdditionalFields, without the braces
	lost   []Loss // counted when the row is finished
}

// addExtra keeps a field in AdditionalFields; json is its value.
func (b *rowBuilder) addExtra(name, json string) {
	if len(b.extra) > 0 {
		b.extra = append(b.extra, ',')
	}
	b.extra = append(jsontext.AppendQuoted(b.extra, name), ':')
	b.extra = append(b.extra, json...)
}

// set types a text for a column. A text that is no value of the column's type
// stays readable in AdditionalFields, and is counted.
func (b *rowBuilder) set(column int, text string) {
	c := &b.t.columns[column]
	v, ok := value.Of(c.Type, text, b.clock)
	if ok {
		b.values[column] = v
		return
	}
	b.mistyped(c, string(jsontext.AppendQuoted(nil, text)))
}

// mistyped keeps the JSON of a value that its column cannot hold.
func (b *rowBuilder) mistyped(c *schema.Column, json string) {
	b.lose(c.Name, "no "+c.Type.String()+" value")
	if b.t.additional >= 0 {
		b.addExtra(c.Name, json)
	}
}

func (b *rowBuilder) lose(field, reason string) {
	b.lost = append(b.lost, Loss{Source: b.source, Shape: b.shape, Table: b.t.name, Field: field, Reason: reason})
}

// finish counts what was lost, merges AdditionalFields and cuts the null values
// off the end.
func (b *rowBuilder) finish(n *Normalizer) []tocsin.Value {
	for _, l := range b.lost {
		n.losses.add(l)
	}
	if len(b.extra) > 0 && b.t.additional >= 0 {
		v := &b.values[b.t.additional]
		old := strings.TrimSpace(v.Str)
		switch {
		case v.Kind == tocsin.Dynamic && strings.HasPrefix(old, "{") && strings.TrimSpace(old[1:len(old)-1]) != "":
			*v = tocsin.DynamicValue(old[:len(old)-1] + "," + string(b.extra) + "}")
		case v.Kind == tocsin.Dynamic && old != "" && !strings.HasPrefix(old, "{"):
			*v = tocsin.DynamicValue(`{"` + b.t.columns[b.t.additional].Name + `":` + old + "," + string(b.extra) + "}")
		default:
			*v = tocsin.DynamicValue("{" + string(b.extra) + "}")
		}
	}
	end := len(b.values)
	for end > 0 && b.values[end-1].IsNull() {
		end--
	}
	return b.values[:end]
}
