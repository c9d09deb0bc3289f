//! One message to bytes and a command from bytes, in both formats, beside the bare libraries.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use otvet_benches::{conversation, message};
use otvet_engine::protocol::client::Send;
use otvet_engine::protocol::{
    ClientFrame, Command, CommandId, Format, ServerFrame, SharedFrame, decode, encode,
};

fn encoding(c: &mut Criterion) {
    let frame = message();
    let mut group = c.benchmark_group("encode");
    group.bench_function("json/otvet", |b| b.iter(|| encode(Format::Json, black_box(&frame))));
    group.bench_function("json/sonic-rs", |b| b.iter(|| sonic_rs::to_vec(black_box(&frame))));
    group.bench_function("json/serde_json", |b| b.iter(|| serde_json::to_vec(black_box(&frame))));
    group.bench_function("msgpack/otvet", |b| b.iter(|| encode(Format::MessagePack, black_box(&frame))));
    group.bench_function("msgpack/rmp-serde", |b| b.iter(|| rmp_serde::to_vec_named(black_box(&frame))));
    group.bench_function("one frame for 1,000 readers", |b| {
        b.iter(|| {
            let shared = SharedFrame::new(frame.clone());
            (0..1000).map(|_| shared.bytes(Format::Json).len()).sum::<usize>()
        });
    });
    group.finish();
}

fn decoding(c: &mut Criterion) {
    let key = "0192f0c1-2345-7abc".parse().expect("it is short");
    let body = "Здравствуйте! Где мой заказ? Номер 12345, оплатил ещё в понедельник.".repeat(2);
    let send = Command::Send(Send { conversation: conversation(), key, body, attachments: Vec::new() });
    let frame = ClientFrame { id: Some(CommandId::Number(7)), command: send };
    let json = encode(Format::Json, &frame);
    let msgpack = encode(Format::MessagePack, &frame);
    let mut group = c.benchmark_group("decode");
    group.bench_function("json/otvet", |b| b.iter(|| decode(Format::Json, black_box(&json))));
    group.bench_function("json/sonic-rs", |b| b.iter(|| sonic_rs::from_slice::<Command>(black_box(&json))));
    group.bench_function("json/serde_json", |b| {
        b.iter(|| serde_json::from_slice::<Command>(black_box(&json)))
    });
    group.bench_function("msgpack/otvet", |b| b.iter(|| decode(Format::MessagePack, black_box(&msgpack))));
    group.bench_function("msgpack/rmp-serde", |b| {
        b.iter(|| rmp_serde::from_slice::<Command>(black_box(&msgpack)));
    });
    group.finish();
}

/// What a client does with an event.
fn reading(c: &mut Criterion) {
    let bytes = encode(Format::Json, &message());
    let mut group = c.benchmark_group("decode event");
    group.bench_function("json/otvet", |b| {
        b.iter(|| otvet_engine::protocol::decode_any::<ServerFrame>(Format::Json, black_box(&bytes)));
    });
    group.bench_function("json/sonic-rs", |b| {
        b.iter(|| sonic_rs::from_slice::<ServerFrame>(black_box(&bytes)));
    });
    group.finish();
}

criterion_group!(benches, encoding, decoding, reading);
criterion_main!(benches);
