//! One server with its people, for one test: a universe of its own.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use anyhow::Result;
use otvet_engine::protocol::{Format, Role};

use crate::client::socket::Approach;
use crate::client::{Client, Identity};
use crate::rest::Rest;
use crate::server::{ADMIN_EMAIL, ADMIN_PASSWORD, Server, Settings};

/// Every account's password in tests.
pub const PASSWORD: &str = "a password for tests";

/// A running server and a counter for its people.
#[derive(Debug)]
pub struct World {
    /// The server.
    pub server: Server,
    /// When the test began: times in logs count from here.
    pub began: Instant,
    people: AtomicU32,
}

/// Runs a test against a server of its own; when it fails, the server's output is printed.
///
/// # Panics
/// When the test fails: this is where a test's error becomes its failure.
pub async fn run(settings: Settings<'_>, test: impl AsyncFnOnce(&mut World) -> Result<()>) {
    let server = Server::start(settings).await.unwrap_or_else(|e| panic!("{e:#}"));
    let mut world = World::around(server);
    let outcome = test(&mut world).await;
    if let Err(why) = outcome {
        let output = world.server.output();
        let newest: Vec<&str> = output.lines().rev().take(60).collect();
        let newest: Vec<&str> = newest.into_iter().rev().collect();
        panic!("{why:?}\n--- the server's newest output ---\n{}", newest.join("\n"));
    }
}

impl World {
    /// A world around a server that runs.
    pub fn around(server: Server) -> Self {
        Self { server, began: Instant::now(), people: AtomicU32::new(0) }
    }

    /// A loopback address that nobody else in this world comes from, so that throttles by address do not meet.
    pub fn address(&self) -> Ipv4Addr {
        let [_, _, high, low] = (self.people.fetch_add(1, Ordering::Relaxed) + 2).to_be_bytes();
        Ipv4Addr::new(127, 1, high, low)
    }

    /// REST without a token, from an address of its own.
    pub fn rest(&self) -> Rest {
        self.server.rest(self.address())
    }

    /// REST as somebody, from an address of its own.
    pub fn rest_as(&self, identity: &Identity) -> Rest {
        self.rest().with_token(&identity.token)
    }

    /// A new guest.
    ///
    /// # Errors
    /// When the server does not make one.
    pub async fn guest(&self, name: &str) -> Result<Identity> {
        self.rest().guest(name).await
    }

    /// A new account of a visitor.
    ///
    /// # Errors
    /// When the server does not make one.
    pub async fn account(&self, name: &str) -> Result<Identity> {
        self.rest().register(name, &email(name), PASSWORD).await
    }

    /// A new manager: an account whose role the operator changes.
    ///
    /// # Errors
    /// When the server does not make one.
    pub async fn manager(&self, name: &str) -> Result<Identity> {
        self.account(name).await?;
        self.server.operate(&["user", "role", &email(name), "manager"]).await?;
        let manager = self.rest().login(&email(name), PASSWORD).await?;
        anyhow::ensure!(manager.person.role == Role::Manager, "{name} is {:?}", manager.person);
        Ok(manager)
    }

    /// The administrator of the first start.
    ///
    /// # Errors
    /// When the server does not let them in.
    pub async fn admin(&self) -> Result<Identity> {
        self.rest().login(ADMIN_EMAIL, ADMIN_PASSWORD).await
    }

    /// A device of somebody, not connected yet.
    pub fn device(&self, name: &str, identity: &Identity, format: Format) -> Client {
        Client::new(name, identity.clone(), format, self.approach(), self.began)
    }

    /// A device of somebody, connected, speaking JSON.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn connect(&self, name: &str, identity: &Identity) -> Result<Client> {
        let mut client = self.device(name, identity, Format::Json);
        client.connect().await?;
        Ok(client)
    }

    /// How to come to this server, for sockets by hand.
    pub fn approach(&self) -> Approach {
        Approach { place: self.server.place(), source: self.address(), subprotocols: None, origin: None }
    }
}

/// The address of an account that [`World::account`] or [`World::manager`] made.
pub fn email(name: &str) -> String {
    format!("{}@otvet.test", name.to_lowercase().replace(' ', "."))
}
