package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-soc/tocsin"
)

// DeadLetters are the records that could not become events. Package app
// implements it; by is who asks.
type DeadLetters interface {
	// List returns letters in the order of their arrival, or newest first.
	List(ctx context.Context, q DeadLetterQuery, newestFirst bool, limit int, cursor string) (DeadLetterList, error)
	// Groups counts letters by the kind of their reason.
	Groups(ctx context.Context, q DeadLetterQuery) (DeadLetterGroups, error)
	// Get returns one letter; tocsin.NotFound when there is none.
	Get(ctx context.Context, id string) (DeadLetter, error)
	// Replay sends records through the normaliser again.
	Replay(ctx context.Context, r ReplayRequest, by string) (ReplayResult, error)
	// Discard gives letters up.
	Discard(ctx context.Context, r DiscardRequest, by string) (DiscardResult, error)
}

type deadLettersInput struct {
	State  string    `query:"state" enum:"open,replayed,discarded,all"`
	Source string    `query:"source" maxLength:"300"`
	Table  string    `query:"table" maxLength:"200"`
	Reason string    `query:"reason" maxLength:"500"`
	Kind   string    `query:"kind" maxLength:"2000"`
	Since  time.Time `query:"since"`
	Order  string    `query:"order" enum:"oldest,newest"`
	Limit  int       `query:"limit" minimum:"0" maximum:"500"`
	Cursor string    `query:"cursor" maxLength:"200"`
}

func (in *deadLettersInput) query() DeadLetterQuery {
	q := DeadLetterQuery{State: in.State, Source: in.Source, Table: in.Table, Reason: in.Reason, Kind: in.Kind}
	if !in.Since.IsZero() {
		q.Since = &in.Since
	}
	return q
}

type deadLetterInput struct {
	ID string `path:"id" maxLength:"100"`
}

func (s *server) deadLetterRoutes() {
	huma.Register(s.huma, operation("list-dead-letters", http.MethodGet, "/api/v1/dead-letters", "Records that could not become events", tocsin.Reader, ScopeAPI), answer(s.listDeadLetters))
	huma.Register(s.huma, operation("group-dead-letters", http.MethodGet, "/api/v1/dead-letters/groups", "Dead letters counted by reason, source and table", tocsin.Reader, ScopeAPI), answer(s.groupDeadLetters))
	huma.Register(s.huma, operation("get-dead-letter", http.MethodGet, "/api/v1/dead-letters/{id}", "One dead letter with its record", tocsin.Reader, ScopeAPI), answer(s.getDeadLetter))
	huma.Register(s.huma, operation("replay-dead-letters", http.MethodPost, "/api/v1/dead-letters/replay", "Send dead letters through the normaliser again", tocsin.Contributor, ScopeAPI), answer(s.replayDeadLetters))
	huma.Register(s.huma, operation("discard-dead-letters", http.MethodPost, "/api/v1/dead-letters/discard", "Give dead letters up; they stay listed", tocsin.Contributor, ScopeAPI), answer(s.discardDeadLetters))
}

func (s *server) listDeadLetters(ctx context.Context, in *deadLettersInput) (*body[DeadLetterList], error) {
	limit := in.Limit
	if limit == 0 {
		limit = 100
	}
	list, err := s.DeadLetters.List(ctx, in.query(), in.Order == "newest", limit, in.Cursor)
	if err != nil {
		return nil, err
	}
	list.Items = filled(list.Items)
	return &body[DeadLetterList]{list}, nil
}

func (s *server) groupDeadLetters(ctx context.Context, in *deadLettersInput) (*body[DeadLetterGroups], error) {
	groups, err := s.DeadLetters.Groups(ctx, in.query())
	if err != nil {
		return nil, err
	}
	groups.Items = filled(groups.Items)
	return &body[DeadLetterGroups]{groups}, nil
}

func (s *server) getDeadLetter(ctx context.Context, in *deadLetterInput) (*body[DeadLetter], error) {
	letter, err := s.DeadLetters.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &body[DeadLetter]{letter}, nil
}

func (s *server) replayDeadLetters(ctx context.Context, in *struct{ Body ReplayRequest }) (*body[ReplayResult], error) {
	result, err := s.DeadLetters.Replay(ctx, in.Body, whoFrom(ctx).Actor.Name)
	if err != nil {
		return nil, err
	}
	result.Reasons, result.Preview = filled(result.Reasons), filled(result.Preview)
	return &body[ReplayResult]{result}, nil
}

func (s *server) discardDeadLetters(ctx context.Context, in *struct{ Body DiscardRequest }) (*body[DiscardResult], error) {
	result, err := s.DeadLetters.Discard(ctx, in.Body, whoFrom(ctx).Actor.Name)
	if err != nil {
		return nil, err
	}
	return &body[DiscardResult]{result}, nil
}
