package tocsin_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
)

func TestExplain_NeverLeaksTheCause(t *testing.T) {
	cause := errors.New("dial tcp 10.0.0.1: password=hunter2")
	for _, err := range []error{
		cause,
		tocsin.Wrap(cause, tocsin.Internal, "reading the store"),
		tocsin.Wrap(cause, tocsin.Unavailable, "The store is busy. Try again in a minute."),
		tocsin.Wrap(tocsin.Wrap(cause, tocsin.NotFound, "inner"), tocsin.Denied, "You may not see incident 7."),
	} {
		kind, msg := tocsin.Explain(err)
		if strings.Contains(msg, "hunter2") || strings.Contains(msg, "dial") {
			t.Errorf("Explain(%v) leaks: %s %q", err, kind, msg)
		}
		if !errors.Is(err, cause) {
			t.Errorf("%v lost its cause for the log", err)
		}
	}
	if tocsin.Wrap(nil, tocsin.Internal, "x") != nil {
		t.Error("wrapping nothing must give nil")
	}
	if kind, _ := tocsin.Explain(io.EOF); kind != tocsin.Internal {
		t.Errorf("a foreign error is %s, want internal", kind)
	}
}

func TestTicks_RoundTrip(t *testing.T) {
	for _, s := range []string{"0001-01-01T00:00:00Z", "1601-01-01T00:00:00.0000001Z", "1969-12-31T23:59:59.9999999Z", "2026-11-21T21:00:00.1234567Z", "9999-12-31T23:59:59.9999999Z"} {
		want, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		if got := tocsin.FromTicks(tocsin.Ticks(want)); !got.Equal(want) {
			t.Errorf("%s came back as %s", want, got)
		}
	}
	if got := tocsin.Ticks(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)); got != 0 {
		t.Errorf("0001-01-01 is tick %d, want 0", got)
	}
}

func TestEntity_KeysAndLabels(t *testing.T) {
	for _, c := range []struct {
		entity tocsin.Entity
		key    string // strongest; empty when nothing identifies it
		label  string
	}{
		{tocsin.NewEntity(tocsin.Account, "FullName", "Amelie@Contoso.example"), "account|name+upnsuffix|amelie|contoso.example", "Amelie@Contoso.example"},
		{tocsin.NewEntity(tocsin.Account, "FullName", `CORP\amelie`), "account|name+ntdomain|amelie|corp", `CORP\amelie`},
		{tocsin.NewEntity(tocsin.Account, "Name", "amelie", "Sid", "S-1-5-21-1-2-3-500"), "account|sid|s-1-5-21-1-2-3-500", "S-1-5-21-1-2-3-500"},
		{tocsin.NewEntity(tocsin.Account, "FullName", `NT AUTHORITY\SYSTEM`), "", `NT AUTHORITY\SYSTEM`},
		{tocsin.NewEntity(tocsin.Account, "Name", "root"), "", "root"},
		{tocsin.NewEntity(tocsin.Host, "FullName", "WS-014.corp.example"), "host|hostname|ws-014", "WS-014.corp.example"},
		{tocsin.NewEntity(tocsin.IP, "Address", " 203.0.113.7 "), "ip|address|203.0.113.7", "203.0.113.7"},
		{tocsin.NewEntity(tocsin.File, "Name", "a.exe", "Directory", `C:\Temp\`), `file|directory+name|c:\temp\|a.exe`, `C:\Temp\a.exe`},
		{tocsin.NewEntity(tocsin.IP), "", "IP"},
	} {
		key, ok := c.entity.Key()
		if key != c.key || ok != (c.key != "") {
			t.Errorf("%v: key %q, want %q", c.entity, key, c.key)
		}
		if got := c.entity.Label(); got != c.label {
			t.Errorf("%v: label %q, want %q", c.entity, got, c.label)
		}
	}
}

func TestFingerprint_IgnoresOrderAndCase(t *testing.T) {
	a := tocsin.NewEntity(tocsin.IP, "Address", "10.0.0.1")
	b := tocsin.NewEntity(tocsin.Host, "HostName", "WS-1")
	lower := tocsin.NewEntity(tocsin.Host, "HostName", "ws-1")
	if tocsin.Fingerprint([]tocsin.Entity{a, b}) != tocsin.Fingerprint([]tocsin.Entity{lower, a}) {
		t.Error("order and case of entities must not matter")
	}
	if tocsin.Fingerprint([]tocsin.Entity{a}) == tocsin.Fingerprint([]tocsin.Entity{a}, "x") {
		t.Error("a further value must matter")
	}
}

func TestIdentifyEvent_SameBytesSamePosition(t *testing.T) {
	raw := tocsin.Raw{Source: "s", Position: "1", Body: []byte("{}")}
	moved := raw
	moved.Position = "2"
	if tocsin.IdentifyEvent(raw.Digest(), "T", 0) != tocsin.IdentifyEvent(raw.Digest(), "T", 0) {
		t.Error("the same record must have the same id")
	}
	ids := map[tocsin.EventID]bool{
		tocsin.IdentifyEvent(raw.Digest(), "T", 0): true, tocsin.IdentifyEvent(raw.Digest(), "T", 1): true,
		tocsin.IdentifyEvent(raw.Digest(), "U", 0): true, tocsin.IdentifyEvent(moved.Digest(), "T", 0): true,
	}
	if len(ids) != 4 {
		t.Errorf("table, ordinal and position must each matter: %d ids of 4", len(ids))
	}
}

func TestDigest_OfANamedRecord(t *testing.T) {
	raw := tocsin.Raw{Source: "s", Position: "1", Body: []byte("{}"), IsNamed: true}
	again, unnamed, other := raw, raw, raw
	again.Body, unnamed.IsNamed, other.Position = []byte(`{"@timestamp":"later"}`), false, "2"
	if raw.Digest() != again.Digest() {
		t.Error("a named record is the same whatever it holds")
	}
	empty := tocsin.Raw{Source: "s", Position: "1"}
	if raw.Digest() == unnamed.Digest() || raw.Digest() == other.Digest() || raw.Digest() == empty.Digest() {
		t.Error("another name, or none, is another record")
	}
}

func TestRole_AllowsOnlyDownwards(t *testing.T) {
	order := []tocsin.Role{tocsin.Reader, tocsin.Responder, tocsin.Contributor, tocsin.Admin}
	for i, have := range order {
		for j, need := range order {
			if have.Allows(need) != (i >= j) {
				t.Errorf("%s.Allows(%s) = %v", have, need, have.Allows(need))
			}
		}
	}
	if tocsin.Role("").Allows(tocsin.Reader) || tocsin.Admin.Allows("") || tocsin.Role("root").Allows("root") {
		t.Error("an unknown role allows nothing and nothing allows it")
	}
}

func TestDetermination_Fits(t *testing.T) {
	if !tocsin.Determination("phishing").Fits(tocsin.TruePositive) || tocsin.Determination("phishing").Fits(tocsin.FalsePositive) {
		t.Error("phishing fits only a true positive")
	}
	if _, ok := tocsin.Determinations(tocsin.Unclassified); ok {
		t.Error("one cannot close without a classification")
	}
}
