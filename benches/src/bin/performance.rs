//! `make bench`: measures what takes a server, and writes `docs/performance.md` with its charts.
//!
//! `performance measure PART…` (all of them without a name), `performance write`, `performance bare`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use otvet_benches::performance::{PARTS, bare, measure, write};

fn main() -> Result<()> {
    let root = std::env::current_dir()?;
    let kept = root.join("target/performance.json");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((command, parts)) if command == "measure" => {
            let otvet = std::env::var_os("OTVET_BIN")
                .map_or_else(|| root.join("target/release/otvet"), PathBuf::from);
            let otvet = std::fs::canonicalize(&otvet)
                .with_context(|| format!("{}: run `cargo build --release` first", otvet.display()))?;
            let all: Vec<String> = PARTS.map(str::to_owned).to_vec();
            for part in if parts.is_empty() { &all } else { parts } {
                measure(part, &otvet, &kept).with_context(|| format!("measuring `{part}`"))?;
            }
            Ok(())
        }
        Some((command, [])) if command == "write" => write(&root, &kept),
        Some((command, [])) if command == "bare" => tokio::runtime::Runtime::new()?.block_on(bare::serve()),
        _ => bail!("say `measure [PART…]`, `write` or `bare`, in the workspace's root"),
    }
}
