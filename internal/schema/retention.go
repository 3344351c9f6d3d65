package schema

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Retention is what an operator wants kept, where it differs from what the
// tables declare.
type Retention struct {
	Bytes  int64 // of the whole store; 0 sets no bound
	Tables map[string]Keep
}

// Keep bounds one table. What is over a bound goes, oldest first.
type Keep struct {
	Age   time.Duration // 0 keeps the declared time, negative keeps for ever
	Bytes int64         // 0 sets no bound
}

// AgeOf returns how long rows of a table are kept; 0 keeps them for ever.
func (r *Retention) AgeOf(t *Table) time.Duration {
	switch age := r.Tables[t.Name].Age; {
	case age < 0:
		return 0
	case age > 0:
		return age
	}
	return t.Retention
}

// retentionFile is the file of --retention.
type retentionFile struct {
	Store  keepText            `yaml:"store"`
	Tables map[string]keepText `yaml:"tables"`
}

type keepText struct {
	Days  string `yaml:"days"` // a number, or "forever"
	Bytes string `yaml:"bytes"`
}

// LoadRetention reads a retention file for the tables of a schema:
//
//	store:
//	  bytes: 500GB          # of the whole store
//	tables:
//	  SecurityEvent: {days: 30, bytes: 100GB}
//	  SecurityAlert: {days: forever}
//
// Anything it does not know is an error that names it.
func LoadRetention(text []byte, s *Schema) (Retention, error) {
	var f retentionFile
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return Retention{}, err
	}
	r := Retention{Tables: map[string]Keep{}}
	var err error
	if f.Store.Days != "" {
		return r, errors.New("store: days are set per table, not for the store")
	}
	if r.Bytes, err = parseBytes(f.Store.Bytes); err != nil {
		return r, fmt.Errorf("store: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Tables)) {
		t, ok := s.Table(name)
		if !ok || t.Name != name || !t.IsStamped() {
			return r, fmt.Errorf("tables: there is no table %q; docs/reference/tables.md lists them", name)
		}
		var k Keep
		if k.Age, err = parseDays(f.Tables[name].Days); err == nil {
			k.Bytes, err = parseBytes(f.Tables[name].Bytes)
		}
		if err != nil {
			return r, fmt.Errorf("table %s: %w", name, err)
		}
		r.Tables[name] = k
	}
	return r, nil
}

// parseDays reads how long to keep; empty is 0.
func parseDays(text string) (time.Duration, error) {
	switch text {
	case "":
		return 0, nil
	case "forever":
		return -1, nil
	}
	days, err := strconv.ParseFloat(text, 64)
	if err != nil || !(days > 0 && days <= 36500) {
		return 0, fmt.Errorf("days is %q; write a number of days up to 36500, or forever", text)
	}
	return time.Duration(days * 24 * float64(time.Hour)), nil
}

// units are the units of sizes; a kilobyte has 1000 bytes, a kibibyte 1024.
var units = []struct {
	name string
	size float64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}, {"", 1}}

// parseBytes reads a size; empty is 0.
func parseBytes(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := ParseBytes(text)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, errors.New("bytes is 0; leave it out for no bound")
	}
	return n, nil
}

// ParseBytes reads a size such as 500GB, 1.5 TiB or 1000000.
func ParseBytes(text string) (int64, error) {
	for _, u := range units {
		number, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		if n, err := strconv.ParseFloat(strings.TrimSpace(number), 64); err == nil && n >= 0 && n*u.size < math.MaxInt64/2 {
			return int64(n * u.size), nil
		}
	}
	return 0, fmt.Errorf("bytes is %q; write a size such as 500GB or 1.5TiB", text)
}
