//! The arguments of the commands about replies and reports that are there: `extract`, `verify`, `explain`.

use std::path::PathBuf;

use clap::Args;

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
pub(in crate::cli) struct ExtractArguments {
    /// JSON schema that picks among several values; what does not fit is said on stderr, or in `faults` with --batch
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) schema: Option<PathBuf>,
    /// Read JSON lines {"id","text"} and print one result for each
    #[arg(long)]
    pub(in crate::cli) batch: bool,
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
pub(in crate::cli) struct VerifyArguments {
    /// JSON lines to read instead of stdin
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct ExplainArguments {
    /// The run: its run hash, the unique beginning of one, or a path to it
    #[arg(value_name = "RUN_HASH")]
    pub(in crate::cli) run_hash: String,
    /// A sentence (S1), a finding (F3), an evidence cell (g3.revenue), or words of the report; without it, all that can be explained
    #[arg(value_name = "CLAIM")]
    pub(in crate::cli) claim: Option<String>,
    /// JSON on stdout
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
