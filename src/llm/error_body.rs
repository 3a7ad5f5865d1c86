//! An error body, whoever sent it: code, type, status and words, wherever they are put.

use serde_json::Value;

/// The parts of an error body that anybody sends, wherever they put them.
pub(super) struct ErrorBody<'a> {
    pub object: &'a Value,
    pub code: Option<String>,
    pub kind: Option<String>,
    pub number: Option<u16>,
    pub message: Option<String>,
    pub param: String,
    /// Lower case: message, code, type and what the upstream behind a router said.
    pub words: String,
}

impl<'a> ErrorBody<'a> {
    pub(super) fn read(body: &'a Value) -> Self {
        let body = body.as_array().and_then(|list| list.first()).unwrap_or(body);
        let object = body.get("error").filter(|error| !error.is_null()).unwrap_or(body);
        let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
        let message = object
            .as_str()
            .map(str::to_owned)
            .or_else(|| text("message"))
            .or_else(|| body.get("message").and_then(Value::as_str).map(str::to_owned))
            .or_else(|| text("detail"))
            // Web frameworks send a list of objects there.
            .or_else(|| {
                ["message", "detail"]
                    .iter()
                    .find_map(|key| Some(object.get(key)?.to_string()))
            });
        let code = text("code");
        let kind = text("type").or_else(|| text("status"));
        let number = object
            .get("code")
            .and_then(|code| code.as_u64().or_else(|| code.as_str()?.parse().ok()))
            .and_then(|code| u16::try_from(code).ok())
            .filter(|code| (300..600).contains(code));
        let quoted = |pointer: &str| object.pointer(pointer).map(Value::to_string).unwrap_or_default();
        // What the upstream behind a router said, and what Azure's filter adds.
        let upstream = [quoted("/metadata/raw"), quoted("/innererror/code")].join(" ");
        let words = [
            message.as_deref(),
            code.as_deref(),
            kind.as_deref(),
            Some(upstream.as_str()),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
        .to_ascii_lowercase();
        Self {
            object,
            param: text("param").unwrap_or_default(),
            code,
            kind,
            number,
            message,
            words,
        }
    }

    pub(super) fn is(&self, names: &[&str]) -> bool {
        [&self.code, &self.kind]
            .into_iter()
            .flatten()
            .any(|name| names.contains(&name.as_str()))
    }

    pub(super) fn says(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.words.contains(phrase))
    }

    fn details(&self) -> impl Iterator<Item = &Value> {
        self.object
            .get("details")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    }

    pub(super) fn has_reason(&self, reason: &str) -> bool {
        self.details()
            .any(|detail| detail.get("reason").and_then(Value::as_str) == Some(reason))
    }

    /// Gemini names the exhausted quota: `GenerateRequestsPerDayPerProjectPerModel-FreeTier`.
    pub(super) fn quota_ids(&self) -> Vec<&str> {
        self.details()
            .filter_map(|detail| detail.get("violations")?.as_array())
            .flatten()
            .filter_map(|violation| violation.get("quotaId")?.as_str())
            .collect()
    }
}
