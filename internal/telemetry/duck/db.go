// Package duck is a thin driver for DuckDB: open, run, read column by column,
// append column by column, register functions. It exists beside database/sql
// because the store needs what that hides: typed columns without boxing, string
// cells written without a call per cell, and control over which thread runs a
// statement.
//
// It promises that every error carries DuckDB's own message and class, that a
// cancelled context stops a running statement, and that no C memory outlives
// its owner's Close. It refuses opinions: no SQL is made here, and no table or
// setting is known. It is tested against a real DuckDB in memory.
package duck

import (
	"errors"
	"fmt"
	"sort"

	capi "github.com/duckdb/duckdb-go-bindings"
)

// A DB is one open database. Its connections may be used concurrently with each
// other; close them all before the DB.
type DB struct {
	db capi.Database
}

// Open opens or creates the database file at path, in memory for an empty path.
// config holds DuckDB settings by name.
func Open(path string, config map[string]string) (*DB, error) {
	var c capi.Config
	if capi.CreateConfig(&c) == capi.StateError {
		capi.DestroyConfig(&c)
		return nil, errors.New("creating a configuration")
	}
	defer capi.DestroyConfig(&c)
	names := make([]string, 0, len(config))
	for name := range config {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if capi.SetConfig(c, name, config[name]) == capi.StateError {
			return nil, fmt.Errorf("no setting %s = %q", name, config[name])
		}
	}
	var message string
	d := &DB{}
	if capi.OpenExt(path, &d.db, c, &message) == capi.StateError {
		capi.Close(&d.db)
		return nil, &Error{Message: message}
	}
	return d, nil
}

// Connect opens a connection.
func (d *DB) Connect() (*Conn, error) {
	c := &Conn{}
	if capi.Connect(d.db, &c.conn) == capi.StateError {
		return nil, errors.New("connecting")
	}
	return c, nil
}

// Close closes the database. Committed data is safe whether or not it is called.
func (d *DB) Close() { capi.Close(&d.db) }

// An Error is a failure DuckDB reported.
type Error struct {
	Class   capi.ErrorType
	Message string // "Binder Error: …"
}

// Error returns DuckDB's message.
func (e *Error) Error() string { return e.Message }

// Fatal reports whether err means that the database is unusable until it is
// opened again.
func Fatal(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Class == capi.ErrorTypeFatal || e.Class == capi.ErrorTypeInternal)
}

// OutOfMemory reports whether err means that a statement hit the memory limit.
func OutOfMemory(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Class == capi.ErrorTypeOutOfMemory
}

// Unknown reports whether err means that a table or other object does not exist.
func Unknown(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Class == capi.ErrorTypeCatalog
}
