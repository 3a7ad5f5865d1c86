//! Keys and hosts: which row a provider's name stands for, where its key comes from, and where that key may go.

use std::path::{Path, PathBuf};

use crate::llm::{Cassette, PrivateHosts, Tape, Vendor};

use super::Bad;
use super::environment::{Environment, Origin, Setting};

/// What the environment says of providers.
pub(super) struct Known<'a> {
    pub(super) environment: &'a Environment,
    /// A replay knows its providers from the recording and needs no key.
    pub(super) cassette: &'a Cassette,
    /// Every role of the pattern that is run.
    pub(super) roles: &'a [String],
}

impl Known<'_> {
    pub(super) fn tape(&self) -> Option<&Tape> {
        match self.cassette {
            Cassette::Replay(tape) => Some(tape),
            Cassette::Off | Cassette::Record(_) => None,
        }
    }

    fn recorded_base_url(&self, name: &str) -> Option<&str> {
        self.tape()?.base_url(name)
    }

    /// The row of a provider, with no key yet.
    pub(super) fn row(&self, name: &str) -> Result<Vendor, Bad> {
        if let Some(vendor) = Vendor::known(name) {
            return Ok(vendor);
        }
        let vendor = Vendor::compatible(name);
        let safe = name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
        if let Some(url) = self.recorded_base_url(&vendor.name) {
            return Ok(Vendor {
                base_url: url.to_owned(),
                base_url_source: "recording".to_owned(),
                ..vendor
            });
        }
        if safe && self.environment.get(&vendor.base_url_variable)?.is_some() {
            return Ok(vendor);
        }
        let names: Vec<String> = Vendor::all().into_iter().map(|vendor| vendor.name).collect();
        Err(Bad::new(
            format!("unknown provider `{}`", name.escape_debug()),
            format!(
                "known are {}; for another OpenAI-compatible host set {} to its base URL",
                names.join(", "),
                vendor.base_url_variable
            ),
        ))
    }

    /// The key of a provider: a variable, or the file that `…_FILE` names.
    fn key(&self, vendor: &Vendor, warnings: &mut Vec<String>) -> Result<Option<(String, String, Origin)>, Bad> {
        for name in &vendor.key_variables {
            if let Some(setting) = self.environment.get(name)? {
                return Ok(Some((
                    setting.value.trim().to_owned(),
                    name.clone(),
                    setting.origin.clone(),
                )));
            }
            let file_variable = format!("{name}_FILE");
            if let Some(setting) = self.environment.get(&file_variable)? {
                let key = key_file(&file_variable, setting, warnings)?;
                return Ok(Some((key, file_variable, setting.origin.clone())));
            }
        }
        Ok(None)
    }

    /// The first provider that has a key, in the order of the table; in a replay, the first that was recorded.
    pub(super) fn first_with_key(&self) -> Result<Option<String>, Bad> {
        if let Some((_, target)) = self.tape().and_then(|tape| tape.asked().first()) {
            return Ok(Some(target.vendor.clone()));
        }
        Ok(self.with_key()?.into_iter().next().map(|vendor| vendor.name))
    }

    /// All providers that have a key, in the order of the table.
    pub(super) fn with_key(&self) -> Result<Vec<Vendor>, Bad> {
        let mut found = Vec::new();
        for vendor in Vendor::all().into_iter().filter(|vendor| vendor.needs_key) {
            if self.key(&vendor, &mut Vec::new())?.is_some() {
                found.push(vendor);
            }
        }
        Ok(found)
    }
}

pub(super) fn vendor(known: &Known<'_>, name: &str, warnings: &mut Vec<String>) -> Result<Vendor, Bad> {
    let mut vendor = known.row(name)?;
    if vendor.is_mock() || known.recorded_base_url(&vendor.name).is_some() {
        return Ok(vendor);
    }
    let key = known.key(&vendor, warnings)?;
    if key.is_none() && vendor.needs_key {
        return Err(Bad::new(
            format!("there is no key for the provider `{}`", vendor.name),
            format!(
                "set {} or {}_FILE, or use `--provider mock`",
                vendor.key_variables.join(" or "),
                vendor.key_variables[0]
            ),
        ));
    }
    if let Some(url) = known.environment.get(&vendor.base_url_variable)? {
        bind(&vendor, url, key.as_ref())?;
        let variable = vendor.base_url_variable.clone();
        let source = format!("{} ({variable})", url.origin);
        vendor = vendor
            .with_base_url(&url.value, source, PrivateHosts::Refused)
            .map_err(|error| {
                Bad::new(
                    format!("{variable}: {error}"),
                    "give an https URL without user name, query or fragment; http is for this machine only",
                )
            })?;
    }
    if let Some((key, variable, origin)) = key {
        vendor = vendor.with_key(key.into(), format!("{origin} ({variable})"));
    }
    Ok(vendor)
}

/// A key goes only to a host that was named in the same place, or in a stronger one: a planted `.env` must not redirect it.
fn bind(vendor: &Vendor, url: &Setting, key: Option<&(String, String, Origin)>) -> Result<(), Bad> {
    match key {
        Some((_, variable, origin)) if *origin < url.origin => Err(Bad::new(
            format!(
                "{} comes from {}, but {variable} comes from the {origin}",
                vendor.base_url_variable, url.origin
            ),
            format!(
                "set {} in the environment too if the key may go to that host",
                vendor.base_url_variable
            ),
        )),
        _ => Ok(()),
    }
}

pub(super) fn describe(vendor: &Vendor) -> String {
    if vendor.is_mock() {
        return "mock: built in, no network".to_owned();
    }
    let key = if vendor.key.is_some() {
        format!("key present, from {}", vendor.key_source)
    } else {
        "no key needed".to_owned()
    };
    format!(
        "{}: {key}; {} ({})",
        vendor.name, vendor.base_url, vendor.base_url_source
    )
}

fn key_file(variable: &str, setting: &Setting, warnings: &mut Vec<String>) -> Result<String, Bad> {
    let path = PathBuf::from(setting.value.trim());
    let text = std::fs::read_to_string(&path).map_err(|error| {
        Bad::new(
            format!(
                "could not read the key file of {variable}, `{}`: {}",
                path.display(),
                error.kind()
            ),
            "give the path of a file that holds only the key",
        )
    })?;
    warn_about_readers(&path, warnings);
    let key = text.trim().trim_start_matches('\u{FEFF}').to_owned();
    if key.is_empty() || key.chars().any(char::is_whitespace) {
        return Err(Bad::new(
            format!(
                "the key file of {variable}, `{}`, does not hold exactly one key",
                path.display()
            ),
            "the file must hold the key and nothing else",
        ));
    }
    Ok(key)
}

#[cfg(unix)]
fn warn_about_readers(path: &Path, warnings: &mut Vec<String>) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).map_or(0, |found| found.permissions().mode());
    if mode & 0o077 != 0 {
        warnings.push(format!(
            "the key file `{}` can be read by others: run `chmod 600 {}`",
            path.display(),
            path.display()
        ));
    }
}

#[cfg(not(unix))]
fn warn_about_readers(_path: &Path, _warnings: &mut Vec<String>) {}
