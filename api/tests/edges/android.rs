//! The Android app as a site offers it.

use std::io::Write;

use serde_json::json;

use crate::support::start;

const FINGERPRINT: &str = "35b618204c33943077ead67bcb7e472514222df0864ba0d6d234ef39e769491f";

#[tokio::test]
async fn nothing_is_offered_that_is_not_there() {
    let running = start(|_| {}).await;
    for path in ["/.well-known/assetlinks.json", "/android", "/android/otvet.apk", "/android/page.css"] {
        assert_eq!(running.call("GET", path, &[], b"").await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_app_may_open_links_of_a_site_that_names_its_certificate() {
    let running = start(|settings| settings.android.certificates = vec![FINGERPRINT.to_owned()]).await;
    let answer = running.call("GET", "/.well-known/assetlinks.json", &[], b"").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let colons =
        "35:B6:18:20:4C:33:94:30:77:EA:D6:7B:CB:7E:47:25:14:22:2D:F0:86:4B:A0:D6:D2:34:EF:39:E7:69:49:1F";
    let statement = json!([{
        "relation": ["delegate_permission/common.handle_all_urls"],
        "target": {
            "namespace": "android_app", "package_name": "chat.otvet.android", "sha256_cert_fingerprints": [colons],
        },
    }]);
    assert_eq!(answer.json(), statement);
}

#[tokio::test]
async fn the_file_is_offered_with_a_code_to_scan() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"PK\x03\x04 an app").unwrap();
    let path = file.path().display().to_string();
    let running = start(|settings| {
        settings.android.apk = Some(path);
        settings.server.public_url = Some("https://chat.example.com".parse().unwrap());
    })
    .await;
    let page = running.call("GET", "/android", &[], b"").await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.body.contains("<svg") && page.body.contains("Download the app"), "{page:?}");
    assert!(page.header("content-security-policy").is_some_and(|policy| !policy.contains("unsafe")));
    let russian = running.call("GET", "/android", &[("accept-language", "ru-RU,ru;q=0.9,en")], b"").await;
    assert!(russian.body.contains("Скачать приложение"), "{russian:?}");
    let app = running.call("GET", "/android/otvet.apk", &[], b"").await;
    assert_eq!(app.body.as_bytes(), b"PK\x03\x04 an app");
    assert_eq!(app.header("content-type"), Some("application/vnd.android.package-archive"));
    assert!(app.header("content-disposition").is_some_and(|value| value.contains(".apk")));
    assert_eq!(running.call("GET", "/android/page.css", &[], b"").await.status, 200);
    assert_eq!(running.call("GET", "/android/other", &[], b"").await.status, 404);
}
