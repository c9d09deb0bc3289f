//! The golden frames of `engine/golden/v1`: what clients in other languages are held to.
//!
//! `<name>.json` is a frame, `<name>.msgpack.hex` its MessagePack bytes in lower-case hex. When the contract grows on
//! purpose, add or edit the JSON and run `OTVET_GOLDEN=write cargo test -p otvet-engine --lib golden`: it rewrites both
//! files of every frame that changed, names them, and fails, so that it cannot pass in silence. Then read the diff.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::client::{ClientFrame, Command};
use super::codec::{Format, KINDS, decode, decode_any, encode};
use super::payload::EventKind;
use super::server::{Answer, Answered, ServerFrame, SignalKind, Snapshot};

/// The name of a frame's file, and the list of all such names, out of one table that the compiler keeps complete.
macro_rules! name_frames {
    ($(fn $function:ident($type:ty), $list:ident: { $($variant:pat => $name:literal,)* })*) => {$(
        const $list: &[&str] = &[$($name),*];
        fn $function(frame: &$type) -> &'static str {
            match frame { $($variant => $name,)* }
        }
    )*};
}

name_frames! {
    fn client_name(Command), CLIENT: {
        Command::Hello(_) => "client.hello",
        Command::Open(_) => "client.open",
        Command::Send(_) => "client.send",
        Command::Note(_) => "client.note",
        Command::Claim(_) => "client.claim",
        Command::Release(_) => "client.release",
        Command::Resolve(_) => "client.resolve",
        Command::Reopen(_) => "client.reopen",
        Command::Transfer(_) => "client.transfer",
        Command::Read(_) => "client.read",
        Command::Delivered(_) => "client.delivered",
        Command::Typing(_) => "client.typing",
        Command::Watch(_) => "client.watch",
        Command::Unwatch(_) => "client.unwatch",
        Command::History(_) => "client.history",
        Command::Ping => "client.ping",
    }
    fn answer_name(Answer), ANSWERS: {
        Answer::Opened { .. } => "server.ok.opened",
        Answer::History { .. } => "server.ok.history",
        Answer::Watching { .. } => "server.ok.watching",
        Answer::Stored { .. } => "server.ok.stored",
        Answer::Done {} => "server.ok.done",
    }
    fn event_name(EventKind), EVENTS: {
        EventKind::Opened { .. } => "server.event.opened",
        EventKind::Message { .. } => "server.event.message",
        EventKind::Note { .. } => "server.event.note",
        EventKind::Hidden => "server.event.hidden",
        EventKind::Claimed { .. } => "server.event.claimed",
        EventKind::Released { .. } => "server.event.released",
        EventKind::Transferred { .. } => "server.event.transferred",
        EventKind::Resolved { .. } => "server.event.resolved",
        EventKind::Reopened { .. } => "server.event.reopened",
        EventKind::Upsert { .. } => "server.event.upsert",
        EventKind::Remove { .. } => "server.event.remove",
        EventKind::SignedOut { .. } => "server.event.signed_out",
    }
    fn snapshot_name(Snapshot), SNAPSHOTS: {
        Snapshot::Conversation { .. } => "server.reset.conversation",
        Snapshot::List { .. } => "server.reset.list",
    }
    fn signal_name(SignalKind), SIGNALS: {
        SignalKind::Typing => "server.signal.typing",
        SignalKind::Read => "server.signal.read",
        SignalKind::Delivered => "server.signal.delivered",
        SignalKind::Presence => "server.signal.presence",
    }
    fn plain_name(ServerFrame), PLAIN: {
        ServerFrame::Ready(_) => "server.ready",
        ServerFrame::Answered(_) => "server.ok",
        ServerFrame::Failed(_) => "server.error",
        ServerFrame::Event(_) => "server.event",
        ServerFrame::Reset(_) => "server.reset",
        ServerFrame::Signal(_) => "server.signal",
        ServerFrame::Bye(_) => "server.bye",
    }
}

fn server_name(frame: &ServerFrame) -> &'static str {
    match frame {
        ServerFrame::Answered(Answered { answer, .. }) => answer_name(answer),
        ServerFrame::Event(event) => event_name(&event.kind),
        ServerFrame::Reset(reset) => snapshot_name(&reset.snapshot),
        ServerFrame::Signal(signal) => signal_name(&signal.kind),
        ServerFrame::Failed(failed) if failed.manager.is_some() => "server.error.conflict",
        other => plain_name(other),
    }
}

/// Every name there must be: the variants without kinds of their own, and all kinds of the others.
fn expected_names() -> BTreeSet<&'static str> {
    let by_kind = ["server.ok", "server.event", "server.reset", "server.signal"];
    let plain = PLAIN.iter().filter(|name| !by_kind.contains(name));
    let kinds = [CLIENT, ANSWERS, EVENTS, SNAPSHOTS, SIGNALS, &["server.error.conflict"]];
    kinds.into_iter().flatten().chain(plain).copied().collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/v1")
}

/// The files of the folder that end so, by the name before that ending.
fn files(ending: &str) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(ending)?.to_owned();
            Some((name, fs::read_to_string(path).unwrap()))
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let text = text.trim_end();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// A frame of either side, decoded.
#[derive(Debug, PartialEq)]
enum Frame {
    Client(ClientFrame),
    Server(ServerFrame),
}

impl Frame {
    fn decode(name: &str, format: Format, bytes: &[u8]) -> Self {
        if name.starts_with("client.") {
            Self::Client(decode(format, bytes).unwrap_or_else(|why| panic!("{name} as {format:?}: {why}")))
        } else {
            Self::Server(
                decode_any(format, bytes).unwrap_or_else(|why| panic!("{name} as {format:?}: {why}")),
            )
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Client(frame) => client_name(&frame.command),
            Self::Server(frame) => server_name(frame),
        }
    }

    fn encode(&self, format: Format) -> Vec<u8> {
        match self {
            Self::Client(frame) => encode(format, frame).to_vec(),
            Self::Server(frame) => encode(format, frame).to_vec(),
        }
    }

    fn pretty(&self) -> String {
        let text = match self {
            Self::Client(frame) => serde_json::to_string_pretty(frame),
            Self::Server(frame) => serde_json::to_string_pretty(frame),
        };
        text.unwrap() + "\n"
    }
}

#[test]
fn every_golden_frame_is_what_the_types_say() {
    let (json, msgpack) = (files(".json"), files(".msgpack.hex"));
    let write = std::env::var("OTVET_GOLDEN").is_ok_and(|mode| mode == "write");
    let mut rewritten = Vec::new();
    for (name, text) in &json {
        let frame = Frame::decode(name, Format::Json, text.as_bytes());
        assert_eq!(frame.name(), name, "the file is named after another frame");
        let encoded = hex(&frame.encode(Format::MessagePack)) + "\n";
        if write {
            for (ending, now, then) in
                [(".json", frame.pretty(), Some(text)), (".msgpack.hex", encoded, msgpack.get(name))]
            {
                if Some(&now) != then {
                    let file = format!("{name}{ending}");
                    fs::write(folder().join(&file), now).unwrap();
                    rewritten.push(file);
                }
            }
            continue;
        }
        let ours: Value = serde_json::from_slice(&frame.encode(Format::Json)).unwrap();
        assert_eq!(ours, serde_json::from_str::<Value>(text).unwrap(), "{name}.json");
        let committed = msgpack.get(name).unwrap_or_else(|| panic!("no {name}.msgpack.hex"));
        assert_eq!(&encoded, committed, "{name}.msgpack.hex");
        assert_eq!(Frame::decode(name, Format::MessagePack, &unhex(committed)), frame, "{name}.msgpack.hex");
    }
    assert!(!write, "OTVET_GOLDEN=write rewrote {rewritten:?}; read the diff and run again without it");
    assert!(msgpack.keys().eq(json.keys()), "a .msgpack.hex without its .json");
}

#[test]
fn every_variant_has_a_golden_frame() {
    let json = files(".json");
    let there: BTreeSet<&str> = json.keys().map(String::as_str).collect();
    assert_eq!(there, expected_names());
}

#[test]
fn the_codec_knows_every_command() {
    let types: BTreeSet<&str> = CLIENT.iter().map(|name| name.trim_start_matches("client.")).collect();
    assert_eq!(types, KINDS.map(|(name, _)| name).into_iter().collect());
}
