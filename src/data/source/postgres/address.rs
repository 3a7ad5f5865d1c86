//! `postgres://user@host/database?table=schema.name`: where to ask, for what, and how the line is kept safe.

use std::time::Duration;

use form_urlencoded::Serializer;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use super::super::super::DataError;
use super::super::place::{Access, shown_source};

const CONNECT_LIMIT: Duration = Duration::from_secs(10);

pub(super) struct Address {
    pub(super) config: Config,
    pub(super) trust: Trust,
    /// A file of certificates to trust in place of the system's.
    pub(super) roots: Option<String>,
    /// The table or the query in brackets, as it stands after FROM.
    pub(super) relation: String,
    /// The table, when it is one.
    pub(super) table: Option<String>,
    /// What may be shown.
    pub(super) shown: String,
}

/// What is checked of the server's certificate; the words of `sslmode` mean what they mean to `psql`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    Anyone,
    Authority,
    AuthorityAndName,
}

impl Address {
    pub(super) fn parse(url: &str, access: &Access) -> Result<Self, DataError> {
        let shown = shown_source(url);
        let bad = |why: String| DataError::BadDatabaseUrl {
            place: shown.clone(),
            why,
        };
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut table, mut select, mut mode, mut roots) = (None, None, None, None);
        let mut others = Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "table" => table = Some(value.into_owned()),
                "query" => select = Some(value.into_owned()),
                "sslmode" => mode = Some(value.into_owned()),
                "sslrootcert" => roots = Some(value.into_owned()),
                _ => drop(others.append_pair(&name, &value)),
            }
        }
        let (relation, table) = match (table, select) {
            (Some(table), None) => {
                let table = quoted_name(&table).ok_or_else(|| bad(format!("`{table}` is no name of a table")))?;
                (table.clone(), Some(table))
            }
            (None, Some(select)) => (format!("({})", select.trim().trim_end_matches(';').trim_end()), None),
            (Some(_), Some(_)) => return Err(bad("it names a table and a query".to_owned())),
            (None, None) => return Err(bad("it names no table and no query".to_owned())),
        };
        // `+` is a space in a form but not in the driver's parser.
        let others = others.finish().replace('+', "%20");
        let address = if others.is_empty() {
            address.to_owned()
        } else {
            format!("{address}?{others}")
        };
        let mut config: Config = address.parse().map_err(|error| bad(text_of(&error)))?;
        if let (None, Some(password)) = (config.get_password(), access.get("PGPASSWORD")) {
            config.password(password);
        }
        if let (None, Some(user)) = (config.get_user(), access.get("PGUSER")) {
            config.user(user);
        }
        let mode = mode.or_else(|| access.get("PGSSLMODE").map(str::to_owned));
        let roots = roots.or_else(|| access.get("PGSSLROOTCERT").map(str::to_owned));
        let (ssl_mode, trust) = match mode.as_deref().unwrap_or("prefer") {
            "disable" => (SslMode::Disable, Trust::Anyone),
            "allow" | "prefer" => (SslMode::Prefer, Trust::Anyone),
            "require" if roots.is_some() => (SslMode::Require, Trust::Authority),
            "require" => (SslMode::Require, Trust::Anyone),
            "verify-ca" => (SslMode::Require, Trust::Authority),
            "verify-full" => (SslMode::Require, Trust::AuthorityAndName),
            other => {
                return Err(bad(format!(
                    "sslmode is `{other}`, not disable, prefer, require, verify-ca or verify-full"
                )));
            }
        };
        config
            .ssl_mode(ssl_mode)
            .application_name("insights")
            .connect_timeout(CONNECT_LIMIT);
        Ok(Self {
            config,
            trust,
            roots,
            relation,
            table,
            shown,
        })
    }
}

/// An error with all its causes.
pub(super) fn text_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}

/// An identifier that keeps its letters.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `schema.name`, each part quoted; parts that are quoted already may hold dots.
fn quoted_name(given: &str) -> Option<String> {
    let mut parts = Vec::new();
    let mut rest = given.trim();
    loop {
        let (part, after) = match rest.strip_prefix('"') {
            Some(inner) => inner.split_once('"')?,
            None => rest.split_at(rest.find('.').unwrap_or(rest.len())),
        };
        if part.is_empty() {
            return None;
        }
        parts.push(quoted(part));
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None if after.is_empty() => return (parts.len() <= 3).then(|| parts.join(".")),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> String {
        let access = Access::new([("PGPASSWORD".to_owned(), "hush".to_owned())]);
        match Address::parse(url, &access) {
            Ok(address) => format!(
                "{} {:?} {:?} {}",
                address.relation,
                address.config.get_ssl_mode(),
                address.trust,
                address.config.get_password() == Some(b"hush".as_slice())
            ),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn says_what_is_read_and_how() {
        let cases = [
            (
                "postgres://u@h/d?table=public.events",
                "\"public\".\"events\" Prefer Anyone true",
            ),
            (
                "postgres://u:pw@h/d?table=\"My.Table\"&sslmode=verify-full",
                "\"My.Table\" Require AuthorityAndName false",
            ),
            (
                "postgres://u@h/d?query=SELECT+a,b%20FROM%20t%3B&sslmode=disable",
                "(SELECT a,b FROM t) Disable Anyone true",
            ),
            (
                "postgres://u:secret@h/d",
                "cannot use postgres://u@h/d: it names no table and no query",
            ),
            (
                "postgres://u:secret@h/d?table=a..b",
                "cannot use postgres://u@h/d?table=a..b: `a..b` is no name of a table",
            ),
            (
                "postgres://u:secret@h/d?table=t&sslmode=on",
                "cannot use postgres://u@h/d?table=t&sslmode=on: sslmode is `on`, not disable, prefer, require, verify-ca or verify-full",
            ),
        ];
        for (url, expected) in cases {
            assert_eq!(read(url), expected, "{url}");
        }
    }
}
