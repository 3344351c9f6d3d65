package schema

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/tocsin-soc/tocsin/kql/catalog"
)

// ReadDeclarations reads tables from JSON {table: {column: type}}, keeping the
// order of the columns. Such tables can be queried but not appended to; they
// are what `tocsin kql batch --schemas` checks queries against.
func ReadDeclarations(r io.Reader) (*Schema, error) {
	dec := json.NewDecoder(r)
	if err := expectDelim(dec, '{'); err != nil {
		return nil, err
	}
	var tables []*Table
	for dec.More() {
		name, err := readString(dec)
		if err != nil {
			return nil, fmt.Errorf("reading a table name: %w", err)
		}
		columns, err := readColumns(dec)
		if err != nil {
			return nil, fmt.Errorf("reading table %s: %w", name, err)
		}
		tables = append(tables, NewTable(name, columns))
	}
	if err := expectDelim(dec, '}'); err != nil {
		return nil, err
	}
	return New(tables...), nil
}

func readColumns(dec *json.Decoder) ([]Column, error) {
	if err := expectDelim(dec, '{'); err != nil {
		return nil, err
	}
	var columns []Column
	seen := map[string]bool{}
	for dec.More() {
		name, err := readString(dec)
		if err != nil {
			return nil, err
		}
		typeName, err := readString(dec)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", name, err)
		}
		t, ok := catalog.ParseType(typeName)
		if !ok {
			return nil, fmt.Errorf("column %s: no type %q", name, typeName)
		}
		if seen[name] {
			return nil, fmt.Errorf("column %s is declared twice", name)
		}
		seen[name] = true
		columns = append(columns, Column{Name: name, Type: t})
	}
	return columns, expectDelim(dec, '}')
}

func readString(dec *json.Decoder) (string, error) {
	token, err := dec.Token()
	if err != nil {
		return "", err
	}
	s, ok := token.(string)
	if !ok {
		return "", fmt.Errorf("at offset %d: want a string, got %v", dec.InputOffset(), token)
	}
	return s, nil
}

func expectDelim(dec *json.Decoder, want json.Delim) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	if token != want {
		return fmt.Errorf("at offset %d: want %v, got %v", dec.InputOffset(), want, token)
	}
	return nil
}
