//! Builds the faces and turns them into Rust: see `source.rs` for where the files come from, `embed.rs` for what is
//! made of them.

#![allow(clippy::print_stdout, reason = "a build script talks to cargo on its standard output")]

mod embed;
mod source;

use std::path::PathBuf;

fn main() -> anyhow::Result<()> {
    println!("cargo::rerun-if-changed=build");
    let out =
        PathBuf::from(std::env::var_os("OUT_DIR").ok_or_else(|| anyhow::anyhow!("cargo sets OUT_DIR"))?);
    let files = match source::choose()? {
        source::Source::Placeholder => source::placeholders(),
        source::Source::Ready(dist) => source::read(&dist)?,
        source::Source::Npm(clients) => source::read(&source::build(&clients, &out)?)?,
    };
    embed::write(files, &out)
}
