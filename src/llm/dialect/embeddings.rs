//! Embeddings as OpenAI and the compatible hosts give them: a list of texts in, a vector for each out. The prompt of such a request is
//! the list as JSON, and so is the text of its answer.

use serde_json::{Value, json};

use super::{Decoded, openai, text_at};
use crate::llm::exchange::HttpRequest;
use crate::llm::fault::Fault;
use crate::llm::types::{Class, Finish, Request};
use crate::llm::vendor::Vendor;

pub(super) fn encode(vendor: &Vendor, model: &str, request: &Request) -> HttpRequest {
    let texts: Value = serde_json::from_str(&request.prompt).unwrap_or_else(|_| json!([request.prompt]));
    HttpRequest {
        path: "/embeddings".to_owned(),
        headers: openai::headers(vendor),
        body: json!({"model": model, "input": texts, "encoding_format": "float"})
            .to_string()
            .into_bytes(),
    }
}

/// The vectors in the order of the texts, whatever order they come in.
pub(super) fn decode(body: &Value) -> Result<Decoded, Fault> {
    let mut usage = openai::usage(body);
    usage.estimated = usage.input_tokens == 0;
    let rows = body.get("data").and_then(Value::as_array);
    let mut vectors: Vec<(u64, &Value)> = Vec::new();
    for (place, row) in rows.into_iter().flatten().enumerate() {
        let index = row.get("index").and_then(Value::as_u64).unwrap_or(place as u64);
        let vector = row.get("embedding").filter(|vector| is_vector(vector)).ok_or_else(|| {
            Fault::new(Class::Output, "an embedding of the reply is no list of numbers")
                .code("no_vector")
                .usage(usage)
        })?;
        vectors.push((index, vector));
    }
    if vectors.is_empty() {
        let message = "the reply holds no embeddings; does the host have an embeddings endpoint?";
        return Err(Fault::new(Class::Output, message).code("no_vector").usage(usage));
    }
    vectors.sort_by_key(|(index, _)| *index);
    let vectors: Vec<&Value> = vectors.into_iter().map(|(_, vector)| vector).collect();
    Ok(Decoded {
        text: json!(vectors).to_string(),
        finish: Finish::Stop,
        usage,
        answered_model: text_at(body, "/model").map(str::to_owned),
        cost_usd: None,
        first_token: None,
    })
}

fn is_vector(value: &Value) -> bool {
    let numbers = value.as_array().filter(|numbers| !numbers.is_empty());
    numbers.is_some_and(|numbers| numbers.iter().all(Value::is_number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: Value) -> String {
        match decode(&body) {
            Ok(decoded) => format!("{} {} tokens", decoded.text, decoded.usage.input_tokens),
            Err(fault) => fault.message,
        }
    }

    #[test]
    fn vectors_come_in_the_order_of_the_texts() {
        let rows = json!([{"index": 1, "embedding": [0.5]}, {"index": 0, "embedding": [1, 2.5]}]);
        let usage = json!({"prompt_tokens": 7, "total_tokens": 7});
        assert_eq!(told(json!({"data": rows, "usage": usage})), "[[1,2.5],[0.5]] 7 tokens");
        assert_eq!(
            told(json!({"data": [{"embedding": [1]}, {"embedding": [2]}]})),
            "[[1],[2]] 0 tokens"
        );
    }

    #[test]
    fn what_is_no_vector_is_told() {
        assert!(told(json!({"data": [{"embedding": "AAAA"}]})).contains("no list of numbers"));
        assert!(told(json!({"data": [{"embedding": []}]})).contains("no list of numbers"));
        assert!(told(json!({"choices": []})).contains("holds no embeddings"));
    }
}
