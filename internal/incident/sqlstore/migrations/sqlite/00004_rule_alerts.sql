-- How many alerts each rule has raised: the rule page would count a million rows.
-- +goose Up
CREATE TABLE rule_alerts (
  rule_id TEXT PRIMARY KEY,
  n       INTEGER NOT NULL
);
INSERT INTO rule_alerts (rule_id, n) SELECT rule_id, count(*) FROM alert GROUP BY rule_id;
