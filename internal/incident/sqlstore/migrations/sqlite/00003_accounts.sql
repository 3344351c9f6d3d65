-- +goose Up
CREATE TABLE account (
  id            TEXT PRIMARY KEY,
  name          TEXT NOT NULL UNIQUE,
  display_name  TEXT NOT NULL,
  role          TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  created_at    INTEGER NOT NULL,
  disabled_at   INTEGER NOT NULL
);

-- Sessions, API tokens and sign-in links: only hashes of them.
CREATE TABLE secret (
  id         TEXT PRIMARY KEY,
  kind       TEXT NOT NULL,
  hash       TEXT NOT NULL UNIQUE,
  account_id TEXT NOT NULL,
  name       TEXT NOT NULL,
  role       TEXT NOT NULL,
  scopes     TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at    INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL,
  address    TEXT NOT NULL
);
CREATE INDEX secret_by_account ON secret (account_id, kind, ended_at);
CREATE INDEX secret_by_kind ON secret (kind, ended_at, created_at);
CREATE INDEX secret_by_expiry ON secret (expires_at);

-- Nothing here is ever changed or removed.
CREATE TABLE audit (
  position   INTEGER PRIMARY KEY AUTOINCREMENT,
  at         INTEGER NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id   TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  kind       TEXT NOT NULL,
  subject    TEXT NOT NULL,
  address    TEXT NOT NULL,
  text       TEXT NOT NULL
);
