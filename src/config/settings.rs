//! All settings of a run, each resolved in one expression: flag, then environment, `.env`, `insights.toml`, default.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::data::{self, Window};
use crate::flow;
use crate::prompt::{self, Prompts};
use crate::rundir::RunHash;
use crate::store::{Detail, session};

use super::environment::{Environment, Origin, Setting};
use super::models::{Models, choose_models};
use super::{Bad, file, limits, variables};

/// What was typed: text as it stood on the command line.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Typed {
    pub run_hash: Option<String>,
    pub date_start: Option<String>,
    pub date_end: Option<String>,
    pub data: Vec<String>,
    pub map: Vec<String>,
    pub mapping: Option<String>,
    pub timezone: Option<String>,
    pub max_bad_rows: Option<String>,
    pub memory_limit: Option<String>,
    pub engine: Option<String>,
    pub engine_dir: Option<String>,
    pub metrics: Option<String>,
    pub aggregation_limit: Option<String>,
    pub provider: Option<String>,
    pub model: Vec<String>,
    pub fallback: Vec<String>,
    pub requests_per_minute: Option<String>,
    pub input_tokens_per_minute: Option<String>,
    pub output_tokens_per_minute: Option<String>,
    pub retries: Option<String>,
    pub timeout: Option<String>,
    /// `on` or `off`.
    pub stream: Option<String>,
    pub first_token_timeout: Option<String>,
    pub idle_timeout: Option<String>,
    pub deadline: Option<String>,
    pub max_output_tokens: Option<String>,
    pub rounds: Option<String>,
    pub cache: Option<String>,
    pub prompts: Option<String>,
    pub patterns: Option<String>,
    /// The pattern that is run; the council of the main job by default.
    pub pattern: Option<String>,
    /// Names of the models of a question; none for a run.
    pub ask: Option<Vec<String>>,
    /// Models that only review; they are asked beside those of `ask`.
    pub reviewers: Vec<String>,
    pub run_logs: Option<String>,
    pub session_log: Option<String>,
    pub session_detail: Option<String>,
    pub mock_script: Option<String>,
    pub routing_strategy: Option<String>,
    pub routing_config: Option<String>,
    pub context_fallback: Vec<String>,
    pub embedding_model: Option<String>,
    /// Meanings are compared, so that an embedding model is needed.
    pub embeds: bool,
    pub hedge_after: Option<String>,
    pub cache_max_age: Option<String>,
    pub max_cost: Option<String>,
    pub max_calls: Option<String>,
    pub max_tokens: Option<String>,
    pub prices: Option<String>,
    pub record: Option<String>,
    pub replay: Option<String>,
}

/// Settled values, ready to work with.
#[derive(Debug)]
pub struct Run {
    /// Not needed by `doctor` and `evidence`.
    pub run_hash: Option<RunHash>,
    pub window: Option<Window>,
    /// None reads the tables of the run directory.
    pub data: Option<DataChoice>,
    pub row_limit: usize,
    pub run_logs: PathBuf,
    pub sessions: session::Options,
    pub prompts: prompt::Options,
    pub models: Models,
    pub flow: flow::Options,
    /// A tracing filter for logs/run.log.
    pub log: Option<String>,
    /// Each setting that is not at its default, with where it came from.
    pub origins: Vec<(String, String, Origin)>,
    pub warnings: Vec<String>,
}

/// What to read and how.
#[derive(Debug, Clone, PartialEq)]
pub struct DataChoice {
    pub sources: Vec<String>,
    pub map: Vec<(String, String)>,
    /// The mapping of an earlier run.
    pub mapping: Vec<data::Mapped>,
    /// Where it was found.
    pub mapping_file: Option<String>,
    pub max_bad_rows: u64,
    pub memory: data::MemoryLimit,
    pub engine: data::QueryEngine,
    pub timezone: String,
    pub access: data::Access,
    /// A folder of metric definitions that replace built-in ones.
    pub metrics: Option<PathBuf>,
}

impl DataChoice {
    /// `now` is when the run takes place.
    pub fn options(&self, window: Window, now: jiff::Timestamp) -> data::Options {
        data::Options {
            sources: self.sources.clone(),
            window,
            map: self.map.clone(),
            mapping: self.mapping.clone(),
            max_bad_rows: self.max_bad_rows,
            memory: self.memory,
            engine: self.engine.clone(),
            timezone: self.timezone.clone(),
            access: self.access.clone(),
            metrics: self.metrics.clone(),
            now,
        }
    }
}

/// The lowest useful row limit: below it planted facts are lost more often than not.
const LEAST_ROWS: usize = 10;

/// Resolves everything at once, so that a run fails before it has done anything.
///
/// # Errors
/// The first setting that cannot be used, with the next step.
pub fn resolve(
    typed: &Typed,
    environment: &Environment,
    config_file: Option<&Path>,
    folder: &Path,
) -> Result<Run, Bad> {
    let mut sources = Sources::new(environment, config_file, folder)?;
    let run_hash = sources.text(typed.run_hash.as_ref(), variables::RUN_HASH)?;
    let run_hash = run_hash
        .map(|text| RunHash::new(&text).map_err(|error| Bad::new(error.to_string(), error.hint())))
        .transpose()?;
    let start = sources.date(typed.date_start.as_ref(), variables::DATE_START)?;
    let end = sources.date(typed.date_end.as_ref(), variables::DATE_END)?;
    let data = sources.list(&typed.data, variables::DATA)?;
    sources.show(
        variables::DATA,
        &data
            .iter()
            .map(|source| data::shown_source(source))
            .collect::<Vec<_>>()
            .join(","),
    );
    let map = mapping(&sources.list(&typed.map, variables::MAP)?)?;
    let mapping_file = sources.text(typed.mapping.as_ref(), variables::MAPPING)?;
    let earlier = mapping_file.as_ref().map(|file| data::read_mapping(&folder.join(file)));
    let earlier = earlier
        .transpose()
        .map_err(|error| Bad::new(error.to_string(), error.hint()))?;
    let metrics = metrics(typed, &mut sources)?;
    let max_bad_rows = sources.number(typed.max_bad_rows.as_ref(), variables::MAX_BAD_ROWS, 100)?;
    let memory = memory(typed, &mut sources)?;
    let engine = engine(typed, &mut sources, folder)?;
    let timezone = sources
        .text(typed.timezone.as_ref(), variables::TIMEZONE)?
        .unwrap_or_else(|| "UTC".to_owned());
    check_zone(&timezone)?;
    let row_limit = sources.number(typed.aggregation_limit.as_ref(), variables::AGGREGATION_LIMIT, 15)?;
    if row_limit == 0 {
        return Err(Bad::new(
            "the aggregation limit must be at least 1",
            "try `--aggregation-limit 15`",
        ));
    }
    let run_logs = run_logs(typed, &mut sources, folder)?;
    let sessions = sessions(typed, &mut sources)?;
    let prompts = prompt_options(typed, &mut sources, folder)?;
    sources.roles = known_roles(&prompts, typed.pattern.as_deref());
    let deadline = sources.seconds(typed.deadline.as_ref(), variables::DEADLINE, 900.0)?;
    let max_output_tokens = sources.number(typed.max_output_tokens.as_ref(), variables::MAX_OUTPUT_TOKENS, 4096)?;
    let rounds = rounds(typed, &mut sources)?;
    let mut models = choose_models(typed, &mut sources, run_hash.as_ref().map(RunHash::as_str), folder)?;
    models.options.ledger = limits::ledger(&mut sources, &run_logs)?;
    let log = sources.text(None, variables::LOG)?;
    Ok(Run {
        run_hash,
        window: window(start, end)?,
        data: (!data.is_empty()).then_some(DataChoice {
            sources: data,
            map,
            mapping: earlier.unwrap_or_default(),
            mapping_file,
            max_bad_rows,
            memory,
            engine,
            timezone,
            access: access(environment)?,
            metrics,
        }),
        row_limit: usize::try_from(row_limit).unwrap_or(usize::MAX).max(LEAST_ROWS),
        run_logs,
        sessions,
        prompts,
        models,
        flow: flow::Options {
            max_output_tokens: u32::try_from(max_output_tokens).unwrap_or(u32::MAX),
            deadline,
            rounds,
        },
        log,
        warnings: environment.warnings.clone(),
        origins: sources.origins,
    })
}

fn rounds(typed: &Typed, sources: &mut Sources<'_>) -> Result<Option<u32>, Bad> {
    const MOST: u64 = 5;
    match sources.optional_number(typed.rounds.as_ref(), variables::ROUNDS)? {
        Some(rounds) if rounds > MOST => Err(Bad::new(
            format!("{rounds} rounds of correction are too many"),
            format!("give 0 to {MOST}: what two rounds do not mend, more seldom do"),
        )),
        rounds => Ok(rounds.and_then(|rounds| u32::try_from(rounds).ok())),
    }
}

/// Only where patterns come from and which models are registered: what `insights patterns` needs, without any key.
#[derive(Debug)]
pub struct PatternSettings {
    pub prompts: prompt::Options,
    /// The names of the registered models.
    pub models: Vec<String>,
}

/// Only where sessions are: what `insights sessions` needs, without any key.
#[derive(Debug)]
pub struct SessionSettings {
    pub run_logs: PathBuf,
    pub sessions: session::Options,
    /// The files that may hold the machine's ledger of limits.
    pub ledger: Vec<PathBuf>,
}

/// # Errors
/// An unknown backend or detail, or an `insights.toml` that cannot be read.
pub fn resolve_sessions(
    typed: &Typed,
    environment: &Environment,
    config_file: Option<&Path>,
    folder: &Path,
) -> Result<SessionSettings, Bad> {
    let mut sources = Sources::new(environment, config_file, folder)?;
    let run_logs = run_logs(typed, &mut sources, folder)?;
    Ok(SessionSettings {
        ledger: limits::ledger(&mut sources, &run_logs)?,
        run_logs,
        sessions: sessions(typed, &mut sources)?,
    })
}

/// # Errors
/// A folder that is not there, or an `insights.toml` that cannot be read.
pub fn resolve_patterns(
    typed: &Typed,
    environment: &Environment,
    config_file: Option<&Path>,
    folder: &Path,
) -> Result<PatternSettings, Bad> {
    let mut sources = Sources::new(environment, config_file, folder)?;
    Ok(PatternSettings {
        prompts: prompt_options(typed, &mut sources, folder)?,
        models: sources.file.models.iter().map(|row| row.name.clone()).collect(),
    })
}

/// The folder of metric definitions of one's own: what `insights sql` needs, without any key.
///
/// # Errors
/// An `insights.toml` that cannot be read.
pub fn resolve_metrics(
    typed: &Typed,
    environment: &Environment,
    config_file: Option<&Path>,
    folder: &Path,
) -> Result<Option<PathBuf>, Bad> {
    metrics(typed, &mut Sources::new(environment, config_file, folder)?)
}

fn metrics(typed: &Typed, sources: &mut Sources<'_>) -> Result<Option<PathBuf>, Bad> {
    let folder = sources.text(typed.metrics.as_ref(), variables::METRICS)?;
    Ok(folder.map(PathBuf::from))
}

fn memory(typed: &Typed, sources: &mut Sources<'_>) -> Result<data::MemoryLimit, Bad> {
    let Some(text) = sources.text(typed.memory_limit.as_ref(), variables::MEMORY_LIMIT)? else {
        return Ok(data::MemoryLimit::default());
    };
    data::MemoryLimit::parse(&text).map_err(|why| {
        Bad::new(
            format!("the memory limit is `{}`, which is {why}", text.escape_debug()),
            "give a size, for example `--memory-limit 1500MB` or 1.5GB",
        )
    })
}

fn engine(typed: &Typed, sources: &mut Sources<'_>, folder: &Path) -> Result<data::QueryEngine, Bad> {
    let shared = sources.text(typed.engine_dir.as_ref(), variables::ENGINE_DIR)?;
    let Some(text) = sources.text(typed.engine.as_ref(), variables::ENGINE)? else {
        return Ok(data::QueryEngine::default());
    };
    data::QueryEngine::parse(&text, shared.map(|shared| folder.join(shared)))
        .map_err(|error| Bad::new(error.to_string(), error.hint()))
}

/// Keys of object stores and databases stay in variables of their own names.
fn access(environment: &Environment) -> Result<data::Access, Bad> {
    let mut variables = Vec::new();
    for name in environment.names().filter(|name| data::Access::wants(name)) {
        if let Some(setting) = environment.get(name)? {
            variables.push((name.to_owned(), setting.value.clone()));
        }
    }
    Ok(data::Access::new(variables))
}

fn prompt_options(typed: &Typed, sources: &mut Sources<'_>, folder: &Path) -> Result<prompt::Options, Bad> {
    let environment = sources.environment;
    let patterns = sources.text(typed.patterns.as_ref(), variables::PATTERNS)?;
    Ok(prompt::Options {
        patterns: patterns_folder(patterns, environment, folder)?,
        ..prompts_folder(sources.text(typed.prompts.as_ref(), variables::PROMPTS)?, folder)?
    })
}

/// Where a value may come from below the flags.
pub(super) struct Sources<'a> {
    pub(super) environment: &'a Environment,
    pub(super) file: file::Read,
    /// Every role that the pattern asks.
    pub(super) roles: Vec<String>,
    file_path: PathBuf,
    origins: Vec<(String, String, Origin)>,
}

impl<'a> Sources<'a> {
    fn new(environment: &'a Environment, config_file: Option<&Path>, folder: &Path) -> Result<Self, Bad> {
        let implicit = folder.join("insights.toml");
        let path = config_file.map_or_else(
            || implicit.is_file().then_some(implicit),
            |path| Some(folder.join(path)),
        );
        Ok(Self {
            environment,
            file: path.as_deref().map(file::read).transpose()?.unwrap_or_default(),
            roles: Vec::new(),
            file_path: path.unwrap_or_default(),
            origins: Vec::new(),
        })
    }

    /// Where the value that won came from; None when nobody set it.
    pub(super) fn origin_of(&self, variable: &str) -> Option<Origin> {
        let found = self.origins.iter().rev().find(|(name, ..)| name == variable);
        found.map(|(_, _, origin)| origin.clone())
    }

    /// The folder of `insights.toml`, where files that go with it are looked for.
    pub(super) fn settings_folder(&self, folder: &Path) -> PathBuf {
        let beside = self
            .file_path
            .parent()
            .filter(|_| !self.file_path.as_os_str().is_empty());
        beside.map_or_else(|| folder.to_owned(), Path::to_owned)
    }

    /// What is shown as the value of a setting that may hold a secret.
    fn show(&mut self, variable: &str, shown: &str) {
        for (_, value, _) in self.origins.iter_mut().filter(|(name, ..)| name == variable) {
            shown.clone_into(value);
        }
    }

    /// The winning value of a setting.
    pub(super) fn text(&mut self, flag: Option<&String>, variable: &str) -> Result<Option<String>, Bad> {
        let found = match flag {
            Some(flag) => Some(Setting {
                value: flag.clone(),
                origin: Origin::Flag,
            }),
            None => self.environment.get(variable)?.cloned().or_else(|| {
                self.file.values.get(variable).map(|value| Setting {
                    value: value.clone(),
                    origin: Origin::ConfigFile(self.file_path.clone()),
                })
            }),
        };
        Ok(found.map(|setting| {
            self.origins
                .push((variable.to_owned(), setting.value.clone(), setting.origin));
            setting.value
        }))
    }

    /// A repeatable flag, or one comma-separated value.
    pub(super) fn list(&mut self, flags: &[String], variable: &str) -> Result<Vec<String>, Bad> {
        if !flags.is_empty() {
            self.origins.push((variable.to_owned(), flags.join(","), Origin::Flag));
            return Ok(flags.to_vec());
        }
        Ok(self
            .text(None, variable)?
            .map(|text| split_list(&text))
            .unwrap_or_default())
    }

    pub(super) fn number(&mut self, flag: Option<&String>, variable: &str, default: u64) -> Result<u64, Bad> {
        let Some(text) = self.text(flag, variable)? else {
            return Ok(default);
        };
        text.trim().replace('_', "").parse().map_err(|_| {
            Bad::new(
                format!("{variable} is `{}`, which is no whole number", text.escape_debug()),
                format!("give a number, for example {default}"),
            )
        })
    }

    /// `on` or `off`, in any of the usual words.
    pub(super) fn switch(&mut self, flag: Option<&String>, variable: &str, default: bool) -> Result<bool, Bad> {
        let text = self.text(flag, variable)?;
        match text.as_deref().map(|text| text.trim().to_ascii_lowercase()).as_deref() {
            None => Ok(default),
            Some("on" | "true" | "yes" | "1") => Ok(true),
            Some("off" | "false" | "no" | "0") => Ok(false),
            Some(other) => Err(Bad::new(
                format!("{variable} is `{}`", other.escape_debug()),
                "use on or off",
            )),
        }
    }

    pub(super) fn optional_number(&mut self, flag: Option<&String>, variable: &str) -> Result<Option<u64>, Bad> {
        match self.text(flag, variable)? {
            Some(text) => self.number(Some(&text), variable, 10).map(Some),
            None => Ok(None),
        }
    }

    /// A positive number of seconds, fractions allowed.
    pub(super) fn seconds(&mut self, flag: Option<&String>, variable: &str, default: f64) -> Result<Duration, Bad> {
        let text = self.text(flag, variable)?;
        let seconds = match &text {
            Some(text) => text.trim().trim_end_matches('s').parse::<f64>().ok(),
            None => Some(default),
        };
        seconds
            .filter(|seconds| seconds.is_finite() && *seconds > 0.0)
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .ok_or_else(|| {
                Bad::new(
                    format!(
                        "{variable} is `{}`, which is no number of seconds above 0",
                        text.unwrap_or_default().escape_debug()
                    ),
                    format!("give seconds, for example {default}"),
                )
            })
    }

    pub(super) fn optional_seconds(&mut self, flag: Option<&String>, variable: &str) -> Result<Option<Duration>, Bad> {
        match self.text(flag, variable)? {
            Some(text) => self.seconds(Some(&text), variable, 10.0).map(Some),
            None => Ok(None),
        }
    }

    fn date(&mut self, flag: Option<&String>, variable: &str) -> Result<Option<Date>, Bad> {
        let Some(text) = self.text(flag, variable)? else {
            return Ok(None);
        };
        let shape = text.trim().len() == 10;
        match text.trim().parse::<Date>() {
            Ok(date) if shape => Ok(Some(date)),
            _ => Err(Bad::new(
                format!("{variable} is `{}`, which is no date", text.escape_debug()),
                "write dates as YYYY-MM-DD, for example 2025-03-31",
            )),
        }
    }
}

fn window(start: Option<Date>, end: Option<Date>) -> Result<Option<Window>, Bad> {
    match (start, end) {
        (Some(start), Some(end)) if start > end => Err(Bad::new(
            format!("the window's first day {start} is after its last day {end}"),
            "exchange `--date-start` and `--date-end`",
        )),
        (Some(start), Some(end)) => Ok(Some(Window { start, end })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(Bad::new(
            "the window has no last day",
            "add `--date-end YYYY-MM-DD` or set DATE_END",
        )),
        (None, Some(_)) => Err(Bad::new(
            "the window has no first day",
            "add `--date-start YYYY-MM-DD` or set DATE_START",
        )),
    }
}

/// `user=a,time=b` once or several times; a comma splits only before the next `role=`, so that expressions may hold commas.
/// A name in quotes without them; an expression keeps those of its names.
fn unquoted(column: &str) -> &str {
    let inner = column.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.filter(|inner| !inner.contains('"')).unwrap_or(column)
}

fn mapping(parts: &[String]) -> Result<Vec<(String, String)>, Bad> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for part in parts.iter().flat_map(|part| part.split(',')) {
        let role = part.split_once('=').filter(|(role, _)| {
            let role = role.trim();
            !role.is_empty()
                && role
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        });
        match (role, pairs.last_mut()) {
            (Some((role, column)), _) => pairs.push((role.trim().to_owned(), unquoted(column.trim()).to_owned())),
            (None, Some((_, column))) => {
                column.push(',');
                column.push_str(part);
            }
            (None, None) => {
                return Err(Bad::new(
                    format!("`--map {}` is no `role=column`", part.escape_debug()),
                    "write for example `--map user=CustomerID,time=InvoiceDate`",
                ));
            }
        }
    }
    Ok(pairs)
}

fn run_logs(typed: &Typed, sources: &mut Sources<'_>, folder: &Path) -> Result<PathBuf, Bad> {
    let typed = sources.text(typed.run_logs.as_ref(), variables::RUN_LOGS)?;
    Ok(folder.join(typed.as_deref().unwrap_or("run_logs")))
}

fn sessions(typed: &Typed, sources: &mut Sources<'_>) -> Result<session::Options, Bad> {
    let default = session::Options::default();
    let backend = sources.text(typed.session_log.as_ref(), variables::SESSION_LOG)?;
    let detail = sources.text(typed.session_detail.as_ref(), variables::SESSION_DETAIL)?;
    let backend = match backend {
        None => default.backend,
        Some(text) => {
            let word = text.trim().to_ascii_lowercase();
            let found = session::Backend::ALL.into_iter().find(|backend| backend.word() == word);
            found.ok_or_else(|| {
                Bad::new(
                    format!("{} is `{}`", variables::SESSION_LOG, text.escape_debug()),
                    "sessions are kept in `sqlite`, `jsonl` or `none`",
                )
            })?
        }
    };
    let detail = match detail.as_deref().map(str::trim) {
        None => default.detail,
        Some("texts") => Detail::Texts,
        Some("numbers") => Detail::Numbers,
        Some(text) => {
            return Err(Bad::new(
                format!("{} is `{}`", variables::SESSION_DETAIL, text.escape_debug()),
                "a session keeps `texts` (prompts, replies, feedback) or only `numbers`",
            ));
        }
    };
    Ok(session::Options { backend, detail })
}

fn prompts_folder(typed: Option<String>, folder: &Path) -> Result<prompt::Options, Bad> {
    let Some(typed) = typed else {
        let implicit = folder.join("prompts");
        return Ok(prompt::Options {
            folder: implicit.join("insights").is_dir().then_some(implicit),
            patterns: None,
        });
    };
    let path = folder.join(&typed);
    if !path.is_dir() {
        return Err(Bad::new(
            format!("there is no prompts folder `{}`", typed.escape_debug()),
            "give a folder that holds `insights/…`, or leave `--prompts` away to use the built-in prompts",
        ));
    }
    Ok(prompt::Options {
        folder: Some(path),
        patterns: None,
    })
}

/// The user's own patterns: the folder that is named, else `insights/patterns` in the user's configuration folder, when it is there.
fn patterns_folder(typed: Option<String>, environment: &Environment, folder: &Path) -> Result<Option<PathBuf>, Bad> {
    if let Some(typed) = typed {
        let path = folder.join(&typed);
        return match path.is_dir() {
            true => Ok(Some(path)),
            false => Err(Bad::new(
                format!("there is no patterns folder `{}`", typed.escape_debug()),
                "give a folder that holds one folder for each pattern, or leave `--patterns` away",
            )),
        };
    }
    let value = |name: &str| -> Result<Option<PathBuf>, Bad> {
        let setting = environment.get(name)?.filter(|setting| !setting.value.is_empty());
        Ok(setting.map(|setting| PathBuf::from(&setting.value)))
    };
    let home = match value("XDG_CONFIG_HOME")? {
        Some(home) => Some(home),
        None => value("HOME")?.map(|home| home.join(".config")),
    };
    let own = home.map(|home| home.join("insights").join("patterns"));
    Ok(own.filter(|own| own.is_absolute() && own.is_dir()))
}

/// The roles of the pattern, for flags and scripts that name them; a pattern that cannot be read is somebody else's error.
fn known_roles(prompts: &prompt::Options, pattern: Option<&str>) -> Vec<String> {
    let name = pattern.unwrap_or(prompt::COUNCIL);
    let pattern = Prompts::open(prompts).and_then(|prompts| prompts.pattern(name));
    pattern.map_or_else(|_| flow::ROLES.map(str::to_owned).to_vec(), |pattern| pattern.roles())
}

fn check_zone(name: &str) -> Result<(), Bad> {
    jiff::tz::TimeZone::get(name).map(drop).map_err(|_| {
        Bad::new(
            format!("`{}` is no known time zone", name.escape_debug()),
            "give an IANA name, for example Europe/Berlin or UTC",
        )
    })
}

pub(super) fn split_list(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(typed: &Typed, pairs: &[(&str, &str)]) -> Result<Run, Bad> {
        let folder = tempfile::tempdir().expect("a temporary directory");
        resolve(typed, &Environment::of(pairs), None, folder.path())
    }

    #[test]
    fn a_flag_wins_over_the_environment() {
        let typed = Typed {
            run_hash: Some("flag".to_owned()),
            provider: Some("mock".to_owned()),
            ..Typed::default()
        };
        let run = run(
            &typed,
            &[
                ("RUN_HASH", "environment"),
                ("DATE_START", "2025-01-01"),
                ("DATE_END", "2025-01-31"),
            ],
        )
        .expect("a run");
        assert_eq!(run.run_hash.expect("a hash").as_str(), "flag");
        assert_eq!(run.window.expect("a window").days(), 31);
    }

    #[test]
    fn dates_the_wrong_way_round_are_refused() {
        let pairs = [
            ("DATE_START", "2025-02-01"),
            ("DATE_END", "2025-01-31"),
            ("INSIGHTS_PROVIDER", "mock"),
        ];
        let error = run(&Typed::default(), &pairs).expect_err("the wrong way round");
        assert!(
            error.message.contains("2025-02-01") && error.hint.contains("--date-start"),
            "{error:?}"
        );
    }

    #[test]
    fn commas_inside_an_expression_stay() {
        let pairs = mapping(&["user=a,revenue=coalesce(x, y),time=t".to_owned()]).expect("three roles");
        let expected = [("user", "a"), ("revenue", "coalesce(x, y)"), ("time", "t")];
        assert_eq!(
            pairs,
            expected.map(|(role, column)| (role.to_owned(), column.to_owned()))
        );
    }
}
