//! A small disk that can be filled: a tmpfs of its own, where the machine allows mounts.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// A small mounted disk. Unmounted when dropped.
#[derive(Debug)]
pub struct SmallDisk {
    dir: TempDir,
}

impl SmallDisk {
    /// Mounts one of so many MiB.
    ///
    /// # Errors
    /// When this process may not mount.
    pub fn mount(mib: usize) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let size = format!("size={mib}m");
        let status =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(dir.path()).status();
        ensure!(status.context("mount")?.success(), "mounting a small disk needs the rights of root");
        Ok(Self { dir })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Fills it to the last byte.
    ///
    /// # Errors
    /// When it cannot be written at all.
    pub fn fill(&self) -> Result<()> {
        use std::io::Write;
        let mut ballast = std::fs::File::options().create(true).append(true).open(self.ballast())?;
        for piece in [vec![1; 64 * 1024], vec![1; 512], vec![1; 1]] {
            while ballast.write_all(&piece).is_ok() {}
        }
        Ok(())
    }

    /// Makes room again.
    ///
    /// # Errors
    /// When it was not filled.
    pub fn make_room(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.ballast())?)
    }

    fn ballast(&self) -> PathBuf {
        self.dir.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the server may still hold a file open. A failure leaves a mount behind, which the kernel tells of.
        let _ = Command::new("umount").arg("-l").arg(self.dir.path()).status();
    }
}
