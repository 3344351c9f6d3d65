package normalize

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// ownTables and ownMappings are what a detection engineer writes for door readers.
var (
	ownTables = fstest.MapFS{
		"Door_CL.yaml":  {Data: []byte("name: Door_CL\ncolumns: |\n  TimeGenerated datetime\n  Badge_s string\n  Level_d real\n")},
		"Okta2_CL.yaml": {Data: []byte("name: Okta2_CL\ncolumns: |\n  TimeGenerated datetime\n  Kind string\n")},
	}
	ownMappings = fstest.MapFS{
		"doors/door.yml": {Data: []byte(`groups:
  cloudtrail: |
    Badge_s  badge | upper
maps:
  level: {low: "1", high: "3"}
shapes:
  - name: acme-door
    recognise: {has: [badge, doorLevel]}
    time: at
    logsource: |
      product  = acme
      service  = doors
    fields: |
      User  badge
    rows:
      - table: Door_CL
        use: [cloudtrail]
        columns: |
          Level_d  doorLevel | map level
  - name: acme-guardduty
    recognise: {has: [schemaVersion, accountId, arn, type, resource, service.detectorId]}
    time: updatedAt
    rows:
      - table: Okta2_CL
        columns: |
          Kind  type
  - name: acme-vague
    recognise: {has: [eventVersion]}
    rows: [{table: Okta2_CL}]
`)},
		"tables.yaml": {Data: []byte("tables:\n  Door_CL:\n    product: acme\n    category: rows\n")},
	}
)

func TestNew_OwnFolders(t *testing.T) {
	all, err := tables()
	if err != nil {
		t.Fatal(err)
	}
	own, mistakes, err := all.With(ownTables, "own")
	if err != nil || len(mistakes) > 0 {
		t.Fatal(mistakes, err)
	}
	n, err := New(own, os.DirFS("../../content/normalize"), Folder{Label: "own", Files: ownMappings})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ body, table, want, source string }{
		{`{"badge":"k-7","doorLevel":"high","at":"2026-11-21T08:00:00Z","colour":"red"}`, "Door_CL", `2026-11-21T08:00:00.0000000 K-7 3 Door_CL {"colour":"red"}`, "acme//doors"},
		// Of two shapes that ask the same, one's own wins.
		{`{"schemaVersion":"2.0","accountId":"1","arn":"a","type":"Recon","resource":{},"service":{"detectorId":"d"},"updatedAt":"2026-11-21T08:00:00Z"}`, "Okta2_CL", `2026-11-21T08:00:00.0000000 Recon Okta2_CL {"schemaVersion":"2.0","accountId":"1","arn":"a","service":{"detectorId":"d"}}`, "//"},
		// A shipped one that asks more wins over one's own.
		{`{"eventVersion":"1.08","eventSource":"iam.amazonaws.com","eventName":"CreateUser","eventTime":"2026-11-21T08:00:00Z","awsRegion":"eu-1"}`, "AWSCloudTrail", "", "aws//cloudtrail"},
	} {
		records, rejects := n.Batch([]tocsin.Raw{{Source: "s", Format: tocsin.FormatJSONLine, Position: "1", Body: []byte(c.body), ReceivedAt: at}})
		if len(rejects) > 0 {
			t.Errorf("%s: %s", c.body, rejects[0].Reason)
			continue
		}
		ev, src := records[0].Events[0], records[0].LogSource
		if got := src.Product + "/" + src.Category + "/" + src.Service; got != c.source || ev.Table != c.table {
			t.Errorf("%s: got %s, %s", c.body, ev.Table, got)
		}
		var values []string
		for i := range ev.Values {
			if !ev.Values[i].IsNull() {
				values = append(values, strings.TrimSuffix(valueText(&ev.Values[i]), "Z"))
			}
		}
		if got := strings.Join(values, " "); c.want != "" && got != c.want {
			t.Errorf("%s: got %s, want %s", c.body, got, c.want)
		}
	}
	// A row in the table's own shape looks to Sigma as tables.yaml says.
	records, rejects := n.Batch([]tocsin.Raw{{Source: "s", Format: tocsin.FormatRow, Table: "Door_CL", Position: "2", Body: []byte(`{"TimeGenerated":"2026-11-21T08:00:00Z","Badge_s":"x"}`), ReceivedAt: at}})
	if len(rejects) > 0 || records[0].LogSource.Category != "rows" {
		t.Error(records, rejects)
	}
}

// FuzzMappings loads a mapping file that anybody may have written.
func FuzzMappings(f *testing.F) {
	f.Add(ownMappings["doors/door.yml"].Data)
	f.Add([]byte("channels: [C]\nrows:\n  - table: T\n    columns: |\n      A  B | nope\n    overrides: [{events: [1], columns: 'C D'}]\n"))
	f.Add([]byte("tables:\n  T: {product: windows, fields: 'A B C', categories: {column: X}}\n"))
	tables := map[string]*table{"T": newTable(schema.NewTable("T", []schema.Column{{Name: "TimeGenerated", Type: catalog.DateTime}, {Name: "A", Type: catalog.String}}))}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, name := range []string{"own.yaml", tablesFile} {
			folders := []Folder{{Label: "own", Files: fstest.MapFS{name: {Data: text}}, IsOwn: true}}
			_, err := loadMapping(folders, tables)
			if err == nil {
				_, err = loadViews(folders, tables)
			}
			list, ok := err.(interface{ Unwrap() []error })
			if err != nil && !ok {
				t.Fatalf("%T: %v", err, err)
			}
			for i := 0; ok && i < len(list.Unwrap()); i++ {
				m, isMistake := list.Unwrap()[i].(*schema.Mistake)
				if !isMistake || m.Line < 1 || m.Line > strings.Count(string(text), "\n")+strings.Count(string(text), "\r")+2 || m.Text == "" {
					t.Errorf("%v", list.Unwrap()[i])
				}
			}
		}
	})
}
