//! Seeded random load: people on devices who do random things over connections that break, then come to rest, so that
//! the checker can say whether anything went wrong. The same seed makes every device choose the same way again; how the
//! devices interleave is the machine's.

mod board;
mod quiesce;
mod walker;

use std::sync::Arc;

use anyhow::Result;
use otvet_engine::ids::{ConversationId, PersonId};
use otvet_engine::protocol::Format;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::client::{Client, Identity};
use crate::world::World;
use board::Board;
use walker::Walker;

/// How many people take part.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Guests and accounts, on one or two devices each.
    pub visitors: usize,
    /// Managers, on one or two devices each.
    pub managers: usize,
}

/// `OTVET_SEED`, or a new seed; printed, so that a failure can be replayed.
#[allow(clippy::print_stdout, reason = "libtest shows it when the test fails")]
pub fn seed() -> u64 {
    let given = std::env::var("OTVET_SEED").ok().and_then(|text| text.parse().ok());
    #[expect(
        clippy::disallowed_methods,
        reason = "a run without a given seed is a new one; it prints the seed it took"
    )]
    let seed = given.unwrap_or_else(|| rand::rng().random());
    println!("replay with OTVET_SEED={seed}");
    seed
}

/// People and their devices under random load.
#[derive(Debug)]
pub struct Load {
    walkers: Vec<Walker>,
    board: Arc<Board>,
    reader: Client,
}

impl Load {
    /// Makes the people; nobody is connected yet.
    ///
    /// # Errors
    /// When the server does not make them.
    pub async fn new(world: &World, shape: Shape, seed: u64) -> Result<Self> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut people = Vec::new();
        for n in 1..=shape.managers {
            people.push(world.manager(&format!("Manager {n}")).await?);
        }
        let managers = people.iter().map(|m| m.person.id).collect();
        for n in 1..=shape.visitors {
            let name = format!("Visitor {n}");
            // One in five has an account.
            people.push(if n % 5 == 0 { world.account(&name).await? } else { world.guest(&name).await? });
        }
        let reader = world.manager("Reader").await?;
        let reader = world.device("reader", &reader, Format::MessagePack);
        let board = Arc::new(Board::new(managers));
        let mut walkers = Vec::new();
        for identity in people {
            for device in ["desk", "phone"].into_iter().take(rng.random_range(1..=2)) {
                walkers.push(Self::walker(world, &identity, device, &board, rng.random()));
            }
        }
        Ok(Self { walkers, board, reader })
    }

    /// Everybody who asks, for further devices of the same people.
    pub fn visitors(&self) -> Vec<Identity> {
        let mut visitors: Vec<Identity> = Vec::new();
        for identity in self.walkers.iter().map(|walker| &walker.client.identity) {
            let known = visitors.iter().any(|visitor| visitor.person.id == identity.person.id);
            if !identity.person.role.is_staff() && !known {
                visitors.push(identity.clone());
            }
        }
        visitors
    }

    /// Another device has opened a conversation.
    pub fn knows(&self, id: ConversationId, visitor: PersonId) {
        self.board.opened(id, visitor);
    }

    fn walker(world: &World, identity: &Identity, device: &str, board: &Arc<Board>, seed: u64) -> Walker {
        let mut rng = StdRng::seed_from_u64(seed);
        let format = Format::ALL[rng.random_range(0..2)];
        let name = format!("{} ({}), {device}", identity.person.name, identity.person.id);
        let client = world.device(&name, identity, format);
        // Keys are unique for an author, not for a device.
        Walker::new(client, board.clone(), rng, device)
    }

    /// Keeps everybody busy until `meanwhile` is over: it may be a span of time, or things that happen to the server.
    ///
    /// # Errors
    /// When a device meets what no client should, or `meanwhile` fails.
    pub async fn run_while<T>(&mut self, meanwhile: impl Future<Output = Result<T>>) -> Result<T> {
        let (stop, stopped) = watch::channel(false);
        let mut walks = JoinSet::new();
        for mut walker in self.walkers.drain(..) {
            let stopped = stopped.clone();
            walks.spawn(async move {
                let outcome = walker.walk(stopped).await;
                (walker, outcome)
            });
        }
        let outcome = meanwhile.await;
        stop.send_replace(true);
        let mut first_trouble = Ok(());
        while let Some(walk) = walks.join_next().await {
            let (walker, outcome) = walk?;
            self.walkers.push(walker);
            first_trouble = first_trouble.and(outcome);
        }
        first_trouble?;
        outcome
    }
}
