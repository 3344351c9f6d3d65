package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/auth"
)

// Accounts keeps users, the records of secrets, and the audit trail.
type Accounts struct{ db *DB }

var _ auth.Store = (*Accounts)(nil)

// Accounts returns the part of the database that package auth works on.
func (db *DB) Accounts() *Accounts { return &Accounts{db: db} }

// exec runs one statement in a transaction of its own and returns how many rows
// it changed.
func (s *Accounts) exec(ctx context.Context, query string, args ...any) (int64, error) {
	var n int64
	err := s.db.update(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, s.db.dialect.sql(query), args...)
		if err != nil {
			return fmt.Errorf("running %.60q: %w", query, err)
		}
		n, err = res.RowsAffected()
		return err
	})
	return n, err
}

const accountColumns = `id, name, display_name, role, password_hash, created_at, disabled_at`

// scanAccount reads one account.
func scanAccount(rows *sql.Rows, a *auth.Account) error {
	var created, disabled int64
	if err := rows.Scan(&a.ID, &a.Name, &a.DisplayName, &a.Role, &a.PasswordHash, &created, &disabled); err != nil {
		return fmt.Errorf("reading an account: %w", err)
	}
	a.CreatedAt, a.DisabledAt, a.HasPassword = fromTicks(created), fromTicks(disabled), a.PasswordHash != ""
	return nil
}

// account reads the one account that a condition names.
func (s *Accounts) account(ctx context.Context, condition, value string) (auth.Account, error) {
	list, err := collect(ctx, s.db.read, scanAccount, s.db.dialect.sql(`SELECT `+accountColumns+` FROM account WHERE `+condition), plain(value))
	if err != nil {
		return auth.Account{}, err
	}
	if len(list) == 0 {
		return auth.Account{}, tocsin.Errorf(tocsin.NotFound, "There is no such user.")
	}
	return list[0], nil
}

// Account returns the account with a name.
func (s *Accounts) Account(ctx context.Context, name string) (auth.Account, error) {
	return s.account(ctx, `name = ?`, name)
}

// AccountByID returns the account with an id.
func (s *Accounts) AccountByID(ctx context.Context, id tocsin.UserID) (auth.Account, error) {
	return s.account(ctx, `id = ?`, string(id))
}

// Accounts returns all accounts by name.
func (s *Accounts) Accounts(ctx context.Context) ([]auth.Account, error) {
	return collect(ctx, s.db.read, scanAccount, `SELECT `+accountColumns+` FROM account ORDER BY name`)
}

// AddAccount stores a new account.
func (s *Accounts) AddAccount(ctx context.Context, a auth.Account) error {
	n, err := s.exec(ctx, `INSERT INTO account (`+accountColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		string(a.ID), plain(a.Name), plain(a.DisplayName), string(a.Role), a.PasswordHash, toTicks(a.CreatedAt), toTicks(a.DisabledAt))
	if err == nil && n == 0 {
		return tocsin.Errorf(tocsin.Conflict, "There is a user %s already. Choose another name.", a.Name)
	}
	return err
}

// SaveAccount stores what changed in an account.
func (s *Accounts) SaveAccount(ctx context.Context, a auth.Account) error {
	n, err := s.exec(ctx, `UPDATE account SET display_name = ?, role = ?, password_hash = ?, disabled_at = ? WHERE id = ?`,
		plain(a.DisplayName), string(a.Role), a.PasswordHash, toTicks(a.DisabledAt), string(a.ID))
	if err == nil && n == 0 {
		return tocsin.Errorf(tocsin.NotFound, "There is no such user.")
	}
	return err
}

const secretColumns = `id, kind, hash, account_id, name, role, scopes, created_at, expires_at, used_at, ended_at, address`

// scanSecret reads the record of one secret.
func scanSecret(rows *sql.Rows, s *auth.Secret) error {
	var scopes []byte
	var created, expires, used, ended int64
	err := rows.Scan(&s.ID, &s.Kind, &s.Hash, &s.User, &s.Name, &s.Role, &scopes, &created, &expires, &used, &ended, &s.Address)
	if err != nil {
		return fmt.Errorf("reading the record of a secret: %w", err)
	}
	s.CreatedAt, s.ExpiresAt, s.UsedAt, s.EndedAt = fromTicks(created), fromTicks(expires), fromTicks(used), fromTicks(ended)
	if err := json.Unmarshal(scopes, &s.Scopes); err != nil {
		return fmt.Errorf("reading the scopes of %s: %w", s.ID, err)
	}
	return nil
}

// AddSecret stores a new secret's record.
func (s *Accounts) AddSecret(ctx context.Context, v auth.Secret) error {
	scopes, err := json.Marshal(v.Scopes)
	if err != nil {
		return fmt.Errorf("writing scopes: %w", err)
	}
	_, err = s.exec(ctx, `INSERT INTO secret (`+secretColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		v.ID, string(v.Kind), v.Hash, string(v.User), plain(v.Name), string(v.Role), string(scopes),
		toTicks(v.CreatedAt), toTicks(v.ExpiresAt), toTicks(v.UsedAt), toTicks(v.EndedAt), plain(v.Address))
	return err
}

// Secret returns the record of the secret with a hash.
func (s *Accounts) Secret(ctx context.Context, hash string) (auth.Secret, error) {
	return s.secret(ctx, s.db.read, hash)
}

func (s *Accounts) secret(ctx context.Context, q querier, hash string) (auth.Secret, error) {
	list, err := collect(ctx, q, scanSecret, s.db.dialect.sql(`SELECT `+secretColumns+` FROM secret WHERE hash = ?`), plain(hash))
	if err != nil {
		return auth.Secret{}, err
	}
	if len(list) == 0 {
		return auth.Secret{}, tocsin.Errorf(tocsin.NotFound, "There is no such secret.")
	}
	return list[0], nil
}

// TakeSecret ends a secret; of several callers one sees that it had not ended.
func (s *Accounts) TakeSecret(ctx context.Context, hash string, at time.Time) (auth.Secret, error) {
	var out auth.Secret
	err := s.db.update(ctx, func(tx *sql.Tx) error {
		var err error
		if out, err = s.secret(ctx, tx, hash); err != nil || !out.EndedAt.IsZero() {
			return err
		}
		_, err = tx.ExecContext(ctx, s.db.dialect.sql(`UPDATE secret SET ended_at = ? WHERE hash = ?`), toTicks(at), plain(hash))
		return err
	})
	return out, err
}

// TouchSecret notes the last use of a secret.
func (s *Accounts) TouchSecret(ctx context.Context, id string, at time.Time) error {
	_, err := s.exec(ctx, `UPDATE secret SET used_at = ? WHERE id = ?`, toTicks(at), plain(id))
	return err
}

// EndSecrets ends secrets of a kind: the one with an id, else all of a user.
func (s *Accounts) EndSecrets(ctx context.Context, kind auth.SecretKind, user tocsin.UserID, id string, at time.Time) (int, error) {
	column, value := `account_id`, string(user)
	if id != "" {
		column, value = `id`, id
	}
	n, err := s.exec(ctx, `UPDATE secret SET ended_at = ? WHERE kind = ? AND ended_at = 0 AND `+column+` = ?`, toTicks(at), string(kind), plain(value))
	return int(n), err
}

// Secrets returns the records of a kind that have not ended, newest first.
func (s *Accounts) Secrets(ctx context.Context, kind auth.SecretKind) ([]auth.Secret, error) {
	return collect(ctx, s.db.read, scanSecret, s.db.dialect.sql(`SELECT `+secretColumns+` FROM secret WHERE kind = ? AND ended_at = 0 ORDER BY created_at DESC, id`), string(kind))
}

// ForgetSecrets removes records that ended or expired before a time.
func (s *Accounts) ForgetSecrets(ctx context.Context, before time.Time) error {
	_, err := s.exec(ctx, `DELETE FROM secret WHERE expires_at < ? OR (ended_at > 0 AND ended_at < ?)`, toTicks(before), toTicks(before))
	return err
}

// AppendEvent adds an event to the audit trail.
func (s *Accounts) AppendEvent(ctx context.Context, e auth.Event) error {
	_, err := s.exec(ctx, `INSERT INTO audit (at, actor_kind, actor_id, actor_name, kind, subject, address, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		toTicks(e.At), string(e.Actor.Kind), plain(e.Actor.ID), plain(e.Actor.Name), string(e.Kind), plain(e.Subject), plain(e.Address), plain(e.Text))
	return err
}

// Events returns events before a position, newest first.
func (s *Accounts) Events(ctx context.Context, before int64, limit int) ([]auth.Event, error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	return collect(ctx, s.db.read, func(rows *sql.Rows, e *auth.Event) error {
		var at int64
		err := rows.Scan(&e.Position, &at, &e.Actor.Kind, &e.Actor.ID, &e.Actor.Name, &e.Kind, &e.Subject, &e.Address, &e.Text)
		e.At = fromTicks(at)
		return err
	}, s.db.dialect.sql(`SELECT position, at, actor_kind, actor_id, actor_name, kind, subject, address, text FROM audit WHERE position < ? ORDER BY position DESC LIMIT ?`), before, limit)
}
