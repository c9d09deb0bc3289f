//! Web sessions and phones of the same people: the phones are the Android app's own connection, store and queue, driven by
//! `PhonePlan` in `clients/android/src/test`. The checker judges both together. Needs a JDK and Maven, and is run by
//! `make android` after the app was built.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use otvet_engine::ids::{ConversationId, Position, StreamName};
use otvet_engine::protocol::{Format, ServerFrame, decode, decode_any};
use otvet_tests::checker::log::{ClientLog, Entry, What};
use otvet_tests::checker::{check, story};
use otvet_tests::client::Identity;
use otvet_tests::plan::{Load, Shape, seed};
use otvet_tests::world::{World, run};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::process::{Child, Command};

/// Above what people do, so that the pace and not the limit decides.
const ROOMY: &[(&str, &str)] = &[("LIMITS__COMMANDS_PER_SECOND", "1000"), ("LIMITS__BURST", "1000")];
const SHAPE: Shape = Shape { visitors: 12, managers: 3 };
/// How long everybody is busy.
const BUSY: Duration = Duration::from_secs(60);
/// Maven and Robolectric take their time to start, more on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_wrong_between_pages_and_phones() {
    run(ROOMY, async |world| {
        let seed = seed();
        let mut load = Load::new(world, SHAPE, seed).await?;
        let mut phones = Phones::start(world, load.visitors(), seed)?;
        phones.wait_for("started").await?;
        let began = world.began.elapsed();
        load.run_while(async {
            // The load's length: a span of time is what is meant, nothing is waited for.
            tokio::time::sleep(BUSY).await;
            phones.say("rest")?;
            phones.wait_for("rested").await
        })
        .await?;
        for (id, owner) in phones.opened()? {
            load.knows(id, owner.person.id);
        }
        let mut run = load.quiesce().await?;
        phones.say("end")?;
        phones.wait_for("ended").await?;
        run.clients.extend(phones.logs(began)?);
        let report = check(&run);
        println!("{report}");
        ensure!(report.is_clean(), "{report}\n{}", story(&run, &report));
        ensure!(report.seen.acknowledged > 500, "hardly anything happened: {:?}", report.seen);
        Ok(())
    })
    .await;
}

/// The JVM with all phones, and the folder through which it is talked to.
struct Phones {
    people: Vec<Identity>,
    folder: tempfile::TempDir,
    jvm: Child,
}

/// A line of a phone's log.
#[derive(Deserialize)]
struct Line {
    at_ms: u64,
    what: String,
    value: Value,
}

impl Phones {
    fn start(world: &World, people: Vec<Identity>, seed: u64) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let plan = json!({
            "port": world.server.place().port(),
            "seed": seed >> 1,
            "people": people.iter().map(|p| json!({ "token": p.token, "person": p.person })).collect::<Vec<_>>(),
        });
        std::fs::write(folder.path().join("plan.json"), plan.to_string())?;
        let output = std::fs::File::create(folder.path().join("maven.log"))?;
        let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients/android");
        let jvm = Command::new("mvn")
            .args([
                "-B",
                "-o",
                "-q",
                "surefire:test",
                "-Dtest=PhonePlan",
                "-Dsurefire.failIfNoSpecifiedTests=true",
            ])
            .current_dir(app)
            .env("OTVET_PLAN", folder.path())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .context("starting Maven")?;
        Ok(Self { people, folder, jvm })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn say(&self, word: &str) -> Result<()> {
        Ok(std::fs::write(self.file(word), "")?)
    }

    async fn wait_for(&mut self, word: &str) -> Result<()> {
        let mut look = tokio::time::interval(Duration::from_millis(50));
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !self.file(word).exists() {
            let at = look.tick().await;
            if self.jvm.try_wait()?.is_some() || at > deadline {
                let output = std::fs::read_to_string(self.file("maven.log"))?;
                bail!("the phones never said `{word}`:\n{output}");
            }
        }
        Ok(())
    }

    /// The conversations that phones have opened so far.
    fn opened(&self) -> Result<Vec<(ConversationId, &Identity)>> {
        let mut opened = Vec::new();
        for (identity, lines) in self.lines()? {
            for line in lines.into_iter().filter(|line| line.what == "received" && line.value["type"] == "ok")
            {
                if let Some(id) = line.value["conversation"]["id"].as_str() {
                    opened.push((id.parse().context("a conversation's id")?, identity));
                }
            }
        }
        Ok(opened)
    }

    fn logs(&self, began: Duration) -> Result<Vec<ClientLog>> {
        let mut logs = Vec::new();
        for (identity, lines) in self.lines()? {
            let person = identity.person.clone();
            let name = format!("{} ({}), app", person.name, person.id);
            let entries = lines.into_iter().map(|line| line.entry(began)).collect::<Result<_>>()?;
            logs.push(ClientLog { name, person, entries });
        }
        Ok(logs)
    }

    fn lines(&self) -> Result<Vec<(&Identity, Vec<Line>)>> {
        let read = |(n, identity)| {
            let text = std::fs::read_to_string(self.file(&format!("phone-{n}.log")))?;
            let lines = text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect::<Result<_>>()?;
            Ok((identity, lines))
        };
        self.people.iter().enumerate().map(read).collect()
    }
}

impl Line {
    fn entry(self, began: Duration) -> Result<Entry> {
        let bytes = self.value.to_string().into_bytes();
        let what = match self.what.as_str() {
            "hello" => What::Hello(serde_json::from_value::<BTreeMap<StreamName, Position>>(self.value)?),
            "sent" => What::Sent(decode(Format::Json, &bytes)?),
            "received" => match decode_any::<ServerFrame>(Format::Json, &bytes) {
                Ok(frame) => What::Received(frame),
                Err(why) => What::NotAFrame(why),
            },
            "closed" => What::Closed(self.value.as_u64().and_then(|code| u16::try_from(code).ok())),
            _ => What::NotAFrame(self.value.to_string()),
        };
        Ok(Entry { at: began + Duration::from_millis(self.at_ms), what })
    }
}
