//! `[android]`

use crate::error::InvalidSetting;
use crate::values::optional;
use serde::{Deserialize, Serialize};

/// Hex digits of a SHA-256.
const DIGITS: usize = 64;

/// The Android app: which one may open links to this site, and where people get it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AndroidSettings {
    /// The app's package name.
    pub package: String,
    /// SHA-256 of the certificates that the app may be signed with, in hex with or without colons. None: no app opens
    /// links to this site by itself.
    pub certificates: Vec<String>,
    /// The file that `/android` offers, read at the start. `None`: the one that was built in, if any.
    #[serde(with = "optional")]
    pub apk: Option<String>,
}

impl Default for AndroidSettings {
    fn default() -> Self {
        Self { package: "chat.otvet.android".to_owned(), certificates: Vec::new(), apk: None }
    }
}

impl AndroidSettings {
    /// The certificates as Android wants them: upper case, a colon after each byte.
    pub fn fingerprints(&self) -> Vec<String> {
        let written = |certificate: &String| {
            let digits: Vec<char> = digits(certificate).map(|digit| digit.to_ascii_uppercase()).collect();
            digits.chunks(2).map(|byte| byte.iter().collect::<String>()).collect::<Vec<_>>().join(":")
        };
        self.certificates.iter().map(written).collect()
    }

    /// Checks forms; whether the file can be read is seen at the start.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let part = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_alphabetic())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if !self.package.contains('.') || !self.package.split('.').all(part) {
            return Err(InvalidSetting::new(
                "android.package",
                "must be a package name such as chat.otvet.android",
            ));
        }
        let is_sha256 = |certificate: &String| {
            digits(certificate).count() == DIGITS
                && digits(certificate).all(|digit| digit.is_ascii_hexdigit())
        };
        if !self.certificates.iter().all(is_sha256) {
            let problem = "must be SHA-256 fingerprints: 64 hex digits each, with or without colons";
            return Err(InvalidSetting::new("android.certificates", problem));
        }
        Ok(())
    }
}

fn digits(certificate: &str) -> impl Iterator<Item = char> {
    certificate.chars().filter(|c| *c != ':')
}
