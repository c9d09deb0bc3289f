//! The two encodings of the wire, JSON (RFC 8259) and MessagePack with string keys: the same objects in both.

use std::borrow::Cow;
use std::cell::Cell;

use bytes::Bytes;
use rmp_serde::decode::ReadRefReader;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::client::{ClientFrame, Command, CommandId};
use super::codes::{Code, Refusal};
use super::single_pass;

/// How one connection's frames are encoded, agreed on at the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// Text frames.
    Json,
    /// Binary frames.
    MessagePack,
}

impl Format {
    /// Both formats.
    pub const ALL: [Self; 2] = [Self::Json, Self::MessagePack];

    /// The subprotocol that stands for it.
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::Json => "otvet.v1.json",
            Self::MessagePack => "otvet.v1.msgpack",
        }
    }
}

/// The longest `id` of a command, in bytes: it is echoed, so it must not be a lever.
pub(super) const MAX_ID_BYTES: usize = 128;

/// How deep a frame may nest. The protocol nests four deep; the bound keeps hostile input off the stack.
pub(super) const MAX_DEPTH: usize = 128;

/// Why a frame could not become a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not an object with a `type`: the connection is closed with 4400.
    #[error("the frame does not parse: {0}")]
    Malformed(String),
    /// A frame whose content breaks the contract: answered with an error, and the connection goes on.
    #[error("{refusal}")]
    Refused {
        /// The command's id, where it had one.
        id: Option<CommandId>,
        /// The answer.
        refusal: Refusal,
    },
}

/// What every frame has, read before the rest so that an error can bear the command's id.
#[derive(Deserialize)]
struct Header<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    id: Option<CommandId>,
}

/// Reads one frame of a client.
///
/// # Errors
/// [`DecodeError::Malformed`] closes the connection, [`DecodeError::Refused`] answers the command.
pub fn decode(format: Format, bytes: &[u8]) -> Result<ClientFrame, DecodeError> {
    match single_pass::decode(format, bytes) {
        Some(frame) => Ok(frame),
        None => decode_with_care(format, bytes),
    }
}

/// Reads a frame's header before the rest, so that whatever is wrong with it is said under the command's id.
pub(crate) fn decode_with_care(format: Format, bytes: &[u8]) -> Result<ClientFrame, DecodeError> {
    if !starts_an_object(format, bytes) {
        return Err(DecodeError::Malformed("a frame is an object".to_owned()));
    }
    let header = match format {
        Format::Json => serde_json::from_slice(bytes).map_err(|e| e.to_string()),
        Format::MessagePack => from_msgpack(bytes),
    };
    let Header { kind, id } = header.map_err(|why| DecodeError::Malformed(shorten(&why)))?;
    if matches!(&id, Some(CommandId::Text(text)) if text.len() > MAX_ID_BYTES) {
        return Err(DecodeError::Malformed(format!("id is longer than {MAX_ID_BYTES} bytes")));
    }
    let refused =
        |code, message: String| DecodeError::Refused { id: id.clone(), refusal: Refusal::new(code, message) };
    let Some((_, read)) = KINDS.iter().find(|(name, _)| *name == kind) else {
        let shown: String = kind.chars().take(32).collect();
        return Err(refused(Code::UnknownType, format!("no frame has the type `{shown}`")));
    };
    if id.is_none() && kind != "typing" {
        return Err(refused(Code::Invalid, format!("`{kind}` needs an id, a string or an integer")));
    }
    // MessagePack that nests so deep had no readable header either: one rule for both encodings. The JSON parser walks
    // through fields that it does not know without a bound.
    if format == Format::Json && nests_too_deep(bytes) {
        return Err(DecodeError::Malformed("the frame nests too deep".to_owned()));
    }
    match read(format, bytes) {
        Ok(command) => Ok(ClientFrame { id, command }),
        Err(why) => Err(refused(Code::Invalid, format!("`{kind}`: {}", shorten(&why)))),
    }
}

/// Reads any value of the protocol: tests, the load generator and the tails read frames of the server.
///
/// # Errors
/// What the bytes lack, in one sentence.
pub fn decode_any<T: DeserializeOwned>(format: Format, bytes: &[u8]) -> Result<T, String> {
    match format {
        Format::Json => serde_json::from_slice(bytes).map_err(|e| e.to_string()),
        Format::MessagePack => from_msgpack(bytes),
    }
}

thread_local! {
    /// Where values are written before they are as long as they are going to be.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The most room that a thread keeps for the next value, in bytes: more than any frame but a page of them needs.
const MAX_SCRATCH: usize = 16 * 1024;

/// Writes any value of the protocol.
pub fn encode<T: Serialize>(format: Format, value: &T) -> Bytes {
    // Taken and not borrowed: a value that encodes another while it is written finds an empty one.
    let mut scratch = SCRATCH.take();
    scratch.clear();
    // Texts, integers, lists and maps with text keys: neither writer has a way to fail on these.
    match format {
        // Writing is where its vectors pay: most of an event is text to be looked through for what must be escaped. Reading,
        // where the input is hostile, stays with serde_json.
        Format::Json => sonic_rs::to_writer(&mut scratch, value).expect("frames are plain data"),
        Format::MessagePack => {
            rmp_serde::encode::write_named(&mut scratch, value).expect("frames are plain data");
        }
    }
    if scratch.capacity() > MAX_SCRATCH {
        return scratch.into();
    }
    // One allocation of the right size; a vector that grows has several, and keeps more than it needs.
    let bytes = Bytes::copy_from_slice(&scratch);
    SCRATCH.set(scratch);
    bytes
}

/// Reads the rest of a frame.
pub(super) type Reader = fn(Format, &[u8]) -> Result<Command, String>;

/// The types of frames that clients send, and how each is read. The type is known by then, so the fields go straight into
/// the command's own struct: serde would first gather all of them for an enum that is told apart by one of them.
pub(super) const KINDS: [(&str, Reader); 16] = [
    ("hello", |format, bytes| decode_any(format, bytes).map(Command::Hello)),
    ("open", |format, bytes| decode_any(format, bytes).map(Command::Open)),
    ("send", |format, bytes| decode_any(format, bytes).map(Command::Send)),
    ("note", |format, bytes| decode_any(format, bytes).map(Command::Note)),
    ("claim", |format, bytes| decode_any(format, bytes).map(Command::Claim)),
    ("release", |format, bytes| decode_any(format, bytes).map(Command::Release)),
    ("resolve", |format, bytes| decode_any(format, bytes).map(Command::Resolve)),
    ("reopen", |format, bytes| decode_any(format, bytes).map(Command::Reopen)),
    ("transfer", |format, bytes| decode_any(format, bytes).map(Command::Transfer)),
    ("read", |format, bytes| decode_any(format, bytes).map(Command::Read)),
    ("delivered", |format, bytes| decode_any(format, bytes).map(Command::Delivered)),
    ("typing", |format, bytes| decode_any(format, bytes).map(Command::Typing)),
    ("watch", |format, bytes| decode_any(format, bytes).map(Command::Watch)),
    ("unwatch", |format, bytes| decode_any(format, bytes).map(Command::Unwatch)),
    ("history", |format, bytes| decode_any(format, bytes).map(Command::History)),
    // The header was the whole frame, and it was read.
    ("ping", |_, _| Ok(Command::Ping)),
];

/// Whether the value is an object: serde reads a struct from a list of its fields as well, which the contract does not know.
fn starts_an_object(format: Format, bytes: &[u8]) -> bool {
    match format {
        Format::Json => bytes.trim_ascii_start().first() == Some(&b'{'),
        Format::MessagePack => matches!(bytes.first(), Some(0x80..=0x8f | 0xde | 0xdf)),
    }
}

/// How many brackets open in JSON, those in texts included.
pub(super) fn openings(json: &[u8]) -> usize {
    // They differ in one bit. Sums of single bytes are what a processor adds up many at a time.
    let in_part = |part: &[u8]| part.iter().map(|byte| u8::from(byte & !0x20 == b'[')).sum::<u8>();
    json.chunks(usize::from(u8::MAX)).map(|part| usize::from(in_part(part))).sum()
}

/// Whether well-formed JSON nests deeper than frames may.
fn nests_too_deep(json: &[u8]) -> bool {
    // Fewer openings than that cannot, and counting them is quick.
    if openings(json) < MAX_DEPTH {
        return false;
    }
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    json.iter().any(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth >= MAX_DEPTH
    })
}

/// A parser's sentence may quote the input at full length: it is echoed, so it must not be a lever either.
fn shorten(why: &str) -> String {
    const MAX_CHARS: usize = 200;
    match why.char_indices().nth(MAX_CHARS) {
        None => why.to_owned(),
        Some((end, _)) => format!("{}…", &why[..end]),
    }
}

/// Exactly one MessagePack value: bytes behind it are refused, as JSON does.
fn from_msgpack<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, String> {
    let mut reader = msgpack_reader(bytes);
    let value = T::deserialize(&mut reader).map_err(|e| e.to_string())?;
    if is_at_its_end(&mut reader) { Ok(value) } else { Err("bytes behind the end of the value".to_owned()) }
}

/// Reads MessagePack where it lies.
pub(super) type MsgpackReader<'de> = rmp_serde::Deserializer<ReadRefReader<'de, [u8]>>;

/// A reader that follows no deeper nesting than frames have.
pub(super) fn msgpack_reader(bytes: &[u8]) -> MsgpackReader<'_> {
    let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
    reader.set_max_depth(MAX_DEPTH);
    reader
}

/// Whether nothing is left. The reader does not tell its place, but of one byte that is left it finds that it begins no
/// boolean; only where there is none does it miss the first byte of a value.
pub(super) fn is_at_its_end(reader: &mut MsgpackReader<'_>) -> bool {
    matches!(bool::deserialize(reader), Err(rmp_serde::decode::Error::InvalidMarkerRead(_)))
}
