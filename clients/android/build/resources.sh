#!/usr/bin/env bash
# Compiles and links the resources three times: for release, for debug (which may talk to the emulator's host in clear
# text) and for the tests (which may talk to a server on this machine). One R class fits all: the overlays add nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=build/cache/tools
out=target/resources
version=$(build/version.sh)
code=$(build/version.sh code)
host=${OTVET_ANDROID_LINK_HOST:-otvet.invalid}

# Nothing to do when no source is newer than the result and the parameters are the same.
stamp="$version $code $host"
newest=$(find src/*/res src/main/AndroidManifest.xml build/resources.sh -newer "$out/stamp" 2>/dev/null | head -1 || true)
if [ -f "$out/stamp" ] && [ -z "$newest" ] && [ "$(cat "$out/stamp")" = "$stamp" ]; then
  exit 0
fi
rm -rf "$out" target/gen
mkdir -p "$out/link/values" target/gen/java target/test-config/com/android/tools
cat >"$out/link/values/link.xml" <<XML
<?xml version="1.0" encoding="utf-8"?>
<resources><string name="link_host" translatable="false">$host</string></resources>
XML

for set in main debug test; do
  "$tools/aapt2" compile --dir "src/$set/res" -o "$out/$set.zip"
done
"$tools/aapt2" compile --dir "$out/link" -o "$out/link.zip"

link() { # name, further arguments
  local name=$1
  shift
  "$tools/aapt2" link -I "$tools/android-framework.jar" --manifest src/main/AndroidManifest.xml --auto-add-overlay \
    --min-sdk-version 26 --target-sdk-version 36 --version-code "$code" --version-name "$version" \
    -o "$out/$name.apk" "$@" "$out/main.zip" -R "$out/link.zip"
}
link release --java target/gen/java
link debug --debug-mode -R "$out/debug.zip"
link test --debug-mode -R "$out/debug.zip" -R "$out/test.zip"

cat >target/test-config/com/android/tools/test_config.properties <<PROPERTIES
android_resource_apk=$PWD/$out/test.apk
android_merged_manifest=$PWD/src/main/AndroidManifest.xml
android_merged_assets=$PWD/$out/no-assets
android_custom_package=chat.otvet.android
PROPERTIES
echo "$stamp" >"$out/stamp"
