package expression

import (
	"strconv"
	"strings"

	"github.com/tocsin-soc/tocsin/internal/jsontext"
)

// firstElement takes the first element of a JSON array; another text stays.
func firstElement(s string) (string, bool) {
	text, found := s, false
	if !jsontext.EachElement(s, func(element string) bool {
		text, found = element, true
		return false
	}) {
		return s, true
	}
	return text, found
}

// joinElements writes the elements of a JSON array behind one another, with
// commas; another text stays.
func joinElements(s string) (string, bool) {
	var list []string
	if !jsontext.EachElement(s, func(element string) bool {
		list = append(list, element)
		return true
	}) {
		return s, true
	}
	return strings.Join(list, ", "), len(list) > 0
}

// secondsToMillis turns a length of time in seconds into whole milliseconds.
func secondsToMillis(s string) (string, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 || f > 1e12 {
		return "", false
	}
	return strconv.FormatInt(int64(f*1000+0.5), 10), true
}
