//! What a run is asked to do.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use otvet_engine::protocol::Format;
use rand::RngExt;

/// Ports of one source address at most: a little under the kernel's range of ephemeral ports.
const PER_SOURCE: usize = 20_000;

/// One run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where the server listens.
    pub place: SocketAddr,
    /// What to put into `Host`.
    pub host: String,
    /// Visitors: guests, each with one connection.
    pub visitors: usize,
    /// Tokens of managers, each with one connection. The visitors' conversations are shared out among them.
    pub manager_tokens: Vec<String>,
    /// When commands are given.
    pub pace: Pace,
    /// How long is measured.
    pub duration: Duration,
    /// How long the same load runs before that, unmeasured.
    pub warm_up: Duration,
    /// Which commands.
    pub mix: Mix,
    /// Characters of a message.
    pub body_chars: usize,
    /// How frames are encoded.
    pub format: Format,
    /// Loopback addresses to come from, 127.0.0.1 and on; ignored when the server is not on a loopback address.
    pub sources: usize,
    /// Connections being opened at a time.
    pub opening: usize,
    /// What takes longer, from the moment at which it was meant to be sent, is late.
    pub late_after: Duration,
    /// How long answers and deliveries are waited for at the end; what has not come by then is lost.
    pub patience: Duration,
    /// At the end every connection is cut at once, and comes back with its positions.
    pub cut: bool,
    /// The seed of all choices.
    pub seed: u64,
}

/// When commands are given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Each connection gives the next command when one of its `in_flight` is answered. Says what a server can carry; its
    /// latencies are those of a client that waits.
    Closed {
        /// Unanswered commands of one connection.
        in_flight: usize,
    },
    /// So many commands a second over all connections, on a fixed schedule that no slow answer holds up.
    Open {
        /// Commands a second.
        per_second: f64,
    },
    /// Connections only.
    Idle,
}

/// Why a plan cannot be carried out: one line with the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PlanError(pub String);

impl Plan {
    /// All connections.
    pub fn connections(&self) -> usize {
        self.visitors + self.manager_tokens.len()
    }

    /// The source addresses that so many connections take. One that was cut keeps its port for a minute.
    pub fn sources_needed(&self) -> usize {
        let ports = if self.cut { 2 * self.connections() } else { self.connections() };
        ports.div_ceil(PER_SOURCE).max(1)
    }

    /// Looks whether it can be carried out.
    ///
    /// # Errors
    /// What stands against it.
    pub fn validate(&self) -> Result<(), PlanError> {
        let wrong = |text: &str| Err(PlanError(text.to_owned()));
        match self.pace {
            Pace::Open { per_second } if !(per_second.is_finite() && per_second > 0.0) => {
                return wrong("--rate must be more than 0; leave it out for a closed loop, or say --idle");
            }
            Pace::Closed { in_flight: 0 } => return wrong("--in-flight must be at least 1"),
            _ => {}
        }
        if self.visitors == 0 && self.pace != Pace::Idle {
            return wrong("--visitors must be at least 1: managers answer what visitors asked");
        }
        if self.connections() == 0 {
            return wrong("there is nobody to connect; raise --visitors");
        }
        if self.body_chars == 0 || self.body_chars > 4000 {
            return wrong("--body-chars must be 1 to 4000");
        }
        if self.duration.is_zero() {
            return wrong("--duration must be more than 0");
        }
        if self.place.ip().is_loopback() && self.sources < self.sources_needed() {
            let needed = self.sources_needed();
            return Err(PlanError(format!("so many connections need --sources {needed} or more")));
        }
        Ok(())
    }
}

/// What a connection may do, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Writes a message.
    Send,
    /// Marks everything that it has as read.
    Read,
    /// Says that it is writing. Has no answer.
    Typing,
    /// Reads the newest 50 events.
    History,
    /// Asks for a sign of life.
    Ping,
    /// Writes a note; a visitor, who may not, sends instead.
    Note,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Send, Self::Read, Self::Typing, Self::History, Self::Ping, Self::Note];

    /// Its command's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Read => "read",
            Self::Typing => "typing",
            Self::History => "history",
            Self::Ping => "ping",
            Self::Note => "note",
        }
    }

    /// Its place in [`Action::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// Shares of actions, such as `send=80,read=15,typing=5`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mix([u32; Action::ALL.len()]);

impl Mix {
    /// One action by chance. `answered`: only one that has an answer, if the mix has such.
    pub fn draw(&self, chance: &mut impl rand::Rng, answered: bool) -> Action {
        let weight = |action: Action| {
            let silent = answered && action == Action::Typing;
            if silent { 0 } else { u64::from(self.0[action.index()]) }
        };
        let total: u64 = Action::ALL.into_iter().map(weight).sum();
        if total == 0 {
            return Action::Ping;
        }
        let mut left = chance.random_range(0..total);
        for action in Action::ALL {
            match left.checked_sub(weight(action)) {
                Some(rest) => left = rest,
                None => return action,
            }
        }
        Action::Ping
    }
}

impl FromStr for Mix {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        let names = || Action::ALL.map(Action::name).join(", ");
        let mut shares = [0; Action::ALL.len()];
        for part in text.split(',') {
            let (name, share) = part.split_once('=').unwrap_or((part, "1"));
            let action = Action::ALL.into_iter().find(|action| action.name() == name.trim());
            let action = action.ok_or_else(|| PlanError(format!("`{name}` is none of {}", names())))?;
            shares[action.index()] = share
                .trim()
                .parse()
                .map_err(|_| PlanError(format!("the share of `{name}` must be a whole number")))?;
        }
        if shares.iter().all(|share| *share == 0) {
            return Err(PlanError("the mix has no command".to_owned()));
        }
        Ok(Self(shares))
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shares = Action::ALL.into_iter().zip(self.0).filter(|(_, share)| *share > 0);
        let text: Vec<String> = shares.map(|(action, share)| format!("{}={share}", action.name())).collect();
        f.write_str(&text.join(","))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn a_mix_is_read_written_and_drawn_in_its_shares() {
        let mix: Mix = "send=3,typing=1".parse().unwrap();
        assert_eq!(mix.to_string(), "send=3,typing=1");
        assert_eq!("ping".parse::<Mix>().unwrap().to_string(), "ping=1");
        let mut chance = StdRng::seed_from_u64(1);
        let drawn: Vec<Action> = (0..4000).map(|_| mix.draw(&mut chance, false)).collect();
        let sends = drawn.iter().filter(|action| **action == Action::Send).count();
        assert!((2850..3150).contains(&sends), "{sends}");
        assert!(drawn.iter().all(|action| matches!(action, Action::Send | Action::Typing)));
        assert!((0..100).all(|_| mix.draw(&mut chance, true) == Action::Send));
        let silent: Mix = "typing".parse().unwrap();
        assert_eq!(silent.draw(&mut chance, true), Action::Ping, "a closed loop needs answers");
        for bad in ["dance=1", "send=x", "send=0", ""] {
            assert!(bad.parse::<Mix>().is_err(), "{bad}");
        }
    }
}
