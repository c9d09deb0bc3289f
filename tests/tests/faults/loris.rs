//! Connections that are held without being used.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::future::join_all;
use otvet_tests::client::socket::dial;
use otvet_tests::faults::gauge::wait_for;
use otvet_tests::faults::table::Row;
use otvet_tests::server::Server;
use otvet_tests::world::World;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::Scale;

/// How a peer wastes time: what it says at once, what it dribbles, and for how long it may.
struct Waster {
    name: &'static str,
    at_once: Vec<u8>,
    dribble: u8,
    limit: Duration,
}

/// A busy machine notices later.
const SLACK: Duration = Duration::from_secs(5);

pub async fn all(scale: Scale) -> Result<Vec<Row>> {
    let each = scale.of(200, 50);
    let settings = [
        ("SERVER__IDLE_TIMEOUT_S", "8"),
        ("SERVER__HEADER_TIMEOUT_S", "3"),
        ("LIMITS__HELLO_TIMEOUT_S", "4"),
        ("LOG__LEVEL", "warn"),
    ];
    let world = World::around(Server::start(&settings).await?);
    let guest = world.guest("Anna").await?;
    let mut anna = world.connect("anna", &guest).await?;
    let upgrade = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let wasters = [
        Waster {
            name: "headers",
            at_once: b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ".to_vec(),
            dribble: b'a',
            limit: Duration::from_secs(3),
        },
        Waster {
            name: "a body",
            at_once: b"POST /api/v1/guest HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"
                .to_vec(),
            dribble: b' ',
            limit: Duration::from_secs(30),
        },
        // The first byte of a text frame; what follows is its masked length of 125, its mask, and its text.
        Waster {
            name: "hello",
            at_once: [upgrade.as_bytes(), &[0x81]].concat(),
            dribble: 0xfd,
            limit: Duration::from_secs(4),
        },
        Waster { name: "an idle connection", at_once: Vec::new(), dribble: 0, limit: Duration::from_secs(8) },
        Waster {
            name: "an idle connection after a request",
            at_once: b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            dribble: 0,
            limit: Duration::from_secs(8),
        },
    ];
    let mut row = Row::new("slowloris and idle connections", wasters.len());
    let held = join_all(wasters.iter().map(|w| hold(&world, w, each)));
    let disturbed = async {
        let mut longest = Duration::ZERO;
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(6) {
            let asked = Instant::now();
            anna.ping().await?;
            longest = longest.max(asked.elapsed());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok::<_, anyhow::Error>(longest)
    };
    let (held, disturbed) = tokio::join!(held, disturbed);
    for (waster, held) in wasters.iter().zip(held) {
        let held = held?;
        row.note(format!("{each} × {}: the last was let go after {:.1} s", waster.name, held.as_secs_f64()));
        row.must(held <= waster.limit + SLACK, || format!("{} was held for {held:?}", waster.name));
    }
    let disturbed = disturbed?;
    row.note(format!("the slowest answer to somebody else {:.0} ms", disturbed.as_secs_f64() * 1_000.0));
    row.must(disturbed < Duration::from_secs(2), || format!("an answer took {disturbed:?}"));
    // Anna's, and the one that asks.
    let patience = Duration::from_secs(10);
    wait_for(&world.server, "otvet_connections", patience, |n| n <= 2.0)
        .await
        .context("places not given back")?;
    Ok(vec![row])
}

/// Holds many connections at once; answers when the last one was let go.
async fn hold(world: &World, waster: &Waster, many: usize) -> Result<Duration> {
    let one = async |n: usize| {
        let source = Ipv4Addr::new(127, 3, u8::try_from(n % 50)?, 9);
        let mut stream = dial(world.server.place(), source).await?;
        let began = Instant::now();
        stream.write_all(&waster.at_once).await?;
        let (mut from, mut to) = stream.into_split();
        let mut ticks = tokio::time::interval(Duration::from_millis(250));
        let mut buffer = [0; 4_096];
        loop {
            tokio::select! {
                read = from.read(&mut buffer) => if matches!(read, Ok(0) | Err(_)) {
                    return Ok::<_, anyhow::Error>(began.elapsed());
                },
                _ = ticks.tick() => if waster.dribble != 0 && to.write_all(&[waster.dribble]).await.is_err() {
                    return Ok(began.elapsed());
                },
            }
            ensure!(began.elapsed() < Duration::from_secs(60), "{} is held for ever", waster.name);
        }
    };
    let mut longest = Duration::ZERO;
    for held in join_all((0..many).map(one)).await {
        longest = longest.max(held?);
    }
    Ok(longest)
}
