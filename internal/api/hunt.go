package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-soc/tocsin"
)

type queryInput struct{ Body QueryRequest }

func (s *server) huntRoutes() {
	huma.Register(s.huma, operation("run-query", http.MethodPost, "/api/v1/query", "Run a KQL query", tocsin.Reader, ScopeQuery), answer(s.runQuery))
	huma.Register(s.huma, operation("check-query", http.MethodPost, "/api/v1/query/check", "Compile a KQL query without running it", tocsin.Reader, ScopeQuery), answer(s.checkQuery))
	huma.Register(s.huma, operation("get-schema", http.MethodGet, "/api/v1/schema", "Tables, columns and functions that can be queried", tocsin.Reader, ScopeQuery), answer(s.getSchema))
}

func (s *server) runQuery(ctx context.Context, in *queryInput) (*body[QueryResult], error) {
	out, err := s.Hunt.Query(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	out.Tables, out.Diagnostics = filled(out.Tables), filled(out.Diagnostics)
	return &body[QueryResult]{out}, nil
}

func (s *server) checkQuery(ctx context.Context, in *queryInput) (*body[CheckResult], error) {
	list, err := s.Hunt.Check(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	return &body[CheckResult]{CheckResult{filled(list)}}, nil
}

func (s *server) getSchema(context.Context, *struct{}) (*body[Schema], error) {
	return &body[Schema]{s.Hunt.Schema()}, nil
}
