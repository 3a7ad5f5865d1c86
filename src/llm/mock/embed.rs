//! The mock as an embeddings model: texts that share words have like vectors.

use serde_json::{Value, json};

use crate::llm::dialect::estimate_tokens;
use crate::llm::types::Request;

const DIMENSIONS: usize = 64;

pub(super) fn body(model: &str, request: &Request) -> Value {
    let texts: Vec<String> = serde_json::from_str(&request.prompt).unwrap_or_default();
    let rows = texts.iter().enumerate();
    let rows: Vec<Value> = rows
        .map(|(index, text)| json!({"object": "embedding", "index": index, "embedding": vector(text)}))
        .collect();
    let tokens = estimate_tokens(request.prompt.len());
    json!({
        "object": "list",
        "model": model,
        "data": rows,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    })
}

/// The sum of a direction for each word.
fn vector(text: &str) -> Vec<f64> {
    let mut sum = vec![0.0; DIMENSIONS];
    for word in text.to_lowercase().split_whitespace() {
        let mut state = word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        for part in &mut sum {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            *part += if state >> 63 == 0 { 1.0 } else { -1.0 };
        }
    }
    sum
}
