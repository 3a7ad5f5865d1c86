//! Which session a person means.

/// Why no session was found, with what would have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    #[error("there is no session `{}`", asked.escape_debug())]
    Unknown {
        asked: String,
        /// The known id that looks most like it.
        nearest: Option<String>,
    },
    #[error("`{}` may be {}", asked.escape_debug(), candidates.join(", "))]
    Ambiguous { asked: String, candidates: Vec<String> },
}

impl NotFound {
    pub fn hint(&self) -> String {
        match self {
            Self::Unknown { nearest: Some(id), .. } => {
                format!("the nearest is `{id}`; `insights sessions list` shows all")
            }
            Self::Unknown { nearest: None, .. } => {
                "no session is kept yet; `insights sessions list` shows them".to_owned()
            }
            Self::Ambiguous { .. } => "give more of the id".to_owned(),
        }
    }
}

/// An id, or an unambiguous beginning of it or of the part after its kind.
pub(super) fn find(asked: &str, ids: &[String]) -> Result<String, NotFound> {
    let asked = asked.trim();
    if ids.iter().any(|id| id == asked) {
        return Ok(asked.to_owned());
    }
    let digits = |id: &str| {
        id.split_once('-')
            .map_or_else(String::new, |(_, digits)| digits.to_owned())
    };
    let fits = |id: &&String| !asked.is_empty() && (id.starts_with(asked) || digits(id).starts_with(asked));
    let candidates: Vec<String> = ids.iter().filter(fits).cloned().collect();
    match candidates.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(NotFound::Unknown {
            asked: asked.to_owned(),
            nearest: nearest(asked, ids),
        }),
        _ => Err(NotFound::Ambiguous {
            asked: asked.to_owned(),
            candidates,
        }),
    }
}

/// By the edit distance to as much of the id as was typed.
fn nearest(asked: &str, ids: &[String]) -> Option<String> {
    let length = asked.chars().count();
    let distance = |id: &String| {
        let shortened = |text: &str| text.chars().take(length).collect::<String>();
        let digits = id.split_once('-').map_or("", |(_, digits)| digits);
        let whole = strsim::damerau_levenshtein(asked, &shortened(id));
        whole.min(strsim::damerau_levenshtein(asked, &shortened(digits)))
    };
    ids.iter().min_by_key(|id| distance(id)).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(asked: &str) -> Result<String, NotFound> {
        let ids = ["refine-3f9a51c07e", "refine-3fb0000000", "scan-77aa000000"].map(str::to_owned);
        find(asked, &ids)
    }

    #[test]
    fn a_beginning_is_enough_when_it_means_one() {
        assert_eq!(found("refine-3f9a51c07e").as_deref(), Ok("refine-3f9a51c07e"));
        assert_eq!(found("refine-3f9").as_deref(), Ok("refine-3f9a51c07e"));
        assert_eq!(found("77").as_deref(), Ok("scan-77aa000000"));
        assert_eq!(found("s").as_deref(), Ok("scan-77aa000000"));
    }

    #[test]
    fn several_are_named_and_none_names_the_nearest() {
        let several = found("3f").unwrap_err();
        assert!(
            several.to_string().contains("refine-3f9a51c07e, refine-3fb0000000"),
            "{several}"
        );
        let none = found("scan-78aa").unwrap_err();
        assert!(none.hint().contains("`scan-77aa000000`"), "{}", none.hint());
        assert!(found("").is_err());
        assert!(find("x", &[]).unwrap_err().hint().contains("no session is kept"));
    }
}
