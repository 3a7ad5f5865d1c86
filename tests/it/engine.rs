//! Where queries are answered: what any binary says of `--engine`. Clusters are in `ballista.rs`.

use crate::support::run::Run;

fn with_engine(engine: &str) -> Run {
    Run::council().mock().arguments(&["--engine", engine])
}

#[test]
fn this_machine_is_the_default_and_has_a_name() {
    let named = with_engine("local").done().code(0);
    let unnamed = Run::council().mock().done().code(0);
    assert_eq!(
        named.text("run_logs/x/outputs/insights/evidence.json"),
        unnamed.text("run_logs/x/outputs/insights/evidence.json")
    );
}

#[test]
fn what_is_no_engine_is_refused_before_anything_is_done() {
    for engine in ["spark://host:7077", "ballista", "ballista://", "ballista://host:port"] {
        let done = with_engine(engine).done();
        done.code(2)
            .says(&[&format!("`{engine}` is no query engine"), "ballista://host:port"]);
    }
    let by_variable = Run::council().mock().variable("INSIGHTS_ENGINE", "spark").done();
    by_variable.code(2).says(&["`spark` is no query engine"]);
    let by_file = Run::council()
        .mock()
        .file("insights.toml", "engine = \"hadoop\"")
        .done();
    by_file.code(2).says(&["`hadoop` is no query engine"]);
    let overruled = with_engine("local").variable("INSIGHTS_ENGINE", "spark").done();
    overruled.code(0);
}

#[cfg(not(feature = "ballista"))]
#[test]
fn a_binary_without_ballista_says_how_to_build_one_with_it() {
    let how = [
        "built without Apache Ballista",
        "cargo install --path . --features ballista",
    ];
    let done = with_engine("ballista://127.0.0.1:50050").done().code(2).says(&how);
    assert!(!done.folder.path().join("run_logs/x/outputs/insights").exists());
    for node in ["scheduler", "executor"] {
        Run::new().arguments(&["engine", node]).done().code(2).says(&how);
    }
}
