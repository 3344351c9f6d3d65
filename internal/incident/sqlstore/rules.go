package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-soc/tocsin"
)

// Rules keeps what happened to detection rules: the ledger of runs, how far
// each has looked, and which are paused.
type Rules struct{ db *DB }

// Rules returns the part of the database that rule health works on.
func (db *DB) Rules() *Rules { return &Rules{db: db} }

// AppendRun adds a run to the ledger. A run that did not fail also moves the
// rule's watermark and the end of its last window, in the same transaction;
// neither ever moves back. The caller runs windows in order and gives only the
// last of a tick the new watermark, so what a failure left over stays due.
func (r *Rules) AppendRun(ctx context.Context, run tocsin.RuleRun) error {
	return r.db.update(ctx, func(tx *sql.Tx) error {
		t := &incidentTx{ctx: ctx, tx: tx, dialect: r.db.dialect}
		err := t.exec(`INSERT INTO rule_run (rule_id, version, window_from, window_to, started_at, took, status, reason, row_count, alert_count, watermark, is_backfill)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			plain(string(run.Rule)), plain(run.Version), toTicks(run.From), toTicks(run.To), toTicks(run.StartedAt), int64(run.Took),
			string(run.Status), plain(run.Reason), run.Rows, run.Alerts, toTicks(run.Watermark), asInt(run.IsBackfill))
		if err != nil || run.Status == tocsin.RunFailed {
			return err
		}
		return t.exec(`INSERT INTO rule_state (rule_id, watermark, window_to, paused_at, pause_reason) VALUES (?, ?, ?, 0, '')
			ON CONFLICT (rule_id) DO UPDATE SET
				watermark = CASE WHEN excluded.watermark > rule_state.watermark THEN excluded.watermark ELSE rule_state.watermark END,
				window_to = CASE WHEN excluded.window_to > rule_state.window_to THEN excluded.window_to ELSE rule_state.window_to END`,
			plain(string(run.Rule)), toTicks(run.Watermark), toTicks(run.To))
	})
}

const runColumns = `r.rule_id, r.version, r.window_from, r.window_to, r.started_at, r.took, r.status, r.reason, r.row_count, r.alert_count, r.watermark, r.is_backfill`

// scanRun reads one run.
func scanRun(rows *sql.Rows, run *tocsin.RuleRun) error {
	var from, to, started, took, watermark int64
	var backfill int
	err := rows.Scan(&run.Rule, &run.Version, &from, &to, &started, &took, &run.Status, &run.Reason, &run.Rows, &run.Alerts, &watermark, &backfill)
	if err != nil {
		return fmt.Errorf("reading a rule run: %w", err)
	}
	run.From, run.To, run.StartedAt, run.Watermark = fromTicks(from), fromTicks(to), fromTicks(started), fromTicks(watermark)
	run.Took, run.IsBackfill = time.Duration(took), backfill != 0
	return nil
}

// Runs returns the newest runs of a rule, newest first.
func (r *Rules) Runs(ctx context.Context, rule tocsin.RuleID, limit int) ([]tocsin.RuleRun, error) {
	return collect(ctx, r.db.read, scanRun, r.db.dialect.sql(`SELECT `+runColumns+` FROM rule_run r WHERE r.rule_id = ? ORDER BY r.id DESC LIMIT ?`), plain(string(rule)), limit)
}

// LastRuns returns the newest run of every rule that ever ran.
func (r *Rules) LastRuns(ctx context.Context) (map[tocsin.RuleID]tocsin.RuleRun, error) {
	list, err := collect(ctx, r.db.read, scanRun, `SELECT `+runColumns+` FROM rule_run r WHERE r.id IN (SELECT max(l.id) FROM rule_run l GROUP BY l.rule_id)`)
	out := make(map[tocsin.RuleID]tocsin.RuleRun, len(list))
	for _, run := range list {
		out[run.Rule] = run
	}
	return out, err
}

// Progress returns how far a rule has looked: the newest watermark and the end
// of the last window of its successful runs; zero times when there was none.
func (r *Rules) Progress(ctx context.Context, rule tocsin.RuleID) (watermark, windowEnd time.Time, err error) {
	var mark, end int64
	err = r.db.read.QueryRowContext(ctx, r.db.dialect.sql(`SELECT watermark, window_to FROM rule_state WHERE rule_id = ?`), plain(string(rule))).Scan(&mark, &end)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return fromTicks(mark), fromTicks(end), unreachable(err)
}

// Pause stops a rule with a reason for people; a second pause replaces the first.
func (r *Rules) Pause(ctx context.Context, rule tocsin.RuleID, reason string, at time.Time) error {
	return r.db.update(ctx, func(tx *sql.Tx) error {
		t := &incidentTx{ctx: ctx, tx: tx, dialect: r.db.dialect}
		return t.exec(`INSERT INTO rule_state (rule_id, watermark, window_to, paused_at, pause_reason) VALUES (?, 0, 0, ?, ?)
			ON CONFLICT (rule_id) DO UPDATE SET paused_at = excluded.paused_at, pause_reason = excluded.pause_reason`,
			plain(string(rule)), toTicks(at), plain(reason))
	})
}

// Resume lets a paused rule run again; it is no error if it was not paused.
func (r *Rules) Resume(ctx context.Context, rule tocsin.RuleID) error {
	return r.db.update(ctx, func(tx *sql.Tx) error {
		t := &incidentTx{ctx: ctx, tx: tx, dialect: r.db.dialect}
		return t.exec(`UPDATE rule_state SET paused_at = 0, pause_reason = '' WHERE rule_id = ?`, plain(string(rule)))
	})
}

// Paused returns the paused rules, each with its reason.
func (r *Rules) Paused(ctx context.Context) (map[tocsin.RuleID]string, error) {
	type row struct {
		rule   tocsin.RuleID
		reason string
	}
	list, err := collect(ctx, r.db.read, func(rows *sql.Rows, v *row) error { return rows.Scan(&v.rule, &v.reason) },
		`SELECT rule_id, pause_reason FROM rule_state WHERE paused_at <> 0`)
	out := make(map[tocsin.RuleID]string, len(list))
	for _, v := range list {
		out[v.rule] = v.reason
	}
	return out, err
}

// AlertCounts returns how many alerts each rule has raised.
func (r *Rules) AlertCounts(ctx context.Context) (map[tocsin.RuleID]int, error) {
	type row struct {
		rule tocsin.RuleID
		n    int
	}
	list, err := collect(ctx, r.db.read, func(rows *sql.Rows, v *row) error { return rows.Scan(&v.rule, &v.n) },
		`SELECT rule_id, n FROM rule_alerts`)
	out := make(map[tocsin.RuleID]int, len(list))
	for _, v := range list {
		out[v.rule] = v.n
	}
	return out, err
}

// ForgetRuns removes runs that started before a time, at most 10,000 at once,
// and returns how many it removed. Progress is not touched.
func (r *Rules) ForgetRuns(ctx context.Context, before time.Time) (int, error) {
	var n int64
	err := r.db.update(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, r.db.dialect.sql(`DELETE FROM rule_run WHERE id IN (SELECT id FROM rule_run WHERE started_at < ? ORDER BY started_at LIMIT 10000)`), toTicks(before))
		if err != nil {
			return fmt.Errorf("forgetting rule runs: %w", err)
		}
		n, err = res.RowsAffected()
		return err
	})
	return int(n), err
}
