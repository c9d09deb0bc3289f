//! Everybody loses the connection at once and comes back with positions.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, stream};
use otvet_engine::ids::StreamName;
use otvet_engine::protocol::{Code, Format};
use otvet_tests::checker::check;
use otvet_tests::checker::log::RunLog;
use otvet_tests::client::{Client, Trouble};
use otvet_tests::faults::gauge::{Memory, Metrics};
use otvet_tests::faults::redis::{Redis, url};
use otvet_tests::faults::table::Row;
use otvet_tests::faults::trial::{acknowledgements, commands};
use otvet_tests::server::Server;
use otvet_tests::world::World;

use crate::Scale;

/// How many of the preparations are under way at a time: the storm itself is not held back.
const PREPARED_AT_ONCE: usize = 64;
/// How long somebody tries to come back.
const PATIENCE: Duration = Duration::from_secs(60);

/// Once with the connections cut, once with the server killed, tails in Redis.
pub async fn everybody_at_once(scale: Scale) -> Result<Vec<Row>> {
    let many = scale.of(5_000, 600);
    let redis = Redis::start().await?;
    let redis_url = url(redis.place());
    let settings = [
        ("REDIS__URL", redis_url.as_str()),
        // One manager reads all that is stored at the end, as fast as it is answered.
        ("LIMITS__COMMANDS_PER_SECOND", "100000"),
        ("LIMITS__BURST", "100000"),
        ("LOG__LEVEL", "warn"),
    ];
    let mut world = World::around(Server::start(&settings).await?);
    let manager = world.manager("Mark").await?;
    let mut mark = world.device("mark", &manager, Format::MessagePack);
    mark.connect().await?;
    let guests: Vec<Result<Client>> =
        stream::iter(0..many).map(|n| guest(&world, n)).buffer_unordered(PREPARED_AT_ONCE).collect().await;
    let mut guests: Vec<Client> = guests.into_iter().collect::<Result<_>>()?;
    let mut rows = Vec::new();
    for killed in [false, true] {
        let name = if killed { "server killed, and all back" } else { "all cut off, and back" };
        let mut row = Row::new(&format!("{many} clients: {name}"), 1);
        storm(&mut world, &mut guests, &mut mark, killed, &mut row).await?;
        rows.push(row);
    }
    let mut stored = BTreeMap::new();
    for id in guests.iter().flat_map(conversation) {
        stored.insert(id, mark.whole(id).await?);
    }
    let clients = guests.iter().chain([&mark]).map(Client::log).collect();
    let run = RunLog { clients, stored, quiesced: true, ..RunLog::default() };
    // Both storms are in these logs: the second row says what was found in either.
    let last = rows.last_mut().context("two storms")?;
    last.count(&check(&run));
    (last.commands, last.acknowledged) = (commands(&run), acknowledgements(&run).len());
    Ok(rows)
}

/// A guest with a conversation, connected.
async fn guest(world: &World, n: usize) -> Result<Client> {
    let identity = world.guest(&format!("Guest {n}")).await?;
    let mut client = world.device(&format!("guest {n}"), &identity, Format::ALL[n % 2]);
    client.connect().await?;
    let (conversation, seq) = client.open("open", None, "Is anybody there?").await?;
    client.expect_reached(StreamName::Conversation(conversation.id), seq).await?;
    Ok(client)
}

fn conversation(client: &Client) -> Option<otvet_engine::ids::ConversationId> {
    client.positions().into_keys().find_map(|stream| match stream {
        StreamName::Conversation(id) => Some(id),
        _ => None,
    })
}

async fn storm(
    world: &mut World,
    guests: &mut [Client],
    mark: &mut Client,
    killed: bool,
    row: &mut Row,
) -> Result<()> {
    let many = guests.len();
    stream::iter(guests.iter_mut()).for_each_concurrent(None, Client::drop_hard).await;
    // Something is missed: an answer to every tenth.
    let mut missed = BTreeMap::new();
    for client in guests.iter().step_by(10) {
        let id = conversation(client).context("every guest has a conversation")?;
        missed.insert(id, mark.send(id, &format!("{id}-{killed}"), "Yes").await?);
    }
    if killed {
        world.server.kill9().await?;
        world.server.restart().await?;
        mark.connect().await?;
    } else {
        Memory::forget_peak(&world.server)?;
    }
    let (before, memory) = (Metrics::of(&world.server).await?, Memory::of(&world.server)?);
    let began = Instant::now();
    let back: Vec<Result<bool>> = stream::iter(guests.iter_mut())
        .map(|client| async {
            let recovered = come_back(client).await?;
            let id = conversation(client).context("a conversation")?;
            if let Some(head) = missed.get(&id) {
                client.expect_reached(StreamName::Conversation(id), *head).await?;
            }
            Ok(recovered)
        })
        .buffer_unordered(many)
        .collect()
        .await;
    row.recovered(began.elapsed());
    let recovered = back.into_iter().collect::<Result<Vec<_>>>()?.into_iter().filter(|r| *r).count();
    let (after, peak) = (Metrics::of(&world.server).await?, Memory::of(&world.server)?.peak);
    let grown = |name: &str| after.get(name) - before.get(name);
    let hits = grown(r#"otvet_tail_reads_total{result="hit"}"#);
    let misses = grown(r#"otvet_tail_reads_total{result="miss"}"#);
    let (reads, tokens) = (grown("otvet_journal_reads_total"), grown("otvet_token_queries_total"));
    row.note(format!("{recovered} of {many} recovered in {:.2} s; streams read: {hits} from tails, {misses} from the database; {reads} queries of the journal, {tokens} rounds of looking tokens up", began.elapsed().as_secs_f64()));
    row.note(format!("resident {} MiB before, {} MiB at the peak", memory.now / 1024, peak / 1024));
    row.must(recovered == many, || format!("only {recovered} of {many} recovered"));
    row.must(misses <= many as f64 / 100.0, || format!("{misses} streams were read from the database"));
    // A server that has just started reads everybody's list, many with one query.
    let most = if killed { many as f64 / 10.0 } else { many as f64 / 100.0 };
    row.must(reads <= most, || format!("{reads} queries of the journal"));
    row.must(tokens <= many as f64 / 10.0, || format!("{tokens} rounds of looking tokens up"));
    Ok(())
}

/// Comes back, as often as it takes; answers whether every position was recovered.
async fn come_back(client: &mut Client) -> Result<bool> {
    let began = Instant::now();
    loop {
        match client.connect().await {
            Ok(ready) => return Ok(ready.recovered.values().all(|r| *r) && !ready.recovered.is_empty()),
            // Too many at once for the look-ups of their tokens: they are told to come again, and do.
            Err(Trouble::Refused(no)) if no.code == Code::Unavailable => {
                ensure!(began.elapsed() < PATIENCE, "{} is not let in: {}", client.name, no.message);
                tokio::time::sleep(Duration::from_millis(no.retry_after_ms.unwrap_or(100))).await;
            }
            Err(
                Trouble::Network(_)
                | Trouble::Late(_)
                | Trouble::Handshake(503)
                | Trouble::Closed(Some(4500 | 1012) | None),
            ) => {
                ensure!(began.elapsed() < PATIENCE, "{} cannot come back", client.name);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(other) => return Err(other.into()),
        }
    }
}
