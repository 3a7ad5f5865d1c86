//! Which engine answers the queries of a run: this process, or a cluster. Knows addresses, not what is asked.

use std::fmt;
use std::path::PathBuf;

use super::DataError;
use super::cluster::Cluster;
use super::memory::{Memory, MemoryLimit};

/// Where queries are answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum QueryEngine {
    #[default]
    Local,
    Ballista(Ballista),
}

/// An Apache Ballista cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballista {
    pub scheduler: Address,
    /// A folder that this process and all machines of the cluster see under the same path.
    pub folder: PathBuf,
}

/// Where a scheduler is: `host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

const SCHEME: &str = "ballista://";
const DEFAULT_PORT: u16 = 50050;

impl QueryEngine {
    /// Reads `local` or `ballista://host:port`; tables of a cluster go to a folder of their own in `folder`.
    ///
    /// # Errors
    /// A text that names no engine, or one that this binary was built without.
    pub fn parse(text: &str, folder: Option<PathBuf>) -> Result<Self, DataError> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("local") {
            return Ok(Self::Local);
        }
        let unknown = || DataError::UnknownEngine(text.to_owned());
        let address = text.strip_prefix(SCHEME).ok_or_else(unknown)?.trim_end_matches('/');
        let scheduler = Address::parse(address).ok_or_else(unknown)?;
        if !cfg!(feature = "ballista") {
            return Err(DataError::NoBallista);
        }
        Ok(Self::Ballista(Ballista {
            scheduler,
            folder: folder.unwrap_or_else(std::env::temp_dir),
        }))
    }

    /// The cluster where queries are answered, if they are not answered here.
    pub(super) async fn reach(&self, memory: &Memory) -> Result<Option<Cluster>, DataError> {
        match self {
            Self::Local => Ok(None),
            Self::Ballista(ballista) => Cluster::reach(ballista, memory).await.map(Some),
        }
    }

    /// Whether queries would be answered.
    ///
    /// # Errors
    /// What keeps a cluster from answering, with the next step.
    pub async fn check(&self) -> Result<(), DataError> {
        self.reach(&Memory::new(MemoryLimit::default())?).await.map(|_| ())
    }
}

impl Address {
    /// Reads `host:port`, or a host alone with Ballista's own port; none where the text names no host.
    pub fn parse(text: &str) -> Option<Self> {
        // `::1` is no host and port, `[::1]:50050` is.
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().ok()?),
            Some(_) if !text.ends_with(']') => return None,
            _ => (text, DEFAULT_PORT),
        };
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-._[]:".contains(letter);
        (!host.is_empty() && host.chars().all(is_plain) && port != 0).then(|| Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

impl fmt::Display for QueryEngine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => formatter.write_str("local"),
            Self::Ballista(ballista) => write!(formatter, "{SCHEME}{}", ballista.scheduler),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheduler_has_a_host_and_a_port() {
        for (address, scheduler) in [
            ("10.0.0.5:7077", "10.0.0.5:7077"),
            ("scheduler", "scheduler:50050"),
            ("[::1]:7077", "[::1]:7077"),
            ("[::1]", "[::1]:50050"),
        ] {
            assert_eq!(Address::parse(address).unwrap().to_string(), scheduler);
        }
        for address in [
            "",
            ":7077",
            "host:",
            "host:port",
            "host:0",
            "host:70777",
            "::1",
            "a/b:1",
            "a b:1",
        ] {
            assert_eq!(Address::parse(address), None, "{address}");
        }
    }

    #[test]
    fn what_names_no_engine_is_refused() {
        assert_eq!(QueryEngine::parse(" Local ", None).unwrap(), QueryEngine::Local);
        for text in [
            "",
            "spark",
            "ballista",
            "ballista://",
            "http://host:1",
            "ballista://host:x",
        ] {
            let error = QueryEngine::parse(text, None).unwrap_err();
            assert!(matches!(error, DataError::UnknownEngine(_)), "{text}: {error}");
        }
    }

    #[cfg(feature = "ballista")]
    #[test]
    fn a_cluster_is_named_by_its_scheduler() {
        let engine = QueryEngine::parse("ballista://127.0.0.1:7077/", Some("/shared".into())).unwrap();
        assert_eq!(engine.to_string(), "ballista://127.0.0.1:7077");
        let QueryEngine::Ballista(ballista) = engine else {
            panic!("not a cluster")
        };
        assert_eq!(ballista.folder, PathBuf::from("/shared"));
    }

    #[cfg(not(feature = "ballista"))]
    #[test]
    fn a_binary_without_ballista_says_how_to_get_one_with_it() {
        let error = QueryEngine::parse("ballista://127.0.0.1:7077", None).unwrap_err();
        assert!(matches!(error, DataError::NoBallista));
        assert!(error.hint().contains("--features ballista"), "{}", error.hint());
    }
}
