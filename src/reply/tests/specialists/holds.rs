//! Findings that hold, as a careful model writes them.

use serde_json::json;

use super::{cell, run};

#[test]
fn true_statements_pass() {
    run(&[
        (
            "change",
            "Revenue in {{g3}} {{move:g3.revenue}}.",
            json!([{"op":"change","cell":"g3.revenue","dir":"down"}]),
            "ok",
        ),
        (
            "change",
            "Revenue in {{g3}} {{move:g3.revenue}}, the steepest fall of the {{count:G1}} countries.",
            json!([{"op":"change","cell":"g3.revenue","dir":"down"},{"op":"extreme","cell":"g3.revenue_change_pct","which":"min"}]),
            "ok",
        ),
        (
            "change",
            "Revenue in Brazil fell 19.4 % to $7.8M.",
            cell("change", "g3.revenue"),
            "ok",
        ),
        (
            "change",
            "Revenue in BR fell from $9,739,872 to $7,848,492.",
            cell("change", "g3.revenue"),
            "ok",
        ),
        (
            "change",
            "Revenue in Brazil fell by about a fifth.",
            cell("change", "g3.revenue"),
            "ok",
        ),
        (
            "level",
            "Germany made $12.4M, {{ratio:g1.revenue,g2.revenue}} the revenue of {{g2}}.",
            cell("level", "g1.revenue"),
            "ok",
        ),
        (
            "level",
            "{{g1}} has the highest revenue at {{g1.revenue}}.",
            json!([{"op":"extreme","cell":"g1.revenue","which":"max"}]),
            "ok",
        ),
        (
            "comparison",
            "{{g1}} ({{g1.revenue}}) made more than {{g2}} ({{g2.revenue}}).",
            json!([{"op":"compare","cells":["g1.revenue","g2.revenue"],"relation":">"}]),
            "ok",
        ),
        (
            "change",
            "Active users doubled to {{m2.current}}.",
            cell("change", "m2.current"),
            "ok",
        ),
        (
            "change",
            "Conversion in {{g2}} rose 0.8 percentage points.",
            cell("pp", "g2.conversion"),
            "ok",
        ),
        (
            "anomaly",
            "On {{date:d1}} daily active users were {{dev:d1.value}}.",
            json!([]),
            "ok",
        ),
        (
            "level",
            "On 14 March 2025 there were 456 users.",
            cell("level", "d1.value"),
            "ok",
        ),
        (
            "level",
            "Within 2 weeks of launch, {{g3}} had {{g3.users|noun}}.",
            json!([]),
            "ok",
        ),
        (
            "share",
            "{{g3}} holds {{share:g3.revenue,g6.revenue}} of revenue, about a quarter.",
            json!([]),
            "ok",
        ),
        (
            "level",
            "4 countries grew.",
            json!([{"op":"count_where","column":"G1.revenue_change_pct","relation":">","threshold":0,"value":4}]),
            "ok",
        ),
        (
            "level",
            "Two countries made over $8M.",
            json!([{"op":"count_where","column":"G1.revenue","relation":">","threshold":8000000,"value":2}]),
            "ok",
        ),
        (
            "change",
            "Orders {{move:m3.current}}.",
            json!([{"op":"change","cell":"m3.current","dir":"flat"}]),
            "ok",
        ),
        (
            "change",
            "Sessions shortened from 6.0 to 5.4 minutes.",
            cell("change", "m4.current"),
            "ok",
        ),
        (
            "level",
            "The day-7 view makes up for little; {{g1}} stands at {{g1.revenue|k}}.",
            json!([]),
            "ok",
        ),
        (
            "level",
            "Germany made $12.4M and Brazil made $7.8M.",
            json!([{"op":"level","cell":"g1.revenue"},{"op":"level","cell":"g3.revenue"}]),
            "ok",
        ),
        (
            "level",
            "Germany ($12.4M) is ahead of Brazil ($7.8M).",
            json!([{"op":"level","cell":"g1.revenue"},{"op":"level","cell":"g3.revenue"}]),
            "ok",
        ),
        (
            "share",
            "The top 2 countries hold 66.3 % of revenue.",
            json!([{"op":"top_k_share","column":"G1.revenue","k":2,"value":66.3}]),
            "ok",
        ),
        // Beyond ordinary variation or not.
        (
            "change",
            "Revenue in {{g1}} {{move:g1.revenue}}.",
            json!([]),
            "ordinary",
        ),
        (
            "change",
            "Revenue in {{g5}} {{move:g5.revenue}}.",
            json!([]),
            "ordinary",
        ),
        ("change", "Net revenue {{move:m1.current}}.", json!([]), "ordinary"),
    ]);
}

#[test]
fn plain_findings_of_a_model_pass() {
    run(&[
        // Another row's score does not make this change significant.
        (
            "change",
            "Revenue in {{g1}} {{move:g1.revenue}}; {{g3}} stands at {{g3.revenue|k}}.",
            json!([]),
            "ordinary",
        ),
        (
            "change",
            "{{g3}} revenue {{move:g3.revenue}}, while {{g4}} {{move:g4.revenue}}.",
            json!([{"op":"change","cell":"g3.revenue","dir":"down"},{"op":"change","cell":"g4.revenue","dir":"up"}]),
            "ok",
        ),
        (
            "change",
            "{{g4}} was the fastest-growing market: revenue {{move:g4.revenue}}.",
            json!([]),
            "unsupported*",
        ),
        (
            "share",
            "The two largest markets, {{g1}} and {{g2}}, together made {{sum:g1.revenue,g2.revenue}}.",
            json!([{"op":"extreme","cell":"g1.revenue","which":"max"}]),
            "ok",
        ),
        (
            "comparison",
            "{{g1}} earns {{ratio:g1.revenue,g2.revenue}} as much as {{g2}}.",
            json!([]),
            "ok",
        ),
        (
            "rank",
            "{{g3}} ranks {{rank:g3.revenue}} countries by revenue.",
            json!([{"op":"rank","cell":"g3.revenue","value":3}]),
            "ok",
        ),
        (
            "anomaly",
            "Activity collapsed on {{d1}}: {{d1.value|noun}} against {{d1.expected}} expected, {{dev:d1.value}}.",
            json!([]),
            "ok",
        ),
        (
            "level",
            "Conversion in {{g4}} held at {{g4.conversion}}, the highest of the listed markets.",
            json!([{"op":"extreme","cell":"g4.conversion","which":"max"}]),
            "ok",
        ),
        (
            "change",
            "Active users {{move:m2.current}} between {{previous_period}} and {{period}}.",
            json!([]),
            "ok",
        ),
        (
            "change",
            "The decline in {{g3}} ({{chg:g3.revenue}}) stands against a total of {{g6.revenue|k}}.",
            json!([]),
            "ok",
        ),
        (
            "level",
            "Net revenue was {{m1.current}}, against {{m1.previous}} in the previous period.",
            json!([]),
            "ok",
        ),
        (
            "change",
            "A loss of {{diff:g3.revenue,g3.revenue_previous}} in {{g3}}.",
            json!([{"op":"change","cell":"g3.revenue","dir":"down"}]),
            "ok",
        ),
        (
            "change",
            "Revenue in {{g2}} grew by {{g2.revenue_change_pct}} (z = {{g2.revenue_z}}).",
            json!([]),
            "ok",
        ),
        (
            "level",
            "Revenue was not affected in {{g1}} ({{g1.revenue}}).",
            json!([]),
            "ok",
        ),
        (
            "level",
            "{{g1}} is the top market with {{g1.users|noun}}.",
            json!([]),
            "ok",
        ),
        (
            "change",
            "Session length dropped from {{m4.previous}} to {{m4.current}}.",
            json!([{"op":"change_pct","cell":"m4.current","value":-10,"dir":"down"}]),
            "ok",
        ),
        (
            "change",
            "Conversion in {{g2}} improved from {{g2.conversion_previous}} to {{g2.conversion}}, up {{pp:g2.conversion}}.",
            json!([]),
            "ok",
        ),
        (
            "change",
            "Revenue fell in {{g3}}, {{diff:g1.revenue,g3.revenue}} behind {{g1}}.",
            json!([{"op":"change","cell":"g3.revenue","dir":"down"}]),
            "ok",
        ),
    ]);
}
