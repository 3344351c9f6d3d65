package azure

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
)

// collect answers the HTTP Data Collector API.
func (d *door) collect(w http.ResponseWriter, r *http.Request) {
	if refused := wrongCollect(r); refused != nil {
		turnAway(w, *refused)
		return
	}
	sender, refused := d.verify(r)
	if refused != nil {
		turnAway(w, *refused)
		return
	}
	logType := r.Header.Get("Log-Type")
	table := sender.TableFor(logType)
	if table == "" {
		table = logType + "_CL"
	}
	timeField := r.Header.Get("Time-Generated-Field")
	d.store(w, r, sender, &collectForm, logType, func(element []byte, raw tocsin.Raw) tocsin.Raw {
		row, at, ok := customRow(element, timeField)
		if !ok {
			return raw // no JSON after all: a dead letter
		}
		e := ingest.Envelope{Format: tocsin.FormatRow, Table: table, At: at, JSON: row}
		raw.Format, raw.Body = tocsin.FormatEnvelope, e.Append(nil)
		return raw
	})
}

// collectForm is how this interface is answered.
var collectForm = form{
	limit: collectorLimit, answer: turnAway, stored: http.StatusOK,
	invalid: refusal{http.StatusBadRequest, "InvalidDataFormat", "The body is no JSON. What could be read of it is stored, the rest is kept as dead letters."},
}

// wrongCollect says what is wrong with the head of a request; nil if nothing is.
func wrongCollect(r *http.Request) *refusal {
	logType, media := r.Header.Get("Log-Type"), r.Header.Get("Content-Type")
	switch version := r.URL.Query().Get("api-version"); {
	case r.Method != http.MethodPost:
		return &usePost
	case version == "":
		return &refusal{http.StatusBadRequest, "MissingApiVersion", "The API version was not specified."}
	case version != "2016-04-01":
		return &refusal{http.StatusBadRequest, "InvalidApiVersion", "The API version is not known. Use 2016-04-01."}
	case media == "":
		return &refusal{http.StatusBadRequest, "MissingContentType", "The content type was not specified."}
	case !strings.HasPrefix(strings.ToLower(media), "application/json"):
		return &refusal{http.StatusBadRequest, "UnsupportedContentType", "Use application/json."}
	case logType == "":
		return &refusal{http.StatusBadRequest, "MissingLogType", "The header Log-Type was not specified."}
	case !isLogType(logType):
		return &refusal{http.StatusBadRequest, "InvalidLogType", "A log type has 1 to 100 letters, digits and underscores."}
	}
	return nil
}

// turnAway answers in the form of this interface.
func turnAway(w http.ResponseWriter, r refusal) {
	writeJSON(w, r.status, map[string]string{"Error": r.code, "Message": r.message})
}

func isLogType(name string) bool {
	for _, c := range []byte(name) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_') {
			return false
		}
	}
	return len(name) <= 100
}

// signatureLife is how far the date of a request may be from now.
const signatureLife = 15 * time.Minute

// notSigned is the answer to every request whose signature does not hold, so
// that nobody learns which part was right.
var notSigned = refusal{http.StatusForbidden, "InvalidAuthorization", "The request is not signed with the shared key of this workspace. Check the key, the workspace id and the clock."}

// verify checks the signature of a request: HMAC-SHA256 with the workspace's key
// over method, length, content type, date and path.
func (d *door) verify(r *http.Request) (ingest.Sender, *refusal) {
	reject := func(reason string) (ingest.Sender, *refusal) {
		d.Intake.Refused(ingest.DoorAzure, reason, 1)
		return ingest.Sender{}, &notSigned
	}
	scheme, pair, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	workspace, signature, ok := strings.Cut(strings.TrimSpace(pair), ":")
	given, err := base64.StdEncoding.DecodeString(signature)
	if !strings.EqualFold(scheme, "SharedKey") || !ok || err != nil || r.ContentLength < 0 {
		return reject("no signature")
	}
	sender, key, ok := d.Workspace(strings.ToLower(workspace))
	if !ok {
		key = make([]byte, 64) // as much work as for a workspace that is there
	}
	date := r.Header.Get("X-Ms-Date")
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(r.Method + "\n" + strconv.FormatInt(r.ContentLength, 10) + "\n" + r.Header.Get("Content-Type") + "\nx-ms-date:" + date + "\n/api/logs"))
	if equal := hmac.Equal(mac.Sum(nil), given); !equal || !ok {
		return reject("wrong signature")
	}
	at, err := http.ParseTime(date)
	if err != nil || at.Sub(d.Intake.Now()).Abs() > signatureLife {
		return reject("signature too old")
	}
	return sender, nil
}

// customRow gives the members of a record the names of Azure's columns for them:
// the name with a suffix for its type. TimeGenerated is the value of timeField.
func customRow(element []byte, timeField string) (row []byte, at time.Time, ok bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(element, &members) != nil {
		return nil, at, false
	}
	row = []byte("{")
	for _, name := range slices.Sorted(maps.Keys(members)) {
		value := members[name]
		column, value, keep := customColumn(name, value)
		if text, isText := textOf(members[name]); isText && name == timeField {
			at, _ = parseTime(text)
		}
		if !keep {
			continue
		}
		if len(row) > 1 {
			row = append(row, ',')
		}
		row = append(append(jsontext.AppendQuoted(row, column), ':'), value...)
	}
	return append(row, '}'), at, true
}

// customColumn is the column for a member, and its value there. Nothing is a
// column for null, as in Azure.
func customColumn(name string, value json.RawMessage) (column string, out json.RawMessage, keep bool) {
	if name == "Computer" { // one of the standard columns
		return name, value, true
	}
	switch value[0] {
	case 'n':
		return "", nil, false
	case 't', 'f':
		return name + "_b", value, true
	case '{', '[':
		return name + "_s", jsontext.AppendQuoted(nil, string(value)), true
	case '"':
		text, _ := textOf(value)
		if guid(text) {
			return name + "_g", value, true
		}
		if _, ok := parseTime(text); ok {
			return name + "_t", value, true
		}
		return name + "_s", value, true
	}
	return name + "_d", value, true
}

func textOf(value json.RawMessage) (text string, ok bool) {
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	ok = json.Unmarshal(value, &text) == nil
	return text, ok
}

// parseTime reads a time as ISO 8601 writes it, with its zone.
func parseTime(text string) (time.Time, bool) {
	if len(text) < 20 || text[4] != '-' || text[10] != 'T' {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	return at.UTC(), err == nil
}
