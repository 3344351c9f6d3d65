package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/incident"
)

// queueInput is the query string of the incident queue.
type queueInput struct {
	Status   string `query:"status" doc:"new, active, closed, redirected; several separated by commas" maxLength:"100"`
	Severity string `query:"severity" doc:"informational, low, medium, high; several separated by commas" maxLength:"100"`
	Owner    string `query:"owner" doc:"user names separated by commas; - is nobody" maxLength:"1000"`
	Tag      string `query:"tag" doc:"tags separated by commas, all of which must be there" maxLength:"1000"`
	Q        string `query:"q" doc:"words in title, entities or the number" maxLength:"200"`
	Sort     string `query:"sort" doc:"updatedAt, createdAt, severity or id; - before it for descending" maxLength:"20"`
	Limit    int    `query:"limit" doc:"rows, 1 to 200; 50 when left out" minimum:"0" maximum:"200"`
	Cursor   string `query:"cursor" doc:"next of the page before" maxLength:"512"`
}

type incidentInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type changeInput struct {
	ID   int64 `path:"id" minimum:"1"`
	Body IncidentChange
}

type commentInput struct {
	ID   int64 `path:"id" minimum:"1"`
	Body NewComment
}

func (s *server) incidentRoutes() {
	huma.Register(s.huma, operation("list-incidents", http.MethodGet, "/api/v1/incidents", "The incident queue", tocsin.Reader, ScopeAPI), answer(s.listIncidents))
	huma.Register(s.huma, operation("get-incident", http.MethodGet, "/api/v1/incidents/{id}", "One incident with alerts, entities and timeline", tocsin.Reader, ScopeAPI), answer(s.getIncident))
	huma.Register(s.huma, operation("change-incident", http.MethodPatch, "/api/v1/incidents/{id}", "Assign, classify, close, …: all of it or nothing", tocsin.Responder, ScopeAPI), answer(s.changeIncident))
	huma.Register(s.huma, operation("comment-incident", http.MethodPost, "/api/v1/incidents/{id}/comments", "Add a comment", tocsin.Responder, ScopeAPI), answer(s.commentIncident))
}

func (s *server) listIncidents(ctx context.Context, in *queueInput) (*body[IncidentPage], error) {
	f := incident.Filter{Query: in.Q, Limit: in.Limit, Cursor: in.Cursor, Owner: list[string](in.Owner), Tag: list[string](in.Tag)}
	f.Status, f.Severity = list[tocsin.IncidentStatus](in.Status), list[tocsin.Severity](in.Severity)
	name, descending := strings.CutPrefix(in.Sort, "-")
	f.Sort, f.Descending = incident.Sort(name), descending || in.Sort == ""
	page, err := s.Desk.Queue(ctx, f)
	if err != nil {
		return nil, err
	}
	counts, err := s.Desk.Counts(ctx)
	if err != nil {
		return nil, err
	}
	out := IncidentPage{Items: make([]IncidentSummary, 0, len(page.Items)), Total: page.Total, TotalIsLeast: page.TotalIsLeast, Next: page.Next, Counts: countsOf(counts)}
	for i := range page.Items {
		out.Items = append(out.Items, summaryOf(&page.Items[i]))
	}
	return &body[IncidentPage]{out}, nil
}

// list splits a comma-separated parameter; empty gives none.
func list[T ~string](s string) []T {
	var out []T
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, T(part))
		}
	}
	return out
}

func (s *server) getIncident(ctx context.Context, in *incidentInput) (*body[IncidentDetail], error) {
	detail, err := s.detail(ctx, tocsin.IncidentID(in.ID))
	if err != nil {
		return nil, err
	}
	return &body[IncidentDetail]{detail}, nil
}

// detail reads everything the incident page shows.
func (s *server) detail(ctx context.Context, id tocsin.IncidentID) (IncidentDetail, error) {
	sum, err := s.Desk.Incident(ctx, id)
	if err != nil {
		return IncidentDetail{}, err
	}
	alerts, err := s.Desk.AlertsOf(ctx, id)
	if err != nil {
		return IncidentDetail{}, err
	}
	story, err := s.Desk.Story(ctx, id)
	if err != nil {
		return IncidentDetail{}, err
	}
	return detailOf(&sum, alerts, story), nil
}

func (s *server) changeIncident(ctx context.Context, in *changeInput) (*body[IncidentDetail], error) {
	c, id := in.Body, tocsin.IncidentID(in.ID)
	if c.Owner != nil && *c.Owner != "" {
		if err := s.checkOwner(ctx, *c.Owner); err != nil {
			return nil, err
		}
	}
	_, err := s.Desk.Apply(ctx, incident.Change{
		Actor: whoFrom(ctx).Actor, Incident: id, Version: c.Version, Title: c.Title, Owner: c.Owner, Severity: c.Severity, Status: c.Status,
		Classification: c.Classification, Determination: c.Determination, Comment: c.Comment, Tags: c.Tags,
	})
	if err != nil {
		return nil, err
	}
	return s.getIncident(ctx, &incidentInput{in.ID})
}

// checkOwner refuses an owner who is no user.
func (s *server) checkOwner(ctx context.Context, name string) error {
	users, err := s.Gate.Users(ctx)
	if err != nil {
		return err
	}
	for _, u := range users {
		if u.User == name {
			return nil
		}
	}
	return tocsin.Errorf(tocsin.Invalid, "There is no user %q to assign to.", name)
}

func (s *server) commentIncident(ctx context.Context, in *commentInput) (*body[IncidentDetail], error) {
	if _, err := s.Desk.Apply(ctx, incident.Comment{Actor: whoFrom(ctx).Actor, Incident: tocsin.IncidentID(in.ID), Text: in.Body.Text}); err != nil {
		return nil, err
	}
	return s.getIncident(ctx, &incidentInput{in.ID})
}
