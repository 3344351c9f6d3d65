package expression

import "strings"

// contextLine takes a line out of ContextInfo of PowerShell 4103, which is
// written as "        Command Name = Get-Process". Its words follow the language
// of the system; other languages than English give nothing.
func contextLine(name string) Step {
	return func(s string) (string, bool) {
		for line := range strings.Lines(s) {
			key, value, ok := strings.Cut(line, "=")
			if ok && strings.TrimSpace(key) == name {
				value = strings.TrimSpace(value)
				return value, value != ""
			}
		}
		return "", false
	}
}
