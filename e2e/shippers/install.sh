#!/usr/bin/env bash
# install.sh puts the real shippers into $TOCSIN_SHIPPERS (default
# ~/.cache/tocsin-shippers) and prints that folder: rsyslog, syslog-ng and the
# servers whose logs are read as unpacked Debian packages (nothing is installed
# or started); an OpenTelemetry Collector and Filebeat built from their Go
# modules, which go.sum pins: 200 seconds of processor time for Filebeat.
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
unpack nginx nginx nginx-common
unpack apache apache2-bin libapr1 libaprutil1 libldap-2.5-0 liblua5.3-0 libjansson4
unpack squid squid squid-common squid-langpack libecap3 libltdl7 libtdb1 libnetfilter-conntrack3 libnfnetlink0 libldap-2.5-0
unpack bind bind9 bind9-libs libfstrm0 libjemalloc2 liblmdb0 libmaxminddb0 libprotobuf-c1 libuv1 libjson-c5
unpack unbound unbound libevent-2.1-7 libprotobuf-c1 libpython3.11
unpack dnsmasq dnsmasq-base libnetfilter-conntrack3 libnfnetlink0 libnftables1 libnftnl11 libxtables12 libjansson4
unpack journal systemd systemd-journal-remote libsystemd-shared libmicrohttpd12
unpack openssh openssh-server openssh-client libwrap0

if [ ! -x "$dir/otelcol" ] || [ "$here/collector/go.sum" -nt "$dir/otelcol" ]; then
  (cd "$here/collector" && GOFLAGS=-mod=readonly GONOSUMDB='*' go build -o "$dir/otelcol" .)
fi
if [ ! -x "$dir/filebeat" ] || [ "$here/beats/go.sum" -nt "$dir/filebeat" ] || [ "$here/beats/winlogbeat.go" -nt "$dir/filebeat" ]; then
  (cd "$here/beats" && CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -o "$dir/filebeat" . &&
    ln -sf filebeat "$dir/winlogbeat" && ln -sfn "$(go list -m -f '{{.Dir}}' github.com/elastic/beats/v7)/filebeat/module" "$dir/filebeat-module")
fi
echo "$dir"
