package telemetry

// Fault makes the store believe that DuckDB met a fatal error, of which there
// is none that can be provoked reliably, and waits until it has noticed.
func (s *Store) Fault() {
	old := s.engine.Load()
	s.reportFault()
	for s.engine.Load() == old && old != nil {
	}
}
