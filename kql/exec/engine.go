// Package exec runs compiled KQL on an engine the product supplies.
//
// It promises typed result tables (package result), the second pass that
// run-time column sets need, and that a failing statement leaves nothing behind.
// It refuses to know a driver: an Engine is anything that runs one SQL statement
// with bound arguments and hands back plain Go values. It is tested with rows,
// through internal/telemetry/kqltest, on a real DuckDB.
package exec

import "context"

// Engine runs one read-only statement at a time. An implementation is safe for
// concurrent use, has every function of native.Functions registered under its
// Name before the first Query, and stops the statement when ctx ends.
type Engine interface {
	// Query runs sql with args bound to $1, $2, …; an argument is nil, bool,
	// int64, float64 or string. The caller closes the rows.
	Query(ctx context.Context, sql string, args []any) (Rows, error)
}

// Rows is a forward cursor over a statement's result. It is not safe for
// concurrent use.
type Rows interface {
	// Next moves to the next row; false at the end or after an error (see Err).
	Next() bool
	// Scan fills dest, one element per result column, with nil, bool, int64,
	// float64 or string. Compiled statements select nothing else: integers come
	// as BIGINT or INTEGER, datetime and timespan as BIGINT ticks of 100 ns,
	// dynamic as JSON text, decimal and guid as text.
	Scan(dest []any) error
	// Err returns what ended the iteration early; nil after the last row.
	Err() error
	// Close releases the cursor; it may be called more than once.
	Close() error
}
