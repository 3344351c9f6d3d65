#!/usr/bin/env bash
# install.sh puts the real shippers into $TOCSIN_SHIPPERS (default
# ~/.cache/tocsin-shippers) and prints that folder: rsyslog and syslog-ng as
# unpacked Debian packages (they exclude each other when installed), an
# OpenTelemetry Collector built from its Go modules, Kafka from Maven Central.
# What is there already is kept. Needs Debian with apt, Go, curl, and Java for Kafka.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=${TOCSIN_SHIPPERS:-$HOME/.cache/tocsin-shippers}
mkdir -p "$dir"

# unpack FOLDER PACKAGE… unpacks Debian packages without installing them.
unpack() {
  local to=$dir/$1
  shift
  [ ! -e "$to/done" ] || return 0
  rm -rf "$to"
  mkdir -p "$to/debs"
  (cd "$to/debs" && apt-get download -qq "$@" >&2 2>/dev/null || { apt-get update -qq >&2 && apt-get download -qq "$@" >&2; })
  for deb in "$to"/debs/*.deb; do dpkg -x "$deb" "$to"; done
  rm -rf "$to/debs"
  touch "$to/done"
}
unpack rsyslog rsyslog rsyslog-elasticsearch rsyslog-gnutls libestr0 libfastjson4 liblognorm5
unpack syslog-ng syslog-ng-core syslog-ng-mod-http libivykis0 libnet1 libwrap0 libjson-c5 libpcre3

if [ ! -x "$dir/otelcol" ] || [ "$here/collector/go.sum" -nt "$dir/otelcol" ]; then
  (cd "$here/collector" && GOFLAGS=-mod=readonly GONOSUMDB='*' go build -o "$dir/otelcol" .)
fi
echo "$dir"
