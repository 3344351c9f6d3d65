// Package shippers runs the real programs that send telemetry – rsyslog,
// syslog-ng, an OpenTelemetry Collector, Kafka, logger, curl – against the real
// binary, each with the configuration that its page in docs/connect tells users
// to copy, and counts what arrived.
//
// It promises that a page's configuration works as printed. It has tests only;
// they run with `make test-shippers`, which installs the programs, and say
// which program is missing otherwise.
package shippers
