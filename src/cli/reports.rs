//! `insights report` and `insights open`: a finished run's report again, from its files alone. Nobody is asked and no data are read.

use clap::{Args, ValueEnum};

use crate::report;
use crate::rundir;

use super::args::CommonArguments;
use super::exit::{Code, Failure, unwritable};
use super::finished::{FinishedRun, insights};
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
    let run = FinishedRun::find(&run::settle_sessions(common)?.run_logs, &asked.run)?;
    let facts = run.facts();
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
        let html = report::html(&FinishedRun::open(&folder)?.facts());
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

fn print_out(text: &str) -> Result<Code, Failure> {
    print::out(text)
        .map(|()| Code::Complete)
        .map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))
}
