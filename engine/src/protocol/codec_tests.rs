//! What the codec does with frames that no client of ours would send.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

use super::client::{ClientFrame, Command, CommandId};
use super::codec::{DecodeError, Format, decode, encode};
use super::codes::Code;

const CONVERSATION: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

/// The same object in both formats.
fn both(object: &Value) -> [(Format, Vec<u8>); 2] {
    Format::ALL.map(|format| (format, encode(format, object).to_vec()))
}

#[track_caller]
fn assert_malformed(format: Format, bytes: &[u8]) {
    let outcome = decode(format, bytes);
    assert!(matches!(outcome, Err(DecodeError::Malformed(_))), "{format:?}: {outcome:?}");
}

/// The frame is refused with this code, bears this id, and the sentence is short.
#[track_caller]
fn assert_refused(object: &Value, code: Code, id: Option<CommandId>) {
    for (format, bytes) in both(object) {
        match decode(format, &bytes) {
            Err(DecodeError::Refused { id: bears, refusal }) => {
                assert_eq!((refusal.code, bears), (code, id.clone()), "{format:?}: {object}");
                assert!(refusal.message.chars().count() < 300, "{}", refusal.message);
            }
            other => panic!("{format:?}: {object} became {other:?}"),
        }
    }
}

#[track_caller]
fn assert_reads(object: &Value) -> ClientFrame {
    let [json, msgpack] = both(object).map(|(format, bytes)| decode(format, &bytes));
    let frame = json.unwrap();
    assert_eq!(frame, msgpack.unwrap(), "the formats disagree");
    frame
}

#[test]
fn what_is_no_object_with_a_type_is_malformed() {
    for value in [
        json!(null),
        json!(1),
        json!("ping"),
        json!(["ping", 1]),
        json!({}),
        json!({"id": 1}),
        json!({"type": 5, "id": 1}),
        json!({"type": null, "id": 1}),
        json!({"type": "ping", "id": {}}),
        json!({"type": "ping", "id": 1.5}),
        json!({"type": "ping", "id": true}),
    ] {
        for (format, bytes) in both(&value) {
            assert_malformed(format, &bytes);
        }
    }
    for text in
        ["", " ", "{", "{\"type\"", "{\"type\":\"ping\",\"id\":1", "{'type':'ping'}", "ping", "\u{feff}{}"]
    {
        assert_malformed(Format::Json, text.as_bytes());
    }
    let ping = encode(Format::MessagePack, &json!({"type": "ping", "id": 1}));
    for end in 0..ping.len() {
        assert_malformed(Format::MessagePack, &ping[..end]);
    }
    // 0xc1 is the one byte that MessagePack never uses.
    assert_malformed(Format::MessagePack, &[0xc1]);
}

#[test]
fn bytes_behind_the_frame_are_malformed() {
    for (format, mut bytes) in both(&json!({"type": "ping", "id": 1})) {
        assert!(decode(format, &bytes).is_ok());
        bytes.push(b'1');
        assert_malformed(format, &bytes);
    }
    assert!(decode(Format::Json, b" {\"type\":\"ping\",\"id\":1}\r\n").is_ok());
}

#[test]
fn deep_nesting_never_reaches_the_stack() {
    const FRAME: usize = 64 * 1024;
    assert_malformed(Format::Json, &vec![b'['; FRAME]);
    assert_malformed(Format::MessagePack, &vec![0x91; FRAME]);
    // A list of one, again and again, inside a field: unknown to the header, buffered by the command.
    let mut json = br#"{"type":"ping","id":1,"x":"#.to_vec();
    json.resize(FRAME, b'[');
    assert_malformed(Format::Json, &json);
    let depth = FRAME / 2 - 20;
    json.truncate(br#"{"type":"ping","id":1,"x":"#.len());
    json.extend(std::iter::repeat_n(b'[', depth).chain(std::iter::repeat_n(b']', depth)).chain([b'}']));
    assert_malformed(Format::Json, &json);
    // What JSON cannot say in texts and numbers is an answer's business, not a reason to part.
    for fields in
        [r#""key":"k","body":"a\ud83d""#, r#""key":"\udc00","body":"b""#, r#""key":"k","body":1e999"#]
    {
        let frame = format!(r#"{{"type":"send","id":1,"conversation":"{CONVERSATION}",{fields}}}"#);
        let refused = decode(Format::Json, frame.as_bytes());
        assert!(matches!(refused, Err(DecodeError::Refused { .. })), "{frame}: {refused:?}");
    }
    // Brackets in a text are a text.
    let text = format!(r#"{{"type":"ping","id":1,"x":"\"{}"}}"#, "[".repeat(200));
    assert!(decode(Format::Json, text.as_bytes()).is_ok());
    let refused = format!(r#"{{"type":"read","id":1,"seq":"{}"}}"#, "[".repeat(200));
    assert!(matches!(decode(Format::Json, refused.as_bytes()), Err(DecodeError::Refused { .. })));
    let mut msgpack = vec![0x83];
    msgpack.extend(b"\xa4type\xa4ping\xa2id\x01\xa1x");
    msgpack.resize(FRAME, 0x91);
    msgpack.push(0xc0);
    assert_malformed(Format::MessagePack, &msgpack);
}

#[test]
fn lengths_that_lie_allocate_nothing() {
    // A text, a list and a map that claim 4 GiB.
    for head in [0xdb, 0xdd, 0xdf, 0xc6] {
        let mut bytes = vec![0x82];
        bytes.extend(b"\xa4type");
        bytes.extend([head, 0xff, 0xff, 0xff, 0xff]);
        assert_malformed(Format::MessagePack, &bytes);
    }
    assert_malformed(Format::MessagePack, &[0xdf, 0xff, 0xff, 0xff, 0xff]);
}

#[test]
fn wrong_types_are_refused_under_the_commands_id() {
    let seven = Some(CommandId::Number(7));
    for object in [
        json!({"type": "send", "id": 7}),
        json!({"type": "send", "id": 7, "conversation": CONVERSATION, "key": 1, "body": "Да"}),
        json!({"type": "send", "id": 7, "conversation": CONVERSATION, "key": "k", "body": ["Да"]}),
        json!({"type": "send", "id": 7, "conversation": "42", "key": "k", "body": "Да"}),
        json!({"type": "send", "id": 7, "conversation": CONVERSATION, "key": "k", "body": "Да", "attachments": 1}),
        json!({"type": "claim", "id": 7, "conversation": CONVERSATION, "take_over": "yes"}),
        json!({"type": "transfer", "id": 7, "conversation": CONVERSATION, "to": "u07"}),
        json!({"type": "read", "id": 7, "conversation": CONVERSATION, "seq": -1}),
        json!({"type": "read", "id": 7, "conversation": CONVERSATION, "seq": "9"}),
        json!({"type": "history", "id": 7, "conversation": CONVERSATION, "limit": 4_294_967_296_u64}),
        json!({"type": "hello", "id": 7, "token": "t", "positions": {"session/u7": 4}}),
        json!({"type": "hello", "id": 7, "token": "t", "positions": "ж".repeat(20_000)}),
    ] {
        assert_refused(&object, Code::Invalid, seven.clone());
    }
}

#[test]
fn unknown_types_and_missing_ids_are_refused() {
    assert_refused(&json!({"type": "ready", "id": 1}), Code::UnknownType, Some(CommandId::Number(1)));
    assert_refused(&json!({"type": "Ping", "id": "a"}), Code::UnknownType, Some(CommandId::Text("a".into())));
    assert_refused(
        &json!({"type": "ж".repeat(9000), "id": 1}),
        Code::UnknownType,
        Some(CommandId::Number(1)),
    );
    assert_refused(&json!({"type": "", "id": null}), Code::UnknownType, None);
    assert_refused(&json!({"type": "ping"}), Code::Invalid, None);
    assert_refused(&json!({"type": "hello", "token": "t"}), Code::Invalid, None);
    let typing = assert_reads(&json!({"type": "typing", "conversation": CONVERSATION}));
    assert_eq!(typing.id, None);
}

#[test]
fn keys_and_ids_have_bounds() {
    let send =
        |key: &str| json!({"type": "send", "id": 1, "conversation": CONVERSATION, "key": key, "body": "Да"});
    assert_reads(&send(&"ж".repeat(64)));
    for key in ["ж".repeat(65), String::new(), "a\0b".to_owned()] {
        assert_refused(&send(&key), Code::Invalid, Some(CommandId::Number(1)));
    }
    assert_reads(&json!({"type": "ping", "id": "i".repeat(128)}));
    for (format, bytes) in both(&json!({"type": "ping", "id": "i".repeat(129)})) {
        assert_malformed(format, &bytes);
    }
    assert_reads(&json!({"type": "ping", "id": i64::MIN}));
    for (format, bytes) in both(&json!({"type": "ping", "id": u64::MAX})) {
        assert_malformed(format, &bytes);
    }
}

#[test]
fn texts_that_are_not_utf_8_are_never_read() {
    assert_malformed(Format::Json, b"{\"type\":\"\xff\",\"id\":1}");
    assert_malformed(Format::Json, b"{\"type\":\"ping\",\"id\":\"\xc3\x28\"}");
    assert_malformed(Format::Json, br#"{"type":"\ud800","id":1}"#);
    assert_malformed(Format::MessagePack, b"\x82\xa4type\xa1\xff\xa2id\x01");
    assert_malformed(Format::MessagePack, b"\x82\xa4type\xa4ping\xa2id\xa2\xc3\x28");
    for (format, mut bytes) in both(&json!({"type": "open", "id": 1, "key": "k", "body": "@@"})) {
        let at = bytes.windows(2).position(|two| two == b"@@").unwrap();
        bytes[at] = 0xc3;
        assert!(decode(format, &bytes).is_err(), "{format:?}");
    }
}

#[test]
fn a_field_said_twice_is_no_field() {
    assert_malformed(Format::Json, br#"{"type":"ping","id":1,"id":2}"#);
    assert_malformed(Format::Json, br#"{"type":"ping","type":"hello","id":1}"#);
    assert_malformed(Format::MessagePack, b"\x83\xa4type\xa4ping\xa2id\x01\xa2id\x02");
    let twice = br#"{"type":"open","id":1,"key":"k","body":"a","body":"b"}"#;
    assert!(matches!(decode(Format::Json, twice), Err(DecodeError::Refused { .. })));
    let twice = b"\x85\xa4type\xa4open\xa2id\x01\xa3key\xa1k\xa4body\xa1a\xa4body\xa1b";
    assert!(matches!(decode(Format::MessagePack, twice), Err(DecodeError::Refused { .. })));
}

#[test]
fn unknown_fields_are_ignored() {
    let plain = assert_reads(&json!({"type": "open", "id": 1, "key": "k", "body": "Да"}));
    let more = json!({"type": "open", "id": 1, "key": "k", "body": "Да", "author": "u1", "seq": 9, "x": [{"y": null}]});
    assert_eq!(assert_reads(&more), plain);
    assert_eq!(assert_reads(&json!({"type": "ping", "id": 1, "": 1.5})).command, Command::Ping);
}

#[test]
fn a_token_is_in_no_debug_output() {
    let hello = assert_reads(&json!({"type": "hello", "id": 1, "token": "7|geheim"}));
    assert!(!format!("{hello:?}").contains("geheim"));
}

/// Bytes near the truth: a good frame with some bytes changed, cut or doubled.
fn damaged_frames() -> impl Strategy<Value = Vec<u8>> {
    let frame = prop::sample::select(vec![
        json!({"type": "hello", "id": 1, "token": "t", "positions": {"session/u7": {"epoch": "e", "seq": 4}}}),
        json!({"type": "send", "id": "a", "conversation": CONVERSATION, "key": "k", "body": "Здравствуйте"}),
        json!({"type": "history", "id": 1, "conversation": CONVERSATION, "before": 7, "limit": 200}),
    ]);
    let change = (any::<prop::sample::Index>(), any::<u8>());
    (frame, prop::sample::select(Format::ALL.to_vec()), prop::collection::vec(change, 1..6)).prop_map(
        |(frame, format, changes)| {
            let mut bytes = encode(format, &frame).to_vec();
            for (at, to) in changes {
                let at = at.index(bytes.len());
                if to % 8 == 0 && bytes.len() > 1 { bytes.truncate(at.max(1)) } else { bytes[at] = to }
            }
            bytes
        },
    )
}

/// JSON is written by one library and read by another: whatever stands in a text, wherever in it, comes back.
#[test]
fn every_character_is_escaped_as_readers_expect() {
    let characters: Vec<char> = (0..=0x2fff).chain(0x1f600..=0x1f64f).filter_map(char::from_u32).collect();
    for before in 0..70 {
        for part in characters.chunks(61) {
            let text = "a".repeat(before) + &part.iter().collect::<String>();
            let written = encode(Format::Json, &text);
            assert_eq!(serde_json::from_slice::<String>(&written).ok(), Some(text));
        }
    }
}

/// The same cases on every run, unless PROPTEST_RNG_SEED asks for others; the seed is printed when a test fails.
pub(crate) fn seeded(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    // `make fuzz` asks for more.
    let asked = std::env::var("OTVET_FUZZ_CASES").ok().and_then(|text| text.parse().ok());
    let cases = asked.unwrap_or(cases);
    let rng_seed = match default.rng_seed {
        RngSeed::Random => RngSeed::Fixed(20_251_124),
        given @ RngSeed::Fixed(_) => given,
    };
    #[allow(clippy::print_stdout, reason = "captured, and shown only when the test fails")]
    {
        println!("{cases} cases, PROPTEST_RNG_SEED={rng_seed}");
    }
    ProptestConfig { cases, rng_seed, failure_persistence: None, ..default }
}

proptest! {
    #![proptest_config(seeded(10_000))]

    #[test]
    fn any_bytes_decode_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in Format::ALL {
            if let Ok(frame) = decode(format, &bytes) {
                prop_assert_eq!(decode(format, &encode(format, &frame)), Ok(frame));
            }
        }
    }

    #[test]
    fn damaged_frames_decode_or_are_refused(bytes in damaged_frames()) {
        for format in Format::ALL {
            if let Ok(frame) = decode(format, &bytes) {
                prop_assert_eq!(decode(format, &encode(format, &frame)), Ok(frame));
            }
        }
    }
}
