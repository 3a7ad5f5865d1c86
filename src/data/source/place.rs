//! Where a source is: on this machine, in an object store, on a web server, in a database. What is shown of it holds no secret.

use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A file, a folder or a glob.
    Here,
    S3,
    GoogleStorage,
    Web,
    Postgres,
}

/// The place of a source as given. An unknown scheme is taken for a file name, which is then not found.
pub(crate) fn place(source: &str) -> Place {
    let scheme = source.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("s3" | "s3a") => Place::S3,
        Some("gs") => Place::GoogleStorage,
        Some("http" | "https") => Place::Web,
        Some("postgres" | "postgresql") => Place::Postgres,
        _ => Place::Here,
    }
}

/// What of a source may be shown: never a password, a signature or a token.
pub fn shown_source(source: &str) -> String {
    match place(source) {
        Place::Here => source.to_owned(),
        Place::S3 | Place::GoogleStorage | Place::Web => without_secrets(source),
        Place::Postgres => {
            let (address, query) = source.split_once('?').unwrap_or((source, ""));
            let told: Vec<&str> = query.split('&').filter(|part| is_told(part)).collect();
            let address = without_secrets(address);
            if told.is_empty() {
                address
            } else {
                format!("{address}?{}", told.join("&"))
            }
        }
    }
}

/// Parameters of a database URL that say what is read and how.
fn is_told(parameter: &str) -> bool {
    let name = parameter.split_once('=').map_or(parameter, |(name, _)| name);
    ["table", "query", "sslmode", "host", "port", "user", "dbname"].contains(&name)
}

/// Any text with the passwords and the query parts of the URLs in it cut out.
pub(crate) fn without_secrets(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, url) = rest.split_at(at + 3);
        safe.push_str(before);
        let end = url
            .find(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '`' | ')' | '>' | ','))
            .unwrap_or(url.len());
        let (url, after) = url.split_at(end);
        safe.push_str(&bare(url));
        rest = after;
    }
    safe.push_str(rest);
    safe
}

/// `user:password@host/path?query` as `user@host/path`.
fn bare(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = url.find('/').map_or((url, ""), |slash| url.split_at(slash));
    match authority.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{user}@{host}{path}")
        }
        None => format!("{authority}{path}"),
    }
}

/// True for a host on this machine.
pub(super) fn is_loopback(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => host.split(':').next().unwrap_or_default(),
    };
    host == "localhost"
        || host
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// What opens other people's doors: the variables that object stores and databases know by name. `Debug` shows no value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Access {
    variables: BTreeMap<String, String>,
}

impl Access {
    /// True for the names of variables that belong here.
    pub fn wants(name: &str) -> bool {
        ["AWS_", "GOOGLE_"].iter().any(|start| name.starts_with(start))
            || ["PGPASSWORD", "PGUSER", "PGSSLMODE", "PGSSLROOTCERT", "SSL_CERT_FILE"].contains(&name)
    }

    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            variables: variables.into_iter().filter(|(name, _)| Self::wants(name)).collect(),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The variables that begin like this, with their names in lower case.
    pub(super) fn starting(&self, start: &str) -> impl Iterator<Item = (String, &str)> {
        self.variables
            .iter()
            .filter(move |(name, _)| name.starts_with(start))
            .map(|(name, value)| (name.to_lowercase(), value.as_str()))
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.variables.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_a_source_is_shown() {
        let cases = [
            ("events/*.csv?", "events/*.csv?"),
            ("s3://bucket/a/*.csv", "s3://bucket/a/*.csv"),
            ("https://me:pw@host/x.csv?X-Amz-Signature=abc", "https://me@host/x.csv"),
            (
                "postgres://u:p%40w@db:5433/shop?password=x&table=public.events&sslmode=require",
                "postgres://u@db:5433/shop?table=public.events&sslmode=require",
            ),
            ("postgresql:///shop?table=t", "postgresql:///shop?table=t"),
        ];
        for (given, expected) in cases {
            assert_eq!(shown_source(given), expected);
        }
        let error = "error sending request for url (https://h/x?sig=abc): moved to \"http://u:pw@h2/y?t=1\" twice";
        assert_eq!(
            without_secrets(error),
            "error sending request for url (https://h/x): moved to \"http://u@h2/y\" twice"
        );
        let access = Access::new([("AWS_SECRET_ACCESS_KEY".to_owned(), "hush".to_owned())]);
        assert_eq!(format!("{access:?}"), "{\"AWS_SECRET_ACCESS_KEY\"}");
    }

    #[test]
    fn loopback_is_known_in_all_its_forms() {
        for url in [
            "http://127.0.0.1:9000/x",
            "http://localhost/x",
            "http://[::1]:80/x",
            "http://u:p@127.1.2.3",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://example.org/localhost",
            "http://10.0.0.1",
            "http://localhost.example.org/",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
