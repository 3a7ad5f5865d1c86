//! Segments that replace each other by themselves: releases of an app.

use crate::data::Segment;

/// Whether a column holds releases: by its name, or because nearly all of its users have values such as `4.7.0`.
pub(super) fn are_versions(column: &str, segments: &[Segment]) -> bool {
    let name = column.to_lowercase();
    let named = ["version", "release", "build"].iter().any(|word| name.contains(word));
    let users = |of: &dyn Fn(&Segment) -> bool| -> u64 {
        let chosen = segments.iter().filter(|segment| of(segment));
        chosen
            .map(|segment| segment.users + segment.previous_users.unwrap_or(0))
            .sum()
    };
    // `9.99` may be a price, and a column of such a name may hold the arms of a test.
    let (least_parts, share) = if named { (2, 0.5) } else { (3, 0.9) };
    let numbered = users(&|segment| n_parts(&segment.segment) >= least_parts);
    let all = users(&|_| true);
    all > 0 && numbered as f64 >= share * all as f64
}

/// How many numbers a value such as `4.7.0` or `v12.1` has, parted by points; 0 of any other.
fn n_parts(value: &str) -> usize {
    let text = value.trim().trim_start_matches(['v', 'V']);
    let parts: Vec<&str> = text.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.iter().all(is_number) { parts.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(names: &[(&str, u64)]) -> Vec<Segment> {
        let segment = |(name, users): &(&str, u64)| Segment {
            segment: (*name).to_owned(),
            users: *users,
            ..Segment::default()
        };
        names.iter().map(segment).collect()
    }

    #[test]
    fn releases_are_told_from_other_segments() {
        let releases = segments(&[("4.6.0", 40), ("4.7.0", 300), ("(none)", 10)]);
        assert!(are_versions("app_version", &releases) && are_versions("client", &releases));
        assert!(are_versions("Build", &segments(&[("v12.1", 4), ("v12.2", 9)])));
        assert!(!are_versions("platform", &segments(&[("ios", 40), ("android", 50)])));
        assert!(!are_versions(
            "page_version",
            &segments(&[("control", 40), ("variant", 50)])
        ));
        assert!(!are_versions("price", &segments(&[("9.99", 40), ("12.99", 50)])));
    }
}
