//! Compresses the files and writes the table that `lib.rs` includes.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};

use super::source::File;

/// Length of the hash in Vite's file names.
const NAME_HASH: usize = 8;
/// Brotli's window, in bits.
const WINDOW: u32 = 22;
/// Brotli's best; files are compressed once and sent many times.
const QUALITY: u32 = 11;
/// Above this, best takes minutes in an unoptimised build script and gains a few percent over this quality.
const LARGE: (usize, u32) = (1 << 20, 9);

/// Writes `assets.rs` and the files that it includes.
pub fn write(mut files: Vec<File>, out: &Path) -> anyhow::Result<()> {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    for pair in files.windows(2) {
        ensure!(pair[0].path != pair[1].path, "two faces bring a file for {}", pair[0].path);
    }
    let folder = out.join("embedded");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let mut table = String::from("static ASSETS: &[Asset] = &[\n");
    for (index, file) in files.iter().enumerate() {
        entry(&mut table, index, file, &folder).with_context(|| file.path.clone())?;
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

fn entry(table: &mut String, index: usize, file: &File, folder: &Path) -> anyhow::Result<()> {
    let (content_type, is_text) = content_type(&file.path);
    let digest = Sha256::digest(&file.content);
    let tag: String = digest.iter().take(16).fold(String::new(), |tag, byte| format!("{tag}{byte:02x}"));
    let gzip = if is_text {
        smaller(folder, &format!("{index}.gz"), &file.content, gzip(&file.content)?)?
    } else {
        "None".into()
    };
    let brotli = if is_text {
        smaller(folder, &format!("{index}.br"), &file.content, brotli(&file.content)?)?
    } else {
        "None".into()
    };
    // Once is enough: what takes no compression gets it unpacked.
    let plain = if gzip == "None" {
        format!("Some({})", include(folder, &format!("{index}"), &file.content)?)
    } else {
        "None".to_owned()
    };
    writeln!(
        table,
        "    Asset {{ path: {:?}, content_type: {content_type:?}, etag: {:?}, immutable: {}, plain: {plain}, gzip: {gzip}, brotli: {brotli} }},",
        file.path,
        format!("\"{tag}\""),
        has_hash(&file.path),
    )?;
    Ok(())
}

fn include(folder: &Path, name: &str, content: &[u8]) -> anyhow::Result<String> {
    fs::write(folder.join(name), content)?;
    Ok(format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/embedded/{name}\"))"))
}

fn smaller(folder: &Path, name: &str, plain: &[u8], compressed: Vec<u8>) -> anyhow::Result<String> {
    if compressed.len() >= plain.len() {
        return Ok("None".to_owned());
    }
    Ok(format!("Some({})", include(folder, name, &compressed)?))
}

fn gzip(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

fn brotli(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let quality = if content.len() > LARGE.0 { LARGE.1 } else { QUALITY };
    let mut compressed = Vec::new();
    brotli::CompressorWriter::new(&mut compressed, 4096, quality, WINDOW).write_all(content)?;
    Ok(compressed)
}

/// Whether Vite put a hash of the content into the name: `/assets/visitor/index-F-k0ON0s.js`.
fn has_hash(path: &str) -> bool {
    let Some((_, name)) =
        path.rsplit_once('/').filter(|(folder, _)| format!("{folder}/").contains("/assets/"))
    else {
        return false;
    };
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let Some(split) = stem.len().checked_sub(NAME_HASH) else {
        return false;
    };
    stem.is_char_boundary(split)
        && stem[..split].ends_with('-')
        && stem[split..].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// The media type, and whether compressing is worth trying.
fn content_type(path: &str) -> (&'static str, bool) {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        None | Some("html") => ("text/html; charset=utf-8", true),
        Some("js" | "mjs") => ("text/javascript; charset=utf-8", true),
        Some("css") => ("text/css; charset=utf-8", true),
        Some("svg") => ("image/svg+xml", true),
        Some("json") => ("application/json", true),
        Some("webmanifest") => ("application/manifest+json", true),
        Some("txt") => ("text/plain; charset=utf-8", true),
        Some("wasm") => ("application/wasm", true),
        Some("png") => ("image/png", false),
        Some("webp") => ("image/webp", false),
        Some("ico") => ("image/vnd.microsoft.icon", false),
        Some("woff2") => ("font/woff2", false),
        Some(_) => ("application/octet-stream", false),
    }
}
