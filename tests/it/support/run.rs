//! The real program in a folder of its own: arguments, environment, files, exit code.
#![allow(unreachable_pub, reason = "a toolbox of one binary")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// One run of the binary, with nothing of the caller's environment.
pub struct Run {
    folder: tempfile::TempDir,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    stdin: Vec<u8>,
}

/// What it left behind.
pub struct Done {
    pub folder: tempfile::TempDir,
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

pub const START: &str = "2025-03-01";
pub const END: &str = "2025-03-14";

impl Run {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            arguments: Vec::new(),
            environment: Vec::new(),
            stdin: Vec::new(),
        }
    }

    /// Another run in the folder that an earlier one left.
    pub fn again(done: Done) -> Self {
        Self {
            folder: done.folder,
            ..Self::new()
        }
    }

    /// A complete council run named `x` over a small table of events, with the mock.
    pub fn council() -> Self {
        Self::new().file("events.csv", &small_events()).arguments(&[
            "--run-hash",
            "x",
            "--date-start",
            START,
            "--date-end",
            END,
            "--data",
            "events.csv",
        ])
    }

    pub fn mock(self) -> Self {
        self.arguments(&["--provider", "mock"])
    }

    /// The same command in the folder that an earlier run left.
    pub fn within(self, done: Done) -> Self {
        Self {
            folder: done.folder,
            ..self
        }
    }

    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn file(self, name: &str, text: &str) -> Self {
        self.bytes(name, text.as_bytes())
    }

    pub fn bytes(self, name: &str, bytes: &[u8]) -> Self {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    pub fn stdin(mut self, text: &str) -> Self {
        text.as_bytes().clone_into(&mut self.stdin);
        self
    }

    pub fn stdin_bytes(mut self, bytes: &[u8]) -> Self {
        bytes.clone_into(&mut self.stdin);
        self
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_insights"));
        command
            .args(&self.arguments)
            .current_dir(self.folder.path())
            .env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts it and hands the child over, with piped output.
    pub fn spawn(&self) -> Child {
        let mut command = self.command();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// What a child that was started before left, once it has ended by itself.
    pub fn ended(self, child: Child) -> Done {
        Done::of(self.folder, child.wait_with_output().unwrap())
    }

    pub fn done(self) -> Done {
        let mut child = self
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _the_program_may_not_read = child.stdin.take().unwrap().write_all(&self.stdin);
        let output = child.wait_with_output().unwrap();
        Done::of(self.folder, output)
    }
}

impl Done {
    pub fn of(folder: tempfile::TempDir, output: Output) -> Self {
        Self {
            folder,
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// stderr holds each of the texts.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.stderr.contains(text), "no `{text}` in:\n{}", self.stderr);
        }
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}\n{}", self.stderr))
    }

    /// A file of run `x`'s insights.
    #[track_caller]
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(&format!("run_logs/x/outputs/insights/{name}"))).unwrap()
    }

    #[track_caller]
    pub fn report(&self) -> String {
        self.text("run_logs/x/outputs/insights/report.md")
    }

    /// Every byte that the run left or printed, to look for keys.
    pub fn everything(&self) -> String {
        let mut text = format!("{}\n{}", self.stdout, self.stderr);
        let mut open = vec![self.folder.path().to_owned()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else if !path.ends_with(".env") && path.extension().is_none_or(|extension| extension != "key") {
                    text.push_str(&String::from_utf8_lossy(&fs::read(path).unwrap()));
                }
            }
        }
        text
    }
}

/// Four weeks of events of 60 users in three countries, the same every time; every fourth user comes in the second half.
pub fn small_events() -> String {
    let mut text = "user_id,event_time,event_name,country,revenue\n".to_owned();
    for day in 0..28 {
        for user in 0..60 {
            let here = user < 45 || day >= 14 + user % 5;
            if here && (user * 7 + day * 3) % 5 < 3 {
                let country = ["Germany", "Brazil", "Japan"][user % 3];
                let date = format!(
                    "2025-{:02}-{:02}",
                    if day < 14 { 2 } else { 3 },
                    if day < 14 { day + 15 } else { day - 13 }
                );
                text.push_str(&format!("u{user},{date} 10:{:02}:00,app_open,{country},\n", user % 60));
                if (user + day) % 9 == 0 {
                    text.push_str(&format!(
                        "u{user},{date} 11:00:00,purchase,{country},{}.50\n",
                        5 + user % 4
                    ));
                }
            }
        }
    }
    text
}
