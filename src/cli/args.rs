//! What was typed, exactly; resolved once by `config`.

mod explore;

pub(super) use explore::{Dedup, ExploreArguments};

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::config::Typed;

use super::reports::{OpenArguments, ReportArguments};
use super::session::Resumed;

const AFTER_HELP: &str = "\
Examples:
  insights demo
  insights --run-hash daily --date-start 2025-03-01 --date-end 2025-03-31 --data 'events/*.parquet' --provider openai
  insights doctor --data events.csv
  insights providers --check
  insights open daily
  insights scan path/to/project --egress

Exit codes:
  0 complete · 1 no usable report · 2 usage, configuration or bad input · 3 report written, degraded
  4 no rows in the window · 5 a --fail-on gate tripped · 75 locked, or a provider is exhausted for now · 130/143 interrupted";

/// Event and transaction tables in, an executive report out: written by a council of LLMs, true to the last digit.
#[derive(Debug, Parser)]
#[command(name = "insights", version, after_help = AFTER_HELP, subcommand_negates_reqs = true, max_term_width = 120)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) run: RunArguments,
    #[command(flatten)]
    pub(super) common: CommonArguments,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a report: the same as `insights` with these flags
    Run(RunArguments),
    /// Make a report from a generated sample with the mock provider: no key, no data, no network
    Demo(DemoArguments),
    /// Check configuration, keys, data, prompts and directories without calling a model
    Doctor(RunArguments),
    /// Show each configured provider and model: capabilities, prices, how it did lately, and whether it is there
    Providers(ProvidersArguments),
    /// Print the facts of a window as tables or JSON, without any call
    Evidence(EvidenceArguments),
    /// Print the SQL that defines the metrics
    Sql(SqlArguments),
    /// Ask several models one question through a pattern: each answers, they are held against each other, one joins
    Ask(AskArguments),
    /// Measure code projects, without a model or with three specialists and an aggregator
    Scan(ScanArguments),
    /// Write a text, have it reviewed, rewrite it with the feedback, until it is good enough
    Refine(RefineArguments),
    /// List attributes of a topic: several producers ask several models at once, what is new across all of them is kept
    Explore(ExploreArguments),
    /// A producer of `explore --processes`: reads assignments on stdin, writes batches to stdout
    #[command(hide = true)]
    ExploreProducer,
    /// List, show, export and resume what commands asked and were told
    Sessions(SessionsArguments),
    /// List, show and check the patterns that a council, a question or a scan runs
    Patterns(PatternsArguments),
    /// Show all runs in a browser, live; start and stop them there
    Serve(ServeArguments),
    /// Print the report of a finished run again, from its files alone
    Report(ReportArguments),
    /// Open the page of a finished run in a browser
    Open(OpenArguments),
    /// Read a model's raw text on stdin and print the JSON that it meant
    Extract(ExtractArguments),
    /// Hold claims against their evidence: JSON lines in, a verdict with its reasons for each out
    Verify(VerifyArguments),
    /// Show what a sentence of a run's report rests on: findings, evidence, queries, input files, model, reviews, confidence
    Explain(ExplainArguments),
}

#[derive(Debug, Default, Clone, Args)]
pub(super) struct CommonArguments {
    /// Print nothing on success
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Say more on stderr and in logs/run.log
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
    /// Plain lines on stderr, even in a terminal
    #[arg(long, global = true)]
    pub(super) no_progress: bool,
    /// Variables to read below the process environment, instead of ./.env
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) env_file: Option<PathBuf>,
    /// Settings to read instead of ./insights.toml
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) config: Option<PathBuf>,
    /// Where run directories live [default: run_logs]
    #[arg(long, value_name = "DIR", global = true)]
    pub(super) run_logs: Option<String>,
    /// Where sessions are kept: sqlite, jsonl or none [default: sqlite]
    #[arg(long, value_name = "BACKEND", global = true)]
    pub(super) session_log: Option<String>,
    /// How much of a session is kept: texts or numbers [default: texts]
    #[arg(long, value_name = "DETAIL", global = true)]
    pub(super) session_detail: Option<String>,
    /// End as with Ctrl-C when stdin ends: how a process that started this one stops it, or dies
    #[arg(long, global = true, hide = true)]
    pub(super) stop_with_stdin: bool,
    /// The session that a command goes on with; set by `sessions resume`.
    #[arg(skip)]
    pub(super) resumed: Option<Resumed>,
}

const EXTRACT_HELP: &str = "\
What is done where a text is unclear:
  several values                the best fit to --schema, else the last complete one (a fence before prose)
  the text ends within a key    the key is dropped; other cut-off parts are completed and marked `truncated`
  \"a\": with no value           null
  NaN, Infinity, undefined      null
  -2,000.00 after a colon       one number; among items `ambiguous`, unless --schema asks for a number there
  1,5 and 45% and 2024-01-31    text: a number is never guessed, and keeps all its digits
  JSON lines                    one array where --schema asks for an array, else the last value
  --schema FILE                 picks among values and changes them only losslessly (\"12\" to 12)

With --batch, each line {\"id\":…,\"text\":…} becomes one line, in order and at once:
  {\"id\":…,\"value\":…,\"repairs\":[{\"name\":\"trailing_comma\",\"at\":17}],\"truncated\":false}
  {\"id\":…,\"error\":\"none\",\"message\":…}        none, too_deep, too_large or ambiguous; bad_input for a line that is no such object
`at` counts bytes from the start of the text. Texts may be 16 MiB long and nested 512 levels deep; of more than 1000 repairs
the rest is named once.

Exit codes: 0 printed (with --batch: every line was answered) · 1 no value · 2 bad arguments, schema or input line";

#[derive(Debug, Default, Clone, Args)]
#[command(after_help = EXTRACT_HELP)]
pub(super) struct ExtractArguments {
    /// JSON schema that picks among several values; what does not fit is said on stderr, or in `faults` with --batch
    #[arg(long, value_name = "FILE")]
    pub(super) schema: Option<PathBuf>,
    /// Read JSON lines {"id","text"} and print one result for each
    #[arg(long)]
    pub(super) batch: bool,
}

const VERIFY_HELP: &str = "\
Each line {\"id\":…,\"evidence\":{…},\"text\":\"…\",\"citations\":[\"T1.r3.revenue\",\"M2\",\"T1\"]} becomes one line, in order and at once:
  {\"id\":…,\"verdict\":\"contradicted\",\"confidence\":0.98,\"reasons\":[{\"code\":\"number\",\"verdict\":\"contradicted\",\"message\":…}]}
  {\"id\":…,\"error\":\"bad_input\",\"message\":…}        for a line that is no such claim; the others are still answered

supported       all that can be checked follows from the cells cited
contradicted    the cells cited say otherwise
unsupported     the cells cited do not say so
not_checkable   advice, a guess, or words without a claim

Exit codes: 0 every line was judged · 2 bad arguments, or a line that is no claim";

#[derive(Debug, Default, Clone, Args)]
#[command(after_help = VERIFY_HELP)]
pub(super) struct VerifyArguments {
    /// JSON lines to read instead of stdin
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub(super) struct ExplainArguments {
    /// The run: its run hash, the unique beginning of one, or a path to it
    #[arg(value_name = "RUN_HASH")]
    pub(super) run_hash: String,
    /// A sentence (S1), a finding (F3), an evidence cell (g3.revenue), or words of the report; without it, all that can be explained
    #[arg(value_name = "CLAIM")]
    pub(super) claim: Option<String>,
    /// JSON on stdout
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Default, Clone, Args)]
pub(super) struct RunArguments {
    /// The name of the run, and of its folder under run_logs/
    #[arg(long, value_name = "NAME")]
    pub(super) run_hash: Option<String>,
    /// First day of the window, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub(super) date_start: Option<String>,
    /// Last day of the window, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub(super) date_end: Option<String>,
    #[command(flatten)]
    pub(super) data: DataArguments,
    #[command(flatten)]
    pub(super) models: ModelArguments,
    /// How often findings that do not hold go back to their specialist, 0 to 5; the coordinator has one second chance [default: 2]
    #[arg(long, value_name = "N")]
    pub(super) rounds: Option<String>,
    /// Write the prompts and print calls, tokens and cost, without calling anyone
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
    /// Print the result as JSON instead of the report's path
    #[arg(long)]
    pub(super) json: bool,
    /// Exit 0 for a degraded report too
    #[arg(long)]
    pub(super) allow_partial: bool,
    /// Exit 5 when a finding is at least this severe: critical, high, medium, low or info
    #[arg(long, value_name = "SEVERITY")]
    pub(super) fail_on: Option<String>,
}

#[derive(Debug, Default, Clone, Args)]
#[command(next_help_heading = "Data")]
pub(super) struct DataArguments {
    /// File, folder or glob (CSV, TSV, JSON lines, Parquet, Arrow; plain, gz, xz, zst or bz2), s3://, gs:// or https:// URL of the
    /// same, or postgres://user@host/database?table=NAME (or ?query=SELECT…); without it the run directory's tables are read
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(super) data: Vec<String>,
    /// Column roles, e.g. user=CustomerID,revenue="Quantity * UnitPrice"
    #[arg(long, value_name = "ROLE=COLUMN")]
    pub(super) map: Vec<String>,
    /// schema_mapping.json of an earlier run: its columns are used again, --map is stronger
    #[arg(long, value_name = "FILE")]
    pub(super) mapping: Option<String>,
    /// Time zone of the report's days [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub(super) timezone: Option<String>,
    /// Unreadable rows before the run stops [default: 100]
    #[arg(long, value_name = "N")]
    pub(super) max_bad_rows: Option<String>,
    /// Memory for tables and queries, e.g. 1500MB or 1.5GB; what does not fit goes to disk [default: 1GB]
    #[arg(long, value_name = "SIZE")]
    pub(super) memory_limit: Option<String>,
    /// Folder of SQL files that replace metric definitions of the same name: see `insights sql`
    #[arg(long, value_name = "DIR")]
    pub(super) metrics: Option<String>,
    /// Entities kept in each table, with `Other` and `Total` beside them; at least 10 [default: 15]
    #[arg(long, value_name = "N")]
    pub(super) aggregation_limit: Option<String>,
}

#[derive(Debug, Default, Clone, Args)]
#[command(next_help_heading = "Models")]
pub(super) struct ModelArguments {
    /// Who answers: mock, env, openai, anthropic, gemini, openrouter, ollama, or any NAME with NAME_BASE_URL [default: env]
    #[arg(long, value_name = "NAME")]
    pub(super) provider: Option<String>,
    /// `provider:model` for all, or `analyst=provider:model` for one
    #[arg(long, value_name = "MODEL")]
    pub(super) model: Vec<String>,
    /// `provider:model` to try when the first cannot answer, or `analyst=provider:model` for one
    #[arg(long, value_name = "MODEL")]
    pub(super) fallback: Vec<String>,
    /// `provider:model` with a larger context window, tried only when a prompt is too long for another
    #[arg(long, value_name = "MODEL")]
    pub(super) context_fallback: Vec<String>,
    /// backoff: the first model with all its retries, then the next. priority: every model once in order, then again in order
    /// with waits. roundrobin: each call begins at the next model. weighted: the order is drawn by weight, the same for the same
    /// run hash and role [default: backoff]
    #[arg(long, value_name = "STRATEGY")]
    pub(super) routing_strategy: Option<String>,
    /// The models that share the calls, `provider:model[:weight],…`; a last part that is a number is the weight
    #[arg(long, value_name = "MODELS")]
    pub(super) routing_config: Option<String>,
    /// Requests a minute for each key, or openai=500,openrouter=10 [default: 10 for OpenRouter, else what the provider tells]
    #[arg(long, value_name = "N")]
    pub(super) rpm: Option<String>,
    /// Input tokens a minute, in the same way
    #[arg(long, value_name = "N")]
    pub(super) input_tpm: Option<String>,
    /// Output tokens a minute, in the same way
    #[arg(long, value_name = "N")]
    pub(super) output_tpm: Option<String>,
    /// Retries after the first attempt [default: 3]
    #[arg(long, value_name = "N")]
    pub(super) retries: Option<String>,
    /// Seconds for one attempt [default: 120]
    #[arg(long, value_name = "SECONDS")]
    pub(super) timeout: Option<String>,
    /// Ask for whole replies; else they are streamed, so that a stall is found in seconds
    #[arg(long)]
    pub(super) no_stream: bool,
    /// Seconds until a streamed reply begins [default: 60]
    #[arg(long, value_name = "SECONDS")]
    pub(super) first_token_timeout: Option<String>,
    /// Seconds between two tokens of a streamed reply [default: 20]
    #[arg(long, value_name = "SECONDS")]
    pub(super) idle_timeout: Option<String>,
    /// Seconds for the whole run [default: 900; explore has none]
    #[arg(long, value_name = "SECONDS")]
    pub(super) deadline: Option<String>,
    /// Token limit of one reply [default: 4096]
    #[arg(long, value_name = "N")]
    pub(super) max_output_tokens: Option<String>,
    /// Ask a second model after so many seconds, only when less than two attempts' time is left; the first answer wins
    #[arg(long, value_name = "SECONDS")]
    pub(super) hedge_after: Option<String>,
    /// Replies kept from earlier runs: on, off, read (nothing new is kept) or write (asks again and keeps) [default: on]
    #[arg(long, value_name = "MODE")]
    pub(super) cache: Option<String>,
    /// Ask again for replies older than this, e.g. 24h [default: 30d, which is also the most]
    #[arg(long, value_name = "AGE")]
    pub(super) cache_max_age: Option<String>,
    /// US dollars that the run may spend; what a call may cost at most is reserved before it is sent
    #[arg(long, value_name = "USD")]
    pub(super) max_cost: Option<String>,
    /// Requests that the run may send, retries among them
    #[arg(long, value_name = "N")]
    pub(super) max_calls: Option<String>,
    /// Tokens that the run may use, input and output together
    #[arg(long, value_name = "N")]
    pub(super) max_tokens: Option<String>,
    /// Price table whose rows win over the built-in ones [default: prices.toml beside insights.toml, where it exists]
    #[arg(long, value_name = "FILE")]
    pub(super) prices: Option<String>,
    /// Write every exchange with a provider to a file, without keys
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<String>,
    /// Make a recorded run again from its file: no network, no key
    #[arg(long, value_name = "FILE")]
    pub(super) replay: Option<String>,
    /// Folder whose prompts win over the built-in ones [default: ./prompts where it exists]
    #[arg(long, value_name = "DIR")]
    pub(super) prompts: Option<String>,
    /// Folder with your own patterns [default: insights/patterns in your configuration folder]
    #[arg(long, value_name = "DIR")]
    pub(super) patterns: Option<String>,
    /// Faults and latency of the mock provider
    #[arg(long, value_name = "FILE")]
    pub(super) mock_script: Option<String>,
}

#[derive(Debug, Default, Clone, Args)]
pub(super) struct DemoArguments {
    /// Another sample
    #[arg(long, default_value_t = 7)]
    pub(super) seed: u64,
    /// The name of the run
    #[arg(long, value_name = "NAME", default_value = "demo")]
    pub(super) run_hash: String,
    /// Print the result as JSON instead of the report's path
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) models: ModelArguments,
}

#[derive(Debug, Default, Clone, Args)]
pub(super) struct ProvidersArguments {
    /// Ask each provider for its list of models, which costs nothing; exit 3 if one is not available
    #[arg(long)]
    pub(super) check: bool,
    /// JSON instead of a table
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) models: ModelArguments,
}

#[derive(Debug, Default, Clone, Args)]
pub(super) struct EvidenceArguments {
    /// First day of the window, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub(super) date_start: Option<String>,
    /// Last day of the window, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub(super) date_end: Option<String>,
    #[command(flatten)]
    pub(super) data: DataArguments,
    /// Only the tables of this specialist, e.g. geographic; repeat it for more
    #[arg(long, value_name = "SPECIALIST")]
    pub(super) specialist: Vec<String>,
    /// JSON instead of tables
    #[arg(long)]
    pub(super) json: bool,
    /// List exactly what a run would send, by provider, and send nothing
    #[arg(long)]
    pub(super) egress: bool,
    #[command(flatten)]
    pub(super) models: ModelArguments,
    /// The text that a model sees instead of tables
    #[arg(long, conflicts_with = "json")]
    pub(super) prompt: bool,
}

const SQL_HELP: &str = "\
A definition is a SELECT over the tables of the definitions before it; {start} and {end} are the days of the window, counted from
1970-01-01. Copy one into a folder, change it there, and give the folder to any command that reads data:
  insights sql daily > metrics/daily.sql
  insights evidence --metrics metrics --data events.csv --date-start D1 --date-end D2
Each file is checked before a row is read: its name, its SQL, and the names and kinds of its columns.";

#[derive(Debug, Default, Clone, Args)]
#[command(after_help = SQL_HELP)]
pub(super) struct SqlArguments {
    /// A definition, or a table of the run directory or of the evidence, e.g. daily, dau_by_date or G1; without it, all are listed
    #[arg(value_name = "TABLE")]
    pub(super) table: Option<String>,
    /// Folder of SQL files that replace definitions of the same name
    #[arg(long, value_name = "DIR")]
    pub(super) metrics: Option<String>,
}

#[derive(Debug, Default, Clone, Args)]
pub(super) struct AskArguments {
    /// What you want to know; `-` reads it from stdin
    #[arg(value_name = "QUESTION")]
    pub(super) question: String,
    /// A text file that the models may read; repeat it
    #[arg(long, value_name = "FILE")]
    pub(super) context: Vec<PathBuf>,
    /// The way of thinking: see `insights patterns` [default: council; perspective when there is one model only]
    #[arg(long, value_name = "NAME")]
    pub(super) pattern: Option<String>,
    /// Who is asked: registered names or `provider:model`, comma-separated [default: all registered, else one of each provider with a key]
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    pub(super) models: Vec<String>,
    /// The run whose facts are the context; numbers of the answer become references to them
    #[arg(long, value_name = "RUN_HASH")]
    pub(super) run: Option<String>,
    /// The name of the answer's folder under run_logs/ [default: made from the question]
    #[arg(long, value_name = "NAME")]
    pub(super) run_hash: Option<String>,
    /// Write the answer to a file too
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Print the whole record as JSON instead of the answer
    #[arg(long)]
    pub(super) json: bool,
    /// Exit 0 for a degraded answer too
    #[arg(long)]
    pub(super) allow_partial: bool,
    #[command(flatten)]
    pub(super) settings: ModelArguments,
}

#[derive(Debug, Default, Clone, Args)]
pub(super) struct ScanArguments {
    /// The folder of a project; repeat it
    #[arg(value_name = "PATH", required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// Ask the configured provider; without it nothing leaves this machine
    #[arg(long)]
    pub(super) real: bool,
    /// Write the prompts and print calls, tokens and cost, without calling anyone
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
    /// List exactly what would be sent, file by file, and send nothing
    #[arg(long)]
    pub(super) egress: bool,
    /// Print the result as JSON: an object for one project, a list for several
    #[arg(long)]
    pub(super) json: bool,
    /// Write the JSON and the report of each project into this folder too
    #[arg(long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
    /// The name of the folder under run_logs/ [default: made from the project's path]
    #[arg(long, value_name = "NAME")]
    pub(super) run_hash: Option<String>,
    /// Exit 0 although an answer or a project is missing
    #[arg(long)]
    pub(super) allow_partial: bool,
    #[command(flatten)]
    pub(super) models: ModelArguments,
}

#[derive(Debug, Default, Clone, Args)]
pub(super) struct RefineArguments {
    /// What is to be written: the words, `-` for stdin, or a file (its path, or `@FILE`)
    #[arg(short, long, value_name = "TEXT|-|FILE")]
    pub(super) prompt: Option<String>,
    /// What the text is for
    #[arg(long, value_name = "TEXT")]
    pub(super) goal: Option<String>,
    /// What it is judged by: `[[criteria]]` in a .toml file, or a Markdown list
    #[arg(long, value_name = "FILE")]
    pub(super) criteria: Option<PathBuf>,
    /// The score from which on a text is approved, 0 to 1 [default: 0.8; 1 where `grounding` alone scores]
    #[arg(long, value_name = "SCORE", value_parser = score)]
    pub(super) threshold: Option<f64>,
    /// Versions that are written and reviewed at most, 1 to 20
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub(super) max_iterations: u32,
    /// Who reviews: registered names or `provider:model`, comma-separated [default: another model than the author]
    #[arg(long, value_name = "MODEL", value_delimiter = ',')]
    pub(super) reviewer: Vec<String>,
    /// How: single, panel, critique, pairwise, or a pattern of yours with a `refine` stage
    #[arg(long, value_name = "NAME", default_value = "single")]
    pub(super) flow: String,
    /// What the score is made of: llm, rubric, schema, length, grounding, with weights: `llm=0.7,length=0.3` [default: llm; rubric with --criteria]
    #[arg(long, value_name = "MIX")]
    pub(super) scorer: Option<String>,
    /// The JSON Schema of the scorer `schema`
    #[arg(long, value_name = "FILE")]
    pub(super) schema: Option<PathBuf>,
    /// The run whose evidence the scorer `grounding` holds the text against: a folder under run_logs/
    #[arg(long, value_name = "RUN_HASH")]
    pub(super) run: Option<String>,
    /// The bounds of the scorer `length`, in words: `50..200`, `..200`
    #[arg(long, value_name = "MIN..MAX")]
    pub(super) length: Option<String>,
    /// Write the text to a file too
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Print the whole record as JSON instead of the text
    #[arg(long)]
    pub(super) json: bool,
    /// Exit 0 for the best version too, when none was approved
    #[arg(long)]
    pub(super) allow_partial: bool,
    #[command(flatten)]
    pub(super) settings: ModelArguments,
}

#[derive(Debug, Default, Clone, Args)]
pub(super) struct ServeArguments {
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8080")]
    pub(super) addr: String,
    /// Listen where other machines can come too, under this name; repeat it. Nothing is encrypted
    #[arg(long, value_name = "NAME")]
    pub(super) allow_remote: Vec<String>,
    /// Open the browser
    #[arg(long)]
    pub(super) open: bool,
}

#[derive(Debug, Clone, Args)]
pub(super) struct SessionsArguments {
    #[command(subcommand)]
    pub(super) action: SessionsAction,
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum SessionsAction {
    /// All sessions, newest first
    List {
        /// council, ask, refine, scan or explore
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
        /// active, completed or failed
        #[arg(long, value_name = "STATUS")]
        status: Option<String>,
        #[arg(long, help = "The list as JSON")]
        json: bool,
    },
    /// Each interaction and review of a session, in order
    Show {
        /// Its id, or an unambiguous beginning of it
        id: String,
        #[arg(long, help = "The session as JSON")]
        json: bool,
    },
    /// Everything that is kept of a session, requests and responses too
    Export {
        /// Its id, or an unambiguous beginning of it
        id: String,
        /// json, jsonl or md
        #[arg(long, value_name = "FORMAT", default_value = "json")]
        format: String,
        /// Write to a file instead of stdout
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Run the command of a session again; what was answered is not asked or paid for again
    Resume {
        /// Its id, or an unambiguous beginning of it
        id: String,
    },
}

fn score(text: &str) -> Result<f64, String> {
    let score = text.trim().parse().ok().filter(|score| (0.0..=1.0).contains(score));
    score.ok_or_else(|| "a score is a number from 0 to 1".to_owned())
}

#[derive(Debug, Default, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct PatternsArguments {
    #[command(subcommand)]
    pub(super) action: Option<PatternsAction>,
    #[command(flatten)]
    pub(super) places: PatternPlaces,
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum PatternsAction {
    /// Every pattern, and where it comes from
    List {
        #[command(flatten)]
        places: PatternPlaces,
    },
    /// The stages of a pattern, its files and its example
    Show {
        /// A name that `list` shows
        name: String,
        #[command(flatten)]
        places: PatternPlaces,
    },
    /// Every fault of a pattern with file and line; without a name, of all patterns. Exit 2 when there is one
    Check {
        /// A name that `list` shows, or the folder of a pattern
        pattern: Option<String>,
        #[command(flatten)]
        places: PatternPlaces,
    },
}

#[derive(Debug, Default, Clone, Args)]
pub(super) struct PatternPlaces {
    /// Folder with your own patterns [default: insights/patterns in your configuration folder]
    #[arg(long, value_name = "DIR")]
    pub(super) patterns: Option<String>,
    /// Folder whose prompts win over the built-in ones [default: ./prompts where it exists]
    #[arg(long, value_name = "DIR")]
    pub(super) prompts: Option<String>,
    /// The result as JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl Arguments {
    /// What was typed, and the name of the command.
    ///
    /// # Errors
    /// What cannot be understood, and what is to be printed in place of a run.
    pub(super) fn typed() -> Result<(Self, String), clap::Error> {
        let mut command = Self::command();
        let matches = command.try_get_matches_from_mut(std::env::args_os())?;
        let name = matches.subcommand_name().unwrap_or("run").to_owned();
        let arguments = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        Ok((arguments, name))
    }
}

impl RunArguments {
    /// True when any flag of a run was given.
    pub(super) fn any(&self) -> bool {
        let texts = [&self.run_hash, &self.date_start, &self.date_end, &self.fail_on];
        self.dry_run
            || self.json
            || self.allow_partial
            || texts.into_iter().any(Option::is_some)
            || !self.data.data.is_empty()
            || !self.data.map.is_empty()
            || self.models.provider.is_some()
            || !self.models.model.is_empty()
            || self.models.routing_config.is_some()
            || self.models.replay.is_some()
    }

    pub(super) fn typed(&self, common: &CommonArguments) -> Typed {
        let mut typed = Typed {
            run_hash: self.run_hash.clone(),
            date_start: self.date_start.clone(),
            date_end: self.date_end.clone(),
            rounds: self.rounds.clone(),
            ..Typed::default()
        };
        self.data.add_to(&mut typed);
        self.models.add_to(&mut typed);
        common.add_to(&mut typed);
        typed
    }
}

impl DataArguments {
    pub(super) fn add_to(&self, typed: &mut Typed) {
        typed.data.clone_from(&self.data);
        typed.map.clone_from(&self.map);
        typed.mapping.clone_from(&self.mapping);
        typed.timezone.clone_from(&self.timezone);
        typed.max_bad_rows.clone_from(&self.max_bad_rows);
        typed.memory_limit.clone_from(&self.memory_limit);
        typed.metrics.clone_from(&self.metrics);
        typed.aggregation_limit.clone_from(&self.aggregation_limit);
    }
}

impl ModelArguments {
    pub(super) fn add_to(&self, typed: &mut Typed) {
        typed.provider.clone_from(&self.provider);
        typed.model.clone_from(&self.model);
        typed.fallback.clone_from(&self.fallback);
        typed.requests_per_minute.clone_from(&self.rpm);
        typed.input_tokens_per_minute.clone_from(&self.input_tpm);
        typed.output_tokens_per_minute.clone_from(&self.output_tpm);
        typed.retries.clone_from(&self.retries);
        typed.timeout.clone_from(&self.timeout);
        typed.stream = self.no_stream.then(|| "off".to_owned());
        typed.first_token_timeout.clone_from(&self.first_token_timeout);
        typed.idle_timeout.clone_from(&self.idle_timeout);
        typed.deadline.clone_from(&self.deadline);
        typed.max_output_tokens.clone_from(&self.max_output_tokens);
        typed.cache.clone_from(&self.cache);
        typed.prompts.clone_from(&self.prompts);
        typed.patterns.clone_from(&self.patterns);
        typed.mock_script.clone_from(&self.mock_script);
        typed.routing_strategy.clone_from(&self.routing_strategy);
        typed.routing_config.clone_from(&self.routing_config);
        typed.context_fallback.clone_from(&self.context_fallback);
        typed.hedge_after.clone_from(&self.hedge_after);
        typed.cache_max_age.clone_from(&self.cache_max_age);
        typed.max_cost.clone_from(&self.max_cost);
        typed.max_calls.clone_from(&self.max_calls);
        typed.max_tokens.clone_from(&self.max_tokens);
        typed.prices.clone_from(&self.prices);
        typed.record.clone_from(&self.record);
        typed.replay.clone_from(&self.replay);
    }
}

impl CommonArguments {
    pub(super) fn add_to(&self, typed: &mut Typed) {
        typed.run_logs.clone_from(&self.run_logs);
        typed.session_log.clone_from(&self.session_log);
        typed.session_detail.clone_from(&self.session_detail);
    }
}
