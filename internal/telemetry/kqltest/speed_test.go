package kqltest

import (
	"context"
	"flag"
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/exec"
)

// pairs are queries and what an analyst who knows DuckDB would write for them.
var pairs = []struct{ name, kql, sql string }{
	{"filter", `E | where EventID == 4688 and Level > 3 | count`, `SELECT count(*) FROM E WHERE EventID = 4688 AND Level > 3`},
	{"period", `E | where TimeGenerated between (datetime(2026-01-01) .. datetime(2026-01-02)) | count`, `SELECT count(*) FROM E WHERE TimeGenerated BETWEEN 639028224000000000 AND 639029088000000000`},
	{"has", `E | where CommandLine has "mimikatz" | count`, `SELECT count(*) FROM E WHERE regexp_matches(CommandLine, 'mimikatz', 'i') AND regexp_matches(CommandLine, '(?i)(^|[^a-z0-9])mimikatz($|[^a-z0-9])')`},
	{"has_any", `E | where CommandLine has_any ("mimikatz", "rubeus", "seatbelt") | count`, `SELECT count(*) FROM E WHERE regexp_matches(CommandLine, 'mimikatz|rubeus|seatbelt', 'i') AND regexp_matches(CommandLine, '(?i)(^|[^a-z0-9])(mimikatz|rubeus|seatbelt)($|[^a-z0-9])')`},
	{"contains", `E | where CommandLine contains "katz" | count`, `SELECT count(*) FROM E WHERE contains(lower(CommandLine), 'katz')`},
	{"equal ignoring case", `E | where Account =~ "user7" | count`, `SELECT count(*) FROM E WHERE lower(Account) = 'user7'`},
	{"in", `E | where Account in ("user1", "user2", "user3") | count`, `SELECT count(*) FROM E WHERE Account IN ('user1', 'user2', 'user3')`},
	{"regex", `E | where CommandLine matches regex @"-enc [a-f0-9]{8}" | count`, `SELECT count(*) FROM E WHERE regexp_matches(CommandLine, '-enc [a-f0-9]{8}')`},
	{"bins", `E | summarize count() by bin(TimeGenerated, 5m)`, `SELECT TimeGenerated - TimeGenerated % 3000000000, count(*) FROM E GROUP BY 1`},
	{"sums", `E | summarize sum(Level), avg(Level), max(Level), dcount(Account) by EventID`, `SELECT EventID, sum(Level)::BIGINT, avg(Level), max(Level), count(DISTINCT Account) FROM E GROUP BY 1`},
	{"top", `E | summarize n = count() by Account | top 10 by n`, `SELECT Account, count(*) AS n FROM E GROUP BY 1 ORDER BY n DESC LIMIT 10`},
	{"set", `E | summarize make_set(Account) by EventID`, `SELECT EventID, to_json(list(DISTINCT Account))::VARCHAR FROM E GROUP BY 1`},
	{"arg_max", `E | summarize arg_max(TimeGenerated, *) by Account`, `SELECT Account, max(TimeGenerated), arg_max(EventID, TimeGenerated), arg_max(Level, TimeGenerated), arg_max(CommandLine, TimeGenerated), arg_max(Extra, TimeGenerated) FROM E GROUP BY 1`},
	{"property", `E | where tostring(Extra.a.b) == "x1" | count`, `SELECT count(*) FROM E WHERE json_extract_string(Extra, '$.a.b') = 'x1'`},
	{"extend", `E | extend x = Level * 2 + 1, d = TimeGenerated - 1d | summarize sum(x), max(d)`, `SELECT sum(Level * 2 + 1)::BIGINT, max(TimeGenerated - 864000000000) FROM E`},
	{"join", `E | where EventID == 4625 | summarize f = count() by Account | join kind=inner (E | where EventID == 4624 | summarize s = count() by Account) on Account`,
		`SELECT * FROM (SELECT Account, count(*) f FROM E WHERE EventID = 4625 GROUP BY 1) a JOIN (SELECT Account, count(*) s FROM E WHERE EventID = 4624 GROUP BY 1) b ON a.Account = b.Account`},
	{"latest", `E | top 100 by TimeGenerated`, `SELECT * FROM E ORDER BY TimeGenerated DESC LIMIT 100`},
}

// benchRows is how many rows the benchmark makes; make bench-kql takes 20 million.
var benchRows = flag.Int("bench-rows", 2_000_000, "rows of the benchmark against SQL")

// BenchmarkAgainstSQL runs each pair alternately and reports how much longer the
// compiled query takes than the hand-written one (bar: 1.15 on average, 1.5 at
// worst).
func BenchmarkAgainstSQL(b *testing.B) {
	ctx := context.Background()
	e, err := Open(ctx)
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	if err := e.Exec(ctx, `CREATE TABLE E AS SELECT 639028224000000000 + i * 1700000 AS TimeGenerated, (4620 + (i * 7919) % 80)::INTEGER AS EventID, (i * 31) % 7 AS Level,
		'user' || ((i * 104729) % 20000) AS Account, 'C:\Windows\System32\cmd.exe /c powershell -enc ' || md5(i::VARCHAR) || CASE WHEN i % 1000 = 0 THEN ' mimikatz' ELSE ' notepad' END AS CommandLine,
		('{"a":{"b":"x' || (i % 10) || '"},"c":' || i || '}')::JSON AS Extra FROM range(`+strconv.Itoa(*benchRows)+`) t(i)`); err != nil {
		b.Fatal(err)
	}
	cat := &catalog.Static{}
	cat.AddTable(catalog.NewTable("E", []catalog.Column{{Name: "TimeGenerated", Type: catalog.DateTime}, {Name: "EventID", Type: catalog.Int}, {Name: "Level", Type: catalog.Long},
		{Name: "Account", Type: catalog.String}, {Name: "CommandLine", Type: catalog.String}, {Name: "Extra", Type: catalog.Dynamic}}))
	product := 1.0
	for _, p := range pairs {
		q, diags := kql.Compile(p.kql, cat, kql.Options{Now: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)})
		if err := diags.Err(); err != nil {
			b.Fatalf("%s: %v", p.name, err)
		}
		ours, theirs := time.Hour, time.Hour
		for range 7 {
			start := time.Now()
			if _, err := q.Run(ctx, e, exec.Limits{}); err != nil {
				b.Fatalf("%s: %v", p.name, err)
			}
			ours = min(ours, time.Since(start))
			start = time.Now()
			if err := drain(ctx, e, p.sql); err != nil {
				b.Fatalf("%s: %v", p.name, err)
			}
			theirs = min(theirs, time.Since(start))
		}
		ratio := float64(ours) / float64(theirs)
		product *= ratio
		fmt.Printf("%-22s %8.2f ms %8.2f ms  %.2f\n", p.name, float64(ours.Microseconds())/1000, float64(theirs.Microseconds())/1000, ratio)
	}
	b.ReportMetric(math.Pow(product, 1/float64(len(pairs))), "geomean-ratio")
}

// drain reads a hand-written statement to its end.
func drain(ctx context.Context, e *Engine, text string) error {
	rows, err := e.db.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return err
	}
	dest := make([]any, len(cols))
	ptrs := make([]any, len(cols))
	for i := range dest {
		ptrs[i] = &dest[i]
	}
	for rows.Next() {
		if err := rows.Scan(ptrs...); err != nil {
			return err
		}
	}
	return rows.Err()
}
