package api

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// maxIngestBody bounds one submission as it is sent, before decompression.
const maxIngestBody = 64 << 20

// batchHeader names a submission, so that a sender may repeat it.
const batchHeader = "X-Tocsin-Batch"

// ingestRoutes adds the telemetry door. It is a plain handler: the body is a
// stream and never a document.
func (s *server) ingestRoutes(mux *http.ServeMux) {
	batch := &huma.Param{Name: batchHeader, In: "header", Description: "your name for this body; sent again, nothing is stored twice", Schema: &huma.Schema{Type: "string"}}
	table := &huma.Param{Name: "table", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}
	for _, route := range []struct {
		id, path, summary string
		params            []*huma.Param
	}{
		{"ingest-any", "/api/v1/ingest", "Send records whose shape says what they are (Windows events as JSON or XML, rows with Type), one JSON object per line, plain, gzip or zstd; answered after the commit", []*huma.Param{batch}},
		{"ingest", "/api/v1/ingest/{table}", "Send rows of a table, one JSON object per line, plain, gzip or zstd; answered after the commit", []*huma.Param{table, batch}},
	} {
		op := operation(route.id, http.MethodPost, route.path, route.summary, tocsin.Responder, ScopeIngest)
		op.Parameters = route.params
		op.Responses = map[string]*huma.Response{"200": {Description: "what became of the records"}}
		s.huma.OpenAPI().AddOperation(&op)
		mux.HandleFunc("POST "+route.path, s.ingest)
	}
}

// ingestPath is where telemetry is sent to, with or without a table behind it.
const ingestPath = "/api/v1/ingest"

// countRefusals counts what was sent to the telemetry door and turned away, also
// for its credential: that is found out before the door is reached.
func (s *server) countRefusals(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != ingestPath && !strings.HasPrefix(r.URL.Path, ingestPath+"/") {
			next.ServeHTTP(w, r)
			return
		}
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		if reason := refusalOf(rec.status, r.Header.Get("Authorization") != ""); reason != "" {
			s.Intake.Refused(reason)
		}
	})
}

// refusalOf is the reason that a status stands for; empty for none.
func refusalOf(status int, hasCredential bool) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		if hasCredential {
			return "wrong token"
		}
		return "no token"
	case http.StatusRequestEntityTooLarge:
		return "body too large"
	case http.StatusTooManyRequests:
		return "busy"
	case http.StatusBadRequest:
		return "damaged body"
	case http.StatusNotFound:
		return "unknown table"
	}
	return ""
}

// ingest takes one body. Without a table in the path, each record says itself
// what it is.
func (s *server) ingest(w http.ResponseWriter, r *http.Request) {
	if err := allowed(r.Context(), need{tocsin.Responder, ScopeIngest}); err != nil {
		writeProblem(w, r, err)
		return
	}
	batch := r.Header.Get(batchHeader)
	if len(batch) > 200 {
		writeProblem(w, r, tocsin.Errorf(tocsin.Invalid, "The header %s is longer than 200 bytes. Use a shorter name.", batchHeader))
		return
	}
	source := tocsin.SourceID("http:" + whoFrom(r.Context()).Actor.Name)
	result, err := s.Intake.Ingest(r.Context(), source, r.PathValue("table"), batch, http.MaxBytesReader(w, r.Body, maxIngestBody))
	if err != nil {
		if tocsin.IsKind(err, tocsin.Unavailable) {
			wait := time.Second
			var full *ingest.Full
			if errors.As(err, &full) {
				wait = full.RetryAfter
			}
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
			_, message := tocsin.Explain(err)
			err = &problem{Problem{Kind: tocsin.Unavailable, Message: message}, http.StatusTooManyRequests}
		}
		var large *ingest.TooLarge
		if errors.As(err, &large) {
			kind, message := tocsin.Explain(err)
			err = &problem{Problem{Kind: kind, Message: message}, http.StatusRequestEntityTooLarge}
		}
		writeProblem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(result) // the client is gone if this fails
}
