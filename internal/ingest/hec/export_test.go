package hec

import (
	"encoding/json"
	"reflect"
	"testing"
)

// CheckMembers compares the scan of an object with encoding/json's.
func CheckMembers(t *testing.T, text []byte) {
	var want map[string]json.RawMessage
	if len(text) == 0 || text[0] != '{' || json.Unmarshal(text, &want) != nil {
		return
	}
	n, ok := cut(text)
	if !ok {
		t.Fatalf("%q is a whole object", text)
	}
	got := map[string]json.RawMessage{}
	members(text[:n], func(name string, value json.RawMessage) {
		var plain string
		_ = json.Unmarshal([]byte(`"`+name+`"`), &plain) // as encoding/json mends what is no UTF-8
		if plain == "" {
			plain = name
		}
		got[plain] = value
	})
	if len(want) == len(got) && !reflect.DeepEqual(got, want) {
		for name := range want {
			if string(want[name]) != string(got[name]) {
				t.Errorf("%q: member %q is %q, want %q", text, name, got[name], want[name])
			}
		}
	}
}
