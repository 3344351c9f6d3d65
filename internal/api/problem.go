package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-soc/tocsin"
)

// statusOf maps a kind of failure to HTTP.
var statusOf = map[tocsin.Kind]int{
	tocsin.Invalid: http.StatusBadRequest, tocsin.NotFound: http.StatusNotFound, tocsin.Conflict: http.StatusConflict,
	tocsin.Denied: http.StatusForbidden, tocsin.Unavailable: http.StatusServiceUnavailable, tocsin.Internal: http.StatusInternalServerError,
}

// errNoSession asks the client to sign in.
var errNoSession = &problem{status: http.StatusUnauthorized, Problem: Problem{Kind: tocsin.Denied, Message: "Sign in first."}}

// A problem is an error on its way out: what may be said, and the status.
type problem struct {
	Problem
	status int
}

func (p *problem) Error() string { return p.Message }

// GetStatus implements huma.StatusError.
func (p *problem) GetStatus() int { return p.status }

// problemOf turns any error into what may be said of it.
func problemOf(ctx context.Context, err error) *problem {
	var ready *problem
	if errors.As(err, &ready) {
		p := *ready
		p.RequestID = requestID(ctx)
		return &p
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &problem{Problem{tocsin.Invalid, "The body is larger than this address takes. Send less at once.", requestID(ctx)}, http.StatusRequestEntityTooLarge}
	}
	kind, message := tocsin.Explain(err)
	return &problem{Problem{kind, message, requestID(ctx)}, statusOf[kind]}
}

// writeProblem answers with a problem.
func writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(r.Context(), err)
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.status)
	_ = json.NewEncoder(w).Encode(p.Problem) // the client is gone if this fails
}

// newHumaError makes our problem of what huma says about a request that does
// not fit its schema, with the places.
func newHumaError(status int, msg string, errs ...error) huma.StatusError {
	var parts []string
	for _, err := range errs {
		var ready *problem
		if errors.As(err, &ready) {
			return ready
		}
		var detail *huma.ErrorDetail
		if errors.As(err, &detail) {
			parts = append(parts, strings.TrimPrefix(detail.Location, "body.")+": "+detail.Message)
		}
	}
	kind := tocsin.Invalid
	switch {
	case status == http.StatusNotFound:
		kind = tocsin.NotFound
	case status >= 500:
		kind, msg = tocsin.Internal, "Something went wrong on our side. Try again; if it stays, give your administrator the request id."
	case status == http.StatusUnprocessableEntity:
		status = http.StatusBadRequest
	}
	if len(parts) > 0 {
		msg = "The request does not fit: " + strings.Join(parts, "; ") + "."
	}
	return &problem{Problem{Kind: kind, Message: msg}, status}
}

// MarshalJSON writes the problem document alone.
func (p *problem) MarshalJSON() ([]byte, error) { return json.Marshal(p.Problem) }

// ContentType implements huma.ContentTypeFilter.
func (p *problem) ContentType(string) string { return "application/problem+json" }
