package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Settings keeps small texts by name: a checkpoint, a switch. It is no place
// for secrets or for anything that grows.
type Settings struct{ db *DB }

// Settings returns the part of the database that holds small texts by name.
func (db *DB) Settings() *Settings { return &Settings{db: db} }

// maxSetting bounds the value of one setting.
const maxSetting = 64 << 10

// Get returns a setting; ok is false when it was never set.
func (s *Settings) Get(ctx context.Context, name string) (value string, ok bool, err error) {
	err = s.db.read.QueryRowContext(ctx, s.db.dialect.sql(`SELECT value FROM setting WHERE name = ?`), plain(name)).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return value, err == nil, unreachable(err)
}

// Set sets a setting; at most 64 KiB.
func (s *Settings) Set(ctx context.Context, name, value string) error {
	if len(value) > maxSetting {
		return fmt.Errorf("setting %s: %d bytes are more than %d", name, len(value), maxSetting)
	}
	return s.db.update(ctx, func(tx *sql.Tx) error {
		t := &incidentTx{ctx: ctx, tx: tx, dialect: s.db.dialect}
		return t.exec(`INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, plain(name), plain(value))
	})
}
