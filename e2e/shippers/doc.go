// Package shippers runs the real programs that send telemetry – rsyslog,
// syslog-ng, an OpenTelemetry Collector, Filebeat, Winlogbeat, Kafka, logger,
// curl – and servers that write the logs which the product claims to read –
// nginx, Apache, Squid, BIND, Unbound, dnsmasq, sshd, systemd – against the real binary, each with the configuration that
// its page in docs/connect tells users to copy, and counts what arrived.
//
// It promises that a page's configuration works as printed. It has tests only;
// they run with `make test-shippers`, which installs the programs, and say
// which program is missing otherwise.
package shippers
