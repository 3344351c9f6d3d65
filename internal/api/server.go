package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// A Backend is what the interface stands on. Every field but Doors is needed.
type Backend struct {
	Desk        *incident.Desk
	Gate        Gate
	Hunt        Hunt
	Rules       Rules
	Sources     Sources
	Intake      Intake
	DeadLetters DeadLetters
	Retention   Retention
	Doors       map[string]http.Handler // other products' protocols by http.ServeMux pattern; each checks its own credentials
	UI          http.Handler            // what answers outside /api: the user interface
	Metrics     http.Handler            // what answers /metrics
	Log         *slog.Logger
	Now         func() time.Time
	Closing     <-chan struct{} // closed when the server is about to stop: streams end
	Version     string
	IsDemo      bool
}

// Hunt runs queries and knows the schema.
type Hunt interface {
	// Query runs a query for a person. Errors of the query itself are
	// diagnostics in the result, not an error.
	Query(ctx context.Context, q QueryRequest) (QueryResult, error)
	// Check compiles without running.
	Check(ctx context.Context, q QueryRequest) ([]Diagnostic, error)
	// Schema returns what can be queried.
	Schema() Schema
}

// Rules lists detection rules with their health.
type Rules interface {
	// List returns every rule, also those that did not load.
	List(ctx context.Context) ([]Rule, error)
	// Detail returns one rule; tocsin.NotFound when there is none.
	Detail(ctx context.Context, id tocsin.RuleID) (RuleDetail, error)
}

// Intake takes telemetry. It returns after the commit.
type Intake interface {
	// Ingest reads one JSON object per line, each a row of table, or of whatever
	// its shape says when table is empty. batch, when not empty, is the sender's
	// name for this body: sent again, it stores nothing twice. The body may be
	// compressed by gzip or zstd.
	Ingest(ctx context.Context, source tocsin.SourceID, table, batch string, body io.Reader) (IngestResult, error)
	// Refused counts a submission that was turned away before anything of it
	// became a record. Reasons are few and the same for everybody.
	Refused(reason string)
}

// maxBody bounds a JSON body; telemetry has a limit of its own (maxIngestBody).
const maxBody = 1 << 20

// server answers requests.
type server struct {
	Backend
	huma huma.API
}

// New returns the handler of everything: /api/v1, /openapi.json, /healthz,
// /readyz, /metrics, and the user interface for the rest.
func New(b Backend) http.Handler {
	mux := http.NewServeMux()
	s := &server{Backend: b, huma: humago.New(mux, openAPI(b.Version))}
	s.huma.UseMiddleware(s.authorise)
	s.sessionRoutes()
	s.incidentRoutes()
	s.alertRoutes()
	s.ruleRoutes()
	s.huntRoutes()
	s.sourceRoutes()
	s.ingestRoutes(mux)
	s.deadLetterRoutes()
	s.retentionRoutes()
	s.streamRoutes(mux)
	s.healthRoutes(mux)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, r, tocsin.Errorf(tocsin.NotFound, "There is no %s %s. See /openapi.json for what there is.", r.Method, r.URL.Path))
	})
	mux.Handle("/", b.UI)
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, r, tocsin.Errorf(tocsin.Denied, "This request comes from another site. Use Tocsin's own pages, or a token."))
	}))
	// Doors take no cookies, so a page of another site gains nothing by posting to them.
	all := http.NewServeMux()
	for pattern, door := range b.Doors {
		all.Handle(pattern, door)
	}
	all.Handle("/", protection.Handler(s.countRefusals(s.identify(mux))))
	return Outermost(b.Log, b.Now, all)
}

// openAPI is the head of the OpenAPI document. Nothing is served from elsewhere.
func openAPI(version string) huma.Config {
	c := huma.DefaultConfig("Tocsin", version)
	c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", nil
	c.Info.Description = "Everything the user interface does. Sign in at /api/v1/session, or send a token as Authorization: Bearer."
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie},
		"token":   {Type: "http", Scheme: "bearer"},
	}
	huma.NewError = newHumaError
	huma.NewErrorWithContext = func(_ huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return newHumaError(status, msg, errs...)
	}
	return c
}

type requestIDKey struct{}

// requestID returns the id of the request being answered.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// contentSecurity allows the page its own files and nothing else. Styles are
// set from script by the component library; the editor's workers are blobs.
const contentSecurity = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; " +
	"img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// Outermost gives every request an id, security headers, one line in the log
// and a net under panics.
func Outermost(log *slog.Logger, now func() time.Time, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := now()
		var raw [8]byte
		_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
		id := hex.EncodeToString(raw[:])
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
		h := w.Header()
		h.Set("X-Request-Id", id)
		h.Set("Content-Security-Policy", contentSecurity)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				log.Error("request panicked", "id", id, "panic", p, "stack", string(debug.Stack()))
				if !rec.wrote {
					writeProblem(rec, r, tocsin.Errorf(tocsin.Internal, "panic"))
				}
			}
			log.Debug("request", "id", id, "method", r.Method, "path", r.URL.Path, "status", rec.status, "took", now().Sub(began))
		}()
		next.ServeHTTP(rec, r)
	})
}

// recorder remembers the status for the log.
type recorder struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (r *recorder) WriteHeader(status int) {
	r.status, r.wrote = status, true
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.wrote = true
	return r.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection (flush, deadlines).
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
