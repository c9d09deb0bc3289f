//! Clients that say hello and never read again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt, stream};
use otvet_engine::ids::StreamName;
use otvet_engine::protocol::Format;
use otvet_tests::checker::check;
use otvet_tests::checker::log::RunLog;
use otvet_tests::client::Client;
use otvet_tests::faults::gauge::{Memory, Metrics, wait_for};
use otvet_tests::faults::table::Row;
use otvet_tests::faults::trial::{acknowledgements, commands};
use otvet_tests::server::Server;
use otvet_tests::world::World;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::Scale;

/// The outgoing bound of a connection.
const OUTBOX: usize = 256 * 1024;
/// Visitors; each has as many devices as make up all slow readers together.
const PEOPLE: usize = 10;
/// What the server may take beyond the bounds of all queues.
const HEADROOM_KIB: u64 = 96 * 1024;
const BACK_AT_ONCE: usize = 16;
const CLOSED_WITHIN: Duration = Duration::from_secs(60);

pub async fn never_read(scale: Scale) -> Result<Vec<Row>> {
    let slow = scale.of(500, 100);
    let mut row = Row::new(&format!("{slow} clients that never read"), 1);
    let (outbox, devices) = (OUTBOX.to_string(), (slow / PEOPLE + 2).to_string());
    let settings = [
        ("LIMITS__OUTBOX_BYTES", outbox.as_str()),
        ("LIMITS__CONNECTIONS_PER_PERSON", devices.as_str()),
        ("LIMITS__COMMANDS_PER_SECOND", "1000"),
        ("LIMITS__BURST", "1000"),
        ("LIMITS__HEARTBEAT_S", "120"),
        ("TAIL__KEEP", "300"),
        ("LOG__LEVEL", "warn"),
    ];
    let world = World::around(Server::start(&settings).await?);
    let manager = world.manager("Mark").await?;
    let mut mark = world.device("mark", &manager, Format::MessagePack);
    mark.connect().await?;
    let (mut desks, mut phones, mut conversations) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..PEOPLE {
        let guest = world.guest(&format!("Guest {n}")).await?;
        let mut desk = world.connect(&format!("desk {n}"), &guest).await?;
        let (conversation, _) = desk.open("open", None, "Question").await?;
        mark.claim(conversation.id, false).await?;
        for device in 0..slow / PEOPLE {
            let mut phone = world.device(&format!("phone {n}.{device}"), &guest, Format::MessagePack);
            phone.connect().await?;
            phone.drop_hard().await;
            phones.push(phone);
        }
        conversations.push(conversation.id);
        desks.push(desk);
    }
    let mut sockets = Vec::new();
    for phone in &phones {
        sockets.push(deaf(&world, phone).await?);
    }
    let joined = (slow + PEOPLE + 1) as f64;
    wait_for(&world.server, "otvet_sockets_joined", Duration::from_secs(20), |n| n >= joined).await?;
    Memory::forget_peak(&world.server)?;
    let before = Memory::of(&world.server)?;
    let began = Instant::now();
    let mut heads = BTreeMap::new();
    let (mut number, mut slowest) = (0, Duration::ZERO);
    let body = "ж".repeat(4_000);
    // Until the last of them was let go, with what the kernel holds for them on top of the server's queue.
    let closed = loop {
        number += 1;
        for id in &conversations {
            let asked = Instant::now();
            heads.insert(*id, mark.send(*id, &format!("{id}-{number}"), &body).await?);
            slowest = slowest.max(asked.elapsed());
        }
        let closed = Metrics::of(&world.server).await?.get(r#"otvet_socket_closes_total{code="4508"}"#);
        if closed >= slow as f64 || began.elapsed() > CLOSED_WITHIN {
            break closed;
        }
    };
    let (took, peak) = (began.elapsed(), Memory::of(&world.server)?.peak);
    row.note(format!(
        "{closed} of {slow} closed with 4508 after {:.1} s, {number} × 8 KB sent to each",
        took.as_secs_f64()
    ));
    let (grown, bound) = (peak.saturating_sub(before.now), (slow * OUTBOX / 1024) as u64 + HEADROOM_KIB);
    row.note(format!(
        "resident {} MiB, at the peak {} MiB; the bound allows {} MiB more",
        before.now / 1024,
        peak / 1024,
        bound / 1024
    ));
    row.note(format!(
        "the slowest acknowledgement to somebody else {:.0} ms",
        slowest.as_secs_f64() * 1_000.0
    ));
    row.must(closed >= slow as f64, || format!("only {closed} were let go within {CLOSED_WITHIN:?}"));
    row.must(grown <= bound, || format!("memory grew by {grown} KiB"));
    row.must(slowest < Duration::from_secs(3), || format!("an acknowledgement took {slowest:?}"));
    for desk in &desks {
        row.must(desk.is_connected(), || format!("{} was sent away, too", desk.name));
    }
    drop(sockets);
    let back = Instant::now();
    // A few at a time: the storm has a test of its own.
    let coming = stream::iter(phones.iter_mut()).map(Client::connect).buffer_unordered(BACK_AT_ONCE);
    for outcome in coming.collect::<Vec<_>>().await {
        outcome.context("coming back")?;
    }
    let owners = (0..phones.len()).map(|n| n / (slow / PEOPLE)).chain(0..desks.len());
    for (client, owner) in phones.iter().chain(&desks).zip(owners) {
        let id = conversations[owner];
        let head = heads.get(&id).copied().context("every conversation was written to")?;
        client.expect_reached(StreamName::Conversation(id), head).await?;
    }
    row.recovered(back.elapsed());
    let mut stored = BTreeMap::new();
    for id in conversations {
        stored.insert(id, mark.whole(id).await?);
    }
    let clients = phones.iter().chain(&desks).chain([&mark]).map(Client::log).collect();
    // The manager's own last connection is not the matter; everybody else's is whole, as was waited for above.
    let run = RunLog { clients, stored, quiesced: true, ..RunLog::default() };
    row.count(&check(&run));
    (row.commands, row.acknowledged) = (commands(&run), acknowledgements(&run).len());
    row.rate = number as f64 * PEOPLE as f64 / took.as_secs_f64();
    Ok(vec![row])
}

/// A connection as the client's own, over a path with small packets and a small window: so that the kernel holds little
/// on top of the server's queue. Nobody ever reads from it.
async fn deaf(world: &World, phone: &Client) -> Result<WebSocketStream<TcpStream>> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    socket.set_tcp_mss(1_400)?;
    socket.set_recv_buffer_size(16 * 1024)?;
    socket.set_nonblocking(true)?;
    let stream = tokio::net::TcpSocket::from_std_stream(std::net::TcpStream::from(socket))
        .connect(world.server.place())
        .await?;
    let url = format!("ws://{}/ws", world.server.place());
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await?;
    let positions: BTreeMap<String, _> =
        phone.positions().into_iter().map(|(stream, position)| (stream.to_string(), position)).collect();
    let hello = json!({ "type": "hello", "id": 1, "token": phone.identity.token, "positions": positions });
    socket.send(Message::text(hello.to_string())).await?;
    Ok(socket)
}
