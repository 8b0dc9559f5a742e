//! The catalogs: that the embedded bytes are the compiled YAML, hold what they say they hold, and load strictly.

#![allow(clippy::unwrap_used, reason = "tests")]

use affiant_controls::ControlSet;
use affiant_frameworks::crosswalk::{Crosswalk, Row, RowBasis};
use affiant_frameworks::framework::{EARLIER, EMBEDDED};
use affiant_frameworks::lint::lint;
use affiant_frameworks::{Framework, FrameworkError, Kind, Level, MappingSet, MappingSets};
use affiant_ledger::codec;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
}

fn yaml(name: &str) -> String {
    std::fs::read_to_string(data(&format!("{name}.yaml"))).unwrap()
}

/// Compares with the file, or writes it where AFFIANT_BLESS is set.
fn drift(name: &str, compiled: &[u8]) {
    let path = data(&format!("{name}.cbor"));
    if std::env::var_os("AFFIANT_BLESS").is_some() {
        std::fs::write(&path, compiled).unwrap();
    }
    let same = std::fs::read(&path).unwrap() == compiled;
    assert!(same, "{name}.cbor is not {name}.yaml compiled: set AFFIANT_BLESS=1 to write it anew");
}

fn framework(id: &str) -> Framework {
    Framework::embedded(id).unwrap()
}

#[test]
fn the_embedded_catalogs_are_the_yaml_compiled_byte_for_byte() {
    for id in EMBEDDED {
        drift(id, &Framework::from_yaml(&yaml(id)).unwrap().to_bytes());
    }
    drift("crosswalk", &Crosswalk::from_yaml(&yaml("crosswalk")).unwrap().to_bytes());
    drift("eu-ai-act-2024", &Framework::from_yaml(&yaml("eu-ai-act-2024")).unwrap().to_bytes());
    drift("ms-mappings", &MappingSet::from_yaml(&yaml("ms-mappings")).unwrap().to_bytes());
    drift("mappings", &MappingSet::from_yaml(&yaml("mappings")).unwrap().to_bytes());
}

#[test]
fn embedded_catalogs_pass_the_strict_reader_and_the_linter() {
    for id in EMBEDDED.into_iter().chain(EARLIER) {
        let bytes = Framework::embedded_bytes(id).unwrap();
        let read = Framework::from_bytes(bytes).unwrap();
        assert_eq!(read, framework(id));
        assert_eq!(read.digest(), affiant_ledger::digest::Digest::of(bytes));
        assert_eq!(lint(&read), []);
    }
    let mappings = MappingSet::from_bytes(MappingSet::embedded_bytes()).unwrap();
    assert_eq!(mappings, MappingSet::embedded());
    let crosswalk = Crosswalk::from_bytes(Crosswalk::embedded_bytes()).unwrap();
    assert_eq!(crosswalk, Crosswalk::embedded());
}

#[test]
fn the_crosswalk_leads_from_provision_to_provision_and_is_seen_from_both_sides() {
    let crosswalk = Crosswalk::embedded();
    let frameworks: Vec<Framework> = EMBEDDED.into_iter().map(framework).collect();
    assert_eq!(crosswalk.check(&frameworks), []);
    assert_eq!(crosswalk.rows.len(), 606);
    let of = |basis| crosswalk.rows.iter().filter(|row| row.basis == basis).count();
    assert_eq!((of(RowBasis::Published), of(RowBasis::Proposed)), (208, 398));
    assert!(
        crosswalk
            .rows
            .iter()
            .filter(|row| row.source == "affiant")
            .all(|row| row.basis == RowBasis::Proposed)
    );
    for row in &crosswalk.rows {
        let (framework, requirement) = row.from.split_once(':').unwrap();
        assert!(crosswalk.neighbours(framework, requirement).any(|beside| beside.row == row));
        let (other, there) = row.to.split_once(':').unwrap();
        assert_ne!(framework, other, "a row between two provisions of one framework");
        let back = crosswalk.neighbours(other, there).find(|beside| beside.row == row);
        let back = back.filter(|_| there != "*");
        assert_eq!(back.and_then(|back| back.requirement), (there != "*").then_some(requirement));
    }
    // One step, never two: what a neighbour is beside is not beside this.
    let direct: BTreeSet<_> =
        crosswalk.neighbours("eu-ai-act", "art-12-3").map(|beside| beside.requirement).collect();
    let named = |row: &&Row| row.from == "eu-ai-act:art-12-3" || row.to == "eu-ai-act:art-12-3";
    assert_eq!(direct.len(), crosswalk.rows.iter().filter(named).count());
}

#[test]
fn a_crosswalk_that_leads_nowhere_is_told_row_by_row() {
    let mut crosswalk = Crosswalk::embedded();
    let frameworks: Vec<Framework> = EMBEDDED.into_iter().map(framework).collect();
    let row = crosswalk.rows[0].clone();
    let changed = |change: fn(&mut Row)| {
        let mut row = row.clone();
        change(&mut row);
        row
    };
    crosswalk.rows = vec![
        row.clone(),
        row.clone(),
        changed(|row| row.to = "iso-42001:Z.9".into()),
        changed(|row| row.from = "GOVERN 1.1".into()),
        changed(|row| row.source = "nobody".into()),
        changed(|row| row.to = "iso-42001:*".into()),
        changed(|row| row.to = "gdpr:art-5".into()),
    ];
    let said: Vec<String> = crosswalk.check(&frameworks).into_iter().map(|fault| fault.what).collect();
    let expected = [
        "stands twice",
        "no such requirement",
        "no framework is named",
        "no such source",
        "`*` and `no-relationship` go together",
    ];
    assert_eq!(said, expected);
}

#[test]
fn an_unknown_framework_is_refused_by_name() {
    assert_eq!(Framework::embedded("gdpr"), Err(FrameworkError::Unknown("gdpr".into())));
}

#[test]
fn the_ai_act_holds_what_it_counts_and_what_the_text_counts() {
    let act = framework("eu-ai-act");
    let law = act.law.as_ref().unwrap();
    let provisions = law.provisions.as_ref().unwrap();
    let held = BTreeMap::from([
        ("articles", act.at_level(Level::Article).count()),
        ("requirement_rows", act.at_level(Level::Row).count()),
        ("annexes", act.at_level(Level::Annex).count()),
        ("annex_rows", act.at_level(Level::AnnexRow).count()),
        ("deadlines", law.deadlines.len()),
        ("standards", law.standards.len()),
        ("transitional_rules", law.transitional_rules.len()),
        ("calendar", law.calendar.len()),
        ("instruments", law.instruments.len()),
        ("provisions", provisions.ids.len()),
        ("assessable", act.assessable().count()),
    ]);
    assert_eq!(counts(&act), held);
    let official = &act.counts_official;
    assert_eq!(official["articles_current"], act.at_level(Level::Article).count() as u64);
    assert_eq!(official["annexes_current"], act.at_level(Level::Annex).count() as u64);
    let inserted =
        |level| act.at_level(level).filter(|r| r.change_2026.as_ref().is_some_and(is_insertion)).count();
    assert_eq!(official["articles_current"] - official["articles_2024"], inserted(Level::Article) as u64);
    assert_eq!(official["annexes_current"] - official["annexes_2024"], inserted(Level::Annex) as u64);
    let ids: BTreeSet<&String> = provisions.ids.iter().collect();
    assert_eq!(ids.len(), provisions.ids.len());
    assert!(provisions.inserted_2026.iter().all(|id| ids.contains(id)));
    assert!(provisions.deleted_2026.iter().all(|id| !ids.contains(id)));
}

fn is_insertion(change: &affiant_frameworks::requirement::Change) -> bool {
    change.kind == affiant_frameworks::requirement::ChangeKind::Inserted
}

#[test]
fn the_standard_holds_what_it_counts_and_what_the_text_counts() {
    let standard = framework("iso-42001");
    let clauses = || standard.at_level(Level::Clause);
    let held = BTreeMap::from([
        ("clause_groups", clauses().filter(|r| r.parent.is_none()).count()),
        ("clauses", clauses().count()),
        ("clause_leaves", clauses().filter(|r| r.assessable).count()),
        ("areas", standard.at_level(Level::Area).count()),
        ("objectives", standard.at_level(Level::Objective).count()),
        ("controls", standard.at_level(Level::Control).count()),
        ("documented_information", standard.documented_information.len()),
        ("assessable", standard.assessable().count()),
    ]);
    assert_eq!(counts(&standard), held);
    let official = [
        ("clause_groups", "clause_groups"),
        ("clause_nodes", "clauses"),
        ("clause_leaves", "clause_leaves"),
        ("annex_a_areas", "areas"),
        ("annex_a_objectives", "objectives"),
        ("annex_a_controls", "controls"),
    ];
    for (official, ours) in official {
        assert_eq!(standard.counts_official[official], standard.counts[ours], "{official}");
    }
}

#[test]
fn the_risk_framework_holds_what_it_counts_and_what_the_text_counts() {
    let nist = framework("nist-ai-rmf");
    let profile = nist.profile.as_ref().unwrap();
    let with_actions: BTreeSet<&str> =
        profile.actions.iter().map(|action| action.requirement.as_str()).collect();
    let held = BTreeMap::from([
        ("functions", nist.at_level(Level::Function).count()),
        ("categories", nist.at_level(Level::Category).count()),
        ("subcategories", nist.at_level(Level::Subcategory).count()),
        ("gai_risks", profile.risks.len()),
        ("gai_actions", profile.actions.len()),
        ("subcategories_with_gai_actions", with_actions.len()),
        ("assessable", nist.assessable().count()),
    ]);
    assert_eq!(counts(&nist), held);
    for (name, count) in &nist.counts_official {
        assert_eq!(nist.counts[name], *count, "{name}");
    }
}

fn counts(framework: &Framework) -> BTreeMap<&str, usize> {
    framework.counts.iter().map(|(name, count)| (name.as_str(), *count as usize)).collect()
}

#[test]
fn every_row_of_the_ai_act_is_a_provision_of_the_text_or_marked_as_ours() {
    let act = framework("eu-ai-act");
    let law = act.law.as_ref().unwrap();
    let provisions: BTreeSet<&str> =
        law.provisions.as_ref().unwrap().ids.iter().map(String::as_str).collect();
    let strays = act.at_level(Level::Row).filter(|r| !r.virtual_id && !provisions.contains(r.id.as_str()));
    assert_eq!(strays.map(|r| r.id.as_str()).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn every_provision_of_the_articles_with_operator_duties_is_a_row_or_has_one_below() {
    let act = framework("eu-ai-act");
    let law = act.law.as_ref().unwrap();
    let rows: BTreeSet<&str> = act.at_level(Level::Row).map(|r| r.id.as_str()).collect();
    let numbers = (8..=27).map(|n| n.to_string());
    let others = ["4", "4a", "5", "6", "43", "47", "48", "49", "50", "53", "54", "55", "72", "73", "86"];
    for number in numbers.chain(others.map(str::to_owned)) {
        let prefix = format!("art-{number}-");
        for id in law.provisions.as_ref().unwrap().ids.iter().filter(|id| id.starts_with(&prefix)) {
            let below = format!("{id}-");
            assert!(rows.contains(id.as_str()) || rows.iter().any(|row| row.starts_with(&below)), "{id}");
        }
    }
}

#[test]
fn nothing_that_does_not_bind_an_operator_is_assessable() {
    let act = framework("eu-ai-act");
    let authorities =
        ["commission", "member-state", "ai-office", "ai-board", "notified-body", "notifying-authority"];
    for requirement in act.assessable() {
        assert!(requirement.kind.can_bind(), "{requirement}");
        assert!(requirement.deleted.is_none(), "{requirement}");
        assert!(!requirement.roles.iter().all(|role| authorities.contains(&role.as_str())), "{requirement}");
    }
    for id in
        ["art-3", "art-4-2", "art-2-3", "art-99-1", "art-111-2", "annex-viii-b-7", "annex-iii-5-b", "art-9"]
    {
        assert!(act.requirement(id).is_none_or(|requirement| !requirement.assessable), "{id}");
    }
    let options = act.assessable().filter(|r| matches!(r.kind, Kind::Derogation | Kind::Presumption));
    for option in options {
        let condition = option.condition.as_ref().expect("an option names what relies on it");
        assert!(condition.all.contains_key("relies_on"), "{option}");
    }
}

#[test]
fn fines_and_clocks_are_those_of_the_law() {
    let act = framework("eu-ai-act");
    let law = act.law.as_ref().unwrap();
    let cap = |tier: &str| (law.penalty_tiers[tier].cap_eur, law.penalty_tiers[tier].cap_turnover_pct);
    assert_eq!(cap("99-3"), (Some(35_000_000), Some(7)));
    assert_eq!(cap("99-4"), (Some(15_000_000), Some(3)));
    assert_eq!(cap("99-5"), (Some(7_500_000), Some(1)));
    assert_eq!(cap("99-1"), (None, None));
    let clock =
        |id: &str| law.deadlines.iter().find(|d| d.id == id).map(|d| (d.limit.value, d.limit.unit.clone()));
    assert_eq!(clock("dl-73-2"), Some((Some(15), "days".into())));
    assert_eq!(clock("dl-73-3"), Some((Some(2), "days".into())));
    assert_eq!(clock("dl-73-4"), Some((Some(10), "days".into())));
    assert_eq!(clock("dl-18-1"), Some((Some(10), "years".into())));
    assert!(
        law.standards.iter().all(|standard| !standard.oj_cited),
        "no standard is cited in the Official Journal"
    );
}

#[test]
fn every_mapping_leads_from_a_control_to_a_requirement_on_which_evidence_is_judged() {
    let (mappings, controls) = (MappingSets::embedded(), ControlSet::embedded());
    for id in EMBEDDED.into_iter().chain(EARLIER) {
        assert_eq!(mappings.check(&framework(id), &controls), []);
        assert!(mappings.of(id).all(|mapping| !mapping.rationale.is_empty()));
    }
}

#[test]
fn every_requirement_is_reached_by_a_control_or_listed_with_the_document_that_settles_it() {
    let mappings = MappingSets::embedded();
    for id in EMBEDDED {
        let mapped: BTreeSet<&str> = mappings.of(id).map(|mapping| mapping.requirement.as_str()).collect();
        let listed: BTreeMap<&str, &str> = mappings
            .sets()
            .iter()
            .flat_map(|set| set.documents_for(id))
            .map(|it| (it.requirement.as_str(), it.reason.as_str()))
            .collect();
        let framework = framework(id);
        let silent: Vec<&str> = framework
            .assessable()
            .map(|requirement| requirement.id.as_str())
            .filter(|id| !mapped.contains(id) && !listed.contains_key(id))
            .collect();
        assert!(silent.is_empty(), "{id}: neither a control nor a reason: {silent:?}");
        let both: Vec<&&str> = listed.keys().filter(|requirement| mapped.contains(**requirement)).collect();
        assert!(both.is_empty(), "{id}: mapped, and listed as in need of a document: {both:?}");
        assert!(listed.values().all(|reason| reason.len() > 20), "{id}: a reason is a sentence");
    }
}

#[test]
fn the_standard_needs_no_document_beside_its_controls_and_the_law_few() {
    let mappings = MappingSets::embedded();
    let listed = |id| mappings.documents_for(id).count();
    assert_eq!((listed("eu-ai-act"), listed("iso-42001"), listed("nist-ai-rmf")), (53, 0, 0));
    // What the law forbids or asks of an operator is never left to a document alone.
    let act = framework("eu-ai-act");
    let asked = mappings.documents_for("eu-ai-act").filter_map(|it| act.requirement(&it.requirement));
    let duties: Vec<&str> = asked
        .filter(|row| {
            matches!(row.kind, Kind::Prohibition | Kind::SystemRequirement | Kind::ContentRequirement)
        })
        .map(|row| row.id.as_str())
        .collect();
    // The provision itself calls this field of the registration optional.
    assert_eq!(duties, ["annex-viii-a-13"]);
}

#[test]
fn the_mappings_are_the_citations_of_the_control_catalog_and_none_is_left_unresolved() {
    let (mappings, controls) = (MappingSets::embedded(), ControlSet::embedded());
    for id in EMBEDDED {
        let framework = framework(id);
        let mut cited = BTreeSet::new();
        for control in controls.controls() {
            for citation in control.maps.get(id).into_iter().flatten() {
                let found = framework.resolve(citation);
                let found = found.unwrap_or_else(|| panic!("{} cites {citation} of {id}", control.id));
                cited.extend(found.requirements.iter().map(|r| (control.id.to_string(), r.id.clone())));
            }
        }
        let mapped: BTreeSet<(String, String)> =
            mappings.of(id).map(|m| (m.control.to_string(), m.requirement.clone())).collect();
        let lacking: Vec<_> = cited.difference(&mapped).collect();
        let surplus: Vec<_> = mapped.difference(&cited).collect();
        assert!(
            lacking.is_empty() && surplus.is_empty(),
            "mappings.yaml, {id}: add {lacking:?}, remove {surplus:?}"
        );
    }
}

#[test]
fn the_page_on_frameworks_names_every_catalog_and_every_fact() {
    let page = std::fs::read_to_string(data("../../docs/frameworks.md")).unwrap();
    for id in EMBEDDED {
        let framework = framework(id);
        let row =
            format!("| `{id}` | {} | {} | {} |", framework.identifier, framework.version, framework.as_of);
        assert!(page.contains(&row), "docs/frameworks.md lacks `{row}`");
        for (fact, definition) in &framework.vocabularies.facts {
            assert!(
                page.contains(&format!("| `{fact}` | {}", definition.about)),
                "docs/frameworks.md lacks `{fact}`"
            );
        }
    }
}

#[test]
fn catalogs_carry_no_paths_of_the_machine_they_were_made_on() {
    for name in ["eu-ai-act", "eu-ai-act-2024", "iso-42001", "nist-ai-rmf", "mappings", "ms-mappings"] {
        let text = yaml(name);
        for trace in ["/work", "/home", "/tmp", "_build"] {
            assert!(!text.contains(trace), "{name}.yaml contains `{trace}`");
        }
    }
}

#[test]
fn a_framework_with_faults_is_refused_with_place_and_hint() {
    let break_and_read = |from: &str, to: &str| {
        let text = yaml("iso-42001");
        assert!(text.contains(from), "{from}");
        match Framework::from_yaml(&text.replacen(from, to, 1)) {
            Err(FrameworkError::Faulty { faults, .. }) => faults,
            other => panic!("{:?}", other.map(|framework| framework.id.clone())),
        }
    };
    let dangling = break_and_read("parent: \"6.1\"\n", "parent: \"6.9\"\n");
    assert!(dangling[0].what.contains("no requirement `6.9`"), "{dangling:?}");
    assert!(!dangling[0].hint.is_empty() && !dangling[0].place.is_empty());
    let twice = break_and_read("id: \"4.2\"\n", "id: \"4.1\"\n");
    assert!(twice.iter().any(|fault| fault.place == "4.1" && fault.what.contains("twice")), "{twice:?}");
    let word = break_and_read("evidence: [qms-document]", "evidence: [hearsay]");
    assert!(word[0].what.contains("unknown evidence kind `hearsay`"), "{word:?}");
    let group = break_and_read("    group: clause-5\n", "    group: clause-55\n");
    assert!(group[0].what.contains("no group `clause-55`"), "{group:?}");
}

#[test]
fn bad_dates_unknown_fields_and_keys_twice_are_refused_with_the_line() {
    let text = yaml("eu-ai-act");
    for (from, to) in [
        ("as_of: \"2026-11-22\"", "as_of: \"2026-02-30\""),
        ("kind: law\n", "kind: law\nkind: law\n"),
        ("kind: law\n", "kind: law\nverdict: fine\n"),
        ("kind: law\n", "kind: bylaw\n"),
        ("date: \"2024-08-01\"", "date: \"01.08.2024\""),
    ] {
        assert!(text.contains(from), "{from}");
        match Framework::from_yaml(&text.replacen(from, to, 1)) {
            Err(FrameworkError::Yaml(message)) => assert!(message.contains("line"), "{message}"),
            other => panic!("{to}: {:?}", other.map(|framework| framework.id.clone())),
        }
    }
}

#[test]
fn faults_of_a_law_are_found() {
    let text = yaml("eu-ai-act");
    for (from, to, what) in [
        ("    dates: DR-HR\n", "    dates: DR-XX\n", "no date rule `DR-XX`"),
        ("    roles: [provider]\n", "    roles: [baker]\n", "unknown role `baker`"),
        ("    risk_classes: [high-risk]\n", "    risk_classes: [odd]\n", "unknown risk class `odd`"),
        ("annex_iii: [\"1.a\"]", "annex_iii: [\"9.z\"]", "fact `annex_iii` has no value `9.z`"),
        ("dpia_required: [\"true\"]", "dpia: [\"true\"]", "unknown fact `dpia`"),
        ("{tier: \"99-4\", via: Art. 16(a)}", "{tier: \"98-4\", via: Art. 16(a)}", "no penalty tier `98-4`"),
        ("requirement: art-73-2\n", "requirement: art-73-99\n", "no requirement `art-73-99`"),
        ("kind: scope\n", "kind: scope\n    assessable: true\n", "marked assessable, but"),
        ("rule: tr-111-2\n", "rule: tr-111-9\n", "no transitional rule `tr-111-9`"),
        (
            "role: employer-deployer, is_a: deployer",
            "role: deployer, is_a: deployer",
            "`deployer` is narrower than",
        ),
        ("gpai-systemic, is_a: gpai}", "gpai-systemic, is_a: gpai-odd}", "unknown risk class `gpai-odd`"),
        ("gpai-systemic, is_a: gpai}", "gpai-systemic, is_a: all}", "`all` is no class of its own"),
        (
            "gpai-systemic, is_a: gpai}",
            "gpai-systemic, is_a: gpai-systemic}",
            "`gpai-systemic` is narrower than",
        ),
        (
            "value: mdr, is_a: annex-i-a}",
            "value: mdr, is_a: annex-i-z}",
            "fact `product_law` has no value `annex-i-z`",
        ),
        ("value: mdr, is_a: annex-i-a}", "value: mdr, is_a: none}", "fact `product_law`: `none` is no value"),
        ("fact: product_law, value: mdr", "fact: product, value: mdr", "unknown fact `product`"),
        (
            "value: public-authority, is_a: public-body}",
            "value: public-authority, is_a: law-enforcement}",
            "`law-enforcement` is narrower than itself",
        ),
        (
            "gpai-systemic, fact: systemic_risk",
            "gpai-systemic, fact: licence",
            "fact `licence` has no value `true`",
        ),
        ("keeps_risk_classes: [high-risk,", "keeps_risk_classes: [odd,", "unknown risk class `odd`"),
        ("only_routes: [annex-i]", "only_routes: [annex-x]", "unknown route `annex-x`"),
    ] {
        assert!(text.contains(from), "{from}");
        match Framework::from_yaml(&text.replacen(from, to, 1)) {
            Err(FrameworkError::Faulty { faults, .. }) => {
                assert!(faults.iter().any(|fault| fault.what.contains(what)), "{what}: {faults:?}");
            }
            other => panic!("{what}: {:?}", other.map(|framework| framework.id.clone())),
        }
    }
}

#[test]
fn one_flipped_byte_of_a_framework_never_reads_as_the_same_framework() {
    let bytes = Framework::embedded_bytes("iso-42001").unwrap().to_vec();
    let whole = framework("iso-42001");
    for at in (0..bytes.len()).step_by(97) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        assert_ne!(Framework::from_bytes(&flipped).ok().map(|f| f.digest()), Some(whole.digest()));
    }
    assert_eq!(codec::check(&bytes), Ok(()));
}
