use std::time::Duration;

use super::super::environment::Environment;
use super::*;

fn models(typed: Typed, pairs: &[(&str, &str)]) -> Result<Models, Bad> {
    let folder = tempfile::tempdir().expect("a temporary directory");
    super::super::settings::resolve(&typed, &Environment::of(pairs), None, folder.path()).map(|run| run.models)
}

fn typed(provider: &str, model: &[&str]) -> Typed {
    Typed {
        provider: (!provider.is_empty()).then(|| provider.to_owned()),
        model: model.iter().map(|&model| model.to_owned()).collect(),
        ..Typed::default()
    }
}

fn plan(models: &Models, role: &str) -> Vec<String> {
    models
        .options
        .routes
        .chain(role)
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn without_a_key_both_ways_out_are_named() {
    let error = models(Typed::default(), &[]).expect_err("no key");
    assert!(
        error.hint.contains("OPENAI_API_KEY") && error.hint.contains("--provider mock"),
        "{error:?}"
    );
}

#[test]
fn one_analyst_may_have_its_own_model() {
    let keys = [
        ("OPENAI_API_KEY", "CANARY-openai"),
        ("ANTHROPIC_API_KEY", "CANARY-anthropic"),
    ];
    let models = models(typed("", &["openai:gpt-x", "geographic=anthropic:claude-x"]), &keys).expect("two models");
    assert_eq!(plan(&models, "daily_metrics"), ["openai:gpt-x"]);
    assert_eq!(plan(&models, "geographic"), ["anthropic:claude-x", "openai:gpt-x"]);
    assert!(!format!("{models:?}").contains("CANARY"));
}

#[test]
fn random_is_the_mock_and_a_bare_model_belongs_to_the_provider() {
    assert_eq!(
        plan(&models(typed("random", &[]), &[]).expect("the mock"), "coordinator"),
        ["mock:mock-1"]
    );
    let pairs = [("OPENAI_API_KEY", "CANARY-openai")];
    let models = models(typed("openai", &["gpt-x"]), &pairs).expect("a bare model");
    assert_eq!(plan(&models, "coordinator"), ["openai:gpt-x"]);
}

#[test]
fn unknown_providers_roles_and_strategies_are_named() {
    for (typed, pairs, word) in [
        (typed("nobody", &[]), vec![], "nobody"),
        (typed("mock", &["cohort=mock:x"]), vec![], "cohort"),
        (typed("mock", &[]), vec![("ROUTING_STRATEGY", "best")], "best"),
        (typed("openai", &[]), vec![], "openai"),
    ] {
        let error = models(typed, &pairs).expect_err(word);
        assert!(error.message.contains(word) && !error.hint.is_empty(), "{error:?}");
    }
}

#[test]
fn an_own_host_needs_only_its_base_url() {
    let pairs = [("LAB_BASE_URL", "http://127.0.0.1:9/v1")];
    let models = models(typed("lab", &["lab:tiny"]), &pairs).expect("a compatible host");
    assert_eq!(plan(&models, "geographic"), ["lab:tiny"]);
}

#[test]
fn a_timeout_is_seconds() {
    let typed = Typed {
        timeout: Some("0.5".to_owned()),
        ..typed("mock", &[])
    };
    assert_eq!(
        models(typed, &[]).expect("half a second").options.attempt_timeout,
        Duration::from_millis(500)
    );
}

#[test]
fn ages_have_units_and_modes_have_names() {
    for (text, seconds) in [
        ("90", 90.0),
        ("30m", 1_800.0),
        ("24h", 86_400.0),
        ("7d", 604_800.0),
        ("0.5s", 0.5),
        ("0", 0.0),
    ] {
        assert_eq!(age(text).expect(text).as_secs_f64(), seconds);
    }
    for text in ["", "h", "24w", "-1h", "soon", "1e400d"] {
        assert!(age(text).is_err(), "{text}");
    }
    for (text, mode) in [
        ("on", CacheMode::On),
        ("Read", CacheMode::Read),
        ("write", CacheMode::Write),
        ("refresh", CacheMode::Write),
    ] {
        assert_eq!(cache_mode(Some(text.to_owned())).expect(text), mode);
    }
    assert!(
        cache_mode(Some("maybe".to_owned()))
            .expect_err("no mode")
            .hint
            .contains("read")
    );
}

#[test]
fn limits_on_money_are_read_and_need_a_price() {
    let typed = Typed {
        max_cost: Some("0.50".to_owned()),
        max_calls: Some("7".to_owned()),
        ..typed("mock", &[])
    };
    let models = models(typed, &[("INSIGHTS_MAX_TOKENS", "90_000")]).expect("limits");
    assert_eq!(
        models.options.caps,
        Caps {
            cost_usd: Some(0.5),
            calls: Some(7),
            tokens: Some(90_000)
        }
    );
    for bad in ["-1", "much", "inf", "NaN"] {
        let typed = Typed {
            max_cost: Some(bad.to_owned()),
            ..self::typed("mock", &[])
        };
        assert!(self::models(typed, &[]).is_err(), "{bad}");
    }
}

#[test]
fn a_price_table_lies_beside_the_settings_or_is_named() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let own = "[lab]\ntiny = { input = 1.0, output = 2.0 }\n";
    std::fs::write(folder.path().join("prices.toml"), own).expect("a file");
    std::fs::write(folder.path().join("broken.toml"), "[lab]\ntiny = 3\n").expect("a file");
    let resolve = |prices: Option<&str>| {
        let typed = Typed {
            prices: prices.map(str::to_owned),
            ..typed("mock", &[])
        };
        super::super::settings::resolve(&typed, &Environment::of(&[]), None, folder.path())
    };
    let found = resolve(None).expect("the table beside").models.options.prices;
    assert_eq!(found.price("lab", "tiny").map(|price| price.output), Some(2.0));
    for (name, said) in [("broken.toml", "a row is"), ("nowhere.toml", "nowhere.toml")] {
        let error = resolve(Some(name)).expect_err(name);
        assert!(
            error.message.contains(said) && error.hint.contains("million"),
            "{error:?}"
        );
    }
}
