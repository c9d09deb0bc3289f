#!/usr/bin/env bash
# The version of the workspace, which the app shares; with `code`, the number that Android compares.
set -euo pipefail
cd "$(dirname "$0")/../../.."
version=$(sed -n 's/^version = "\([0-9.]*\)"/\1/p' Cargo.toml | head -1)
[ -n "$version" ] || { echo "no version in Cargo.toml" >&2; exit 1; }
if [ "${1:-}" = code ]; then
  IFS=. read -r major minor patch <<<"$version"
  echo $((major * 1000000 + minor * 1000 + patch))
else
  echo "$version"
fi
