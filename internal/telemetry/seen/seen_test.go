package seen_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/telemetry/seen"
)

const identity = "0b6f1c1e-0000-4000-8000-00000000c0de"

// ids are such as tocsin.IdentifyEvent makes, and some that are not.
func ids(n int) (out []tocsin.EventID) {
	for i := range n {
		raw := tocsin.Raw{Source: "a", Position: fmt.Sprint(i)}
		out = append(out, tocsin.IdentifyEvent(raw.Digest(), "SigninLogs", 0), tocsin.EventID(fmt.Sprintf("no hash %d", i)))
	}
	return out
}

func TestSet_NothingInsertedIsCalledNew(t *testing.T) {
	set, list := &seen.Set{Floor: 42}, ids(5000)
	for _, id := range list {
		set.Insert(id)
	}
	path := filepath.Join(t.TempDir(), "seen")
	if err := set.Write(path, identity, 7); err != nil {
		t.Fatal(err)
	}
	back, watermark, err := seen.Read(path, identity)
	if err != nil || watermark != 7 || back.Floor != 42 || back.Len() != set.Len() {
		t.Fatalf("%v: watermark %d, floor %d, %d ids of %d", err, watermark, back.Floor, back.Len(), set.Len())
	}
	for name, s := range map[string]*seen.Set{"as filled": set, "as read": back} {
		for _, id := range list {
			if s.Insert(id) {
				t.Fatalf("%s: %s is called new", name, id)
			}
		}
	}
}

func TestRead_RefusesWhatIsNotWhatWasWritten(t *testing.T) {
	set := &seen.Set{}
	for _, id := range ids(500) {
		set.Insert(id)
	}
	path := filepath.Join(t.TempDir(), "seen")
	if err := set.Write(path, identity, 7); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	for name, body := range map[string][]byte{"empty": nil, "cut short": whole[:len(whole)-4], "a bit flipped": flipped} {
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := seen.Read(path, identity); err == nil {
			t.Errorf("%s: read without an error", name)
		}
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := seen.Read(path, "another"+identity[7:]); err == nil {
		t.Error("the file of another database was taken")
	}
}

// FuzzRead feeds damaged files: they are refused, or hold what their sum says.
func FuzzRead(f *testing.F) {
	set := &seen.Set{}
	for _, id := range ids(3) {
		set.Insert(id)
	}
	path := filepath.Join(f.TempDir(), "seen")
	if err := set.Write(path, identity, 7); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:100])
	f.Fuzz(func(t *testing.T, body []byte) {
		path := filepath.Join(t.TempDir(), "seen")
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		if s, _, err := seen.Read(path, identity); err == nil && s.Len() < 0 {
			t.Error("a set of less than nothing")
		}
	})
}
