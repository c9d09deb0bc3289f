//! `otvet serve`

use anyhow::Context;
use otvet_config::Settings;
use otvet_engine::identity::Password;
use otvet_engine::store::StoreError;

use super::{CliError, say};
use crate::server::{Environment, Server, StartError};
use crate::{logging, shutdown};

const ADMIN_EMAIL: &str = "OTVET_ADMIN_EMAIL";
const ADMIN_PASSWORD: &str = "OTVET_ADMIN_PASSWORD";

/// Runs until SIGTERM or SIGINT.
pub async fn run(settings: Settings) -> Result<(), CliError> {
    logging::start(&settings.log);
    let given = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let admin = (given(ADMIN_EMAIL), given(ADMIN_PASSWORD).map(Password::from));
    let server = Server::start(settings, Environment::system(admin)).await.map_err(|error| match error {
        StartError::Timezone(_) | StartError::Redis(_) | StartError::Store(StoreError::Url(_)) => {
            CliError::Usage(error.to_string())
        }
        other => CliError::Failed(other.into()),
    })?;

    let origin = &server.edge.public_origin;
    tracing::info!(
        listen = %server.addr,
        metrics = %server.metrics_addr,
        origin = origin.as_str(),
        "otvet {} serves",
        env!("CARGO_PKG_VERSION")
    );
    say(&format!("Visitors  {origin}/\nPanel     {origin}/admin\nAPI       {origin}/docs"))?;
    if let Some(admin) = &server.first_admin {
        let password = match &admin.generated_password {
            Some(password) => format!("password {} (shown this once)", password.0),
            None => "with the password that was given".to_owned(),
        };
        say(&format!("First administrator: {}, {password}", admin.email))?;
    }

    let signal = shutdown::requested().await.context("listening for signals")?;
    tracing::info!(signal, "draining");
    if server.stop().await {
        tracing::info!("ended in order");
        Ok(())
    } else {
        Err(CliError::Failed(anyhow::anyhow!(
            "some connections did not end in time and were cut off; what was acknowledged is stored"
        )))
    }
}
