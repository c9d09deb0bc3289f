//! Frames of the server, read for what a load generator counts and no more: it shares the machine with what it measures.

use std::borrow::Cow;

use bytes::Bytes;
use otvet_engine::protocol::{ClientFrame, Command, CommandId, Format, encode};
use serde::Deserialize;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// A text that is borrowed from the frame unless it has escapes.
#[derive(Debug, Deserialize)]
pub struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What of a frame is looked at.
#[derive(Debug, Deserialize)]
pub struct Incoming<'a> {
    /// `ok`, `error`, `event`, …
    #[serde(rename = "type", borrow)]
    pub frame: Text<'a>,
    /// Of the command that is answered; ours are numbers.
    #[serde(default)]
    pub id: Option<i64>,
    /// Where an event stands.
    #[serde(default, borrow)]
    pub stream: Option<Text<'a>>,
    /// An event's number, or where a command's event stands.
    #[serde(default)]
    pub seq: Option<u64>,
    /// A message's key.
    #[serde(default, borrow)]
    pub key: Option<Text<'a>>,
    /// An error's code.
    #[serde(default, borrow)]
    pub code: Option<Text<'a>>,
    /// When to try again.
    #[serde(default)]
    pub retry_after_ms: Option<u64>,
}

/// Reads a frame; `None` for one that is none of this protocol.
pub fn read(format: Format, bytes: &[u8]) -> Option<Incoming<'_>> {
    match format {
        Format::Json => serde_json::from_slice(bytes).ok(),
        Format::MessagePack => rmp_serde::from_slice(bytes).ok(),
    }
}

/// The bytes of a message that carries a frame.
pub fn payload(message: &Message) -> Option<&[u8]> {
    match message {
        Message::Text(text) => Some(text.as_bytes()),
        Message::Binary(bytes) => Some(bytes),
        _ => None,
    }
}

/// A command as the message that carries it.
pub fn message(format: Format, id: Option<i64>, command: Command) -> Message {
    let bytes: Bytes = encode(format, &ClientFrame { id: id.map(CommandId::Number), command });
    match format {
        Format::Json => Message::Text(Utf8Bytes::try_from(bytes).expect("JSON is UTF-8")),
        Format::MessagePack => Message::Binary(bytes),
    }
}

#[cfg(test)]
mod tests {
    use otvet_engine::protocol::{Answer, Answered, Failed, Refusal, ServerFrame};

    use super::*;

    #[test]
    fn answers_and_errors_are_read_in_both_formats() {
        for format in Format::ALL {
            let id = CommandId::Number(7);
            let ok = encode(
                format,
                &ServerFrame::Answered(Answered { id: id.clone(), answer: Answer::Stored { seq: 9 } }),
            );
            let read_ok = read(format, &ok).unwrap();
            assert_eq!((read_ok.frame.as_str(), read_ok.id, read_ok.seq), ("ok", Some(7), Some(9)));
            let refusal = Refusal::unavailable().retry_after_ms(50);
            let error = encode(format, &ServerFrame::Failed(Failed::new(Some(id), refusal)));
            let error = read(format, &error).unwrap();
            assert_eq!(error.code.as_ref().map(Text::as_str), Some("unavailable"));
            assert_eq!(error.retry_after_ms, Some(50));
        }
    }

    #[test]
    fn a_key_with_escapes_is_read_too() {
        let event =
            br#"{"type":"event","stream":"session/u1","seq":3,"kind":"message","key":"a\"b","body":"x"}"#;
        let event = read(Format::Json, event).unwrap();
        assert_eq!(event.key.as_ref().map(Text::as_str), Some("a\"b"));
        assert!(read(Format::Json, b"[]").is_none());
    }
}
