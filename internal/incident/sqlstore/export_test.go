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
