//! Lua scripts, and the keys that they are about.

use std::fmt::{self, Write as _};

use bytes::{Bytes, BytesMut};
use fred::clients::Client;
use fred::error::Error;
use fred::interfaces::LuaInterface;
use fred::types::{Key, Value};
use sha1::{Digest, Sha1};

use crate::ids::StreamName;

/// A Lua script, sent whole only to a Redis that does not know it yet.
pub(super) struct Script {
    text: &'static str,
    sha1: String,
}

impl Script {
    pub fn new(text: &'static str) -> Self {
        let sha1 = Sha1::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { text, sha1 }
    }

    /// Runs it with keys and arguments, which are asked for once more when Redis has forgotten the script.
    pub async fn run(
        &self,
        client: &Client,
        input: impl Fn() -> (Vec<Key>, Vec<Value>),
    ) -> Result<Value, Error> {
        let (keys, arguments) = input();
        match client.evalsha(self.sha1.as_str(), keys, arguments).await {
            Err(error) if error.details().starts_with("NOSCRIPT") => {
                let (keys, arguments) = input();
                client.eval(self.text, keys, arguments).await
            }
            answer => answer,
        }
    }
}

/// The stream's own key, and that of its mark.
pub(super) fn keys(stream: &StreamName) -> Vec<Key> {
    vec![format!("otvet:{{{stream}}}").into(), format!("otvet:{{{stream}}}:epoch").into()]
}

/// Many small texts in one allocation.
pub(super) struct Texts(BytesMut);

impl Texts {
    /// With room for so many bytes before it needs another.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(BytesMut::with_capacity(bytes))
    }

    /// The next text.
    pub fn text(&mut self, text: fmt::Arguments<'_>) -> Bytes {
        self.0.write_fmt(text).expect("a buffer takes everything");
        self.0.split().freeze()
    }
}
