package result

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/native"
)

// ParseCell is the inverse of AppendCell: the cell of a column of type t that
// this JSON stands for.
func ParseCell(t catalog.Type, text []byte) (any, error) {
	if string(text) == "null" {
		return nil, nil
	}
	var s string
	isText := len(text) > 0 && text[0] == '"'
	if isText && t != catalog.Dynamic {
		if err := json.Unmarshal(text, &s); err != nil {
			return nil, fmt.Errorf("reading %s: %w", t, err)
		}
	}
	switch t {
	case catalog.Dynamic, catalog.Decimal:
		if t == catalog.Decimal && isText {
			return s, nil
		}
		return string(text), nil
	case catalog.Bool:
		return strconv.ParseBool(string(text))
	case catalog.Int, catalog.Long:
		return strconv.ParseInt(string(text), 10, 64)
	case catalog.Real:
		if isText { // NaN and the infinities
			return strconv.ParseFloat(s, 64)
		}
		return strconv.ParseFloat(string(text), 64)
	case catalog.DateTime:
		if v, ok := native.ParseDateTime(s); ok && isText {
			return v, nil
		}
		return nil, fmt.Errorf("%s is not a datetime", text)
	case catalog.TimeSpan:
		if v, ok := native.ParseTimeSpan(s); ok && isText {
			return v, nil
		}
		return nil, fmt.Errorf("%s is not a timespan", text)
	}
	if !isText {
		return nil, fmt.Errorf("%s is not the text of a %s", text, t)
	}
	return s, nil
}
