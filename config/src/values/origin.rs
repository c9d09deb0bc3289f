//! Web origins, compared exactly with what browsers send.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use url::Url;

/// A web origin in the form that browsers put into the `Origin` header: `scheme://host[:port]`, lower case, without
/// the scheme's default port, path or trailing slash. Two origins are the same if their texts are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// The text is not an origin as browsers send it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigin {
    /// Not `scheme://host[:port]` at all; `*` and `null` are not accepted either.
    #[error("{0:?} is not an origin; write scheme://host[:port], such as https://example.com")]
    NotAnOrigin(String),
    /// An origin in a form that would never equal a browser's.
    #[error("{given:?} would never match a browser's Origin header; write {exact}")]
    NotExact {
        /// As given.
        given: String,
        /// The form to use.
        exact: String,
    },
}

impl Origin {
    /// The origin as browsers send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scheme, such as `https`.
    pub fn scheme(&self) -> &str {
        self.0.split_once("://").map_or("", |(scheme, _)| scheme)
    }

    /// The origin of `url`; `None` if it names no host.
    pub(crate) fn of(url: &Url) -> Option<Self> {
        let host = url.host_str().filter(|host| !host.is_empty())?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(Self(format!("{}://{host}{port}", url.scheme())))
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let url = Url::parse(text).ok().filter(|url| url.username().is_empty() && url.password().is_none());
        let origin = url.as_ref().and_then(Origin::of).ok_or_else(|| {
            InvalidOrigin::NotAnOrigin(if text.contains('@') { "…".to_owned() } else { text.to_owned() })
        })?;
        if origin.0 == text {
            Ok(origin)
        } else {
            Err(InvalidOrigin::NotExact { given: text.to_owned(), exact: origin.0 })
        }
    }
}

impl TryFrom<String> for Origin {
    type Error = InvalidOrigin;

    fn try_from(text: String) -> Result<Self, InvalidOrigin> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
