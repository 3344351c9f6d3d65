package telemetry

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// The agents of two generations keep a Windows event in two tables: Event with
// its data as XML, twice, and WindowsEvent with the same data as an object.
// Storing both is two thirds of all bytes and time, so a row of WindowsEvent is
// stored and its twin in Event is made when somebody reads it. Rows that were
// sent to Event itself are stored there; readers see both.
const (
	twinSource = "WindowsEvent"
	twinTable  = "Event"
	twinColumn = "_Twin" // of the source: tocsin.Event.Twin, NULL when there is no twin
)

// A Renderer writes the data of a Windows event as Event has it. twin is
// tocsin.Event.Twin, data the column EventData of WindowsEvent.
type Renderer struct {
	Data       func(twin, data string, at time.Time) string // Event.EventData
	Parameters func(twin, data string) string               // Event.ParameterXml
}

// twinCells says how the columns of Event are made: the column of WindowsEvent
// that has the same cells, or SQL. What is missing has no value.
var twinCells = map[string]string{
	"TimeGenerated": "TimeGenerated", "Computer": "Computer", "EventID": "EventID", "EventLevel": "EventLevel", "EventLevelName": "EventLevelName",
	"EventCategory": "Task", "EventLog": "Channel", "Source": "Provider", "_Unmapped": "_Unmapped",
	schema.EventIDColumn: schema.EventIDColumn, schema.IngestionTimeColumn: schema.IngestionTimeColumn, schema.SourceColumn: schema.SourceColumn,
}

// twinSQL makes the columns that need more than a copy; %s stand for columns of
// WindowsEvent.
var twinSQL = map[string]struct {
	sql  string
	from []string
}{
	"EventData":           {"tocsin_event_data(" + twinColumn + ", CAST(%s AS VARCHAR), %s)", []string{"EventData", "TimeGenerated"}},
	"ParameterXml":        {"tocsin_event_parameters(" + twinColumn + ", CAST(%s AS VARCHAR))", []string{"EventData"}},
	"SourceSystem":        {"substr(split_part(" + twinColumn + ", chr(10), 1), 2)", nil},
	"RenderedDescription": {"substr(" + twinColumn + ", position(chr(10) IN " + twinColumn + ") + 1)", nil},
	"UserName": {`CASE %[1]s WHEN 'S-1-5-18' THEN 'NT AUTHORITY\SYSTEM' WHEN 'S-1-5-19' THEN 'NT AUTHORITY\LOCAL SERVICE'
		WHEN 'S-1-5-20' THEN 'NT AUTHORITY\NETWORK SERVICE' WHEN 'S-1-5-7' THEN 'NT AUTHORITY\ANONYMOUS LOGON' ELSE %[1]s END`, []string{"SystemUserId"}},
}

// functions are what twinSQL calls.
func (r *Renderer) functions() []duck.Function {
	text := func(cell any) string { s, _ := cell.(string); return s }
	return []duck.Function{
		{Name: "tocsin_event_data", Args: []duck.Type{duck.Varchar, duck.Varchar, duck.BigInt}, Result: duck.Varchar, Call: func(args []any) any {
			ticks, _ := args[2].(int64)
			return r.Data(text(args[0]), text(args[1]), tocsin.FromTicks(ticks))
		}},
		{Name: "tocsin_event_parameters", Args: []duck.Type{duck.Varchar, duck.Varchar}, Result: duck.Varchar, Call: func(args []any) any {
			return r.Parameters(text(args[0]), text(args[1]))
		}},
	}
}

// renders reports whether rows may have twins.
func (o *Options) renders() bool { return o.Render.Data != nil && o.Render.Parameters != nil }

// linkTwins tells the source of twins that it is one.
func linkTwins(tables map[string]*storedTable) {
	if source, ok := tables[twinSource]; ok && tables[twinTable] != nil {
		source.twins = true
	}
}

// publish shows a table to readers, and what is made of it.
func (s *Store) publish(e *engine.Engine, t *storedTable) error {
	for name, query := range s.views(t) {
		if err := e.Publish(name, query); err != nil {
			return err
		}
	}
	return nil
}

// views returns the views that show a table and what is made of it, by name.
func (s *Store) views(t *storedTable) map[string]string {
	views := map[string]string{}
	source := s.tables[twinSource]
	if t.name == twinTable || t.twins {
		shown := s.tables[twinTable]
		var parts []string
		if shown.exists {
			parts = append(parts, shown.view(engine.Database))
		}
		if source != nil && source.exists && source.hasTwin() && s.opts.renders() {
			parts = append(parts, source.twinView(shown.decl))
		}
		if len(parts) > 0 {
			views[twinTable] = strings.Join(parts, " UNION ALL ")
		}
	}
	if t.name != twinTable && t.exists {
		views[t.name] = t.view(engine.Database)
	}
	return views
}

// twinView returns the query that makes the rows of the twin table.
func (t *storedTable) twinView(shown *schema.Table) string {
	cell := func(name string) string {
		i, ok := t.decl.Column(name)
		if !ok {
			return "NULL"
		}
		if column := t.decl.Columns[i]; t.has(i) {
			return schema.Quote(column.Stored)
		}
		return t.absent(i)
	}
	var columns []string
	for i, c := range shown.Columns {
		if shown.Spelling(i) != i {
			continue
		}
		sql := "NULL"
		if c.Type == catalog.String {
			sql = "''"
		}
		if from, ok := twinCells[c.Name]; ok {
			sql = cell(from)
		} else if made, ok := twinSQL[c.Name]; ok {
			args := make([]any, len(made.from))
			for j, from := range made.from {
				args[j] = cell(from)
			}
			sql = fmt.Sprintf(made.sql, args...)
		} else if c.Name == "Type" {
			sql = "'" + twinTable + "'"
		}
		columns = append(columns, "CAST("+sql+" AS "+schema.StoredType(c.Type)+") AS "+schema.Quote(c.Stored))
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + schema.Quote(engine.Database) + "." + t.qualified() + " WHERE " + twinColumn + " IS NOT NULL"
}
