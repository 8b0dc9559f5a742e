//! What speaks against systems and assets, ranked, with every term of each sum.

use crate::args::StatusArguments;
use crate::context::Context;
use crate::output;
use affiant_controls::register::Register;
use affiant_frameworks::risk::{Exposure, Risk, Term, risk};
use affiant_reports::derive::Catalogs;
use std::cmp::Reverse;

/// Things named beside a term, and terms named beside an asset; the rest stands in `--json` and `--csv`.
const NAMED: usize = 3;

pub(super) fn of(catalogs: &Catalogs, register: &Register) -> Option<Risk> {
    risk(register, &catalogs.controls)
}

/// Shows one system in full, or several by their scores, the highest first.
pub(super) fn show(context: &Context, mut risks: Vec<Risk>, arguments: &StatusArguments) {
    risks.sort_by(|a, b| (Reverse(a.score), &a.system).cmp(&(Reverse(b.score), &b.system)));
    if context.json {
        output::json(&risks);
        return;
    }
    if arguments.csv {
        let header = [
            "system", "asset", "term", "accepted", "severity", "count", "each", "points", "exposure", "what",
        ];
        output::csv(&header, risks.iter().flat_map(rows));
        return;
    }
    match (risks.as_slice(), &arguments.system) {
        ([risk], Some(_)) => full(risk),
        _ => output::table(
            &["system", "score", "exposure", "made of most"],
            risks.iter().map(|risk| {
                vec![
                    risk.system.to_string(),
                    risk.score.to_string(),
                    exposure(&risk.exposure),
                    most(&risk.terms),
                ]
            }),
        ),
    }
    context.say(
        "a sum of what is on file, to deal with what weighs most first: no probability, no share, no verdict",
    );
}

fn full(risk: &Risk) {
    output::line(format!("{}: risk {} as of {}", risk.system, risk.score, risk.as_of));
    let sum = risk.terms.iter().fold(0, |sum: u64, term| sum.saturating_add(term.points));
    output::line(format!("{sum} points, times {} for exposure", exposure(&risk.exposure)));
    if risk.withheld > 0 {
        output::line(format!("{} entries cannot be read: what they say is not counted", risk.withheld));
    }
    output::line("");
    let rows = risk.terms.iter().map(|term| {
        vec![
            word(term),
            term.severity.to_string(),
            term.count.to_string(),
            term.each.to_string(),
            term.points.to_string(),
            named(&term.what),
        ]
    });
    output::table(&["term", "severity", "count", "each", "points", "what"], rows);
    output::line("");
    let rows = risk.assets.iter().map(|it| vec![it.asset.to_string(), it.score.to_string(), most(&it.terms)]);
    output::table(&["asset", "score", "made of most"], rows);
}

/// A term in the words of the table.
fn word(term: &Term) -> String {
    let accepted = if term.accepted { ", accepted" } else { "" };
    format!("{}{accepted}", term.kind.as_str())
}

fn exposure(exposure: &Exposure) -> String {
    let classes: Vec<&str> = exposure.risk_classes.iter().map(String::as_str).collect();
    let because = if classes.is_empty() { "no risk class stated".to_owned() } else { classes.join(", ") };
    format!("{} ({because})", exposure.factor)
}

fn named(what: &[String]) -> String {
    let more = what.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", what.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", "))
}

/// The terms that weigh most.
fn most(terms: &[Term]) -> String {
    let one = |term: &Term| format!("{} {} {}: {}", term.count, term.severity, word(term), term.points);
    let said: Vec<String> = terms.iter().take(NAMED).map(one).collect();
    if said.is_empty() { "nothing on file speaks against it".to_owned() } else { said.join("; ") }
}

/// A row for each term: of the system, where no asset is said, and of each asset.
fn rows(risk: &Risk) -> impl Iterator<Item = Vec<String>> {
    let of_assets =
        risk.assets.iter().flat_map(|it| it.terms.iter().map(|term| (it.asset.to_string(), term)));
    risk.terms.iter().map(|term| (String::new(), term)).chain(of_assets).map(|(asset, term)| {
        vec![
            risk.system.to_string(),
            asset,
            term.kind.as_str().to_owned(),
            term.accepted.to_string(),
            term.severity.to_string(),
            term.count.to_string(),
            term.each.to_string(),
            term.points.to_string(),
            risk.exposure.factor.to_string(),
            term.what.join("; "),
        ]
    })
}
