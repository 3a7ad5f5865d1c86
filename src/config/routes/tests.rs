use crate::llm::Route;

use super::super::environment::Environment;
use super::super::models::Models;
use super::*;

const KEYS: [(&str, &str); 2] = [("OPENAI_API_KEY", "CANARY-1"), ("GEMINI_API_KEY", "CANARY-2")];

fn models(typed: Typed, pairs: &[(&str, &str)]) -> Result<Models, Bad> {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let pairs: Vec<(&str, &str)> = KEYS.iter().chain(pairs).copied().collect();
    super::super::settings::resolve(&typed, &Environment::of(&pairs), None, folder.path()).map(|run| run.models)
}

fn typed(provider: &str, model: &[&str], fallback: &[&str]) -> Typed {
    let list = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Typed {
        provider: (!provider.is_empty()).then(|| provider.to_owned()),
        model: list(model),
        fallback: list(fallback),
        ..Typed::default()
    }
}

fn route(typed: Typed, pairs: &[(&str, &str)]) -> Route {
    models(typed, pairs).expect("a route").options.routes
}

fn chain(route: &Route, role: &str) -> String {
    let names: Vec<String> = route.chain(role).iter().map(ToString::to_string).collect();
    names.join(" ")
}

#[test]
fn roles_have_chains_of_their_own() {
    let model = ["openai:a", "geographic=gemini:b", "geographic=gemini:c"];
    let route = route(
        typed(
            "",
            &model,
            &["openai:f", "data_quality=gemini:q", "geographic=gemini:g"],
        ),
        &[],
    );
    assert_eq!(chain(&route, "daily_metrics"), "openai:a openai:f");
    assert_eq!(
        chain(&route, "geographic"),
        "gemini:b gemini:c gemini:g openai:a openai:f"
    );
    assert_eq!(chain(&route, "data_quality"), "openai:a gemini:q openai:f");
}

#[test]
fn only_a_number_at_the_end_is_a_weight() {
    let pairs = [
        ("ROUTING_STRATEGY", "weighted"),
        (
            "ROUTING_CONFIG",
            "openai:a:2, openai:b ,ollama:meta/llama:free,ollama:meta/llama:free:0.5,ollama:llama3:8",
        ),
    ];
    let error = models(Typed::default(), &pairs).expect_err("a model twice");
    assert!(
        error.message.contains("ollama:meta/llama:free stands in it twice"),
        "{error:?}"
    );
    let pairs = [
        ("ROUTING_STRATEGY", "weighted"),
        (
            "ROUTING_CONFIG",
            "openai:a:2, openai:b ,ollama:meta/llama:free,ollama:qwen3:14:1.5,ollama:3",
        ),
    ];
    let route = route(Typed::default(), &pairs);
    let names: Vec<String> = route.default.iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "openai:a",
            "openai:b",
            "ollama:meta/llama:free",
            "ollama:qwen3:14",
            "ollama:3"
        ]
    );
    assert_eq!(route.weights, [2.0, 1.0, 1.0, 1.5, 1.0]);
}

#[test]
fn what_cannot_be_routed_is_named_with_what_is_known() {
    for (strategy, config, said) in [
        ("best", "openai:a", "use backoff, roundrobin, priority or weighted"),
        ("weighted", "openai:a:0", "above 0"),
        ("weighted", "openai:a:-1", "above 0"),
        ("backoff", "nobody:a", "openai"),
        ("backoff", "gpt-x", "provider:model"),
        ("backoff", ",", "provider:model[:weight]"),
    ] {
        let typed = Typed {
            routing_strategy: Some(strategy.to_owned()),
            routing_config: Some(config.to_owned()),
            ..Typed::default()
        };
        let error = models(typed, &[]).expect_err(config);
        assert!(error.hint.contains(said), "{strategy} {config}: {error:?}");
    }
}

#[test]
fn a_stronger_choice_of_models_wins_over_the_routing() {
    let routing = [("ROUTING_CONFIG", "openai:a,mock:m,mock:n")];
    let used = models(typed("mock", &[], &[]), &routing).expect("the mock's part");
    assert_eq!(chain(&used.options.routes, "geographic"), "mock:m mock:n");
    assert!(used.warnings[0].contains("in part"), "{:?}", used.warnings);
    let named = models(typed("", &["gemini:b"], &[]), &routing).expect("the named model");
    assert_eq!(chain(&named.options.routes, "geographic"), "gemini:b");
    assert!(named.warnings[0].contains("is not used"), "{:?}", named.warnings);
    let both = Typed {
        routing_config: Some("openai:a".to_owned()),
        ..typed("", &["gemini:b"], &[])
    };
    assert!(models(both, &[]).expect_err("both").hint.contains("drop one"));
    let beside = Typed {
        routing_config: Some("openai:a,gemini:b".to_owned()),
        routing_strategy: Some("roundrobin".to_owned()),
        ..typed("", &["coordinator=openai:c"], &["gemini:f"])
    };
    let route = route(beside, &[]);
    assert_eq!(chain(&route, "coordinator"), "openai:c openai:a gemini:b gemini:f");
    assert_eq!(route.strategy, Strategy::RoundRobin);
}

#[test]
fn a_call_s_attempts_add_up_over_its_models() {
    let typed = Typed {
        context_fallback: vec!["gemini:large".to_owned()],
        ..typed("", &["openai:a"], &["openai:b", "openai:c"])
    };
    assert_eq!(models(typed, &[]).expect("a route").options.call_attempts, 4 + 3 * 2);
}
