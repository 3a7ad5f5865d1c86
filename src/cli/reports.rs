//! `insights report` and `insights open`: a finished run's report again, from its files alone. Nobody is asked and no data are read.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::report::{self, Stored, StoredFiles, Unreadable};
use crate::rundir;

use super::args::CommonArguments;
use super::exit::{Code, Failure, unwritable};
use super::{print, run};

#[derive(Debug, Clone, Args)]
pub(super) struct ReportArguments {
    /// The run: its run hash, the unique beginning of one, or a path to it
    #[arg(value_name = "RUN")]
    run: String,
    /// What to print: the report as md or html, or its findings as json
    #[arg(long, value_enum, default_value_t = Format::Md)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// As report.md
    #[value(alias = "markdown")]
    Md,
    /// As report.html
    Html,
    /// As coordinated_insights.json
    Json,
}

#[derive(Debug, Clone, Args)]
pub(super) struct OpenArguments {
    /// The run: its run hash, the unique beginning of one, or a path to it
    #[arg(value_name = "RUN")]
    run: String,
    /// Print the path of the page only
    #[arg(long)]
    print: bool,
}

pub(super) fn report(asked: &ReportArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let folder = rundir::find(&run::settle_sessions(common)?.run_logs, &asked.run)?;
    let stored = read(&folder)?;
    let facts = stored.facts();
    let text = match asked.format {
        Format::Md => report::markdown(&facts),
        Format::Html => report::html(&facts),
        Format::Json => String::from_utf8_lossy(&report::coordinated_insights(&facts)).into_owned(),
    };
    print_out(&text)
}

pub(super) fn open(asked: &OpenArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let folder = rundir::find(&run::settle_sessions(common)?.run_logs, &asked.run)?;
    let page = insights(&folder).join("report.html");
    if !page.is_file() {
        let html = report::html(&read(&folder)?.facts());
        rundir::write_whole(&page, html.as_bytes()).map_err(|error| unwritable(&page, &error))?;
    }
    let done = print_out(&format!("{}\n", page.display()))?;
    if !asked.print
        && let Err(error) = open::that_detached(&page)
    {
        print::warn(&format!(
            "no browser could be opened: {error}; open the file above yourself, or copy it to where a browser is"
        ));
    }
    Ok(done)
}

fn insights(folder: &Path) -> PathBuf {
    folder.join("outputs").join("insights")
}

fn read(folder: &Path) -> Result<Stored, Failure> {
    let file = |name: &str| {
        let path = insights(folder).join(name);
        fs::read(&path).map_err(|error| Failure {
            cause: Some(error.to_string()),
            ..Failure::new(Code::NoReport, format!("could not read `{}`", path.display()))
                .hint("the run did not end with a report; run it again with the same `--run-hash`: replies that arrived are kept")
        })
    };
    // The commit marker first: without it the others may be half of something.
    let summary = file("execution_summary.json")?;
    let (evidence, children, coordinated) = (
        file("evidence.json")?,
        file("child_insights.json")?,
        file("coordinated_insights.json")?,
    );
    let files = StoredFiles {
        summary: &summary,
        evidence: &evidence,
        children: &children,
        coordinated: &coordinated,
    };
    Stored::read(&files).map_err(|error| {
        let hint = match &error {
            Unreadable::NoReport(_) => "run it again with the same `--run-hash`: replies that arrived are kept",
            Unreadable::File { .. } => "run it again with the same `--run-hash`; kept replies cost nothing",
        };
        Failure::new(
            Code::NoReport,
            format!("could not make the report of `{}` again: {error}", folder.display()),
        )
        .hint(hint)
    })
}

fn print_out(text: &str) -> Result<Code, Failure> {
    print::out(text)
        .map(|()| Code::Complete)
        .map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))
}
