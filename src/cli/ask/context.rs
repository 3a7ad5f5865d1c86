//! What a question brings along: text files, never secrets, and the facts of a finished run.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::evidence::{self, Evidence};
use crate::flow::ask::ContextFile;
use crate::llm::Redactor;

use crate::cli::exit::{Code, Failure};
use crate::cli::finished::FinishedRun;

const LARGEST_FILE: u64 = 256 * 1024;
const LARGEST_SUM: usize = 1024 * 1024;

/// Reads the files in order.
///
/// # Errors
/// A file that is not there, is no text, is too large, or is or holds a secret.
pub(super) fn read(paths: &[PathBuf], redactor: &Redactor) -> Result<Vec<ContextFile>, Failure> {
    let mut files: Vec<ContextFile> = Vec::new();
    for path in paths {
        let text = text_of(path, redactor)?;
        let sum: usize = files.iter().map(|file| file.text.len()).sum();
        if sum + text.len() > LARGEST_SUM {
            return Err(refused(path, "all context files together are larger than 1 MiB"));
        }
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        files.push(ContextFile {
            name: name.chars().filter(|letter| !letter.is_control()).collect(),
            text,
        });
    }
    Ok(files)
}

/// One text file.
///
/// # Errors
/// As `read`.
pub(in crate::cli) fn text_of(path: &Path, redactor: &Redactor) -> Result<String, Failure> {
    // The name that the path leads to counts too: a link must not hide a secret.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if [path, real.as_path()].into_iter().any(is_secret_name) {
        return Err(refused(
            path,
            "its name says that it holds keys, and those never leave this machine",
        ));
    }
    let file = std::fs::File::open(path).map_err(|error| refused(path, &error.to_string()))?;
    let found = file.metadata().map_err(|error| refused(path, &error.to_string()))?;
    if !found.is_file() {
        return Err(refused(path, "it is no file"));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| refused(path, &error.to_string()))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(refused(path, "it is larger than 256 KiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| refused(path, "it is no text in UTF-8"))?;
    if text.contains('\0') {
        return Err(refused(path, "it is no text"));
    }
    if text.contains("PRIVATE KEY-----") || redactor.redact(&text) != text {
        return Err(refused(
            path,
            "it holds what looks like a key, and those never leave this machine",
        ));
    }
    Ok(text)
}

fn is_secret_name(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase());
    let name = name.unwrap_or_default();
    let is_env = name == ".env" || name.starts_with(".env.") || name.ends_with(".env");
    let is_example = ["example", "sample", "template"].iter().any(|word| name.contains(word));
    let is_key = [".pem", ".key", ".p12", ".pfx", ".jks", ".keystore"]
        .iter()
        .any(|end| name.ends_with(end));
    let known = [
        "id_rsa",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
        ".netrc",
        ".npmrc",
        ".pypirc",
        "credentials",
    ];
    (is_env && !is_example) || is_key || known.contains(&name.as_str())
}

fn refused(path: &Path, why: &str) -> Failure {
    Failure::new(
        Code::Usage,
        format!("could not take `{}` as context: {why}", path.display()),
    )
    .hint("give small text files without secrets with `--context`")
}

/// All facts of a finished run as one evidence.
///
/// # Errors
/// No such run, or one that did not get as far as its report.
pub(super) fn evidence(run_logs: &Path, asked: &str) -> Result<Evidence, Failure> {
    let run = FinishedRun::find(run_logs, asked)?;
    let mut all: Vec<Evidence> = run.facts().evidence.to_vec();
    all.sort_by_key(|evidence| evidence.analyst);
    evidence::merged(&all).ok_or_else(|| {
        let message = format!("the run `{}` left no facts", run.facts().run_hash);
        Failure::new(Code::Usage, message).hint("name a run whose report holds tables")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(name: &str, text: &[u8]) -> Result<Vec<ContextFile>, Failure> {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        read(&[path], &Redactor::default())
    }

    #[test]
    fn a_text_file_is_read_whole() {
        let files = read_one("notes.md", b"Prices rose in May.\n").expect("a text file");
        assert_eq!(files[0].name, "notes.md");
        assert_eq!(files[0].text, "Prices rose in May.\n");
        assert!(read_one("example.env", b"# nothing set\n").is_ok());
    }

    #[test]
    fn secrets_binaries_and_large_files_are_refused() {
        let key = format!("token: sk-{}", "CANARY0000".repeat(5));
        for (name, text, said) in [
            (".env", b"A=1".to_vec(), "keys"),
            ("prod.env", b"A=1".to_vec(), "keys"),
            ("server.pem", b"x".to_vec(), "keys"),
            ("id_rsa", b"x".to_vec(), "keys"),
            ("notes.md", key.into_bytes(), "looks like a key"),
            ("notes.md", vec![0xff, 0xfe, 0x00], "no text"),
            ("notes.md", vec![b'x'; 300 * 1024], "larger than 256 KiB"),
        ] {
            let failure = read_one(name, &text).expect_err(said);
            assert!(failure.message.contains(said), "{}", failure.message);
            assert!(!failure.to_string().contains("CANARY"));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_secret_is_one() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let secret = folder.path().join(".env");
        std::fs::write(&secret, "A=1").expect("a file");
        let link = folder.path().join("notes.md");
        std::os::unix::fs::symlink(&secret, &link).expect("a link");
        assert!(read(&[link], &Redactor::default()).is_err());
    }
}
