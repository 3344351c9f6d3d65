package fetch

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// A form is how the text behind an address becomes rows.
type form struct {
	format     string // "" goes by the address
	columns    []plan.Column
	skipFirst  bool
	zipPattern string
}

// separators are the formats of separated values (ingestion-supported-formats.md).
var separators = map[string]rune{"csv": ',', "tsv": '\t', "psv": '|', "scsv": ';', "sohsv": '\x01'}

// formOf reads the format and the properties of an operator. Property names that mean
// nothing here are warned of.
func formOf(op *plan.External) (f form, warnings []string, err error) {
	f = form{format: op.Format, columns: op.Cols}
	switch f.format {
	case "", "txt", "raw", "json", "multijson":
	default:
		if separators[f.format] == 0 {
			return f, nil, tocsin.Errorf(tocsin.Invalid, "externaldata does not read the format %s. It reads csv, tsv, psv, scsv, sohsv, txt, raw, json and multijson.", f.format)
		}
	}
	for _, p := range op.Properties {
		switch strings.ToLower(p.Name) {
		case "ignorefirstrecord":
			f.skipFirst = strings.EqualFold(p.Value, "true") || p.Value == "1"
		case "zippattern":
			f.zipPattern = p.Value
		case "ingestionmapping", "ingestionmappingreference":
			return f, nil, tocsin.Errorf(tocsin.Invalid, "externaldata does not support %s. Name the columns as the properties are named, or read one dynamic column and project from it.", p.Name)
		default:
			warnings = append(warnings, "externaldata does not know the property "+p.Name+"; it changes nothing")
		}
	}
	return f, warnings, nil
}

// decode turns a body into rows. name is the path of its address, whose ending says how
// it is packed and, when the operator does not, its format.
func (f form) decode(name string, body []byte) ([][]string, error) {
	ending := strings.ToLower(path.Ext(name))
	switch {
	case ending == ".gz" || ending == ".gzip":
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err == nil {
			body, err = bounded(r)
		}
		if err != nil {
			return nil, fmt.Errorf("unpacking gzip: %w", err)
		}
		return f.rows(strings.TrimSuffix(name, path.Ext(name)), body)
	case ending == ".zip":
		return f.unzip(body)
	}
	return f.rows(name, body)
}

// unzip reads every file of an archive that the pattern names.
func (f form) unzip(body []byte) ([][]string, error) {
	directory := &sparseReader{bytes.NewReader(body), maxDirectory}
	r, err := zip.NewReader(directory, int64(len(body)))
	directory.left = math.MaxInt
	if err != nil {
		return nil, fmt.Errorf("unpacking zip: %w", err)
	}
	var rows [][]string
	total := 0
	for _, file := range r.File {
		if matched, _ := path.Match(f.zipPattern, path.Base(file.Name)); f.zipPattern != "" && !matched || file.FileInfo().IsDir() {
			continue
		}
		in, err := file.Open()
		if err != nil {
			return nil, fmt.Errorf("unpacking %s: %w", file.Name, err)
		}
		text, err := bounded(in)
		_ = in.Close() // read only
		if err != nil {
			return nil, fmt.Errorf("unpacking %s: %w", file.Name, err)
		}
		if total += len(text); total > maxUnpacked {
			return nil, errTooLarge
		}
		more, err := f.rows(file.Name, text)
		if err != nil {
			return nil, err
		}
		if rows = append(rows, more...); len(rows) > maxRows {
			break // the caller says so
		}
	}
	return rows, nil
}

// maxDirectory bounds an archive's directory, which is read at once and takes many
// times its bytes.
const maxDirectory = 4 << 20

// sparseReader is an archive of which only so much is read.
type sparseReader struct {
	*bytes.Reader
	left int
}

// ReadAt implements io.ReaderAt.
func (s *sparseReader) ReadAt(p []byte, at int64) (int, error) {
	if s.left -= len(p); s.left < 0 {
		return 0, fmt.Errorf("its directory is longer than %d MiB", maxDirectory>>20)
	}
	return s.Reader.ReadAt(p, at)
}

var errTooLarge = fmt.Errorf("it unpacks to more than %d MiB", maxUnpacked>>20)

func bounded(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	if err == nil && len(text) > maxUnpacked {
		err = errTooLarge
	}
	return text, err
}

var errNotText = errors.New("it is not UTF-8 text")

// rows reads plain text.
func (f form) rows(name string, text []byte) ([][]string, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) {
		return nil, errNotText
	}
	format := f.format
	if format == "" {
		format = strings.TrimPrefix(strings.ToLower(path.Ext(name)), ".")
	}
	switch format {
	case "txt":
		return f.lines(text), nil
	case "raw":
		return [][]string{f.row([]string{string(text)})}, nil
	case "json", "multijson":
		return f.objects(text)
	}
	separator := separators[format]
	if separator == 0 {
		separator = ','
	}
	return f.separated(text, separator)
}

// row makes cells as wide as the columns: what is missing is empty, what is too much is dropped.
func (f form) row(cells []string) []string {
	out := make([]string, len(f.columns))
	copy(out, cells)
	return out
}

// lines makes a row of each line that is not empty.
func (f form) lines(text []byte) [][]string {
	var rows [][]string
	skip := f.skipFirst
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case skip:
			skip = false
		case len(line) > 0:
			rows = append(rows, f.row([]string{string(line)}))
		}
		if len(rows) > maxRows {
			return rows // the caller refuses them
		}
	}
	return rows
}

func (f form) separated(text []byte, separator rune) ([][]string, error) {
	in := &recordReader{r: bytes.NewReader(text)}
	r := csv.NewReader(in)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = separator, true, -1, true
	var rows [][]string
	skip := f.skipFirst
	for len(rows) <= maxRows {
		in.left = maxRecord
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		} else if err != nil {
			return nil, err
		}
		if skip {
			skip = false
			continue
		}
		rows = append(rows, f.row(cells))
	}
	return rows, nil
}

// objects makes a row of each JSON object: one after the other, or in arrays. A cell is
// the text of the property of the column's name.
func (f form) objects(text []byte) ([][]string, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	var rows [][]string
	skip := f.skipFirst
	take := func(raw json.RawMessage) error {
		if skip {
			skip = false
			return nil
		}
		var bag map[string]json.RawMessage
		if err := json.Unmarshal(raw, &bag); err != nil {
			return fmt.Errorf("near byte %d: a JSON object is expected", dec.InputOffset())
		}
		cells := make([]string, len(f.columns))
		for i, c := range f.columns {
			cells[i] = cell(bag[c.Name])
		}
		rows = append(rows, cells)
		return nil
	}
	one := func() error {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return fmt.Errorf("near byte %d: %w", dec.InputOffset(), err)
		}
		if len(raw) > maxRecord {
			return errLongRecord
		}
		return take(raw)
	}
	for len(rows) <= maxRows {
		rest := bytes.TrimLeft(text[dec.InputOffset():], " \t\r\n")
		if len(rest) == 0 {
			return rows, nil
		}
		if rest[0] != '[' {
			if err := one(); err != nil {
				return nil, err
			}
			continue
		}
		// An array is read one by one: of "{}," there may be eighty million.
		if _, err := dec.Token(); err != nil {
			return nil, fmt.Errorf("near byte %d: %w", dec.InputOffset(), err)
		}
		for dec.More() && len(rows) <= maxRows {
			if err := one(); err != nil {
				return nil, err
			}
		}
		if len(rows) > maxRows {
			break
		}
		if _, err := dec.Token(); err != nil {
			return nil, fmt.Errorf("near byte %d: %w", dec.InputOffset(), err)
		}
	}
	return rows, nil
}

// maxRecord bounds one record, whose cells take many times its bytes.
const maxRecord = 4 << 20

var errLongRecord = fmt.Errorf("a record is longer than %d MiB", maxRecord>>20)

// recordReader bounds what is read for one record; left is set before each.
type recordReader struct {
	r    io.Reader
	left int
}

// Read implements io.Reader.
func (r *recordReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, errLongRecord
	}
	n, err := r.r.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}

// cell is a JSON value as text: a string without its quotes, null as nothing, the rest as written.
func cell(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	var s string
	if raw[0] == '"' && json.Unmarshal(raw, &s) == nil {
		return s
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}
