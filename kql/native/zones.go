package native

import (
	_ "embed"
	"strings"
)

// zones are the names of the IANA time zone database, one per line; those that
// time.LoadLocation knows without files of the machine.
//
//go:embed zones.txt
var zones string

// ZoneNames is the JSON array of the names of all time zones.
func ZoneNames() string {
	var names []any
	for name := range strings.FieldsSeq(zones) {
		names = append(names, name)
	}
	return printJSON(names)
}
