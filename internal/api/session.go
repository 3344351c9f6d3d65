package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-soc/tocsin"
)

// signInInput is the body of a sign-in with where it came from.
type signInInput struct {
	Body SignIn
	from string
	tls  bool
}

// Resolve implements huma.Resolver: it notes the client's address.
func (in *signInInput) Resolve(ctx huma.Context) []error {
	in.from, in.tls = clientAddress(ctx.RemoteAddr()), ctx.TLS() != nil
	return nil
}

type sessionOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      Session
}

type cookieInput struct {
	Cookie string `cookie:"tocsin_session"`
}

type signOutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (s *server) sessionRoutes() {
	huma.Register(s.huma, operation("sign-in", http.MethodPost, "/api/v1/session", "Sign in with a password or a one-time link", "", ""), answer(s.signIn))
	huma.Register(s.huma, operation("get-session", http.MethodGet, "/api/v1/session", "Who am I", tocsin.Reader, ScopeAPI), answer(s.getSession))
	huma.Register(s.huma, operation("sign-out", http.MethodDelete, "/api/v1/session", "End the session", "", ""), answer(s.signOut))
	huma.Register(s.huma, operation("list-users", http.MethodGet, "/api/v1/users", "Who an incident can be assigned to", tocsin.Reader, ScopeAPI), answer(s.listUsers))
}

func (s *server) signIn(ctx context.Context, in *signInInput) (*sessionOutput, error) {
	var token string
	var who Who
	var err error
	if in.Body.Link != "" {
		token, who, err = s.Gate.Redeem(ctx, in.Body.Link, in.from)
	} else {
		token, who, err = s.Gate.SignIn(ctx, in.Body.User, in.Body.Password, in.from)
	}
	if err != nil {
		if tocsin.IsKind(err, tocsin.Denied) {
			_, message := tocsin.Explain(err)
			return nil, &problem{Problem{Kind: tocsin.Denied, Message: message, RequestID: requestID(ctx)}, http.StatusUnauthorized}
		}
		return nil, err
	}
	out := &sessionOutput{Body: s.sessionOf(&who)}
	out.SetCookie = http.Cookie{Name: sessionCookie, Value: token, Path: "/", Expires: who.ExpiresAt, HttpOnly: true, Secure: in.tls, SameSite: http.SameSiteStrictMode}
	return out, nil
}

// sessionOf makes the session document.
func (s *server) sessionOf(who *Who) Session {
	return Session{User: who.User, DisplayName: who.DisplayName, Role: who.Role, ExpiresAt: who.ExpiresAt, Version: s.Version, IsDemo: s.IsDemo}
}

func (s *server) getSession(ctx context.Context, _ *struct{}) (*body[Session], error) {
	return &body[Session]{s.sessionOf(whoFrom(ctx))}, nil
}

func (s *server) signOut(ctx context.Context, in *cookieInput) (*signOutOutput, error) {
	if in.Cookie != "" && whoFrom(ctx) != nil {
		if err := s.Gate.SignOut(ctx, in.Cookie); err != nil {
			return nil, err
		}
	}
	return &signOutOutput{http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode}}, nil
}

func (s *server) listUsers(ctx context.Context, _ *struct{}) (*body[[]Assignee], error) {
	users, err := s.Gate.Users(ctx)
	if err != nil {
		return nil, err
	}
	return &body[[]Assignee]{users}, nil
}
