#!/usr/bin/env bash
# Fetches the tools that Debian does not have. A package on PyPI carries them: it is a container here and nothing of it
# is shipped or run. Every file is held against its whole sha256 before it is used.
set -euo pipefail
cd "$(dirname "$0")"

container="mobsf==4.5.3"
container_sha=8e1ec272edb656c7aec24bc451ad56f2191857fd1726229bf0da496521ecf207
tools=cache/tools

# The four that the build uses, by the digest of what is inside the container.
digests="2d4ad908faea64047c1cc9cb747e6aa667c6ab192e09607bd16b67246a8cd6ae  bundletool-all-1.17.2.jar
dbf930b076c6b9be08d57c449cacefc3bdd6b71ebd59b3066fc0e1f5b14f9423  apktool_3.0.3.jar
df312db814c018019b2b79a993b041b738d7b76f4a8f28da25bc874a026368cc  aapt2
5dd984016ed5a5eb0eef866e2c6e8cd352e1427828ec23adb18005cf5648f3d7  android-framework.jar"

complete() { [ -d "$tools" ] && (cd "$tools" && sha256sum --check --strict --quiet <<<"$digests") >/dev/null 2>&1; }

if complete; then
  exit 0
fi
echo "fetching the dexer and the resource compiler"
rm -rf "$tools" cache/fetched
mkdir -p "$tools" cache/fetched
command -v python3 >/dev/null || { echo "MISSING python3 with pip, which fetches the build tools" >&2; exit 1; }
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.13 \
  --dest cache/fetched "$container"
sha256sum --check --strict --quiet <<<"$container_sha  cache/fetched/mobsf-4.5.3-py3-none-any.whl"
unzip -qoj cache/fetched/mobsf-4.5.3-py3-none-any.whl '*/bundletool-all-1.17.2.jar' '*/apktool_3.0.3.jar' -d "$tools"
unzip -qoj "$tools/apktool_3.0.3.jar" prebuilt/linux/aapt2 prebuilt/android-framework.jar -d "$tools"
chmod +x "$tools/aapt2"
rm -rf cache/fetched
(cd "$tools" && sha256sum --check --strict --quiet <<<"$digests")
