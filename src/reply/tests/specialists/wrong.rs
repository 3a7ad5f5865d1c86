//! Findings that are wrong in one way each.

use serde_json::json;

use super::{cell, run};

#[test]
fn every_kind_of_wrong_number_is_rejected() {
    run(&[
        // Ten times too much, or made up.
        (
            "change",
            "Revenue in Brazil fell to $78M.",
            cell("change", "g3.revenue"),
            "contradicted number",
        ),
        (
            "change",
            "Revenue in Brazil fell 1.94 % to $7.8M.",
            cell("change", "g3.revenue"),
            "contradicted number",
        ),
        (
            "level",
            "Brazil had 583,000 users.",
            cell("level", "g3.users"),
            "contradicted*",
        ),
        (
            "level",
            "Brazil saw 1,234 chargebacks.",
            cell("level", "g3.users"),
            "contradicted number",
        ),
        (
            "level",
            "The churn risk is 37 %.",
            cell("level", "g3.users"),
            "unsupported number",
        ),
        ("level", "The churn risk is 37 %.", json!([]), "unsupported*"),
        // Wrong sign and direction.
        (
            "change",
            "Revenue in Brazil rose 19.4 %.",
            cell("change", "g3.revenue"),
            "contradicted word",
        ),
        (
            "change",
            "Revenue in Brazil changed by +19.4 %.",
            cell("change", "g3.revenue"),
            "contradicted number",
        ),
        (
            "change",
            "Revenue rose {{chg:g3.revenue}} in {{g3}}.",
            json!([]),
            "contradicted word",
        ),
        (
            "change",
            "Revenue in {{g3}} {{move:g3.revenue}}.",
            json!([{"op":"change","cell":"g3.revenue","dir":"up"}]),
            "contradicted assert",
        ),
        // Percent against percentage points.
        (
            "change",
            "Conversion in France rose 0.8 %.",
            cell("pp", "g2.conversion"),
            "contradicted number",
        ),
        (
            "change",
            "Revenue in Brazil fell 19.4 percentage points.",
            cell("change", "g3.revenue"),
            "contradicted*",
        ),
        // Wrong entity.
        (
            "change",
            "Revenue in Japan fell 19.4 %.",
            cell("change", "g3.revenue"),
            "unsupported name",
        ),
        (
            "change",
            "Revenue in {{g1}} {{move:g3.revenue}}.",
            json!([]),
            "contradicted name",
        ),
        (
            "level",
            "{{g1}} ({{g2.revenue}}) leads {{g2}} ({{g1.revenue}}).",
            json!([]),
            "contradicted name",
        ),
        (
            "level",
            "Brazil made $12.4M and Germany made $7.8M.",
            json!([{"op":"level","cell":"g1.revenue"},{"op":"level","cell":"g3.revenue"}]),
            "contradicted name",
        ),
        (
            "level",
            "Brazil is ahead of Germany.",
            json!([{"op":"level","cell":"g1.revenue"},{"op":"level","cell":"g3.revenue"}]),
            "contradicted name",
        ),
        (
            "level",
            "{{g1}} made {{ratio:g2.revenue,g1.revenue}} the revenue of {{g2}}.",
            json!([]),
            "contradicted name",
        ),
        (
            "level",
            "Revenue in Narnia was $12.4M.",
            cell("level", "g1.revenue"),
            "unsupported name",
        ),
        (
            "level",
            "Bounce rate in {{g1}} was 4.2 %.",
            cell("level", "g1.conversion"),
            "unsupported measure",
        ),
        // Wrong unit and currency.
        (
            "level",
            "Brazil made €7.8M.",
            cell("level", "g3.revenue"),
            "contradicted unit",
        ),
        (
            "level",
            "Brazil has 58,300 orders.",
            cell("level", "g3.users"),
            "contradicted*",
        ),
        (
            "level",
            "Sessions took 5.4 seconds.",
            cell("level", "m4.current"),
            "contradicted number",
        ),
        // Wrong count and rank.
        (
            "level",
            "Three countries grew.",
            json!([{"op":"count_where","column":"G1.revenue_change_pct","relation":">","threshold":0,"value":3}]),
            "contradicted assert",
        ),
        (
            "level",
            "Seven countries grew.",
            json!([{"op":"count_where","column":"G1.revenue_change_pct","relation":"up"}]),
            "contradicted number",
        ),
        (
            "rank",
            "Brazil ranks 2nd by revenue.",
            cell("level", "g3.revenue"),
            "contradicted number",
        ),
        (
            "rank",
            "{{g3}} is the largest market at {{g3.revenue}}.",
            json!([]),
            "unsupported word",
        ),
        (
            "rank",
            "{{g3}} leads.",
            json!([{"op":"extreme","cell":"g3.revenue","which":"max"}]),
            "contradicted assert",
        ),
        (
            "rank",
            "{{g3}} is second.",
            json!([{"op":"rank","cell":"g3.revenue","value":2}]),
            "contradicted assert",
        ),
        // Wrong period, date, multiple, reference, measure.
        (
            "level",
            "Brazil now makes $9,739,872.",
            cell("level", "g3.revenue"),
            "contradicted period",
        ),
        (
            "change",
            "Revenue in Brazil fell from $7,848,492.",
            cell("change", "g3.revenue"),
            "contradicted period",
        ),
        (
            "level",
            "On 20 March there were 456 users.",
            cell("level", "d1.value"),
            "contradicted date",
        ),
        (
            "change",
            "Revenue in Brazil halved.",
            cell("change", "g3.revenue"),
            "contradicted number",
        ),
        (
            "change",
            "Revenue in {{g8}} {{move:g8.revenue}}.",
            json!([]),
            "unsupported bad_ref",
        ),
        (
            "level",
            "Conversion rate reached 58,300.",
            cell("level", "g3.users"),
            "unsupported measure",
        ),
        (
            "change",
            "Revenue in {{g3}} declined.",
            cell("level", "g3.users"),
            "unsupported*",
        ),
        (
            "share",
            "{{g3}}.",
            json!([{"op":"share","cells":["g3.conversion","g6.conversion"]}]),
            "contradicted type",
        ),
    ]);
}
