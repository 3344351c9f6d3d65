package sqlstore_test

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/auth"
	"github.com/tocsin-soc/tocsin/internal/incident/sqlstore"
)

// door is a gate on an empty store, with a clock moved by hand.
type door struct {
	*auth.Gate
	store auth.Store
	mu    sync.Mutex
	at    time.Time
}

func (d *door) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}

func (d *door) wait(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = d.at.Add(by)
}

var (
	setup  = tocsin.Actor{Kind: tocsin.System, ID: "setup", Name: "Setup"}
	secret = "four random words make one"
)

// newDoor makes a gate with two users: amelie (admin) and bob (responder).
func newDoor(t *testing.T, db *sqlstore.DB) *door {
	t.Helper()
	d := &door{store: db.Accounts(), at: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)}
	var err error
	d.Gate, err = auth.New(d.store, auth.Options{Now: d.now, Random: rand.Reader, Cost: auth.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []auth.NewUser{{Name: "Amelie", Role: tocsin.Admin, Password: secret}, {Name: "bob", DisplayName: "Bob B.", Role: tocsin.Responder, Password: secret + "!"}} {
		if _, err := d.CreateUser(t.Context(), setup, n); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// wantKind fails unless err has this kind; empty means no error.
func wantKind(t *testing.T, what string, err error, kind tocsin.Kind) {
	t.Helper()
	if kind == "" && err != nil || kind != "" && !tocsin.IsKind(err, kind) {
		t.Fatalf("%s: got %v, want %q", what, err, kind)
	}
}

func TestAccounts_SignInAndSession(t *testing.T) {
	dialects(t, func(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
		d, ctx := newDoor(t, open(t)), t.Context()
		for _, in := range []auth.SignIn{{User: "amelie"}, {User: "amelie", Password: "wrong password"}, {User: "nobody", Password: secret}, {User: "", Password: secret}, {User: "amelie' OR 1=1 --", Password: secret}, {User: "amelie", Password: strings.Repeat("x", 2000)}} {
			_, _, err := d.SignIn(ctx, in)
			wantKind(t, in.User, err, tocsin.Denied)
		}
		first, who, err := d.SignIn(ctx, auth.SignIn{User: " AMELIE ", Password: secret, Address: "192.0.2.1"})
		wantKind(t, "signing in", err, "")
		if who.Role != tocsin.Admin || !who.May(auth.ScopeAPI, tocsin.Admin) || who.Actor().Kind != tocsin.Person || who.User.Name != "amelie" {
			t.Fatalf("identity %+v", who)
		}
		got, err := d.Session(ctx, first)
		if err != nil || got.ID != who.ID || !got.ExpiresAt.Equal(d.now().Add(12*time.Hour)) {
			t.Fatalf("session %+v, %v", got, err)
		}
		second, _, err := d.SignIn(ctx, auth.SignIn{User: "amelie", Password: secret, Previous: first})
		wantKind(t, "again", err, "")
		_, err = d.Session(ctx, first)
		wantKind(t, "the session before signing in again", err, tocsin.Denied)
		for range 3 {
			d.wait(100 * time.Minute)
			_, err = d.Session(ctx, second)
			wantKind(t, "a session in use", err, "")
		}
		d.wait(121 * time.Minute)
		_, err = d.Session(ctx, second)
		wantKind(t, "an idle session", err, tocsin.Denied)
		third, _, err := d.SignIn(ctx, auth.SignIn{User: "amelie", Password: secret})
		wantKind(t, "third", err, "")
		for range 7 {
			d.wait(100 * time.Minute)
			_, err = d.Session(ctx, third)
			wantKind(t, "used all day", err, "")
		}
		d.wait(20 * time.Minute)
		_, err = d.Session(ctx, third)
		wantKind(t, "beyond the absolute end", err, tocsin.Denied)
		fourth, _, err := d.SignIn(ctx, auth.SignIn{User: "amelie", Password: secret})
		wantKind(t, "fourth", err, "")
		wantKind(t, "signing out", d.SignOut(ctx, fourth), "")
		wantKind(t, "signing out twice", d.SignOut(ctx, fourth), "")
		_, err = d.Session(ctx, fourth)
		wantKind(t, "signed out", err, tocsin.Denied)
		for _, made := range []string{"", "x", fourth + "A", strings.Replace(fourth, "session", "token", 1), fourth[:len(fourth)-1] + "_"} {
			_, err = d.Session(ctx, made)
			wantKind(t, "made up", err, tocsin.Denied)
		}
	})
}

func TestAccounts_NothingSecretIsStored(t *testing.T) {
	dialects(t, func(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
		db := open(t)
		d, ctx := newDoor(t, db), t.Context()
		amelie, err := d.User(ctx, "amelie")
		wantKind(t, "user", err, "")
		session, _, err := d.SignIn(ctx, auth.SignIn{User: "amelie", Password: secret})
		wantKind(t, "session", err, "")
		link, _, err := d.NewLink(ctx, setup, "bob")
		wantKind(t, "link", err, "")
		token, _, err := d.MakeToken(ctx, amelie, auth.NewToken{Name: "t", Scopes: []auth.Scope{auth.ScopeQuery}, Role: tocsin.Reader, Expires: d.now().Add(time.Hour)})
		wantKind(t, "token", err, "")
		_, _, err = d.SignIn(ctx, auth.SignIn{User: "hunter2hunter2x", Password: secret})
		wantKind(t, "wrong", err, tocsin.Denied)
		text, err := db.Dump(ctx, "account", "secret", "audit")
		wantKind(t, "dump", err, "")
		for _, canary := range []string{secret, session, link, token, session[len("tocsin_session_"):], "hunter2hunter2x"} {
			if strings.Contains(text, canary) {
				t.Errorf("%q is stored in the clear", canary)
			}
		}
	})
}

func TestAccounts_Links(t *testing.T) {
	dialects(t, func(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
		d, ctx := newDoor(t, open(t)), t.Context()
		old, _, err := d.NewLink(ctx, setup, "bob")
		wantKind(t, "first link", err, "")
		link, _, err := d.NewLink(ctx, setup, "bob")
		wantKind(t, "second link", err, "")
		_, _, err = d.SignInWithLink(ctx, old, "", "")
		wantKind(t, "a link that was replaced", err, tocsin.Denied)
		var wins atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, who, err := d.SignInWithLink(ctx, link, "", ""); err == nil && who.User.Name == "bob" {
					wins.Add(1)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 {
			t.Fatalf("%d of 8 used one link", wins.Load())
		}
		late, _, err := d.NewLink(ctx, setup, "bob")
		wantKind(t, "third link", err, "")
		d.wait(10 * time.Minute)
		_, _, err = d.SignInWithLink(ctx, late, "", "")
		wantKind(t, "an expired link", err, tocsin.Denied)
		_, _, err = d.NewLink(ctx, setup, "nobody")
		wantKind(t, "a link for nobody", err, tocsin.NotFound)
	})
}

// asked counts how often a store is asked for a secret.
type asked struct {
	auth.Store
	n atomic.Int64
}

func (a *asked) Secret(ctx context.Context, hash string) (auth.Secret, error) {
	a.n.Add(1)
	return a.Store.Secret(ctx, hash)
}

func TestAccounts_RecentTokens(t *testing.T) {
	dialects(t, func(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
		d, ctx := newDoor(t, open(t)), t.Context()
		store := &asked{Store: d.store}
		server, err := auth.New(store, auth.Options{Now: d.now, Random: rand.Reader, Cost: auth.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}})
		wantKind(t, "a second gate", err, "")
		bob, err := d.User(ctx, "bob")
		wantKind(t, "user", err, "")
		token, rec, err := d.MakeToken(ctx, bob, auth.NewToken{Name: "shipper", Scopes: []auth.Scope{auth.ScopeIngest}, Role: tocsin.Reader, Expires: d.now().Add(3 * auth.TokenMemory)})
		wantKind(t, "making", err, "")
		want := func(what string, kind tocsin.Kind, asked int64) {
			t.Helper()
			who, err := server.RecentToken(ctx, token)
			wantKind(t, what, err, kind)
			if kind == "" && (who.Token != "shipper" || !who.May(auth.ScopeIngest, tocsin.Reader)) {
				t.Errorf("%s: %+v", what, who)
			}
			if n := store.n.Swap(0); n != asked {
				t.Errorf("%s: the store was asked %d times, want %d", what, n, asked)
			}
		}
		want("first", "", 1)
		want("again", "", 0)
		d.wait(auth.TokenMemory - time.Millisecond)
		want("at the end of the memory", "", 0)
		d.wait(time.Millisecond)
		want("after it", "", 1)
		// Another process disables the maker: it holds when the memory ends.
		wantKind(t, "disabling", d.Disable(ctx, setup, "bob"), "")
		want("disabled elsewhere", "", 0)
		d.wait(auth.TokenMemory)
		want("a moment later", tocsin.Denied, 1)
		want("refusals are not remembered", tocsin.Denied, 1)
		// What this process changes holds at once.
		wantKind(t, "enabling", server.Enable(ctx, setup, "bob"), "")
		want("enabled", "", 1)
		wantKind(t, "disabling here", server.Disable(ctx, setup, "bob"), "")
		want("disabled here", tocsin.Denied, 1)
		wantKind(t, "enabling again", server.Enable(ctx, setup, "bob"), "")
		want("enabled again", "", 1)
		d.wait(auth.TokenMemory - time.Millisecond)
		want("before it expires", "", 0)
		d.wait(time.Millisecond)
		want("expired", tocsin.Denied, 1)
		d.wait(-auth.TokenMemory - time.Millisecond)
		want("the clock went back", "", 1)
		wantKind(t, "revoking here", server.RevokeToken(ctx, setup, rec.ID), "")
		want("revoked", tocsin.Denied, 1)
		for _, wrong := range []string{"", "x", token + "x"} {
			_, err := server.RecentToken(ctx, wrong)
			wantKind(t, "made up", err, tocsin.Denied)
		}
		if n := store.n.Load(); n != 0 {
			t.Errorf("made-up tokens were looked up %d times", n)
		}
	})
}

func TestAccounts_Tokens(t *testing.T) {
	dialects(t, func(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
		d, ctx := newDoor(t, open(t)), t.Context()
		bob, err := d.User(ctx, "bob")
		wantKind(t, "user", err, "")
		ask := auth.NewToken{Name: "Shipper", Scopes: []auth.Scope{auth.ScopeIngest, auth.ScopeIngest}, Role: tocsin.Reader, Expires: d.now().Add(24 * time.Hour)}
		for what, edit := range map[string]func(*auth.NewToken){
			"no scope": func(n *auth.NewToken) { n.Scopes = nil }, "unknown scope": func(n *auth.NewToken) { n.Scopes = []auth.Scope{"all"} },
			"no expiry": func(n *auth.NewToken) { n.Expires = time.Time{} }, "two years": func(n *auth.NewToken) { n.Expires = d.now().Add(2 * auth.MaxTokenLife) },
			"bad name": func(n *auth.NewToken) { n.Name = "a\nb" }, "no role": func(n *auth.NewToken) { n.Role = "root" },
		} {
			n := ask
			edit(&n)
			_, _, err := d.MakeToken(ctx, bob, n)
			wantKind(t, what, err, tocsin.Invalid)
		}
		more := ask
		more.Role = tocsin.Admin
		_, _, err = d.MakeToken(ctx, bob, more)
		wantKind(t, "more than the maker", err, tocsin.Denied)
		token, rec, err := d.MakeToken(ctx, bob, ask)
		wantKind(t, "making", err, "")
		who, err := d.Token(ctx, token)
		if err != nil || !who.May(auth.ScopeIngest, tocsin.Reader) || who.May(auth.ScopeQuery, tocsin.Reader) || who.May(auth.ScopeIngest, tocsin.Responder) || who.Actor().Kind != tocsin.APIClient {
			t.Fatalf("identity %+v, %v", who, err)
		}
		_, err = d.Session(ctx, token)
		wantKind(t, "a token is no session", err, tocsin.Denied)
		if list, err := d.Tokens(ctx); err != nil || len(list) != 1 || list[0].Hash != "" || list[0].Name != "shipper" || len(list[0].Scopes) != 1 {
			t.Fatalf("tokens %+v, %v", list, err)
		}
		wantKind(t, "disabling the maker", d.Disable(ctx, setup, "bob"), "")
		_, err = d.Token(ctx, token)
		wantKind(t, "the maker is disabled", err, tocsin.Denied)
		wantKind(t, "enabling", d.Enable(ctx, setup, "bob"), "")
		_, err = d.Token(ctx, token)
		wantKind(t, "enabled again", err, "")
		wantKind(t, "revoking nothing", d.RevokeToken(ctx, setup, ""), tocsin.NotFound)
		wantKind(t, "revoking", d.RevokeToken(ctx, setup, rec.ID), "")
		wantKind(t, "revoking twice", d.RevokeToken(ctx, setup, rec.ID), tocsin.NotFound)
		_, err = d.Token(ctx, token)
		wantKind(t, "revoked", err, tocsin.Denied)
		short, _, err := d.MakeToken(ctx, bob, ask)
		wantKind(t, "making another", err, "")
		d.wait(24 * time.Hour)
		_, err = d.Token(ctx, short)
		wantKind(t, "expired", err, tocsin.Denied)
		d.wait(60 * 24 * time.Hour)
		wantKind(t, "forgetting", d.Forget(ctx), "")
		if list, err := d.Tokens(ctx); err != nil || len(list) != 0 {
			t.Fatalf("tokens %+v, %v", list, err)
		}
	})
}

func TestAccounts_Throttle(t *testing.T) {
	d, ctx := newDoor(t, openDB(t, t.TempDir()+"/a.db")), t.Context()
	try := func(user, password, address string) error {
		_, _, err := d.SignIn(ctx, auth.SignIn{User: user, Password: password, Address: address})
		return err
	}
	for range 5 {
		wantKind(t, "the first five", try("amelie", "wrong password!", "192.0.2.9"), tocsin.Denied)
	}
	wantKind(t, "the sixth has to wait", try("amelie", secret, "192.0.2.9"), tocsin.Unavailable)
	wantKind(t, "from elsewhere she gets in", try("amelie", secret, "198.51.100.1"), "")
	wantKind(t, "nobody is throttled alike", try("nobody", "wrong password!", "203.0.113.1"), tocsin.Denied)
	d.wait(2 * time.Second)
	wantKind(t, "after waiting", try("amelie", secret, "192.0.2.9"), "")
	for i := range 40 { // guessing for one user from everywhere
		_ = try("bob", "wrong password!", "198.51.100."+string(rune('0'+i%10))+string(rune('0'+i/10)))
	}
	wantKind(t, "many addresses", try("bob", secret+"!", "203.0.113.200"), tocsin.Unavailable)
	d.wait(16 * time.Minute)
	wantKind(t, "no wait is longer", try("bob", secret+"!", "203.0.113.200"), "")
	var let atomic.Int32
	var wg sync.WaitGroup
	for range 60 { // many at once from one IPv6 customer
		wg.Go(func() {
			if tocsin.IsKind(try("amelie", "wrong password!", "2001:db8::1"), tocsin.Denied) {
				let.Add(1)
			}
		})
	}
	wg.Wait()
	if let.Load() > 5 {
		t.Errorf("%d guesses at once were let through", let.Load())
	}
	events, err := d.Events(ctx, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range events {
		if e.Kind == auth.SignInThrottled {
			n++
		}
	}
	if n == 0 || n > 8 {
		t.Errorf("%d audit events of throttling: want few, not none", n)
	}
}

func TestAccounts_LastAdministratorStays(t *testing.T) {
	dialects(t, func(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
		d, ctx := newDoor(t, open(t)), t.Context()
		wantKind(t, "disabling", d.Disable(ctx, setup, "amelie"), tocsin.Conflict)
		wantKind(t, "demoting", d.SetRole(ctx, setup, "amelie", tocsin.Reader), tocsin.Conflict)
		wantKind(t, "unknown role", d.SetRole(ctx, setup, "amelie", "root"), tocsin.Invalid)
		wantKind(t, "promoting", d.SetRole(ctx, setup, "bob", tocsin.Admin), "")
		session, _, err := d.SignIn(ctx, auth.SignIn{User: "amelie", Password: secret})
		wantKind(t, "signing in", err, "")
		wantKind(t, "demoting now", d.SetRole(ctx, setup, "amelie", tocsin.Reader), "")
		if who, err := d.Session(ctx, session); err != nil || who.Role != tocsin.Reader {
			t.Fatalf("a role holds at once: %+v, %v", who, err)
		}
		amelie, err := d.User(ctx, "amelie")
		wantKind(t, "user", err, "")
		wantKind(t, "wrong present password", d.ChangePassword(ctx, amelie, "wrong password!", "another four random words", ""), tocsin.Denied)
		wantKind(t, "common password", d.ChangePassword(ctx, amelie, secret, "Password1234!", ""), tocsin.Invalid)
		wantKind(t, "changing", d.ChangePassword(ctx, amelie, secret, "another four random words", ""), "")
		_, err = d.Session(ctx, session)
		wantKind(t, "a new password ends sessions", err, tocsin.Denied)
		_, err = d.CreateUser(ctx, setup, auth.NewUser{Name: "AMELIE", Role: tocsin.Reader})
		wantKind(t, "a taken name", err, tocsin.Conflict)
		linkOnly, err := d.CreateUser(ctx, setup, auth.NewUser{Name: "carol", Role: tocsin.Reader})
		if err != nil || linkOnly.HasPassword {
			t.Fatalf("without a password: %+v, %v", linkOnly, err)
		}
		_, _, err = d.SignIn(ctx, auth.SignIn{User: "carol", Password: secret})
		wantKind(t, "nobody signs in without a password set", err, tocsin.Denied)
		if n, err := d.EndSessions(ctx, setup, "bob"); err != nil || n != 0 {
			t.Fatalf("ended %d, %v", n, err)
		}
		users, err := d.Users(ctx)
		if err != nil || len(users) != 3 || users[0].Name != "amelie" || users[1].DisplayName != "Bob B." {
			t.Fatalf("users %+v, %v", users, err)
		}
	})
}

func TestAccounts_CostIsRaisedAtSignIn(t *testing.T) {
	db := openDB(t, t.TempDir()+"/a.db")
	d, ctx := newDoor(t, db), t.Context()
	more := auth.Cost{MemoryKiB: 128, Passes: 2, Lanes: 1}
	g, err := auth.New(d.store, auth.Options{Now: d.now, Random: rand.Reader, Cost: more})
	wantKind(t, "new gate", err, "")
	for range 2 {
		_, _, err = g.SignIn(ctx, auth.SignIn{User: "amelie", Password: secret})
		wantKind(t, "signing in", err, "")
	}
	a, err := d.store.Account(ctx, "amelie")
	if err != nil || !strings.Contains(a.PasswordHash, "m=128,t=2,p=1") {
		t.Errorf("hash %q, %v", a.PasswordHash, err)
	}
}
