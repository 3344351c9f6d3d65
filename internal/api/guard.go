package api

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-soc/tocsin"
)

// A Gate knows who somebody is. Package app implements it with auth.
type Gate interface {
	// SignIn checks a name and password; from is the client's address.
	SignIn(ctx context.Context, user, password, from string) (token string, who Who, err error)
	// Redeem uses up a one-time sign-in link.
	Redeem(ctx context.Context, link, from string) (token string, who Who, err error)
	// Session returns whose session a cookie is; an error for none.
	Session(ctx context.Context, token string) (Who, error)
	// Token returns whose API token this is; an error for none.
	Token(ctx context.Context, token string) (Who, error)
	// SignOut ends a session.
	SignOut(ctx context.Context, token string) error
	// Users returns who an incident can be assigned to.
	Users(ctx context.Context) ([]Assignee, error)
}

// Who is somebody the gate let in.
type Who struct {
	Actor       tocsin.Actor
	User        string // user name; of a token, its owner's
	DisplayName string
	Role        tocsin.Role
	Scopes      []Scope // of a token; empty for a session, which may do all its role may
	ExpiresAt   time.Time
}

// A Scope narrows what a token may do.
type Scope string

// The scopes of a token.
const (
	ScopeIngest Scope = "ingest"
	ScopeQuery  Scope = "query"
	ScopeAPI    Scope = "api" // everything the role may
)

// may reports whether who holds the role and, being a token, the scope.
func (w *Who) may(role tocsin.Role, scope Scope) bool {
	if scope != ScopeIngest && !w.Role.Allows(role) {
		return false
	}
	if len(w.Scopes) == 0 {
		return w.Role.Allows(role)
	}
	for _, s := range w.Scopes {
		if s == scope || s == ScopeAPI && w.Role.Allows(role) {
			return true
		}
	}
	return false
}

const (
	sessionCookie = "tocsin_session"
	// requestHeader must be on every request that changes something by cookie:
	// another site's form cannot set it.
	requestHeader = "X-Tocsin-Request"
)

type whoKey struct{}

// whoFrom returns who is asking; nil for nobody.
func whoFrom(ctx context.Context) *Who {
	w, _ := ctx.Value(whoKey{}).(*Who)
	return w
}

// identify finds out who is asking; whether they may is decided by each route.
func (s *server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/api/") {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		ctx := r.Context()
		if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
			who, err := s.Gate.Token(ctx, strings.TrimSpace(bearer))
			if err != nil {
				writeProblem(w, r, &problem{status: http.StatusUnauthorized, Problem: Problem{Kind: tocsin.Denied, Message: "This token is unknown or has expired. Ask your administrator for a new one."}})
				return
			}
			ctx = context.WithValue(ctx, whoKey{}, &who)
		} else if c, err := r.Cookie(sessionCookie); err == nil {
			if who, err := s.Gate.Session(ctx, c.Value); err == nil {
				if changes(r.Method) && r.Header.Get(requestHeader) == "" {
					writeProblem(w, r, tocsin.Errorf(tocsin.Denied, "A request that changes something needs the header %s.", requestHeader))
					return
				}
				ctx = context.WithValue(ctx, whoKey{}, &who)
			}
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// changes reports whether a method changes something.
func changes(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// need says what an operation asks of its caller. The zero role is: anybody.
type need struct {
	role  tocsin.Role
	scope Scope
}

const needKey = "tocsin.need"

// authorise is huma's middleware: it turns away whoever may not.
func (s *server) authorise(ctx huma.Context, next func(huma.Context)) {
	n, ok := ctx.Operation().Metadata[needKey].(need)
	if !ok {
		panic("api: operation " + ctx.Operation().OperationID + " says not who may use it")
	}
	if err := allowed(ctx.Context(), n); err != nil {
		p := problemOf(ctx.Context(), err)
		_ = huma.WriteErr(s.huma, ctx, p.status, p.Message, p)
		return
	}
	next(ctx)
}

// allowed returns why the caller may not; nil when they may.
func allowed(ctx context.Context, n need) error {
	if n.role == "" {
		return nil
	}
	who := whoFrom(ctx)
	if who == nil {
		return errNoSession
	}
	if !who.may(n.role, n.scope) {
		return tocsin.Errorf(tocsin.Denied, "This needs the role %s. You are %s.", n.role, who.Role)
	}
	return nil
}

// clientAddress is the address a request came from, without the port.
func clientAddress(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return host
}

// operation describes one route for huma and OpenAPI.
func operation(id, method, path, summary string, role tocsin.Role, scope Scope) huma.Operation {
	op := huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, MaxBodyBytes: maxBody,
		Metadata: map[string]any{needKey: need{role, scope}},
	}
	if role != "" {
		op.Security = []map[string][]string{{"session": {}}, {"token": {}}}
	}
	return op
}

// answer wraps a handler's error into what may be said.
func answer[I, O any](h func(context.Context, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, problemOf(ctx, err)
		}
		return out, nil
	}
}

// body is a response with a JSON body.
type body[T any] struct{ Body T }
