-- +goose Up
CREATE TABLE rule_run (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  rule_id     TEXT NOT NULL,
  version     TEXT NOT NULL,
  window_from INTEGER NOT NULL,
  window_to   INTEGER NOT NULL,
  started_at  INTEGER NOT NULL,
  took        INTEGER NOT NULL, -- nanoseconds
  status      TEXT NOT NULL,
  reason      TEXT NOT NULL,
  row_count   INTEGER NOT NULL,
  alert_count INTEGER NOT NULL,
  watermark   INTEGER NOT NULL,
  is_backfill INTEGER NOT NULL
);
CREATE INDEX rule_run_by_rule ON rule_run (rule_id, id);
CREATE INDEX rule_run_by_age ON rule_run (started_at);

CREATE TABLE rule_state (
  rule_id      TEXT PRIMARY KEY,
  watermark    INTEGER NOT NULL,
  window_to    INTEGER NOT NULL, -- where the next window begins
  paused_at    INTEGER NOT NULL, -- 0 unless paused
  pause_reason TEXT NOT NULL
);

CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);
