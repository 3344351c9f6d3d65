package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-soc/tocsin"
)

// Sources knows where telemetry comes from.
type Sources interface {
	// Sources returns every source with its conservation equation and its
	// state, and what the doors turned away before it became a record.
	Sources(ctx context.Context) (SourceList, error)
	// Answers says whether the telemetry store can be asked. It reads no table.
	Answers(ctx context.Context) error
}

func (s *server) sourceRoutes() {
	huma.Register(s.huma, operation("list-sources", http.MethodGet, "/api/v1/sources", "Every source: its conservation equation, its state, its last day", tocsin.Reader, ScopeAPI), answer(s.listSources))
}

func (s *server) listSources(ctx context.Context, _ *struct{}) (*body[SourceList], error) {
	list, err := s.Sources.Sources(ctx)
	if err != nil {
		return nil, err
	}
	list.Items, list.Refused = filled(list.Items), filled(list.Refused)
	for i := range list.Items {
		list.Items[i].Hours = filled(list.Items[i].Hours)
	}
	list.Stopped = s.Retention.Stopped()
	return &body[SourceList]{list}, nil
}
