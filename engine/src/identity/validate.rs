//! The rules for what people type about themselves, with Laravel's sentences.

use super::error::{FieldErrors, IdentityError};
use super::password::{self, Password};

/// Names and emails: the columns' width in characters.
const MAX_CHARS: usize = 255;

/// What somebody enters to get an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Shown to others.
    pub name: String,
    /// Signs in with it.
    pub email: String,
    /// At least 8 characters and at most 72 bytes.
    pub password: Password,
}

impl NewAccount {
    /// The account with name and email in their stored form (trimmed; the email in lower case), or what is wrong with it.
    pub(crate) fn checked(self) -> Result<Self, IdentityError> {
        let (name, email) = (self.name.trim().to_owned(), stored_email(&self.email));
        let mut errors = FieldErrors::default();
        if let Some(sentence) = name_problem(&name) {
            errors.add("name", sentence);
        }
        if let Some(sentence) = email_problem(&email) {
            errors.add("email", sentence);
        }
        if let Some(sentence) = password::problem(&self.password) {
            errors.add("password", sentence);
        }
        errors.into_result()?;
        Ok(Self { name, email, password: self.password })
    }
}

/// An email in the form in which we store it. Laravel trims all input but passwords.
pub(crate) fn stored_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Whether a stored email is the one that was typed, in whatever case. MySQL's collations find é for e, too: that is
/// somebody else's.
pub(crate) fn is_same_email(stored: &str, typed: &str) -> bool {
    stored_email(stored) == stored_email(typed)
}

/// What is wrong with a (trimmed) name.
pub(crate) fn name_problem(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("The name field is required.")
    } else if name.chars().nth(MAX_CHARS).is_some() {
        Some("The name field must not be greater than 255 characters.")
    } else if name.chars().any(char::is_control) {
        Some("The name field must not contain control characters.")
    } else {
        None
    }
}

/// What is wrong with a (trimmed) email. Only a mail server knows whether it exists; this finds slips.
pub(crate) fn email_problem(email: &str) -> Option<&'static str> {
    if email.is_empty() {
        Some("The email field is required.")
    } else if email.chars().nth(MAX_CHARS).is_some() {
        Some("The email field must not be greater than 255 characters.")
    } else if !is_plausible(email) {
        Some("The email field must be a valid email address.")
    } else {
        None
    }
}

fn is_plausible(email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else { return false };
    let dotted = |part: &str| !part.is_empty() && part.split('.').all(|label| !label.is_empty());
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "@\"(),:;<>[\\]".contains(c);
    local.len() <= 64
        && dotted(local)
        && dotted(domain)
        && !email.replacen('@', "", 1).contains(forbidden)
        && domain.split('.').all(|label| {
            let edges = label.starts_with('-') || label.ends_with('-');
            label.len() <= 63 && !edges && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_in_emails_are_found() {
        for good in ["a@b", "admin@localhost", "a.b+c@example.com", "иван@пример.рф", "o'neil@x-y.org"]
        {
            assert_eq!(email_problem(good), None, "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for bad in [
            "", "a", "@b", "a@", "a@@b", "a b@c", "a@b..c", ".a@b", "a.@b", "a@-b.c", "a@b_c", "a@b\0",
            "a,b@c", "a@b@c", "<a@b>", &long,
        ] {
            assert!(email_problem(bad).is_some(), "{bad}");
        }
        assert!(email_problem(&format!("a@{}", "b.".repeat(200) + "c")).is_some_and(|p| p.contains("255")));
    }

    #[test]
    fn every_field_is_reported_at_once() {
        let account = NewAccount { name: "  ".into(), email: "x".into(), password: "short".into() };
        let Err(IdentityError::Invalid(errors)) = account.checked() else { panic!("accepted") };
        assert_eq!(errors.0.keys().copied().collect::<Vec<_>>(), ["email", "name", "password"]);
    }

    #[test]
    fn name_and_email_are_trimmed_and_the_password_is_not() {
        let account = NewAccount {
            name: " Анна ".into(),
            email: " Anna@Example.COM ".into(),
            password: " 8 chars ".into(),
        };
        let account = account.checked().unwrap();
        assert_eq!((account.name.as_str(), account.email.as_str()), ("Анна", "anna@example.com"));
        assert_eq!(account.password, Password::from(" 8 chars "));
    }

    #[test]
    fn names_have_bounds() {
        assert_eq!(name_problem(&"ж".repeat(255)), None);
        for bad in ["", "a\nb", "a\0", &"ж".repeat(256)] {
            assert!(name_problem(bad).is_some(), "{bad:?}");
        }
    }
}
