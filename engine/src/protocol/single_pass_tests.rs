//! What is decoded in one pass is what the careful way makes of it; and what clients send is decoded in one pass.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::client::{ClientFrame, Command, CommandId};
use super::codec::{Format, KINDS, decode_with_care, encode};
use super::codec_tests::seeded;
use super::single_pass;

const CONVERSATION: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

/// An object field by field, as no type of ours would write it: in any order, and with names said twice.
fn object(format: Format, fields: &[(&str, Value)]) -> Vec<u8> {
    let written: Vec<Vec<u8>> = fields
        .iter()
        .flat_map(|(name, value)| [encode(format, &json!(name)).to_vec(), encode(format, value).to_vec()])
        .collect();
    match format {
        Format::Json => {
            let pairs: Vec<Vec<u8>> = written.chunks(2).map(|pair| pair.join(&b':')).collect();
            [b"{".to_vec(), pairs.join(&b','), b"}".to_vec()].concat()
        }
        Format::MessagePack => {
            let count = u16::try_from(fields.len()).unwrap().to_be_bytes();
            [vec![0xde], count.to_vec(), written.concat()].concat()
        }
    }
}

/// A frame of each type with all of its fields, the id and the type left out.
fn bodies() -> Vec<(&'static str, Vec<(&'static str, Value)>)> {
    let conversation = || ("conversation", json!(CONVERSATION));
    let written = || vec![conversation(), ("key", json!("k-1")), ("body", json!("Где \"мой\"\tзаказ?"))];
    let attachment = json!({"name": "a", "media_type": "text/plain", "bytes": 1, "url": "b"});
    KINDS
        .map(|(kind, _)| {
            let fields = match kind {
                "hello" => vec![
                    ("token", json!("7|geheim")),
                    ("device", json!("web")),
                    (
                        "positions",
                        json!({"session/u7": {"epoch": "e", "seq": 4}, "": {"epoch": "", "seq": 0}}),
                    ),
                ],
                "open" => vec![("key", json!("k")), ("subject", json!(null)), ("body", json!("Да"))],
                "send" => [written(), vec![("attachments", json!([attachment]))]].concat(),
                "note" => written(),
                "claim" => vec![conversation(), ("take_over", json!(true))],
                "transfer" => vec![conversation(), ("to", json!("u7"))],
                "read" | "delivered" => vec![conversation(), ("seq", json!(17))],
                "history" => vec![conversation(), ("before", json!(120)), ("limit", json!(50))],
                "ping" => vec![],
                _ => vec![conversation()],
            };
            (kind, fields)
        })
        .to_vec()
}

#[test]
fn whatever_clients_send_is_decoded_in_one_pass() {
    for (kind, body) in bodies() {
        let (kind, id, more) = (("type", json!(kind)), ("id", json!(7)), ("x", json!([{"y": null}])));
        let (first, second) = (vec![kind.clone(), id.clone()], vec![id.clone(), kind.clone()]);
        for fields in [
            [first, body.clone()].concat(),
            [second, body.clone(), vec![more]].concat(),
            [vec![kind], body, vec![id]].concat(),
        ] {
            for format in Format::ALL {
                let bytes = object(format, &fields);
                let frame = single_pass::decode(format, &bytes);
                assert!(frame.is_some(), "{format:?}: {fields:?}");
                assert_eq!(frame, decode_with_care(format, &bytes).ok(), "{format:?}: {fields:?}");
            }
        }
    }
    let typing = [("type", json!("typing")), ("conversation", json!(CONVERSATION))];
    let text = [("id", json!("i".repeat(128))), ("type", json!("ping"))];
    for format in Format::ALL {
        assert!(
            single_pass::decode(format, &object(format, &typing)).is_some_and(|frame| frame.id.is_none())
        );
        let ping = ClientFrame { id: Some(CommandId::Text("i".repeat(128))), command: Command::Ping };
        assert_eq!(single_pass::decode(format, &object(format, &text)), Some(ping));
    }
}

/// Values that are wrong in most places, and right in some.
fn value() -> impl Strategy<Value = Value> {
    let deep = (0..140_usize).prop_map(|depth| (0..depth).fold(json!(1), |inner, _| json!([inner])));
    prop_oneof![
        prop::sample::select(vec![
            json!(null),
            json!(true),
            json!(-1),
            json!(u64::MAX),
            json!(1.5),
            json!("ping"),
            json!("\u{0}"),
            json!({}),
            json!({"id": 1, "type": "ping"}),
            json!(CONVERSATION),
        ]),
        "[a-zж\"\\\\\\n]{0,140}".prop_map(Value::from),
        deep,
    ]
}

/// A frame of any type whose fields are shuffled, and some of them lost, doubled, replaced or made up.
fn frames() -> impl Strategy<Value = (Format, Vec<u8>)> {
    let name =
        prop::sample::select(vec!["id", "type", "conversation", "key", "body", "seq", "x", "positions"]);
    let change = (any::<prop::sample::Index>(), 0..4_u8, name, value());
    let id = prop_oneof![
        4 => Just(json!(7)),
        2 => "[a-z]{0,140}".prop_map(Value::from),
        1 => value(),
    ];
    let body = prop::sample::select(bodies());
    (body, id, prop::collection::vec(change, 0..3), prop::sample::select(Format::ALL.to_vec()))
        .prop_flat_map(|((kind, body), id, changes, format)| {
            let mut fields = [vec![("type", json!(kind)), ("id", id)], body].concat();
            for (at, change, name, value) in changes {
                let at = at.index(fields.len().max(1));
                match change {
                    0 if !fields.is_empty() => drop(fields.remove(at)),
                    1 if !fields.is_empty() => fields.push(fields[at].clone()),
                    2 if !fields.is_empty() => fields[at].1 = value,
                    _ => fields.push((name, value)),
                }
            }
            let given = Just(fields.clone());
            (prop_oneof![given, Just(fields).prop_shuffle()], Just(format))
        })
        .prop_map(|(fields, format)| (format, object(format, &fields)))
}

/// Bytes changed, left out, put in or cut off, in a frame that may be good.
fn damaged(frame: impl Strategy<Value = (Format, Vec<u8>)>) -> impl Strategy<Value = (Format, Vec<u8>)> {
    let change = (any::<prop::sample::Index>(), 0..8_u8, any::<u8>());
    (frame, prop::collection::vec(change, 0..4)).prop_map(|((format, mut bytes), changes)| {
        for (at, change, byte) in changes {
            let at = at.index(bytes.len().max(1)).min(bytes.len());
            match change {
                0 => bytes.truncate(at),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 => bytes.insert(at, byte),
                3 => bytes.push(byte),
                4 if at < bytes.len() => bytes[at] ^= 1 << (byte % 8),
                5 if at < bytes.len() => {
                    bytes[at] = *b" \\\"{[:,\0".get(usize::from(byte % 9)).unwrap_or(&0xff)
                }
                _ if at < bytes.len() => bytes[at] = byte,
                _ => {}
            }
        }
        (format, bytes)
    })
}

proptest! {
    #![proptest_config(seeded(20_000))]

    #[test]
    fn one_pass_accepts_nothing_that_care_does_not((format, bytes) in damaged(frames())) {
        if let Some(frame) = single_pass::decode(format, &bytes) {
            prop_assert_eq!(decode_with_care(format, &bytes), Ok(frame));
        }
    }
}
