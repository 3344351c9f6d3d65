// Package duckdb turns a plan into DuckDB SQL with bound arguments.
//
// It promises one statement per result whose columns come in plain types (see
// exec.Rows), every value of the query bound as an argument, and Kusto's
// semantics where SQL's differ: strings that are never null, comparison with
// null, terms of has, integers that wrap, ticks of 100 ns for datetime and
// timespan. All knowledge of the dialect is here. What it cannot express is an
// *Unsupported error that names it; there is no silent approximation.
//
// Physical types: bool BOOLEAN, int INTEGER, long BIGINT, real DOUBLE, decimal
// DECIMAL(38,17), string VARCHAR never NULL, datetime and timespan BIGINT ticks,
// dynamic VARCHAR holding valid JSON or NULL, guid UUID.
//
// It is tested by rows (kql/testdata and the conformance suites, run by
// internal/telemetry/kqltest on a real DuckDB), not by SQL text.
package duckdb
