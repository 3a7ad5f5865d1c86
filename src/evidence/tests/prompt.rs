//! The text that goes into the prompt.

use jiff::civil::date;

use super::{empty, evidence, of};
use crate::data::*;
use crate::evidence::*;
use crate::insight::Analyst;

#[test]
fn names_cannot_break_the_prompt_table() {
    let mut dataset = empty(Window {
        start: date(2025, 1, 6),
        end: date(2025, 1, 6),
    });
    dataset.summary.currency = Some("GBP".to_owned());
    let row = |country: &str, total_dau: u64| DauByCountry {
        date: date(2025, 1, 6),
        country: country.to_owned(),
        total_dau,
        new_users: None,
        total_revenue: Some(1234.5),
        returning_users: None,
        new_user_percentage: None,
        returning_user_percentage: None,
    };
    dataset.current.dau_by_country = Part::Present(vec![row("A|B\nc\u{202e}d", 1500), row("Chile", 500)]);
    let evidence = evidence(&dataset);
    let text = pipe(of(&evidence, Analyst::Geographic));
    let expected = "\
period: 2025-01-06..2025-01-06 (1 day), previous period: none, currency: GBP, time zone: UTC
note: no previous period: the data do not cover the days before, so there are no changes to report
note: 2 countries compared
column suffixes: _share_pct = share of the total in %

table G1 [entities] Countries, this period against the previous
definition: users = mean daily active users; a user active in two countries on one day counts in both; new_users is summed over days; z compares daily values weekday by weekday
order: by active users (mean per day) now, largest first; 2 of 2 rows
columns: users = active users (mean per day) (users, more is better); revenue = net revenue (money, more is better)
id|country|users|users_share_pct|revenue|revenue_share_pct
g1|A/B c d|1,500.0|75.0|1,234.50|50.0
g2|Chile|500.0|25.0|1,234.50|50.0
g3|Total|2,000.0|100.0|2,469.00|100.0

table G4 [concentration] Concentration
definition: Herfindahl index = sum of squared shares; shares in percent of all countries
order: fixed; 2 of 2 rows
columns: hhi = Herfindahl index (0 = spread out, 1 = one country) (ratio); top_1_share = share of the largest country (%); top_3_share = share of the three largest countries (%); countries = countries (countries)
id|measure|hhi|top_1_share|top_3_share|countries
g4|active users|0.625|75.0|100.0|2
g5|net revenue|0.500|50.0|100.0|2
";
    assert_eq!(text, expected, "{text}");
}
