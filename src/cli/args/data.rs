//! The arguments about data, and of the commands that need nothing else: `evidence`, `sql`.

use clap::Args;

use crate::config::Typed;

use super::ModelArguments;

#[derive(Debug, Default, Clone, Args)]
#[command(next_help_heading = "Data")]
pub(in crate::cli) struct DataArguments {
    /// File, folder or glob (CSV, TSV, JSON lines, Parquet, Arrow; plain, gz, xz, zst or bz2), s3://, gs:// or https:// URL of the
    /// same, or postgres://user@host/database?table=NAME (or ?query=SELECT…); without it the run directory's tables are read
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(in crate::cli) data: Vec<String>,
    /// Column roles, e.g. user=CustomerID,revenue="Quantity * UnitPrice"
    #[arg(long, value_name = "ROLE=COLUMN")]
    pub(in crate::cli) map: Vec<String>,
    /// schema_mapping.json of an earlier run: its columns are used again, --map is stronger
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) mapping: Option<String>,
    /// Time zone of the report's days [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub(in crate::cli) timezone: Option<String>,
    /// Unreadable rows before the run stops [default: 100]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) max_bad_rows: Option<String>,
    /// Memory for tables and queries, e.g. 800MB or 3GB; what does not fit goes to disk [default: 1.5GB]
    #[arg(long, value_name = "SIZE")]
    pub(in crate::cli) memory_limit: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) engine: EngineChoice,
    /// Folder of SQL files that replace metric definitions of the same name: see `insights sql`
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) metrics: Option<String>,
    /// Entities kept in each table, with `Other` and `Total` beside them; at least 10 [default: 15]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) aggregation_limit: Option<String>,
}

#[derive(Debug, Default, Clone, Args)]
#[command(next_help_heading = "Data")]
pub(in crate::cli) struct EngineChoice {
    /// Where queries are answered: local, or ballista://host:port, an Apache Ballista cluster [default: local]
    #[arg(long, value_name = "ENGINE")]
    engine: Option<String>,
    /// Folder that this machine and all of a cluster see, for the tables of the run [default: the temporary folder]
    #[arg(long, value_name = "DIR")]
    engine_dir: Option<String>,
}

#[derive(Debug, Default, Clone, Args)]
pub(in crate::cli) struct EvidenceArguments {
    /// First day of the window, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub(in crate::cli) date_start: Option<String>,
    /// Last day of the window, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub(in crate::cli) date_end: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) data: DataArguments,
    /// Only the tables of this specialist, e.g. geographic; repeat it for more
    #[arg(long, value_name = "SPECIALIST")]
    pub(in crate::cli) specialist: Vec<String>,
    /// JSON instead of tables
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// List exactly what a run would send, by provider, and send nothing
    #[arg(long)]
    pub(in crate::cli) egress: bool,
    #[command(flatten)]
    pub(in crate::cli) models: ModelArguments,
    /// The text that a model sees instead of tables
    #[arg(long, conflicts_with = "json")]
    pub(in crate::cli) prompt: bool,
}

const SQL_HELP: &str = "\
A definition is a SELECT over the tables of the definitions before it; {start} and {end} are the days of the window, counted from
1970-01-01. Copy one into a folder, change it there, and give the folder to any command that reads data:
  insights sql daily > metrics/daily.sql
  insights evidence --metrics metrics --data events.csv --date-start D1 --date-end D2
Each file is checked before a row is read: its name, its SQL, and the names and kinds of its columns.";

#[derive(Debug, Default, Clone, Args)]
#[command(after_help = SQL_HELP)]
pub(in crate::cli) struct SqlArguments {
    /// A definition, or a table of the run directory or of the evidence, e.g. daily, dau_by_date or G1; without it, all are listed
    #[arg(value_name = "TABLE")]
    pub(in crate::cli) table: Option<String>,
    /// Folder of SQL files that replace definitions of the same name
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) metrics: Option<String>,
}

impl EngineChoice {
    pub(in crate::cli) fn add_to(&self, typed: &mut Typed) {
        typed.engine.clone_from(&self.engine);
        typed.engine_dir.clone_from(&self.engine_dir);
    }
}

impl DataArguments {
    pub(in crate::cli) fn add_to(&self, typed: &mut Typed) {
        typed.data.clone_from(&self.data);
        typed.map.clone_from(&self.map);
        typed.mapping.clone_from(&self.mapping);
        typed.timezone.clone_from(&self.timezone);
        typed.max_bad_rows.clone_from(&self.max_bad_rows);
        typed.memory_limit.clone_from(&self.memory_limit);
        self.engine.add_to(typed);
        typed.metrics.clone_from(&self.metrics);
        typed.aggregation_limit.clone_from(&self.aggregation_limit);
    }
}
