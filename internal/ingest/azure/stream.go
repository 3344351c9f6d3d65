package azure

import (
	"net/http"
	"strings"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// stream answers the Logs Ingestion API.
func (d *door) stream(w http.ResponseWriter, r *http.Request) {
	rest := strings.TrimPrefix(r.URL.Path, "/dataCollectionRules/")
	rule, name, ok := strings.Cut(rest, "/streams/")
	name = strings.TrimSuffix(name, "/")
	var wrong *refusal
	switch {
	case !ok || rule == "" || name == "" || strings.Contains(rule, "/") || strings.Contains(name, "/"):
		wrong = &refusal{http.StatusNotFound, "NotFound", "Use /dataCollectionRules/{immutable id}/streams/{stream}?api-version=2023-01-01."}
	case r.Method != http.MethodPost:
		wrong = &usePost
	case r.URL.Query().Get("api-version") == "":
		wrong = &refusal{http.StatusBadRequest, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests."}
	}
	if wrong != nil {
		refuse(w, *wrong)
		return
	}
	sender, refused := d.admit(r)
	if refused != nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		refuse(w, *refused)
		return
	}
	table := d.tableOf(&sender, name)
	d.store(w, r, sender, &streamForm, name, func(element []byte, raw tocsin.Raw) tocsin.Raw {
		if d.Intake.IsTable(table) {
			raw.Format, raw.Table = tocsin.FormatRow, table
			return raw
		}
		// Without a table the record's own shape decides; the name of the table
		// that is missing is then in the dead letter's reason.
		e := ingest.Envelope{Format: tocsin.FormatJSONLine, Table: table, JSON: element}
		raw.Format, raw.Body = tocsin.FormatEnvelope, e.Append(nil)
		return raw
	})
}

// streamForm is how this interface is answered.
var streamForm = form{
	limit: streamLimit, answer: refuse, stored: http.StatusNoContent,
	invalid: refusal{http.StatusBadRequest, "InvalidRequestBody", "The body is no JSON array. What could be read of it is stored, the rest is kept as dead letters."},
}

// refuse answers in the form of this interface.
func refuse(w http.ResponseWriter, r refusal) {
	writeJSON(w, r.status, map[string]any{"error": map[string]string{"code": r.code, "message": r.message}})
}

// admit lets in who shows a token.
func (d *door) admit(r *http.Request) (ingest.Sender, *refusal) {
	scheme, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(credential) == "" {
		d.Intake.Refused(ingest.DoorAzure, "no token", 1)
		return ingest.Sender{}, &refusal{http.StatusUnauthorized, "MissingAuthorization", "A token is needed: Authorization: Bearer TOKEN, an API token of Tocsin with the scope ingest."}
	}
	sender, err := d.Intake.Admit(r.Context(), ingest.DoorAzure, strings.TrimSpace(credential))
	if tocsin.IsKind(err, tocsin.Denied) {
		d.Intake.Refused(ingest.DoorAzure, "wrong token", 1)
		_, message := tocsin.Explain(err)
		return sender, &refusal{http.StatusUnauthorized, "InvalidToken", message}
	}
	if err != nil {
		_, message := tocsin.Explain(err)
		return sender, &refusal{http.StatusInternalServerError, "InternalServerError", message}
	}
	return sender, nil
}

// tableOf is the table of a stream: the settings', else the one it is named
// after, with or without _CL. It may not exist.
func (d *door) tableOf(sender *ingest.Sender, stream string) string {
	if t := sender.TableFor(stream); t != "" {
		return t
	}
	name := stream
	for _, prefix := range []string{"Custom-", "Microsoft-"} {
		if rest, ok := strings.CutPrefix(stream, prefix); ok {
			name = rest
			break
		}
	}
	if !d.Intake.IsTable(name) && d.Intake.IsTable(name+"_CL") {
		return name + "_CL"
	}
	return name
}
