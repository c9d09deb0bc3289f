//! The faces as the binary carries them: every file of the built visitor's page, panel and API reference, compressed
//! ahead of time.
//!
//! `build/main.rs` builds them with npm and embeds them; [`get`] hands them out. A debug build carries placeholder pages
//! unless `OTVET_WEB_DIST` names a built folder, so that the inner loop of the server's developers needs no Node.
//!
//! Nothing here reaches the disk at run time: what is not embedded does not exist.

use std::borrow::Cow;
use std::io::Read;

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Path of the visitor's page.
pub const VISITOR: &str = "/";
/// Path of the managers' panel.
pub const ADMIN: &str = "/admin";
/// Path of the rendered API reference.
pub const DOCS: &str = "/docs";

/// One embedded file.
#[derive(Debug)]
pub struct Asset {
    /// The path of its URL, `/` first, without a query.
    pub path: &'static str,
    /// For `Content-Type`, with the charset of texts.
    pub content_type: &'static str,
    /// For `ETag`, quotes included; of the identity form. A strong one must differ per encoding, see [`Asset::etag_for`].
    pub etag: &'static str,
    /// Whether its name bears a hash of its content, so that it may be cached for ever.
    pub immutable: bool,
    /// As it is, unless it is kept compressed only: ask [`Asset::identity`].
    pub plain: Option<&'static [u8]>,
    /// Compressed with gzip, if that makes it smaller.
    pub gzip: Option<&'static [u8]>,
    /// Compressed with brotli, if that makes it smaller.
    pub brotli: Option<&'static [u8]>,
}

impl Asset {
    /// As it is. Every browser takes a compressed form, so a file that has one is unpacked for the few others: three copies
    /// would make the binary larger by a tenth.
    #[must_use]
    pub fn identity(&self) -> Cow<'static, [u8]> {
        match (self.plain, self.gzip) {
            (Some(plain), _) => plain.into(),
            (None, Some(gzip)) => {
                let mut plain = Vec::new();
                flate2::read::GzDecoder::new(gzip).read_to_end(&mut plain).expect("gzip of our own making");
                plain.into()
            }
            (None, None) => unreachable!("the build script keeps one of them"),
        }
    }

    /// The `ETag` of an encoding (`gzip`, `br`): other bytes must not bear the same strong tag (RFC 9110, 8.8.1).
    #[must_use]
    pub fn etag_for(&self, encoding: &str) -> String {
        format!("{}-{encoding}\"", self.etag.trim_end_matches('"'))
    }

    /// For `Cache-Control`.
    #[must_use]
    pub const fn cache_control(&self) -> &'static str {
        if self.immutable { "public, max-age=31536000, immutable" } else { "no-cache" }
    }
}

/// The file at a path of a URL. Case and a slash at the end count.
#[must_use]
pub fn get(path: &str) -> Option<&'static Asset> {
    let index = ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
    ASSETS.get(index)
}

/// Every embedded file, ordered by path.
#[must_use]
pub const fn all() -> &'static [Asset] {
    ASSETS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_three_pages_as_html_that_is_asked_for_again() {
        for path in [VISITOR, ADMIN, DOCS] {
            let page = get(path).expect("a page");
            assert_eq!(page.content_type, "text/html; charset=utf-8", "{path}");
            assert!(!page.immutable, "{path} keeps its name when its content changes");
            assert_eq!(page.cache_control(), "no-cache");
            assert!(String::from_utf8_lossy(&page.identity()).to_lowercase().starts_with("<!doctype html>"));
        }
    }

    #[test]
    fn finds_each_file_by_its_path_and_nothing_else() {
        for asset in all() {
            assert_eq!(get(asset.path).map(|found| found.etag), Some(asset.etag));
        }
        for path in ["", "/nothing", "/admin/", "/../Cargo.toml", "/assets", "//", "/ADMIN"] {
            assert!(get(path).is_none(), "{path}");
        }
    }

    #[test]
    fn is_ordered_by_path_without_doubles() {
        assert!(all().windows(2).all(|pair| pair[0].path < pair[1].path));
    }

    #[test]
    fn compressed_forms_are_smaller_and_hold_the_same_bytes() {
        for asset in all() {
            let plain = asset.identity();
            assert_eq!(asset.plain.is_some(), asset.gzip.is_none(), "{} is kept twice", asset.path);
            assert!(asset.gzip.is_none_or(|gzip| gzip.len() < plain.len()), "{}", asset.path);
            if let Some(brotli) = asset.brotli {
                let mut unpacked = Vec::new();
                brotli::Decompressor::new(brotli, 4096)
                    .read_to_end(&mut unpacked)
                    .expect("brotli of our own making");
                assert_eq!(unpacked, *plain, "{}", asset.path);
                assert!(brotli.len() < plain.len());
            }
        }
        assert!(get(VISITOR).expect("a page").brotli.is_some(), "pages are worth compressing");
    }

    #[test]
    fn tags_are_quoted_and_differ_by_content_and_by_encoding() {
        let mut tags: Vec<_> = all().iter().map(|asset| (asset.etag, asset.identity())).collect();
        tags.sort_unstable();
        for pair in tags.windows(2) {
            assert!(pair[0].0 != pair[1].0 || pair[0].1 == pair[1].1);
        }
        let page = get(VISITOR).expect("a page");
        assert!(page.etag.starts_with('"') && page.etag.ends_with('"') && page.etag.len() == 34);
        assert_eq!(page.etag_for("br"), format!("{}-br\"", &page.etag[..33]));
    }

    #[test]
    fn only_names_with_a_hash_are_cached_for_ever() {
        for asset in all().iter().filter(|asset| asset.immutable) {
            assert!(asset.path.contains("/assets/"), "{}", asset.path);
        }
        for path in ["/sw.js", "/manifest.webmanifest", VISITOR, ADMIN, DOCS] {
            assert!(get(path).is_none_or(|asset| !asset.immutable), "{path}");
        }
    }
}
