#!/usr/bin/env bash
# testkafka.sh starts a private Kafka broker for tests and prints its address;
# "testkafka.sh stop" stops and removes it. With a command it runs that with
# TOCSIN_TEST_KAFKA set, then stops what it started.
#
#   internal/ingest/kafka/testkafka.sh go test ./internal/ingest/kafka
#
# Kafka comes from Maven Central, by mvn, into $TOCSIN_KAFKA_LIBS (default
# ~/.cache/tocsin-kafka-<version>) once. The broker lives in $TOCSIN_TEST_KAFKA_DIR
# (default /tmp/tocsin-testkafka-<user>), is a KRaft cluster of one on loopback
# ports: 39092 plain, 39094 SASL (plain and SCRAM; user tocsin, password secret).
set -eu
version=${TOCSIN_KAFKA_VERSION:-4.1.0}
dir=${TOCSIN_TEST_KAFKA_DIR:-/tmp/tocsin-testkafka-$(id -un)}
libs=${TOCSIN_KAFKA_LIBS:-$HOME/.cache/tocsin-kafka-$version}
plain=127.0.0.1:39092 controller=127.0.0.1:39093 sasl=127.0.0.1:39094
stop() {
	[ ! -f "$dir/pid" ] || { kill "$(cat "$dir/pid")" 2>/dev/null || true; sleep 1; kill -9 "$(cat "$dir/pid")" 2>/dev/null || true; }
	rm -rf "$dir"
}
if [ "${1:-}" = stop ]; then
	stop
	exit 0
fi
command -v java >/dev/null || { echo "testkafka.sh: java is not installed" >&2; exit 1; }
if ! ls "$libs"/kafka-tools-"$version".jar >/dev/null 2>&1; then
	command -v mvn >/dev/null || { echo "testkafka.sh: mvn is not installed" >&2; exit 1; }
	mkdir -p "$libs"
	cat >"$libs/pom.xml" <<-POM
		<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
		<groupId>tocsin</groupId><artifactId>testkafka</artifactId><version>1</version>
		<dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency>
		<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>$version</version></dependency></dependencies></project>
	POM
	mvn -q -B -f "$libs/pom.xml" dependency:copy-dependencies -DoutputDirectory="$libs" >&2
fi
run() { java -Xmx400m -cp "$libs/*" "$@"; }
started=
if ! { [ -f "$dir/pid" ] && kill -0 "$(cat "$dir/pid")" 2>/dev/null; }; then
	rm -rf "$dir"
	mkdir -p "$dir"
	cat >"$dir/server.properties" <<-CONFIG
		process.roles=broker,controller
		node.id=1
		controller.quorum.voters=1@$controller
		listeners=PLAINTEXT://$plain,CONTROLLER://$controller,SASL://$sasl
		advertised.listeners=PLAINTEXT://$plain,SASL://$sasl
		listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT
		controller.listener.names=CONTROLLER
		inter.broker.listener.name=PLAINTEXT
		sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
		listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_tocsin="secret";
		listener.name.sasl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
		listener.name.sasl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
		log.dirs=$dir/data
		offsets.topic.replication.factor=1
		offsets.topic.num.partitions=1
		transaction.state.log.replication.factor=1
		transaction.state.log.min.isr=1
		share.coordinator.state.topic.replication.factor=1
		share.coordinator.state.topic.min.isr=1
		group.initial.rebalance.delay.ms=0
		num.partitions=3
		auto.create.topics.enable=true
	CONFIG
	run kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qg -c "$dir/server.properties" \
		--add-scram 'SCRAM-SHA-256=[name=tocsin,password=secret]' --add-scram 'SCRAM-SHA-512=[name=tocsin,password=secret]' >"$dir/log" 2>&1
	java -Xmx400m -cp "$libs/*" kafka.Kafka "$dir/server.properties" >>"$dir/log" 2>&1 &
	echo $! >"$dir/pid"
	started=yes
	for _ in $(seq 240); do
		if (exec 3<>"/dev/tcp/${plain%:*}/${plain#*:}") 2>/dev/null; then break; fi
		kill -0 "$(cat "$dir/pid")" 2>/dev/null || { tail -20 "$dir/log" >&2; exit 1; }
		sleep 0.5
	done
fi
if [ $# = 0 ]; then
	echo "$plain"
	exit 0
fi
[ -z "$started" ] || trap stop EXIT
TOCSIN_TEST_KAFKA=$plain TOCSIN_TEST_KAFKA_SASL=$sasl "$@"
