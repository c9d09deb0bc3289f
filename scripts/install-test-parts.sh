#!/usr/bin/env bash
# Installs the real parts that the tests use, where it may, and says plainly what is missing elsewhere.
set -u

missing=()
command -v redis-server >/dev/null || missing+=(redis-server)
command -v chromium >/dev/null || missing+=(chromium)
faketime() { ls /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib*/faketime/libfaketimeMT.so.1 2>/dev/null | grep -q .; }
faketime || missing+=(libfaketime)
postgres() { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
postgres || missing+=(postgresql)
mysql() { PATH=$PATH:/usr/sbin:/usr/local/sbin command -v mariadbd mysqld >/dev/null; }
mysql || missing+=(mariadb-server)

if [ ${#missing[@]} -gt 0 ] && [ -f /etc/debian_version ] && [ "$(id -u)" = 0 ]; then
  echo "installing ${missing[*]} from Debian's packages"
  export DEBIAN_FRONTEND=noninteractive
  # policy-rc.d keeps the packages' own services from starting: the tests start theirs on free ports.
  [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; made=1; }
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" fonts-noto-core >/dev/null
  [ "${made:-0}" = 1 ] && rm -f /usr/sbin/policy-rc.d
fi

status=0
for part in redis-server chromium; do
  if command -v "$part" >/dev/null; then
    echo "found $part"
  else
    echo "MISSING $part: install it, then run this again (on Debian as root it is installed for you)" >&2
    status=1
  fi
done
if faketime; then
  echo "found libfaketime"
else
  echo "MISSING libfaketime: install it, then run this again (on Debian as root it is installed for you)" >&2
  status=1
fi
if postgres; then
  echo "found postgresql"
else
  echo "MISSING postgresql: install it, then run this again (on Debian as root it is installed for you)" >&2
  status=1
fi
if mysql; then
  echo "found mariadb-server or mysql-server"
else
  echo "MISSING mariadb-server: install it, then run this again (on Debian as root it is installed for you)" >&2
  status=1
fi
for tool in node npm cargo; do
  command -v "$tool" >/dev/null || { echo "MISSING $tool" >&2; status=1; }
done
[ $status = 0 ] || echo "the suites that need what is missing will fail and say so; the rest runs" >&2
exit 0
