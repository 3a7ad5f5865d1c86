//! Who is asked: nobody unless `--real` or the mock says so.

use crate::cli::args::{CommonArguments, ScanArguments};
use crate::cli::exit::Failure;
use crate::cli::run;
use crate::config::{self, Typed};
use crate::flow::scan::{self, PATTERN};
use crate::llm::MOCK;
use crate::prompt::Prompts;
use crate::report::scan::ScanMode;

use super::Target;

/// Models of OpenRouter's free tier, tried in this order. Such names age within months; the last one is OpenRouter's own choice
/// among what is free, and stays.
const FREE_MODELS: [&str; 3] = [
    "openrouter:meta-llama/llama-3.3-70b-instruct:free",
    "openrouter:openai/gpt-oss-20b:free",
    "openrouter:openrouter/free",
];

/// Settled settings, and who answers with them.
pub(super) struct Asked {
    pub(super) settings: config::Run,
    pub(super) mode: ScanMode,
    /// Targets are a provider that could be asked with `--real`.
    pub(super) configured: bool,
}

pub(super) fn settle(arguments: &ScanArguments, common: &CommonArguments) -> Result<Asked, Failure> {
    let typed = typed(arguments, common);
    let settled = run::settle(&typed, common).and_then(|settings| free_tier(&typed, settings, common));
    let is_mock = |settings: &config::Run| {
        settings
            .models
            .options
            .routes
            .targets()
            .iter()
            .all(|target| target.vendor == MOCK)
    };
    match settled {
        Ok(settings) if is_mock(&settings) => Ok(Asked {
            settings,
            mode: ScanMode::Mock,
            configured: true,
        }),
        Ok(settings) => Ok(Asked {
            settings,
            mode: if arguments.real {
                ScanMode::Real
            } else {
                ScanMode::Static
            },
            configured: true,
        }),
        Err(failure) if arguments.real => Err(failure),
        // Nobody is asked, so nobody needs a key: anything else that is wrong is said here.
        Err(_) => {
            let nobody = Typed {
                provider: Some(MOCK.to_owned()),
                model: vec![format!("{MOCK}:mock-1")],
                fallback: vec![format!("{MOCK}:mock-1")],
                ..typed
            };
            Ok(Asked {
                settings: run::settle(&nobody, common)?,
                mode: ScanMode::Static,
                configured: false,
            })
        }
    }
}

fn typed(arguments: &ScanArguments, common: &CommonArguments) -> Typed {
    let mut typed = Typed {
        pattern: Some(PATTERN.to_owned()),
        ..Typed::default()
    };
    arguments.models.add_to(&mut typed);
    common.add_to(&mut typed);
    typed
}

/// With OpenRouter and no model of one's own, the free ones.
fn free_tier(typed: &Typed, settings: config::Run, common: &CommonArguments) -> Result<config::Run, Failure> {
    let chosen = settings
        .origins
        .iter()
        .any(|(variable, ..)| ["INSIGHTS_MODEL", "ROUTING_CONFIG"].contains(&variable.as_str()));
    let default = settings.models.options.routes.default.first();
    if chosen || default.is_none_or(|target| target.vendor != "openrouter") {
        return Ok(settings);
    }
    let [first, rest @ ..] = FREE_MODELS;
    let mut free = typed.clone();
    free.model = vec![first.to_owned()];
    if settings.models.options.routes.default.len() == 1 {
        free.fallback = rest.map(str::to_owned).to_vec();
    }
    run::settle(&free, common)
}

impl Asked {
    /// With several projects the roles carry their name; they are routed as the plain ones are.
    pub(super) fn label(&mut self, targets: &[Target], prompts: &Prompts) -> Result<(), Failure> {
        if targets.len() < 2 {
            return Ok(());
        }
        let roles = prompts.pattern(PATTERN)?.roles();
        let routes = &mut self.settings.models.options.routes;
        for role in roles {
            let Some(plan) = routes.roles.get(&role).cloned() else {
                continue;
            };
            for target in targets {
                routes.roles.insert(scan::labelled(&role, &target.id), plan.clone());
            }
        }
        Ok(())
    }
}
