// Package doors opens the ways in for other products' shippers: who is let in, how
// fast, on which addresses, and what was turned away; and the sources that Tocsin
// opens itself, whose health it follows.
//
// It promises that a door or source that fails costs the others nothing, that what
// requests hold is bounded for all doors together, and that what was accepted is
// handed on before Run and Listen return. It refuses to know what becomes of a
// record: the queue takes it. It is tested here for the pace of a source, and
// through a served App for the rest.
package doors

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/auth"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/ingest/azure"
	"github.com/tocsin-soc/tocsin/internal/ingest/elastic"
	"github.com/tocsin-soc/tocsin/internal/ingest/hec"
	"github.com/tocsin-soc/tocsin/internal/ingest/otlp"
)

// What doors hold of requests under way, and the queue of what is not committed,
// at most: less where the telemetry engine has little, since --memory is for all.
const (
	mostBodies = 256 << 20
	mostQueued = 128 << 20
)

// QueueBytes is what the queue of records that are not committed may hold, given
// the bytes of the telemetry engine (0: not known).
func QueueBytes(engine int64) int64 { return within(mostQueued, engine, 4) }

// within is most, or a part of what the engine has, if that is known.
func within(most, engine, part int64) int64 {
	if engine <= 0 {
		return most
	}
	return min(most, engine/part)
}

// Options configure Doors. All are required but those that say what zero means.
type Options struct {
	Queue        *ingest.Queue
	Tokens       *auth.Gate             // of senders
	Sources      *ingest.Sources        // what the operator set, and has opened; nil without a sources file
	IsTable      func(name string) bool // whether rows can be sent to a table
	Data         string                 // folder in which sources keep what they have read
	EngineMemory int64                  // bytes of the telemetry engine, which leaves the less to requests; 0: not known
	Now          func() time.Time
	Random       io.Reader
	Log          *slog.Logger
}

// Doors are the ways in. They are safe for concurrent use.
type Doors struct {
	opts    Options
	budget  *ingest.Budget
	refused Refusals
	http    map[string]http.Handler // by name of the door

	mu    sync.Mutex
	paces map[tocsin.SourceID]*pace // of sources with a limit of their own

	pulsing sync.Mutex
	pulses  []*ingest.Pulse // of the sources that Run opened
	tried   chan struct{}   // closed once Run has tried to open them all
}

// New makes the doors. Nothing is opened yet.
func New(o Options) *Doors {
	d := &Doors{opts: o, budget: ingest.NewBudget(within(mostBodies, o.EngineMemory, 2)), paces: map[tocsin.SourceID]*pace{}, tried: make(chan struct{})}
	in := d.intake()
	d.http = map[string]http.Handler{
		ingest.DoorHEC:     hec.New(hec.Options{Intake: in, Budget: d.budget}),
		ingest.DoorElastic: elastic.New(elastic.Options{Intake: in, Budget: d.budget}),
		ingest.DoorOTLP:    otlp.New(otlp.Options{Intake: in, Budget: d.budget}),
		OTLPOverGRPC:       otlp.NewGRPC(otlp.Options{Intake: in, Budget: d.budget}),
		ingest.DoorAzure:   azure.New(azure.Options{Intake: in, Budget: d.budget, Workspace: d.workspaces()}),
	}
	return d
}

// Refusals counts what was turned away.
func (d *Doors) Refusals() *Refusals { return &d.refused }

// Take hands the body of a request to the product's own interface on, held to the
// limits of its source, which the sources file sets for the token's name.
func (d *Doors) Take(ctx context.Context, body io.Reader, spec ingest.Spec) (ingest.Receipt, error) {
	_ = d.sender(ingest.DoorHTTP, strings.TrimPrefix(string(spec.Source), ingest.DoorHTTP+":"))
	spec.Room = d.budget.Room()
	defer spec.Room.Release()
	return d.feed(ctx, ingest.Read(body, spec))
}

// intake is what every door hands records to.
func (d *Doors) intake() ingest.Intake {
	return ingest.Intake{
		Admit: d.admit, Feed: d.feed, IsTable: d.opts.IsTable, Now: d.opts.Now,
		Refused: d.refused.Add,
	}
}

// Handlers are the doors on the main address, by the patterns of http.ServeMux.
func (d *Doors) Handlers() map[string]http.Handler {
	list := map[string]http.Handler{
		elastic.Prefix + "/": http.StripPrefix(elastic.Prefix, d.http[ingest.DoorElastic]),
		"/_bulk":             d.http[ingest.DoorElastic],
		otlp.Path:            d.http[ingest.DoorOTLP],
	}
	for _, pattern := range hec.Paths() {
		list[pattern] = d.http[ingest.DoorHEC]
	}
	for _, pattern := range azure.Paths() {
		list[pattern] = d.http[ingest.DoorAzure]
	}
	return list
}

// admit lets in an API token of scope ingest; its name makes the source. Shippers
// show it with every request, so it is looked up every few seconds.
func (d *Doors) admit(ctx context.Context, door, credential string) (ingest.Sender, error) {
	who, err := d.opts.Tokens.RecentToken(ctx, credential)
	if err != nil {
		return ingest.Sender{}, err
	}
	mayAll := slices.Contains(who.Scopes, auth.ScopeAPI) && who.Role.Allows(tocsin.Responder)
	if !mayAll && !slices.Contains(who.Scopes, auth.ScopeIngest) {
		return ingest.Sender{}, tocsin.Errorf(tocsin.Denied, "The API token is wrong, expired or revoked. Make a new one.")
	}
	s := d.sender(door, who.Token)
	return s, nil
}

// sender is a source of a door by its name, with its settings.
func (d *Doors) sender(door, name string) ingest.Sender {
	s := ingest.Sender{Source: tocsin.SourceID(door + ":" + name), Settings: d.settings(door, name)}
	if l := s.Limits; l.RecordsPerSecond > 0 || l.RecordBytes > 0 {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.paces[s.Source] == nil {
			d.paces[s.Source] = &pace{longest: l.RecordBytes, perSecond: float64(l.RecordsPerSecond)}
		}
	}
	return s
}

// feed is the queue's, held to the pace of each source: a source that is ahead
// of its limit is told when to come back.
func (d *Doors) feed(ctx context.Context, raws iter.Seq2[tocsin.Raw, error]) (ingest.Receipt, error) {
	d.mu.Lock()
	limited := len(d.paces) > 0
	d.mu.Unlock()
	if !limited {
		return d.opts.Queue.Feed(ctx, raws)
	}
	return d.opts.Queue.Feed(ctx, func(yield func(tocsin.Raw, error) bool) {
		begun := map[tocsin.SourceID]bool{}
		for raw, err := range raws {
			if err == nil {
				wait := d.spend(&raw, begun[raw.Source])
				if wait > 0 {
					yield(tocsin.Raw{}, tocsin.Wrap(&ingest.Full{RetryAfter: wait}, tocsin.Unavailable,
						"The source %s sends more records than its settings allow. Send this again in %s.", raw.Source, wait))
					return
				}
				begun[raw.Source] = true
			}
			if !yield(raw, err) {
				return
			}
		}
	})
}

// spend counts one record of its source, and cuts it if it is longer than the
// source's settings allow. A submission that has begun is taken in whole and paid
// for later; one that would begin in debt has to wait.
func (d *Doors) spend(raw *tocsin.Raw, begun bool) (wait time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.paces[raw.Source]
	if p == nil {
		return 0
	}
	if p.longest > 0 && len(raw.Body) > p.longest {
		raw.Body = fmt.Appendf(nil, "the record has %d bytes and the settings of %s allow %d; it begins: %s",
			len(raw.Body), raw.Source, p.longest, raw.Body[:min(p.longest, excerptBytes)])
		raw.Format = tocsin.FormatDamaged
	}
	return p.spend(d.opts.Now(), begun)
}

// excerptBytes is what is kept of a record that is longer than its source may send.
const excerptBytes = 4 << 10

// pace holds the limits of a source: records may be of so many bytes, 0 for any;
// a bucket fills by perSecond, 0 for no limit, and holds one second's worth.
type pace struct {
	longest   int
	perSecond float64
	left      float64
	at        time.Time
}

func (p *pace) spend(now time.Time, begun bool) (wait time.Duration) {
	if p.perSecond <= 0 {
		return 0
	}
	if p.at.IsZero() {
		p.left = p.perSecond
	} else if passed := now.Sub(p.at).Seconds(); passed > 0 {
		p.left = min(p.perSecond, p.left+passed*p.perSecond)
	}
	p.at = now
	if !begun && p.left <= 0 {
		wait = time.Duration((1 - p.left) / p.perSecond * float64(time.Second)).Round(time.Millisecond)
		return max(wait, time.Millisecond)
	}
	p.left--
	return 0
}
