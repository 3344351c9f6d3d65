package command

import (
	"encoding/json"
	"sort"
	"strings"

	"github.com/tocsin-soc/tocsin/kql/ast"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/parser"
	"github.com/tocsin-soc/tocsin/kql/token"
)

func version(w World, _ call) (*Answer, *token.Diagnostic) {
	return &Answer{Columns: columns("BuildVersion:string, BuildTime:datetime, ServiceType:string, ProductVersion:string"),
		Rows: [][]any{{w.version(), nil, "Engine", "Tocsin " + w.version()}}}, nil
}

func (w World) version() string {
	if w.Version == "" {
		return "dev"
	}
	return w.Version
}

// databaseID stands for the id of the only database.
const databaseID = "746f6373-696e-4000-8000-000000000001"

func databases(_ World, c call) (*Answer, *token.Diagnostic) {
	if d := c.isHere(); d != nil {
		return nil, d
	}
	return &Answer{Columns: columns("DatabaseName:string, PersistentStorage:string, Version:string, IsCurrent:bool, DatabaseAccessMode:string, PrettyName:string, ReservedSlot1:bool, DatabaseId:guid, InTransitionTo:string"),
		Rows: [][]any{{Database, "", "v1.1", true, "ReadOnly", "", nil, databaseID, ""}}}, nil
}

func tables(w World, c call) (*Answer, *token.Diagnostic) {
	list, d := w.chosen(c)
	out := &Answer{Columns: columns("TableName:string, DatabaseName:string, Folder:string, DocString:string")}
	for _, t := range list {
		out.Rows = append(out.Rows, []any{t.Name, Database, "", t.Doc})
	}
	return out, d
}

func tablesDetails(w World, c call) (*Answer, *token.Diagnostic) {
	list, d := w.chosen(c)
	out := &Answer{Columns: columns("TableName:string, DatabaseName:string, Folder:string, DocString:string, TotalExtents:long, TotalExtentSize:real, TotalOriginalSize:real, TotalRowCount:long, " +
		"HotExtents:long, HotExtentSize:real, HotOriginalSize:real, HotRowCount:long, AuthorizedPrincipals:string, RetentionPolicy:string, CachingPolicy:string, ShardingPolicy:string, MergePolicy:string, " +
		"StreamingIngestionPolicy:string, IngestionBatchingPolicy:string, MinExtentsCreationTime:datetime, MaxExtentsCreationTime:datetime, RowOrderPolicy:string, TableId:guid")}
	for _, t := range list {
		count := Count{t}
		out.Rows = append(out.Rows, []any{t.Name, Database, "", t.Doc, nil, nil, nil, count, nil, nil, nil, count, "", "", "", "", "", "", "", nil, nil, "", nil})
	}
	return out, d
}

func attributes(w World, c call) (*Answer, *token.Diagnostic) {
	list, d := w.chosen(c)
	out := &Answer{Columns: columns("AttributeName:string, AttributeType:string, ExtentSize:long, CompressionRatio:real, IndexSize:long, IndexSizePercent:real, OriginalSize:long, AttributeId:guid, SharedIndexSize:long, StorageEngineVersion:string")}
	for _, t := range list {
		for _, col := range t.Columns {
			out.Rows = append(out.Rows, []any{col.Name, NetType(col.Type), nil, nil, nil, nil, nil, nil, nil, ""})
		}
	}
	return out, d
}

const schemaColumns = "TableName:string, Schema:string, DatabaseName:string, Folder:string, DocString:string"

func cslSchema(w World, c call) (*Answer, *token.Diagnostic) {
	list, d := w.chosen(c)
	out := &Answer{Columns: columns(schemaColumns)}
	for _, t := range list {
		out.Rows = append(out.Rows, []any{t.Name, csl(t), Database, "", t.Doc})
	}
	return out, d
}

func databaseCSL(w World, c call) (*Answer, *token.Diagnostic) {
	if d := c.isHere(); d != nil {
		return nil, d
	}
	return cslSchema(w, call{all: true})
}

// csl declares columns in KQL: a:string, ['b c']:long.
func csl(t *catalog.Table) string {
	parts := make([]string, len(t.Columns))
	for i, col := range t.Columns {
		parts[i] = quoted(col.Name) + ":" + col.Type.String()
	}
	return strings.Join(parts, ", ")
}

func quoted(name string) string {
	if parser.IsName(name) {
		return name
	}
	return "['" + strings.ReplaceAll(name, "'", `\'`) + "']"
}

func databaseSchema(w World, c call) (*Answer, *token.Diagnostic) {
	if d := c.isHere(); d != nil {
		return nil, d
	}
	out := &Answer{Columns: columns("DatabaseName:string, TableName:string, ColumnName:string, ColumnType:string, IsDefaultTable:bool, IsDefaultColumn:bool, PrettyName:string, Version:string, Folder:string, DocString:string")}
	row := func(table, column, kind, doc string) {
		out.Rows = append(out.Rows, []any{Database, table, column, kind, false, false, "", "v1.1", "", doc})
	}
	row("", "", "", "")
	list, _ := w.chosen(call{all: true})
	for _, t := range list {
		row(t.Name, "", "", t.Doc)
		for _, col := range t.Columns {
			row(t.Name, col.Name, NetType(col.Type), col.Doc)
		}
	}
	return out, nil
}

func entities(w World, _ call) (*Answer, *token.Diagnostic) {
	out := &Answer{Columns: columns("DatabaseName:string, EntityType:string, EntityName:string, DocString:string, Folder:string, CslInputSchema:string, Content:string, CslOutputSchema:string, Properties:dynamic")}
	list, _ := w.chosen(call{all: true})
	for _, t := range list {
		out.Rows = append(out.Rows, []any{Database, "Table", t.Name, t.Doc, "", "", "", csl(t), nil})
	}
	for _, name := range w.Catalog.FunctionNames() {
		if f, ok := w.Catalog.Function(name); ok {
			out.Rows = append(out.Rows, []any{Database, "Function", f.Name, f.Doc, f.Folder, "(" + f.Parameters + ")", body(f), "", nil})
		}
	}
	return out, nil
}

func functions(w World, c call) (*Answer, *token.Diagnostic) {
	names := w.Catalog.FunctionNames()
	if len(c.names) > 0 {
		if _, ok := w.Catalog.Function(c.names[0].Text); !ok {
			return nil, unknown("function", c.names[0], names)
		}
		names = []string{c.names[0].Text}
	}
	out := &Answer{Columns: columns("Name:string, Parameters:string, Body:string, Folder:string, DocString:string")}
	for _, name := range names {
		if f, ok := w.Catalog.Function(name); ok {
			out.Rows = append(out.Rows, []any{f.Name, "(" + f.Parameters + ")", body(f), f.Folder, f.Doc})
		}
	}
	return out, nil
}

func body(f *catalog.SavedFunction) string { return "{\n" + f.Body + "\n}" }

func cluster(w World, _ call) (*Answer, *token.Diagnostic) {
	return &Answer{Columns: columns("NodeId:string, Address:string, Name:string, StartTime:datetime, IsAdmin:bool, MachineTotalMemory:long, MachineAvailableMemory:long, ProcessorCount:int, EnvironmentDescription:string"),
		Rows: [][]any{{Database, "", Database, nil, true, nil, nil, nil, "Tocsin " + w.version()}}}, nil
}

func diagnostics(w World, _ call) (*Answer, *token.Diagnostic) {
	return &Answer{Columns: columns("IsHealthy:bool, EnvironmentDescription:string, IsScaleOutRequired:bool, MachinesTotal:int, MachinesOffline:int, BuildVersion:string"),
		Rows: [][]any{{true, "Tocsin " + w.version(), false, int64(1), int64(0), w.version()}}}, nil
}

func plugins(World, call) (*Answer, *token.Diagnostic) {
	out := &Answer{Columns: columns("PluginName:string, IsEnabled:bool, State:string")}
	for _, f := range catalog.Functions().All() {
		if f.Kind != catalog.Plugin {
			continue
		}
		state := "Enabled"
		if f.Unsupported != "" {
			state = "Disabled"
		}
		out.Rows = append(out.Rows, []any{f.Name, f.Unsupported == "", state})
	}
	sort.Slice(out.Rows, func(i, j int) bool { return out.Rows[i][0].(string) < out.Rows[j][0].(string) })
	return out, nil
}

// The JSON documents that clients read (rest.md §8): the order of the fields is theirs.
type (
	columnJSON struct {
		Name      string `json:"Name"`
		Type      string `json:"Type"`
		CslType   string `json:"CslType"`
		DocString string `json:"DocString,omitempty"`
	}
	tableJSON struct {
		Name           string       `json:"Name"`
		DefaultColumn  *string      `json:"DefaultColumn"`
		Folder         string       `json:"Folder"`
		DocString      string       `json:"DocString"`
		OrderedColumns []columnJSON `json:"OrderedColumns"`
	}
	parameterJSON struct {
		Name            string       `json:"Name"`
		Type            string       `json:"Type,omitempty"`
		CslType         string       `json:"CslType,omitempty"`
		CslDefaultValue string       `json:"CslDefaultValue,omitempty"`
		Columns         []columnJSON `json:"Columns,omitempty"`
	}
	functionJSON struct {
		Name            string          `json:"Name"`
		InputParameters []parameterJSON `json:"InputParameters"`
		Body            string          `json:"Body"`
		Folder          string          `json:"Folder"`
		DocString       string          `json:"DocString"`
		FunctionKind    string          `json:"FunctionKind"`
		OutputColumns   []columnJSON    `json:"OutputColumns"`
	}
	databaseDoc struct {
		Name              string                  `json:"Name"`
		Tables            map[string]tableJSON    `json:"Tables"`
		ExternalTables    struct{}                `json:"ExternalTables"`
		MaterializedViews struct{}                `json:"MaterializedViews"`
		PrettyName        *string                 `json:"PrettyName"`
		MajorVersion      int                     `json:"MajorVersion"`
		MinorVersion      int                     `json:"MinorVersion"`
		Functions         map[string]functionJSON `json:"Functions"`
		EntityGroups      struct{}                `json:"EntityGroups"`
	}
)

func tableDoc(t *catalog.Table) tableJSON {
	out := tableJSON{Name: t.Name, DocString: t.Doc, OrderedColumns: []columnJSON{}}
	for _, col := range t.Columns {
		out.OrderedColumns = append(out.OrderedColumns, columnJSON{col.Name, NetType(col.Type), col.Type.String(), col.Doc})
	}
	return out
}

func jsonSchema(w World, c call) (*Answer, *token.Diagnostic) {
	list, d := w.chosen(c)
	out := &Answer{Columns: columns(schemaColumns)}
	for _, t := range list {
		out.Rows = append(out.Rows, []any{t.Name, text(tableDoc(t)), Database, "", t.Doc})
	}
	return out, d
}

func databaseJSON(w World, c call) (*Answer, *token.Diagnostic) {
	if d := c.isHere(); d != nil {
		return nil, d
	}
	return &Answer{Columns: columns("DatabaseSchema:string"), Rows: [][]any{{w.document()}}}, nil
}

func clusterJSON(w World, _ call) (*Answer, *token.Diagnostic) {
	return &Answer{Columns: columns("ClusterSchema:string"), Rows: [][]any{{w.document()}}}, nil
}

func (w World) document() string {
	doc := databaseDoc{Name: Database, Tables: map[string]tableJSON{}, MajorVersion: 1, MinorVersion: 1, Functions: map[string]functionJSON{}}
	list, _ := w.chosen(call{all: true})
	for _, t := range list {
		doc.Tables[t.Name] = tableDoc(t)
	}
	for _, name := range w.Catalog.FunctionNames() {
		if f, ok := w.Catalog.Function(name); ok {
			doc.Functions[f.Name] = functionDoc(f)
		}
	}
	return text(map[string]any{"Databases": map[string]databaseDoc{Database: doc}})
}

func functionDoc(f *catalog.SavedFunction) functionJSON {
	return functionJSON{Name: f.Name, InputParameters: inputs(f), Body: body(f), Folder: f.Folder, DocString: f.Doc, FunctionKind: "Unknown", OutputColumns: []columnJSON{}}
}

func functionJSONSchema(w World, c call) (*Answer, *token.Diagnostic) {
	f, ok := w.Catalog.Function(c.names[0].Text)
	if !ok {
		return nil, unknown("function", c.names[0], w.Catalog.FunctionNames())
	}
	return &Answer{Columns: columns("Name:string, Schema:string, Folder:string, DocString:string"), Rows: [][]any{{f.Name, text(functionDoc(f)), f.Folder, f.Doc}}}, nil
}

// inputs reads the declaration of a function's parameters.
func inputs(f *catalog.SavedFunction) []parameterJSON {
	out := []parameterJSON{}
	src := "let f = (" + f.Parameters + ") { 1 };"
	script, _ := parser.Parse(src)
	if len(script.Stmts) == 0 {
		return out
	}
	let, ok := script.Stmts[0].(*ast.LetStmt)
	if !ok {
		return out
	}
	lit, ok := let.Value.(*ast.FuncLit)
	if !ok {
		return out
	}
	for _, p := range lit.Params {
		if p.Name == nil {
			continue
		}
		in := parameterJSON{Name: p.Name.Name}
		switch {
		case p.Rows != nil:
			in.Columns = rowColumns(p.Rows)
		case p.Type != nil:
			t, _ := catalog.ParseType(p.Type.Name)
			in.Type, in.CslType = NetType(t), t.String()
		}
		if p.Default != nil {
			in.CslDefaultValue = p.Default.Span().Of(src)
		}
		out = append(out, in)
	}
	return out
}

// rowColumns are the columns a parameter of rows names; (*) is a column of that name.
func rowColumns(s *ast.RowSchema) []columnJSON {
	var out []columnJSON
	for _, d := range s.Columns {
		if d.Name != nil && d.Type != nil {
			t, _ := catalog.ParseType(d.Type.Name)
			out = append(out, columnJSON{Name: d.Name.Name, Type: NetType(t), CslType: t.String()})
		}
	}
	if s.Open {
		out = append(out, columnJSON{Name: "*", Type: "System.Object", CslType: "*"})
	}
	return out
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("command: " + err.Error()) // names and texts always marshal
	}
	return string(b)
}

// NetType is the name .NET has for a type: what getschema and the schema commands show.
func NetType(t catalog.Type) string {
	switch t {
	case catalog.Bool:
		return "System.SByte"
	case catalog.Int:
		return "System.Int32"
	case catalog.Long:
		return "System.Int64"
	case catalog.Real:
		return "System.Double"
	case catalog.Decimal:
		return "System.Data.SqlTypes.SqlDecimal"
	case catalog.String:
		return "System.String"
	case catalog.DateTime:
		return "System.DateTime"
	case catalog.TimeSpan:
		return "System.TimeSpan"
	case catalog.Guid:
		return "System.Guid"
	}
	return "System.Object"
}
