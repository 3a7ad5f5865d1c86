//! Puts the checked words of a specialist into the text lists of its section objects; numbers there are the program's already.

use serde_json::{Map, Value, json};

use crate::insight::{Analyst, Remark, SpecialistReport};

pub(super) fn fill(analyst: Analyst, report: &mut SpecialistReport) {
    let advice = texts(&report.recommendations);
    let hypotheses = texts(&report.hypotheses);
    let sections = &mut report.sections;
    match analyst {
        Analyst::DailyMetrics | Analyst::RevenueOptimization | Analyst::Own(_) => {}
        Analyst::UserSegmentation => {
            put(sections, &["behavioral_patterns"], hypotheses);
            put(sections, &["journey_insights", "success_factors"], advice);
        }
        Analyst::Geographic => {
            put(sections, &["localization_recommendations"], advice.clone());
            put(sections, &["expansion_opportunities"], advice);
        }
        Analyst::CohortRetention => put(sections, &["retention_strategies"], advice),
        Analyst::DataQuality => {
            put(sections, &["improvement_recommendations", "actions"], advice.clone());
            put(sections, &["infrastructure_suggestions"], advice);
            put(sections, &["data_enhancement_opportunities"], report.data_gaps.clone());
        }
    }
}

fn texts(remarks: &[Remark]) -> Vec<String> {
    remarks.iter().map(|remark| remark.text.clone()).collect()
}

fn put(sections: &mut Map<String, Value>, path: &[&str], texts: Vec<String>) {
    match path {
        [] => {}
        [last] => {
            sections.insert((*last).to_owned(), json!(texts));
        }
        [first, rest @ ..] => {
            let inner = sections.entry((*first).to_owned()).or_insert_with(|| json!({}));
            if let Value::Object(inner) = inner {
                put(inner, rest, texts);
            }
        }
    }
}
