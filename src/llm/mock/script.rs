//! The mock's script: what goes wrong, for whom, how often.
//!
//! ```json
//! {
//!   "latency_ms": 200,
//!   "roles": {
//!     "geographic": [{"fault": "rate_limit", "retry_after": "0.2"}, "ok"],
//!     "coordinator": [{"fault": "server_error", "times": 2}, {"fault": "hang", "latency_ms": 50}],
//!     "*": [{"fault": "overloaded", "repeat": true}]
//!   }
//! }
//! ```
//!
//! * `roles` maps a role to its steps; `*` stands for every role without an entry of its own, each at its own pace.
//! * Every attempt of a call takes one step; a single step may stand without the list.
//! * A step is a fault's name, or an object with `fault` and, if wanted, `times` (how many attempts it lasts),
//!   `latency_ms` (of this step), `retry_after` (the header's text, any form) and `repeat` (of the last step: for ever).
//! * After its last step the mock answers normally.
//! * `latency_ms` on top is the delay of every reply that has none of its own.
//!
//! `quota` and `bad_key` switch the mock's one key off for every role of the run, as a real provider's would be.
//!
//! * A step with `lie` makes one statement of its answer false in one way, for others to find: `bad_reference`, `bad_assert`,
//!   `wrong_direction`, `typed_number`, `unknown_name`, `swapped_rows`, `advice_with_number`, `ordinary_day`, `ten_times`, `wrong_unit`,
//!   `stale_period`. It needs no `fault`; specialists and the coordinator can tell all of them.
//! * A step with `say` (text, or JSON that is written as text) answers with exactly that; it needs no `fault`.
//! * A role with dots (`refine.review.mock-2`) takes the entry of the longest beginning that has one: `refine.review`, then `refine`.
//!
//! Faults: `ok`, `rate_limit` (429), `server_error` (500), `overloaded` (529), `quota` (429, no credit), `bad_key` (401),
//! `error_200` (an error inside a success), `hang` (no reply, ever), `truncated` (half the answer, cut by the token
//! limit), `refusal`, `empty`, `prose` (words around fenced JSON), `fenced`, `trailing_comma`, `not_json` (words only),
//! `wrong_number` (a number that no table holds).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::lie::Lie;

/// A parsed script.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MockScript {
    pub latency: Option<Duration>,
    /// One entry per attempt.
    pub roles: BTreeMap<String, Vec<MockStep>>,
}

/// What one attempt meets.
#[derive(Debug, Clone, PartialEq)]
pub struct MockStep {
    pub fault: MockFault,
    pub latency: Option<Duration>,
    pub retry_after: Option<String>,
    /// In place of the mock's own answer.
    pub say: Option<String>,
    /// Told in the answer.
    pub lie: Option<Lie>,
    /// The last step of a list may last for ever.
    pub repeat: bool,
}

macro_rules! faults {
    ($($variant:ident = $name:literal),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum MockFault { $($variant),* }

        impl MockFault {
            const ALL: &[(&'static str, Self)] = &[$(($name, Self::$variant)),*];
        }
    };
}

faults! {
    Ok = "ok",
    RateLimit = "rate_limit",
    ServerError = "server_error",
    Overloaded = "overloaded",
    Quota = "quota",
    BadKey = "bad_key",
    Error200 = "error_200",
    Hang = "hang",
    Truncated = "truncated",
    Refusal = "refusal",
    Empty = "empty",
    Prose = "prose",
    Fenced = "fenced",
    TrailingComma = "trailing_comma",
    NotJson = "not_json",
    WrongNumber = "wrong_number",
}

const EVERY_ROLE: &str = "*";
const MOST_TIMES: u64 = 10_000;

impl MockStep {
    pub fn ok() -> Self {
        Self {
            fault: MockFault::Ok,
            latency: None,
            retry_after: None,
            say: None,
            lie: None,
            repeat: false,
        }
    }
}

impl MockScript {
    /// Reads the JSON described above; the error names the place and what is allowed there.
    pub fn parse(text: &str) -> Result<Self, String> {
        let script: Value =
            serde_json::from_str(text).map_err(|error| format!("the mock's script is not JSON: {error}"))?;
        let fields = object(&script, "the mock's script", &["latency_ms", "roles"])?;
        let mut parsed = Self {
            latency: fields
                .get("latency_ms")
                .map(|value| millis(value, "latency_ms"))
                .transpose()?,
            roles: BTreeMap::new(),
        };
        let Some(roles) = fields.get("roles") else {
            return Ok(parsed);
        };
        let roles = roles
            .as_object()
            .ok_or("`roles` of the mock's script is not an object")?;
        for (role, listed) in roles {
            let listed = listed.as_array().map_or(std::slice::from_ref(listed), Vec::as_slice);
            let mut steps = Vec::new();
            for (index, value) in listed.iter().enumerate() {
                let place = format!("step {} of `{role}`", index + 1);
                let (step, times) = step(value, &place)?;
                if step.repeat && index + 1 < listed.len() {
                    return Err(format!("{place}: only the last step may have `repeat`"));
                }
                steps.extend(std::iter::repeat_n(step, times));
            }
            parsed.roles.insert(role.clone(), steps);
        }
        Ok(parsed)
    }

    /// Roles are other people's words: whoever knows them checks them here.
    pub fn check_roles(&self, known: &[&str]) -> Result<(), String> {
        match self
            .roles
            .keys()
            .find(|role| *role != EVERY_ROLE && !known.contains(&stage_of(role)) && !known.contains(&role.as_str()))
        {
            None => Ok(()),
            Some(role) => Err(format!(
                "the mock's script names the role `{role}`; known are `*`, `{}`",
                known.join("`, `")
            )),
        }
    }

    /// What attempt number `taken` (from 0) of this role meets.
    pub(super) fn step(&self, role: &str, taken: usize) -> MockStep {
        let beginnings = std::iter::successors(Some(role), |role| role.rsplit_once('.').map(|(front, _)| front));
        let steps = beginnings.into_iter().find_map(|role| self.roles.get(role));
        let steps = steps.or_else(|| self.roles.get(EVERY_ROLE));
        let Some(steps) = steps else {
            return MockStep::ok();
        };
        match (steps.get(taken), steps.last()) {
            (Some(step), _) => step.clone(),
            (None, Some(last)) if last.repeat => last.clone(),
            _ => MockStep::ok(),
        }
    }
}

fn step(value: &Value, place: &str) -> Result<(MockStep, usize), String> {
    if let Some(name) = value.as_str() {
        let fault = fault(name, place)?;
        return Ok((
            MockStep {
                fault,
                ..MockStep::ok()
            },
            1,
        ));
    }
    let fields = object(
        value,
        place,
        &["fault", "say", "lie", "times", "latency_ms", "retry_after", "repeat"],
    )?;
    let say = fields.get("say").map(|value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let lie = fields.get("lie").map(|name| lie(name, place)).transpose()?;
    let name = match fields.get("fault").and_then(Value::as_str) {
        Some(name) => name,
        None if say.is_some() || lie.is_some() => "ok",
        None => return Err(format!("{place} has no `fault`")),
    };
    let times = match fields.get("times") {
        None => 1,
        Some(times) => times
            .as_u64()
            .filter(|times| (1..=MOST_TIMES).contains(times))
            .and_then(|times| usize::try_from(times).ok())
            .ok_or_else(|| format!("{place}: `times` is a whole number from 1 to {MOST_TIMES}"))?,
    };
    let retry_after = match fields.get("retry_after") {
        None => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(_) => return Err(format!("{place}: `retry_after` is the text of the header")),
    };
    let repeat = match fields.get("repeat") {
        None => false,
        Some(value) => value
            .as_bool()
            .ok_or_else(|| format!("{place}: `repeat` is true or false"))?,
    };
    let step = MockStep {
        fault: fault(name, place)?,
        latency: fields.get("latency_ms").map(|value| millis(value, place)).transpose()?,
        retry_after,
        say,
        lie,
        repeat,
    };
    Ok((step, times))
}

fn fault(name: &str, place: &str) -> Result<MockFault, String> {
    let known = MockFault::ALL.iter().find(|(known, _)| *known == name);
    known.map(|(_, fault)| *fault).ok_or_else(|| {
        let names: Vec<&str> = MockFault::ALL.iter().map(|(name, _)| *name).collect();
        format!("{place}: `{name}` is no fault; known are {}", names.join(", "))
    })
}

fn lie(name: &Value, place: &str) -> Result<Lie, String> {
    let known = Lie::ALL.iter().find(|(known, _)| name.as_str() == Some(known));
    known.map(|(_, lie)| *lie).ok_or_else(|| {
        let names: Vec<&str> = Lie::ALL.iter().map(|(name, _)| *name).collect();
        format!("{place}: {name} is no lie; known are {}", names.join(", "))
    })
}

fn millis(value: &Value, place: &str) -> Result<Duration, String> {
    let millis = value.as_f64().filter(|millis| (0.0..=3_600_000.0).contains(millis));
    millis
        .map(|millis| Duration::from_secs_f64(millis / 1_000.0))
        .ok_or_else(|| format!("{place}: `latency_ms` is a number of milliseconds up to an hour"))
}

fn object<'a>(value: &'a Value, place: &str, allowed: &[&str]) -> Result<&'a serde_json::Map<String, Value>, String> {
    let fields = value.as_object().ok_or_else(|| format!("{place} is not an object"))?;
    match fields.keys().find(|key| !allowed.contains(&key.as_str())) {
        None => Ok(fields),
        Some(key) => Err(format!("{place} holds `{key}`; known are {}", allowed.join(", "))),
    }
}

/// `initial` of `initial.mock-1`: one stage asked several models.
fn stage_of(role: &str) -> &str {
    role.split('.').next().unwrap_or(role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_taken_one_by_one() {
        let script = MockScript::parse(
            r#"{"latency_ms": 20, "roles": {
                "a": ["rate_limit", {"fault": "server_error", "times": 2, "latency_ms": 5, "retry_after": "0.2"}],
                "b": {"fault": "hang", "repeat": true},
                "*": ["empty"]}}"#,
        )
        .unwrap();
        let met = |role: &str| -> Vec<MockFault> { (0..5).map(|taken| script.step(role, taken).fault).collect() };
        use MockFault::{Empty, Hang, Ok, RateLimit, ServerError};
        assert_eq!(met("a"), [RateLimit, ServerError, ServerError, Ok, Ok]);
        assert_eq!(met("b"), [Hang; 5]);
        assert_eq!(met("c"), [Empty, Ok, Ok, Ok, Ok]);
        assert_eq!(script.latency, Some(Duration::from_millis(20)));
        assert_eq!(script.step("a", 1).retry_after.as_deref(), Some("0.2"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, said) in [
            ("[", "not JSON"),
            ("[]", "not an object"),
            (r#"{"role": {}}"#, "known are latency_ms, roles"),
            (
                r#"{"roles": {"a": ["boom"]}}"#,
                "`boom` is no fault; known are ok, rate_limit",
            ),
            (r#"{"roles": {"a": [{"times": 1}]}}"#, "no `fault`"),
            (r#"{"roles": {"a": [{"fault": "ok", "times": 0}]}}"#, "`times`"),
            (
                r#"{"roles": {"a": [{"fault": "ok", "repeat": true}, "ok"]}}"#,
                "only the last",
            ),
            (r#"{"roles": {"a": [{"fault": "ok", "delay": 1}]}}"#, "holds `delay`"),
        ] {
            let error = MockScript::parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
        let script = MockScript::parse(r#"{"roles": {"geografic": "ok", "*": "ok"}}"#).unwrap();
        assert!(
            script
                .check_roles(&["geographic"])
                .unwrap_err()
                .contains("`geografic`; known are `*`, `geographic`")
        );
    }
}
