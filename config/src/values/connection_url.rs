//! URLs of databases and Redis, which may hold passwords.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use url::Url;

const MASK: &str = "***";

/// The URL of a database or Redis. `Debug`, `Display` and `Serialize` show it masked; only [`expose`](Self::expose)
/// gives the passwords away.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct ConnectionUrl(String);

impl ConnectionUrl {
    /// The URL with its secrets, for the driver and nobody else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What stands before the first `:`; empty if there is none.
    pub fn scheme(&self) -> &str {
        self.0.split_once(':').map_or("", |(scheme, _)| scheme)
    }

    /// The URL with the password, secret query parameters and any fragment replaced by `***`; of a text that is not
    /// a URL nothing is shown.
    pub fn masked(&self) -> String {
        let Ok(mut url) = Url::parse(&self.0) else { return MASK.to_owned() };
        if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
            return MASK.to_owned();
        }
        // An unescaped `#` in a password makes its rest a fragment.
        if url.fragment().is_some() {
            url.set_fragment(Some(MASK));
        }
        if url.query_pairs().any(|(name, _)| is_secret(&name)) {
            let pairs: Vec<_> = url.query_pairs().into_owned().collect();
            url.query_pairs_mut().clear().extend_pairs(
                pairs.iter().map(|(name, value)| (name, if is_secret(name) { MASK } else { value.as_str() })),
            );
        }
        url.into()
    }

    pub(crate) fn parse(&self) -> Option<Url> {
        Url::parse(&self.0).ok()
    }
}

fn is_secret(parameter: &str) -> bool {
    let name = parameter.to_ascii_lowercase();
    ["pass", "secret", "token", "key"].iter().any(|part| name.contains(part))
}

impl From<String> for ConnectionUrl {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for ConnectionUrl {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionUrl({})", self.masked())
    }
}

impl Serialize for ConnectionUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked())
    }
}
