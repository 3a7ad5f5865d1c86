//! What attributes mean: vectors from an embedding model, kept beside the journal so that nobody pays for one twice.
//!
//! `meanings.bin`: a line of JSON with the model, then for each attribute, in the order of their numbers, two bytes for the length of
//! its vector (0 for none) and a byte for each part. It can be made anew at any time, so a damaged end is no harm.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::dedup::Vector;
use super::processes::Processes;
use crate::clock::Instant;
use crate::llm::{Llm, Target};

pub(super) const MEANINGS: &str = "meanings.bin";

/// Asks for vectors.
#[derive(Clone)]
pub struct Embedder {
    pub llm: Arc<Llm>,
    pub target: Target,
    pub deadline: Option<Instant>,
    /// Processes that share the budget with it.
    pub beside: Option<Arc<Processes>>,
}

/// Vectors by their texts, and what they took.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Meant {
    pub(super) vectors: HashMap<String, Vector>,
    pub(super) input_tokens: u64,
    /// None is unknown.
    pub(super) cost_usd: Option<f64>,
    /// Why some are missing.
    pub(super) failed: Option<String>,
}

impl Default for Meant {
    /// Nothing was asked, which costs nothing.
    fn default() -> Self {
        Self {
            vectors: HashMap::new(),
            input_tokens: 0,
            cost_usd: Some(0.0),
            failed: None,
        }
    }
}

impl Meant {
    fn took(&mut self, input_tokens: u64, cost_usd: Option<f64>) {
        self.input_tokens += input_tokens;
        self.cost_usd = self.cost_usd.zip(cost_usd).map(|(sum, cost)| sum + cost);
    }

    /// Pays for others too, whose vectors went elsewhere.
    pub(super) fn pay_for(&mut self, others: &Self) {
        self.took(others.input_tokens, others.cost_usd);
    }
}

/// Texts of one call; hosts take 2,048 and less.
const AT_ONCE: usize = 256;

impl Embedder {
    /// As many vectors as there are to have; the first call that fails is the last.
    pub(super) async fn meanings(&self, texts: Vec<String>) -> Meant {
        let mut meant = Meant::default();
        for texts in texts.chunks(AT_ONCE) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let asking = self.llm.embed("explore.meaning", &self.target, &texts, self.deadline);
            let embedded = match &self.beside {
                Some(processes) => processes.within_share(&self.llm, asking).await,
                None => asking.await,
            };
            match embedded {
                Ok(embedded) => {
                    meant.took(embedded.usage.input_tokens, embedded.cost_usd);
                    let vectors = texts.iter().zip(&embedded.vectors);
                    let vectors = vectors.filter_map(|(text, vector)| Some(((*text).to_owned(), Vector::of(vector)?)));
                    meant.vectors.extend(vectors);
                }
                Err(failed) => {
                    meant.took(failed.usage.input_tokens, failed.cost_usd);
                    meant.failed = Some(failed.error.to_string());
                    break;
                }
            }
        }
        meant
    }
}

/// The vectors of attributes, by their numbers, as far as the file holds them from the same model.
pub(super) fn read(path: &Path, model: &str, n_known: usize) -> Vec<Option<Vector>> {
    let mut vectors = Vec::new();
    let whole = File::open(path).and_then(|file| read_from(BufReader::new(file), model, n_known, &mut vectors));
    if let Err(error) = whole
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::debug!(%error, "meanings that are not whole");
    }
    vectors.resize(n_known, None);
    vectors
}

fn read_from(
    mut file: BufReader<File>,
    model: &str,
    n_known: usize,
    vectors: &mut Vec<Option<Vector>>,
) -> io::Result<()> {
    let mut line = String::new();
    file.read_line(&mut line)?;
    let head: Value = serde_json::from_str(&line)?;
    if head["model"] != model {
        return Ok(());
    }
    while vectors.len() < n_known {
        let mut length = [0; 2];
        file.read_exact(&mut length)?;
        let mut parts = vec![0; usize::from(u16::from_le_bytes(length))];
        file.read_exact(&mut parts)?;
        vectors.push(Vector::from_bytes(&parts));
    }
    Ok(())
}

/// The file as it grows.
#[derive(Debug)]
pub(super) struct Meanings {
    file: File,
}

impl Meanings {
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn create(path: &Path, model: &str, known: &[Option<Vector>]) -> io::Result<Self> {
        let mut file = File::create(path)?;
        let mut bytes = format!("{}\n", json!({"model": model})).into_bytes();
        known.iter().for_each(|vector| record(&mut bytes, vector.as_ref()));
        file.write_all(&bytes)?;
        Ok(Self { file })
    }

    /// # Errors
    /// A full disk, for example.
    pub(super) fn append<'a>(&mut self, vectors: impl Iterator<Item = Option<&'a Vector>>) -> io::Result<()> {
        let mut bytes = Vec::new();
        vectors.for_each(|vector| record(&mut bytes, vector));
        self.file.write_all(&bytes)
    }
}

fn record(bytes: &mut Vec<u8>, vector: Option<&Vector>) {
    let parts = vector.map(Vector::to_bytes).unwrap_or_default();
    let length = u16::try_from(parts.len()).unwrap_or_default();
    bytes.extend(length.to_le_bytes());
    bytes.extend(&parts[..usize::from(length)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_there_again_for_the_same_model_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(MEANINGS);
        let vectors = [Vector::of(&[1.0, -0.5]), None, Vector::of(&[0.25, 1.0])];
        let mut meanings = Meanings::create(&path, "lab:tiny", &vectors[..1]).unwrap();
        meanings.append(vectors[1..].iter().map(Option::as_ref)).unwrap();
        assert_eq!(read(&path, "lab:tiny", 3), vectors);
        assert_eq!(read(&path, "lab:tiny", 2), vectors[..2]);
        assert_eq!(read(&path, "lab:other", 3), [None, None, None]);
        // As if a kill had cut it.
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert_eq!(read(&path, "lab:tiny", 3), [vectors[0].clone(), None, None]);
        assert_eq!(read(&folder.path().join("none"), "lab:tiny", 1), [None]);
    }
}
