//! One message to bytes and back, in both formats, beside the bare libraries.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use otvet_benches::message;
use otvet_engine::protocol::{Format, ServerFrame, SharedFrame, decode_any, encode};

fn encoding(c: &mut Criterion) {
    let frame = message();
    let mut group = c.benchmark_group("encode");
    for format in Format::ALL {
        group.bench_function(format.subprotocol(), |b| b.iter(|| encode(format, black_box(&frame))));
    }
    group.bench_function("bare rmp-serde", |b| b.iter(|| rmp_serde::to_vec_named(black_box(&frame))));
    group.bench_function("bare serde_json", |b| b.iter(|| serde_json::to_vec(black_box(&frame))));
    group.bench_function("one frame for 1,000 readers", |b| {
        b.iter(|| {
            let shared = SharedFrame::new(frame.clone());
            (0..1000).map(|_| shared.bytes(Format::Json).len()).sum::<usize>()
        });
    });
    group.finish();
}

fn decoding(c: &mut Criterion) {
    let frame = message();
    let mut group = c.benchmark_group("decode");
    for format in Format::ALL {
        let bytes = encode(format, &frame);
        group.bench_function(format.subprotocol(), |b| {
            b.iter(|| decode_any::<ServerFrame>(format, black_box(&bytes)));
        });
    }
    group.finish();
}

criterion_group!(benches, encoding, decoding);
criterion_main!(benches);
