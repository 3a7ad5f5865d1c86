//! Where a vendor tells what it offers: one cheap GET for the list of models, and where there is one, the key's own page.

use super::{Dialect, HttpRequest, anthropic, gemini, openai};
use crate::llm::exchange::HeaderText;
use crate::llm::vendor::Vendor;

/// What to ask, without a body.
pub(in crate::llm) enum Offer {
    Models(HttpRequest),
    ModelsAndKey(HttpRequest, HttpRequest),
}

pub(in crate::llm) fn offer(vendor: &Vendor) -> Offer {
    let models = match vendor.dialect {
        Dialect::OpenAi | Dialect::Embeddings => "/models",
        Dialect::Anthropic => "/v1/models?limit=1000",
        Dialect::Gemini => "/v1beta/models?pageSize=1000",
    };
    match vendor.name.as_str() {
        "openrouter" => Offer::ModelsAndKey(get(vendor, models), get(vendor, "/key")),
        _ => Offer::Models(get(vendor, models)),
    }
}

fn get(vendor: &Vendor, path: &str) -> HttpRequest {
    let mut headers: Vec<(String, HeaderText)> = match vendor.dialect {
        Dialect::OpenAi | Dialect::Embeddings => openai::headers(vendor),
        Dialect::Anthropic => anthropic::headers(vendor),
        Dialect::Gemini => gemini::headers(vendor),
    };
    let more = vendor.headers.iter();
    headers.extend(more.map(|(name, value)| (name.clone(), value.as_str().into())));
    HttpRequest {
        path: path.to_owned(),
        headers,
        body: Vec::new(),
    }
}
