package evtx

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

// TestDump_AccountsForEverything dumps a log with a carved, a damaged and plain
// records: one line for each, in place.
func TestDump_AccountsForEverything(t *testing.T) {
	log, at := threeChunks(0)
	const second = fileHeader + chunkSize
	log = slack(second, at, 3)(log)
	log[second+at[1]] = 0
	r, err := NewStream(bytes.NewReader(log), Options{Carve: true})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.Dump(&out, JSONOptions{}); err != nil {
		t.Fatal(err)
	}
	var lines, carved, faults int
	for line := range strings.Lines(out.String()) {
		var v struct {
			Event     any
			Error     string
			Lost      int
			Recovered *struct {
				Origin string
				Offset int64
			} `json:"#recovered"`
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		switch lines++; {
		case v.Error != "":
			faults += v.Lost
		case v.Recovered != nil && v.Recovered.Origin == "carved" && v.Recovered.Offset > second:
			carved++
		}
	}
	if lines != 15 || faults != 1 || carved != 2 {
		t.Errorf("%d lines, %d lost, %d carved, want 15, 1 and 2:\n%s", lines, faults, carved, out.String())
	}
	if err := mustOpen(t, log).Dump(failing{}, JSONOptions{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a failing writer gives %v", err)
	}
}

func mustOpen(t *testing.T, log []byte) *Reader {
	t.Helper()
	r, err := NewStream(bytes.NewReader(log), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestAppendJSON_TimeDigits checks that the last digit of a FILETIME can be kept.
func TestAppendJSON_TimeDigits(t *testing.T) {
	for rec, err := range mustOpen(t, assemble("fragment\ntemplate 1\nopen Event\nclose\nopen T\nclose\nsubst 0\n/\n/\neof\nend\nvalue filetime 8100d63ffff6d601\neof")).Records() {
		if err != nil {
			t.Fatal(err)
		}
		for digits, want := range map[int]string{0: "40.209113Z", 7: "40.2091137Z", 12: "40.209113700Z"} {
			if got, _ := rec.AppendJSON(nil, JSONOptions{TimeDigits: digits}); !strings.Contains(string(got), want) {
				t.Errorf("%d digits: %s, want %s", digits, got, want)
			}
		}
	}
}
