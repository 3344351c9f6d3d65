// Package otlp takes OpenTelemetry logs: POST /v1/logs in protobuf and JSON, and
// LogsService/Export over gRPC, as the protocol's specification says
// (https://opentelemetry.io/docs/specs/otlp/).
//
// It promises an answer after the commit; errors as google.rpc.Status in the
// request's own encoding; 429 with Retry-After, or RESOURCE_EXHAUSTED with
// RetryInfo, when there is no room; and that nothing of a log record is lost:
// a body that is recognised (syslog, JSON of a known shape, CEF, Windows XML …)
// becomes a row of its table, with severity, times, trace, attributes, scope and
// resource beside it; any other becomes a row of OTelLogs, the table Azure
// Monitor has for them. Settings may name another table by service.name or by
// the name of the scope.
//
// The credential is an API token of scope ingest: Authorization: Bearer TOKEN,
// as HTTP header or gRPC metadata, or Basic with the token as password.
//
// OTLP knows no position of a record. A request is named by its content and its
// number among equal ones (ingest.Repeats), a record by its place in it.
//
// It is tested by requests of the specification in testdata, by the protocol's
// own client over gRPC, by hostile input and by fuzz targets.
package otlp
