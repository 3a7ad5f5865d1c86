//! What a person sees of an exploration: a live tally in a terminal, a line now and then elsewhere.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::clock::{self, Instant};
use crate::event::Event;

use super::super::print;
use super::seconds;

/// Between two lines of the tally where nothing is live.
const PAUSE: Duration = Duration::from_secs(5);

/// The tally of the exploration that is shown.
#[derive(Default)]
pub(super) struct Tally {
    bar: Option<ProgressBar>,
    told: Option<Instant>,
}

impl Tally {
    /// The live line, made when there is first something to say; false where nothing is live.
    pub(super) fn live(&mut self, bars: Option<&MultiProgress>, event: &Event) -> bool {
        let (Some(bars), Some(text)) = (bars, tally(event)) else {
            return false;
        };
        let bar = self.bar.get_or_insert_with(|| {
            let bar = bars.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed:>4}  {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        bar.set_message(print::safe(&text));
        true
    }

    /// A line for the event, if it is worth one.
    pub(super) fn line(&mut self, event: &Event, verbose: bool) -> Option<String> {
        match event {
            Event::ExploreProgress { .. } => {
                let due = self.told.is_none_or(|told| told.elapsed() >= PAUSE);
                due.then(|| self.told = Some(clock::now()))?;
                tally(event).map(|tally| format!("found    {tally}"))
            }
            Event::ExploreChoice { .. } | Event::ExploreProducerStarted { .. } if !verbose => None,
            Event::ExploreBatch { error: None, .. } if !verbose => None,
            event => line(event),
        }
    }
}

fn tally(event: &Event) -> Option<String> {
    let Event::ExploreProgress {
        unique,
        received,
        batches,
        uam,
        cost_usd,
        recent_yield,
        ..
    } = event
    else {
        return None;
    };
    let recent = recent_yield
        .map(|share| format!(" · {:.0} % new lately", share * 100.0))
        .unwrap_or_default();
    let many = if *batches == 1 { "" } else { "es" };
    Some(format!(
        "{unique} unique of {received} in {batches} batch{many} · {uam:.0} a minute{recent}{}",
        money(*cost_usd)
    ))
}

fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::ExploreStarted {
            topic,
            producers,
            models,
            unique,
            ..
        } => {
            let earlier = match unique {
                0 => String::new(),
                unique => format!(" · going on from {unique} attributes"),
            };
            let many = if *producers == 1 { "" } else { "s" };
            format!(
                "explore  {topic}: {producers} producer{many} · {}{earlier}",
                models.join(", ")
            )
        }
        Event::ExploreChoice {
            producer,
            iteration,
            family,
            model,
            why,
        } => {
            let model = model.as_deref().unwrap_or("by routing");
            format!("choice   p{producer} iteration {iteration}: {family}, {model} ({why})")
        }
        Event::ExploreBatch {
            producer,
            iteration,
            error: Some(error),
            ..
        } => format!("no list  p{producer} iteration {iteration}: {error}"),
        Event::ExploreBatch {
            producer,
            iteration,
            family,
            received,
            unique,
            millis,
            ..
        } => format!(
            "batch    p{producer} iteration {iteration}, {family}: {unique} new of {received} in {}",
            seconds(*millis)
        ),
        Event::ExploreProducerStarted { producer, pid, .. } => format!("started  producer {producer} as process {pid}"),
        Event::ExploreProducerLost {
            producer,
            why,
            given_up,
            ..
        } => {
            let next = if *given_up { "given up" } else { "started again" };
            format!("lost     producer {producer}: {why}; {next}")
        }
        Event::ExploreFinished {
            detail,
            unique,
            received,
            millis,
            uam,
            cost_usd,
            ..
        } => format!(
            "done     {unique} unique of {received} in {} · {uam:.0} a minute{} · {detail}",
            seconds(*millis),
            money(*cost_usd)
        ),
        _ => return None,
    })
}

fn money(cost_usd: Option<f64>) -> String {
    match cost_usd {
        None => " · cost unknown".to_owned(),
        Some(cost) => format!(" · ${cost:.4}"),
    }
}
