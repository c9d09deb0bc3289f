//! Mutations of the committed corpus (`testdata/fuzz`) through everything that reads a stranger's bytes. Each run prints how
//! many it executed and how long that took; `make fuzz` runs far more of them. An input that ever failed belongs into the
//! corpus.

use std::path::Path;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::identity::token::{Presented, TokenHash, bearer};
use crate::protocol::codec::decode_with_care;
use crate::protocol::{BearerToken, DecodeError, Format, decode, encode};

/// Of each target in a usual test run.
const RUNS: usize = 20_000;
/// Longer inputs only repeat what shorter ones show.
const MAX_BYTES: usize = 8 * 1024;

/// What parsers trip over, put in at random places.
const TOKENS: [&[u8]; 14] = [
    b"{",
    b"[",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"1e999",
    b"-0",
    b"null",
    b"|",
    b"\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xc1",
    b"\"type\":",
    b"\"id\":",
];

fn corpus(folder: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/fuzz").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    // The directory's order is the file system's: sorted, a seed means the same inputs everywhere.
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn mutate(input: &mut Vec<u8>, corpus: &[Vec<u8>], rng: &mut StdRng) {
    for _ in 0..rng.random_range(1..6) {
        let place = rng.random_range(0..=input.len());
        let end = rng.random_range(place..=input.len());
        match rng.random_range(0..7) {
            0 if place < input.len() => input[place] ^= 1 << rng.random_range(0..8),
            1 if place < input.len() => input[place] = rng.random(),
            2 => drop(input.drain(place..end)),
            3 => input.truncate(place),
            4 => {
                let token = TOKENS[rng.random_range(0..TOKENS.len())];
                input.splice(place..place, token.iter().copied());
            }
            5 => {
                let repeated = input[place..end].to_vec();
                input.splice(place..place, repeated);
            }
            _ => {
                let other = &corpus[rng.random_range(0..corpus.len())];
                let from = rng.random_range(0..=other.len());
                input.splice(place..end, other[from..].iter().copied());
            }
        }
        input.truncate(MAX_BYTES);
    }
}

#[allow(clippy::print_stdout, reason = "the number of executions is what a run is for")]
fn fuzz(folder: &str, target: impl Fn(&[u8])) {
    let corpus = corpus(folder);
    let seed = number("OTVET_SEED", 20_261_123);
    let runs = number("OTVET_FUZZ_RUNS", RUNS as u64);
    let mut rng = StdRng::seed_from_u64(seed);
    let began = Instant::now();
    corpus.iter().for_each(|input| target(input));
    for _ in 0..runs {
        let mut input = corpus[rng.random_range(0..corpus.len())].clone();
        mutate(&mut input, &corpus, &mut rng);
        target(&input);
    }
    println!("fuzz {folder}: {runs} executions in {:.1} s, OTVET_SEED={seed}", began.elapsed().as_secs_f64());
}

/// Never panics; one pass and two come to the same; what is a frame means the same in either encoding; what is refused says
/// why.
fn decoder(format: Format, input: &[u8]) {
    let decoded = decode(format, input);
    assert_eq!(decoded, decode_with_care(format, input), "{format:?}: {input:?}");
    match decoded {
        Ok(frame) => {
            for other in Format::ALL {
                let again = decode(other, &encode(other, &frame));
                assert_eq!(again.as_ref(), Ok(&frame), "{format:?} to {other:?}: {input:?}");
            }
        }
        Err(DecodeError::Refused { refusal, .. }) => assert!(!refusal.message.is_empty()),
        Err(DecodeError::Malformed(why)) => assert!(!why.is_empty()),
    }
}

#[test]
fn json_frames() {
    fuzz("json", |input| decoder(Format::Json, input));
}

#[test]
fn msgpack_frames() {
    fuzz("msgpack", |input| decoder(Format::MessagePack, input));
}

#[test]
fn tokens() {
    fuzz("token", |input| {
        let in_header = bearer(input);
        let whole = std::str::from_utf8(input).ok().map(|text| BearerToken(text.to_owned()));
        for token in [in_header, whole].into_iter().flatten() {
            let Some(presented) = Presented::parse(&token) else { continue };
            let secret = token.0.split_once('|').map_or(token.0.as_str(), |(_, secret)| secret);
            assert_eq!(presented.row.is_some(), token.0.contains('|'), "{input:?}");
            assert!(presented.row.is_none_or(|row| row >= 0), "{input:?}");
            assert_eq!(presented.hash, TokenHash::of(secret), "{input:?}");
        }
    });
}
