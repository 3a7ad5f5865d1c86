//! The arguments of `ask`, `scan`, `refine` and `serve`.

use std::path::PathBuf;

use clap::Args;

use super::ModelArguments;

#[derive(Debug, Default, Clone, Args)]
pub(in crate::cli) struct AskArguments {
    /// What you want to know; `-` reads it from stdin
    #[arg(value_name = "QUESTION")]
    pub(in crate::cli) question: String,
    /// A text file that the models may read; repeat it
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) context: Vec<PathBuf>,
    /// The way of thinking: see `insights patterns` [default: council; perspective when there is one model only]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) pattern: Option<String>,
    /// Who is asked: registered names or `provider:model`, comma-separated [default: all registered, else one of each provider with a key]
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    pub(in crate::cli) models: Vec<String>,
    /// The run whose facts are the context; numbers of the answer become references to them
    #[arg(long, value_name = "RUN_HASH")]
    pub(in crate::cli) run: Option<String>,
    /// The name of the answer's folder under run_logs/ [default: made from the question]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) run_hash: Option<String>,
    /// Write the answer to a file too
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Print the whole record as JSON instead of the answer
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Exit 0 for a degraded answer too
    #[arg(long)]
    pub(in crate::cli) allow_partial: bool,
    #[command(flatten)]
    pub(in crate::cli) settings: ModelArguments,
}

#[derive(Debug, Default, Clone, Args)]
pub(in crate::cli) struct ScanArguments {
    /// The folder of a project; repeat it
    #[arg(value_name = "PATH", required = true)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// Ask the configured provider; without it nothing leaves this machine
    #[arg(long)]
    pub(in crate::cli) real: bool,
    /// Write the prompts and print calls, tokens and cost, without calling anyone
    #[arg(short = 'n', long)]
    pub(in crate::cli) dry_run: bool,
    /// List exactly what would be sent, file by file, and send nothing
    #[arg(long)]
    pub(in crate::cli) egress: bool,
    /// Print the result as JSON: an object for one project, a list for several
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Write the JSON and the report of each project into this folder too
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// The name of the folder under run_logs/ [default: made from the project's path]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) run_hash: Option<String>,
    /// Exit 0 although an answer or a project is missing
    #[arg(long)]
    pub(in crate::cli) allow_partial: bool,
    #[command(flatten)]
    pub(in crate::cli) models: ModelArguments,
}

#[derive(Debug, Default, Clone, Args)]
pub(in crate::cli) struct RefineArguments {
    /// What is to be written: the words, `-` for stdin, or a file (its path, or `@FILE`)
    #[arg(short, long, value_name = "TEXT|-|FILE")]
    pub(in crate::cli) prompt: Option<String>,
    /// What the text is for
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) goal: Option<String>,
    /// What it is judged by: `[[criteria]]` in a .toml file, or a Markdown list
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) criteria: Option<PathBuf>,
    /// The score from which on a text is approved, 0 to 1 [default: 0.8; 1 where `grounding` alone scores]
    #[arg(long, value_name = "SCORE", value_parser = score)]
    pub(in crate::cli) threshold: Option<f64>,
    /// Versions that are written and reviewed at most, 1 to 20
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub(in crate::cli) max_iterations: u32,
    /// Who reviews: registered names or `provider:model`, comma-separated [default: another model than the author]
    #[arg(long, value_name = "MODEL", value_delimiter = ',')]
    pub(in crate::cli) reviewer: Vec<String>,
    /// How: single, panel, critique, pairwise, or a pattern of yours with a `refine` stage
    #[arg(long, value_name = "NAME", default_value = "single")]
    pub(in crate::cli) flow: String,
    /// What the score is made of: llm, rubric, schema, length, grounding, with weights: `llm=0.7,length=0.3` [default: llm; rubric with --criteria]
    #[arg(long, value_name = "MIX")]
    pub(in crate::cli) scorer: Option<String>,
    /// The JSON Schema of the scorer `schema`
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) schema: Option<PathBuf>,
    /// The run whose evidence the scorer `grounding` holds the text against: a folder under run_logs/
    #[arg(long, value_name = "RUN_HASH")]
    pub(in crate::cli) run: Option<String>,
    /// The bounds of the scorer `length`, in words: `50..200`, `..200`
    #[arg(long, value_name = "MIN..MAX")]
    pub(in crate::cli) length: Option<String>,
    /// Write the text to a file too
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Print the whole record as JSON instead of the text
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Exit 0 for the best version too, when none was approved
    #[arg(long)]
    pub(in crate::cli) allow_partial: bool,
    #[command(flatten)]
    pub(in crate::cli) settings: ModelArguments,
}

#[derive(Debug, Default, Clone, Args)]
pub(in crate::cli) struct ServeArguments {
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8080")]
    pub(in crate::cli) addr: String,
    /// Listen where other machines can come too, under this name; repeat it. Nothing is encrypted
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) allow_remote: Vec<String>,
    /// Open the browser
    #[arg(long)]
    pub(in crate::cli) open: bool,
}

fn score(text: &str) -> Result<f64, String> {
    let score = text.trim().parse().ok().filter(|score| (0.0..=1.0).contains(score));
    score.ok_or_else(|| "a score is a number from 0 to 1".to_owned())
}
