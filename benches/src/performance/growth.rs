//! What happens when there is more of everything. What should be flat is flat.

use std::path::Path;

use anyhow::{Context, Result};

use super::archive::{Archive, id};
use super::figures::{Figure, Figures};
use super::processes::{Http, Place, bench};
use super::scenarios::number;

/// Requests of each kind; the median counts.
const REQUESTS: usize = 30;

/// Commands a second and memory against connections.
pub fn connections(otvet: &Path, figures: &mut Figures) -> Result<()> {
    let (mut answers, mut memory) = (Vec::new(), Vec::new());
    for visitors in [100, 300, 1000, 3000, 10_000, 19_000] {
        let count = visitors.to_string();
        let report =
            bench(otvet, &["--visitors", &count, "--managers", "0", "--mix", "send", "--duration", "4"])?;
        answers.push((number(visitors), report.answers_per_second));
        let server = report.server.context("it is a server of its own")?;
        memory.push((number(visitors), number(server.end_kib) / 1024.0));
    }
    figures.set_series("connections/commands per s", answers);
    figures.set_series("connections/resident MiB", memory);
    Ok(())
}

/// Commands a second against managers who are online.
pub fn managers(otvet: &Path, figures: &mut Figures) -> Result<()> {
    let (mut answers, mut latency) = (Vec::new(), Vec::new());
    for managers in [1, 10, 100, 1000] {
        let count = managers.to_string();
        let arguments = ["--visitors", "200", "--managers", &count, "--mix", "send", "--duration", "4"];
        let report = bench(otvet, &arguments)?;
        answers.push((number(managers), report.answers_per_second));
        let arguments = [&arguments[..], &["--rate", "300"]].concat();
        let report = bench(otvet, &arguments)?;
        let of = &report.commands.get("send").context("messages were sent")?.latency_us;
        latency.push((number(managers), number(of.p50) / 1e3));
    }
    figures.set_series("managers/commands per s", answers);
    figures.set_series("managers/p50 ms", latency);
    Ok(())
}

/// A page of the inbox, an opened thread and a search against the conversations in the archive.
pub fn archive(otvet: &Path, figures: &mut Figures) -> Result<()> {
    let place = Place::new(otvet)?;
    let token = admin(&place)?;
    let mut series = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    let mut there = Archive::open(&place.database())?;
    for conversations in [1_000, 10_000, 100_000, 1_000_000] {
        there.grow_to(conversations)?;
        let server = place.serve()?;
        there.until_indexed()?;
        let mut client = Http::connect(server.place, &token)?;
        let thread = format!("/api/v1/conversations/{}/messages", id(conversations / 2));
        let rare = format!("/api/v1/conversations?q=order+{}", conversations / 3);
        for (series, path) in series.iter_mut().zip([
            "/api/v1/conversations?status=waiting",
            &thread,
            "/api/v1/conversations?q=monday",
            &rare,
        ]) {
            series.push((number(conversations), median_ms(&mut client, "GET", path, |_| String::new())?));
        }
    }
    let names = ["inbox ms", "thread ms", "frequent word ms", "rare word ms"];
    for (name, points) in names.into_iter().zip(series) {
        figures.set_series(&format!("archive/{name}"), points);
    }
    Ok(())
}

/// The newest page of a thread and one more message in it against the messages that it has.
pub fn thread(otvet: &Path, figures: &mut Figures) -> Result<()> {
    let place = Place::new(otvet)?;
    let token = admin(&place)?;
    let mut there = Archive::open(&place.database())?;
    let (mut page, mut note) = (Vec::new(), Vec::new());
    let lengths = [10, 100, 1_000, 10_000, 100_000];
    let ids = lengths.iter().map(|messages| there.thread(*messages)).collect::<Result<Vec<_>>>()?;
    let server = place.serve()?;
    let mut client = Http::connect(server.place, &token)?;
    for (messages, id) in lengths.into_iter().zip(ids) {
        let path = format!("/api/v1/conversations/{id}/messages");
        page.push((number(messages), median_ms(&mut client, "GET", &path, |_| String::new())?));
        let path = format!("/api/v1/conversations/{id}/note");
        let body = |n| format!(r#"{{"key":"{messages}-{n}","body":"One more"}}"#);
        note.push((number(messages), median_ms(&mut client, "POST", &path, body)?));
    }
    figures.set_series("thread/newest page ms", page);
    figures.set_series("thread/one more ms", note);
    Ok(())
}

/// Starts it once, for the administrator; a token of theirs.
fn admin(place: &Place) -> Result<String> {
    drop(place.serve()?);
    place.operate(&["token", "issue", "admin@otvet.bench"])
}

fn median_ms(client: &mut Http, method: &str, path: &str, body: impl Fn(usize) -> String) -> Result<f64> {
    // The first one finds cold caches; what is asked again and again is what counts.
    client.call(method, path, &body(REQUESTS))?;
    let mut took = Vec::with_capacity(REQUESTS);
    for n in 0..REQUESTS {
        took.push(client.call(method, path, &body(n))?.0.as_secs_f64() * 1e3);
    }
    Ok(Figure::of(took).median)
}
