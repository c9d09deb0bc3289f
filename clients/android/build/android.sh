#!/usr/bin/env bash
# Everything about the app, in order: what is needed, resources, classes, tests against the real server, the APK.
# `make android` calls it with OTVET_BIN; `--no-tests` only builds.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in javac mvn; do
  command -v "$tool" >/dev/null || { echo "MISSING $tool: a JDK 17 and Maven 3.8 or newer build the app" >&2; exit 1; }
done
missing=()
for tool in aapt apksigner zipalign zip unzip; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
if [ ${#missing[@]} -gt 0 ]; then
  if [ -f /etc/debian_version ] && [ "$(id -u)" = 0 ]; then
    echo "installing ${missing[*]} from Debian's packages"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    echo "MISSING ${missing[*]}: install them (on Debian as root it is done for you)" >&2
    exit 1
  fi
fi

build/containers.sh
build/resources.sh
if [ "${1:-}" = --no-tests ]; then
  mvn -B -q process-classes
else
  mvn -B test | { grep -vE '^\[INFO\]( |$|-)|^\[INFO\] (---|Building|Scanning)|^$' || true; }
fi
build/apk.sh
