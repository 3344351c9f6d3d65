package api

import (
	"context"
	"net/http"
	"time"

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
	ReleaseHold(ctx context.Context, id, by, reason string) error
	// Held counts what a hold keeps, or would keep.
	Held(ctx context.Context, h HoldScope) (HoldPreview, error)
	// Stock measures the tables and the disk.
	Stock(ctx context.Context) (Stock, error)
	// Deletions returns the record of deletions, newest first.
	Deletions(ctx context.Context, limit int) ([]Deletion, error)
	// Stopped says why nothing is taken in just now; empty while it is.
	Stopped() string
}

func (s *server) retentionRoutes() {
	huma.Register(s.huma, operation("list-holds", http.MethodGet, "/api/v1/holds", "Legal holds, released ones too", tocsin.Reader, ScopeAPI), answer(s.listHolds))
	huma.Register(s.huma, operation("add-hold", http.MethodPost, "/api/v1/holds", "Keep rows from being deleted by retention", tocsin.Contributor, ScopeAPI), answer(s.addHold))
	huma.Register(s.huma, operation("preview-hold", http.MethodGet, "/api/v1/holds/preview", "Count what a hold keeps, or would keep", tocsin.Reader, ScopeAPI), answer(s.previewHold))
	huma.Register(s.huma, operation("measure-tables", http.MethodGet, "/api/v1/retention/tables", "Every table: rows, bytes, span, how long it is kept; and the disk", tocsin.Reader, ScopeAPI), answer(s.measureTables))
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

type holdScopeInput struct {
	Table    string    `query:"table" maxLength:"200"`
	From     time.Time `query:"from"`
	To       time.Time `query:"to"`
	Entity   string    `query:"entity" maxLength:"1000"`
	Incident int64     `query:"incident" minimum:"0"`
}

func (s *server) previewHold(ctx context.Context, in *holdScopeInput) (*body[HoldPreview], error) {
	preview, err := s.Retention.Held(ctx, HoldScope{Table: in.Table, From: moment(in.From), To: moment(in.To), Entity: in.Entity, Incident: in.Incident})
	if err != nil {
		return nil, err
	}
	preview.Tables = filled(preview.Tables)
	return &body[HoldPreview]{preview}, nil
}

func (s *server) measureTables(ctx context.Context, _ *struct{}) (*body[Stock], error) {
	stock, err := s.Retention.Stock(ctx)
	if err != nil {
		return nil, err
	}
	stock.Tables, stock.Stopped = filled(stock.Tables), s.Retention.Stopped()
	return &body[Stock]{stock}, nil
}

type holdInput struct {
	ID   string `path:"id" maxLength:"100"`
	Body ReleaseRequest
}

func (s *server) releaseHold(ctx context.Context, in *holdInput) (*body[HoldList], error) {
	if err := s.Retention.ReleaseHold(ctx, in.ID, whoFrom(ctx).Actor.Name, in.Body.Reason); err != nil {
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
