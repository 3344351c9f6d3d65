package simulate

import "strconv"

// atoi reads a number that this package wrote itself.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic("simulate: not a number: " + s)
	}
	return n
}

func itoa(n int) string { return strconv.Itoa(n) }

// quoted wraps a value in double quotes, as Entra ID logs modified properties.
func quoted(s string) string { return `"` + s + `"` }
