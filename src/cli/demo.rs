//! `insights demo`: the main job on a generated sample with the mock provider.

use crate::config::Typed;
use crate::data;
use crate::rundir::{self, RunDir, RunHash};

use super::args::{CommonArguments, DemoArguments};
use super::exit::{Code, Failure, unwritable};
use super::run::{self, Job};

pub(super) async fn demo(arguments: &DemoArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let hash = RunHash::new(&arguments.run_hash)?;
    let mut typed = Typed::default();
    arguments.engine.add_to(&mut typed);
    arguments.models.add_to(&mut typed);
    common.add_to(&mut typed);
    if typed.provider.is_none() && typed.model.is_empty() {
        typed.provider = Some(crate::llm::MOCK.to_owned());
    }
    let settings = run::settle(&typed, common)?;
    let run = RunDir::create(&settings.run_logs, &hash)?;
    let window = data::generate::window();
    let _goes_on_beside_the_sample = run::warm(window);
    let csv = data::generate::csv_of(arguments.seed);
    let path = run.path().join("inputs").join("events.csv");
    rundir::write_whole(&path, &csv).map_err(|error| unwritable(&path, &error))?;
    typed.run_hash = Some(arguments.run_hash.clone());
    typed.date_start = Some(window.start.to_string());
    typed.date_end = Some(window.end.to_string());
    typed.data = vec![path.display().to_string()];
    let job = Job {
        typed,
        dry_run: false,
        json: arguments.json,
        allow_partial: false,
        fail_on: None,
    };
    Box::pin(run::perform(job, common)).await
}
