//! Scores from 0 to 10 with the points that make them. Every score begins at a base and gains or loses the points that its
//! reasons state; the sum is kept within 0 and 10. The overall score is the weighted mean of the others:
//!
//! | score | begins at | weight | measured by |
//! |---|---|---|---|
//! | maintainability | 10 | 0.20 | long functions and files, branches per function, nesting, unfinished work |
//! | tests | 0 | 0.20 | tests per function, test files, tests in CI |
//! | dependencies | 10 | 0.10 | lock files, unbounded versions, broken manifests |
//! | security | 10 | 0.20 | secrets, committed environment files, certificates, root containers |
//! | deployment | 2 | 0.20 | start command, container, CI, documented environment; minus blockers |
//! | documentation | 0 | 0.10 | README and its parts, licence, API description, documented functions |

use crate::insight::project::{Gravity, Project, Reason, Score};

/// Points with their reasons, then the sum.
struct Sum {
    name: &'static str,
    value: f64,
    reasons: Vec<Reason>,
}

impl Sum {
    fn from(name: &'static str, base: f64) -> Self {
        let reasons = if base > 0.0 {
            vec![Reason {
                points: base,
                text: "base".to_owned(),
            }]
        } else {
            Vec::new()
        };
        Self {
            name,
            value: base,
            reasons,
        }
    }

    fn add(&mut self, points: f64, text: impl Into<String>) {
        let points = super::code::round(points);
        if points != 0.0 {
            self.value += points;
            self.reasons.push(Reason {
                points,
                text: text.into(),
            });
        }
    }

    fn add_if(&mut self, holds: bool, points: f64, text: &str) {
        if holds {
            self.add(points, text);
        }
    }

    fn score(self) -> Score {
        Score {
            name: self.name.to_owned(),
            value: one_decimal(self.value.clamp(0.0, 10.0)),
            reasons: self.reasons,
        }
    }
}

fn one_decimal(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// Weights of the overall score, by name; they sum to 1.
const WEIGHTS: [(&str, f64); 6] = [
    ("maintainability", 0.2),
    ("tests", 0.2),
    ("dependencies", 0.1),
    ("security", 0.2),
    ("deployment", 0.2),
    ("documentation", 0.1),
];

/// The overall score first.
pub(super) fn scores(project: &Project) -> Vec<Score> {
    let parts = vec![
        maintainability(project),
        tests(project),
        dependencies(project),
        security(project),
        deployment(project),
        documentation(project),
    ];
    let mut overall = Sum::from("overall", 0.0);
    for (score, (name, weight)) in parts.iter().zip(WEIGHTS) {
        debug_assert_eq!(score.name, name, "weights stand in the order of the scores");
        overall.add(score.value * weight, format!("{name} {:.1} × {weight:.2}", score.value));
    }
    std::iter::once(overall.score()).chain(parts).collect()
}

fn maintainability(project: &Project) -> Score {
    let mut sum = Sum::from("maintainability", 10.0);
    let complexity = &project.complexity;
    let functions = complexity.functions.max(1) as f64;
    let long = complexity.n_long_functions as f64 / functions;
    sum.add(
        -(long * 40.0).min(3.0),
        format!("{} functions over 60 lines", complexity.n_long_functions),
    );
    let files = complexity.n_long_files as f64;
    sum.add(
        -(files * 0.3).min(2.0),
        format!("{} files over 500 lines of code", complexity.n_long_files),
    );
    let branches = complexity.branches_per_function.unwrap_or_default();
    sum.add(
        -((branches - 4.0) * 0.5).clamp(0.0, 2.0),
        format!("{branches} branches per function"),
    );
    let depth = complexity.deepest_nesting.as_ref().map_or(0, |nesting| nesting.depth);
    sum.add(
        -((depth as f64 - 5.0) * 0.4).clamp(0.0, 2.0),
        format!("blocks {depth} deep in one function"),
    );
    let thousand = (project.lines_of_code() as f64 / 1_000.0).max(0.1);
    let marks = project.markers.total as f64 / thousand;
    sum.add(
        -(marks * 0.2).min(2.0),
        format!("{} notes of unfinished work", project.markers.total),
    );
    sum.score()
}

fn tests(project: &Project) -> Score {
    let mut sum = Sum::from("tests", 0.0);
    let tests = &project.tests;
    let ratio = tests.per_function.unwrap_or_default();
    sum.add((ratio * 14.0).min(7.0), format!("{ratio} tests per function"));
    sum.add_if(tests.files > 0, 1.0, "test files");
    let in_ci = project.deployment.pipelines.iter().any(|pipeline| pipeline.runs_tests);
    sum.add_if(in_ci, 2.0, "CI runs tests");
    sum.score()
}

fn dependencies(project: &Project) -> Score {
    let mut sum = Sum::from("dependencies", 10.0);
    let dependencies = &project.dependencies;
    let unlocked = dependencies.without_lock.len();
    sum.add(
        -(unlocked as f64 * 4.0).min(6.0),
        format!("{unlocked} manifests without a lock file"),
    );
    let share = dependencies.unbounded as f64 / dependencies.total.max(1) as f64;
    sum.add(
        -share * 4.0,
        format!(
            "{} of {} dependencies without an upper bound",
            dependencies.unbounded, dependencies.total
        ),
    );
    let broken = dependencies
        .manifests
        .iter()
        .filter(|manifest| manifest.fault.is_some())
        .count();
    sum.add(-(broken as f64 * 3.0), format!("{broken} manifests cannot be read"));
    sum.add(
        -((dependencies.total as f64 - 80.0) / 40.0).clamp(0.0, 2.0),
        format!("{} direct dependencies", dependencies.total),
    );
    sum.score()
}

fn security(project: &Project) -> Score {
    let mut sum = Sum::from("security", 10.0);
    let count = |kind: &str, least: Gravity| {
        let found = project.deployment.blockers.iter();
        found
            .filter(|blocker| blocker.kind == kind && blocker.severity <= least)
            .count() as f64
    };
    let mut take = |kind: &str, points: f64, most: f64, text: &str| {
        let n = count(kind, Gravity::Low);
        sum.add(-(n * points).min(most), format!("{n} × {text}"));
    };
    take("committed_environment_file", 4.0, 6.0, "environment file with values");
    take("no_certificate_check", 2.0, 3.0, "certificates not checked");
    take("debug_on", 1.0, 2.0, "debug mode");
    take("container_runs_as_root", 0.5, 1.0, "container as root");
    take("open_cors", 0.5, 0.5, "any origin may call");
    let grave = count("secret_in_code", Gravity::Critical);
    sum.add(-(grave * 2.5).min(7.0), format!("{grave} × secret in code"));
    let made_up = count("secret_in_code", Gravity::Medium) - grave;
    sum.add(
        -(made_up * 0.2).min(1.0),
        format!("{made_up} × secret in tests or documents"),
    );
    sum.score()
}

fn deployment(project: &Project) -> Score {
    let mut sum = Sum::from("deployment", 2.0);
    let deployment = &project.deployment;
    sum.add_if(!deployment.start_commands.is_empty(), 2.0, "a start command");
    sum.add_if(!deployment.containers.is_empty(), 2.0, "a container");
    sum.add_if(!deployment.pipelines.is_empty(), 1.5, "CI");
    let described =
        !deployment.compose.is_empty() || !deployment.kubernetes.is_empty() || !deployment.helm_charts.is_empty();
    sum.add_if(described, 1.0, "compose, Kubernetes or Helm");
    let environment = &deployment.environment;
    sum.add_if(
        environment.undocumented.is_empty(),
        1.0,
        "no undocumented environment variable",
    );
    let locked = project.dependencies.total > 0 && project.dependencies.without_lock.is_empty();
    sum.add_if(locked, 0.5, "locked dependencies");
    for (severity, points, most) in [
        (Gravity::Critical, 1.5, 4.0),
        (Gravity::High, 1.0, 3.0),
        (Gravity::Medium, 0.3, 2.0),
    ] {
        let n = deployment
            .blockers
            .iter()
            .filter(|blocker| blocker.severity == severity)
            .count();
        sum.add(
            -(n as f64 * points).min(most),
            format!("{n} {} blockers", severity.word()),
        );
    }
    sum.score()
}

fn documentation(project: &Project) -> Score {
    let mut sum = Sum::from("documentation", 0.0);
    let documentation = &project.documentation;
    if let Some(readme) = &documentation.readme {
        sum.add(1.0, "a README");
        sum.add(
            (readme.words as f64 / 200.0).min(2.0),
            format!("{} words in it", readme.words),
        );
        sum.add_if(readme.installation, 1.0, "how to install");
        sum.add_if(readme.usage, 1.0, "how to use");
        sum.add_if(readme.configuration, 0.5, "how to configure");
        sum.add_if(readme.examples, 0.5, "examples");
    }
    sum.add_if(documentation.licence.is_some(), 1.0, "a licence");
    sum.add_if(documentation.changelog, 0.5, "a changelog");
    sum.add_if(!documentation.api.is_empty(), 0.5, "an API description");
    let share = documentation.documented_functions.unwrap_or_default();
    sum.add(
        (share * 4.0).min(2.0),
        format!("{:.0} % of the functions are documented", share * 100.0),
    );
    sum.score()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_one_and_reasons_to_the_score() {
        assert!((WEIGHTS.iter().map(|(_, weight)| weight).sum::<f64>() - 1.0).abs() < 1e-9);
        let scores = scores(&Project::default());
        assert_eq!(scores.len(), 7);
        for score in &scores {
            let sum: f64 = score.reasons.iter().map(|reason| reason.points).sum();
            assert!(
                (one_decimal(sum.clamp(0.0, 10.0)) - score.value).abs() < 0.11,
                "{score:?}"
            );
        }
    }

    #[test]
    fn an_empty_project_has_no_tests_and_no_documents() {
        let project = Project::default();
        let value = |name: &str| {
            scores(&project)
                .into_iter()
                .find(|score| score.name == name)
                .map(|score| score.value)
        };
        assert_eq!(
            (value("tests"), value("documentation"), value("security")),
            (Some(0.0), Some(0.0), Some(10.0))
        );
    }
}
