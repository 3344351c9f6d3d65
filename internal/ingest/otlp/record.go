package otlp

import (
	"encoding/base64"
	"iter"
	"math"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/ingest"
	"github.com/tocsin-soc/tocsin/internal/jsontext"
)

// lastTable takes records that nothing recognises.
const lastTable = "OTelLogs"

// records makes raw records of a request's log records.
func records(logs plog.Logs, sender ingest.Sender, prefix string, in *ingest.Intake) iter.Seq2[tocsin.Raw, error] {
	return func(yield func(tocsin.Raw, error) bool) {
		at := in.Now()
		number := 0
		for _, rl := range logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, lr := range sl.LogRecords().All() {
					body := envelope(origin{rl, sl, lr}, &sender)
					raw := tocsin.Raw{
						Source: sender.Source, Format: tocsin.FormatEnvelope, ReceivedAt: at,
						Position: prefix + ":" + strconv.Itoa(number), Body: body[:min(len(body), tocsin.MaxRawBytes+1)],
					}
					number++
					if !yield(raw, nil) {
						return
					}
				}
			}
		}
	}
}

// origin is a log record with what it belongs to.
type origin struct {
	resource plog.ResourceLogs
	scope    plog.ScopeLogs
	record   plog.LogRecord
}

// envelope writes a log record with everything that stands beside its body.
func envelope(o origin, sender *ingest.Sender) []byte {
	e := ingest.Envelope{Host: o.host(), At: o.time(), Table: lastTable, Row: o.row()}
	own, isNamed := tableOf(o, sender)
	if own != "" {
		e.Table = own
	}
	value := o.record.Body()
	switch value.Type() {
	case pcommon.ValueTypeStr:
		e.Text = value.Str()
		e.Format = ingest.FormatOf(e.Text)
	case pcommon.ValueTypeMap:
		e.JSON, e.Format = appendValue(nil, value), tocsin.FormatJSONLine
		if isNamed {
			e.Format, e.Shipper, e.Row = tocsin.FormatRow, e.Row, nil
		}
	case pcommon.ValueTypeEmpty:
		e.Format = tocsin.FormatLine
	default:
		e.Text, e.Format = string(appendValue(nil, value)), tocsin.FormatLine
	}
	return e.Append(nil)
}

// tableOf is the table the settings name for a service or scope. What they name
// for all records of a source is only for those that nothing recognises.
func tableOf(o origin, sender *ingest.Sender) (table string, isNamed bool) {
	for _, kind := range []string{text(o.resource.Resource().Attributes(), "service.name"), o.scope.Scope().Name()} {
		if t, ok := sender.Tables[kind]; ok && kind != "" {
			return t, true
		}
	}
	return sender.Table, false
}

// host is the computer of a record, as resource or receiver name it.
func (o origin) host() string {
	if h := text(o.resource.Resource().Attributes(), "host.name"); h != "" {
		return h
	}
	for _, name := range []string{"host.name", "hostname"} { // the second is the syslog receiver's
		if h := text(o.record.Attributes(), name); h != "" {
			return h
		}
	}
	return ""
}

// time is when a record happened, or was observed if nobody knows better.
func (o origin) time() time.Time {
	for _, t := range []pcommon.Timestamp{o.record.Timestamp(), o.record.ObservedTimestamp()} {
		if t > 0 && t <= math.MaxInt64 {
			return t.AsTime()
		}
	}
	return time.Time{}
}

// text returns a text attribute.
func text(m pcommon.Map, name string) string {
	if v, ok := m.Get(name); ok && v.Type() == pcommon.ValueTypeStr {
		return v.Str()
	}
	return ""
}

// The columns of OTelLogs that are taken from attributes of the resource, and
// of the record; see https://opentelemetry.io/docs/specs/semconv/.
var (
	resourceColumns = [][2]string{
		{"ServiceName", "service.name"}, {"ServiceNamespace", "service.namespace"}, {"ServiceInstanceId", "service.instance.id"}, {"ServiceVersion", "service.version"},
		{"DeploymentEnvironmentName", "deployment.environment.name"}, {"DeploymentEnvironmentName", "deployment.environment"},
		{"K8sContainerName", "k8s.container.name"}, {"K8sNamespaceName", "k8s.namespace.name"}, {"K8sPodName", "k8s.pod.name"},
	}
	recordColumns = [][2]string{{"EndUserId", "enduser.id"}, {"UserId", "user.id"}, {"SessionId", "session.id"}, {"ClientIP", "client.address"}}
)

// row writes everything but the body as columns of OTelLogs; what that table
// has no column for keeps its name of the protocol.
func (o origin) row() []byte {
	b := row{dst: []byte("{")}
	r := o.record
	resource := o.resource.Resource().Attributes()
	scope := o.scope.Scope()
	for _, c := range resourceColumns {
		b.text(c[0], text(resource, c[1]))
	}
	for _, c := range recordColumns {
		b.text(c[0], text(r.Attributes(), c[1]))
	}
	role := text(resource, "service.name")
	if ns := text(resource, "service.namespace"); ns != "" && role != "" {
		role = ns + "." + role
	}
	b.text("RoleName", role)
	b.text("SeverityText", r.SeverityText())
	if n := r.SeverityNumber(); n > 0 && n <= 24 {
		b.number("SeverityNumber", int64(n))
		b.number("SeverityLevel", int64(max(0, (n-5)/4))) // 1–8 verbose, then one per four
	}
	if id := r.TraceID(); !id.IsEmpty() {
		b.text("TraceId", id.String())
	}
	if id := r.SpanID(); !id.IsEmpty() {
		b.text("SpanId", id.String())
	}
	b.text("ScopeName", scope.Name())
	b.text("ScopeVersion", scope.Version())
	b.mapping("Attributes", r.Attributes())
	b.mapping("ResourceAttributes", resource)
	b.mapping("ScopeAttributes", scope.Attributes())
	if n := r.DroppedAttributesCount(); n > 0 {
		b.number("DroppedAttributesCount", int64(n))
	}
	if f := r.Flags(); f != 0 {
		b.number("Flags", int64(f))
	}
	b.text("EventName", r.EventName())
	b.text("SchemaUrl", o.scope.SchemaUrl())
	b.text("ResourceSchemaUrl", o.resource.SchemaUrl())
	if t := r.ObservedTimestamp(); t > 0 && t <= math.MaxInt64 && r.Timestamp() > 0 {
		b.text("ObservedTimestamp", t.AsTime().Format(time.RFC3339Nano))
	}
	return append(b.dst, '}')
}

// row writes members of a JSON object; empty ones are left out, and of two with
// the same name the first counts.
type row struct {
	dst  []byte
	last string
}

func (b *row) name(name string) {
	if len(b.dst) > 1 {
		b.dst = append(b.dst, ',')
	}
	b.dst = append(jsontext.AppendQuoted(b.dst, name), ':')
	b.last = name
}

func (b *row) text(name, value string) {
	if value == "" || name == b.last {
		return
	}
	b.name(name)
	b.dst = jsontext.AppendQuoted(b.dst, value)
}

func (b *row) number(name string, n int64) {
	b.name(name)
	b.dst = strconv.AppendInt(b.dst, n, 10)
}

func (b *row) mapping(name string, m pcommon.Map) {
	if m.Len() == 0 {
		return
	}
	b.name(name)
	b.dst = appendMap(b.dst, m)
}

func appendMap(dst []byte, m pcommon.Map) []byte {
	dst = append(dst, '{')
	first := true
	for k, v := range m.All() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(jsontext.AppendQuoted(dst, k), ':')
		dst = appendValue(dst, v)
	}
	return append(dst, '}')
}

// appendValue writes a value as JSON: bytes in base64, numbers JSON has not as text.
func appendValue(dst []byte, v pcommon.Value) []byte {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return jsontext.AppendQuoted(dst, v.Str())
	case pcommon.ValueTypeBool:
		return strconv.AppendBool(dst, v.Bool())
	case pcommon.ValueTypeInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	case pcommon.ValueTypeDouble:
		f := v.Double()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return jsontext.AppendQuoted(dst, strconv.FormatFloat(f, 'g', -1, 64))
		}
		return strconv.AppendFloat(dst, f, 'g', -1, 64)
	case pcommon.ValueTypeMap:
		return appendMap(dst, v.Map())
	case pcommon.ValueTypeSlice:
		dst = append(dst, '[')
		for i, e := range v.Slice().All() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, e)
		}
		return append(dst, ']')
	case pcommon.ValueTypeBytes:
		return jsontext.AppendQuoted(dst, base64.StdEncoding.EncodeToString(v.Bytes().AsRaw()))
	case pcommon.ValueTypeEmpty:
		return append(dst, "null"...)
	}
	return append(dst, "null"...) // a type the protocol does not have yet
}
