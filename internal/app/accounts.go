package app

import (
	"context"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/auth"
	"github.com/tocsin-soc/tocsin/internal/incident/sqlstore"
)

// Accounts are the users of an installation. They live in the state store,
// which a command may open beside a running server.
type Accounts struct {
	db   *sqlstore.DB
	auth *auth.Gate
	now  func() time.Time
}

// operator is who acts on the command line: whoever may open the data folder.
var operator = tocsin.Actor{Kind: tocsin.System, ID: "operator", Name: "operator"}

// OpenAccounts opens the state store of a configuration.
func OpenAccounts(ctx context.Context, cfg Config) (*Accounts, error) {
	path, err := cfg.statePath()
	if err != nil {
		return nil, err
	}
	db, err := sqlstore.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	gate, err := auth.New(db.Accounts(), auth.Options{Now: cfg.Now, Random: cfg.Random})
	if err != nil {
		_ = db.Close() // the error that led here is the one to report
		return nil, err
	}
	return &Accounts{db: db, auth: gate, now: cfg.Now}, nil
}

// Close closes the state store.
func (a *Accounts) Close() error { return a.db.Close() }

// AddUser adds a user with a password.
func (a *Accounts) AddUser(ctx context.Context, user, name string, role tocsin.Role, password string) error {
	if password == "" {
		return tocsin.Errorf(tocsin.Invalid, "A password of at least 12 characters is needed.")
	}
	_, err := a.auth.CreateUser(ctx, operator, auth.NewUser{Name: user, DisplayName: name, Role: role, Password: password})
	return err
}

// addWithoutPassword adds a user who signs in by link only.
func (a *Accounts) addWithoutPassword(ctx context.Context, user, name string, role tocsin.Role) error {
	_, err := a.auth.CreateUser(ctx, operator, auth.NewUser{Name: user, DisplayName: name, Role: role})
	return err
}

// Users returns every user who is not disabled.
func (a *Accounts) Users(ctx context.Context) ([]api.Assignee, error) {
	users, err := a.auth.Users(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]api.Assignee, 0, len(users))
	for _, u := range users {
		if u.DisabledAt.IsZero() {
			list = append(list, api.Assignee{User: u.Name, DisplayName: u.DisplayName, Role: u.Role})
		}
	}
	return list, nil
}

// Link makes a one-time sign-in link's token for a user.
func (a *Accounts) Link(ctx context.Context, user string) (string, error) {
	link, _, err := a.auth.NewLink(ctx, operator, user)
	return link, err
}

// NewToken makes an API token for a user: it may do what the user may, within
// its scopes.
func (a *Accounts) NewToken(ctx context.Context, user, name string, scopes []string, days int) (string, error) {
	u, err := a.auth.User(ctx, user)
	if err != nil {
		return "", err
	}
	t := auth.NewToken{Name: name, Role: u.Role, Expires: a.now().Add(time.Duration(days) * 24 * time.Hour)}
	for _, s := range scopes {
		t.Scopes = append(t.Scopes, auth.Scope(strings.TrimSpace(s)))
	}
	secret, _, err := a.auth.MakeToken(ctx, u, t)
	return secret, err
}

// A Token is what may be told of an API token.
type Token struct {
	ID, Name          string
	Scopes            []string
	UsedAt, ExpiresAt time.Time
}

// Tokens returns the tokens that work, newest first.
func (a *Accounts) Tokens(ctx context.Context) ([]Token, error) {
	list, err := a.auth.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Token, 0, len(list))
	for _, s := range list {
		t := Token{ID: s.ID, Name: s.Name, UsedAt: s.UsedAt, ExpiresAt: s.ExpiresAt}
		for _, scope := range s.Scopes {
			t.Scopes = append(t.Scopes, string(scope))
		}
		out = append(out, t)
	}
	return out, nil
}

// RevokeToken ends a token by its id.
func (a *Accounts) RevokeToken(ctx context.Context, id string) error {
	return a.auth.RevokeToken(ctx, operator, id)
}

// FirstLink returns a sign-in link's token for a first administrator when there
// is no user at all, else "".
func (a *App) FirstLink(ctx context.Context) (string, error) {
	users, err := a.accounts.auth.Users(ctx)
	if err != nil || len(users) > 0 {
		return "", err
	}
	if err := a.accounts.addWithoutPassword(ctx, "admin", "Administrator", tocsin.Admin); err != nil {
		return "", err
	}
	return a.accounts.Link(ctx, "admin")
}

// gate is the API's gate over these accounts.
func (a *Accounts) gate() api.Gate { return &gate{a} }

// gate turns identities into the API's words.
type gate struct{ accounts *Accounts }

func whoOf(i *auth.Identity) api.Who {
	w := api.Who{Actor: i.Actor(), User: i.User.Name, DisplayName: i.User.DisplayName, Role: i.Role, ExpiresAt: i.ExpiresAt}
	for _, s := range i.Scopes {
		w.Scopes = append(w.Scopes, api.Scope(s))
	}
	return w
}

// SignIn implements api.Gate.
func (g *gate) SignIn(ctx context.Context, user, password, from string) (string, api.Who, error) {
	token, who, err := g.accounts.auth.SignIn(ctx, auth.SignIn{User: user, Password: password, Address: from})
	return token, whoOf(&who), err
}

// Redeem implements api.Gate.
func (g *gate) Redeem(ctx context.Context, link, from string) (string, api.Who, error) {
	token, who, err := g.accounts.auth.SignInWithLink(ctx, link, from, "")
	return token, whoOf(&who), err
}

// Session implements api.Gate.
func (g *gate) Session(ctx context.Context, token string) (api.Who, error) {
	who, err := g.accounts.auth.Session(ctx, token)
	return whoOf(&who), err
}

// Token implements api.Gate.
func (g *gate) Token(ctx context.Context, token string) (api.Who, error) {
	who, err := g.accounts.auth.Token(ctx, token)
	return whoOf(&who), err
}

// SignOut implements api.Gate.
func (g *gate) SignOut(ctx context.Context, token string) error {
	return g.accounts.auth.SignOut(ctx, token)
}

// Users implements api.Gate.
func (g *gate) Users(ctx context.Context) ([]api.Assignee, error) { return g.accounts.Users(ctx) }
