//! A PostgreSQL server of the test's own, from the binaries of the system: a fresh cluster in a temporary folder, on loopback.
#![allow(unreachable_pub, reason = "a toolbox of one binary")]

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use super::tls_server::{Authority, Shown};

/// The password of the user `reader`, who must give one.
pub const PASSWORD: &str = "p@ss w0rd/hush";

pub struct Postgres {
    binaries: PathBuf,
    folder: tempfile::TempDir,
    server: Child,
    port: u16,
    pub authority: Authority,
}

/// One server for all tests that run at the same time; it ends with the last of them.
static RUNNING: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());

impl Postgres {
    /// None, and a printed reason, where no server can be started.
    pub fn shared() -> Option<Arc<Self>> {
        let mut running = RUNNING.lock().unwrap();
        if let Some(server) = running.upgrade() {
            return Some(server);
        }
        match Self::start() {
            Ok(server) => {
                let server = Arc::new(server);
                *running = Arc::downgrade(&server);
                Some(server)
            }
            Err(why) => {
                println!("skipped: no PostgreSQL server: {why}");
                None
            }
        }
    }

    fn start() -> Result<Self, String> {
        let binaries = binaries().ok_or("there is no initdb; Debian's package is `postgresql`")?;
        let folder = tempfile::tempdir().unwrap();
        let owner = owner(folder.path())?;
        let data = folder.path().join("data");
        let command = |name: &str| {
            let mut command = Command::new(binaries.join(name));
            command.env_clear().current_dir(folder.path()).stdin(Stdio::null());
            if let Some(owner) = owner {
                command.uid(owner).gid(owner);
            }
            command
        };
        if let Some(owner) = owner {
            chown(folder.path(), Some(owner), Some(owner)).map_err(|error| error.to_string())?;
        }
        let made = command("initdb")
            .args([
                "--no-sync",
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "-D",
            ])
            .arg(&data)
            .output()
            .map_err(|error| format!("initdb: {error}"))?;
        if !made.status.success() {
            return Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr)));
        }
        let authority = Authority::new();
        let (certificate, key) = authority.leaf(Shown::Good);
        let put = |name: &str, text: &str| {
            let path = data.join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            if let Some(owner) = owner {
                chown(&path, Some(owner), Some(owner)).unwrap();
            }
        };
        put("server.crt", &certificate);
        put("server.key", &key);
        put(
            "pg_hba.conf",
            "host all postgres 127.0.0.1/32 trust\nhost all reader 127.0.0.1/32 scram-sha-256\n",
        );
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let settings = [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            "fsync=off".to_owned(),
            "ssl=on".to_owned(),
            "log_statement=all".to_owned(),
            "log_line_prefix=%u ".to_owned(),
            "shared_buffers=16MB".to_owned(),
        ];
        let mut server = command("postgres");
        server.arg("-D").arg(&data);
        for setting in &settings {
            server.arg("-c").arg(setting);
        }
        let server = server
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| format!("postgres: {error}"))?;
        let server = Self {
            binaries,
            folder,
            server,
            port,
            authority,
        };
        server.wait()?;
        server.sql(&format!(
            "CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'; GRANT pg_read_all_data TO reader"
        ));
        Ok(server)
    }

    fn wait(&self) -> Result<(), String> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() && self.psql("SELECT 1", b"").is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(format!("it does not answer: {}", self.log()))
    }

    /// Everything that was asked of the server, and its answers to bad questions.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    #[track_caller]
    pub fn sql(&self, sql: &str) {
        self.psql(sql, b"").unwrap();
    }

    /// Fills a table from CSV with a header.
    #[track_caller]
    pub fn fill(&self, table: &str, csv: &[u8]) {
        self.psql(&format!("\\copy {table} FROM stdin WITH (FORMAT csv, HEADER)"), csv)
            .unwrap();
    }

    fn psql(&self, command: &str, stdin: &[u8]) -> Result<(), String> {
        let mut child = Command::new(self.binaries.join("psql"))
            .args([
                "-X",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "postgres",
                "-h",
                "127.0.0.1",
                "-d",
                "postgres",
                "-c",
            ])
            .arg(command)
            .args(["-p", &self.port.to_string()])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let _it_may_not_read = child.stdin.take().unwrap().write_all(stdin);
        let done = child.wait_with_output().map_err(|error| error.to_string())?;
        if done.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&done.stderr).into_owned())
        }
    }

    /// The URL of the trusted user, with these parameters.
    pub fn url(&self, parameters: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres?{parameters}", self.port)
    }

    /// The URL of the user with a password, by name, so that a certificate can be for it.
    pub fn url_of_reader(&self, password: &str, parameters: &str) -> String {
        let colon = if password.is_empty() { "" } else { ":" };
        format!(
            "postgres://reader{colon}{password}@localhost:{}/postgres?{parameters}",
            self.port
        )
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _it_may_be_gone = self.server.kill();
        let _it_may_be_gone = self.server.wait();
    }
}

fn binaries() -> Option<PathBuf> {
    let versions = glob::glob("/usr/lib/postgresql/*/bin").ok()?.filter_map(Result::ok);
    let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut folders: Vec<PathBuf> = versions.chain(on_path.unwrap_or_default()).collect();
    folders.retain(|folder| {
        ["initdb", "postgres", "psql"]
            .iter()
            .all(|name| folder.join(name).is_file())
    });
    folders.into_iter().next()
}

/// The server refuses to run as root: somebody else then owns it.
fn owner(folder: &Path) -> Result<Option<u32>, String> {
    if fs::metadata(folder).map_err(|error| error.to_string())?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let id_of = |name: &str| {
        let line = users.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        line.split(':').nth(2)?.parse().ok()
    };
    let id = id_of("postgres").or_else(|| id_of("nobody"));
    id.map(Some)
        .ok_or_else(|| "root needs a user `postgres` or `nobody` to start it".to_owned())
}
