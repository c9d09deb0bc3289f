//! The Android app: the statement that lets it open links to this site, and the page where people get it.

use std::io::{Error, ErrorKind};

use bytes::Bytes;
use http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use qrcode::QrCode;
use qrcode::render::svg;
use serde_json::json;
use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::{Filter, Rejection};

use crate::edge::SharedEdge;
use crate::server::StartError;

/// The one that was built in.
const BUILT_IN: Option<&[u8]> = include!(concat!(env!("OUT_DIR"), "/android_apk.rs"));
/// Far more than an app of this kind has; whatever is larger is another file.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// How every zip file begins, and an APK is one.
const ZIP: &[u8] = b"PK\x03\x04";
/// Pixels of a side of the QR code.
const QR_SIDE: u32 = 240;
/// The page has no script, and its styles are a file.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const STYLES: &str = include_str!("android.css");

/// The app's file, in memory: no request reaches the disk.
#[derive(Debug, Clone)]
pub struct App(Bytes);

impl App {
    /// The configured file, else the one that was built in, else none.
    ///
    /// # Errors
    /// A configured file that cannot be read or is no APK.
    pub fn load(path: Option<&str>) -> Result<Option<Self>, StartError> {
        let Some(path) = path else { return Ok(BUILT_IN.map(|bytes| Self(Bytes::from_static(bytes)))) };
        let failed = |cause| StartError::AndroidApp { path: path.to_owned(), cause };
        if std::fs::metadata(path).map_err(failed)?.len() > MAX_BYTES {
            return Err(failed(Error::new(ErrorKind::InvalidData, "it is larger than 64 MiB")));
        }
        let bytes = std::fs::read(path).map_err(failed)?;
        if !bytes.starts_with(ZIP) {
            return Err(failed(Error::new(ErrorKind::InvalidData, "it is no APK")));
        }
        Ok(Some(Self(bytes.into())))
    }
}

/// `/.well-known/assetlinks.json` when certificates are set, `/android` when there is an app to offer.
pub fn filter(edge: &SharedEdge, app: Option<App>) -> BoxedFilter<(Response,)> {
    let read = warp::get().or(warp::head()).unify();
    let links = statement(edge);
    let statement = warp::path!(".well-known" / "assetlinks.json").and(read).and_then(move || {
        let links = links.clone();
        async move { links.map(|body| answer("application/json", body)).ok_or_else(warp::reject::not_found) }
    });
    let offer = app.map(|app| (Pages::of(edge), app));
    let offered =
        warp::path("android").and(warp::path::tail()).and(read).and(warp::header::headers_cloned()).and_then(
            move |tail: warp::path::Tail, headers: HeaderMap| {
                let offer = offer.clone();
                async move {
                    let (pages, app) = offer.ok_or_else(warp::reject::not_found)?;
                    match tail.as_str() {
                        "" => Ok(pages.answer(&headers)),
                        "page.css" => {
                            Ok(answer("text/css; charset=utf-8", Bytes::from_static(STYLES.as_bytes())))
                        }
                        "otvet.apk" => Ok(download(app)),
                        _ => Err::<_, Rejection>(warp::reject::not_found()),
                    }
                }
            },
        );
    statement.or(offered).unify().boxed()
}

/// Which app may open links to this site, in the form of Digital Asset Links; none without a certificate.
fn statement(edge: &SharedEdge) -> Option<Bytes> {
    let settings = &edge.settings.android;
    if settings.certificates.is_empty() {
        return None;
    }
    let target = json!({
        "namespace": "android_app",
        "package_name": settings.package,
        "sha256_cert_fingerprints": settings.fingerprints(),
    });
    let relation = ["delegate_permission/common.handle_all_urls"];
    Some(json!([{ "relation": relation, "target": target }]).to_string().into())
}

/// The page in both languages.
#[derive(Debug, Clone)]
struct Pages {
    english: Bytes,
    russian: Bytes,
}

impl Pages {
    fn of(edge: &SharedEdge) -> Self {
        let address = format!("{}/android", edge.public_origin);
        let code = QrCode::new(&address).expect("an origin is far shorter than a QR code holds");
        let picture = code
            .render()
            .min_dimensions(QR_SIDE, QR_SIDE)
            .dark_color(svg::Color("#000"))
            .light_color(svg::Color("#fff"))
            .build();
        let picture = picture.split_once("?>").map_or(picture.as_str(), |(_, svg)| svg);
        let english = Words {
            language: "en",
            title: "Otvet for Android",
            pitch: "Ask and read answers on your phone. What you write without a network is sent when it is back.",
            install: "Download the app",
            scan: "Or scan this with your phone:",
        };
        let russian = Words {
            language: "ru",
            title: "Otvet для Android",
            pitch: "Спрашивайте и читайте ответы с телефона. Написанное без связи уйдёт, когда она появится.",
            install: "Скачать приложение",
            scan: "Или наведите камеру телефона:",
        };
        Self { english: english.page(picture).into(), russian: russian.page(picture).into() }
    }

    fn answer(&self, request: &HeaderMap) -> Response {
        let wanted = request.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let page = if wanted.trim_start().to_ascii_lowercase().starts_with("ru") {
            &self.russian
        } else {
            &self.english
        };
        let mut response = answer("text/html; charset=utf-8", page.clone());
        set(&mut response, CONTENT_SECURITY_POLICY, POLICY);
        set(&mut response, VARY, "accept-language");
        response
    }
}

struct Words {
    language: &'static str,
    title: &'static str,
    pitch: &'static str,
    install: &'static str,
    scan: &'static str,
}

impl Words {
    fn page(&self, picture: &str) -> String {
        let Self { language, title, pitch, install, scan } = self;
        format!(
            r#"<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/android/page.css">
</head>
<body>
<main>
<h1>{title}</h1>
<p>{pitch}</p>
<p><a class="install" href="/android/otvet.apk">{install}</a></p>
<p>{scan}</p>
<div class="code">{picture}</div>
</main>
</body>
</html>
"#
        )
    }
}

fn download(App(bytes): App) -> Response {
    let mut response = answer("application/vnd.android.package-archive", bytes);
    set(
        &mut response,
        CONTENT_DISPOSITION,
        concat!("attachment; filename=\"otvet-", env!("CARGO_PKG_VERSION"), ".apk\""),
    );
    response
}

fn answer(kind: &'static str, body: Bytes) -> Response {
    let mut response = Response::default();
    set(&mut response, CONTENT_TYPE, kind);
    set(&mut response, CACHE_CONTROL, "no-cache");
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    *response.body_mut() = body.into();
    response
}

fn set(response: &mut Response, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}
