//! Newtypes for everything that has an identity, with the one text form each has on the wire.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Timestamp;

/// A text that should have been an identifier and is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not {1}")]
pub struct ParseIdError(String, &'static str);

/// Somebody who can sign in or chat: a row of Laravel's `users` (`u7`) or a guest of ours (`g12`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PersonId {
    /// Row of `users`.
    User(i64),
    /// Row of `chat_guests`.
    Guest(i64),
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(n) => write!(f, "u{n}"),
            Self::Guest(n) => write!(f, "g{n}"),
        }
    }
}

impl FromStr for PersonId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseIdError(text.chars().take(40).collect(), "a person's id such as u7 or g12");
        let digits = text
            .get(1..)
            .filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
            .ok_or_else(wrong)?;
        let number = digits.parse::<i64>().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
        // One text form only: `u07` would otherwise name the same person as `u7`.
        if digits.starts_with('0') {
            return Err(wrong());
        }
        match text.as_bytes()[0] {
            b'u' => Ok(Self::User(number)),
            b'g' => Ok(Self::Guest(number)),
            _ => Err(wrong()),
        }
    }
}

/// A conversation: a UUID of version 7, so that ids sort roughly by the time of opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConversationId(#[serde(with = "uuid_text")] pub Uuid);

impl ConversationId {
    /// A new id from the given time and 10 random bytes (RFC 9562, UUID version 7).
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for ConversationId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Only the hyphenated form: `Uuid` itself also reads braces, URNs and bare hex.
        let wrong = || ParseIdError(text.chars().take(40).collect(), "a conversation's id (a UUID)");
        if text.len() != 36 {
            return Err(wrong());
        }
        Uuid::try_parse(text).map(Self).map_err(|_| wrong())
    }
}

/// UUIDs are texts in both encodings: MessagePack would otherwise carry 16 raw bytes.
mod uuid_text {
    use super::{ConversationId, Deserializer, Serializer, Uuid, from_text};

    pub fn serialize<S: Serializer>(id: &Uuid, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(id.hyphenated().encode_lower(&mut [0; 36]))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Uuid, D::Error> {
        from_text::<ConversationId, D>(from).map(|id| id.0)
    }
}

/// The name of a stream: an append-only sequence of events numbered 1, 2, 3 … without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StreamName {
    /// One conversation, the same for every reader.
    Conversation(ConversationId),
    /// What waits for, or belongs to, one manager.
    Inbox(PersonId),
    /// One person's own list of conversations, on all devices.
    Session(PersonId),
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conversation(id) => write!(f, "conversation/{id}"),
            Self::Inbox(person) => write!(f, "inbox/{person}"),
            Self::Session(person) => write!(f, "session/{person}"),
        }
    }
}

impl FromStr for StreamName {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some(("conversation", id)) => id.parse().map(Self::Conversation),
            Some(("inbox", person)) => person.parse().map(Self::Inbox),
            Some(("session", person)) => person.parse().map(Self::Session),
            _ => Err(ParseIdError(text.chars().take(40).collect(), "a stream's name")),
        }
    }
}

/// Serde through [`fmt::Display`] and [`FromStr`]: the wire knows these types as texts only.
macro_rules! serde_as_text {
    ($($name:ty),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from_text(from)
            }
        }
    )*};
}
serde_as_text!(PersonId, StreamName);

/// Reads what is a text on the wire, without a copy of the text: an id is read with every command.
fn from_text<'de, T: FromStr<Err = ParseIdError>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    from.deserialize_str(FromText(PhantomData))?.map_err(de::Error::custom)
}

struct FromText<T>(PhantomData<T>);

impl<T: FromStr<Err = ParseIdError>> Visitor<'_> for FromText<T> {
    type Value = Result<T, ParseIdError>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.parse())
    }

    // MessagePack's binaries are taken for texts, as they are wherever a text is read.
    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.visit_str(text),
            Err(_) => Err(E::invalid_value(Unexpected::Bytes(bytes), &self)),
        }
    }
}

/// The name of one numbering of a stream. It changes only when the numbering could not be carried on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub Arc<str>);

impl Epoch {
    /// A new epoch out of 8 random bytes, as 16 hex digits.
    pub fn new(random: [u8; 8]) -> Self {
        Self(format!("{:016x}", u64::from_be_bytes(random)).into())
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A place in a stream: everything up to and including `seq` of this epoch is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Position {
    /// Which numbering `seq` belongs to.
    #[schema(value_type = String)]
    pub epoch: Epoch,
    /// The last event known; 0 for none.
    pub seq: u64,
}

/// A client's idempotency key: 1 to 64 characters, unique for its author.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Key(Arc<str>);

impl Key {
    /// The longest key, in characters.
    pub const MAX_CHARS: usize = 64;

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Key {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.chars().nth(Self::MAX_CHARS).is_some() || text.contains('\0') {
            let start = text.chars().take(16).collect();
            return Err(ParseIdError(start, "a key of 1 to 64 characters"));
        }
        Ok(Self(text.into()))
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from_text(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn person_ids_have_one_text_form() {
        for good in ["u7", "g12", "u9223372036854775807"] {
            assert_eq!(good.parse::<PersonId>().unwrap().to_string(), good);
        }
        for bad in ["", "u", "7", "u0", "u07", "u-1", "u+1", "x7", "u7 ", "u9223372036854775808", "й7"] {
            assert!(bad.parse::<PersonId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn stream_names_survive_the_wire() {
        let id = ConversationId::new(Timestamp::from_millis(1_700_000_000_000), [7; 10]);
        for stream in [
            StreamName::Conversation(id),
            StreamName::Inbox(PersonId::User(3)),
            StreamName::Session(PersonId::Guest(4)),
        ] {
            let json = serde_json::to_string(&stream).unwrap();
            assert_eq!(serde_json::from_str::<StreamName>(&json).unwrap(), stream);
        }
        assert!("conversation/{0}".parse::<StreamName>().is_err());
        assert!("users/u7".parse::<StreamName>().is_err());
    }

    #[test]
    fn keys_are_counted_in_characters() {
        assert!("ж".repeat(64).parse::<Key>().is_ok());
        assert!("ж".repeat(65).parse::<Key>().is_err());
        assert!("".parse::<Key>().is_err());
    }
}
