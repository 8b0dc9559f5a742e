//! Admission: what a statement must satisfy before it goes into the ledger.
//!
//! Importers read; admission judges. Every result passes here, whatever its source: its control is known, its times
//! are sane, its texts show what they say, and the core rules ([`crate::rules`]) have had their word.

mod error;
mod posture;
mod service;

use crate::asset::Asset;
use crate::control::ControlId;
use crate::evidence::EvidenceRef;
use crate::relation::RELATIONS_MAX;
use crate::result::{Check, ControlResult, Population};
use crate::rules;
use crate::set::ControlSet;
use crate::statement::ORGANISATION;
use crate::system::System;
use crate::text::{self, DETAILS_LENGTH_MAX, LINE_LENGTH_MAX, NAME_LENGTH_MAX, TextError};
use affiant_ledger::codec;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::payload::STATEMENT_SIZE_MAX;
use affiant_ledger::time::Timestamp;
use std::collections::BTreeSet;

pub use error::AdmitError;
pub use posture::{
    ATTESTATION_DAYS_MAX, EXCEPTION_DAYS_MAX, FINDING_DAYS_MAX, REQUEST_DAYS_MAX, admit_approval,
    admit_assertion, admit_attestation, admit_decision, admit_event, admit_exception, admit_finding,
    admit_incident, admit_plan, admit_policy, admit_request, admit_sample,
};
pub use service::{admit_access, admit_sign_off};

/// How far ahead of the clock an observation may lie, in milliseconds: clocks differ.
pub const CLOCK_SKEW_MAX: u64 = 5 * 60 * 1000;
/// Most checks in a result.
pub const CHECKS_MAX: usize = 5_000;
/// Most evidence references or measures in a result.
pub const REFERENCES_MAX: usize = 1_000;
/// Most words in a set: flags, roles, facts.
pub const WORDS_MAX: usize = 200;

/// Bytes a core rule may add.
const ROOM_FOR_FLAGS: usize = 100;
/// Results with more checks, references and measures than this are encoded once to see that they fit.
const ROWS_WITHOUT_QUESTION: usize = 20;

/// What admission is told from outside.
#[derive(Debug, Clone, Copy)]
pub struct AdmitContext<'a> {
    /// The controls there are.
    pub controls: &'a ControlSet,
    /// The present.
    pub now: Timestamp,
    /// The registered assets, when a result about any other is to be refused.
    pub assets: Option<&'a BTreeSet<Id>>,
}

/// Admits a control result: checks it and applies the core rules. What comes back is what may be recorded.
pub fn admit(result: ControlResult, context: &AdmitContext<'_>) -> Result<ControlResult, AdmitError> {
    known(&result, context)?;
    times(&result, context.now)?;
    if let Some(population) = &result.population {
        counts(population)?;
    }
    texts(&result)?;
    fits(&result)?;
    Ok(rules::apply(result))
}

/// Whether it fits a statement. The limits of the single parts keep every result of few rows far below.
fn fits(result: &ControlResult) -> Result<(), AdmitError> {
    if result.checks.len() + result.evidence.len() + result.measures.len() <= ROWS_WITHOUT_QUESTION {
        return Ok(());
    }
    let size = codec::encode(result).len() + ROOM_FOR_FLAGS;
    if size > STATEMENT_SIZE_MAX { Err(AdmitError::Size { size }) } else { Ok(()) }
}

/// Ids of catalogs, for a message.
fn names(controls: &ControlSet) -> String {
    controls.catalogs().iter().map(|catalog| catalog.id.as_str()).collect::<Vec<_>>().join(", ")
}

/// Refuses a control that no catalog has.
fn known_control(control: &ControlId, controls: &ControlSet) -> Result<(), AdmitError> {
    if controls.control(control.as_str()).is_some() {
        return Ok(());
    }
    Err(AdmitError::UnknownControl {
        control: control.clone(),
        catalogs: names(controls),
        nearest: controls.nearest(control.as_str()).cloned(),
    })
}

fn known(result: &ControlResult, context: &AdmitContext<'_>) -> Result<(), AdmitError> {
    known_control(&result.control, context.controls)?;
    if let (Some(asset), Some(assets)) = (&result.asset, context.assets) {
        let implicit = *asset == result.system || asset == ORGANISATION;
        if !implicit && !assets.contains(asset) {
            return Err(AdmitError::UnknownAsset(asset.clone()));
        }
    }
    Ok(())
}

fn times(result: &ControlResult, now: Timestamp) -> Result<(), AdmitError> {
    let ahead = |time: Timestamp| time.as_millis() > now.as_millis().saturating_add(CLOCK_SKEW_MAX);
    let past = [
        ("observed_from", Some(result.observed_from)),
        ("observed_to", Some(result.observed_to)),
        ("collected_at", result.collected_at),
    ];
    for (field, time) in past {
        if let Some(time) = time.filter(|time| ahead(*time)) {
            return Err(AdmitError::Future { field, time });
        }
    }
    if result.observed_from > result.observed_to {
        return Err(AdmitError::Order { earlier: "observed_from", later: "observed_to" });
    }
    if result.valid_until.is_some_and(|until| until < result.observed_to) {
        return Err(AdmitError::Order { earlier: "observed_to", later: "valid_until" });
    }
    Ok(())
}

fn counts(population: &Population) -> Result<(), AdmitError> {
    let Population { size, failed, tested, .. } = *population;
    if failed > tested || tested > size {
        return Err(AdmitError::Population { size, tested, failed });
    }
    Ok(())
}

fn texts(result: &ControlResult) -> Result<(), AdmitError> {
    line("summary", &result.summary, LINE_LENGTH_MAX)?;
    name("collector.name", &result.collector.name)?;
    optional("id", result.id.as_deref(), NAME_LENGTH_MAX)?;
    optional("collector.version", result.collector.version.as_deref(), NAME_LENGTH_MAX)?;
    optional("collector.run", result.collector.run.as_deref(), LINE_LENGTH_MAX)?;
    optional("raw_status", result.raw_status.as_deref(), NAME_LENGTH_MAX)?;
    optional("importer", result.importer.as_deref(), NAME_LENGTH_MAX)?;
    if let Some(details) = &result.details {
        let checked = text::check_lines(details, DETAILS_LENGTH_MAX);
        checked.map_err(|problem| text_error("details", problem, details))?;
    }
    if let Some(source) = &result.source {
        optional("source.query", source.query.as_deref(), LINE_LENGTH_MAX)?;
        optional("source.system", source.system.as_deref(), LINE_LENGTH_MAX)?;
        optional("source.account", source.account.as_deref(), LINE_LENGTH_MAX)?;
    }
    if let Some(population) = &result.population {
        line("population.definition", &population.definition, LINE_LENGTH_MAX)?;
    }
    count("flags", result.flags.len(), WORDS_MAX)?;
    result.flags.iter().try_for_each(|flag| name("flags", flag))?;
    count("checks", result.checks.len(), CHECKS_MAX)?;
    result.checks.iter().try_for_each(check)?;
    references(result)
}

fn check(check: &Check) -> Result<(), AdmitError> {
    name("checks.rule", &check.rule)?;
    line("checks.message", &check.message, LINE_LENGTH_MAX)?;
    line("checks.pointer", &check.pointer, LINE_LENGTH_MAX)?;
    optional("checks.location", check.location.as_deref(), LINE_LENGTH_MAX)
}

fn evidence(references: &[EvidenceRef]) -> Result<(), AdmitError> {
    count("evidence", references.len(), REFERENCES_MAX)?;
    for evidence in references {
        name("evidence.name", &evidence.name)?;
        name("evidence.media_type", &evidence.media_type)?;
        optional("evidence.pointer", evidence.pointer.as_deref(), LINE_LENGTH_MAX)?;
    }
    Ok(())
}

fn references(result: &ControlResult) -> Result<(), AdmitError> {
    evidence(&result.evidence)?;
    count("measures", result.measures.len(), REFERENCES_MAX)?;
    for measure in &result.measures {
        name("measures.name", &measure.name)?;
        optional("measures.unit", measure.unit.as_deref(), NAME_LENGTH_MAX)?;
    }
    Ok(())
}

/// Admits a definition of a system.
pub fn admit_system(system: System) -> Result<System, AdmitError> {
    name("name", &system.name)?;
    optional("basis", system.basis.as_deref(), LINE_LENGTH_MAX)?;
    optional("owner", system.owner.as_deref(), NAME_LENGTH_MAX)?;
    optional("purpose", system.purpose.as_deref(), LINE_LENGTH_MAX)?;
    optional("classified_by", system.classified_by.as_deref(), NAME_LENGTH_MAX)?;
    words("roles", &system.roles)?;
    words("routes", &system.routes)?;
    words("risk_classes", &system.risk_classes)?;
    count("facts", system.facts.len(), WORDS_MAX)?;
    for (fact, values) in &system.facts {
        name("facts", fact)?;
        words("facts", values)?;
    }
    Ok(system)
}

/// Admits a definition of an asset. Whether the assets it relates to exist is for [`crate::relation::dangling`] to say.
pub fn admit_asset(asset: Asset, controls: &ControlSet) -> Result<Asset, AdmitError> {
    if asset.id == asset.system || asset.id == *ORGANISATION {
        return Err(AdmitError::ReservedAsset(asset.id));
    }
    if !controls.asset_kinds().contains(&asset.kind) {
        let nearest = crate::lint::nearest(&asset.kind, controls.asset_kinds().iter().map(String::as_str));
        return Err(AdmitError::UnknownKind {
            kind: visible(&asset.kind),
            nearest: nearest.map(str::to_owned),
        });
    }
    name("name", &asset.name)?;
    optional("owner", asset.owner.as_deref(), NAME_LENGTH_MAX)?;
    optional("purpose", asset.purpose.as_deref(), LINE_LENGTH_MAX)?;
    optional("version", asset.version.as_deref(), NAME_LENGTH_MAX)?;
    optional("location", asset.location.as_deref(), LINE_LENGTH_MAX)?;
    count("relations", asset.relations.len(), RELATIONS_MAX)?;
    if let Some(own) = asset.relations.iter().find(|relation| relation.to == asset.id) {
        return Err(AdmitError::OwnRelation { asset: asset.id, kind: own.kind });
    }
    Ok(asset)
}

fn words(field: &'static str, words: &BTreeSet<String>) -> Result<(), AdmitError> {
    count(field, words.len(), WORDS_MAX)?;
    words.iter().try_for_each(|word| name(field, word))
}

fn count(field: &'static str, count: usize, max: usize) -> Result<(), AdmitError> {
    if count > max { Err(AdmitError::Count { field, count, max }) } else { Ok(()) }
}

fn name(field: &'static str, value: &str) -> Result<(), AdmitError> {
    line(field, value, NAME_LENGTH_MAX)
}

fn optional(field: &'static str, value: Option<&str>, max: usize) -> Result<(), AdmitError> {
    value.map_or(Ok(()), |value| line(field, value, max))
}

fn line(field: &'static str, value: &str, max: usize) -> Result<(), AdmitError> {
    text::check_line(value, max).map_err(|problem| text_error(field, problem, value))
}

fn text_error(field: &'static str, problem: TextError, value: &str) -> AdmitError {
    AdmitError::Text { field, problem, value: visible(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relation::RelationKind;
    use crate::result::Collector;
    use crate::status::Status;

    fn result() -> ControlResult {
        let (control, system) = ("AFF-EXP-11".parse().unwrap(), "s".parse().unwrap());
        let time = "2026-11-22T00:00:00Z".parse().unwrap();
        ControlResult::new(control, system, Status::Passed, time, Collector::new("ci"), "fine")
    }

    fn asset(id: &str, kind: &str) -> Asset {
        Asset::new("credit-scoring".parse().unwrap(), id.parse().unwrap(), kind, "A")
    }

    #[test]
    fn an_asset_takes_neither_the_name_of_the_system_nor_of_the_organisation() {
        let controls = ControlSet::embedded();
        for id in ["credit-scoring", "org"] {
            assert_eq!(
                admit_asset(asset(id, "model"), &controls),
                Err(AdmitError::ReservedAsset(id.parse().unwrap()))
            );
        }
        assert!(admit_asset(asset("scoring-model", "model"), &controls).is_ok());
    }

    #[test]
    fn an_asset_stands_in_no_relation_to_itself() {
        let controls = ControlSet::embedded();
        let mut own = asset("a", "model");
        own.relations.insert("derived-from=b".parse().unwrap());
        assert!(admit_asset(own.clone(), &controls).is_ok());
        own.relations.insert("part-of=a".parse().unwrap());
        assert_eq!(
            admit_asset(own.clone(), &controls),
            Err(AdmitError::OwnRelation { asset: "a".parse().unwrap(), kind: RelationKind::PartOf })
        );
        own.relations = (0..=RELATIONS_MAX).map(|n| format!("uses=b{n}").parse().unwrap()).collect();
        assert!(matches!(admit_asset(own, &controls), Err(AdmitError::Count { field: "relations", .. })));
    }

    #[test]
    fn an_unknown_kind_of_asset_is_refused_with_the_nearest_one() {
        let refused = admit_asset(asset("a", "data-set"), &ControlSet::embedded()).expect_err("unknown kind");
        assert_eq!(refused.to_string(), "`data-set` is not a kind of asset");
        assert_eq!(refused.hint().as_deref(), Some("did you mean `dataset`?"));
    }

    #[test]
    fn a_result_about_an_unregistered_asset_is_refused_where_that_is_asked_for() {
        let controls = ControlSet::embedded();
        let now = "2026-11-23T00:00:00Z".parse().unwrap();
        let assets = BTreeSet::from(["known".parse().unwrap()]);
        let strict = AdmitContext { controls: &controls, now, assets: Some(&assets) };
        let of = |asset: &str| ControlResult { asset: asset.parse().ok(), ..result() };
        assert_eq!(admit(of("other"), &strict), Err(AdmitError::UnknownAsset("other".parse().unwrap())));
        for asset in ["known", "s", "org"] {
            assert!(admit(of(asset), &strict).is_ok(), "{asset}");
        }
        assert!(admit(of("other"), &AdmitContext { assets: None, ..strict }).is_ok());
    }

    #[test]
    fn parts_within_their_limits_that_do_not_fit_one_statement_are_refused() {
        let controls = ControlSet::embedded();
        let context =
            AdmitContext { controls: &controls, now: "2026-11-23T00:00:00Z".parse().unwrap(), assets: None };
        let check = Check {
            rule: "tool:rule".into(),
            status: Status::Passed,
            message: "m".repeat(LINE_LENGTH_MAX),
            pointer: "/".into(),
            location: None,
            severity: None,
            withheld: None,
            suppressed: false,
            fingerprint: None,
        };
        let many = |count| ControlResult { checks: vec![check.clone(); count], ..result() };
        assert!(admit(many(200), &context).is_ok());
        assert!(matches!(admit(many(300), &context), Err(AdmitError::Size { .. })));
        let count = AdmitError::Count { field: "checks", count: CHECKS_MAX + 1, max: CHECKS_MAX };
        assert_eq!(admit(many(CHECKS_MAX + 1), &context), Err(count));
    }

    #[test]
    fn a_system_with_hidden_text_is_refused() {
        let mut system = System::new("s".parse().unwrap(), "S");
        assert!(admit_system(system.clone()).is_ok());
        system.facts.insert("a\u{202e}".into(), BTreeSet::new());
        assert!(matches!(admit_system(system), Err(AdmitError::Text { field: "facts", .. })));
    }
}
