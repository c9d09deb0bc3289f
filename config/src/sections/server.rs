//! `[server]`

use super::in_range;
use crate::error::InvalidSetting;
use crate::values::{Origin, networks, optional};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::Url;

/// Listeners, origins, proxies and HTTP bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerSettings {
    /// Address of HTTP and WebSocket, plain: TLS is a reverse proxy's. Port 0 picks a free one.
    pub listen: SocketAddr,
    /// Address of `/metrics`, kept apart so that it need not be public.
    pub metrics_listen: SocketAddr,
    /// The origin that people's browsers use; `None`: derived from `listen`, see [`Self::public_origin`].
    #[serde(with = "optional")]
    pub public_url: Option<Origin>,
    /// Further origins whose pages may open a WebSocket (sites that embed the widget); compared exactly.
    pub allowed_origins: Vec<Origin>,
    /// Proxies whose `X-Forwarded-For` is believed. None: the header is ignored.
    #[serde(with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// Seconds in which a request's headers must have arrived.
    pub header_timeout_s: u64,
    /// Seconds after which an idle HTTP connection is closed; WebSockets have their heartbeat.
    pub idle_timeout_s: u64,
    /// Seconds in which a stop must be done, connections told and everything acknowledged stored.
    pub drain_timeout_s: u64,
    /// Bytes of a request's line and headers together.
    pub header_bytes: usize,
    /// Bytes of a request's body.
    pub body_bytes: usize,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            metrics_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)),
            public_url: None,
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            header_timeout_s: 5,
            idle_timeout_s: 75,
            drain_timeout_s: 30,
            header_bytes: 16 * 1024,
            body_bytes: 1024 * 1024,
        }
    }
}

impl ServerSettings {
    /// The origin under which people reach the server: `public_url`, else `http://` and `bound`, the address that the
    /// listener really has; for a wildcard address, loopback.
    pub fn public_origin(&self, bound: SocketAddr) -> Origin {
        self.public_url.clone().unwrap_or_else(|| {
            let host = match bound.ip() {
                IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from(Ipv4Addr::LOCALHOST),
                IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from(Ipv6Addr::LOCALHOST),
                ip => ip,
            };
            let url = Url::parse(&format!("http://{}", SocketAddr::new(host, bound.port())));
            url.ok().as_ref().and_then(Origin::of).expect("a socket address is a host and a port")
        })
    }

    /// Checks ranges, and that the two listeners differ.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if self.metrics_listen == self.listen && self.listen.port() != 0 {
            return Err(InvalidSetting::new("server.metrics_listen", "must differ from server.listen"));
        }
        if self.public_url.as_ref().is_some_and(|origin| !matches!(origin.scheme(), "http" | "https")) {
            return Err(InvalidSetting::new("server.public_url", "must begin with http:// or https://"));
        }
        in_range("server.header_timeout_s", self.header_timeout_s, 1..=300)?;
        in_range("server.idle_timeout_s", self.idle_timeout_s, 1..=3600)?;
        in_range("server.drain_timeout_s", self.drain_timeout_s, 1..=600)?;
        // hyper refuses to read with a smaller buffer than 8 KiB.
        in_range("server.header_bytes", self.header_bytes, 8 * 1024..=1024 * 1024)?;
        in_range("server.body_bytes", self.body_bytes, 1024..=64 * 1024 * 1024)
    }
}
