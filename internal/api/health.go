package api

import (
	"io"
	"net/http"
)

// healthRoutes adds what machines ask: alive, ready, metrics. They say nothing
// that needs a session.
func (s *server) healthRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if _, err := s.Desk.Counts(r.Context()); err != nil {
			http.Error(w, "the state store does not answer", http.StatusServiceUnavailable)
			return
		}
		if err := s.Sources.Answers(r.Context()); err != nil {
			http.Error(w, "the telemetry store does not answer", http.StatusServiceUnavailable)
			return
		}
		// Queries are answered and incidents worked on while the intake is stopped, so
		// this is no reason to take the server out of service; see /readyz/intake.
		_, _ = io.WriteString(w, "ready\n"+s.Retention.Stopped())
	})
	mux.HandleFunc("GET /readyz/intake", func(w http.ResponseWriter, _ *http.Request) {
		if why := s.Retention.Stopped(); why != "" {
			http.Error(w, why, http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ready\n")
	})
	mux.Handle("GET /metrics", s.Metrics)
}
