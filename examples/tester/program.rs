//! The program in a folder of its own, tracing into a file there.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::trace::Trace;

/// Nothing that is tried here takes longer.
const PATIENCE: Duration = Duration::from_secs(60);
/// What must never be seen anywhere.
pub(crate) const CANARY: &str = "sk-canary-7f3a9b2c4d5e6f708192";

pub(crate) const TOPIC: &str = "glass bottle";
/// Where an exploration of the topic goes.
pub(crate) const OUTPUT: &str = "output/glass-bottle";

pub(crate) struct Program {
    binary: PathBuf,
    folder: tempfile::TempDir,
}

impl Program {
    pub(crate) fn new(binary: &Path) -> Self {
        Self {
            binary: std::path::absolute(binary).unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ready to be started, with nothing of the caller's environment.
    pub(crate) fn command(&self, trace: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .current_dir(self.folder())
            .env_clear()
            .env("HOME", self.folder())
            .env("OPENAI_API_KEY", CANARY)
            .env("INSIGHTS_TRACE", self.folder().join(trace))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// An exploration with the provider that needs no key.
    pub(crate) fn explore(&self, trace: &str, more: &[&str]) -> Command {
        let mut command = self.command(
            trace,
            &["explore", "--topic", TOPIC, "--provider", "random", "--cache", "off"],
        );
        command.args(["--stop-below", "0"]).args(more);
        command
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder().join(name), text).unwrap();
    }

    /// Empty where there is none.
    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder().join(name)).unwrap_or_default()
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).unwrap_or_default()
    }

    pub(crate) fn trace(&self, name: &str) -> Trace {
        Trace::read(&self.text(name))
    }

    /// The events that the program told people, by their name.
    pub(crate) fn events(&self, name: &str) -> Vec<Value> {
        let text = self.text(&format!("{OUTPUT}/events.jsonl"));
        let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        events.filter(|event| event["event"] == name).collect()
    }
}

/// The exit code; one that takes too long is killed and has none.
pub(crate) fn ended(mut child: Child) -> Option<i32> {
    let gone = until(|| !matches!(child.try_wait(), Ok(None)));
    if !gone {
        child.kill().unwrap();
    }
    child.wait().unwrap().code()
}

/// Looks again until it is so, or it has taken too long.
pub(crate) fn until(mut so: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !so() {
        if begun.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// The program of the same build as this one, brought up to date where cargo runs us.
pub(crate) fn beside() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let folder = own
        .parent()
        .and_then(Path::parent)
        .ok_or("this program has no folder")?;
    if let Some(cargo) = std::env::var_os("CARGO") {
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--bin", "insights"]);
        build.args(folder.ends_with("release").then_some("--release"));
        let built = build
            .status()
            .map_err(|error| format!("could not run cargo: {error}"))?;
        if !built.success() {
            return Err("the program does not build".to_owned());
        }
    }
    let binary = folder.join(format!("insights{}", std::env::consts::EXE_SUFFIX));
    match binary.is_file() {
        true => Ok(binary),
        false => Err(format!(
            "there is no `{}`: name it with `--binary FILE`",
            binary.display()
        )),
    }
}
