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
