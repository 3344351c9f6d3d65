package tuple

import (
	"fmt"
	"math"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// ValueOf gives a cell that is read back its kind, by the type of its column. The
// cell is nil, bool, int64, float64 or string.
func ValueOf(t catalog.Type, cell any) tocsin.Value {
	switch v := cell.(type) {
	case nil:
		return tocsin.Value{}
	case bool:
		return tocsin.BoolValue(v)
	case float64:
		return tocsin.Value{Kind: tocsin.Real, Num: int64(math.Float64bits(v))}
	case int64:
		switch t {
		case catalog.DateTime:
			return tocsin.Value{Kind: tocsin.DateTime, Num: v}
		case catalog.TimeSpan:
			return tocsin.Value{Kind: tocsin.TimeSpan, Num: v}
		}
		return tocsin.IntValue(v)
	case string:
		switch t {
		case catalog.Dynamic:
			return tocsin.DynamicValue(v)
		case catalog.Guid:
			return tocsin.Value{Kind: tocsin.GUID, Str: v}
		case catalog.Decimal:
			return tocsin.Value{Kind: tocsin.Decimal, Str: v}
		}
		return tocsin.StringValue(v)
	}
	panic(fmt.Sprintf("tuple: a cell cannot be %T", cell))
}
