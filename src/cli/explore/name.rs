//! The folder of a topic: a safe name, whatever the topic is.

use sha2::{Digest as _, Sha256};

const LONGEST: usize = 60;

/// `[a-z0-9-]`, 60 letters at most and never empty. A topic that loses letters on the way gets a hash behind, so that two topics
/// never share a folder.
pub fn folder_name(topic: &str) -> String {
    let mut name = String::new();
    for letter in topic.trim().chars().map(|letter| letter.to_ascii_lowercase()) {
        match letter {
            'a'..='z' | '0'..='9' => name.push(letter),
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    let plain = topic.trim() == name.replace('-', " ") || topic.trim() == name;
    if plain && !name.is_empty() && name.len() <= LONGEST && !is_device(&name) {
        return name;
    }
    let digest = Sha256::digest(topic.trim().as_bytes());
    let hash: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    name.truncate(LONGEST - 16);
    let name = name.trim_matches('-');
    match name {
        "" => format!("topic-{hash}"),
        name => format!("{name}-{hash}"),
    }
}

/// Names that Windows keeps for itself.
fn is_device(name: &str) -> bool {
    let numbered = |prefix| name.strip_prefix(prefix).is_some_and(|rest: &str| rest.len() == 1);
    ["con", "prn", "aux", "nul"].contains(&name) || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_never_a_path() {
        assert_eq!(folder_name("glass bottle"), "glass-bottle");
        let long = "x".repeat(300);
        let hostile = [
            "../../etc",
            "/etc/passwd",
            "..",
            "🔥",
            "a\0b",
            "CON",
            "com1",
            "",
            "Glass Bottle",
            "glass  bottle",
            &long,
        ];
        let mut names: Vec<String> = hostile.iter().map(|topic| folder_name(topic)).collect();
        for name in &names {
            assert!(!name.is_empty() && name.len() <= LONGEST, "{name}");
            assert!(
                name.chars().all(|letter| matches!(letter, 'a'..='z' | '0'..='9' | '-')),
                "{name}"
            );
            assert!(!name.starts_with('-') && !is_device(name), "{name}");
        }
        names.push(folder_name("glass bottle"));
        names.sort();
        let n_all = names.len();
        names.dedup();
        assert_eq!(names.len(), n_all, "two topics share a folder");
    }
}
