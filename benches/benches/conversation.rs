//! The pure state machine: a message decided and applied, at several lengths of history. It should be flat.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use otvet_benches::{carry_out, conversation_of, send};
use otvet_engine::conversation::Rules;

fn decide_and_apply(c: &mut Criterion) {
    let rules = Rules::default();
    let mut group = c.benchmark_group("decide and apply");
    for length in [10, 1_000, 100_000] {
        let state = conversation_of(length, &rules);
        group.bench_with_input(BenchmarkId::from_parameter(length), &state, |b, state| {
            let command = send(u64::MAX);
            let fresh = || state.clone();
            b.iter_batched_ref(fresh, |state| carry_out(state, &command, &rules), BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group!(benches, decide_and_apply);
criterion_main!(benches);
