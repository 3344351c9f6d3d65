package schema_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/content"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"io/fs"
)

func TestLoadRetention(t *testing.T) {
	sub, err := fs.Sub(content.Files, "tables")
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Load(sub)
	if err != nil {
		t.Fatal(err)
	}
	r, err := schema.LoadRetention([]byte("store:\n  bytes: 1.5TB\ntables:\n  SecurityEvent: {days: 30, bytes: 100 GiB}\n  SecurityAlert: {days: forever}\n"), s)
	if err != nil || r.Bytes != 1_500_000_000_000 || r.Tables["SecurityEvent"] != (schema.Keep{Age: 30 * 24 * time.Hour, Bytes: 100 << 30}) {
		t.Fatalf("%+v, %v", r, err)
	}
	for name, want := range map[string]time.Duration{"SecurityEvent": 30 * 24 * time.Hour, "SecurityAlert": 0, "DeadLetters": 90 * 24 * time.Hour} {
		table, _ := s.Table(name)
		if got := r.AgeOf(table); got != want {
			t.Errorf("%s is kept %v, want %v", name, got, want)
		}
	}
	for text, want := range map[string]string{
		"tables:\n  NoSuch: {days: 1}":           "NoSuch",
		"tables:\n  securityevent: {days: 1}":    "securityevent",
		"tables:\n  SecurityEvent: {days: 0}":    "days",
		"tables:\n  SecurityEvent: {days: soon}": "days",
		"tables:\n  SecurityEvent: {size: 1}":    "size",
		"store: {bytes: 3 bananas}":              "bananas",
		"store: {bytes: 0}":                      "no bound",
		"store: {days: 3}":                       "per table",
		"stores: {}":                             "stores",
		"tables: [":                              "",
	} {
		if _, err := schema.LoadRetention([]byte(text), s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := schema.LoadRetention(nil, s); err != nil {
		t.Error(err)
	}
}

// FuzzLoadRetention: whatever the file says, it is read or refused.
func FuzzLoadRetention(f *testing.F) {
	f.Add("store:\n  bytes: 1.5TB\ntables:\n  SecurityEvent: {days: 30, bytes: 100 GiB}\n")
	f.Add("tables:\n  SecurityEvent: {days: 1e400, bytes: -1}\n")
	sub, err := fs.Sub(content.Files, "tables")
	if err != nil {
		f.Fatal(err)
	}
	s, err := schema.Load(sub)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := schema.LoadRetention([]byte(text), s)
		if err != nil {
			return
		}
		if r.Bytes < 0 {
			t.Errorf("a bound of %d bytes", r.Bytes)
		}
		for name, k := range r.Tables {
			if k.Bytes < 0 {
				t.Errorf("%s: %+v", name, k)
			}
		}
	})
}
