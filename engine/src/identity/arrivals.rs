//! How many may come in by themselves: accounts and guests cost room for ever, and nobody has to prove anything for one.

use std::net::IpAddr;

use parking_lot::Mutex;

use super::sign_in::{REMEMBERED, WINDOW_MS};
use super::{Identity, IdentityError};
use crate::limits::{Attempts, limited_address};

/// Counts arrivals by address.
#[derive(Debug)]
pub(super) struct Arrivals {
    guests: Mutex<Attempts<IpAddr>>,
    registrations: Mutex<Attempts<IpAddr>>,
}

impl Arrivals {
    pub fn new(guests: u32, registrations: u32) -> Self {
        let limit = |allowed| Mutex::new(Attempts::new(allowed, WINDOW_MS, REMEMBERED));
        Self { guests: limit(guests), registrations: limit(registrations) }
    }
}

impl Identity {
    /// Counts a guest who is about to be made. To be asked before [`Identity::guest`] for whoever comes from outside.
    ///
    /// # Errors
    /// [`IdentityError::Throttled`] when there were too many from this address within a minute.
    pub fn count_guest(&self, from: IpAddr) -> Result<(), IdentityError> {
        self.count(&self.0.arrivals.guests, from)
    }

    /// Counts a registration that is about to be tried. To be asked before [`Identity::register`] for whoever comes from
    /// outside. One that fails counts as well: its answer tells which emails have an account.
    ///
    /// # Errors
    /// [`IdentityError::Throttled`] when there were too many from this address within a minute.
    pub fn count_registration(&self, from: IpAddr) -> Result<(), IdentityError> {
        self.count(&self.0.arrivals.registrations, from)
    }

    fn count(&self, arrivals: &Mutex<Attempts<IpAddr>>, from: IpAddr) -> Result<(), IdentityError> {
        let counted = arrivals.lock().begin(&limited_address(from), self.0.clock.now());
        counted.map_err(|retry_after_s| IdentityError::Throttled { retry_after_s })
    }
}
