//! Who is on the other end of a connection.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use otvet_config::sections::ServerSettings;

/// The client's address. `X-Forwarded-For` is believed only as far as trusted proxies wrote it: read from the right, the
/// first address that is not one of theirs is the client.
pub fn client_address(remote: SocketAddr, headers: &HeaderMap, settings: &ServerSettings) -> IpAddr {
    let trusted = |ip: IpAddr| settings.trusted_proxies.iter().any(|network| network.contains(&ip));
    let mut client = remote.ip().to_canonical();
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in forwarded.iter().rev() {
        if !trusted(client) {
            break;
        }
        // A hop that is no address: nothing to its left can be believed.
        let Ok(ip) = hop.trim().parse::<IpAddr>() else { break };
        client = ip.to_canonical();
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(remote: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let settings = ServerSettings {
            trusted_proxies: proxies.iter().map(|p| p.parse().unwrap()).collect(),
            ..ServerSettings::default()
        };
        client_address(SocketAddr::new(remote.parse().unwrap(), 1), &headers, &settings).to_string()
    }

    #[test]
    fn only_configured_proxies_are_believed() {
        assert_eq!(seen("198.51.100.7", &["203.0.113.1"], &[]), "198.51.100.7");
        assert_eq!(seen("198.51.100.7", &["203.0.113.1"], &["10.0.0.0/8"]), "198.51.100.7");
        assert_eq!(seen("10.0.0.1", &["203.0.113.1"], &["10.0.0.0/8"]), "203.0.113.1");
        // The client's own lies stand left of what the proxy wrote.
        assert_eq!(seen("10.0.0.1", &["6.6.6.6, 203.0.113.1"], &["10.0.0.0/8"]), "203.0.113.1");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6", "203.0.113.1, 10.0.0.2"], &["10.0.0.0/8"]), "203.0.113.1");
        assert_eq!(seen("10.0.0.1", &["203.0.113.1, unknown"], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(seen("::ffff:10.0.0.1", &["203.0.113.1"], &["10.0.0.0/8"]), "203.0.113.1");
    }
}
