package exec

import "encoding/json"

// elements splits the JSON text of an array.
func elements(v any) ([]json.RawMessage, bool) {
	s, ok := v.(string)
	if !ok {
		return nil, false
	}
	var list []json.RawMessage
	if json.Unmarshal([]byte(s), &list) != nil || list == nil {
		return nil, false
	}
	return list, true
}
