//! Passwords as Laravel stores them: bcrypt, read in any of its common prefixes, written as `$2y$`.
//!
//! One hash takes a core for some tenths of a second, so the work is done off the async threads, a few at a time, with a
//! bounded queue before it.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many bytes of a password bcrypt reads.
pub const MAX_BYTES: usize = 72;

/// How many characters a new password must have.
pub const MIN_CHARS: usize = 8;

/// A password in plain text. Its text is in no log: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl<S: Into<String>> From<S> for Password {
    fn from(text: S) -> Self {
        Self(text.into())
    }
}

/// Why a password was neither checked nor hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many others wait already.
    #[error("too many sign-ins at once")]
    Busy,
    /// bcrypt refused, or its thread died.
    #[error("the password could not be hashed")]
    Failed,
}

/// Checks and hashes passwords, a few at a time. Clones share the queue.
#[derive(Debug, Clone)]
pub struct Passwords {
    cost: u32,
    /// A hash that no password has, of the configured cost: checked for people who do not exist.
    dummy: Arc<str>,
    places: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Passwords {
    /// How many may wait while `concurrency` others are being worked on.
    pub const MAX_WAITING: usize = 64;

    /// `cost` is the base-2 logarithm of the rounds for new hashes (4 to 31; Laravel's default is 12).
    pub fn new(cost: u32, concurrency: usize) -> Self {
        let cost = cost.clamp(4, 31);
        let concurrency = concurrency.max(1);
        Self {
            cost,
            dummy: format!("$2y${cost:02}${}", ".".repeat(53)).into(),
            places: Arc::new(Semaphore::new(concurrency + Self::MAX_WAITING)),
            running: Arc::new(Semaphore::new(concurrency)),
        }
    }

    /// Whether the password has this hash. Without a hash, or with one that is not bcrypt's, the answer is no after the
    /// same work, so that time does not tell who has an account.
    ///
    /// bcrypt reads 72 bytes: what is longer is cut there, even inside a character, as PHP does.
    pub async fn verify(&self, password: &Password, hash: Option<&str>) -> Result<bool, PasswordError> {
        if password.0.contains('\0') {
            return Ok(false);
        }
        let real = hash.filter(|h| is_readable(h));
        let known = real.is_some();
        let hash: Arc<str> = real.map_or_else(|| Arc::clone(&self.dummy), Arc::from);
        let password = password.0.clone();
        let matches = self.work(move || bcrypt::verify(password, &hash)).await?;
        Ok(known && matches)
    }

    /// Hashes a new password with 16 random bytes. It must have passed [`problem`].
    pub async fn hash(&self, password: &Password, salt: [u8; 16]) -> Result<String, PasswordError> {
        let (password, cost) = (password.0.clone(), self.cost);
        let parts = self.work(move || bcrypt::hash_with_salt(password, cost, salt)).await?;
        Ok(parts.format_for_version(bcrypt::Version::TwoY))
    }

    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, bcrypt::BcryptError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        let slot = Arc::clone(&self.running).acquire_owned().await.map_err(|_| PasswordError::Failed)?;
        let permits: (OwnedSemaphorePermit, OwnedSemaphorePermit) = (place, slot);
        // The permits go along: whoever asked may be gone before the thread is done.
        tokio::task::spawn_blocking(move || {
            let result = job();
            drop(permits);
            result
        })
        .await
        .map_err(|_| PasswordError::Failed)?
        .map_err(|_| PasswordError::Failed)
    }
}

/// What is wrong with a new password, as one sentence in Laravel's words; `None` when nothing is.
pub fn problem(password: &Password) -> Option<&'static str> {
    let text = &password.0;
    if text.is_empty() {
        Some("The password field is required.")
    } else if text.chars().nth(MIN_CHARS - 1).is_none() {
        Some("The password field must be at least 8 characters.")
    } else if text.len() > MAX_BYTES {
        // Laravel would take it and ignore the rest, so that two different passwords open one account.
        Some("The password field must not be greater than 72 bytes.")
    } else if text.contains('\0') {
        Some("The password field must not contain a NUL character.")
    } else {
        None
    }
}

fn is_readable(hash: &str) -> bool {
    ["$2y$", "$2b$", "$2a$"].iter().any(|prefix| hash.starts_with(prefix))
        && hash.parse::<bcrypt::HashParts>().is_ok_and(|parts| (4..=31).contains(&parts.get_cost()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::task::JoinSet;

    #[derive(Deserialize)]
    struct Vector {
        email: String,
        password: Password,
        bytes: usize,
        hash: String,
        check: bool,
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str(include_str!("../../testdata/laravel/passwords.json")).unwrap()
    }

    #[tokio::test]
    async fn laravels_hashes_are_read() {
        let passwords = Passwords::new(4, 2);
        for vector in vectors() {
            assert_eq!(vector.password.0.len(), vector.bytes, "{}", vector.email);
            let answer = passwords.verify(&vector.password, Some(&vector.hash)).await.unwrap();
            assert_eq!(answer, vector.check, "{}", vector.email);
        }
    }

    #[tokio::test]
    async fn every_common_prefix_is_read_and_no_other() {
        let passwords = Passwords::new(4, 2);
        let secret = Password::from("correct horse");
        let hash = passwords.hash(&secret, [7; 16]).await.unwrap();
        assert!(hash.starts_with("$2y$04$") && hash.len() == 60, "{hash}");
        for (prefix, expected) in
            [("$2y$", true), ("$2b$", true), ("$2a$", true), ("$2x$", false), ("$1$", false)]
        {
            let other = format!("{prefix}{}", &hash[4..]);
            assert_eq!(passwords.verify(&secret, Some(&other)).await, Ok(expected), "{prefix}");
        }
        for broken in ["", "$2y$", "plain", &hash[..59], "$2y$99$", &hash.replace("$04$", "$99$")] {
            assert_eq!(passwords.verify(&secret, Some(broken)).await, Ok(false), "{broken}");
        }
        assert_eq!(passwords.verify(&"correct horsE".into(), Some(&hash)).await, Ok(false));
        assert_eq!(passwords.verify(&"correct horse ".into(), Some(&hash)).await, Ok(false), "no trimming");
        assert_eq!(passwords.verify(&"correct horse\0".into(), Some(&hash)).await, Ok(false));
    }

    #[tokio::test]
    async fn the_cut_is_at_72_bytes_even_inside_a_character() {
        let passwords = Passwords::new(4, 2);
        let stem = "a".repeat(71);
        let hash = passwords.hash(&format!("{stem}é").into(), [8; 16]).await.unwrap();
        // é and è differ in their second byte only, which is the 73rd.
        assert_eq!(passwords.verify(&format!("{stem}è").into(), Some(&hash)).await, Ok(true));
        assert_eq!(passwords.verify(&format!("{stem}z").into(), Some(&hash)).await, Ok(false));
        assert_eq!(passwords.verify(&stem.as_str().into(), Some(&hash)).await, Ok(false));
    }

    #[test]
    fn new_passwords_have_bounds() {
        for (text, good) in [
            ("", false),
            ("1234567", false),
            ("12345678", true),
            ("пароль12", true),
            (" 234567 ", true),
            ("1234567\0", false),
        ] {
            assert_eq!(problem(&text.into()).is_none(), good, "{text:?}");
        }
        assert!(problem(&"x".repeat(72).into()).is_none());
        assert!(problem(&"x".repeat(73).into()).is_some_and(|p| p.contains("72 bytes")));
        assert!(problem(&"é".repeat(37).into()).is_some(), "bytes, not characters");
    }

    #[tokio::test]
    async fn the_dummy_hash_costs_what_a_real_one_costs_and_matches_nothing() {
        let passwords = Passwords::new(5, 2);
        assert!(is_readable(&passwords.dummy));
        assert_eq!(passwords.dummy.parse::<bcrypt::HashParts>().unwrap().get_cost(), 5);
        assert_eq!(passwords.verify(&"whatever".into(), None).await, Ok(false));
    }

    #[tokio::test]
    async fn the_queue_is_bounded_and_recovers() {
        let passwords = Passwords::new(4, 1);
        let held = Arc::clone(&passwords.running).acquire_owned().await.unwrap();
        let mut tries = JoinSet::new();
        for _ in 0..100 {
            let passwords = passwords.clone();
            tries.spawn(async move { passwords.verify(&"whatever".into(), None).await });
        }
        let mut answers = Vec::new();
        while answers.len() < 100 - 1 - Passwords::MAX_WAITING {
            answers.push(tries.join_next().await.unwrap().unwrap());
        }
        assert!(answers.iter().all(|a| *a == Err(PasswordError::Busy)), "those over the bound do not wait");
        drop(held);
        let rest = tries.join_all().await;
        assert!(rest.iter().all(|a| *a == Ok(false)), "those within it are served");
        assert_eq!(passwords.places.available_permits(), 1 + Passwords::MAX_WAITING);
    }
}
