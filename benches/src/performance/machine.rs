//! What the figures were measured on, and of what.

use std::path::Path;
use std::process::Command;

/// Processor, cores, memory and kernel in one line; without the machine's name.
pub fn describe() -> String {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let processor = field(&read("/proc/cpuinfo"), "model name");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kib: u64 =
        field(&read("/proc/meminfo"), "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
    let kernel = read("/proc/sys/kernel/osrelease");
    let kernel: String = kernel.trim().split(['-', '+']).next().unwrap_or_default().to_owned();
    format!("{processor}, {cores} cores, {} GiB of memory, Linux {kernel}", kib / 1024 / 1024)
}

/// The commit that is checked out; with a mark when files differ from it.
pub fn commit(root: &Path) -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(root).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    let code = ["status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs", ":!*.md"];
    let is_dirty = git(&code).is_some_and(|changes| !changes.is_empty());
    if is_dirty { format!("{commit}, with changes") } else { commit }
}
