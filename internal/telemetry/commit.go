package telemetry

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/schema"
	"github.com/tocsin-soc/tocsin/internal/telemetry/duck"
	"github.com/tocsin-soc/tocsin/internal/telemetry/engine"
	"github.com/tocsin-soc/tocsin/internal/telemetry/ledger"
	"github.com/tocsin-soc/tocsin/internal/telemetry/tuple"
)

// commit is a group of batches on its way into the database.
type commit struct {
	group    []*request
	units    []unit
	rows     []row
	parts    []*part // what the tables get, in order of first use
	byTable  map[*storedTable]*part
	deltas   map[tocsin.SourceID]*ledger.Balance
	findings []Finding
	verdicts []verdict               // on dead letters
	settled  map[tocsin.EventID]bool // events of letters that were dealt with before
	answers  []Appended              // one per request
}

// unit is one record of a batch: what the balance counts.
type unit struct {
	request int
	source  tocsin.SourceID
	letter  tocsin.EventID // the dead letter it is a replay of; empty for what was received
	stored  bool           // at least one new event
	dead    bool           // a new dead letter
}

// part is what one table gets.
type part struct {
	table     *storedTable
	rows      []*tuple.Tuple
	window    *textWindow // of the table once the commit is done
	shortened int         // rows with shortened texts
}

// row is one event or dead letter that may become a row.
type row struct {
	*preparedRow
	table     *storedTable
	unit      int
	duplicate bool
}

// prepare decides what of the group is to be written. It reads the database but
// does not change it.
func (s *Store) prepare(ctx context.Context, c *duck.Conn, group []*request) (*commit, error) {
	k := &commit{
		group: group, byTable: map[*storedTable]*part{},
		deltas: map[tocsin.SourceID]*ledger.Balance{}, answers: make([]Appended, len(group)),
	}
	open, err := s.openLetters(ctx, c, group)
	if err != nil {
		return nil, err
	}
	for i, r := range group {
		if err := s.want(r.prepared); err != nil {
			return nil, err
		}
		if r.prepared.batch.Replay != nil {
			s.admitReplay(k, i, r.prepared, open)
		} else {
			s.admit(k, i, r.prepared)
		}
	}
	if err := s.findDuplicates(ctx, c, k); err != nil {
		return nil, fmt.Errorf("looking for duplicates: %w", err)
	}
	k.settleRows(s.textRoom)
	k.count()
	s.keepFindings(k)
	return k, nil
}

// want notes which tables and columns the rows of a batch need.
func (s *Store) want(p *Prepared) error {
	for _, use := range p.block.Uses() {
		t, ok := s.tables[use.Layout.Table.Name]
		if !ok {
			return tocsin.Errorf(tocsin.Internal, "batch %s has rows for table %s, which the store does not have", p.batch.ID, use.Layout.Table.Name)
		}
		t.want(&use)
	}
	return nil
}

// admit notes the records and rows of a batch.
func (s *Store) admit(k *commit, request int, p *Prepared) {
	start := 0
	for i := range p.records {
		r := &p.records[i]
		d := k.delta(r.source)
		if !r.isReject {
			d.Lag(r.lag)
		}
		s.admitRows(k, unit{request: request, source: r.source}, p.rows[start:r.end])
		start = r.end
	}
	for source, count := range p.batch.Counts {
		delta := k.delta(source)
		delta.Filtered += int64(count.Filtered)
		delta.Received += int64(count.Filtered)
		k.answers[request].Filtered += count.Filtered
	}
}

// admitRows notes one record with its rows.
func (s *Store) admitRows(k *commit, u unit, rows []preparedRow) {
	k.units = append(k.units, u)
	for i := range rows {
		k.rows = append(k.rows, row{preparedRow: &rows[i], table: s.tables[rows[i].Layout.Table.Name], unit: len(k.units) - 1})
	}
}

func (k *commit) delta(source tocsin.SourceID) *ledger.Balance {
	d, ok := k.deltas[source]
	if !ok {
		d = &ledger.Balance{Source: source}
		k.deltas[source] = d
	}
	return d
}

// findDuplicates marks the rows that are stored already or stand twice in the
// group. Only ids that the seen set knows are looked up.
func (s *Store) findDuplicates(ctx context.Context, c *duck.Conn, k *commit) error {
	var suspects []int
	taken := map[tocsin.EventID]bool{} // suspected ids; true once stored or in the group
	inSet, byTime := map[*storedTable][]tocsin.EventID{}, map[*storedTable][]tocsin.EventID{}
	for i := range k.rows {
		r := &k.rows[i]
		switch {
		case !s.seen.Insert(r.ID):
			inSet[r.table] = append(inSet[r.table], r.ID)
		case r.table.rememberedByTime(r.At):
			byTime[r.table] = append(byTime[r.table], r.ID)
		default:
			continue
		}
		taken[r.ID] = false
		suspects = append(suspects, i)
	}
	if len(suspects) == 0 {
		return nil
	}
	for t, ids := range inSet {
		if err := t.lookUp(ctx, c, ids, taken, ""); err != nil {
			return err
		}
	}
	for t, ids := range byTime {
		if err := t.lookUp(ctx, c, ids, taken, k.timeRange(t)); err != nil {
			return err
		}
	}
	next := 0
	for i := range k.rows {
		r := &k.rows[i]
		stored, suspected := taken[r.ID]
		if next < len(suspects) && suspects[next] == i {
			next++
			if stored {
				r.duplicate = true
				continue
			}
		}
		if suspected {
			taken[r.ID] = true
		}
	}
	return nil
}

// timeRange is the condition that a row has a time that some event of the group
// has, too: it spares the scan most of a large table.
func (k *commit) timeRange(t *storedTable) string {
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range k.rows {
		if r := &k.rows[i]; r.table == t {
			first, last = min(first, r.At), max(last, r.At)
		}
	}
	return fmt.Sprintf(" AND %s BETWEEN %d AND %d", t.timeSQL(), first, last)
}

// lookUp sets found[id] for every id that the table holds among the rows that
// meet the condition.
func (t *storedTable) lookUp(ctx context.Context, c *duck.Conn, ids []tocsin.EventID, found map[tocsin.EventID]bool, condition string) error {
	if !t.exists {
		return nil
	}
	id := schema.Quote(schema.EventIDColumn)
	rows, err := c.Query(ctx, fmt.Sprintf(`SELECT %s FROM %s WHERE %s IN (SELECT unnest(from_json($1, '["VARCHAR"]')))%s`, id, t.qualified(), id, condition), jsonTexts(ids))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.NextChunk() {
		for _, id := range rows.Chunk().Columns[0].Texts {
			found[tocsin.EventID(id)] = true
		}
	}
	return rows.Err()
}

// settleRows sorts what is new by table, notes it with its record, and shortens
// what there is no room for.
func (k *commit) settleRows(room int64) {
	for i := range k.rows {
		r := &k.rows[i]
		if r.duplicate {
			continue
		}
		p, u := k.part(r.table), &k.units[r.unit]
		p.rows = append(p.rows, &r.Tuple)
		if !p.window.fits(r.Texts, room) {
			r.table.shorten(&r.Tuple)
			p.shortened++
			k.delta(u.source).Shortened++
		}
		p.window.add(r.Texts)
		if r.dead {
			u.dead = true
			continue
		}
		u.stored = true
		k.delta(u.source).Events++
		k.answers[u.request].Events++
	}
}

// part returns what a table gets.
func (k *commit) part(t *storedTable) *part {
	p, ok := k.byTable[t]
	if !ok {
		p = &part{table: t, window: t.window.clone()}
		k.byTable[t] = p
		k.parts = append(k.parts, p)
	}
	return p
}

// count fills the balances and the answers, one count per record.
func (k *commit) count() {
	touched := map[tocsin.SourceID]int{} // the request that last touched a source, plus 1
	for i := range k.units {
		u := &k.units[i]
		d, a := k.delta(u.source), &k.answers[u.request]
		if u.letter != "" {
			k.countReplayed(u, d, a)
			continue
		}
		d.Received++
		switch {
		case u.stored:
			d.Stored++
			a.Stored++
		case u.dead:
			d.DeadLettered++
			a.DeadLettered++
		default:
			d.Duplicates++
			a.Duplicates++
		}
		if touched[u.source] != u.request+1 {
			touched[u.source] = u.request + 1
			d.Batches++
		}
	}
}

// keepFindings leaves out findings that are pending already or rest on an event
// that was stored before.
func (s *Store) keepFindings(k *commit) {
	var repeated map[tocsin.EventID]bool
	for _, r := range k.rows {
		if r.duplicate && !r.dead {
			if repeated == nil {
				repeated = map[tocsin.EventID]bool{}
			}
			repeated[r.ID] = true
		}
	}
	kept := map[string]bool{}
	for i, r := range k.group {
		own := map[tocsin.EventID]bool{} // events that this very batch stores
		if repeated != nil && len(r.prepared.batch.Findings) > 0 {
			for _, row := range k.rows {
				if !row.duplicate && !row.dead && k.units[row.unit].request == i {
					own[row.ID] = true
				}
			}
		}
		for _, f := range r.prepared.batch.Findings {
			_, pending := s.outbox.pending[f.ID]
			if pending || kept[f.ID] || k.settled[f.Event] || f.Event != "" && repeated[f.Event] && !own[f.Event] {
				continue
			}
			kept[f.ID] = true
			k.findings = append(k.findings, f)
			k.answers[i].Findings = append(k.answers[i].Findings, f.ID)
		}
	}
}

// apply writes the commit in one transaction. Every row has the time of its commit
// as _IngestionTime. Were it the time at the door, an event could become visible
// after a query that had seen later ones, and whoever follows the store by
// ingestion time would miss it.
func (s *Store) apply(ctx context.Context, e *engine.Engine, k *commit, now time.Time) (err error) {
	tables := make([]*storedTable, len(k.parts))
	for i, p := range k.parts {
		tables[i] = p.table
	}
	if len(k.verdicts) > 0 {
		tables = append(tables, s.tables[deadLetterTable])
	}
	if err := s.growTables(e, tables); err != nil {
		return err
	}
	c := e.Writer
	if err := c.Exec("BEGIN"); err != nil {
		return fmt.Errorf("beginning: %w", err)
	}
	defer func() {
		if err != nil {
			_ = c.Exec("ROLLBACK") // the error that led here is the one to report
		}
	}()
	for _, p := range k.parts {
		if err := p.table.write(c, p.rows, now); err != nil {
			return fmt.Errorf("writing %d rows to %s: %w", len(p.rows), p.table.name, err)
		}
	}
	if err := s.writeVerdicts(ctx, c, k.verdicts, now); err != nil {
		return fmt.Errorf("writing what became of %d dead letters: %w", len(k.verdicts), err)
	}
	books := s.ledger.Load()
	balances, err := books.Write(ctx, c, k.deltas, now)
	if err != nil {
		return err
	}
	if len(k.findings) > 0 {
		if err := s.outbox.write(c, k.findings); err != nil {
			return fmt.Errorf("writing %d findings: %w", len(k.findings), err)
		}
	}
	if err := c.ExecPatiently("COMMIT"); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	books.Committed(balances)
	for _, p := range k.parts {
		p.table.window = p.window
	}
	s.noteShortened(k, now)
	s.outbox.committed(k.findings)
	return nil
}

// growTables makes the tables and columns that get their first values, and shows
// them to readers before there are any. The checkpoint keeps data definition out
// of the log, whose replay of it has had faults in DuckDB.
func (s *Store) growTables(e *engine.Engine, tables []*storedTable) error {
	grown := false
	for _, t := range tables {
		changed, err := t.grow(e.Writer)
		if err != nil {
			return err
		}
		if !changed {
			continue
		}
		grown = true
		if err := s.publish(e, t); err != nil {
			return err
		}
	}
	if !grown {
		return nil
	}
	if err := e.Writer.ExecPatiently("FORCE CHECKPOINT " + engine.Database); err != nil {
		return fmt.Errorf("writing new tables and columns: %w", err)
	}
	return nil
}
