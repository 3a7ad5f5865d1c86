//! A run's exchanges in a file, one JSON object a line, so that the run can be made again without a network or a key.
//!
//! A line holds the request (provider, path, body and its SHA-256), the reply (status, headers, body) or the fault that came
//! instead, and the time it took. No key, no authorization header and no cookie is written, and what looks like a key inside
//! a body is masked. Requests are matched by provider, path and the exact bytes of the body; equal ones are answered in the
//! order in which they were recorded.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::exchange::{HttpReply, HttpRequest};
use super::fault::Fault;
use super::redact::Redactor;
use super::target::Target;

const VERSION: u32 = 1;

/// Whether a run's exchanges are written to a file, or read from one in place of the network.
#[derive(Debug, Clone, Default)]
pub enum Cassette {
    #[default]
    Off,
    Record(PathBuf),
    Replay(Arc<Tape>),
}

impl Cassette {
    pub fn is_replay(&self) -> bool {
        matches!(self, Self::Replay(_))
    }
}

/// Why a cassette cannot be used; names the file and the line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the cassette `{}` {why}", path.display())]
pub struct BadCassette {
    pub path: PathBuf,
    pub why: String,
}

/// One exchange, as it stands in the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Line {
    version: u32,
    role: String,
    provider: String,
    model: String,
    request: RequestLine,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply: Option<ReplyLine>,
    /// What came in place of a whole reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fault: Option<Fault>,
    micros: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct RequestLine {
    method: String,
    /// Without user name and password: such a URL is refused long before.
    base_url: String,
    path: String,
    body_sha256: String,
    body: Value,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ReplyLine {
    status: u16,
    headers: Vec<(String, String)>,
    /// As text, a stream with all its events.
    body: String,
}

/// What one exchange gave.
pub(super) struct Taken {
    pub reply: Option<HttpReply>,
    pub fault: Option<Fault>,
    /// Whole microseconds.
    pub took: Duration,
}

/// A recording, read whole.
#[derive(Debug)]
pub struct Tape {
    /// By provider, path and hash of the body.
    exchanges: Mutex<HashMap<(String, String, String), VecDeque<Line>>>,
    asked: Vec<(String, Target)>,
    base_urls: HashMap<String, String>,
    /// The last line was cut off when the recording was ended by force.
    pub is_cut: bool,
}

impl Tape {
    /// # Errors
    /// A file that cannot be read, or a line that is no exchange, named by its number. Only a last line without its end is
    /// left out: a killed run leaves one.
    pub fn read(path: &Path) -> Result<Self, BadCassette> {
        let bad = |why: String| BadCassette {
            path: path.to_owned(),
            why,
        };
        let text = std::fs::read_to_string(path).map_err(|error| bad(format!("cannot be read: {error}")))?;
        let mut tape = Self {
            exchanges: Mutex::default(),
            asked: Vec::new(),
            base_urls: HashMap::new(),
            is_cut: false,
        };
        let n_lines = text.lines().count();
        let exchanges = tape.exchanges.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (index, text_line) in text.lines().enumerate() {
            if text_line.trim().is_empty() {
                continue;
            }
            let number = index + 1;
            let line: Line = match serde_json::from_str(text_line) {
                Ok(line) => line,
                Err(_) if number == n_lines && !text.ends_with('\n') => {
                    tape.is_cut = true;
                    break;
                }
                Err(error) => return Err(bad(format!("is damaged in line {number}: {error}"))),
            };
            if line.version != VERSION {
                return Err(bad(format!(
                    "has version {} in line {number}, not {VERSION}",
                    line.version
                )));
            }
            if line.reply.is_none() && line.fault.is_none() {
                return Err(bad(format!("holds neither a reply nor a fault in line {number}")));
            }
            let asked = (line.role.clone(), Target::new(&line.provider, &line.model));
            if !tape.asked.contains(&asked) {
                tape.asked.push(asked);
            }
            tape.base_urls
                .entry(line.provider.clone())
                .or_insert_with(|| line.request.base_url.clone());
            let key = (
                line.provider.clone(),
                line.request.path.clone(),
                line.request.body_sha256.clone(),
            );
            exchanges.entry(key).or_default().push_back(line);
        }
        if tape.asked.is_empty() {
            return Err(bad("holds no exchange".to_owned()));
        }
        Ok(tape)
    }

    /// Who asked whom, each pair once, in the order of the recording.
    pub fn asked(&self) -> &[(String, Target)] {
        &self.asked
    }

    /// Where a provider was when it was recorded; None if it was not.
    pub fn base_url(&self, provider: &str) -> Option<&str> {
        self.base_urls.get(provider).map(String::as_str)
    }

    /// The next recorded exchange of this request, or why there is none.
    pub(super) fn take(&self, role: &str, target: &Target, http: &HttpRequest) -> Result<Taken, String> {
        let key = (target.vendor.clone(), http.path.clone(), hash(&http.body));
        let mut exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        match exchanges.get_mut(&key) {
            Some(queue) => match queue.pop_front() {
                Some(line) => Ok(line.taken()),
                None => Err(format!(
                    "the recording holds this request of `{role}` to {target} fewer times than it was made now: are `--retries`, the \
                     deadline and the fallbacks those of the recording?"
                )),
            },
            None => Err(self.miss(role, target)),
        }
    }

    fn miss(&self, role: &str, target: &Target) -> String {
        let of_role: Vec<String> = self
            .asked
            .iter()
            .filter(|(asked, _)| asked == role)
            .map(|(_, target)| target.to_string())
            .collect();
        let cause = match (of_role.is_empty(), of_role.contains(&target.to_string())) {
            (true, _) => "it holds no request of this role at all".to_owned(),
            (false, false) => format!("this role asked {}: is the model another one?", of_role.join(", ")),
            (false, true) => {
                "this role and model asked something else: the data, the window, the prompts, the token limit or the program's \
                 version differ from the recording"
                    .to_owned()
            }
        };
        format!("the recording holds no reply for this request of `{role}` to {target}; {cause}")
    }
}

impl Line {
    fn taken(self) -> Taken {
        Taken {
            reply: self.reply.map(|reply| HttpReply {
                status: reply.status,
                headers: reply.headers,
                body: reply.body.into_bytes(),
            }),
            fault: self.fault,
            took: Duration::from_micros(self.micros),
        }
    }
}

/// Writes one line for each exchange, at once and whole, so that what a killed run leaves can be used.
pub(super) struct Recorder {
    file: Mutex<File>,
    redactor: Redactor,
}

impl Recorder {
    /// Replaces an earlier recording. The file holds prompts and replies: nobody else reads it.
    pub(super) fn create(path: &Path, redactor: Redactor) -> Result<Self, BadCassette> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| BadCassette {
            path: path.to_owned(),
            why: format!("cannot be written: {error}"),
        })?;
        Ok(Self {
            file: Mutex::new(file),
            redactor,
        })
    }

    /// # Errors
    /// A disk that is full or gone.
    pub(super) fn add(
        &self,
        role: &str,
        target: &Target,
        base_url: &str,
        asked: &Sent,
        taken: &Taken,
    ) -> std::io::Result<()> {
        let line = Line {
            version: VERSION,
            role: role.to_owned(),
            provider: target.vendor.clone(),
            model: target.model.clone(),
            request: RequestLine {
                method: "POST".to_owned(),
                base_url: base_url.to_owned(),
                path: asked.path.clone(),
                body_sha256: asked.hash.clone(),
                body: self.body(&asked.body),
            },
            reply: taken.reply.as_ref().map(|reply| ReplyLine {
                status: reply.status,
                headers: self.headers(&reply.headers),
                body: self.redactor.redact(&reply.text()),
            }),
            fault: taken.fault.as_ref().map(|fault| Fault {
                message: self.redactor.redact(&fault.message),
                ..fault.clone()
            }),
            micros: u64::try_from(taken.took.as_micros()).unwrap_or(u64::MAX),
        };
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&bytes)?;
        file.flush()
    }

    fn body(&self, body: &[u8]) -> Value {
        let text = self.redactor.redact(&String::from_utf8_lossy(body));
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }

    fn headers(&self, headers: &[(String, String)]) -> Vec<(String, String)> {
        const SECRET: [&str; 4] = ["cookie", "authorization", "authenticate", "api-key"];
        headers
            .iter()
            .filter(|(name, _)| !SECRET.iter().any(|word| name.contains(word)))
            .map(|(name, value)| (name.clone(), self.redactor.redact(value)))
            .collect()
    }
}

/// What the recorder keeps of a request, taken before the request is given away.
pub(super) struct Sent {
    path: String,
    hash: String,
    body: Vec<u8>,
}

impl Sent {
    pub(super) fn of(http: &HttpRequest) -> Self {
        Self {
            path: http.path.clone(),
            hash: hash(&http.body),
            body: http.body.clone(),
        }
    }
}

fn hash(body: &[u8]) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
