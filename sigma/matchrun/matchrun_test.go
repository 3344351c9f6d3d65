package matchrun

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tocsin-soc/tocsin/sigma"
)

const whoami = `
title: Whoami
id: 502b42de-4306-40b4-9596-6f590c81f073
level: low
logsource: {product: windows, category: process_creation}
detection:
  sel: {Image|endswith: '\whoami.exe'}
  condition: sel
`

const twice = `
title: Whoami twice
correlation: {type: event_count, rules: [502b42de-4306-40b4-9596-6f590c81f073], timespan: 1m, condition: {gte: 2}, generate: true}
`

func TestRun_Correlation(t *testing.T) {
	var out bytes.Buffer
	const in = `{"Image":"a\\whoami.exe","timestamp":"2026-01-01T00:00:00Z"}{"Image":"a\\whoami.exe","timestamp":"2026-01-01T00:00:30Z"}`
	cfg := Config{Rules: []fs.FS{fstest.MapFS{"a.yml": {Data: []byte(whoami)}, "b.yml": {Data: []byte(twice)}}}, Out: &out}
	sum, err := Run(t.Context(), cfg, NewJSON(strings.NewReader(in), sigma.Logsource{Product: "windows", Category: "process_creation"}))
	if err != nil || sum.Matches != 3 || sum.Correlations != 1 || !strings.Contains(out.String(), `"title":"Whoami twice","level":"","record":2,"records":["1","2"],"value":2}`) {
		t.Errorf("%v %+v\n%s", err, sum, out.String())
	}
}

const broken = `
title: Broken
logsource: {product: windows}
detection:
  sel: {Image|sounds-like: x}
  condition: sel
`

const events = `{"Image": "C:\\Windows\\System32\\whoami.exe", "n": {"a": "}{"}}
{
  "Image": "C:\\x\\WHOAMI.EXE"
}
{"Image": "C:\\x\\other.exe"}
{"Image": "unclosed
{"Image": 1
{"Image": "d"}
not json at all
[{"Image": "a\\whoami.exe"}, {"Image": "b"}]
{"Image": "cut`

func TestRun(t *testing.T) {
	var out bytes.Buffer
	tick := time.Unix(0, 0)
	cfg := Config{
		Rules:   []fs.FS{fstest.MapFS{"a.yml": {Data: []byte(whoami)}, "b.yml": {Data: []byte(broken)}}},
		Explain: true,
		Now:     func() time.Time { tick = tick.Add(time.Second); return tick },
		Out:     &out,
	}
	src := NewJSON(strings.NewReader(events), sigma.Logsource{Product: "windows", Category: "process_creation"})
	sum, err := Run(t.Context(), cfg, src)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines:\n%s", len(lines), out.String())
	}
	for i, record := range []uint64{1, 2, 8} {
		var m Match
		if err := json.Unmarshal([]byte(lines[i]), &m); err != nil || m.Record != record || m.Title != "Whoami" || len(m.Matched) != 1 || m.Matched[0].Field != "Image" {
			t.Errorf("%v %s", err, lines[i])
		}
	}
	if sum.Events != 6 || sum.Unreadable != 4 || sum.Matches != 3 || sum.Rules != 1 || sum.RejectedN != 1 || sum.Seconds != 1 {
		t.Errorf("%+v", sum)
	}
	if !strings.Contains(sum.Rejected[0].Reason, `unknown modifier "sounds-like"`) {
		t.Errorf("%+v", sum.Rejected)
	}
}
