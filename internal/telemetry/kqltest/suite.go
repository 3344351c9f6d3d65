// Package kqltest runs KQL against a real DuckDB and compares what comes back
// with the conformance suites in ../shared/kql and the golden cases in
// kql/testdata.
//
// It re-implements the comparison rules of ../shared/kql/COMPARE.md; the ratchet
// in kql/testdata/conformance.json says how many cases must pass and is only
// ever raised. It is imported by tests alone.
package kqltest

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
)

// A Case is one line of a suite.
type Case struct {
	ID          string      `json:"id"`
	Suite       string      `json:"suite"`
	Kind        string      `json:"kind"`
	Subkind     string      `json:"subkind"`
	Page        string      `json:"page"`
	Query       string      `json:"query"`
	Columns     []string    `json:"columns"`
	Types       []string    `json:"types"`
	Rows        [][]*string `json:"rows"`
	RowsMD      [][]*string `json:"rows_md"`
	RowCount    *int        `json:"row_count"`
	Order       string      `json:"order"`
	Grade       string      `json:"grade"`
	Truncated   bool        `json:"truncated"`
	ExpectError any         `json:"expect_error"`
	ExpectText  *string     `json:"expect_text"`
	ExpectForm  string      `json:"expect_form"` // ResultAsLines: all rows; else the last one
	Extra       []Output    `json:"extra_outputs"`
	Adjust      *Adjust     `json:"adjust"`
}

// An Output is a further result table a case documents.
type Output struct {
	Columns []string    `json:"columns"`
	Rows    [][]*string `json:"rows"`
}

// Adjust corrects a case whose documentation is known to be wrong.
type Adjust struct {
	Action         string        `json:"action"`
	Reason         string        `json:"reason"`
	Query          string        `json:"query"`
	Columns        []string      `json:"columns"`
	Rows           [][]*string   `json:"rows"`
	IgnoreColumns  []string      `json:"ignore_columns"`
	AcceptRows     [][][]*string `json:"accept_rows"`
	Names          string        `json:"names"`
	Reorder        bool          `json:"reorder"`
	Truncated      bool          `json:"truncated"`
	Bijection      []string      `json:"bijection"`
	LenientNumbers bool          `json:"lenient_numbers"`
	Unordered      bool          `json:"unordered"`
}

// Shared is the path of a file in ../shared, found from this source file; ok is
// false when the material is not there.
func Shared(path string) (string, bool) {
	_, here, _, _ := runtime.Caller(0)
	full := filepath.Join(filepath.Dir(here), "../../../../shared", path)
	_, err := os.Stat(full)
	return full, err == nil
}

// Load reads a suite.
func Load(path string) ([]*Case, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []*Case
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 16<<20)
	for sc.Scan() {
		var c Case
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			return nil, err
		}
		out = append(out, &c)
	}
	return out, sc.Err()
}
