//! The faces, out of the binary: no path ever reaches the disk.

use std::borrow::Cow;

use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use otvet_web_assets::Asset;
use warp::filters::BoxedFilter;
use warp::filters::path::FullPath;
use warp::reply::{Reply, Response};
use warp::{Filter, Rejection};

use crate::rest::problem::Problem;

/// Faces whose pages have addresses of their own: whatever is not a file there is the face's page.
const FACES: [&str; 2] = [otvet_web_assets::ADMIN, otvet_web_assets::DOCS];

/// What the faces may do. Everything comes from here; styles are set through the CSSOM, scripts are files.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";

/// Where markup and script addresses come from: the visitor's page makes one address, that of its worker, and the panel's
/// sanitiser makes markup.
const TRUSTED_TYPES: &str = "; require-trusted-types-for 'script'; trusted-types otvet-worker dompurify";

/// What a script may do that runs as a worker: such a one is under the policy of its own answer, not of the page that
/// started it (Content Security Policy Level 3, section 4.2.2). The visitor's worker keeps the page for the time without a
/// network, so it has to fetch it.
const WORKER_POLICY: &str = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'; require-trusted-types-for \
     'script'; trusted-types 'none'";

/// Every path that is an asset's.
pub fn filter() -> BoxedFilter<(Response,)> {
    warp::path::full()
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and_then(|path: FullPath, method: Method, headers: HeaderMap| async move {
            let asset = find(path.as_str()).ok_or_else(warp::reject::not_found)?;
            if method != Method::GET && method != Method::HEAD {
                return Ok(Problem::method_not_allowed().into_response());
            }
            Ok::<_, Rejection>(answer(asset, &headers))
        })
        .boxed()
}

fn find(path: &str) -> Option<&'static Asset> {
    if path == "/api" || path.starts_with("/api/") {
        return None;
    }
    if let Some(asset) = otvet_web_assets::get(path) {
        return Some(asset);
    }
    // A missing file is missing, also within a face.
    let is_page = !path.rsplit('/').next().unwrap_or_default().contains('.');
    let within = |face: &str| path.strip_prefix(face).is_some_and(|rest| rest.starts_with('/'));
    FACES.into_iter().find(|face| is_page && within(face)).and_then(otvet_web_assets::get)
}

fn answer(asset: &'static Asset, request: &HeaderMap) -> Response {
    let mut response = Response::default();
    let known = |tag: &str| {
        let mut tags = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        tags.any(|list| list.split(',').map(str::trim).any(|t| t == "*" || weak(t) == weak(tag)))
    };
    let (body, encoding) = choose(asset, request);
    let tag = encoding.map_or_else(|| asset.etag.to_owned(), |encoding| asset.etag_for(encoding));
    let fresh = known(&tag);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(asset.cache_control()));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(ETAG, HeaderValue::try_from(tag).expect("tags are printable ASCII"));
    if asset.content_type.starts_with("text/html") {
        headers.insert(CONTENT_SECURITY_POLICY, policy(asset.path));
    } else if asset.content_type.starts_with("text/javascript") {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(WORKER_POLICY));
    }
    if fresh {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    *response.body_mut() = match body {
        Cow::Borrowed(body) => body.into(),
        Cow::Owned(body) => body.into(),
    };
    response
}

/// The policy of a page.
fn policy(page: &str) -> HeaderValue {
    // The API reference's viewer writes the markup that it has sanitised by itself.
    let more = if page == otvet_web_assets::DOCS { "" } else { TRUSTED_TYPES };
    HeaderValue::try_from(format!("{POLICY}{more}")).expect("policies are printable ASCII")
}

fn weak(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// The smallest encoding that the client takes (RFC 9110, section 12.5.3); a tie goes to Brotli.
fn choose(asset: &'static Asset, request: &HeaderMap) -> (Cow<'static, [u8]>, Option<&'static str>) {
    let mut offers: Vec<(String, f32)> = Vec::new();
    for value in request.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()) {
        for part in value.split(',') {
            let mut fields = part.split(';').map(str::trim);
            let name = fields.next().unwrap_or_default().to_ascii_lowercase();
            let quality =
                fields.find_map(|field| field.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
            offers.push((name, quality.unwrap_or(0.0)));
        }
    }
    let quality = |name: &str| {
        let named = offers.iter().find(|(offer, _)| offer == name);
        named.or_else(|| offers.iter().find(|(offer, _)| offer == "*")).map_or(0.0, |(_, quality)| *quality)
    };
    let (brotli, gzip) = (quality("br"), quality("gzip"));
    match (asset.brotli, asset.gzip) {
        (Some(body), _) if brotli > 0.0 && brotli >= gzip => (body.into(), Some("br")),
        (_, Some(body)) if gzip > 0.0 => (body.into(), Some("gzip")),
        (Some(body), None) if brotli > 0.0 => (body.into(), Some("br")),
        _ => (asset.identity(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static PAGE: Asset = Asset {
        path: "/x",
        content_type: "text/html; charset=utf-8",
        etag: "\"abc\"",
        immutable: false,
        plain: Some(b"plain page"),
        gzip: Some(b"gz"),
        brotli: Some(b"br"),
    };

    fn get(headers: &[(&'static str, &str)]) -> Response {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        answer(&PAGE, &map)
    }

    #[test]
    fn the_best_encoding_that_the_client_takes() {
        for (accepts, encoding) in [
            ("gzip, deflate, br", Some("br")),
            ("gzip", Some("gzip")),
            ("br;q=0.5, gzip;q=0.9", Some("gzip")),
            ("br;q=0, gzip;q=0", None),
            ("*", Some("br")),
            ("*;q=0", None),
            ("identity", None),
            ("", None),
            ("br;q=nonsense", None),
        ] {
            let response = get(&[("accept-encoding", accepts)]);
            let got = response.headers().get(CONTENT_ENCODING).map(|v| v.to_str().unwrap());
            assert_eq!(got, encoding, "{accepts}");
            assert_eq!(response.headers()[VARY], "accept-encoding");
        }
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        let first = get(&[("accept-encoding", "br")]);
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let again = get(&[("accept-encoding", "br"), ("if-none-match", &known)]);
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(again.headers()[ETAG], tag);
        }
        assert_eq!(
            get(&[("if-none-match", &tag)]).status(),
            StatusCode::OK,
            "another encoding is another thing"
        );
    }

    #[test]
    fn no_path_leads_out_and_none_into_rest() {
        for path in [
            "/../Cargo.toml",
            "/%2e%2e/Cargo.toml",
            "//etc/passwd",
            "/admin/../../etc/passwd",
            "/api/v1/x",
            "/api",
        ] {
            let found = find(path);
            assert!(found.is_none_or(|asset| FACES.contains(&asset.path)), "{path}");
            if path.starts_with("/api") {
                assert!(found.is_none(), "{path}");
            }
        }
    }

    #[test]
    fn a_worker_may_fetch_the_page_that_it_keeps() {
        static WORKER: Asset = Asset { content_type: "text/javascript; charset=utf-8", ..PAGE };
        let response = answer(&WORKER, &HeaderMap::new());
        let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; connect-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }

    #[test]
    fn pages_have_a_strict_policy() {
        let policy = get(&[]).headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(
            policy.contains("frame-ancestors 'none'")
                && policy.contains("require-trusted-types-for 'script'")
        );
    }
}
