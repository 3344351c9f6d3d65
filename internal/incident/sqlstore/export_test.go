package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ResetSchema empties a schema of a PostgreSQL database, for tests. The name is
// made of letters, digits and underscores by the caller.
func ResetSchema(ctx context.Context, dsn, name string) error {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf(`DROP SCHEMA IF EXISTS %q CASCADE; CREATE SCHEMA %q`, name, name))
	return errors.Join(err, db.Close())
}

// Dump writes all rows of tables as text, to look for what must not be there.
func (db *DB) Dump(ctx context.Context, tables ...string) (string, error) {
	out := ""
	for _, table := range tables {
		rows, err := db.read.QueryContext(ctx, `SELECT * FROM `+table)
		if err != nil {
			return "", err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return "", err
		}
		for rows.Next() {
			cells := make([]any, len(columns))
			for i := range cells {
				cells[i] = new(any)
			}
			if err := rows.Scan(cells...); err != nil {
				return "", err
			}
			for _, c := range cells {
				out += fmt.Sprintf("%s|", *c.(*any))
			}
		}
		if err := rows.Err(); err != nil {
			return "", err
		}
	}
	return out, nil
}

// SearchAsIfLarge makes a store treat every listing of more than few as common
// and count only up to least.
func (s *Incidents) SearchAsIfLarge(few, least int) { s.few, s.least = few, least }

// PretendVersion notes a migration as done that this version does not have.
func (db *DB) PretendVersion(ctx context.Context, version int) error {
	applied := "true"
	if db.dialect == sqliteDialect {
		applied = "1"
	}
	_, err := db.write.ExecContext(ctx, db.dialect.sql(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, `+applied+`)`), version)
	return err
}

// Rewrite changes the database behind the store's back.
func (db *DB) Rewrite(ctx context.Context, query string) error {
	_, err := db.write.ExecContext(ctx, query)
	return err
}
