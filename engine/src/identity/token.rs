//! Bearer tokens as Laravel Sanctum 4 makes and reads them: `{id}|{prefix}{40 alphanumerics}{CRC-32 of the 40}`, of
//! which the table holds the SHA-256 of everything after the first bar.

use rand::CryptoRng;
use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::protocol::BearerToken;

/// The random part's length, in characters: 238 bits.
const ENTROPY_CHARS: usize = 40;

/// Reads an `Authorization` header as Laravel does: after the last `Bearer ` in any case, up to the first comma,
/// untrimmed. `None` when there is none, or when it is not UTF-8 (no token that Sanctum made is not ASCII).
pub fn bearer(header: &[u8]) -> Option<BearerToken> {
    const SCHEME: &[u8] = b"bearer ";
    let start = header.windows(SCHEME.len()).rposition(|w| w.eq_ignore_ascii_case(SCHEME))? + SCHEME.len();
    let rest = &header[start..];
    let end = rest.iter().position(|b| *b == b',').unwrap_or(rest.len());
    std::str::from_utf8(&rest[..end]).ok().map(|token| BearerToken(token.to_owned()))
}

/// What a presented token says: which row to look for, and the hash that the row must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Presented {
    /// The row's number; `None` means: find the row by its hash.
    pub row: Option<i64>,
    /// What the row must hold.
    pub hash: TokenHash,
}

impl Presented {
    /// Takes a token apart; `None` when Sanctum would not even look for it.
    pub fn parse(token: &BearerToken) -> Option<Self> {
        let (row, secret) = match token.0.split_once('|') {
            None => (None, token.0.as_str()),
            Some((id, secret)) => {
                // `i64::from_str` would take a sign.
                if id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                (Some(id.parse().ok()?), secret)
            }
        };
        // PHP's `empty()`: a secret of one zero counts as none.
        if matches!(secret, "" | "0") {
            return None;
        }
        Some(Self { row, hash: TokenHash::of(secret) })
    }
}

/// The SHA-256 of a secret in lower-case hex, as the column `token` holds it. Not for the log.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TokenHash(String);

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

impl TokenHash {
    /// The hash of everything after the first bar.
    pub fn of(secret: &str) -> Self {
        use std::fmt::Write as _;
        let mut hex = String::with_capacity(64);
        for byte in Sha256::digest(secret.as_bytes()) {
            write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
        }
        Self(hex)
    }

    /// The hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the column holds exactly this, in constant time.
    pub fn is(&self, stored: &str) -> bool {
        self.0.as_bytes().ct_eq(stored.as_bytes()).into()
    }
}

/// A new secret: what follows the bar, shown once and never stored.
pub(crate) struct Secret(String);

impl Secret {
    /// Draws a secret.
    pub fn generate(prefix: &str, rng: &mut impl CryptoRng) -> Self {
        let entropy = Alphanumeric.sample_string(rng, ENTROPY_CHARS);
        let checksum = crc32fast::hash(entropy.as_bytes());
        Self(format!("{prefix}{entropy}{checksum:08x}"))
    }

    /// What to store.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }

    /// The token to hand out, once its row has a number.
    pub fn into_token(self, row: i64) -> BearerToken {
        BearerToken(format!("{row}|{}", self.0))
    }
}

/// What a token may be used for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Abilities(Vec<String>);

impl Abilities {
    /// Grants everything.
    pub const ALL: &'static str = "*";
    /// Grants the use of the chat.
    pub const CHAT: &'static str = "chat";
    /// Grants managing people and settings, to an admin.
    pub const ADMIN: &'static str = "admin";

    /// The column as Laravel reads it: a JSON array, or an object whose values are meant (PHP knows no difference).
    /// Whatever is not a text grants nothing; neither does a column without any.
    pub fn parse(column: Option<&str>) -> Self {
        let texts = |values: Vec<serde_json::Value>| {
            let text = |value| if let serde_json::Value::String(text) = value { Some(text) } else { None };
            values.into_iter().filter_map(text).collect()
        };
        Self(match column.and_then(|json| serde_json::from_str(json).ok()) {
            Some(serde_json::Value::Array(values)) => texts(values),
            Some(serde_json::Value::Object(map)) => texts(map.into_iter().map(|(_, value)| value).collect()),
            _ => Vec::new(),
        })
    }

    /// The column as Laravel writes it.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.0).expect("texts are always JSON")
    }

    /// Whether this ability is granted, by its exact name or by `*`. There are no other patterns.
    pub fn allow(&self, ability: &str) -> bool {
        self.0.iter().any(|granted| granted == Self::ALL || granted == ability)
    }

    /// The names.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Everything, as `createToken` grants when nothing is said.
    pub fn all() -> Self {
        Self(vec![Self::ALL.to_owned()])
    }
}

impl<S: Into<String>> FromIterator<S> for Abilities {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    fn header(text: &str) -> Option<String> {
        bearer(text.as_bytes()).map(|t| t.0)
    }

    #[test]
    fn headers_are_read_as_laravel_reads_them() {
        for (text, token) in [
            ("Bearer 1|abc", Some("1|abc")),
            ("bEaReR 1|abc", Some("1|abc")),
            ("Basic xyz, Bearer 1|abc", Some("1|abc")),
            ("Bearer Bearer 1|abc", Some("1|abc")),
            ("Bearer 1|abc,2|def", Some("1|abc")),
            ("Bearer 1|abc ", Some("1|abc ")),
            ("Bearer  1|abc", Some(" 1|abc")),
            ("Bearer ", Some("")),
            ("Bearer", None),
            ("1|abc", None),
            ("", None),
        ] {
            assert_eq!(header(text).as_deref(), token, "{text}");
        }
        assert_eq!(bearer(b"Bearer 1|\xff"), None);
    }

    #[test]
    fn tokens_are_taken_apart_as_sanctum_does() {
        let row = |text: &str| Presented::parse(&BearerToken(text.into())).map(|p| p.row);
        for (text, expected) in [
            ("7|abc", Some(Some(7))),
            ("0007|abc", Some(Some(7))),
            ("9223372036854775807|abc", Some(Some(i64::MAX))),
            ("9223372036854775808|abc", None),
            ("+7|abc", None),
            ("-7|abc", None),
            (" 7|abc", None),
            ("٧|abc", None),
            ("|abc", None),
            ("7|", None),
            ("7|0", None),
            ("7|00", Some(Some(7))),
            ("abc", Some(None)),
            ("", None),
            ("0", None),
        ] {
            assert_eq!(row(text), expected, "{text}");
        }
        let with_bar = Presented::parse(&BearerToken("7|a|b".into())).unwrap();
        assert_eq!(with_bar.hash, TokenHash::of("a|b"));
    }

    #[test]
    fn abilities_are_exact() {
        let can = |json: &str, ability: &str| Abilities::parse(Some(json)).allow(ability);
        assert!(can(r#"["*"]"#, "chat"));
        assert!(can(r#"["chat"]"#, "chat"));
        assert!(!can(r#"["Chat"]"#, "chat"));
        assert!(!can(r#"["chat:*"]"#, "chat:read"));
        assert!(!can("[]", "chat"));
        assert!(!can("[true]", "chat"));
        assert!(!can("\"*\"", "chat"));
        assert!(!can("", "chat"));
        assert!(can(r#"{"0":"chat:read","x":"chat:write"}"#, "chat:write"));
        assert!(!Abilities::parse(None).allow("chat"));
        assert_eq!(Abilities::all().to_json(), r#"["*"]"#);
    }

    #[test]
    fn a_token_never_shows_in_debug_output() {
        let presented = Presented::parse(&BearerToken("7|secret".into())).unwrap();
        assert!(!format!("{presented:?}").contains(presented.hash.as_str()));
    }

    proptest! {
        #[test]
        fn new_tokens_have_sanctums_form(seed: u64, row in 1i64.., prefix in "[a-z_]{0,8}") {
            let secret = Secret::generate(&prefix, &mut StdRng::seed_from_u64(seed));
            let hash = secret.hash();
            let token = secret.into_token(row);
            let (id, rest) = token.0.split_once('|').unwrap();
            prop_assert_eq!(id, row.to_string());
            let body = rest.strip_prefix(prefix.as_str()).unwrap();
            prop_assert_eq!(body.len(), 48);
            let (entropy, checksum) = body.split_at(40);
            prop_assert!(entropy.bytes().all(|b| b.is_ascii_alphanumeric()));
            prop_assert_eq!(checksum, format!("{:08x}", crc32fast::hash(entropy.as_bytes())));
            let presented = Presented::parse(&token).unwrap();
            prop_assert_eq!(presented.row, Some(row));
            prop_assert!(presented.hash.is(hash.as_str()));
            prop_assert!(!presented.hash.is(&hash.as_str().to_uppercase()) || !hash.as_str().contains(|c: char| c.is_ascii_lowercase()));
        }

        #[test]
        fn nothing_presented_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text: String) {
            let _ = bearer(&bytes);
            let _ = Presented::parse(&BearerToken(text.clone()));
            let _ = Abilities::parse(Some(&text));
        }
    }
}
