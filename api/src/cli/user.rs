//! `otvet user …`

use std::io::{BufRead, IsTerminal};

use clap::{Subcommand, ValueEnum};
use otvet_config::Settings;
use otvet_engine::identity::{Identity, NewAccount, Password};
use otvet_engine::protocol;

use super::{CliError, account, open, say};

/// What to do with accounts.
#[derive(Subcommand)]
pub enum User {
    /// Make an account. The password is read from standard input.
    #[command(after_help = "Example: otvet user add --name 'Olga' --role manager olga@example.com")]
    Add {
        /// Signs in with it.
        email: String,
        /// Shown to others; the part before the @ when not said.
        #[arg(long)]
        name: Option<String>,
        /// What the person may do.
        #[arg(long, value_enum, default_value = "visitor")]
        role: Role,
    },
    /// Give an account another role. Open connections end, and come back with it.
    #[command(after_help = "Example: otvet user role olga@example.com admin")]
    Role {
        /// An email or an id such as u7.
        who: String,
        /// What the person may do from now on.
        #[arg(value_enum)]
        role: Role,
    },
    /// Keep a person out; --undo lets them in again.
    #[command(after_help = "Example: otvet user disable olga@example.com")]
    Disable {
        /// An email or an id such as u7.
        who: String,
        /// Let them in again.
        #[arg(long)]
        undo: bool,
    },
    /// Give an account another password, read from standard input. All its tokens end.
    #[command(after_help = "Example: otvet user password olga@example.com < password.txt")]
    Password {
        /// An email or an id such as u7.
        who: String,
    },
}

/// The roles that can be given.
#[derive(Clone, Copy, ValueEnum)]
pub enum Role {
    /// Asks.
    Visitor,
    /// Answers.
    Manager,
    /// Answers and administrates.
    Admin,
}

impl From<Role> for protocol::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Visitor => Self::Visitor,
            Role::Manager => Self::Manager,
            Role::Admin => Self::Admin,
        }
    }
}

/// Carries it out. Servers notice within seconds: they look at the database.
pub async fn run(settings: &Settings, command: User) -> Result<(), CliError> {
    let (database, identity) = open(settings).await?;
    let done = carry_out(&identity, command).await;
    database.close().await;
    done
}

async fn carry_out(identity: &Identity, command: User) -> Result<(), CliError> {
    match command {
        User::Add { email, name, role } => {
            let password = read_password()?;
            let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
            let new = NewAccount { name, email, password };
            let person = identity.create_user(None, new).await.map_err(said)?;
            if !matches!(role, Role::Visitor) {
                identity.set_role(None, person.id, role.into()).await.map_err(said)?;
            }
            say(&format!("{} is {}, {}", person.id, person.name, protocol::Role::from(role).as_str()))
        }
        User::Role { who, role } => {
            let person = account(identity, &who).await?.person;
            identity.set_role(None, person.id, role.into()).await.map_err(said)?;
            say(&format!("{} is now {}", person.id, protocol::Role::from(role).as_str()))
        }
        User::Disable { who, undo } => {
            let person = account(identity, &who).await?.person;
            identity.set_disabled(None, person.id, !undo).await.map_err(said)?;
            say(&format!("{} is now {}", person.id, if undo { "enabled" } else { "disabled" }))
        }
        User::Password { who } => {
            let person = account(identity, &who).await?.person;
            let ended = identity.set_password(None, person.id, &read_password()?).await.map_err(said)?;
            say(&format!("{} has another password; {} token(s) ended", person.id, ended.len()))
        }
    }
}

/// What identity refused, with the sentences by field.
pub(super) fn said(error: otvet_engine::identity::IdentityError) -> CliError {
    use otvet_engine::identity::IdentityError;
    match error {
        IdentityError::Invalid(fields) => {
            let sentences: Vec<_> = fields.0.into_values().flatten().collect();
            CliError::Usage(sentences.join(" "))
        }
        other => CliError::Failed(other.into()),
    }
}

fn read_password() -> Result<Password, CliError> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        say("Password (it will be seen on the screen; better pipe it in):")?;
    }
    let mut line = String::new();
    stdin.lock().read_line(&mut line).map_err(|e| anyhow::Error::new(e).context("standard input"))?;
    let password = line.trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        return Err(CliError::Usage("no password on standard input; pipe it in, one line".to_owned()));
    }
    Ok(Password::from(password))
}
