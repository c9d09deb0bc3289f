//! Where the files come from: a ready folder, a build by npm, or, in debug builds, placeholders.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, bail, ensure};

/// The faces: the folder in a dist, and the path of its page.
const FACES: [(&str, &str); 3] = [("visitor", "/"), ("admin", "/admin"), ("docs", "/docs")];
/// Workspaces whose sources the faces are made of.
const WORKSPACES: [&str; 4] = ["sdk", "visitor", "admin", "docs"];
/// What stands beside sources without being one.
const NOT_SOURCES: [&str; 4] = ["node_modules", "dist", "test", "tests"];

/// Where the files of this build come from.
pub enum Source {
    /// A page that says what is missing.
    Placeholder,
    /// A folder with `visitor/`, `admin/` and `docs/` in it.
    Ready(PathBuf),
    /// The workspaces' root, to be built.
    Npm(PathBuf),
}

/// A file to embed.
pub struct File {
    /// The path of its URL.
    pub path: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Decides by `OTVET_WEB_DIST` and the profile, and tells cargo what would change the decision.
pub fn choose() -> anyhow::Result<Source> {
    println!("cargo::rerun-if-env-changed=OTVET_WEB_DIST");
    if let Some(dist) = env::var_os("OTVET_WEB_DIST").filter(|dist| !dist.is_empty()) {
        let dist = PathBuf::from(dist);
        println!("cargo::rerun-if-changed={}", dist.display());
        return Ok(Source::Ready(dist));
    }
    if env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        println!(
            "cargo::warning=debug build: the pages are placeholders; set OTVET_WEB_DIST to embed built ones"
        );
        return Ok(Source::Placeholder);
    }
    let manifest = env::var_os("CARGO_MANIFEST_DIR").context("cargo sets CARGO_MANIFEST_DIR")?;
    let clients = Path::new(&manifest).parent().context("this crate lies in clients/")?.to_owned();
    watch_sources(&clients)?;
    Ok(Source::Npm(clients))
}

/// One page for each face that says why it is empty.
pub fn placeholders() -> Vec<File> {
    let page = |path: &str| {
        File {
        path: path.to_owned(),
        content: format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Otvet</title><h1>Otvet: {path}</h1><p>This is a debug build \
             without the built pages. Build with <code>cargo build --release</code>, or run <code>npm ci &amp;&amp; npm run build</code> \
             in <code>clients</code> and set <code>OTVET_WEB_DIST</code> to a folder that holds the three dist folders as \
             <code>visitor</code>, <code>admin</code> and <code>docs</code>. The server itself works: the API and the WebSocket are all there.</p></html>\n"
        )
        .into_bytes(),
    }
    };
    FACES.iter().map(|(_, path)| page(path)).collect()
}

/// Builds all faces into `out`; the folder that holds them.
pub fn build(clients: &Path, out: &Path) -> anyhow::Result<PathBuf> {
    if Command::new(npm()).arg("--version").output().is_err() {
        bail!(
            "npm was not found, and a release build needs it for the pages: install Node.js 20.19 or newer, \
             or set OTVET_WEB_DIST to a folder with ready ones"
        );
    }
    if needs_install(clients, out)? {
        run(clients, &["ci"])?;
        fs::copy(clients.join("package-lock.json"), out.join("installed-lock.json"))?;
    }
    let dist = out.join("dist");
    run(clients, &["run", "build", "--workspace", "sdk"])?;
    for (face, _) in FACES {
        let target = dist.join(face);
        let target = target.to_str().context("the target folder's name is not UTF-8")?;
        run(clients, &["run", "build", "--workspace", face, "--", "--outDir", target, "--emptyOutDir"])?;
    }
    Ok(dist)
}

/// Reads a dist folder: pages get their faces' paths, `assets/{face}/…` lies at the root, and whatever else a folder
/// holds lies below its page.
pub fn read(dist: &Path) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    for (face, page) in FACES {
        let root = dist.join(face);
        ensure!(
            root.join("index.html").is_file(),
            "{} has no index.html: build the faces first",
            root.display()
        );
        for path in walk(&root)? {
            let name = url_name(&root, &path)?;
            if name.ends_with(".map") {
                continue;
            }
            let url = match name.as_str() {
                "index.html" => page.to_owned(),
                name if name.starts_with(&format!("assets/{face}/")) => format!("/{name}"),
                name => format!("{}/{name}", page.trim_end_matches('/')),
            };
            files.push(File { path: url, content: fs::read(&path)? });
        }
    }
    Ok(files)
}

fn watch_sources(clients: &Path) -> anyhow::Result<()> {
    for file in ["package.json", "package-lock.json", "tsconfig.base.json", ".npmrc"] {
        println!("cargo::rerun-if-changed={}", clients.join(file).display());
    }
    for workspace in WORKSPACES {
        let folder = clients.join(workspace);
        for entry in
            fs::read_dir(&folder).with_context(|| format!("the workspace {} is missing", folder.display()))?
        {
            let entry = entry?;
            if !NOT_SOURCES.iter().any(|name| entry.file_name() == *name) {
                println!("cargo::rerun-if-changed={}", entry.path().display());
            }
        }
    }
    Ok(())
}

/// Whether `node_modules` is missing or was installed from another lock file than the present one.
fn needs_install(clients: &Path, out: &Path) -> anyhow::Result<bool> {
    let installed = fs::read(out.join("installed-lock.json")).ok();
    let wanted =
        fs::read(clients.join("package-lock.json")).context("clients/package-lock.json is missing")?;
    Ok(!clients.join("node_modules").is_dir() || installed.as_deref() != Some(&wanted))
}

fn run(clients: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new(npm())
        .args(arguments)
        .current_dir(clients)
        .output()
        .with_context(|| format!("npm {} could not be started", arguments.join(" ")))?;
    ensure!(
        output.status.success(),
        "npm {} failed:\n{}\n{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

const fn npm() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

fn walk(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(walk(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

fn url_name(root: &Path, path: &Path) -> anyhow::Result<String> {
    let parts: Option<Vec<_>> =
        path.strip_prefix(root)?.components().map(|part| part.as_os_str().to_str()).collect();
    Ok(parts.with_context(|| format!("{} is not UTF-8", path.display()))?.join("/"))
}
