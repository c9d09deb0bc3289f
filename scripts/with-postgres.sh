#!/usr/bin/env bash
# Runs a command beside a PostgreSQL of its own: with-postgres.sh COMMAND [ARGUMENT …]. The server keeps its files in a
# temporary folder, answers on 127.0.0.1 only, and ends with the command; OTVET_TEST_POSTGRES is its URL.
set -euo pipefail

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb || true)" 2>/dev/null || true)
if [ ! -x "$bin/initdb" ]; then
    echo "NOTE: not run, there is no PostgreSQL here (Debian: apt-get install postgresql): $*" >&2
    exit 0
fi

folder=$(mktemp -d)
# PostgreSQL refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
    chown postgres "$folder"
    as=(runuser -u postgres --)
fi
# Node is here in any case: it builds the faces.
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
stop() {
    (cd / && "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1) || true
    rm -rf "$folder"
}
trap stop EXIT
(
    cd /
    "${as[@]}" "$bin/initdb" -D "$folder/data" -U otvet -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
    # Nothing of it outlives the command: there is no crash to survive.
    "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -o \
        "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c fsync=off -c max_connections=300" start >/dev/null
)
OTVET_TEST_POSTGRES="postgres://otvet@127.0.0.1:$port/postgres" "$@"
