//! What every handler at the edges stands on.

use std::sync::Arc;

use otvet_actors::House;
use otvet_config::Settings;
use otvet_config::values::Origin;
use otvet_engine::clock::SharedClock;
use otvet_engine::identity::Identity;
use otvet_engine::journal::Journal;
use otvet_engine::store::Database;
use otvet_engine::tail::{RedisTail, SharedTail};
use tokio::sync::watch;

use crate::metrics::Metrics;
use crate::ws::upgrade::OriginRules;

/// One running server, as its edges see it.
pub struct Edge {
    /// What is in force.
    pub settings: Settings,
    /// Under which origin people reach it.
    pub public_origin: Origin,
    /// Which pages may open a socket.
    pub origins: OriginRules,
    /// Who is who.
    pub identity: Identity,
    /// Who acts: the only way to write.
    pub house: House,
    /// What was written, for reading.
    pub journal: Journal,
    /// For `/readyz` only.
    pub tail: SharedTail,
    /// For metrics only: where the tails are, if not in memory.
    pub redis: Option<Arc<RedisTail>>,
    /// For `/readyz` only.
    pub database: Database,
    /// What is measured.
    pub metrics: Metrics,
    /// What time it is.
    pub clock: SharedClock,
    draining: watch::Sender<bool>,
}

/// One server's edge, shared by all its requests and sockets.
pub type SharedEdge = Arc<Edge>;

/// What an [`Edge`] is made of.
pub struct EdgeParts {
    /// What is in force.
    pub settings: Settings,
    /// Where the main listener really listens.
    pub listening_on: std::net::SocketAddr,
    /// Who is who.
    pub identity: Identity,
    /// Who acts.
    pub house: House,
    /// What was written.
    pub journal: Journal,
    /// The tails.
    pub tail: SharedTail,
    /// Where they are, if not in memory.
    pub redis: Option<Arc<RedisTail>>,
    /// The database.
    pub database: Database,
    /// What time it is.
    pub clock: SharedClock,
}

impl Edge {
    /// An edge that serves.
    pub fn new(parts: EdgeParts) -> SharedEdge {
        let server = &parts.settings.server;
        let origins = OriginRules { own: server.public_url.clone(), allowed: server.allowed_origins.clone() };
        Arc::new(Self {
            public_origin: server.public_origin(parts.listening_on),
            origins,
            identity: parts.identity,
            house: parts.house,
            journal: parts.journal,
            tail: parts.tail,
            redis: parts.redis,
            database: parts.database,
            metrics: Metrics::default(),
            clock: parts.clock,
            draining: watch::Sender::new(false),
            settings: parts.settings,
        })
    }

    /// What is measured, as text, with all parts as they are now.
    pub fn render_metrics(&self) -> String {
        let redis = self.redis.as_ref().map(|redis| redis.status());
        self.metrics.render(
            self.house.census(),
            self.journal.counters().get(),
            self.identity.token_queries(),
            redis,
        )
    }

    /// Whether the server is on its way out.
    pub fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// From now on nobody new is let in.
    pub fn start_draining(&self) {
        self.draining.send_replace(true);
    }

    /// Resolves when the server is on its way out.
    pub async fn draining(&self) {
        // It cannot fail: the sender is in here.
        let _ = self.draining.subscribe().wait_for(|draining| *draining).await;
    }
}
