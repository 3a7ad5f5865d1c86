//! `insights sessions`: what commands asked and were told; and going on where one stopped.

mod show;

use std::path::Path;

use clap::Parser as _;
use serde_json::json;

use crate::rundir;
use crate::store::Store;
use crate::store::session::{Kind, NotFound, SessionLog, Status, Transcript};

use super::args::{Arguments, CommonArguments, SessionsAction, SessionsArguments};
use super::exit::{Code, Failure, unwritable};
use super::session::Resumed;
use super::{print, run};

pub(super) async fn sessions(arguments: &SessionsArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let text = match &arguments.action {
        SessionsAction::List { kind, status, json } => list(kind.as_deref(), status.as_deref(), *json, common)?,
        SessionsAction::Show { id, json: false } => print::safe(&show::text(&find(id, common)?)),
        SessionsAction::Show { id, json: true } => show::json(&find(id, common)?),
        SessionsAction::Export { id, format, output } => {
            let text = export(&find(id, common)?, format)?;
            let Some(path) = output.as_deref().filter(|path| *path != Path::new("-")) else {
                return printed(&text);
            };
            rundir::write_whole(path, text.as_bytes()).map_err(|error| unwritable(path, &error))?;
            format!("{}\n", path.display())
        }
        SessionsAction::Resume { id } => return resume(id, common).await,
    };
    printed(&text)
}

fn printed(text: &str) -> Result<Code, Failure> {
    print::out(text).map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
    Ok(Code::Complete)
}

/// The sessions of the folder; a folder without a database gets none.
fn open(common: &CommonArguments) -> Result<SessionLog, Failure> {
    let settings = run::settle_sessions(common)?;
    let path = settings.run_logs.join("insights.db");
    let store = if path.is_file() {
        Store::open(&path)
    } else {
        Store::disabled()
    };
    if let Some(message) = store.take_warning() {
        print::warn(&message);
    }
    Ok(SessionLog::new(settings.sessions, &store, &settings.run_logs))
}

fn find(id: &str, common: &CommonArguments) -> Result<Transcript, Failure> {
    let log = open(common)?;
    let id = log.find(id)?;
    let unknown = || NotFound::Unknown {
        asked: id.clone(),
        nearest: None,
    };
    Ok(log.transcript(&id).ok_or_else(unknown)?)
}

fn list(kind: Option<&str>, status: Option<&str>, json: bool, common: &CommonArguments) -> Result<String, Failure> {
    let kind = kind.map(|word| {
        let known = Kind::ALL.map(Kind::word).join(", ");
        Kind::of(word.trim()).ok_or_else(|| unknown("kind", word, &known))
    });
    let status = status.map(|word| {
        let known = Status::ALL.map(Status::word).join(", ");
        Status::of(word.trim()).ok_or_else(|| unknown("status", word, &known))
    });
    let (kind, status) = (kind.transpose()?, status.transpose()?);
    let mut sessions = open(common)?.list();
    sessions.retain(|one| kind.is_none_or(|kind| kind == one.head.kind));
    sessions.retain(|one| status.is_none_or(|status| status == one.head.status));
    if json {
        return Ok(format!("{:#}\n", json!(sessions)));
    }
    if sessions.is_empty() {
        print::talk("no sessions");
    }
    Ok(print::safe(&show::table(&sessions)))
}

fn unknown(what: &str, word: &str, known: &str) -> Failure {
    Failure::new(Code::Usage, format!("there is no {what} `{}`", word.escape_debug()))
        .hint(format!("it may be {known}"))
}

fn export(transcript: &Transcript, format: &str) -> Result<String, Failure> {
    match format.trim() {
        "json" => Ok(show::json(transcript)),
        "jsonl" => Ok(show::lines(transcript)),
        "md" => Ok(show::markdown(transcript)),
        other => Err(unknown("format", other, "json, jsonl, md")),
    }
}

/// Runs the session's own command again, in its folder, under its id.
async fn resume(id: &str, common: &CommonArguments) -> Result<Code, Failure> {
    let transcript = find(id, common)?;
    let head = &transcript.head;
    let title = head
        .metadata
        .get("title")
        .and_then(|title| title.as_str())
        .unwrap_or_default();
    if head.status == Status::Completed {
        print::talk(&format!(
            "session {} is completed: nothing is left to do ({title})",
            head.id
        ));
        return Ok(Code::Complete);
    }
    let words = head.metadata.get("command").and_then(|words| words.as_array());
    let words: Option<Vec<&str>> = words.and_then(|words| words.iter().map(|word| word.as_str()).collect());
    let cannot = |why: &str| Failure::new(Code::Usage, format!("session {} cannot be resumed: {why}", head.id));
    let words = words.ok_or_else(|| cannot("its command is not kept"))?;
    let mut again = Arguments::try_parse_from(std::iter::once("insights").chain(words))
        .map_err(|error| cannot(&format!("its command is not understood any more: {error}")))?;
    let stdin = head.metadata.get("stdin").and_then(|text| text.as_str());
    go_to(
        head.metadata.get("folder").and_then(|folder| folder.as_str()),
        common,
        &mut again.common,
    )?;
    again.common.quiet |= common.quiet;
    again.common.verbose |= common.verbose;
    again.common.no_progress |= common.no_progress;
    again.common.resumed = Some(Resumed {
        id: head.id.clone(),
        stdin: stdin.map(str::to_owned),
    });
    if !again.common.quiet {
        let n_kept = transcript.kept_steps;
        print::talk(&format!(
            "resuming {}: {n_kept} answered steps are kept ({title})",
            head.id
        ));
    }
    Box::pin(super::dispatch(again)).await
}

/// The command names its files as seen from where it was typed. Files of this command are named as seen from here.
fn go_to(folder: Option<&str>, here: &CommonArguments, there: &mut CommonArguments) -> Result<(), Failure> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // The session was found in this folder, so that is where its command must write.
    let run_logs = run::settle_sessions(here)?.run_logs;
    there.run_logs = Some(absolute(&run_logs).to_string_lossy().into_owned());
    if let Some(file) = &here.env_file {
        there.env_file = Some(absolute(file));
    }
    if let Some(file) = &here.config {
        there.config = Some(absolute(file));
    }
    let Some(folder) = folder else { return Ok(()) };
    std::env::set_current_dir(folder).map_err(|error| {
        Failure::new(
            Code::Usage,
            format!("could not go to `{folder}`, where the command was started: {error}"),
        )
    })
}
