package lane

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestGenerate_SameSeedSameBytes(t *testing.T) {
	for _, mix := range []Mix{ProcessCreation, FileEvent, Office} {
		a, err := Generate(mix, 200, 7)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := Generate(mix, 200, 7)
		other, _ := Generate(mix, 200, 8)
		if !bytes.Equal(bytes.Join(a, nil), bytes.Join(b, nil)) || bytes.Equal(bytes.Join(a, nil), bytes.Join(other, nil)) {
			t.Errorf("%s: a seed does not decide the bytes", mix)
		}
		for _, rec := range a {
			if !json.Valid(rec) {
				t.Fatalf("%s: not JSON: %s", mix, rec)
			}
		}
	}
	if _, err := Generate("nonsense", 1, 1); err == nil {
		t.Error("an unknown mix is accepted")
	}
}
