package sigma

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
)

func compileText(t testing.TB, yml string, opt Options) *Program {
	t.Helper()
	set := Parse("rules", []byte(yml))
	set.Link()
	p, rejected := Compile(set.Rules, opt)
	if rejected = append(set.Rejected, rejected...); len(rejected) > 0 {
		t.Fatal(rejected)
	}
	return p
}

// TestEngine_SwapWhileMatching: programs replace one another under matching
// goroutines; every event is judged by exactly one of them. Run with -race.
func TestEngine_SwapWhileMatching(t *testing.T) {
	fields := NewFields()
	program := func(n int) *Program {
		return compileText(t, fmt.Sprintf("title: R%d\nlogsource: {product: test}\ndetection: {sel: {F: x, New%d: null}, condition: sel}\n", n, n), Options{Fields: fields})
	}
	e := NewEngine(program(0))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			ev := NewEvent(fields)
			var m *Matcher
			for range 2000 {
				m = e.Matcher(m)
				ev.Reset()
				ev.Logsource.Product = "test"
				ev.Set("F", "x")
				if n := len(m.Match(ev)); n != 1 {
					t.Errorf("%d matches", n)
					return
				}
			}
		})
	}
	for i := 1; i < 50; i++ {
		e.Swap(program(i))
	}
	wg.Wait()
	if e.Program().Rules()[0].Title != "R49" {
		t.Error("the last program is not in force")
	}
}

func TestExplain(t *testing.T) {
	p := compileText(t, `
title: T
logsource: {product: windows, category: process_creation}
detection:
  sel: {Image|endswith: ['\a.exe', '\b.exe'], IntegrityLevel: High, CommandLine|re: 'x+'}
  gone: {User: null}
  filter: {CommandLine|contains: zzz}
  condition: sel and gone and not filter
`, Options{Mapping: loadMapping(t)})
	m, ev := p.NewMatcher(), NewEvent(p.Fields())
	const in = `{"Channel":"Security","EventID":4688,"NewProcessName":"C:\\B.EXE","MandatoryLabel":"S-1-16-12288","CommandLine":"b xxx"}`
	if err := ParseJSON([]byte(in), ev); err != nil {
		t.Fatal(err)
	}
	if len(m.Match(ev)) != 1 {
		t.Fatal("no match")
	}
	want := []FieldMatch{{"NewProcessName", `C:\B.EXE`, `NewProcessName: *\b.exe`}, {"IntegrityLevel", "High", "IntegrityLevel: High"},
		{"CommandLine", "b xxx", "CommandLine|re: x+"}, {"User", "", "User: null"}}
	if got := m.Explain(0, ev); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	ev.Reset()
	if m.Explain(0, ev) != nil {
		t.Error("an event that does not match is explained")
	}
}

// TestMatch_NoAllocations: an event that matches nothing allocates nothing.
func TestMatch_NoAllocations(t *testing.T) {
	p := activeProgram(t)
	m, ev := p.NewMatcher(), NewEvent(p.Fields())
	rec := []byte(`{"Event":{"System":{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1},"EventData":{"Image":"C:\\Windows\\System32\\svchost.exe","CommandLine":"svchost -k netsvcs","User":"é"}}}`)
	run := func() {
		if err := ParseJSON(rec, ev); err != nil || len(m.Match(ev)) > 0 {
			t.Fatal(err, "or a match")
		}
	}
	run()
	if n := testing.AllocsPerRun(200, run); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMapping_WhatASourceCannotGive(t *testing.T) {
	m := loadMapping(t)
	if m.HasSource(Logsource{Product: "windows", Category: "file_access"}) || !m.HasSource(Logsource{Product: "windows", Category: "process_creation"}) || !m.HasSource(Logsource{Product: "aws", Service: "cloudtrail"}) {
		t.Error("HasSource")
	}
	p := compileText(t, "title: T\nlogsource: {product: windows, category: process_creation}\ndetection: {sel: {OriginalFileName: x, Image: y}, condition: sel}\n", Options{})
	if got := m.Missing(p.Rules()[0]); !slices.Equal(got["security_process"], []string{"OriginalFileName"}) || len(got) != 1 {
		t.Error(got)
	}
}

func TestLoadMapping_Refuses(t *testing.T) {
	for name, text := range map[string]string{
		"unknown key": "product: x\nservces: {a: [b]}\n", "unknown set": "product: x\ncategories: {c: [{channels: [a], events: [1], fields: nothing}]}\n",
		"event id": "product: x\ncategories: {c: [{channels: [a], events: [one]}]}\n", "split": "derived: [{from: a, split: tabs, names: {a: b}}]\n",
		"no source": "recognise: [{fields: [a]}]\n", "conversion": "field_sets: {s: {fields: {a: {from: b, as: octal}}}}\n",
	} {
		if _, err := LoadMapping(fstest.MapFS{"a.yaml": {Data: []byte(text)}}); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// TestMatch_NewRoutesConcurrently: sources nobody prepared are compiled while
// others match. Run with -race.
func TestMatch_NewRoutesConcurrently(t *testing.T) {
	p := compileText(t, `
title: A
logsource: {product: a}
detection: {sel: {F|contains: [x, 'y*z']}, k: [word], condition: sel or k}
---
title: B
logsource: {category: b}
detection: {sel: {F|re: 'x+'}, condition: sel}
---
title: C
logsource: {service: c}
detection: {sel: {G: null}, condition: sel}
`, Options{})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			m, ev := p.NewMatcher(), NewEvent(p.Fields())
			for i := range 400 {
				ev.Reset()
				ev.Logsource = Logsource{Product: []string{"a", "other", ""}[i%3], Category: []string{"b", "", "unknown"}[(i+g)%3], Service: []string{"", "c"}[i/3%2]}
				ev.Set("F", "wordxx")
				want := 0
				for _, holds := range []bool{ev.Logsource.Product == "a", ev.Logsource.Category == "b", ev.Logsource.Service == "c"} {
					if holds {
						want++
					}
				}
				if n := len(m.Match(ev)); n != want {
					t.Errorf("%v: %d matches, want %d", ev.Logsource, n, want)
					return
				}
			}
		})
	}
	wg.Wait()
}
