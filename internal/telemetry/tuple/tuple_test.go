package tuple

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// everyType is a table with a column of each type.
func everyType() *schema.Table {
	t := schema.NewTable("T", []schema.Column{
		{Name: "TimeGenerated", Type: catalog.DateTime}, {Name: "Timestamp", Type: catalog.DateTime},
		{Name: "Flag", Type: catalog.Bool}, {Name: "Small", Type: catalog.Int}, {Name: "Big", Type: catalog.Long}, {Name: "Ratio", Type: catalog.Real},
		{Name: "Exact", Type: catalog.Decimal}, {Name: "Name", Type: catalog.String}, {Name: "Length", Type: catalog.TimeSpan}, {Name: "Bag", Type: catalog.Dynamic},
		{Name: "Guid", Type: catalog.Guid}, {Name: "Type", Type: catalog.String},
		{Name: schema.EventIDColumn, Type: catalog.String}, {Name: schema.IngestionTimeColumn, Type: catalog.DateTime}, {Name: schema.SourceColumn, Type: catalog.String},
	})
	t.TimeColumn = "TimeGenerated"
	return t
}

func event(values ...tocsin.Value) *tocsin.Event {
	return &tocsin.Event{ID: "id", Table: "T", Source: "s", OccurredAt: noon, ReceivedAt: noon.Add(time.Second), Values: values}
}

// written shows the cells of a row.
func written(t *Tuple) string {
	var out []string
	for c := t.Cells(); c.Next(); {
		name := "twin"
		if c.Column != TwinColumn {
			name = t.Layout.Table.Columns[c.Column].Name
		}
		switch c.Kind {
		case Text:
			out = append(out, fmt.Sprintf("%s=%q", name, c.Text))
		case Real:
			out = append(out, fmt.Sprintf("%s=%v", name, math.Float64frombits(c.Num)))
		case UUID, Decimal:
			out = append(out, fmt.Sprintf("%s=%x:%x", name, c.High, c.Num))
		case Long, Int, Bool:
			out = append(out, fmt.Sprintf("%s=%d", name, int64(c.Num)))
		}
	}
	return strings.Join(out, " ")
}

func TestBlock_Add(t *testing.T) {
	l := NewLayout(everyType(), true)
	null := tocsin.Value{}
	later := tocsin.TimeValue(noon.Add(time.Hour))
	at, hour := fmt.Sprint(tocsin.Ticks(noon)), fmt.Sprint(tocsin.Ticks(noon.Add(time.Hour)))
	twin := event()
	twin.Twin = "agent\nmessage"
	for _, c := range []struct {
		name string
		ev   *tocsin.Event
		want string
	}{
		{"no values", event(), "TimeGenerated=" + at + " Timestamp=" + at + ` _EventId="id" _Source="s"`},
		{"one time stands in for the other", event(null, later), "TimeGenerated=" + hour + " Timestamp=" + hour + ` _EventId="id" _Source="s"`},
		{"every type", event(null, null, tocsin.BoolValue(true), tocsin.IntValue(-7), tocsin.IntValue(math.MinInt64), tocsin.RealValue(2.5), tocsin.Value{Kind: tocsin.Decimal, Str: "-1"},
			tocsin.StringValue("n"), tocsin.Value{Kind: tocsin.TimeSpan, Num: -1}, tocsin.Value{Kind: tocsin.Dynamic, Str: `{"a":1}`}, tocsin.Value{Kind: tocsin.GUID, Str: "00000000-0000-0000-0000-000000000001"}, tocsin.StringValue("Other")),
			`Flag=1 Small=-7 Big=-9223372036854775808 Ratio=2.5 Exact=ffffffffffffffff:fe9cba87a2760000 Name="n" Length=-1 Bag="{\"a\":1}" Guid=8000000000000000:1 Type="Other" TimeGenerated=` + at + " Timestamp=" + at + ` _EventId="id" _Source="s"`},
		{"what says no more than nothing", event(null, null, null, null, null, null, null, tocsin.StringValue(""), null, null, null, tocsin.StringValue("T")), "TimeGenerated=" + at + " Timestamp=" + at + ` _EventId="id" _Source="s"`},
		{"a whole number in a column of reals", event(null, null, null, null, null, tocsin.IntValue(3)), "Ratio=3 TimeGenerated=" + at + " Timestamp=" + at + ` _EventId="id" _Source="s"`},
		{"bytes that are no text", event(null, null, null, null, null, null, null, tocsin.StringValue("a\xffb")), `Name="a` + "\uFFFD" + `b" TimeGenerated=` + at + " Timestamp=" + at + ` _EventId="id" _Source="s"`},
		{"twin", twin, "TimeGenerated=" + at + " Timestamp=" + at + ` twin="agent\nmessage" _EventId="id" _Source="s"`},
	} {
		var b Block
		row, reason := b.Add(l, c.ev)
		if got := written(&row); reason != "" || got != c.want {
			t.Errorf("%s: %s\n got %s\nwant %s", c.name, reason, got, c.want)
		}
	}
}

func TestBlock_RefusesWhatDoesNotFit(t *testing.T) {
	null := tocsin.Value{}
	for _, c := range []struct {
		ev   *tocsin.Event
		want string
	}{
		{event(make([]tocsin.Value, 13)...), "13 values for the 12 columns of T"},
		{event(null, null, tocsin.StringValue("yes")), `column Flag of T takes bool, not string "yes"`},
		{event(null, null, null, tocsin.IntValue(math.MaxInt32+1)), `column Small of T takes int, not long "2147483648"`},
		{event(null, null, null, null, null, null, tocsin.Value{Kind: tocsin.Decimal, Str: "1e5"}), `column Exact of T takes decimal, not decimal "1e5"`},
		{event(null, null, null, null, null, null, null, null, null, null, tocsin.Value{Kind: tocsin.GUID, Str: "x"}), `column Guid of T takes guid, not guid "x"`},
		{&tocsin.Event{ID: "id", Twin: "x", OccurredAt: noon}, "a row of T is shown in no other table"},
	} {
		var b Block
		if _, reason := b.Add(NewLayout(everyType(), false), c.ev); reason != c.want {
			t.Errorf("got  %s\nwant %s", reason, c.want)
		}
	}
}

// TestBlock_UsedAgain: rows of a block that is used again are as good as the
// first, whatever their size, and earlier rows stay until it is.
func TestBlock_UsedAgain(t *testing.T) {
	l := NewLayout(everyType(), false)
	var b Block
	for round := range 3 {
		b.Reset()
		var rows []Tuple
		var want []string
		for i := range 300 {
			name := strings.Repeat(fmt.Sprint(round, i, " "), 1+i*i%9000)
			ev := event(make([]tocsin.Value, 12)...)
			ev.Values[7] = tocsin.StringValue(name)
			row, _ := b.Add(l, ev)
			ev.Values[7] = tocsin.StringValue("changed")
			rows, want = append(rows, row), append(want, name)
		}
		for i := range rows {
			if got := written(&rows[i]); !strings.HasPrefix(got, fmt.Sprintf("Name=%q", want[i])) || rows[i].Texts != len(want[i]) {
				t.Fatalf("round %d, row %d: %d bytes of texts, want %d", round, i, rows[i].Texts, len(want[i]))
			}
		}
		if uses := b.Uses(); len(uses) != 1 || !uses[0].Brings(7) || uses[0].Brings(8) || uses[0].Twin {
			t.Fatalf("round %d: %+v", round, uses)
		}
	}
}

func TestTuple_Shorten(t *testing.T) {
	l := NewLayout(everyType(), false)
	ev := event(make([]tocsin.Value, 12)...)
	long := strings.Repeat("é", 1000)
	ev.Values[4], ev.Values[7], ev.Values[9] = tocsin.IntValue(5), tocsin.StringValue(long), tocsin.Value{Kind: tocsin.Dynamic, Str: `{"a":"` + long + `","b":2}`}
	ev.Values[2] = tocsin.BoolValue(false)
	var b Block
	row, _ := b.Add(l, ev)
	row.Shorten()
	row.SetBool(2, true)
	mark := "… [shortened by Tocsin: 2000 bytes]"
	want := fmt.Sprintf("Flag=1 Big=5 Name=%q Bag=%q TimeGenerated=", long[:1024]+mark, `{"a":"`+long[:1022]+mark+`","b":2}`)
	if got := written(&row); !strings.HasPrefix(got, want) {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	row.Cut(7, 11)
	if got := written(&row); !strings.Contains(got, fmt.Sprintf("Name=%q ", long[:10])) {
		t.Errorf("cut: %s", got)
	}
}
