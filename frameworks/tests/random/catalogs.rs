//! What random ledgers are judged with: the AI Act, the embedded controls and a few mappings made by hand.

use affiant_controls::ControlSet;
use affiant_frameworks::mapping::Mappings;
use affiant_frameworks::{Framework, Mapping, MappingSet, MappingSets, NeedsDocument, Relation};
use affiant_ledger::id::Id;
use std::sync::OnceLock;

/// Controls of every reach: on data, on models, on the system and beside it, on the organisation and beside it. Their
/// results stay fresh for a day, a week, a month, three or six months or a year.
pub(crate) const CONTROLS: [&str; 10] = [
    "AFF-DAT-01", // data sets and stores, a month
    "AFF-DAT-03", // data sets and vector stores, six months
    "AFF-EXP-01", // models and pipelines, a month
    "AFF-THR-01", // the system, models and guardrails, a week
    "AFF-VIS-11", // the system, three months
    "AFF-GOV-01", // the organisation, a year
    "AFF-GOV-02", // the system, models, data sets and the organisation, a month
    "AFF-VIS-09", // the organisation and log stores, a day
    "AFF-INF-04", // code and secrets, a day
    "AFF-MGT-17", // the organisation, a year; of another catalog
];

/// Mapped requirements with their controls.
const MAPPED: [(&str, &[&str]); 12] = [
    ("art-4-1", &["AFF-GOV-01"]),
    ("art-9-1", &["AFF-DAT-01"]),
    ("art-9-2-a", &["AFF-DAT-03", "AFF-VIS-11"]),
    ("art-10-1", &["AFF-DAT-03"]),
    ("art-12-1", &["AFF-VIS-09"]),
    ("art-15-1", &["AFF-EXP-01", "AFF-THR-01"]),
    ("art-17-1", &["AFF-GOV-01", "AFF-MGT-17"]),
    ("art-23-1", &["AFF-INF-04"]),
    ("art-26-1", &["AFF-GOV-02", "AFF-INF-04", "AFF-GOV-01"]),
    ("art-27-1", &["AFF-EXP-01"]),
    ("art-50-1", &["AFF-GOV-02", "AFF-MGT-17"]),
    ("art-72-1", &["AFF-VIS-11"]),
];

/// Requirements that a document settles.
pub(crate) const DOCUMENTS: [&str; 3] = ["art-6-3-a", "art-17-2", "art-26-2"];

/// Requirements that statements are made about: mapped, listed for a document, and neither.
pub(crate) const REQUIREMENTS: [&str; 9] =
    ["art-4-1", "art-9-1", "art-15-1", "art-17-1", "art-23-1", "art-17-2", "art-26-2", "art-9-8", "art-26-5"];

/// The framework.
pub(crate) fn act() -> &'static Framework {
    static ACT: OnceLock<Framework> = OnceLock::new();
    ACT.get_or_init(|| Framework::embedded("eu-ai-act").unwrap())
}

/// The controls.
pub(crate) fn controls() -> &'static ControlSet {
    static CONTROLS: OnceLock<ControlSet> = OnceLock::new();
    CONTROLS.get_or_init(ControlSet::embedded)
}

/// The mappings, in a set for each catalog of controls.
pub(crate) fn mappings() -> &'static MappingSets {
    static MAPPINGS: OnceLock<MappingSets> = OnceLock::new();
    MAPPINGS.get_or_init(|| {
        let set = |catalog: &str| set(controls().catalogs().iter().find(|it| it.id == *catalog).unwrap());
        MappingSets::new(vec![set("affiant-ai-spm"), set("affiant-ai-ms")]).unwrap()
    })
}

/// Mappings of pairs of control and requirement, from the catalog of posture controls.
pub(crate) fn pairs(pairs: &[(&str, &str)]) -> MappingSets {
    let list = pairs.iter().map(|(control, requirement)| mapping(control, requirement)).collect();
    made("affiant-ai-spm".parse().unwrap(), list, Vec::new()).into()
}

fn set(catalog: &affiant_controls::ControlCatalog) -> MappingSet {
    let every =
        MAPPED.iter().flat_map(|(requirement, of)| of.iter().map(move |control| (control, requirement)));
    let own = every.filter(|(control, _)| catalog.control(control).is_some());
    let list = own.map(|(control, requirement)| mapping(control, requirement)).collect();
    let documents = DOCUMENTS.map(|requirement| NeedsDocument {
        requirement: requirement.to_owned(),
        reason: "A decision on paper settles it.".to_owned(),
    });
    let documents = if catalog.id == *"affiant-ai-ms" { documents.to_vec() } else { Vec::new() };
    made(catalog.id.clone(), list, documents)
}

fn made(controls: Id, list: Vec<Mapping>, documents: Vec<NeedsDocument>) -> MappingSet {
    let listed = [("eu-ai-act".to_owned(), documents)].into_iter().filter(|(_, list)| !list.is_empty());
    MappingSet::new(Mappings {
        id: format!("{controls}-by-hand").parse().unwrap(),
        controls,
        frameworks: [("eu-ai-act".to_owned(), list)].into(),
        documents: listed.collect(),
        ..Mappings::clone(&MappingSet::embedded())
    })
    .unwrap()
}

fn mapping(control: &str, requirement: &str) -> Mapping {
    Mapping {
        control: control.parse().unwrap(),
        requirement: requirement.to_owned(),
        relation: Relation::IntersectsWith,
        rationale: "a test".to_owned(),
    }
}
