package shippers

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestCollector_EveryDoor: docs/connect/otel-collector.md over HTTP and gRPC, and
// the exporters for Splunk and Elasticsearch, all following the same file.
func TestCollector_EveryDoor(t *testing.T) {
	binary(t)
	grpc := port(t, "tcp")
	for _, c := range []struct{ name, source, exporter string }{
		{"otlphttp", "otlp", ""}, // as printed
		{"otlp", "otlp", "  otlp:\n    endpoint: 127.0.0.1:" + grpc + "\n    tls: {insecure: true}\n    headers: {authorization: \"Bearer ${env:TOCSIN_TOKEN}\"}\n"},
		{"splunk_hec", "hec", "  splunk_hec:\n    endpoint: URL/services/collector\n    token: ${env:TOCSIN_TOKEN}\n    profiling_data_enabled: false\n"},
		{"elasticsearch", "elastic", "  elasticsearch:\n    endpoints: [URL/elastic]\n    user: shipper\n    password: ${env:TOCSIN_TOKEN}\n    logs_index: auth\n    mapping: {mode: ecs}\n    flush: {interval: 200ms}\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, "--otlp-grpc-addr", "127.0.0.1:"+grpc)
			log := filepath.Join(t.TempDir(), "auth.log")
			text := configuration(t, "otel-collector", "/etc/otelcol", "https://tocsin.example:8700", s.url, "/var/log/auth.log", log)
			text = strings.Replace(text, "service:\n", "service:\n  telemetry: {metrics: {level: none}}\n", 1)
			if c.exporter != "" {
				before, rest, _ := strings.Cut(text, "exporters:\n")
				_, after, _ := strings.Cut(rest, "service:\n")
				text = before + "exporters:\n" + strings.ReplaceAll(c.exporter, "URL", s.url) + "service:\n" + strings.Replace(after, "otlphttp", c.name, 1)
			}
			t.Setenv("TOCSIN_TOKEN", s.token)
			grow(t, log, "")
			collector(t, strings.Replace(text, "include_file_path", "start_at: beginning\n    include_file_path", 1))
			var lines strings.Builder
			for _, line := range strings.Split(strings.TrimSpace(failedLogins(250)), "\n") {
				lines.WriteString("<38>1 2026-11-22T08:00:00.000001Z web-1 sshd 42 - - " + line + "\n")
			}
			grow(t, log, lines.String())
			s.arrive(t, 250, `Syslog | where _Source == "`+c.source+`:shipper" and ProcessName == "sshd" and Computer == "web-1"`)
		})
	}
}
