package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// AlertPage answers GET /api/v1/alerts; the alerts come without evidence.
type AlertPage struct {
	Items []Alert `json:"items"`
	Next  string  `json:"next"`
}

type alertsInput struct {
	Status   string `query:"status" doc:"new, inProgress, resolved; several separated by commas" maxLength:"100"`
	Severity string `query:"severity" doc:"several separated by commas" maxLength:"100"`
	Rule     string `query:"rule" doc:"rule id" maxLength:"200"`
	Entity   string `query:"entity" doc:"key of an entity" maxLength:"1000"`
	Limit    int    `query:"limit" minimum:"0" maximum:"200"`
	Cursor   string `query:"cursor" maxLength:"512"`
}

type alertInput struct {
	ID string `path:"id" maxLength:"100"`
}

func (s *server) alertRoutes() {
	huma.Register(s.huma, operation("list-alerts", http.MethodGet, "/api/v1/alerts", "Alerts, newest first", tocsin.Reader, ScopeAPI), answer(s.listAlerts))
	huma.Register(s.huma, operation("get-alert", http.MethodGet, "/api/v1/alerts/{id}", "One alert with its evidence", tocsin.Reader, ScopeAPI), answer(s.getAlert))
}

func (s *server) listAlerts(ctx context.Context, in *alertsInput) (*body[AlertPage], error) {
	page, err := s.Desk.Alerts(ctx, incident.AlertFilter{
		Status: list[tocsin.AlertStatus](in.Status), Severity: list[tocsin.Severity](in.Severity), Rule: tocsin.RuleID(in.Rule),
		Entity: in.Entity, Limit: in.Limit, Cursor: in.Cursor,
	})
	if err != nil {
		return nil, err
	}
	out := AlertPage{Items: make([]Alert, 0, len(page.Items)), Next: page.Next}
	for i := range page.Items {
		out.Items = append(out.Items, alertOf(&page.Items[i], nil))
	}
	return &body[AlertPage]{out}, nil
}

func (s *server) getAlert(ctx context.Context, in *alertInput) (*body[Alert], error) {
	a, err := s.Desk.Alert(ctx, tocsin.AlertID(in.ID))
	if err != nil {
		return nil, err
	}
	var why *tocsin.Reason
	if a.Incident != 0 {
		sum, err := s.Desk.Incident(ctx, a.Incident)
		if err != nil {
			return nil, err
		}
		for i := range sum.Alerts {
			if sum.Alerts[i].Alert == a.ID {
				why = &sum.Alerts[i].Reason
			}
		}
	}
	return &body[Alert]{alertOf(&a, why)}, nil
}
