package shippers

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestKafka: docs/connect/kafka.md with Kafka's own console producer. The broker
// is the one that internal/ingest/kafka/testkafka.sh starts.
func TestKafka(t *testing.T) {
	binary(t)
	broker := os.Getenv("TOCSIN_TEST_KAFKA")
	if broker == "" {
		t.Skip("runs under internal/ingest/kafka/testkafka.sh")
	}
	broker, _, _ = strings.Cut(broker, ",")
	topic := "edr-" + filepath.Base(t.TempDir()) + port(t, "tcp")
	var lines strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(failedLogins(200)), "\n") {
		lines.WriteString("<38>1 2026-11-22T08:00:00.000001Z web-1 sshd 42 - - " + line + "\n")
	}
	libraries := os.Getenv("TOCSIN_KAFKA_LIBS")
	if libraries == "" {
		libraries = below(t, "../tocsin-kafka-*")
	}
	producer := exec.Command("java", "-Xmx256m", "-cp", libraries+"/*", "org.apache.kafka.tools.ConsoleProducer", "--bootstrap-server", broker, "--topic", topic)
	producer.Stdin = strings.NewReader(lines.String())
	if out, err := producer.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text := configuration(t, "kafka", "# sources.yaml",
		"[tls://kafka1.example:9093, tls://kafka2.example:9093]", `["`+broker+`"]`, "[edr-events, sign-ins]", "["+topic+"]",
		"    tls: {authority: ca.pem}\n", "", "    sasl: {mechanism: scram-sha-512, user: tocsin, passwordFile: kafka.password}\n", "", "group: tocsin", "group: "+topic)
	s := start(t, "--sources", write(t, t.TempDir(), "sources.yaml", text))
	s.arrive(t, 200, `Syslog | where _Source == "kafka:edr" and ProcessName == "sshd"`)
}
