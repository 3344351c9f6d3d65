package telemetry

import "context"

// Fault makes the store believe that DuckDB met a fatal error, of which there
// is none that can be provoked reliably, and waits until it has noticed.
func (s *Store) Fault() {
	old := s.engine.Load()
	s.reportFault()
	for s.engine.Load() == old && old != nil {
	}
}

// Fold adds up the history of the intake, as the writer does now and then.
func (s *Store) Fold() error {
	return s.do(context.Background(), func() error { return s.ledger.Load().fold(context.Background(), s.engine.Load().writer) })
}
