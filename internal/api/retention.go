package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-soc/tocsin"
)

// Retention looks after what is kept. Package app implements it; by is who asks.
type Retention interface {
	// Holds returns every hold that was ever set, newest first.
	Holds(ctx context.Context) ([]Hold, error)
	// AddHold sets a hold.
	AddHold(ctx context.Context, h HoldRequest, by string) (Hold, error)
	// ReleaseHold ends a hold; tocsin.NotFound when none of that id stands.
	ReleaseHold(ctx context.Context, id, by string) error
	// Deletions returns the record of deletions, newest first.
	Deletions(ctx context.Context, limit int) ([]Deletion, error)
	// Stopped says why nothing is taken in just now; empty while it is.
	Stopped() string
}

func (s *server) retentionRoutes() {
	huma.Register(s.huma, operation("list-holds", http.MethodGet, "/api/v1/holds", "Legal holds, released ones too", tocsin.Reader, ScopeAPI), answer(s.listHolds))
	huma.Register(s.huma, operation("add-hold", http.MethodPost, "/api/v1/holds", "Keep rows from being deleted by retention", tocsin.Contributor, ScopeAPI), answer(s.addHold))
	huma.Register(s.huma, operation("release-hold", http.MethodPost, "/api/v1/holds/{id}/release", "End a hold; it stays listed", tocsin.Admin, ScopeAPI), answer(s.releaseHold))
	huma.Register(s.huma, operation("list-retention-runs", http.MethodGet, "/api/v1/retention/runs", "What retention deleted, and why; newest first", tocsin.Reader, ScopeAPI), answer(s.listDeletions))
}

func (s *server) listHolds(ctx context.Context, _ *struct{}) (*body[HoldList], error) {
	list, err := s.Retention.Holds(ctx)
	if err != nil {
		return nil, err
	}
	return &body[HoldList]{HoldList{filled(list)}}, nil
}

func (s *server) addHold(ctx context.Context, in *struct{ Body HoldRequest }) (*body[Hold], error) {
	h, err := s.Retention.AddHold(ctx, in.Body, whoFrom(ctx).Actor.Name)
	if err != nil {
		return nil, err
	}
	return &body[Hold]{h}, nil
}

type holdInput struct {
	ID string `path:"id" maxLength:"100"`
}

func (s *server) releaseHold(ctx context.Context, in *holdInput) (*body[HoldList], error) {
	if err := s.Retention.ReleaseHold(ctx, in.ID, whoFrom(ctx).Actor.Name); err != nil {
		return nil, err
	}
	return s.listHolds(ctx, nil)
}

type deletionsInput struct {
	Limit int `query:"limit" minimum:"0" maximum:"1000"`
}

func (s *server) listDeletions(ctx context.Context, in *deletionsInput) (*body[DeletionList], error) {
	limit := in.Limit
	if limit == 0 {
		limit = 100
	}
	list, err := s.Retention.Deletions(ctx, limit)
	if err != nil {
		return nil, err
	}
	return &body[DeletionList]{DeletionList{filled(list)}}, nil
}
