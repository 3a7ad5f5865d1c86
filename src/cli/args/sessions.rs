//! The arguments of `sessions` and `patterns`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct SessionsArguments {
    #[command(subcommand)]
    pub(in crate::cli) action: SessionsAction,
}

#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum SessionsAction {
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

#[derive(Debug, Default, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct PatternsArguments {
    #[command(subcommand)]
    pub(in crate::cli) action: Option<PatternsAction>,
    #[command(flatten)]
    pub(in crate::cli) places: PatternPlaces,
}

#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum PatternsAction {
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
pub(in crate::cli) struct PatternPlaces {
    /// Folder with your own patterns [default: insights/patterns in your configuration folder]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) patterns: Option<String>,
    /// Folder whose prompts win over the built-in ones [default: ./prompts where it exists]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) prompts: Option<String>,
    /// The result as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
