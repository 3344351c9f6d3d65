-- Times are ticks of 100 ns since 0001-01-01T00:00:00Z (0 is no time), severities their rank.
-- +goose Up
CREATE TABLE incident (
  id              INTEGER PRIMARY KEY,
  name            TEXT NOT NULL UNIQUE,
  title           TEXT NOT NULL,
  severity        INTEGER NOT NULL,
  status          TEXT NOT NULL,
  stand           INTEGER NOT NULL, -- 2 new or active, 1 closed, 0 redirected
  owner           TEXT NOT NULL,
  classification  TEXT NOT NULL,
  determination   TEXT NOT NULL,
  close_comment   TEXT NOT NULL,
  tags            TEXT NOT NULL,
  tactics         TEXT NOT NULL,
  techniques      TEXT NOT NULL,
  entities        TEXT NOT NULL,
  entity_count    INTEGER NOT NULL,
  alert_count     INTEGER NOT NULL,
  active_alerts   INTEGER NOT NULL,
  merged_into     INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  acknowledged_at INTEGER NOT NULL,
  closed_at       INTEGER NOT NULL,
  first_activity  INTEGER NOT NULL,
  last_activity   INTEGER NOT NULL,
  comments        INTEGER NOT NULL,
  version         INTEGER NOT NULL
);
CREATE INDEX incident_by_updated ON incident (updated_at, id);
CREATE INDEX incident_by_created ON incident (created_at, id);
CREATE INDEX incident_by_severity ON incident (severity, id);
CREATE INDEX incident_stand_updated ON incident (stand, updated_at, id);
CREATE INDEX incident_stand_created ON incident (stand, created_at, id);
CREATE INDEX incident_stand_severity ON incident (stand, severity, id);
CREATE INDEX incident_stand_id ON incident (stand, id);
CREATE INDEX incident_by_owner ON incident (owner, stand, updated_at, id);

-- The fold of the log, with what only the fold needs.
CREATE TABLE incident_state (
  incident_id INTEGER PRIMARY KEY REFERENCES incident (id),
  body        TEXT NOT NULL
);

-- The log. Nothing here is ever changed or removed.
CREATE TABLE entry (
  position    INTEGER PRIMARY KEY AUTOINCREMENT,
  incident_id INTEGER NOT NULL REFERENCES incident (id),
  seq         INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  actor_kind  TEXT NOT NULL,
  actor_id    TEXT NOT NULL,
  actor_name  TEXT NOT NULL,
  kind        TEXT NOT NULL,
  body        TEXT NOT NULL,
  UNIQUE (incident_id, seq)
);

-- The header of the queue, kept up to date by every change.
CREATE TABLE queue_count (
  status   TEXT NOT NULL,
  severity INTEGER NOT NULL,
  owned    INTEGER NOT NULL,
  n        INTEGER NOT NULL,
  PRIMARY KEY (status, severity, owned)
) WITHOUT ROWID;

CREATE TABLE incident_tag (
  tag         TEXT NOT NULL, -- lower case
  incident_id INTEGER NOT NULL,
  PRIMARY KEY (tag, incident_id)
) WITHOUT ROWID;
CREATE INDEX incident_tag_incident ON incident_tag (incident_id, tag);

CREATE TABLE incident_word (
  word        TEXT NOT NULL,
  incident_id INTEGER NOT NULL,
  PRIMARY KEY (word, incident_id)
) WITHOUT ROWID;
CREATE INDEX incident_word_incident ON incident_word (incident_id, word);

CREATE TABLE incident_key (
  entity_key    TEXT NOT NULL,
  incident_id   INTEGER NOT NULL,
  last_activity INTEGER NOT NULL,
  PRIMARY KEY (entity_key, incident_id)
) WITHOUT ROWID;
CREATE INDEX incident_key_incident ON incident_key (incident_id);
CREATE INDEX incident_key_recent ON incident_key (entity_key, last_activity, incident_id);

CREATE TABLE alert (
  id             TEXT PRIMARY KEY,
  identity       TEXT NOT NULL,
  episode        INTEGER NOT NULL,
  rule_id        TEXT NOT NULL,
  severity       INTEGER NOT NULL,
  status         TEXT NOT NULL,
  is_open        INTEGER NOT NULL, -- 1 unless resolved
  is_loose       INTEGER NOT NULL, -- 1 while in no incident
  resolved_at    INTEGER NOT NULL,
  first_activity INTEGER NOT NULL,
  last_activity  INTEGER NOT NULL,
  raised_at      INTEGER NOT NULL,
  body           TEXT NOT NULL,
  evidence       TEXT NOT NULL,
  UNIQUE (identity, episode)
);
CREATE INDEX alert_by_raised ON alert (raised_at, id);
CREATE INDEX alert_open_raised ON alert (is_open, raised_at, id);
CREATE INDEX alert_loose_raised ON alert (raised_at, id) WHERE is_loose = 1;
CREATE INDEX alert_by_rule ON alert (rule_id, raised_at, id);
CREATE INDEX alert_rule_activity ON alert (rule_id, last_activity);

-- Which alerts are in which incident. That an alert is in one at most is a
-- policy of package incident, not of this table.
CREATE TABLE incident_alert (
  incident_id INTEGER NOT NULL,
  alert_id    TEXT NOT NULL,
  PRIMARY KEY (incident_id, alert_id)
) WITHOUT ROWID;
CREATE INDEX incident_alert_alert ON incident_alert (alert_id);

CREATE TABLE alert_key (
  entity_key TEXT NOT NULL,
  raised_at  INTEGER NOT NULL,
  alert_id   TEXT NOT NULL,
  PRIMARY KEY (entity_key, raised_at, alert_id)
) WITHOUT ROWID;

CREATE TABLE finding (
  id       TEXT PRIMARY KEY,
  alert_id TEXT NOT NULL,
  at       INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX finding_by_age ON finding (at);
