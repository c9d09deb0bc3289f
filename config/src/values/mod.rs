//! Types of single values: addresses, URLs, time zones, and how they are written.

mod connection_url;
pub(crate) mod networks;
pub(crate) mod optional;
mod origin;
mod text;
pub(crate) mod time_zone;

pub use connection_url::ConnectionUrl;
pub use origin::{InvalidOrigin, Origin};
pub(crate) use text::{as_toml, from_text, type_of};
