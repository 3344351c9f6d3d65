package schema

import (
	"fmt"
	"strings"
)

// FunctionsPage returns the reference page of functions as Markdown.
func FunctionsPage(list []Function) string {
	var b strings.Builder
	b.WriteString("# Workspace functions\n\n")
	b.WriteString("<!-- Generated from content/functions by `go test ./internal/schema -update`. Change the function's file, not this page. -->\n\n")
	b.WriteString("These functions are called by name in queries and rules, like those of the language: `FailedSignIns | count`.\n")
	b.WriteString("Those of your own, and parsers in the form in which Microsoft Sentinel publishes them, are loaded with `--functions DIR`;\n")
	b.WriteString("`tocsin rules check --functions DIR` lists those that cannot be called. A function file:\n\n")
	b.WriteString("```yaml\nname: SignInsOf\ndescription: Sign-ins of one person.\nparameters:\n  - {name: upn, type: string}             # without a default the argument is required\n  - {name: lookback, type: timespan, default: 7d}\nquery: |\n  SigninLogs\n  | where UserPrincipalName =~ upn and TimeGenerated > ago(lookback)\n```\n\n")
	b.WriteString("Types are those of KQL, and `table` for rows. A default of type string is the text itself, any other a KQL literal.\n")
	for _, f := range list {
		fmt.Fprintf(&b, "\n## %s\n\n`%s(%s)`\n\n%s\n\n```kusto\n%s\n```\n", f.Name, f.Name, f.Parameters, f.Doc, f.Body)
	}
	return b.String()
}
