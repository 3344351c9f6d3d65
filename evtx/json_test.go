package evtx

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// TestJSON_EqualsSigmaHQ compares AppendJSON with the JSON that SigmaHQ
// publishes beside its regression logs: same keys in the same order, same
// values, for every record.
func TestJSON_EqualsSigmaHQ(t *testing.T) {
	root := filepath.Join(corpora, "sigma")
	list, err := os.Open(filepath.Join(root, "regression.jsonl"))
	if err != nil {
		t.Skip(err)
	}
	defer list.Close()
	files, records, edited := 0, 0, 0
	for lines := bufio.NewScanner(list); lines.Scan(); files++ {
		var sample struct {
			Log  string `json:"sample_path"`
			JSON string `json:"sample_json_path"`
		}
		if err := json.Unmarshal(lines.Bytes(), &sample); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(root, sample.Log))
		if err != nil {
			t.Fatal(err)
		}
		g, err := os.Open(filepath.Join(root, sample.JSON))
		if err != nil {
			t.Fatal(err)
		}
		golden := json.NewDecoder(g)
		r := open(t, filepath.Join(root, sample.Log), Options{})
		for rec, err := range r.Records() {
			if err != nil {
				t.Fatal(err)
			}
			got, err := rec.AppendJSON(nil, JSONOptions{TrimSpace: true})
			if err != nil {
				t.Fatal(err)
			}
			want, err := pairs(golden)
			if err != nil {
				t.Fatalf("%s: %v", sample.JSON, err)
			}
			have, err := pairs(json.NewDecoder(bytes.NewReader(got)))
			if err != nil {
				t.Fatalf("%s: %v", got, err)
			}
			edited += compare(t, sample.Log, raw, have, want)
			records++
		}
		if _, err := golden.Token(); err != io.EOF {
			t.Errorf("%s: records are left over in the published JSON", sample.JSON)
		}
		g.Close()
	}
	t.Logf("%d files, %d records equal; %d values of the published JSON are not in the log", files, records, edited)
	if edited > 1 {
		t.Errorf("%d published values are not in their logs, known is 1", edited)
	}
}

// A pair is a leaf of a JSON document.
type pair struct {
	path  string
	value any
}

// pairs reads one JSON value as its leaves in document order.
func pairs(d *json.Decoder) ([]pair, error) {
	d.UseNumber()
	var list []pair
	var read func(path string) error
	read = func(path string) error {
		token, err := d.Token()
		if err != nil {
			return err
		}
		open, nested := token.(json.Delim)
		if !nested {
			list = append(list, pair{path, token})
			return nil
		}
		for i := 0; d.More(); i++ {
			key := any(i)
			if open == '{' {
				if key, err = d.Token(); err != nil {
					return err
				}
			}
			if err := read(fmt.Sprint(path, "/", key)); err != nil {
				return err
			}
		}
		_, err = d.Token()
		return err
	}
	return list, read("")
}

// compare reports differences. Two kinds are none of ours: a time printed with
// more digits is compared as an instant, and a text that the log's bytes do
// not hold, while they hold ours, was edited after the export (counted).
func compare(t *testing.T, name string, raw []byte, have, want []pair) (edited int) {
	t.Helper()
	if len(have) != len(want) {
		t.Errorf("%s: %d leaves, published are %d", name, len(have), len(want))
		return 0
	}
	for i, w := range want {
		h := have[i]
		if h == w {
			continue
		}
		ours, theirs := fmt.Sprint(h.value), fmt.Sprint(w.value)
		switch {
		case h.path != w.path:
			t.Errorf("%s: key %q, published %q", name, h.path, w.path)
		case sameInstant(ours, theirs):
		case bytes.Contains(raw, utf16LE(ours)) && !bytes.Contains(raw, utf16LE(theirs)):
			t.Logf("%s: %s: the log holds %q, published is %q", name, w.path, ours, theirs)
			edited++
		default:
			t.Errorf("%s: %s: %q, published %q", name, w.path, ours, theirs)
		}
	}
	return edited
}

// sameInstant says whether theirs is ours with more digits.
func sameInstant(ours, theirs string) bool {
	a, errA := time.Parse(time.RFC3339Nano, ours)
	b, errB := time.Parse(time.RFC3339Nano, theirs)
	return errA == nil && errB == nil && len(theirs) > len(ours) && b.Truncate(time.Microsecond).Equal(a) &&
		strings.HasPrefix(theirs, strings.TrimSuffix(ours, "Z"))
}

func utf16LE(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}
