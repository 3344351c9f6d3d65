#!/usr/bin/env bash
# testpg.sh starts a private PostgreSQL cluster for tests, unless it runs
# already, and prints its address; "testpg.sh stop" stops and removes it. With a
# command it runs that with TOCSIN_TEST_PG set, then stops what it started.
#
#   internal/incident/sqlstore/testpg.sh go test ./internal/incident/...
#   TOCSIN_TEST_PG=$(internal/incident/sqlstore/testpg.sh) go test ./internal/incident/...
#
# The cluster lives in $TOCSIN_TEST_PG_DIR (default /tmp/tocsin-testpg-<user>),
# listens on a socket in there and on nothing else, and is as unsafe as it is
# fast: nothing is synced to disk. PostgreSQL refuses to run as root, so root
# runs it as the user postgres.
set -eu
dir=${TOCSIN_TEST_PG_DIR:-/tmp/tocsin-testpg-$(id -un)}
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)
bin=${bin:-$(dirname "$(command -v pg_ctl || echo /nonexistent/pg_ctl)")}
if [ ! -x "$bin/pg_ctl" ]; then
	echo "testpg.sh: PostgreSQL is not installed (no pg_ctl)" >&2
	exit 1
fi
as() {
	if [ "$(id -u)" = 0 ]; then (cd / && setpriv --reuid postgres --regid postgres --init-groups "$@"); else "$@"; fi
}
stop() {
	as "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true
	rm -rf "$dir"
}
if [ "${1:-}" = stop ]; then
	stop
	exit 0
fi
started=
if ! as "$bin/pg_ctl" -D "$dir/data" status >/dev/null 2>&1; then
	rm -rf "$dir"
	mkdir -p "$dir"
	[ "$(id -u)" != 0 ] || chown postgres "$dir"
	as "$bin/initdb" -D "$dir/data" -U tocsin -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/log" 2>&1
	as "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/data/server.log" \
		-o "-c listen_addresses= -c unix_socket_directories=$dir -c fsync=off -c full_page_writes=off -c shared_buffers=64MB -c max_connections=200" start >>"$dir/log" 2>&1
	started=yes
fi
dsn="postgres://tocsin@/postgres?host=$dir"
if [ $# = 0 ]; then
	echo "$dsn"
	exit 0
fi
[ -z "$started" ] || trap stop EXIT
TOCSIN_TEST_PG=$dsn "$@"
