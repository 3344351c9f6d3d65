package telemetry

import (
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// undeclared adds the tables of the database that the schema lacks: somebody left
// out a folder of tables, for one start or for good. Nobody can name them, but
// their rows are kept, still count as stored, and are there again with the
// declaration. A name that differs from a declared one only in case is refused.
func undeclared(have map[string][]dbColumn, tables map[string]*storedTable) error {
	folded := map[string]*storedTable{}
	for name, t := range tables {
		folded[strings.ToLower(name)] = t
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if tables[name] != nil {
			continue
		}
		if t := folded[strings.ToLower(name)]; t != nil {
			return tocsin.Errorf(tocsin.Invalid, "Table %s is stored as %s, which the store does not tell from it. Change the name in its definition%s to %s.", t.name, name, in(t.decl), name)
		}
		var columns []schema.Column
		for _, c := range have[name] {
			if (c.name == "TimeGenerated" || c.name == "Timestamp") && c.kind == schema.StoredType(catalog.DateTime) {
				columns = append(columns, schema.Column{Name: c.name, Type: catalog.DateTime})
			}
		}
		columns = append(columns,
			schema.Column{Name: schema.EventIDColumn, Type: catalog.String}, schema.Column{Name: schema.IngestionTimeColumn, Type: catalog.DateTime}, schema.Column{Name: schema.SourceColumn, Type: catalog.String})
		t := newStoredTable(schema.NewTable(name, columns))
		t.isUndeclared = true
		tables[name] = t
	}
	return nil
}

// in says in which file a table of somebody's own is declared, with a space before.
func in(t *schema.Table) string {
	if t.Path == "" {
		return ""
	}
	return " in " + t.Path
}

// tellUndeclared says which tables nobody declares.
func tellUndeclared(log *slog.Logger, tables map[string]*storedTable) {
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		if tables[name].isUndeclared {
			log.Warn("a table holds events, but no file declares it: queries do not find them until the --tables folder that does is given again", "table", name)
		}
	}
}
