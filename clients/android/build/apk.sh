#!/usr/bin/env bash
# Makes target/otvet-VERSION.apk of compiled classes and linked resources: dex, align, sign, check.
#
# With OTVET_ANDROID_KEYSTORE it is the release, signed with that key (further: OTVET_ANDROID_KEY_ALIAS,
# OTVET_ANDROID_KEYSTORE_PASSWORD and, when it differs, OTVET_ANDROID_KEY_PASSWORD). Without, it is a debug build, signed
# with a key made on this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=build/cache/tools
work=target/apk
version=$(build/version.sh)
apk=target/otvet-$version.apk
max_bytes=$((3 * 1024 * 1024))

d8() { java -Xmx1g -cp "$tools/bundletool-all-1.17.2.jar" com.android.tools.r8.D8 --release --min-api 26 --lib "$(cat target/framework.txt)" "$@"; }

mkdir -p "$work/app" "$work/libraries"
libraries=$(tr ':' '\n' <target/libraries.txt)
# The libraries change with the pom only; their dex is made once.
digest=$(sha256sum pom.xml target/libraries.txt | sha256sum)
if [ ! -f "$work/libraries/stamp" ] || [ "$(cat "$work/libraries/stamp")" != "$digest" ]; then
  echo "dexing the libraries"
  # shellcheck disable=SC2086 — one argument for each library.
  d8 --output "$work/libraries" $libraries
  echo "$digest" >"$work/libraries/stamp"
fi

if [ -n "$(find target/classes build/apk.sh -name '*.class' -newer "$work/app/classes.dex" 2>/dev/null | head -1)" ] || [ ! -f "$work/app/classes.dex" ]; then
  echo "dexing the app"
  classpath=()
  for library in $libraries; do classpath+=(--classpath "$library"); done
  find target/classes -name '*.class' >"$work/classes.txt"
  d8 --output "$work/app" "${classpath[@]}" "@$work/classes.txt"
fi

if [ -n "${OTVET_ANDROID_KEYSTORE:-}" ]; then
  variant=release
  keystore=$OTVET_ANDROID_KEYSTORE
  alias=${OTVET_ANDROID_KEY_ALIAS:?names the key in OTVET_ANDROID_KEYSTORE}
  export OTVET_ANDROID_KEYSTORE_PASSWORD=${OTVET_ANDROID_KEYSTORE_PASSWORD:?opens OTVET_ANDROID_KEYSTORE}
  export OTVET_ANDROID_KEY_PASSWORD=${OTVET_ANDROID_KEY_PASSWORD:-$OTVET_ANDROID_KEYSTORE_PASSWORD}
else
  variant=debug
  keystore=build/cache/debug.keystore
  alias=androiddebugkey
  # Not a secret: every Android developer's debug key has this password.
  export OTVET_ANDROID_KEYSTORE_PASSWORD=android OTVET_ANDROID_KEY_PASSWORD=android
  [ -f "$keystore" ] || keytool -genkeypair -keystore "$keystore" -storepass android -keypass android -alias "$alias" \
    -keyalg RSA -keysize 2048 -validity 10000 -dname "CN=Android Debug,O=Android,C=US" 2>/dev/null
fi

cp "target/resources/$variant.apk" "$work/unaligned.apk"
cp "$work/app/classes.dex" "$work/classes.dex"
cp "$work/libraries/classes.dex" "$work/classes2.dex"
(cd "$work" && zip -q -X -9 unaligned.apk classes.dex classes2.dex)
rm -f "$apk"
zipalign -f 4 "$work/unaligned.apk" "$work/aligned.apk"
apksigner sign --ks "$keystore" --ks-key-alias "$alias" --ks-pass env:OTVET_ANDROID_KEYSTORE_PASSWORD \
  --key-pass env:OTVET_ANDROID_KEY_PASSWORD --out "$apk" "$work/aligned.apk"
rm -f "$apk.idsig"

# What Android would refuse must not leave this folder.
apksigner verify --min-sdk-version 26 "$apk"
zipalign -c 4 "$apk"
badging=$(aapt dump badging "$apk" 2>/dev/null)
for line in "package: name='chat.otvet.android' versionCode='$(build/version.sh code)' versionName='$version'" \
  "sdkVersion:'26'" "targetSdkVersion:'36'" "launchable-activity: name='chat.otvet.android"; do
  grep -qF "$line" <<<"$badging" || { echo "the badging lacks: $line" >&2; exit 1; }
done
if grep -q '^application-debuggable' <<<"$badging" && [ "$variant" = release ]; then
  echo "a release must not be debuggable" >&2
  exit 1
fi
bytes=$(stat -c %s "$apk")
[ "$bytes" -le "$max_bytes" ] || { echo "$apk has $bytes bytes, more than $max_bytes" >&2; exit 1; }
echo "clients/android/$apk: $variant, $bytes bytes, certificate sha256 $(apksigner verify --print-certs "$apk" | sed -n 's/.*certificate SHA-256 digest: //p' | head -1)"
