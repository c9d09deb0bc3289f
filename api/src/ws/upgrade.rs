//! The handshake over HTTP (RFC 6455, section 4): who may open a socket, and which format it will speak.

use http::header::{CONNECTION, HOST, ORIGIN, UPGRADE};
use http::{HeaderMap, HeaderValue, StatusCode};
use otvet_config::values::Origin;
use otvet_engine::protocol::{Code, Format};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use warp::reply::Response;

use crate::rest::problem::Problem;

const KEY: &str = "sec-websocket-key";
const VERSION: &str = "sec-websocket-version";
const PROTOCOL: &str = "sec-websocket-protocol";
const ACCEPT: &str = "sec-websocket-accept";

/// Which pages may open a socket.
#[derive(Debug, Clone)]
pub struct OriginRules {
    /// The server's own origin; `None`: whatever host the request names.
    pub own: Option<Origin>,
    /// Further ones.
    pub allowed: Vec<Origin>,
}

impl OriginRules {
    /// A missing `Origin` is fine, since nothing ambient authenticates: the token comes in `hello`.
    fn permit(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else { return true };
        let (Ok(origin), None) = (origin.to_str(), origins.next()) else { return false };
        let own = match &self.own {
            Some(own) => own.as_str() == origin,
            None => {
                let host = headers.get(HOST).and_then(|host| host.to_str().ok());
                let named = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
                named.is_some() && named == host
            }
        };
        own || self.allowed.iter().any(|allowed| allowed.as_str() == origin)
    }
}

/// A handshake that will succeed.
#[derive(Debug, PartialEq, Eq)]
pub struct Agreement {
    /// How frames are encoded.
    pub format: Format,
    accept: String,
    echo: bool,
}

/// Judges a request to open a socket.
///
/// # Errors
/// 426 when it is none, 400 when it is a broken one or knows none of our subprotocols, 403 from a foreign origin.
pub fn negotiate(headers: &HeaderMap, origins: &OriginRules) -> Result<Agreement, Problem> {
    let upgrade = tokens(headers, CONNECTION.as_str()).any(|t| t.eq_ignore_ascii_case("upgrade"))
        && tokens(headers, UPGRADE.as_str()).any(|t| t.eq_ignore_ascii_case("websocket"));
    if !upgrade || headers.get(VERSION).is_none_or(|version| version != "13") {
        return Err(Problem::upgrade_required());
    }
    // 16 bytes in base64.
    let key = headers.get(KEY).filter(|key| key.len() == 24 && key.as_bytes().ends_with(b"=="));
    let Some(key) = key else {
        return Err(Problem::bad_request("Sec-WebSocket-Key is missing or malformed"));
    };
    if !origins.permit(headers) {
        let detail = "this Origin may not open a WebSocket here; see server.allowed_origins";
        return Err(Problem::new(StatusCode::FORBIDDEN, Code::Forbidden, detail));
    }
    let asked = headers.contains_key(PROTOCOL);
    let format =
        tokens(headers, PROTOCOL).find_map(|name| Format::ALL.into_iter().find(|f| f.subprotocol() == name));
    let format = match format {
        Some(format) => format,
        None if asked => {
            return Err(Problem::bad_request(
                "offer the subprotocol otvet.v1.json or otvet.v1.msgpack, or none",
            ));
        }
        None => Format::Json,
    };
    Ok(Agreement { format, accept: derive_accept_key(key.as_bytes()), echo: asked })
}

impl Agreement {
    /// The answer that switches protocols.
    pub fn response(&self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(ACCEPT, HeaderValue::try_from(&self.accept).expect("base64 is a header value"));
        if self.echo {
            headers.insert(PROTOCOL, HeaderValue::from_static(self.format.subprotocol()));
        }
        response
    }
}

/// The elements of a comma separated list, over all headers of the name.
fn tokens<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn request(more: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("host", "chat.example.com"),
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "websocket"),
            (VERSION, "13"),
            (KEY, SAMPLE_KEY),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        for (name, value) in more {
            headers.insert(*name, value.parse().unwrap());
        }
        headers
    }

    fn rules(own: Option<&str>, allowed: &[&str]) -> OriginRules {
        OriginRules {
            own: own.map(|o| o.parse().unwrap()),
            allowed: allowed.iter().map(|o| o.parse().unwrap()).collect(),
        }
    }

    fn status(headers: &HeaderMap, rules: &OriginRules) -> u16 {
        negotiate(headers, rules).map_or_else(|p| p.status().as_u16(), |a| a.response().status().as_u16())
    }

    #[test]
    fn the_sample_of_the_rfc_is_accepted() {
        let agreement = negotiate(&request(&[]), &rules(None, &[])).unwrap();
        let response = agreement.response();
        assert_eq!(response.headers()[ACCEPT], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(!response.headers().contains_key(PROTOCOL), "nothing was asked, nothing is echoed");
        assert_eq!(agreement.format, Format::Json);
    }

    #[test]
    fn the_clients_first_known_subprotocol_is_chosen() {
        let cases = [
            ("otvet.v1.json", Some("otvet.v1.json")),
            ("otvet.v1.msgpack", Some("otvet.v1.msgpack")),
            ("graphql-ws, otvet.v1.msgpack, otvet.v1.json", Some("otvet.v1.msgpack")),
            ("otvet.v2.json", None),
            ("OTVET.V1.JSON", None),
            ("", None),
        ];
        for (asked, chosen) in cases {
            let result = negotiate(&request(&[(PROTOCOL, asked)]), &rules(None, &[]));
            match chosen {
                Some(name) => assert_eq!(result.unwrap().response().headers()[PROTOCOL], name, "{asked}"),
                None => assert_eq!(result.unwrap_err().status(), StatusCode::BAD_REQUEST, "{asked}"),
            }
        }
    }

    #[test]
    fn foreign_origins_are_refused() {
        let own = rules(Some("https://chat.example.com"), &["https://shop.example"]);
        let any_host = rules(None, &[]);
        for (origin, rules, expected) in [
            ("https://chat.example.com", &own, 101),
            ("https://shop.example", &own, 101),
            ("http://chat.example.com", &own, 403),
            ("https://chat.example.com.evil.example", &own, 403),
            ("https://evil.example", &own, 403),
            ("null", &own, 403),
            ("http://chat.example.com", &any_host, 101),
            ("https://chat.example.com", &any_host, 101),
            ("https://chat.example.com:444", &any_host, 403),
            ("chat.example.com", &any_host, 403),
            ("null", &any_host, 403),
        ] {
            assert_eq!(status(&request(&[("origin", origin)]), rules), expected, "{origin}");
        }
        assert_eq!(status(&request(&[]), &own), 101, "no Origin: not a browser");
        let mut two = request(&[("origin", "https://chat.example.com")]);
        two.append("origin", "https://evil.example".parse().unwrap());
        assert_eq!(status(&two, &own), 403);
    }

    #[test]
    fn anything_but_a_handshake_is_told_what_this_path_speaks() {
        let open = rules(None, &[]);
        for (name, value) in [("connection", "close"), ("upgrade", "h2c"), (VERSION, "8")] {
            assert_eq!(status(&request(&[(name, value)]), &open), 426, "{name}");
        }
        assert_eq!(status(&request(&[(KEY, "short")]), &open), 400);
    }
}
