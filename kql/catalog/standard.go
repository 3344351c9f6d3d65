package catalog

import "strings"

// StandardColumns are the columns Log Analytics gives every table and schema
// listings leave out, in its order. Published content selects them, and the
// expected columns of the corpus contain them.
// Source: "Standard columns in Azure Monitor Logs" and the corpus itself.
func StandardColumns(table string) []Column {
	cols := []Column{
		{Name: "TenantId", Type: String}, {Name: "TimeGenerated", Type: DateTime}, {Name: "Type", Type: String},
		{Name: "SourceSystem", Type: String}, {Name: "_ResourceId", Type: String}, {Name: "_SubscriptionId", Type: String},
		{Name: "_ItemId", Type: String}, {Name: "_BilledSize", Type: Real}, {Name: "_IsBillable", Type: String},
		{Name: "_TimeReceived", Type: DateTime},
	}
	// Defender's tables have its own name of the time beside TimeGenerated.
	for _, prefix := range []string{"DeviceTvm", "DeviceBaseline", "ExposureGraph", "Behavior"} {
		if strings.HasPrefix(table, prefix) {
			return append(cols, Column{Name: "Timestamp", Type: DateTime})
		}
	}
	return cols
}

// WithStandardColumns returns the table of a Log Analytics schema: its columns,
// then the standard ones it does not list. AzureDiagnostics is open: its columns
// depend on what was sent to it.
func WithStandardColumns(name string, columns []Column) *Table {
	t := NewTable(name, append(append([]Column(nil), columns...), StandardColumns(name)...))
	t.Open = name == "AzureDiagnostics"
	return t
}
