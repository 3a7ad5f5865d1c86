//! How much may be sent a minute, and where the processes of this machine keep that together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::store::{Dimension, Rates};

use super::environment::Environment;
use super::settings::{Sources, Typed, split_list};
use super::{Bad, variables};

/// Limits for every provider's key, and those of single providers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) all: Rates,
    pub(super) providers: BTreeMap<String, Rates>,
}

/// `--rpm`, `--input-tpm` and `--output-tpm`: a number for every key, `provider=number` for one, comma-separated. 0 is as if
/// nothing was said.
///
/// # Errors
/// What is no whole number.
pub(super) fn limits(typed: &Typed, sources: &mut Sources<'_>) -> Result<Limits, Bad> {
    let mut limits = Limits::default();
    for (flag, variable, dimension) in [
        (
            &typed.requests_per_minute,
            variables::REQUESTS_PER_MINUTE,
            Dimension::Requests,
        ),
        (
            &typed.input_tokens_per_minute,
            variables::INPUT_TOKENS_PER_MINUTE,
            Dimension::InputTokens,
        ),
        (
            &typed.output_tokens_per_minute,
            variables::OUTPUT_TOKENS_PER_MINUTE,
            Dimension::OutputTokens,
        ),
    ] {
        let Some(text) = sources.text(flag.as_ref(), variable)? else {
            continue;
        };
        for part in split_list(&text) {
            let (provider, number) = match part.split_once('=') {
                Some((provider, number)) => (Some(provider.trim().to_ascii_lowercase()), number),
                None => (None, part.as_str()),
            };
            let number: u64 = number.trim().replace('_', "").parse().map_err(|_| {
                Bad::new(
                    format!("{variable} is `{}`, which is no whole number", text.escape_debug()),
                    "give a number for every key, for example 10, or `openai=500,openrouter=10`",
                )
            })?;
            let rates = match provider {
                Some(provider) => limits.providers.entry(provider).or_default(),
                None => &mut limits.all,
            };
            rates.set(dimension, Some(number).filter(|number| *number > 0));
        }
    }
    Ok(limits)
}

const LEDGER: &str = "limits.db";

/// The files that may hold the machine's ledger, best first: `INSIGHTS_STATE_DIR` alone when it is set, else the user's
/// state directory, else the run logs.
///
/// # Errors
/// A variable that is no UTF-8.
pub(super) fn ledger(sources: &mut Sources<'_>, run_logs: &Path) -> Result<Vec<PathBuf>, Bad> {
    if let Some(folder) = sources.text(None, variables::STATE_DIR)? {
        return Ok(vec![PathBuf::from(folder).join(LEDGER)]);
    }
    let user = state_folder(sources.environment).map(|folder| folder.join("insights").join(LEDGER));
    Ok(user.into_iter().chain([run_logs.join(LEDGER)]).collect())
}

/// As the XDG base directory specification says: a path that is not absolute is ignored.
fn state_folder(environment: &Environment) -> Option<PathBuf> {
    let absolute = |name: &str| {
        let setting = environment.get(name).ok().flatten();
        setting
            .map(|setting| PathBuf::from(&setting.value))
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local").join("state")))
}

#[cfg(test)]
mod tests {
    use super::super::settings::resolve;
    use super::*;

    fn models(pairs: &[(&str, &str)]) -> Result<super::super::Models, Bad> {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let mut pairs = pairs.to_vec();
        pairs.push(("INSIGHTS_PROVIDER", "mock"));
        resolve(&Typed::default(), &Environment::of(&pairs), None, folder.path()).map(|run| run.models)
    }

    fn options(pairs: &[(&str, &str)]) -> Result<crate::llm::Options, Bad> {
        models(pairs).map(|models| models.options)
    }

    #[test]
    fn a_limit_for_nobody_is_told() {
        let limit = [("INSIGHTS_REQUESTS_PER_MINUTE", "opanai=5,openai=5")];
        let warnings = models(&limit).expect("limits").warnings;
        assert_eq!(
            warnings,
            ["a limit is given for `opanai`, which is no provider of this run"]
        );
    }

    #[test]
    fn a_number_is_for_all_and_a_name_for_one() {
        let options = options(&[
            ("INSIGHTS_REQUESTS_PER_MINUTE", "10,openai=500"),
            ("INSIGHTS_INPUT_TOKENS_PER_MINUTE", "OpenAI=30_000"),
            ("INSIGHTS_OUTPUT_TOKENS_PER_MINUTE", "8000"),
        ])
        .expect("limits");
        assert_eq!(options.requests_per_minute, Some(10));
        assert_eq!(
            (options.input_tokens_per_minute, options.output_tokens_per_minute),
            (None, Some(8_000))
        );
        let own = Rates {
            requests: Some(500),
            input_tokens: Some(30_000),
            ..Rates::default()
        };
        assert_eq!(options.provider_rates, BTreeMap::from([("openai".to_owned(), own)]));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["many", "-1", "openai=", "1.5"] {
            let error = options(&[("INSIGHTS_OUTPUT_TOKENS_PER_MINUTE", text)]).expect_err(text);
            assert!(error.message.contains("INSIGHTS_OUTPUT_TOKENS_PER_MINUTE"), "{error:?}");
        }
    }

    #[test]
    fn the_ledger_is_where_all_processes_of_a_user_find_it() {
        for (pairs, first) in [
            (vec![("INSIGHTS_STATE_DIR", "here"), ("HOME", "/h")], "here/limits.db"),
            (vec![("XDG_STATE_HOME", "/x"), ("HOME", "/h")], "/x/insights/limits.db"),
            (
                vec![("XDG_STATE_HOME", "x"), ("HOME", "/h")],
                "/h/.local/state/insights/limits.db",
            ),
        ] {
            let files = options(&pairs).expect("files").ledger;
            assert_eq!(files[0], Path::new(first));
        }
        let files = options(&[]).expect("files").ledger;
        assert_eq!(files.len(), 1);
        assert!(files[0].ends_with("run_logs/limits.db"));
    }
}
