//! `insights evidence`: the facts of a window, without any call.

use crate::clock;
use crate::config::Typed;
use crate::data;
use crate::event::Event;
use crate::evidence::{self, Analysis};
use crate::insight::Analyst;

use super::args::{CommonArguments, EvidenceArguments};
use super::exit::{Code, Failure};
use super::listen::Listeners;
use super::progress::{Progress, Style};
use super::{egress, gate, print, run, signal};

mod tables;

pub(super) async fn evidence(arguments: &EvidenceArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let wanted = specialists(&arguments.specialist)?;
    let mut typed = Typed {
        date_start: arguments.date_start.clone(),
        date_end: arguments.date_end.clone(),
        ..Typed::default()
    };
    arguments.data.add_to(&mut typed);
    arguments.models.add_to(&mut typed);
    if !arguments.egress {
        // Facts need nobody who answers.
        typed.provider = Some(crate::llm::MOCK.to_owned());
        (typed.model, typed.fallback) = (Vec::new(), Vec::new());
    }
    common.add_to(&mut typed);
    let settings = run::settle(&typed, common)?;
    let window = settings.window.ok_or_else(|| {
        Failure::new(Code::Usage, "evidence needs a window").hint("add `--date-start YYYY-MM-DD --date-end YYYY-MM-DD`")
    })?;
    let choice = settings
        .data
        .as_ref()
        .ok_or_else(|| Failure::new(Code::Usage, "evidence needs data").hint("add `--data FILE|DIR|GLOB`"))?;
    let style = Style::choose(common.quiet, true);
    let (listeners, events) = Listeners::start(None, Progress::new(style, common.verbose))
        .map_err(|error| Failure::new(Code::NoReport, format!("could not start: {error}")))?;
    for message in settings.warnings.clone() {
        events.say(Event::Warning { message });
    }
    let wanted_data = choice.options(window, clock::wall());
    let computing = data::compute(&wanted_data, &events);
    let dataset = signal::unless_interrupted(Box::pin(computing)).await;
    listeners.finish();
    let options = evidence::Options {
        row_limit: settings.row_limit,
        ..evidence::Options::default()
    };
    let dataset = dataset??;
    let analysis = Analysis::of(&dataset, &options);
    let all = analysis.evidence();
    let evidence: Vec<_> = all
        .iter()
        .filter(|facts| wanted.contains(&facts.analyst))
        .cloned()
        .collect();
    let text = if arguments.egress {
        let list = egress::list(&settings, &dataset, evidence)?;
        match arguments.json {
            true => format!("{list:#}\n"),
            false => print::safe(&egress::shown(&list)),
        }
    } else if arguments.json {
        let kpis = evidence::kpis(&dataset, &all);
        let charts = analysis.charts();
        String::from_utf8_lossy(&crate::report::evidence_json(&evidence, &kpis, &charts)).into_owned()
    } else if !arguments.prompt {
        let gate = format!("Data gate\n\n{}\n\n", gate::lines(&dataset, &evidence).join("\n"));
        print::safe(&gate) + &tables::tables(&evidence, &print::Page::of_stdout())
    } else {
        let gate = format!("# Data gate\n\n{}\n", gate::lines(&dataset, &evidence).join("\n"));
        let parts = evidence
            .iter()
            .map(|facts| format!("# {}\n\n{}", facts.analyst.title(), evidence::pipe(facts)));
        std::iter::once(gate).chain(parts).collect::<Vec<_>>().join("\n\n") + "\n"
    };
    print::out(&text).map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
    Ok(Code::Complete)
}

/// The specialists by their keys; all six where none is named.
fn specialists(names: &[String]) -> Result<Vec<Analyst>, Failure> {
    if names.is_empty() {
        return Ok(Analyst::ALL.to_vec());
    }
    let known = || Analyst::ALL.map(Analyst::key).join(", ");
    let named = names.iter().flat_map(|names| names.split(',')).map(str::trim);
    named
        .map(|name| {
            let unknown = || {
                Failure::new(Code::Usage, format!("no specialist is called `{name}`"))
                    .hint(format!("the specialists are {}", known()))
            };
            Analyst::from_key(&name.replace('-', "_")).ok_or_else(unknown)
        })
        .collect()
}
