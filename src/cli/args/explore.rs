//! The arguments of `explore`.

use std::path::PathBuf;

use clap::Args;

use crate::flow::explore::OptimizerKind;

use super::ModelArguments;

#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct ExploreArguments {
    /// What the attributes are of
    #[arg(short, long, value_name = "TEXT")]
    pub(in crate::cli) topic: String,
    /// How many ask at once, 1 to 256
    #[arg(long, value_name = "N", default_value = "5", value_parser = producers)]
    pub(in crate::cli) producers: usize,
    /// Batches of each producer [default: 10; without --target, --max-cost, --max-calls and --max-tokens only]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) iterations: Option<u64>,
    /// Attributes that a batch asks for, 1 to 500
    #[arg(long, value_name = "N", default_value = "60", value_parser = request_size)]
    pub(in crate::cli) request_size: usize,
    /// Run each producer as a process of its own; one that dies is started again
    #[arg(long)]
    pub(in crate::cli) processes: bool,
    /// Who chooses the next family of prompts and the next model: basic (in turn) or adaptive (what brings most for time and money)
    #[arg(long, value_name = "NAME", default_value = "adaptive", value_parser = optimizer)]
    pub(in crate::cli) optimizer: OptimizerKind,
    /// Enough when so many unique attributes are found
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) target: Option<u64>,
    /// Enough when less than this share of the last batches was new; 0 never is
    #[arg(long, value_name = "SHARE", default_value = "2%", value_parser = share)]
    pub(in crate::cli) stop_below: f64,
    /// What is merged: exact (but for case, punctuation, articles and plurals), near (most words in common) as well, or semantic
    /// (equal in meaning, by an embedding model) too
    #[arg(long, value_name = "MODE", default_value = "near")]
    pub(in crate::cli) dedup: Dedup,
    /// The share of common words from which on two attributes are one
    #[arg(long, value_name = "SHARE", default_value = "0.8", value_parser = similarity)]
    pub(in crate::cli) similarity: f64,
    /// With --dedup semantic: the cosine of two meanings from which on they are one
    #[arg(long, value_name = "SHARE", default_value = "0.85", value_parser = similarity)]
    pub(in crate::cli) semantic_similarity: f64,
    /// `provider:model` for --dedup semantic: OpenAI or any compatible host [default: openai:text-embedding-3-small, where OpenAI is asked]
    #[arg(long, value_name = "MODEL")]
    pub(in crate::cli) embedding_model: Option<String>,
    /// The folder of the files [default: output/ and a safe name of the topic]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Go on with the exploration in the folder
    #[arg(long, conflicts_with = "overwrite")]
    pub(in crate::cli) resume: bool,
    /// Begin anew although there is an exploration in the folder
    #[arg(long)]
    pub(in crate::cli) overwrite: bool,
    /// Print the metadata as JSON instead of the list's path
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) settings: ModelArguments,
}

/// Which likenesses are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum Dedup {
    Exact,
    Near,
    Semantic,
}

fn producers(text: &str) -> Result<usize, String> {
    whole(text, 1..=256)
}

fn request_size(text: &str) -> Result<usize, String> {
    whole(text, 1..=500)
}

fn whole(text: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize, String> {
    let number = text.trim().parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("it is a whole number from {} to {}", range.start(), range.end()))
}

fn optimizer(text: &str) -> Result<OptimizerKind, String> {
    let found = OptimizerKind::ALL.into_iter().find(|kind| kind.word() == text.trim());
    found.ok_or_else(|| "it is basic or adaptive".to_owned())
}

/// `2%` or `0.02`.
fn share(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let number = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
        None => text.parse(),
    };
    let share = number.ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "a share is a number from 0 to 1, or a percentage as in 2%".to_owned())
}

fn similarity(text: &str) -> Result<f64, String> {
    let share = share(text)?;
    match share > 0.0 {
        true => Ok(share),
        false => Err("it must be above 0".to_owned()),
    }
}
