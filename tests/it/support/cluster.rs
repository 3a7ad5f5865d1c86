//! A real scheduler and real executors on loopback: processes of the real binary, with ports and folders of their own.
#![allow(unreachable_pub, reason = "a toolbox of one binary")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A scheduler and its executors; they end with the test.
pub struct Cluster {
    folder: tempfile::TempDir,
    scheduler: Node,
    executors: Vec<Node>,
}

/// One process of a cluster.
struct Node {
    child: Child,
    /// What it said on stdout.
    address: String,
    log: PathBuf,
}

impl Cluster {
    pub fn start(n_executors: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("shared")).unwrap();
        let scheduler = Node::start(folder.path(), "scheduler", &["scheduler", "--bind", "127.0.0.1:0"]);
        let address = scheduler.address.strip_prefix("ballista://").unwrap().to_owned();
        let executors = (0..n_executors).map(|number| {
            let arguments = [
                "executor",
                "--scheduler",
                &address,
                "--bind",
                "127.0.0.1:0",
                "--cores",
                "1",
            ];
            Node::start(folder.path(), &format!("executor-{number}"), &arguments)
        });
        let executors = executors.collect();
        let cluster = Self {
            folder,
            scheduler,
            executors,
        };
        let begun = Instant::now();
        while cluster.get("/api/executors").as_array().unwrap().len() < n_executors {
            assert!(begun.elapsed() < Duration::from_secs(60), "the executors did not come");
            std::thread::sleep(Duration::from_millis(20));
        }
        cluster
    }

    /// As `--engine` takes it.
    pub fn engine(&self) -> &str {
        &self.scheduler.address
    }

    /// A folder that all of them see.
    pub fn shared(&self) -> PathBuf {
        self.folder.path().join("shared")
    }

    /// The jobs that the scheduler knows, by id, with their states.
    pub fn jobs(&self) -> Vec<(String, String)> {
        let jobs = self.get("/api/jobs");
        let field = |job: &Value, name: &str| job[name].as_str().unwrap().to_owned();
        let jobs = jobs.as_array().unwrap().iter();
        jobs.map(|job| (field(job, "job_id"), field(job, "status"))).collect()
    }

    /// The states of all tasks of a job, as the scheduler knows them.
    pub fn tasks(&self, job: &str) -> Vec<String> {
        let stages = self.get(&format!("/api/job/{job}/stages"));
        let stages = stages["stages"].as_array().unwrap().iter();
        let tasks = stages.flat_map(|stage| stage["tasks"].as_array().unwrap());
        tasks.map(|task| task["status"].as_str().unwrap().to_owned()).collect()
    }

    /// The jobs of whose tasks an executor says that it did them, and how many tasks that were.
    pub fn done_by_executors(&self) -> (BTreeSet<String>, usize) {
        let logs = self
            .executors
            .iter()
            .map(|executor| fs::read_to_string(&executor.log).unwrap());
        let logs: String = logs.collect();
        let tasks = logs.lines().filter_map(|line| line.split_once("Finished task : [TID "));
        let jobs: Vec<String> = tasks
            .map(|(_, task)| task.split('/').next().unwrap().to_owned())
            .collect();
        (jobs.iter().cloned().collect(), jobs.len())
    }

    /// Ends the scheduler at once, without a word.
    pub fn kill_scheduler(&mut self) {
        self.scheduler.kill();
    }

    /// Ends an executor at once, without a word.
    pub fn kill_executor(&mut self) {
        self.executors[0].kill();
    }

    fn get(&self, path: &str) -> Value {
        let host = self.engine().strip_prefix("ballista://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        // 1.0: the body ends with the connection.
        write!(stream, "GET {path} HTTP/1.0\r\nhost: {host}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(" 200 "), "{path}: {answer}");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"))
    }
}

impl Node {
    fn start(folder: &Path, name: &str, arguments: &[&str]) -> Self {
        let log = folder.join(format!("{name}.log"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_insights"))
            .arg("engine")
            .args(arguments)
            .args(["--quiet", "--stop-with-stdin", "--log"])
            .arg(&log)
            .env_clear()
            // What a killed executor leaves goes with the folder.
            .env("TMPDIR", folder)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        Self {
            child,
            address: address.trim().to_owned(),
            log,
        }
    }

    fn kill(&mut self) {
        let _it_may_have_ended = self.child.kill();
        self.child.wait().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}
