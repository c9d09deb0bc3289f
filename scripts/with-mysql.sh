#!/usr/bin/env bash
# Runs a command beside a MariaDB or MySQL server of its own: with-mysql.sh COMMAND [ARGUMENT …]. The server keeps its files
# in a temporary folder, answers on 127.0.0.1 only, and ends with the command; OTVET_TEST_MYSQL is its URL.
set -euo pipefail

# Debian puts servers where only root looks.
PATH=$PATH:/usr/sbin:/usr/local/sbin
server=$(command -v mariadbd || command -v mysqld || true)
admin=$(command -v mariadb-admin || command -v mysqladmin || true)
if [ -z "$server" ] || [ -z "$admin" ]; then
    echo "NOTE: not run, there is no MariaDB or MySQL here (Debian: apt-get install mariadb-server): $*" >&2
    exit 0
fi

folder=$(mktemp -d)
pid=
stop() {
    # Nothing of it is kept, so it need not put anything in order.
    if [ -n "$pid" ]; then
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap stop EXIT

# It refuses to run as root, and becomes somebody else by itself.
as=()
if [ "$(id -u)" = 0 ]; then
    chown mysql "$folder"
    as=(--user=mysql)
fi
# Node is here in any case: it builds the faces.
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
cat >"$folder/users.sql" <<'SQL'
CREATE USER 'otvet'@'127.0.0.1';
GRANT ALL ON *.* TO 'otvet'@'127.0.0.1';
SQL
data=$folder/data
if command -v mariadb-install-db >/dev/null; then
    mariadb-install-db --no-defaults "${as[@]}" --datadir="$data" --auth-root-authentication-method=normal \
        --skip-test-db >"$folder/install.log" 2>&1 || { cat "$folder/install.log" >&2; exit 1; }
else
    "$server" --no-defaults "${as[@]}" --datadir="$data" --initialize-insecure \
        >"$folder/install.log" 2>&1 || { cat "$folder/install.log" >&2; exit 1; }
fi
# Nothing of it outlives the command: there is no crash to survive. What only one of MariaDB and MySQL knows is `loose`.
"$server" --no-defaults "${as[@]}" --datadir="$data" --bind-address=127.0.0.1 --port="$port" --skip-name-resolve \
    --socket="$folder/socket" --pid-file="$folder/pid" --init-file="$folder/users.sql" --max-connections=300 \
    --skip-log-bin --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --loose-innodb-flush-method=nosync \
    --loose-debug-no-sync=1 --innodb-buffer-pool-size=64M --innodb-log-file-size=16M --performance-schema=OFF \
    --loose-mysqlx=OFF >"$folder/log" 2>&1 &
pid=$!
until "$admin" --no-defaults --protocol=tcp -h 127.0.0.1 -P "$port" -u otvet --silent ping >/dev/null 2>&1; do
    kill -0 "$pid" 2>/dev/null || { cat "$folder/log" >&2; pid=; exit 1; }
    sleep 0.1
done
OTVET_TEST_MYSQL="mysql://otvet@127.0.0.1:$port/mysql" "$@"
