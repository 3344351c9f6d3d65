package kqltest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/tocsin-soc/tocsin/kql/exec"
	"github.com/tocsin-soc/tocsin/kql/native"
)

// Engine is a DuckDB in memory, the smallest exec.Engine there can be.
type Engine struct{ db *sql.DB }

// Open starts an empty database with the native functions registered.
func Open(ctx context.Context) (*Engine, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	for _, f := range native.Functions() {
		if err := duckdb.RegisterScalarUDF(conn, f.Name, scalar{f}); err != nil {
			return nil, fmt.Errorf("registering %s: %w", f.Name, err)
		}
	}
	return &Engine{db: db}, nil
}

// Close ends the database.
func (e *Engine) Close() error { return e.db.Close() }

// Exec runs a statement without a result, to set a test up.
func (e *Engine) Exec(ctx context.Context, text string) error {
	_, err := e.db.ExecContext(ctx, text)
	return err
}

// Query implements exec.Engine.
func (e *Engine) Query(ctx context.Context, text string, args []any) (exec.Rows, error) {
	r, err := e.db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	cols, err := r.Columns()
	if err != nil {
		return nil, err
	}
	return &rows{Rows: r, dest: make([]any, len(cols))}, nil
}

type rows struct {
	*sql.Rows
	dest []any
}

// Scan implements exec.Rows.
func (r *rows) Scan(out []any) error {
	for i := range r.dest {
		r.dest[i] = &out[i]
	}
	if err := r.Rows.Scan(r.dest...); err != nil {
		return err
	}
	for i, v := range out {
		switch v := v.(type) {
		case nil, bool, int64, float64, string:
		case int32:
			out[i] = int64(v)
		default:
			return fmt.Errorf("column %d came as %T", i+1, v)
		}
	}
	return nil
}

func (r *rows) Close() error { return r.Rows.Close() }

// scalar registers a native function.
type scalar struct{ f native.Function }

func typeInfo(k native.Kind) duckdb.TypeInfo {
	t := map[native.Kind]duckdb.Type{
		native.Bool: duckdb.TYPE_BOOLEAN, native.Int: duckdb.TYPE_INTEGER, native.Long: duckdb.TYPE_BIGINT,
		native.Real: duckdb.TYPE_DOUBLE, native.Text: duckdb.TYPE_VARCHAR,
	}[k]
	info, err := duckdb.NewTypeInfo(t)
	if err != nil {
		panic(err)
	}
	return info
}

// Config implements duckdb.ScalarFunc.
func (s scalar) Config() duckdb.ScalarFuncConfig {
	c := duckdb.ScalarFuncConfig{ResultTypeInfo: typeInfo(s.f.Result), SpecialNullHandling: true}
	for _, k := range s.f.Args {
		c.InputTypeInfos = append(c.InputTypeInfos, typeInfo(k))
	}
	if s.f.Variadic != native.None {
		c.VariadicTypeInfo = typeInfo(s.f.Variadic)
	}
	return c
}

// Executor implements duckdb.ScalarFunc.
func (s scalar) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (any, error) {
		args := make([]any, len(values))
		for i, v := range values {
			if n, ok := v.(int32); ok {
				v = int64(n)
			}
			args[i] = v
		}
		out := s.f.Fn(args)
		if n, ok := out.(int64); ok && s.f.Result == native.Int {
			return int32(n), nil
		}
		return out, nil
	}}
}
