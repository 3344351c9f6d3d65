package kqltest

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin/kql"
	"github.com/tocsin-soc/tocsin/kql/catalog"
	"github.com/tocsin-soc/tocsin/kql/exec"
)

var (
	failuresTo = flag.String("failures", "", "write every case that fails to this file")
	only       = flag.String("case", "", "run only the cases whose id contains this text")
	showSQL    = flag.Bool("sql", false, "print the SQL of each case")
	splices    = flag.Int("splice", 0, "how many queries TestSplice_Many makes")
	update     = flag.Bool("update", false, "raise the ratchet and rewrite the report")
)

// outcome is a graded case.
type outcome struct {
	c       *Case
	verdict Verdict
	message string
}

// runCase compiles and runs a case on an empty catalogue.
func runCase(ctx context.Context, e *Engine, c *Case, cat catalog.Catalog) outcome {
	src := c.Query
	if c.Adjust != nil && c.Adjust.Query != "" {
		src = c.Adjust.Query
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	fail := func(format string, args ...any) outcome { return outcome{c, Fail, fmt.Sprintf(format, args...)} }
	q, diags := kql.Compile(src, cat, kql.Options{Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err := diags.Err(); err != nil {
		if c.ExpectError != nil {
			return outcome{c, Pass, ""}
		}
		return fail("compile: %v", err)
	}
	if *showSQL {
		for _, st := range q.Statements {
			fmt.Printf("-- %s\n%s\n-- %q\n", c.ID, st.SQL, st.Args)
		}
	}
	tables, err := q.Run(ctx, e, exec.Limits{})
	if c.ExpectError != nil {
		if err != nil {
			return outcome{c, Pass, ""}
		}
		return fail("accepted, but Kusto rejects it")
	}
	if err != nil {
		return fail("run: %v", err)
	}
	if len(tables) == 0 {
		return fail("no result")
	}
	v, msg := Compare(c, tables[0])
	for i, x := range c.Extra {
		if v == Fail || i+1 >= len(tables) {
			break
		}
		extra := *c
		extra.Columns, extra.Rows, extra.Extra = x.Columns, x.Rows, nil
		if v2, m := Compare(&extra, tables[i+1]); v2 == Fail {
			v, msg = v2, m
		}
	}
	return outcome{c, v, msg}
}

func writeFailures(t *testing.T, outcomes []outcome) {
	if *failuresTo == "" {
		return
	}
	f, err := os.OpenFile(*failuresTo, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, o := range outcomes {
		if o.verdict == Fail || o.verdict == PassNames {
			fmt.Fprintf(f, "%s %s\n%s\n   => %s\n\n", o.verdict, o.c.ID, o.c.Query, o.message)
		}
	}
}

// runSuite runs the gating cases of one suite.
func runSuite(t *testing.T, name string) (score SuiteScore) {
	score.Name = name
	path, ok := Shared("kql/suites/" + name + ".jsonl")
	if !ok {
		t.Skip("no ../shared here")
	}
	cases, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	e, err := Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var all []outcome
	for _, c := range cases {
		if c.Grade == "optional" && *only == "" { // reported, not gating
			score.Optional++
			if o := runCase(ctx, e, c, &catalog.Static{}); o.verdict == Pass || o.verdict == PassNames {
				score.OptionalPass++
			}
			continue
		}
		if c.Grade != "core" || *only != "" && !strings.Contains(c.ID, *only) {
			continue
		}
		o := runCase(ctx, e, c, &catalog.Static{})
		all = append(all, o)
		if o.verdict == Fail || o.verdict == PassNames {
			score.Failures = append(score.Failures, Failure{c.ID, c.Query, o.message})
		}
		if c.ExpectError != nil {
			score.Errors++
			if o.verdict == Pass {
				score.Rejected++
			}
			continue
		}
		switch o.verdict {
		case Pass:
			score.Pass++
		case PassNames:
			score.Names++
		case Skip:
			continue
		}
		score.Total++
		if *only != "" {
			t.Logf("%s %s: %s", o.verdict, c.ID, o.message)
		}
	}
	writeFailures(t, all)
	t.Logf("%s: %d PASS, %d PASS_NAMES of %d; %d of %d errors rejected", name, score.Pass, score.Names, score.Total, score.Rejected, score.Errors)
	return score
}

// ratchet says how many cases of a suite pass at least.
type ratchet struct {
	Pass     int `json:"pass"`     // PASS and, for docs, PASS_NAMES
	Rejected int `json:"rejected"` // of the cases Kusto rejects
}

func ratchetFile() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "../../../kql/testdata/conformance.json")
}

func readRatchet(t *testing.T) map[string]ratchet {
	out := map[string]ratchet{}
	b, err := os.ReadFile(ratchetFile())
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return out
}

// contradicted reads why cases are left failing: a higher authority says otherwise.
// It is text for the report; a case in it fails like any other.
func contradicted(t *testing.T) map[string]string {
	b, err := os.ReadFile(testdata("contradicted.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Why   string
		Cases []string
	}
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, x := range list {
		for _, id := range x.Cases {
			out[id] = x.Why
		}
	}
	return out
}

// TestSuites holds each suite to its ratchet; -update raises it.
func TestSuites(t *testing.T) {
	marks := readRatchet(t)
	report := &Report{Known: contradicted(t)}
	for _, name := range []string{"emulator", "docs", "kustoloco"} {
		t.Run(name, func(t *testing.T) {
			score := runSuite(t, name)
			report.Suites = append(report.Suites, score)
			if *only != "" {
				return
			}
			got := ratchet{Pass: score.Pass + score.Names, Rejected: score.Rejected}
			if name == "emulator" {
				got.Pass = score.Pass
			}
			want := marks[name]
			if got.Pass < want.Pass || got.Rejected < want.Rejected {
				t.Errorf("%s fell below its ratchet: %+v, was %+v", name, got, want)
			}
			marks[name] = ratchet{Pass: max(got.Pass, want.Pass), Rejected: max(got.Rejected, want.Rejected)}
		})
	}
	if *update && *only == "" {
		b, err := json.MarshalIndent(marks, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(ratchetFile(), append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		doc := filepath.Join(filepath.Dir(ratchetFile()), "../../docs/reference/kql-conformance.md")
		if err := os.WriteFile(doc, []byte(report.Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
