//! The facts of the embedded catalogs, one by one: how many articles, points, clauses, controls and actions the texts
//! have, which ids they carry, where each stands, and the dates, caps and clocks a reader relies on. The numbers are
//! those of the texts, written here by hand, so a row lost or added by a slip of the data does not go unseen.
//!
//! Not repeated here: catalogs.rs holds that the embedded bytes are the YAML compiled, that each catalog passes the
//! linter (ids unique, references lead somewhere, words in the vocabulary, calendar in order), that its counts are its
//! rows, that rows are provisions of the text, the caps of Art. 99, the clocks of Arts. 18 and 73, and that crosswalk and
//! mappings resolve. golden.rs holds what follows for systems.

#![allow(clippy::unwrap_used, reason = "tests")]

use affiant_frameworks::crosswalk::{Crosswalk, RowBasis, WHOLE};
use affiant_frameworks::framework::EMBEDDED;
use affiant_frameworks::law::Law;
use affiant_frameworks::{Framework, Kind, Level, MappingSet, Relation, Requirement};
use affiant_ledger::time::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

fn act() -> &'static Framework {
    static ACT: OnceLock<Framework> = OnceLock::new();
    ACT.get_or_init(|| Framework::embedded("eu-ai-act").unwrap())
}

fn law() -> &'static Law {
    act().law.as_ref().unwrap()
}

fn iso() -> Framework {
    Framework::embedded("iso-42001").unwrap()
}

fn nist() -> Framework {
    Framework::embedded("nist-ai-rmf").unwrap()
}

/// How often each key occurs.
fn tally<'a>(keys: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    keys.fold(BTreeMap::new(), |mut tally, key| {
        *tally.entry(key).or_default() += 1;
        tally
    })
}

/// The ids of a level, in document order.
fn ids(framework: &Framework, level: Level) -> Vec<&str> {
    framework.at_level(level).map(|requirement| requirement.id.as_str()).collect()
}

/// Rows of the annexes whose ids begin so.
fn annex_rows(prefix: &str) -> impl Iterator<Item = &'static Requirement> {
    act().at_level(Level::AnnexRow).filter(move |row| row.id.starts_with(prefix))
}

/// How many of them stand so deep.
fn at_depth(prefix: &str, hyphens: usize) -> usize {
    annex_rows(prefix).filter(|row| row.id.matches('-').count() == hyphens).count()
}

/// The article number of `art-60a` and `art-60a-5-b`.
fn article(id: &str) -> &str {
    id.strip_prefix("art-").and_then(|rest| rest.split('-').next()).unwrap_or_else(|| panic!("{id}"))
}

fn base(number: &str) -> u32 {
    number.trim_end_matches(|c: char| c.is_ascii_lowercase()).parse().unwrap()
}

// ---- EU AI Act ----

#[test]
fn the_act_has_its_113_articles_and_the_six_inserted_in_2026() {
    let numbers: Vec<&str> = ids(act(), Level::Article).into_iter().map(article).collect();
    assert_eq!(numbers.len(), 119);
    let (plain, inserted): (Vec<&str>, Vec<&str>) =
        numbers.iter().partition(|number| number.bytes().all(|b| b.is_ascii_digit()));
    let plain: Vec<u32> = plain.into_iter().map(base).collect();
    assert_eq!(plain, Vec::from_iter(1..=113), "in document order");
    assert_eq!(inserted, ["4a", "60a", "75a", "75b", "75c", "75d"]);
}

#[test]
fn chapters_and_sections_are_those_of_the_act() {
    let (sections, chapters): (Vec<_>, Vec<_>) = act().groups.iter().partition(|g| g.parent.is_some());
    let chapters: Vec<&str> = chapters.into_iter().map(|group| group.id.as_str()).collect();
    let numerals = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii"];
    assert_eq!(chapters, numerals.map(|numeral| format!("chapter-{numeral}")));
    let per_chapter = tally(sections.into_iter().filter_map(|group| group.parent.as_deref()));
    let expected = [("chapter-iii", 5), ("chapter-v", 4), ("chapter-vii", 2), ("chapter-ix", 5)];
    assert_eq!(per_chapter, BTreeMap::from(expected));
}

#[test]
fn every_article_stands_in_the_chapter_that_holds_its_number() {
    let chapters = [
        ("i", 1..=4),
        ("ii", 5..=5),
        ("iii", 6..=49),
        ("iv", 50..=50),
        ("v", 51..=56),
        ("vi", 57..=63),
        ("vii", 64..=70),
        ("viii", 71..=71),
        ("ix", 72..=94),
        ("x", 95..=96),
        ("xi", 97..=98),
        ("xii", 99..=101),
        ("xiii", 102..=113),
    ];
    for requirement in act().at_level(Level::Article) {
        let group = act().group_of(requirement).unwrap_or_else(|| panic!("{requirement}: no chapter"));
        let chapter = group.parent.as_deref().unwrap_or(&group.id);
        let number = base(article(&requirement.id));
        let (expected, _) = chapters.iter().find(|(_, articles)| articles.contains(&number)).unwrap();
        assert_eq!(chapter, format!("chapter-{expected}"), "{requirement}");
    }
}

#[test]
fn titles_of_articles_are_the_official_ones() {
    for (id, title) in [
        ("art-4", "AI literacy"),
        ("art-9", "Risk management system"),
        ("art-12", "Record-keeping"),
        ("art-26", "Obligations of deployers of high-risk AI systems"),
        (
            "art-72",
            "Post-market monitoring by providers and post-market monitoring plan for high-risk AI systems",
        ),
        ("art-75", "Market surveillance and control of AI systems and mutual assistance"),
        (
            "art-77",
            "Powers of authorities protecting fundamental rights and cooperation with market surveillance authorities",
        ),
    ] {
        assert_eq!(act().requirement(id).unwrap().title, title, "{id}");
    }
}

#[test]
fn the_act_has_fourteen_annexes_in_order() {
    let citations: Vec<&str> = act().at_level(Level::Annex).map(|annex| annex.citation.as_str()).collect();
    let numerals = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV"];
    assert_eq!(citations, numerals.map(|numeral| format!("Annex {numeral}")));
}

#[test]
fn rows_and_provisions_are_as_many_as_were_read() {
    assert!(act().at_level(Level::Row).count() >= 420);
    assert_eq!(act().at_level(Level::AnnexRow).count(), 180);
    let provisions = law().provisions.as_ref().unwrap();
    assert_eq!((provisions.ids.len(), provisions.original_count), (1047, 965));
    assert_eq!((provisions.inserted_2026.len(), provisions.deleted_2026.len()), (87, 7));
    // 965 - 7 + 87 is two short: letters a and b of the second list of Art. 43(1) had been counted with the first.
    let lists: Vec<&str> = provisions.ids.iter().filter_map(|id| id.strip_prefix("art-43-1-")).collect();
    assert_eq!(lists, ["a", "b", "sub2-a", "sub2-b", "sub2-c", "sub2-d"]);
}

#[test]
fn every_node_of_the_act_says_whom_it_addresses_what_it_concerns_from_when_and_under_which_fine() {
    for requirement in &act().requirements {
        assert!(!requirement.roles.is_empty(), "{requirement}: no role");
        assert!(!requirement.risk_classes.is_empty(), "{requirement}: no risk class");
        assert!(requirement.dates.is_some(), "{requirement}: no date rule");
        assert!(requirement.penalty.is_some(), "{requirement}: no tier, not even `none`");
        assert!(requirement.summary.chars().count() > 10, "{requirement}: {}", requirement.summary);
        let foreign = [Kind::Clause, Kind::ControlObjective, Kind::ReferenceControl, Kind::Outcome]
            .contains(&requirement.kind);
        assert!(!foreign, "{requirement}: {:?} is no provision of a law", requirement.kind);
    }
}

#[test]
fn every_row_stands_below_its_article_and_every_annex_row_below_its_annex() {
    let above = |requirement: &Requirement| {
        let parent = requirement.parent.as_deref().unwrap_or_else(|| panic!("{requirement}: no parent"));
        act().requirement(parent).unwrap()
    };
    for level in [Level::Row, Level::AnnexRow] {
        for requirement in act().at_level(level) {
            let mut top = above(requirement);
            while top.level == level {
                top = above(top);
            }
            if level == Level::Row {
                assert_eq!(top.level, Level::Article, "{requirement}");
                assert_eq!(article(&top.id), article(&requirement.id), "{requirement}");
            } else {
                assert_eq!(top.level, Level::Annex, "{requirement}");
                assert!(requirement.id.starts_with(&format!("{}-", top.id)), "{requirement}");
            }
        }
    }
}

#[test]
fn what_was_deleted_in_2026_is_gone_and_what_was_inserted_is_there() {
    let old = act().requirements.iter().find(|r| r.id == "art-10-5" || r.id.starts_with("art-10-5-"));
    assert_eq!(old, None, "Art. 10(5) was deleted");
    let letters =
        ["a", "b", "c", "d", "e", "f", "g", "h", "ba", "bb"].map(|point| format!("art-5-1-{point}"));
    for id in letters.iter().map(String::as_str).chain(["art-6-3-profiling"]) {
        assert!(act().requirement(id).is_some_and(|r| r.level == Level::Row), "{id}");
    }
}

#[test]
fn every_article_with_operator_duties_has_rows() {
    let with_rows: BTreeSet<&str> = ids(act(), Level::Row).into_iter().map(article).collect();
    let numbers = (8..=27).map(|number| number.to_string());
    let others = ["4", "4a", "5", "6", "43", "47", "48", "49", "50", "53", "54", "55", "72", "73", "86"];
    for number in numbers.chain(others.map(str::to_owned)) {
        assert!(with_rows.contains(number.as_str()), "Art. {number}");
    }
}

#[test]
fn lists_within_articles_are_whole() {
    let rows = ids(act(), Level::Row);
    let under = |prefix: &str| rows.iter().filter(|id| id.starts_with(prefix)).count();
    assert_eq!(under("art-17-1-"), 13, "aspects of the quality management system");
    assert_eq!(under("art-16-"), 12, "obligations of providers");
}

#[test]
fn annexes_have_the_points_of_the_text() {
    assert_eq!(annex_rows("annex-i-").count(), 21);
    assert_eq!((at_depth("annex-iii-", 2), at_depth("annex-iii-", 3)), (8, 24), "areas, lettered points");
    assert_eq!((at_depth("annex-iv-", 2), at_depth("annex-iv-", 3)), (9, 16), "points, lettered points");
    for (prefix, count) in [
        ("annex-v-", 8),
        ("annex-vi-", 4),
        ("annex-viii-a", 13),
        ("annex-viii-b", 9),
        ("annex-viii-c", 5),
        ("annex-ix-", 5),
        ("annex-xi-1", 13),
        ("annex-xi-2", 3),
        ("annex-xii-", 13),
        ("annex-xiii-", 7),
    ] {
        assert_eq!(annex_rows(prefix).count(), count, "{prefix}");
    }
    let deleted = tally(act().requirements.iter().filter(|r| r.deleted.is_some()).map(|r| r.id.as_str()));
    assert_eq!(Vec::from_iter(deleted.into_keys()), ["annex-i-a-1", "annex-viii-b-7", "annex-viii-b-9"]);
    let list = |id: &str| act().requirement(id).unwrap();
    assert_eq!(list("annex-ii").items.len(), 16, "offences");
    assert_eq!(list("annex-x").items.len(), 7, "large-scale IT systems");
    assert_eq!(list("annex-xiv").codes.len(), 22, "codes");
}

fn dates(dates: &[(&str, &str)]) -> BTreeMap<String, Date> {
    dates.iter().map(|(key, date)| ((*key).to_owned(), date.parse().unwrap())).collect()
}

#[test]
fn dates_are_those_of_the_text_in_force_beside_those_of_2024() {
    let high_risk = &act().date_rules["DR-HR"];
    assert_eq!(high_risk.current, dates(&[("annex-iii", "2027-12-02"), ("annex-i", "2028-08-02")]));
    assert_eq!(high_risk.original, dates(&[("annex-iii", "2026-08-02"), ("annex-i", "2027-08-02")]));
    let current = |id: &str| &act().date_rule(act().requirement(id).unwrap()).unwrap().current;
    let marking = dates(&[("all", "2026-08-02"), ("placed-before-2026-08-02", "2026-12-02")]);
    assert_eq!(*current("art-50-2"), marking);
    assert_eq!(*current("art-4"), dates(&[("all", "2025-02-02")]));
    assert_eq!(*current("art-5-1-ba"), dates(&[("all", "2026-12-02")]));
    assert_eq!(current("art-53")["all"], "2025-08-02".parse().unwrap());
    assert_eq!(current("art-101")["all"], "2026-08-02".parse().unwrap());
    assert_eq!(act().date_rules.len(), 19);
}

#[test]
fn fines_for_model_providers_and_the_retention_of_logs_are_those_of_the_law() {
    let tier = &law().penalty_tiers["101"];
    assert_eq!((tier.cap_eur, tier.cap_turnover_pct), (Some(15_000_000), Some(3)));
    for (id, requirement, value, unit) in
        [("dl-19-1", "art-19-1", 6, "months"), ("dl-26-6", "art-26-6", 6, "months")]
    {
        let clock = law().deadlines.iter().find(|deadline| deadline.id == id).unwrap();
        let found = (clock.requirement.as_str(), clock.limit.value, clock.limit.unit.as_str());
        assert_eq!(found, (requirement, Some(value), unit), "{id}");
    }
    assert!(law().deadlines.iter().all(|deadline| !deadline.actors.is_empty()), "a clock runs for nobody");
}

#[test]
fn how_well_each_standard_is_known_is_said_in_one_of_three_words() {
    for standard in &law().standards {
        let word = standard.confidence.as_str();
        assert!(["verified", "secondary", "unverified"].contains(&word), "{}: {word}", standard.id);
    }
}

// ---- NIST AI RMF ----

#[test]
fn the_risk_framework_has_four_functions_nineteen_categories_and_seventy_two_subcategories() {
    let nist = nist();
    assert_eq!(ids(&nist, Level::Function), ["GOVERN", "MAP", "MEASURE", "MANAGE"]);
    let per_function = |level| {
        let ids = ids(&nist, level);
        ["GOVERN ", "MAP ", "MEASURE ", "MANAGE "]
            .map(|function| ids.iter().filter(|id| id.starts_with(function)).count())
    };
    assert_eq!(per_function(Level::Category), [6, 5, 4, 4]);
    assert_eq!(per_function(Level::Subcategory), [19, 18, 22, 13]);
    assert_eq!(nist.requirements.len(), 4 + 19 + 72);
}

#[test]
fn subcategories_stand_below_their_category_and_are_numbered_without_a_gap() {
    let nist = nist();
    let mut numbers: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for subcategory in nist.at_level(Level::Subcategory) {
        let (category, number) = subcategory.id.rsplit_once('.').unwrap();
        assert_eq!(subcategory.parent.as_deref(), Some(category), "{subcategory}");
        numbers.entry(category).or_default().push(number.parse().unwrap());
    }
    let categories: BTreeSet<&str> = ids(&nist, Level::Category).into_iter().collect();
    assert_eq!(numbers.keys().copied().collect::<BTreeSet<_>>(), categories);
    for (category, numbers) in numbers {
        assert_eq!(numbers, Vec::from_iter(1..=numbers.len() as u32), "{category}");
    }
}

#[test]
fn the_profile_suggests_212_actions_numbered_without_a_gap_under_49_subcategories() {
    let nist = nist();
    let profile = nist.profile.as_ref().unwrap();
    assert_eq!((profile.actions.len(), profile.risks.len()), (212, 12));
    let per_function = tally(profile.actions.iter().map(|action| &action.id[..2]));
    assert_eq!(per_function, BTreeMap::from([("GV", 58), ("MP", 39), ("MS", 72), ("MG", 43)]));
    let mut numbers: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for action in &profile.actions {
        let subcategory = nist.requirement(&action.requirement).unwrap();
        assert_eq!(subcategory.level, Level::Subcategory, "{}", action.id);
        let number = action.id.rsplit_once('-').unwrap().1;
        assert_eq!(number.len(), 3, "{}", action.id);
        numbers.entry(&action.requirement).or_default().push(number.parse().unwrap());
    }
    assert_eq!(numbers.len(), 49);
    for (subcategory, numbers) in numbers {
        assert_eq!(numbers, Vec::from_iter(1..=numbers.len() as u32), "{subcategory}");
    }
}

#[test]
fn each_risk_of_the_profile_is_answered_by_as_many_actions_as_in_the_text() {
    let nist = nist();
    let actions = &nist.profile.as_ref().unwrap().actions;
    let per_risk = tally(actions.iter().flat_map(|action| action.risks.iter().map(String::as_str)));
    let expected = [
        ("cbrn", 31),
        ("confabulation", 18),
        ("dangerous-violent-hateful", 31),
        ("data-privacy", 29),
        ("environmental", 4),
        ("harmful-bias-homogenization", 57),
        ("human-ai-configuration", 58),
        ("information-integrity", 73),
        ("information-security", 51),
        ("intellectual-property", 28),
        ("obscene-degrading-abusive", 14),
        ("value-chain", 36),
    ];
    assert_eq!(per_risk, BTreeMap::from(expected));
}

// ---- ISO/IEC 42001 ----

#[test]
fn the_standard_has_43_clauses_in_seven_groups_of_which_32_are_leaves() {
    let iso = iso();
    let clauses = ids(&iso, Level::Clause);
    assert_eq!(clauses.len(), 43);
    assert_eq!(clauses.iter().filter(|id| !id.contains('.')).count(), 7);
    let parents: BTreeSet<&str> = iso.requirements.iter().filter_map(|r| r.parent.as_deref()).collect();
    let leaves: BTreeSet<&str> = clauses.iter().copied().filter(|id| !parents.contains(id)).collect();
    assert_eq!(leaves.len(), 32);
    let judged = iso.at_level(Level::Clause).filter(|r| r.assessable).map(|r| r.id.as_str());
    assert_eq!(judged.collect::<BTreeSet<_>>(), leaves, "evidence is judged on leaves");
    for id in ["6.1.1", "6.1.2", "6.1.3", "6.1.4", "10.2", "7.5.3", "9.2.2", "9.3.3"] {
        assert!(clauses.contains(&id), "{id}");
    }
}

#[test]
fn annex_a_has_nine_areas_ten_objectives_and_38_controls() {
    let iso = iso();
    assert_eq!(ids(&iso, Level::Area).len(), 9);
    assert_eq!(ids(&iso, Level::Objective).len(), 10);
    let controls = ids(&iso, Level::Control);
    assert_eq!(controls.len(), 38);
    let areas = tally(controls.into_iter().map(|id| &id[..id.match_indices('.').nth(1).unwrap().0]));
    let expected = [
        ("A.2", 3),
        ("A.3", 2),
        ("A.4", 5),
        ("A.5", 4),
        ("A.6", 9),
        ("A.7", 5),
        ("A.8", 4),
        ("A.9", 3),
        ("A.10", 3),
    ];
    assert_eq!(areas, BTreeMap::from(expected));
}

#[test]
fn the_standard_asks_for_nineteen_kinds_of_documented_information_in_its_clauses() {
    let iso = iso();
    assert_eq!(iso.documented_information.len(), 19);
    for item in &iso.documented_information {
        let clause = iso.requirement(&item.clause).unwrap();
        assert_eq!(clause.level, Level::Clause, "{}", item.what);
    }
}

// ---- Crosswalk and mappings ----

#[test]
fn rows_of_the_crosswalk_are_proposals_exactly_where_we_are_their_source() {
    let crosswalk = Crosswalk::embedded();
    for row in &crosswalk.rows {
        assert_eq!(row.basis == RowBasis::Proposed, row.source == "affiant", "{} -> {}", row.from, row.to);
    }
    let listed = crosswalk.rows.iter().filter(|row| row.source == "nist-listed-ms-42001");
    assert_eq!(listed.count(), 71, "listed by NIST");
    let sources: BTreeSet<&str> = crosswalk.rows.iter().map(|row| row.source.as_str()).collect();
    assert_eq!(sources, crosswalk.sources.iter().map(|source| source.id.as_str()).collect());
}

#[test]
fn only_the_standard_is_ever_meant_as_a_whole() {
    let crosswalk = Crosswalk::embedded();
    let ends = crosswalk.rows.iter().flat_map(|row| [&row.from, &row.to]);
    let wholes: BTreeSet<&str> =
        ends.filter_map(|end| end.split_once(':').filter(|(_, id)| *id == WHOLE)).map(|(of, _)| of).collect();
    assert_eq!(wholes, BTreeSet::from(["iso-42001"]));
}

#[test]
fn every_subcategory_leads_somewhere_and_every_control_of_the_standard_is_reached() {
    let crosswalk = Crosswalk::embedded();
    let from: BTreeSet<&str> =
        crosswalk.rows.iter().filter_map(|row| row.from.strip_prefix("nist-ai-rmf:")).collect();
    let to: BTreeSet<&str> =
        crosswalk.rows.iter().filter_map(|row| row.to.strip_prefix("iso-42001:")).collect();
    let (nist, iso) = (nist(), iso());
    for id in ids(&nist, Level::Subcategory) {
        assert!(from.contains(id), "{id} has no row");
    }
    for id in ids(&iso, Level::Control) {
        assert!(to.contains(id), "{id} is not reached");
    }
}

#[test]
fn every_framework_is_mapped_and_no_mapping_claims_more_than_to_bear_on_a_requirement() {
    let mappings = MappingSet::embedded();
    let mapped: Vec<&str> = mappings.frameworks.keys().map(String::as_str).collect();
    assert_eq!(mapped, EMBEDDED);
    for mapping in mappings.frameworks.values().flatten() {
        assert_eq!(
            mapping.relation,
            Relation::IntersectsWith,
            "{} -> {}",
            mapping.control,
            mapping.requirement
        );
    }
}
