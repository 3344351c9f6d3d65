package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/kql/plan"
)

// Bounds of one query's reading.
const (
	maxURLs      = 50
	maxRedirects = 5
	maxBody      = 100 << 20 // as much as Kusto advises for externaldata
	maxUnpacked  = 256 << 20
	maxRows      = 1_000_000
	timeout      = 30 * time.Second
	fresh        = 10 * time.Minute // a copy younger than this is not asked for again
	maxCells     = 256 << 20        // bytes of all cells of a query
	atOnce       = 4                // addresses whose content is in memory
)

// Options configure a Fetcher. Now is required.
type Options struct {
	Allowed Allowed
	Dir     string // folder of the copies; empty keeps none
	Now     func() time.Time
	// IsPublic says which addresses may be connected to; nil is the function IsPublic.
	// Adapt changes the transport (whom to trust). Both are for tests.
	IsPublic func(netip.Addr) bool
	Adapt    func(*http.Transport)
}

// A Fetcher reads addresses. It is safe for concurrent use.
type Fetcher struct {
	opts   Options
	client *http.Client
	copies *copies
	turns  chan struct{}
}

// New makes a fetcher.
func New(opts Options) *Fetcher {
	if opts.IsPublic == nil {
		opts.IsPublic = IsPublic
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: control(opts.IsPublic)}
	transport := &http.Transport{ // no proxy: the check of addresses would see the proxy's
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second,
		ResponseHeaderTimeout: 20 * time.Second, IdleConnTimeout: 30 * time.Second, MaxIdleConns: 10,
		MaxResponseHeaderBytes: 64 << 10, DisableCompression: true,
	}
	if opts.Adapt != nil {
		opts.Adapt(transport)
	}
	f := &Fetcher{opts: opts, copies: newCopies(opts.Dir, opts.Now), turns: make(chan struct{}, atOnce)}
	f.client = &http.Client{Transport: transport, Timeout: timeout, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return tocsin.Errorf(tocsin.Invalid, "%s redirects more than %d times.", shown(via[0].URL), maxRedirects)
		}
		r.Header.Del("Referer") // would tell the query of the address before
		return opts.Allowed.check(r.URL)
	}}
	return f
}

// Fetch returns the rows of an externaldata operator as texts, in the order of its
// columns, with what its reader should know. The error is a *tocsin.Error.
func (f *Fetcher) Fetch(ctx context.Context, op *plan.External, urls []string) (rows [][]string, warnings []string, err error) {
	if len(urls) > maxURLs {
		return nil, nil, tocsin.Errorf(tocsin.Invalid, "externaldata names %d addresses; at most %d are read.", len(urls), maxURLs)
	}
	form, warnings, err := formOf(op)
	if err != nil {
		return nil, nil, err
	}
	size := 0
	for _, text := range urls {
		u, err := parse(text)
		if err == nil {
			err = f.opts.Allowed.check(u)
		}
		if err != nil {
			return nil, nil, err
		}
		more, warning, err := f.table(ctx, u, form)
		if err != nil {
			return nil, nil, err
		}
		if warning != "" {
			warnings = append(warnings, warning)
		}
		if rows = append(rows, more...); len(rows) > maxRows {
			return nil, nil, tocsin.Errorf(tocsin.Invalid, "externaldata would deliver more than %d rows. Read fewer addresses, or import the data.", maxRows)
		}
		if size += sizeOf(more); size > maxCells {
			return nil, nil, tocsin.Errorf(tocsin.Invalid, "externaldata would deliver more than %d MiB. Read fewer addresses, or import the data.", maxCells>>20)
		}
	}
	return rows, warnings, nil
}

// table reads the rows behind one address, when it is its turn.
func (f *Fetcher) table(ctx context.Context, u *url.URL, form form) (rows [][]string, warning string, err error) {
	select {
	case f.turns <- struct{}{}:
		defer func() { <-f.turns }()
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
	body, warning, err := f.body(ctx, u)
	if err != nil {
		return nil, "", err
	}
	if rows, err = form.decode(u.Path, body); err != nil {
		return nil, "", tocsin.Wrap(err, tocsin.Invalid, "What %s holds cannot be read: %s.", shown(u), err)
	}
	return rows, warning, nil
}

// sizeOf is what rows hold, in bytes.
func sizeOf(rows [][]string) (n int) {
	for _, row := range rows {
		n += 24
		for _, cell := range row {
			n += 16 + len(cell)
		}
	}
	return n
}

// parse reads an address in Kusto's form of a storage connection string: the address,
// then perhaps ";" and how to sign in. Only ";impersonate" is accepted, and read as anyone.
func parse(text string) (*url.URL, error) {
	address, signIn, _ := strings.Cut(strings.TrimSpace(text), ";")
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, tocsin.Errorf(tocsin.Invalid, "An address of externaldata is not understood; it begins with https://.")
	}
	u.Fragment, u.Scheme = "", strings.ToLower(u.Scheme)
	if signIn != "" && !strings.EqualFold(signIn, "impersonate") {
		return nil, tocsin.Errorf(tocsin.Invalid, "%s comes with a way to sign in that is not supported here. Use an address with a shared access signature, or import the data.", shown(u))
	}
	return u, nil
}

// body returns what an address holds, from a copy where that is fresh or the address
// does not answer.
func (f *Fetcher) body(ctx context.Context, u *url.URL) (body []byte, warning string, err error) {
	unlock, err := f.copies.lock(ctx, u)
	if err != nil {
		return nil, "", err
	}
	defer unlock()
	kept, held := f.copies.read(u)
	if held && f.opts.Now().Sub(kept.Checked) < fresh {
		return kept.body, "", nil
	}
	got, err := f.ask(ctx, u, kept)
	switch {
	case err == nil:
		f.copies.write(u, got)
		return got.body, "", nil
	case held && refusal(err) == nil && ctx.Err() == nil:
		return kept.body, fmt.Sprintf("%s could not be read (%s); its copy of %s is used", shown(u), reason(err), kept.Checked.UTC().Format("2006-01-02 15:04 UTC")), nil
	case refusal(err) != nil:
		return nil, "", refusal(err)
	case ctx.Err() != nil:
		return nil, "", ctx.Err()
	}
	return nil, "", tocsin.Wrap(err, tocsin.Unavailable, "%s could not be read: %s. There is no earlier copy of it.", shown(u), reason(err))
}

// ask requests an address, conditionally when there is a copy.
func (f *Fetcher) ask(ctx context.Context, u *url.URL, kept kept) (kept, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return kept, errors.New("the address is not understood")
	}
	r.Header.Set("User-Agent", "Tocsin")
	if kept.ETag != "" {
		r.Header.Set("If-None-Match", kept.ETag)
	}
	if kept.Modified != "" {
		r.Header.Set("If-Modified-Since", kept.Modified)
	}
	resp, err := f.client.Do(r)
	if err != nil {
		return kept, err
	}
	defer func() { _ = resp.Body.Close() }() // read to the end or given up
	switch {
	case resp.StatusCode == http.StatusNotModified && kept.body != nil:
		kept.Checked = f.opts.Now()
		return kept, nil
	case resp.StatusCode != http.StatusOK:
		return kept, fmt.Errorf("it answers %s", http.StatusText(resp.StatusCode)+fmt.Sprintf(" (%d)", resp.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return kept, err
	}
	if len(body) > maxBody {
		return kept, tocsin.Errorf(tocsin.Invalid, "%s is larger than %d MiB, the most that externaldata reads.", shown(u), maxBody>>20)
	}
	kept.ETag, kept.Modified, kept.Checked, kept.Address, kept.body = resp.Header.Get("ETag"), resp.Header.Get("Last-Modified"), f.opts.Now(), shown(u), body
	return kept, nil
}

// refusal is the rule of ours that err speaks of, or nil for a network that fails. What
// the client puts around it names the whole address.
func refusal(err error) error {
	var said *tocsin.Error
	if errors.As(err, &said) {
		return said
	}
	return nil
}

// reason is an error of the client without the address, which may hold a secret.
func reason(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		if wrapped.Timeout() {
			return "no answer in time"
		}
		err = wrapped.Err
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return "the name " + dns.Name + " is not found"
	}
	return err.Error()
}
