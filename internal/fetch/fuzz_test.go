package fetch

import (
	"testing"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// FuzzDecode: any bytes are rows as wide as the columns, or an error.
func FuzzDecode(f *testing.F) {
	f.Add("x.csv", "", []byte("a,\"b\n1,2"))
	f.Add("x.json", "", []byte(`[{"a":{"b":[1]}}] {"a":null}`))
	f.Add("x.zip", "txt", []byte("PK\x03\x04"))
	f.Add("x.gz", "tsv", []byte("\x1f\x8b\x08"))
	f.Fuzz(func(t *testing.T, name, format string, body []byte) {
		op := &plan.External{Format: format, Cols: []plan.Column{{Name: "a", Type: catalog.String}, {Name: "b", Type: catalog.Dynamic}}}
		form, _, err := formOf(op)
		if err != nil {
			return
		}
		rows, err := form.decode(name, body)
		if err != nil {
			return
		}
		for _, row := range rows {
			if len(row) != 2 {
				t.Fatalf("a row of %d cells", len(row))
			}
		}
	})
}
