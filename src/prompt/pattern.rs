//! A pattern as data: stages in order, and who is asked what in each. `read` makes it from `pattern.toml`, `check` judges it.

use std::collections::BTreeMap;

use super::files::Origin;

/// A way of thinking: stages that run in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// The name of its folder.
    pub name: String,
    pub title: String,
    /// One sentence for `patterns list`.
    pub description: String,
    pub origin: Origin,
    /// The file that faults name.
    pub file: String,
    /// Values that the caller hands in beside `question`, `context` and `data`, each with what it is.
    pub inputs: BTreeMap<String, String>,
    /// The stage whose answer is the answer of the whole.
    pub result: String,
    pub stages: Vec<Stage>,
}

/// One step. Everything in it is asked at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    pub name: String,
    /// What a person sees: `Challenge`.
    pub title: String,
    pub kind: Kind,
    /// `question`, `context`, `data`, an input of the pattern or an earlier stage.
    pub inputs: Vec<String>,
    /// Files with their folder: `critique/meta.md`.
    pub template: Option<String>,
    pub system: Option<String>,
    pub schema: Option<String>,
    pub roles: Vec<Role>,
    pub models: Option<Choice>,
    /// `provider:model` route, temperature and limits of every call of the stage.
    pub temperature: Option<f64>,
    pub max_output_tokens: Option<u32>,
    /// So many answers must come in.
    pub minimum: usize,
    /// What happens below the minimum.
    pub on_failure: OnFailure,
    pub branches: Vec<Branch>,
    /// The stage after this one, when no branch is taken; the next in the file by default.
    pub next: Option<Next>,
    /// The stage whose answers are reviewed or refined.
    pub of: Option<String>,
    /// What the program does with the answers.
    pub check: Check,
    pub refine: Option<Refine>,
    pub correction: Option<Correction>,
    /// Later stages see labels instead of names.
    pub anonymous: bool,
    /// The field of the answers (or `text`) that agreement is computed over.
    pub agree_on: Option<String>,
    /// Where each key stands, for faults; the stage itself under the empty name.
    pub lines: BTreeMap<String, usize>,
}

impl Stage {
    /// The line of a key, or of the stage.
    pub fn line(&self, key: &str) -> usize {
        let own = self.lines.get(key).or_else(|| self.lines.get(""));
        own.copied().unwrap_or(1)
    }
}

/// How a stage asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One prompt per role.
    Roles,
    /// One prompt to several models.
    Models,
    /// Several judges score the answers of a stage.
    Review,
    /// Several judges order the answers of a stage, none its own.
    Ranking,
    /// Review and rewrite one answer, until the score or the count.
    Refine,
    /// One call that joins.
    Synthesis,
}

impl Kind {
    pub const ALL: [Self; 6] = [
        Self::Roles,
        Self::Models,
        Self::Review,
        Self::Ranking,
        Self::Refine,
        Self::Synthesis,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Roles => "roles",
            Self::Models => "models",
            Self::Review => "review",
            Self::Ranking => "ranking",
            Self::Refine => "refine",
            Self::Synthesis => "synthesis",
        }
    }
}

/// One of the voices of a `roles` stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    pub name: String,
    pub title: String,
    pub template: String,
    pub system: Option<String>,
    pub schema: Option<String>,
    /// Registered names or `provider:model`, tried in order; without any the routing of the run.
    pub models: Vec<String>,
    pub temperature: Option<f64>,
    pub max_output_tokens: Option<u32>,
    /// How much the answer counts, above 0.
    pub weight: f64,
    pub on_failure: RoleFailure,
    /// Tables (`G1`) or analysts whose evidence an added analyst reads.
    pub evidence: Vec<String>,
    pub lines: BTreeMap<String, usize>,
}

impl Role {
    pub fn line(&self, key: &str) -> usize {
        let own = self.lines.get(key).or_else(|| self.lines.get(""));
        own.copied().unwrap_or(1)
    }
}

/// Which registered models a stage asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    All,
    /// Registered names or `provider:model`.
    Named(Vec<String>),
    /// So many of the available ones, the largest weight first.
    Heaviest(usize),
    /// Those with the tag, the largest weight first; all of them without a count.
    Tagged {
        tag: String,
        count: Option<usize>,
    },
}

/// What happens when one role gives no usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleFailure {
    /// The stage goes on without it.
    Skip,
    /// The pattern ends.
    Stop,
    /// A template, filled with the role's inputs, stands in.
    Template(String),
}

/// What happens when a stage stays below its minimum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnFailure {
    Stop,
    Skip,
    Template(String),
    /// Go on at another stage.
    Stage(String),
}

/// Where to go when a score of the stage lies on one side of a bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    pub score: ScoreName,
    pub bound: Bound,
    pub to: Next,
    pub line: usize,
}

/// A number that the program computes for a stage, 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreName {
    /// The weighted mean of the reviews' scores, or of the refined answer's last review.
    Score,
    /// The weighted mean of the answers' own confidence.
    Confidence,
    Agreement,
}

impl ScoreName {
    pub const ALL: [Self; 3] = [Self::Score, Self::Confidence, Self::Agreement];

    pub fn word(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Confidence => "confidence",
            Self::Agreement => "agreement",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    AtLeast(f64),
    Below(f64),
}

impl Bound {
    pub fn holds(self, score: f64) -> bool {
        match self {
            Self::AtLeast(bound) => score >= bound,
            Self::Below(bound) => score < bound,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Stage(String),
    End,
}

/// What the program does with the answers of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The schema, if there is one.
    Schema,
    /// Statements about evidence: each is verified against the data.
    Findings,
    /// The joined part: each sentence is verified against the findings.
    Coordination,
}

/// The loop of a `refine` stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Refine {
    pub review_template: String,
    pub review_schema: Option<String>,
    pub reviewers: Option<Choice>,
    /// How the scores of several reviewers become one.
    pub combine: Combine,
    /// Asked before each review; what it finds goes to the reviewers and to the rewrite.
    pub critique_template: Option<String>,
    /// Holds each new version against the best so far, in both orders; then not the higher score decides which one is best.
    pub compare: Option<Compare>,
    /// The score, 0..1, from which on the answer is good enough.
    pub until: f64,
    /// Reviews at most.
    pub at_most: u32,
}

/// What happens to an answer that the program finds fault with; stages of roles and of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    pub template: String,
    /// Rounds at most.
    pub at_most: u32,
}

/// How several scores become one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Combine {
    /// Weighted by the reviewers' weights.
    #[default]
    Mean,
    Median,
}

/// Two versions side by side; the schema has `better`: `first`, `second` or `tie`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compare {
    pub template: String,
    pub schema: String,
}

impl Pattern {
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == name)
    }

    pub fn index(&self, name: &str) -> Option<usize> {
        self.stages.iter().position(|stage| stage.name == name)
    }

    /// The roles of all `roles` stages, and the stages that make one call under their own name.
    pub fn roles(&self) -> Vec<String> {
        let mut roles = Vec::new();
        for stage in &self.stages {
            match stage.kind {
                Kind::Roles => roles.extend(stage.roles.iter().map(|role| role.name.clone())),
                Kind::Refine => roles.extend(
                    [stage.name.clone(), format!("{}.review", stage.name)]
                        .into_iter()
                        .chain(extra(stage)),
                ),
                _ => roles.push(stage.name.clone()),
            }
        }
        roles
    }

    /// Where the stage at `index` may go on: by default, by branch, by failure. None is the end.
    pub fn ways(&self, index: usize) -> Vec<(Option<String>, usize)> {
        let Some(stage) = self.stages.get(index) else {
            return Vec::new();
        };
        let following = self.stages.get(index + 1).map(|stage| stage.name.clone());
        let name = |next: &Next| match next {
            Next::Stage(name) => Some(name.clone()),
            Next::End => None,
        };
        let default = stage.next.as_ref().map_or(following, name);
        let mut ways = vec![(default, stage.line("next"))];
        ways.extend(stage.branches.iter().map(|branch| (name(&branch.to), branch.line)));
        if let OnFailure::Stage(to) = &stage.on_failure {
            ways.push((Some(to.clone()), stage.line("on_failure")));
        }
        ways
    }
}

/// The other roles of a `refine` stage.
fn extra(stage: &Stage) -> Vec<String> {
    let refine = stage.refine.as_ref();
    let critique = refine.filter(|refine| refine.critique_template.is_some());
    let compare = refine.filter(|refine| refine.compare.is_some());
    let critique = critique.map(|_| format!("{}.critique", stage.name));
    let compare = compare.map(|_| format!("{}.compare", stage.name));
    critique.into_iter().chain(compare).collect()
}
