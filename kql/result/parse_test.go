package result

import (
	"math"
	"testing"

	"github.com/tocsin-soc/tocsin/kql/catalog"
)

func TestParseCell_InverseOfAppendCell(t *testing.T) {
	for _, c := range []struct {
		kind catalog.Type
		cell any
	}{
		{catalog.Bool, true}, {catalog.Int, int64(-5)}, {catalog.Long, int64(math.MaxInt64)}, {catalog.Real, 0.1}, {catalog.Real, 1e-9}, {catalog.Real, math.Inf(-1)},
		{catalog.Decimal, "1.50"}, {catalog.String, "a\"b\n\u2028"}, {catalog.String, ""}, {catalog.DateTime, int64(639308592001234567)},
		{catalog.TimeSpan, int64(-1)}, {catalog.TimeSpan, int64(36610000001)}, {catalog.Dynamic, `{"a":[1,"x",null]}`}, {catalog.Dynamic, `"text"`},
		{catalog.Guid, "6f9619ff-8b86-d011-b42d-00cf4fc964ff"}, {catalog.Long, nil}, {catalog.String, nil},
	} {
		text := AppendCell(nil, c.kind, c.cell)
		got, err := ParseCell(c.kind, text)
		if err != nil || got != c.cell {
			t.Errorf("%s %v is written %s and read %v (%v)", c.kind, c.cell, text, got, err)
		}
	}
	for kind, text := range map[catalog.Type]string{catalog.Long: `"x"`, catalog.DateTime: `5`, catalog.String: `5`, catalog.Bool: `"yes"`} {
		if v, err := ParseCell(kind, []byte(text)); err == nil {
			t.Errorf("%s read as %s: %v", text, kind, v)
		}
	}
}
