package app

import (
	"bytes"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// twoRules are about a product that no built-in rule is about.
const twoRules = `title: Pathological
id: 33333333-3333-4333-8333-333333333333
logsource: {product: unheard_of}
detection: {sel: {Text|re: '(a|b|ab)*c$'}, condition: sel}
---
title: Plain
id: 44444444-4444-4444-8444-444444444444
logsource: {product: unheard_of}
detection: {sel: {Word: x}, condition: sel}
`

// listed runs events through an app by whose clock every evaluation costs as
// much. One rule is evaluated for every event, the other for few. It returns the
// states and reasons of both, how many findings the last event made, and the log.
func listed(t *testing.T, cost int64) (states, reasons map[string]string, found int, log string) {
	t.Helper()
	rules := t.TempDir()
	if err := os.WriteFile(filepath.Join(rules, "two.yml"), []byte(twoRules), 0o600); err != nil {
		t.Fatal(err)
	}
	var now atomic.Int64
	clock := func() int64 { return now.Add(cost) }
	var lines bytes.Buffer
	a, err := Open(t.Context(), Config{
		Data: t.TempDir(), Version: "test", Now: time.Now, Clock: clock, Random: rand.Reader, RuleDirs: []string{rules},
		Log: slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	text := tocsin.Field{Name: "Text", Value: "ababc"}
	source := tocsin.LogSource{Product: "unheard_of"}
	usual := []tocsin.Record{{LogSource: source, Fields: []tocsin.Field{text}}}
	rare := []tocsin.Record{{LogSource: source, Fields: []tocsin.Field{text, {Name: "Word", Value: "x"}}}}
	for i := range 64 * 1024 {
		if i%97 == 0 {
			a.rules.stream.Match(rare, time.Unix(0, 0))
		} else {
			a.rules.stream.Match(usual, time.Unix(0, 0))
		}
	}
	findings, _ := a.rules.stream.Match(rare, time.Unix(0, 0))
	found = len(findings)
	list, err := a.rules.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	states, reasons = map[string]string{}, map[string]string{}
	for _, r := range list {
		states[r.Title], reasons[r.Title] = r.State, r.Reason
	}
	detail, err := a.rules.Detail(t.Context(), "33333333-3333-4333-8333-333333333333")
	if err != nil || detail.State != states["Pathological"] {
		t.Errorf("the rule's page says %q %v, the list %q", detail.State, err, states["Pathological"])
	}
	return states, reasons, found, lines.String()
}

// TestRules_ASlowOneIsSwitchedOffAndShown: it alone, with what it cost and what
// to do; the others go on.
func TestRules_ASlowOneIsSwitchedOffAndShown(t *testing.T) {
	states, reasons, found, log := listed(t, int64(2*time.Millisecond))
	if states["Pathological"] != "paused" || states["Plain"] != "on" || found != 1 {
		t.Fatalf("states %q and %q, %d findings", states["Pathological"], states["Plain"], found)
	}
	for _, part := range []string{"2ms on average (limit 200µs)", "start Tocsin again"} {
		if !strings.Contains(reasons["Pathological"], part) {
			t.Errorf("the reason does not say %q: %s", part, reasons["Pathological"])
		}
	}
	if strings.Count(log, "level=WARN msg=\"a Sigma rule was switched off\"") != 1 || !strings.Contains(log, "title=Pathological") {
		t.Errorf("the log says %s", log)
	}
}

// TestRules_WithinBudgetStayOn: what costs less than the limit is left alone.
func TestRules_WithinBudgetStayOn(t *testing.T) {
	states, _, found, log := listed(t, int64(150*time.Microsecond))
	if states["Pathological"] != "on" || states["Plain"] != "on" || found != 2 || log != "" {
		t.Errorf("states %q and %q, %d findings, log %s", states["Pathological"], states["Plain"], found, log)
	}
}
