//! Decoding in one pass what nearly every client sends: `type` and `id` first, in either order, then the command's fields.
//! It knows one answer, the frame. Whatever is wrong or unusual is left to [`super::codec`], which reads with care and
//! says why; what is accepted here, that accepts as well, with the same result.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::client::{ClientFrame, Command, CommandId};
use super::codec::{Format, MAX_DEPTH, MAX_ID_BYTES, is_at_its_end, msgpack_reader, openings};

/// The frame, or `None` for whatever needs care.
pub(super) fn decode(format: Format, bytes: &[u8]) -> Option<ClientFrame> {
    let frame = match format {
        Format::Json => {
            // All of it at once: the parser would look at each text by itself, and slower.
            let text = simdutf8::basic::from_utf8(bytes).ok()?;
            // The parser walks through fields that nobody knows without a bound.
            if openings(bytes) >= MAX_DEPTH {
                return None;
            }
            let mut reader = serde_json::Deserializer::from_str(text);
            let frame = reader.deserialize_map(Frame).ok()?;
            reader.end().ok()?;
            frame
        }
        Format::MessagePack => {
            let mut reader = msgpack_reader(bytes);
            let frame = reader.deserialize_map(Frame).ok()?;
            if !is_at_its_end(&mut reader) {
                return None;
            }
            frame
        }
    };
    let fits = match &frame.id {
        Some(CommandId::Text(text)) => text.len() <= MAX_ID_BYTES,
        Some(CommandId::Number(_)) => true,
        None => matches!(frame.command, Command::Typing(_)),
    };
    fits.then_some(frame)
}

/// Something that the careful way decides. Nobody reads the text.
fn unusual<E: Error>() -> E {
    E::custom("unusual")
}

struct Frame;

impl<'de> Visitor<'de> for Frame {
    type Value = ClientFrame;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a frame")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<ClientFrame, A::Error> {
        let mut id = None;
        loop {
            match fields.next_key::<&str>()? {
                Some("type") => break,
                Some("id") if id.is_none() => id = Some(fields.next_value_seed(Id)?),
                _ => return Err(unusual()),
            }
        }
        let kind = fields.next_value::<&str>()?;
        let command = command(kind, Rest { fields, id: &mut id })?;
        Ok(ClientFrame { id, command })
    }
}

/// Everything after the type, read straight into the command's own struct.
fn command<'de, A: MapAccess<'de>>(kind: &str, rest: Rest<'_, A>) -> Result<Command, A::Error> {
    let rest = MapAccessDeserializer::new(rest);
    match kind {
        "hello" => Deserialize::deserialize(rest).map(Command::Hello),
        "open" => Deserialize::deserialize(rest).map(Command::Open),
        "send" => Deserialize::deserialize(rest).map(Command::Send),
        "note" => Deserialize::deserialize(rest).map(Command::Note),
        "claim" => Deserialize::deserialize(rest).map(Command::Claim),
        "release" => Deserialize::deserialize(rest).map(Command::Release),
        "resolve" => Deserialize::deserialize(rest).map(Command::Resolve),
        "reopen" => Deserialize::deserialize(rest).map(Command::Reopen),
        "transfer" => Deserialize::deserialize(rest).map(Command::Transfer),
        "read" => Deserialize::deserialize(rest).map(Command::Read),
        "delivered" => Deserialize::deserialize(rest).map(Command::Delivered),
        "typing" => Deserialize::deserialize(rest).map(Command::Typing),
        "watch" => Deserialize::deserialize(rest).map(Command::Watch),
        "unwatch" => Deserialize::deserialize(rest).map(Command::Unwatch),
        "history" => Deserialize::deserialize(rest).map(Command::History),
        "ping" => IgnoredAny::deserialize(rest).map(|_| Command::Ping),
        _ => Err(unusual()),
    }
}

/// The fields but for the id, which is taken out where it comes.
struct Rest<'a, A> {
    fields: A,
    id: &'a mut Option<CommandId>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Rest<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, mut seed: K) -> Result<Option<K::Value>, A::Error> {
        loop {
            match self.fields.next_key_seed(Name(seed))? {
                None => return Ok(None),
                Some(Named::Field(field)) => return Ok(Some(field)),
                Some(Named::Id(unused)) if self.id.is_none() => {
                    *self.id = Some(self.fields.next_value_seed(Id)?);
                    seed = unused;
                }
                Some(Named::Id(_)) => return Err(unusual()),
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.fields.next_value_seed(seed)
    }
}

/// The name of a field, for whoever reads the fields unless it is one of the frame's own.
struct Name<K>(K);

enum Named<V, K> {
    Field(V),
    Id(K),
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for Name<K> {
    type Value = Named<K::Value, K>;

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<Self::Value, D::Error> {
        name.deserialize_identifier(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for Name<K> {
    type Value = Named<K::Value, K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        match name {
            "type" => Err(unusual()),
            "id" => Ok(Named::Id(self.0)),
            _ => self.0.deserialize(name.into_deserializer()).map(Named::Field),
        }
    }
}

/// The value of `id`, where it is an integer or a text.
struct Id;

impl<'de> DeserializeSeed<'de> for Id {
    type Value = CommandId;

    fn deserialize<D: Deserializer<'de>>(self, id: D) -> Result<CommandId, D::Error> {
        id.deserialize_any(self)
    }
}

impl Visitor<'_> for Id {
    type Value = CommandId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer or a text")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<CommandId, E> {
        Ok(CommandId::Number(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<CommandId, E> {
        i64::try_from(number).map(CommandId::Number).map_err(|_| unusual())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<CommandId, E> {
        Ok(CommandId::Text(text.to_owned()))
    }
}
