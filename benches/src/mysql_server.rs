//! A MariaDB of our own on a free port, with the durability that it comes with.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::postgres_server::user;

/// A server with an empty database; it ends when this is dropped.
pub struct MySqlServer {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl MySqlServer {
    /// Starts it.
    ///
    /// # Errors
    /// Why there is none: above all, where it is not installed.
    pub fn start() -> Result<Self> {
        let server = program("mariadbd").context("MariaDB is not installed")?;
        let install = program("mariadb-install-db").context("MariaDB is not whole")?;
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("data");
        let mut options = vec!["--no-defaults".to_owned(), format!("--datadir={}", data.display())];
        // It refuses to run as root, and becomes somebody else by itself.
        if fs::metadata(folder.path())?.uid() == 0 {
            let owner = user("mysql").context("root has nobody to run MariaDB as")?;
            chown(folder.path(), Some(owner), None)?;
            options.push("--user=mysql".to_owned());
        }
        let installed =
            Command::new(install).args(&options).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        ensure!(installed.success(), "mariadb-install-db ended with {installed}");
        let users = folder.path().join("users.sql");
        fs::write(
            &users,
            "CREATE USER 'otvet'@'127.0.0.1';\nGRANT ALL ON *.* TO 'otvet'@'127.0.0.1';\nCREATE DATABASE otvet;\n",
        )?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let process = Command::new(server)
            .args(&options)
            .args(["--bind-address=127.0.0.1", "--skip-name-resolve"])
            .arg(format!("--port={port}"))
            .arg(format!("--socket={}", folder.path().join("socket").display()))
            .arg(format!("--init-file={}", users.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.path().join("log"))?)
            .spawn()?;
        let mut server = Self { process, port, _folder: folder };
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(status) = server.process.try_wait()? {
                bail!("mariadbd ended with {status}");
            }
            sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("mysql://otvet@127.0.0.1:{}/otvet", self.port)
    }
}

impl Drop for MySqlServer {
    fn drop(&mut self) {
        // Nothing is kept.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// In the path, or where Debian puts what only root looks for.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}
