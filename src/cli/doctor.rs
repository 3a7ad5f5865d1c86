//! `insights doctor`: is everything there that a run needs? Calls no model, shows no key.

use crate::clock;
use crate::config::{self, Typed};
use crate::data::{self, Window};
use crate::event::Events;
use crate::evidence;
use crate::prompt::{Origin, Prompts};
use crate::rundir::RunDirError;

use super::args::{CommonArguments, RunArguments};
use super::exit::{Code, Failure};
use super::{gate, print, run, signal};

/// The checks so far, as lines.
struct Checks {
    lines: Vec<String>,
    n_failed: usize,
}

impl Checks {
    fn pass(&mut self, what: &str, detail: &str) {
        self.lines.push(format!("ok    {what:<12} {detail}"));
    }

    fn note(&mut self, what: &str, detail: &str) {
        self.lines.push(format!("note  {what:<12} {detail}"));
    }

    fn fail(&mut self, what: &str, failure: &Failure) {
        self.n_failed += 1;
        self.lines.push(format!("FAIL  {what:<12} {}", failure.message));
        if let Some(hint) = &failure.hint {
            self.lines.push(format!("      {:<12} {hint}", ""));
        }
    }
}

pub(super) async fn doctor(arguments: &RunArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let mut checks = Checks {
        lines: vec![format!("insights {}", env!("CARGO_PKG_VERSION"))],
        n_failed: 0,
    };
    let typed = arguments.typed(common);
    if let Some(settings) = check_settings(&typed, common, &mut checks) {
        check_places(&settings, &mut checks);
        check_prompts(&settings, &mut checks);
        signal::unless_interrupted(Box::pin(check_data(&settings, &mut checks))).await?;
    }
    let verdict = match checks.n_failed {
        0 => "all checks passed".to_owned(),
        1 => "1 check failed".to_owned(),
        n_failed => format!("{n_failed} checks failed"),
    };
    checks.lines.push(verdict);
    print::out(&format!("{}\n", print::safe(&checks.lines.join("\n"))))
        .map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
    Ok(if checks.n_failed == 0 {
        Code::Complete
    } else {
        Code::Usage
    })
}

/// Settings as a run would resolve them; without a usable provider the rest is checked with the mock.
fn check_settings(typed: &Typed, common: &CommonArguments, checks: &mut Checks) -> Option<config::Run> {
    let settings = match run::settle(typed, common) {
        Ok(settings) => {
            checks.pass("settings", "resolved");
            settings
        }
        Err(failure) => {
            checks.fail("settings", &failure);
            let without_models = Typed {
                provider: Some(crate::llm::MOCK.to_owned()),
                model: Vec::new(),
                fallback: Vec::new(),
                ..typed.clone()
            };
            let mut settings = run::settle(&without_models, common).ok()?;
            checks.note("settings", "the checks below go on with the mock provider");
            settings.origins.retain(|(name, _, _)| name != "INSIGHTS_PROVIDER");
            settings
        }
    };
    for (name, value, origin) in &settings.origins {
        checks.note("setting", &format!("{name} = {value} (from {origin})"));
    }
    for warning in &settings.warnings {
        checks.note("warning", warning);
    }
    for line in &settings.models.choice.lines {
        checks.pass("provider", line);
    }
    let coordinator: Vec<String> = settings
        .models
        .options
        .routes
        .chain("coordinator")
        .iter()
        .map(ToString::to_string)
        .collect();
    checks.pass("models", &format!("coordinator: {}", coordinator.join(", then ")));
    Some(settings)
}

fn check_places(settings: &config::Run, checks: &mut Checks) {
    let folder = &settings.run_logs;
    match run::is_writable(folder) {
        Ok(()) => checks.pass("run logs", &format!("{} is writable", folder.display())),
        Err(source) => {
            let error = RunDirError::Unwritable {
                path: folder.clone(),
                source,
            };
            checks.fail("run logs", &error.into());
        }
    }
}

fn check_prompts(settings: &config::Run, checks: &mut Checks) {
    match Prompts::load(&settings.prompts) {
        Ok(prompts) => {
            check_patterns(settings, &prompts, checks);
            let sources = prompts.sources(crate::prompt::COUNCIL);
            let n_own = sources.iter().filter(|(_, origin)| **origin != Origin::BuiltIn).count();
            checks.pass(
                "prompts",
                &format!("{} files, {n_own} from a folder, the others built in", sources.len()),
            );
        }
        Err(error) => checks.fail("prompts", &error.into()),
    }
}

/// Patterns with faults are named; `patterns check` tells the faults.
fn check_patterns(settings: &config::Run, prompts: &Prompts, checks: &mut Checks) {
    let names: Vec<String> = prompts.list().into_iter().map(|listed| listed.name).collect();
    let models: Vec<String> = settings
        .models
        .registered
        .iter()
        .map(|model| model.name.clone())
        .collect();
    let faulty: Vec<&String> = names
        .iter()
        .filter(|name| prompts.check(name, &models).map_or(true, |faults| !faults.is_empty()))
        .collect();
    if faulty.is_empty() {
        checks.pass("patterns", &format!("{}, no fault", names.len()));
    }
    for name in faulty {
        let failure = Failure::new(Code::Usage, format!("the pattern `{name}` has faults")).hint(format!(
            "`insights patterns check {name}` tells each with file and line"
        ));
        checks.fail("patterns", &failure);
    }
}

async fn check_data(settings: &config::Run, checks: &mut Checks) {
    let Some(choice) = &settings.data else {
        checks.note("data", "no `--data` given: a run reads the tables of its run directory");
        return;
    };
    if choice.engine != data::QueryEngine::Local {
        match choice.engine.check().await {
            Ok(()) => checks.pass("engine", &format!("{} answers", choice.engine)),
            Err(error) => return checks.fail("engine", &error.into()),
        }
    }
    let request = data::Request {
        sources: &choice.sources,
        map: &choice.map,
        mapping: &choice.mapping,
        max_bad_rows: choice.max_bad_rows,
        access: &choice.access,
        memory: choice.memory,
        engine: &choice.engine,
        window: settings.window,
    };
    match data::inspect(&request, &choice.timezone).await {
        Ok(found) => {
            let (first, last) = (found.first_day, found.last_day);
            checks.pass(
                "data",
                &format!("{}: {} rows, {first} to {last}", found.files.join(", "), found.rows),
            );
            for note in &found.notes {
                checks.note("data", note);
            }
            for mapped in &found.mapping {
                checks.pass(
                    "column",
                    &format!("{} ← {} ({})", mapped.role, mapped.column, mapped.reason),
                );
            }
            let whole = Window {
                start: first,
                end: last,
            };
            check_gate(
                settings,
                &choice.options(settings.window.unwrap_or(whole), clock::wall()),
                checks,
            )
            .await;
        }
        Err(error) => checks.fail("data", &error.into()),
    }
}

/// What the gate would say before a run over the window; without a window over all days of the data.
async fn check_gate(settings: &config::Run, options: &data::Options, checks: &mut Checks) {
    let dataset = match data::compute(options, &Events::silent()).await {
        Ok(dataset) => dataset,
        Err(error) => return checks.fail("data gate", &error.into()),
    };
    let window = options.window;
    let options = evidence::Options {
        row_limit: settings.row_limit,
        ..evidence::Options::default()
    };
    let evidence = evidence::build(&dataset, &options);
    checks.note("data gate", &format!("for {} to {}", window.start, window.end));
    for line in gate::lines(&dataset, &evidence) {
        checks.note("data gate", &line);
    }
    if let Some(refused) = gate::nobody_may_speak(&dataset, &evidence) {
        checks.fail("data gate", &refused);
    }
}
