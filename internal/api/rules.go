package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-soc/tocsin"
)

type rulesInput struct {
	State  string `query:"state" doc:"on, paused, rejected; several separated by commas" maxLength:"100"`
	Kind   string `query:"kind" doc:"sigma, scheduled, nrt; several separated by commas" maxLength:"100"`
	Q      string `query:"q" doc:"part of the title, id, technique or path" maxLength:"200"`
	Limit  int    `query:"limit" minimum:"0" maximum:"500"`
	Cursor string `query:"cursor" maxLength:"100"`
}

type ruleInput struct {
	ID string `path:"id" maxLength:"300"`
}

func (s *server) ruleRoutes() {
	huma.Register(s.huma, operation("list-rules", http.MethodGet, "/api/v1/rules", "Detection rules with their health", tocsin.Reader, ScopeAPI), answer(s.listRules))
	huma.Register(s.huma, operation("get-rule", http.MethodGet, "/api/v1/rules/{id}", "One rule with its text and runs", tocsin.Reader, ScopeAPI), answer(s.getRule))
}

func (s *server) listRules(ctx context.Context, in *rulesInput) (*body[RuleList], error) {
	all, err := s.Rules.List(ctx)
	if err != nil {
		return nil, err
	}
	out := RuleList{Items: []Rule{}}
	states, kinds, words := list[string](in.State), list[tocsin.RuleKind](in.Kind), strings.ToLower(in.Q)
	var fit []Rule
	for _, r := range all {
		if r.State == "on" {
			out.On++
		} else {
			out.Off++
		}
		if among(states, r.State) && among(kinds, r.Kind) && ruleHas(&r, words) {
			fit = append(fit, r)
		}
	}
	out.Total = len(fit)
	from, err := offset(in.Cursor, len(fit))
	if err != nil {
		return nil, err
	}
	limit := in.Limit
	if limit == 0 {
		limit = 100
	}
	to := min(from+limit, len(fit))
	out.Items = append(out.Items, fit[from:to]...)
	if to < len(fit) {
		out.Next = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to)))
	}
	return &body[RuleList]{out}, nil
}

// among reports whether v is one of the wanted; nothing wanted is everything.
func among[T comparable](wanted []T, v T) bool {
	for _, w := range wanted {
		if w == v {
			return true
		}
	}
	return len(wanted) == 0
}

// ruleHas reports whether the words occur in what a rule is found by.
func ruleHas(r *Rule, words string) bool {
	text := strings.ToLower(r.Title + " " + string(r.ID) + " " + r.Path + " " + strings.Join(r.Techniques, " ") + " " + strings.Join(r.Tactics, " "))
	for _, w := range strings.Fields(words) {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// offset reads a cursor into a list that is in memory.
func offset(cursor string, length int) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		if n, err := strconv.Atoi(string(raw)); err == nil && n >= 0 && n <= length {
			return n, nil
		}
	}
	return 0, tocsin.Errorf(tocsin.Invalid, "The page's cursor does not belong to this list. Start again from the first page.")
}

func (s *server) getRule(ctx context.Context, in *ruleInput) (*body[RuleDetail], error) {
	r, err := s.Rules.Detail(ctx, tocsin.RuleID(in.ID))
	if err != nil {
		return nil, err
	}
	return &body[RuleDetail]{r}, nil
}
