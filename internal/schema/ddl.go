package schema

import (
	"fmt"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// StoredType returns the DuckDB type that holds a KQL type. A string is never
// NULL in the store; datetime and timespan are ticks of 100 ns.
func StoredType(t catalog.Type) string {
	switch t {
	case catalog.Bool:
		return "BOOLEAN"
	case catalog.Int:
		return "INTEGER"
	case catalog.Long, catalog.DateTime, catalog.TimeSpan:
		return "BIGINT"
	case catalog.Real:
		return "DOUBLE"
	case catalog.Decimal:
		return "DECIMAL(38,17)"
	case catalog.String:
		return "VARCHAR"
	case catalog.Dynamic:
		return "JSON"
	case catalog.Guid:
		return "UUID"
	}
	panic(fmt.Sprintf("schema: no stored type for %s", t))
}

// DDL returns the statement that creates the table in the store if it is not
// there yet. There are no keys and no indexes: see internal/telemetry.
func (t *Table) DDL() string {
	var b strings.Builder
	b.WriteString("CREATE TABLE IF NOT EXISTS " + Quote(t.Name) + " (")
	for i, c := range t.Columns {
		if t.Spelling(i) != i {
			continue
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(Quote(c.Stored) + " " + StoredType(c.Type))
	}
	b.WriteString(")")
	return b.String()
}

// Quote returns name as a quoted SQL identifier.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
