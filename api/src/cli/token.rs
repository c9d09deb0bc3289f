//! `otvet token …`

use clap::{Subcommand, ValueEnum};
use otvet_config::Settings;
use otvet_engine::clock::Timestamp;
use otvet_engine::identity::{Abilities, Identity};

use super::user::said;
use super::{CliError, account, open, say};

/// What to do with tokens.
#[derive(Subcommand)]
pub enum Token {
    /// Make a token and print it, this once.
    #[command(after_help = "Example: otvet token issue --name ci olga@example.com")]
    Issue {
        /// An email or an id such as u7.
        who: String,
        /// What the person's list of devices calls it.
        #[arg(long, default_value = "cli")]
        name: String,
        /// What it may be used for.
        #[arg(long, value_enum, default_value = "all")]
        ability: Ability,
    },
    /// List a person's tokens.
    #[command(after_help = "Example: otvet token list olga@example.com")]
    List {
        /// An email or an id such as u7.
        who: String,
    },
    /// End a token; its connections close within seconds.
    #[command(after_help = "Example: otvet token revoke olga@example.com 12")]
    Revoke {
        /// An email or an id such as u7.
        who: String,
        /// The token's number, as listed.
        id: i64,
    },
}

/// What a token may be used for.
#[derive(Clone, Copy, ValueEnum)]
pub enum Ability {
    /// Everything that its owner may.
    All,
    /// Conversations, but no administration.
    Chat,
}

/// Carries it out.
pub async fn run(settings: &Settings, command: Token) -> Result<(), CliError> {
    let (database, identity) = open(settings).await?;
    let done = carry_out(&identity, command).await;
    database.close().await;
    done
}

async fn carry_out(identity: &Identity, command: Token) -> Result<(), CliError> {
    match command {
        Token::Issue { who, name, ability } => {
            let person = account(identity, &who).await?.person;
            let abilities = match ability {
                Ability::All => Abilities::all(),
                Ability::Chat => Abilities::parse(Some(r#"["chat"]"#)),
            };
            let issued = identity.issue_token(person.id, &name, &abilities, None).await.map_err(said)?;
            say(&issued.token.0)
        }
        Token::List { who } => {
            let person = account(identity, &who).await?.person;
            let time = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
            for token in identity.tokens(person.id, None).await.map_err(said)? {
                let (used, ends) = (time(token.last_used_at), time(token.expires_at));
                say(&format!("{}\t{}\tlast used {used}\tends {ends}", token.id, token.name))?;
            }
            Ok(())
        }
        Token::Revoke { who, id } => {
            let person = account(identity, &who).await?.person;
            identity.revoke(None, person.id, id).await.map_err(said)?;
            say(&format!("token {id} of {} has ended", person.id))
        }
    }
}
