package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// heartbeat keeps proxies from closing a quiet stream.
const heartbeat = 15 * time.Second

// streamRoutes adds the stream of changes (server-sent events).
func (s *server) streamRoutes(mux *http.ServeMux) {
	op := operation("stream", http.MethodGet, "/api/v1/stream", "What changes, as it changes (server-sent events)", tocsin.Reader, ScopeAPI)
	op.Responses = map[string]*huma.Response{"200": {Description: "text/event-stream of Change"}}
	s.huma.OpenAPI().AddOperation(&op)
	mux.HandleFunc("GET /api/v1/stream", func(w http.ResponseWriter, r *http.Request) {
		if err := allowed(r.Context(), need{tocsin.Reader, ScopeAPI}); err != nil {
			writeProblem(w, r, err)
			return
		}
		notices, stop := s.Desk.Subscribe(256)
		defer stop()
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no")
		flush := http.NewResponseController(w)
		beat := time.NewTicker(heartbeat)
		defer beat.Stop()
		fmt.Fprint(w, "retry: 2000\n: open\n\n")
		for {
			if err := flush.Flush(); err != nil {
				return
			}
			select {
			case <-r.Context().Done():
				return
			case <-s.Closing:
				return
			case <-beat.C:
				fmt.Fprint(w, ": still here\n\n")
			case n, ok := <-notices:
				if !ok {
					return
				}
				text, err := json.Marshal(changeOf(n))
				if err != nil {
					return
				}
				fmt.Fprintf(w, "data: %s\n\n", text)
			}
			// A session that was ended meanwhile hears no more.
			if who := whoFrom(r.Context()); !who.ExpiresAt.IsZero() && s.Now().After(who.ExpiresAt) {
				return
			}
		}
	})
}

// changeOf makes the message of a notice; a lagging page is told to read anew.
func changeOf(n incident.Notice) Change {
	kind := "incident"
	if n.Incident == 0 {
		kind = "alert"
	}
	if n.Lagged {
		kind = "reload"
	}
	return Change{Kind: kind, Incident: n.Incident, Alert: n.Alert, Version: n.Version, At: n.At}
}
