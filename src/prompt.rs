//! The prompts: templates from `prompts/`, filled with evidence. Never heard of vendors or HTTP.
