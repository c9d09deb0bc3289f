//! A whole server in this process, and connections to it that are framed by hand.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::hand_framed::{Client, masked, upgraded};
use otvet_api::{Environment, Server};
use otvet_config::Settings;
use otvet_engine::clock::SystemClock;
use otvet_engine::identity::{Abilities, NewAccount, Password};
use otvet_engine::protocol::{BearerToken, ClientFrame, CommandId};
use otvet_engine::protocol::{Command, Format, Hello, Role, encode};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tempfile::TempDir;

/// A server whose limits stand in nobody's way.
pub struct Edge {
    /// The server.
    pub server: Server,
    _folder: TempDir,
    people: std::sync::atomic::AtomicUsize,
}

impl Edge {
    /// Starts it on free ports.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let mut settings = Settings::default();
        settings.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        settings.server.metrics_listen = SocketAddr::from(([127, 0, 0, 1], 0));
        settings.database.url =
            format!("sqlite://{}/bench.db?mode=rwc", folder.path().display()).as_str().into();
        settings.identity.bcrypt_cost = 4;
        settings.limits.commands_per_second = 100_000;
        settings.limits.burst = 1_000_000;
        settings.limits.unanswered_commands = 10_000;
        settings.limits.outbox_bytes = 64 << 20;
        let environment = Environment {
            clock: Arc::new(SystemClock),
            rng: StdRng::seed_from_u64(1),
            admin: (Some("admin@otvet.bench".to_owned()), Some(Password::from("only for this bench"))),
        };
        let server = Server::start(settings, environment).await.expect("the server starts");
        Self { server, _folder: folder, people: Default::default() }
    }

    /// A new account's token.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn token(&self, role: Role) -> String {
        let n = self.people.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let identity = &self.server.edge.identity;
        let new = NewAccount {
            name: format!("Person {n}"),
            email: format!("person{n}@otvet.bench"),
            password: Password::from("only for this bench"),
        };
        let person = identity.create_user(None, new).await.expect("the account is new");
        identity.set_role(None, person.id, role).await.expect("the account is there");
        let issued = identity.issue_token(person.id, "bench", &Abilities::all(), None).await;
        issued.expect("the account is there").token.0
    }

    /// A joined connection.
    ///
    /// # Panics
    /// When it is not let in.
    pub async fn join(&self, token: &str) -> Client {
        let hello = Command::Hello(Hello {
            token: BearerToken(token.to_owned()),
            device: None,
            positions: Default::default(),
        });
        let mut client = upgraded(self.server.addr).await;
        client.say(&frame(0, hello)).await;
        let first = client.await_text(1, |_| true).await;
        assert!(first.starts_with(br#"{"type":"ready""#), "{}", String::from_utf8_lossy(&first));
        client
    }
}

/// The frame of a command.
pub fn frame(id: i64, command: Command) -> Vec<u8> {
    masked(&encode(Format::Json, &ClientFrame { id: Some(CommandId::Number(id)), command }))
}
