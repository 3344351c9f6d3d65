package app

import (
	"context"
	"net"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/app/demo"
)

// demoUser is the account of a demonstration. It has no password: one signs in
// by the link.
const demoUser = "analyst"

// NewDemo prepares a demonstration of every built-in scenario with this seed, to
// be played into the server that listens on ln. The link signs in once.
func (a *App) NewDemo(ctx context.Context, ln net.Listener, seed uint64, event func(demo.Event)) (d *demo.Demo, link string, err error) {
	link, token, err := a.demoAccount(ctx)
	if err != nil {
		return nil, "", err
	}
	d, err = demo.New(demo.Options{Base: "http://" + ln.Addr().String(), Token: token, Desk: a.desk, Seed: seed, Now: a.cfg.Now, Event: event})
	return d, link, err
}

// demoAccount makes the demonstration's user, its sign-in link and its token.
func (a *App) demoAccount(ctx context.Context) (link, token string, err error) {
	if err = a.accounts.addWithoutPassword(ctx, demoUser, "Demo analyst", tocsin.Admin); err != nil && !tocsin.IsKind(err, tocsin.Conflict) {
		return "", "", err
	}
	if link, err = a.accounts.Link(ctx, demoUser); err != nil {
		return "", "", err
	}
	token, err = a.accounts.NewToken(ctx, demoUser, "simulation", []string{string(api.ScopeIngest)}, 1)
	return link, token, err
}
