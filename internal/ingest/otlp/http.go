package otlp

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
)

// Path is the pattern of http.ServeMux under which the HTTP door is mounted.
const Path = "/v1/logs"

// defaultLimit is the bytes of a request once decompressed.
const defaultLimit = 16 << 20

// Options are what a door is made of. Intake and Budget are required.
type Options struct {
	Intake ingest.Intake
	Budget *ingest.Budget
	Limit  int64 // bytes of a request once decompressed; 0 means 16 MiB
}

// door is what both transports share. It is safe for concurrent use.
type door struct {
	Options
	repeats ingest.Repeats
}

func newDoor(o Options) *door {
	if o.Limit <= 0 {
		o.Limit = defaultLimit
	}
	return &door{Options: o}
}

// New makes the door over HTTP.
func New(o Options) http.Handler { return newDoor(o) }

// The media types of the protocol.
const (
	protobufType = "application/x-protobuf"
	jsonType     = "application/json"
)

// ServeHTTP implements http.Handler.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	isJSON := media == jsonType
	switch {
	case strings.TrimSuffix(r.URL.Path, "/") != Path:
		fail(w, isJSON, http.StatusNotFound, codes.Unimplemented, "Tocsin takes logs: POST "+Path+". It takes no metrics and no traces.")
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		fail(w, isJSON, http.StatusMethodNotAllowed, codes.Unimplemented, "Use POST.")
		return
	case err != nil || !isJSON && media != protobufType:
		d.Intake.Refused(ingest.DoorOTLP, "unknown media type", 1)
		fail(w, false, http.StatusUnsupportedMediaType, codes.InvalidArgument, "Send "+protobufType+" or "+jsonType+".")
		return
	}
	sender, err := d.admit(r)
	if err != nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		status, code := http.StatusUnauthorized, codes.Unauthenticated
		if !tocsin.IsKind(err, tocsin.Denied) {
			status, code = http.StatusInternalServerError, codes.Internal
		}
		_, message := tocsin.Explain(err)
		fail(w, isJSON, status, code, message)
		return
	}
	body, err := ingest.ReadBody(r, d.Limit, d.Budget)
	if err != nil {
		d.failed(w, isJSON, err)
		return
	}
	defer body.Release()
	name := body.Sum(string(sender.Source))
	prefix, number := d.repeats.Begin(name)
	answered := false
	defer func() { d.repeats.End(name, number, answered) }()
	request, err := decode(body, isJSON)
	if err != nil {
		d.failed(w, isJSON, err)
		return
	}
	receipt, err := d.Intake.Feed(r.Context(), records(request.Logs(), sender, prefix, &d.Intake))
	if err != nil {
		d.failed(w, isJSON, err)
		return
	}
	answered = succeed(w, isJSON, response(receipt))
}

// admit finds out who sends.
func (d *door) admit(r *http.Request) (ingest.Sender, error) {
	credential := bearer(r.Header.Get("Authorization"))
	if _, password, ok := r.BasicAuth(); ok {
		credential = password
	}
	return d.admitCredential(r.Context(), credential)
}

func (d *door) admitCredential(ctx context.Context, credential string) (ingest.Sender, error) {
	if credential == "" {
		d.Intake.Refused(ingest.DoorOTLP, "no token", 1)
		return ingest.Sender{}, errNoToken
	}
	sender, err := d.Intake.Admit(ctx, ingest.DoorOTLP, credential)
	if tocsin.IsKind(err, tocsin.Denied) {
		d.Intake.Refused(ingest.DoorOTLP, "wrong token", 1)
	}
	return sender, err
}

var errNoToken = tocsin.Errorf(tocsin.Denied, "A token is needed: Authorization: Bearer TOKEN.")

// bearer reads the token out of an Authorization header; empty for none.
func bearer(header string) string {
	scheme, rest, _ := strings.Cut(header, " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(rest)
	}
	return ""
}

// decode reads a request in either encoding. What it takes in memory is taken from
// the body's room first.
func decode(body *ingest.Body, isJSON bool) (plogotlp.ExportRequest, error) {
	request := plogotlp.NewExportRequest()
	check, read := costOf, request.UnmarshalProto
	if isJSON {
		check, read = costOfJSON, request.UnmarshalJSON
	}
	cost, err := check(body.Bytes)
	if err == nil {
		if err := body.Grow(cost); err != nil {
			return request, err
		}
		err = read(body.Bytes)
	}
	var large *ingest.TooLarge
	if errors.As(err, &large) {
		return request, err
	}
	if err != nil {
		return request, tocsin.Wrap(err, tocsin.Invalid, "The body is no ExportLogsServiceRequest.")
	}
	return request, nil
}

// response says what became of the records. Dead letters are kept, so none is
// rejected; the message is the protocol's way to warn.
func response(r ingest.Receipt) plogotlp.ExportResponse {
	out := plogotlp.NewExportResponse()
	if r.DeadLettered > 0 {
		out.PartialSuccess().SetErrorMessage(strconv.Itoa(r.DeadLettered) + " log records were kept as dead letters; see tocsin deadletter list")
	}
	return out
}

func succeed(w http.ResponseWriter, isJSON bool, out plogotlp.ExportResponse) bool {
	text, err := out.MarshalProto()
	w.Header().Set("Content-Type", protobufType)
	if isJSON {
		w.Header().Set("Content-Type", jsonType)
		text, err = out.MarshalJSON()
	}
	if err != nil {
		panic("otlp: a response that cannot be written: " + err.Error())
	}
	w.WriteHeader(http.StatusOK)
	_, err = w.Write(text)
	return err == nil
}

// fail answers with a google.rpc.Status in the request's encoding.
func fail(w http.ResponseWriter, isJSON bool, status int, code codes.Code, message string) {
	var text []byte
	var err error
	if isJSON {
		w.Header().Set("Content-Type", jsonType)
		text, err = json.Marshal(map[string]any{"code": int(code), "message": message})
	} else {
		w.Header().Set("Content-Type", protobufType)
		text, err = proto.Marshal(&rpc.Status{Code: int32(code), Message: message})
	}
	if err != nil {
		panic("otlp: a status that cannot be written: " + err.Error())
	}
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client is gone if this fails
}

// failed answers why nothing of a request was kept.
func (d *door) failed(w http.ResponseWriter, isJSON bool, err error) {
	code, wait, reason := explain(err)
	if reason != "" {
		d.Intake.Refused(ingest.DoorOTLP, reason, 1)
	}
	status := http.StatusInternalServerError
	var large *ingest.TooLarge
	var encoding *ingest.UnknownEncoding
	switch {
	case errors.As(err, &large):
		status = http.StatusRequestEntityTooLarge
	case errors.As(err, &encoding):
		status = http.StatusUnsupportedMediaType
	case code == codes.InvalidArgument:
		status = http.StatusBadRequest
	case code == codes.ResourceExhausted:
		status = http.StatusTooManyRequests
	case code == codes.Unavailable:
		status = http.StatusServiceUnavailable
	}
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	_, message := tocsin.Explain(err)
	fail(w, isJSON, status, code, message)
}
