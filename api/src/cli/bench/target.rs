//! Where the load goes.

use std::net::SocketAddr;
use std::str::FromStr;

use super::CliError;

/// A server's place, out of `http://HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Host and port, as they stand in `Host`.
    pub host: String,
    /// With the port, also where it went without saying.
    place: String,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rest = text
            .strip_prefix("http://")
            .ok_or("write http://HOST:PORT; TLS is the proxy's, load the server behind it")?;
        let host = rest.strip_suffix('/').unwrap_or(rest);
        if host.is_empty() || host.contains('/') || host.contains('@') {
            return Err("write http://HOST:PORT, without a path".to_owned());
        }
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let place = if has_port { host.to_owned() } else { format!("{host}:80") };
        Ok(Self { host: host.to_owned(), place })
    }
}

impl Target {
    /// Its address.
    pub async fn resolve(&self) -> Result<SocketAddr, CliError> {
        let found = tokio::net::lookup_host(&self.place).await;
        let found = found.ok().and_then(|mut addresses| addresses.next());
        found.ok_or_else(|| CliError::Usage(format!("`{}` has no address; check --url", self.place)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_becomes_a_place() {
        let place = |text: &str| text.parse::<Target>().map(|target| target.place);
        assert_eq!(place("http://127.0.0.1:8080").unwrap(), "127.0.0.1:8080");
        assert_eq!(place("http://chat.example.com/").unwrap(), "chat.example.com:80");
        assert_eq!(place("http://[::1]:8080").unwrap(), "[::1]:8080");
        for bad in ["https://chat.example.com", "127.0.0.1:8080", "http://", "http://a/ws"] {
            assert!(place(bad).is_err(), "{bad}");
        }
    }
}
