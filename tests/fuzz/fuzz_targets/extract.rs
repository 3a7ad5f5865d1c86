//! Any bytes: no panic, no hang, and what is printed is JSON that is read back as the same value without repairs.
#![no_main]

use insights::reply::{candidates, extract};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let _every = candidates(&text);
    let Ok(first) = extract(&text) else { return };
    let printed = first.value.to_string();
    match serde_json::from_str::<serde_json::Value>(&printed) {
        Ok(_) => {}
        // Numbers beyond 64 bits and deep nesting are JSON that this reader does not take.
        Err(error) if error.to_string().contains("out of range") || error.to_string().contains("recursion") => {}
        Err(error) => panic!("{error}: {printed}"),
    }
    let again = extract(&printed).expect("its own output");
    assert!(again.value == first.value && again.repairs.is_empty() && !again.truncated, "{printed}");
});
