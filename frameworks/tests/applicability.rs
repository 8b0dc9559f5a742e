//! Applicability and timing of the EU AI Act: what binds whom, from when, and what silence means.

#![allow(clippy::unwrap_used, reason = "tests")]

use affiant_controls::System;
use affiant_frameworks::{
    Applicability, ApplicabilityState, Framework, Timing, TimingState, applicability, explain,
};
use affiant_ledger::time::Date;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

fn act() -> &'static Framework {
    static ACT: OnceLock<Framework> = OnceLock::new();
    ACT.get_or_init(|| Framework::embedded("eu-ai-act").unwrap())
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn words(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A system as stated: roles, risk classes, routes and further facts.
fn system(roles: &[&str], risk_classes: &[&str], routes: &[&str], facts: &[(&str, &[&str])]) -> System {
    let mut system = System::new("credit-scoring".parse().unwrap(), "Credit scoring");
    system.roles = words(roles);
    system.risk_classes = words(risk_classes);
    system.routes = words(routes);
    system.facts = facts.iter().map(|(fact, values)| ((*fact).to_owned(), words(values))).collect();
    system
}

/// The provider of a high-risk Annex III system.
fn credit_scoring() -> System {
    system(&["provider"], &["high-risk"], &["annex-iii"], &[("annex_iii", &["5.b"])])
}

fn on(id: &str, system: &System, day: &str) -> (Applicability, Timing) {
    let requirement = act().requirement(id).unwrap_or_else(|| panic!("{id}"));
    applicability(act(), requirement, system, date(day))
}

fn state(id: &str, system: &System) -> ApplicabilityState {
    on(id, system, TODAY).0.state
}

fn timed(id: &str, system: &System, day: &str) -> (TimingState, Option<Date>) {
    let timing = on(id, system, day).1;
    (timing.state, timing.date)
}

fn missing(id: &str, system: &System) -> BTreeSet<String> {
    on(id, system, TODAY).0.missing
}

use ApplicabilityState::{Applies, DoesNotApply, Unknown};
const TODAY: &str = "2026-11-24";

#[test]
fn high_risk_duties_are_upcoming_by_the_dates_of_2026_and_print_those_of_2024() {
    let (applicability, timing) = on("art-9-1", &credit_scoring(), TODAY);
    assert_eq!(applicability.state, Applies);
    assert_eq!((timing.state, timing.date), (TimingState::Upcoming, Some(date("2027-12-02"))));
    assert_eq!(timing.original["annex-iii"], date("2026-08-02"));
    assert_eq!(timing.current["annex-iii"], date("2027-12-02"));
    assert!(timing.reason.contains("the 2024 text said 2026-08-02 (annex-iii)"), "{}", timing.reason);
    let product = system(&["provider"], &["high-risk"], &["annex-i"], &[]);
    assert_eq!(timed("art-9-1", &product, TODAY), (TimingState::Upcoming, Some(date("2028-08-02"))));
    assert_eq!(timed("art-9-1", &credit_scoring(), "2027-12-01").0, TimingState::Upcoming);
    assert_eq!(timed("art-9-1", &credit_scoring(), "2027-12-02").0, TimingState::InForce);
}

#[test]
fn transparency_literacy_and_old_bans_are_in_force_and_new_bans_are_upcoming() {
    let chat =
        system(&["provider"], &["transparency", "prohibited"], &[], &[("interacts_with_persons", &["true"])]);
    let in_force = |day: &str| (TimingState::InForce, Some(date(day)));
    assert_eq!(timed("art-50-1", &chat, TODAY), in_force("2026-08-02"));
    assert_eq!(timed("art-4-1", &chat, TODAY), in_force("2025-02-02"));
    assert_eq!(timed("art-5-1-a", &chat, TODAY), in_force("2025-02-02"));
    assert_eq!(timed("art-5-1-ba", &chat, TODAY), (TimingState::Upcoming, Some(date("2026-12-02"))));
    assert_eq!(timed("art-5-1-ba", &chat, "2026-12-02"), in_force("2026-12-02"));
    assert!(on("art-5-1-ba", &chat, TODAY).1.reason.contains("not in the 2024 text"));
    assert_eq!(timed("art-4a-1", &credit_scoring(), TODAY), in_force("2026-07-27"));
}

#[test]
fn a_duty_formally_in_force_prints_the_day_it_can_first_bite_as_our_reading() {
    let (_, timing) = on("art-72-1", &credit_scoring(), TODAY);
    assert_eq!((timing.state, timing.date), (TimingState::InForce, Some(date("2026-08-02"))));
    assert_eq!(timing.practical["annex-iii"], date("2027-12-02"));
    assert!(timing.inference);
    assert!(
        timing.reason.contains("can first bite on 2027-12-02 (annex-iii), our reading"),
        "{}",
        timing.reason
    );
    assert!(!on("art-9-1", &credit_scoring(), TODAY).1.inference);
}

#[test]
fn marking_has_a_grace_for_systems_placed_earlier_but_only_with_the_date() {
    let mut generator = system(&["provider"], &["transparency"], &[], &[("generates_synthetic", &["image"])]);
    assert_eq!(timed("art-50-2", &generator, TODAY), (TimingState::InForce, Some(date("2026-08-02"))));
    generator.placed_on_market = Some(date("2025-05-01"));
    assert_eq!(timed("art-50-2", &generator, TODAY), (TimingState::Grace, Some(date("2026-12-02"))));
    assert_eq!(timed("art-50-2", &generator, "2026-12-02"), (TimingState::InForce, Some(date("2026-12-02"))));
    generator.placed_on_market = Some(date("2026-08-02"));
    assert_eq!(timed("art-50-2", &generator, TODAY).0, TimingState::InForce);
}

#[test]
fn older_general_purpose_models_have_until_august_2027() {
    let mut model = system(&["gpai-provider"], &["gpai"], &[], &[]);
    assert_eq!(timed("art-53-1-a", &model, TODAY), (TimingState::InForce, Some(date("2025-08-02"))));
    model.placed_on_market = Some(date("2024-11-01"));
    assert_eq!(timed("art-53-1-a", &model, TODAY), (TimingState::Grace, Some(date("2027-08-02"))));
}

#[test]
fn a_high_risk_system_placed_earlier_is_covered_only_after_a_change_of_design() {
    let mut old = credit_scoring();
    old.placed_on_market = Some(date("2025-03-01"));
    assert_eq!(timed("art-9-1", &old, TODAY), (TimingState::Upcoming, Some(date("2027-12-02"))));
    let (applicability, timing) = on("art-9-1", &old, "2028-01-01");
    assert_eq!((applicability.state, timing.state), (Applies, TimingState::Unknown));
    assert_eq!(timing.missing, words(&["significant_design_change"]));
    let set = |system: &mut System, fact: &str, value: &str| {
        system.facts.insert(fact.to_owned(), words(&[value]));
    };
    set(&mut old, "significant_design_change", "false");
    assert_eq!(on("art-9-1", &old, "2028-01-01").1.missing, words(&["intended_for_public_authorities"]));
    let mut private = old.clone();
    set(&mut private, "intended_for_public_authorities", "false");
    let (applicability, timing) = on("art-9-1", &private, "2028-01-01");
    assert_eq!((applicability.state, timing.state), (DoesNotApply, TimingState::Legacy));
    let mut public = old.clone();
    set(&mut public, "intended_for_public_authorities", "true");
    assert_eq!(timed("art-9-1", &public, "2028-01-01"), (TimingState::Grace, Some(date("2030-08-02"))));
    assert_eq!(timed("art-9-1", &public, "2030-08-02").0, TimingState::InForce);
    set(&mut old, "significant_design_change", "true");
    assert_eq!(timed("art-9-1", &old, "2028-01-01"), (TimingState::InForce, Some(date("2027-12-02"))));
}

#[test]
fn a_route_not_stated_leaves_the_date_unknown_only_while_it_matters() {
    let vague = system(&["provider"], &["high-risk"], &[], &[]);
    assert_eq!(timed("art-9-1", &vague, TODAY), (TimingState::Upcoming, Some(date("2027-12-02"))));
    let between = on("art-9-1", &vague, "2028-01-01").1;
    assert_eq!((between.state, between.missing), (TimingState::Unknown, words(&["routes"])));
    assert_eq!(timed("art-9-1", &vague, "2028-08-02").0, TimingState::InForce);
    assert_eq!(state("art-6-2", &vague), Unknown);
    assert_eq!(missing("art-6-2", &vague), words(&["routes"]));
}

#[test]
fn silence_on_roles_and_risk_is_unknown_and_names_the_fact() {
    let silent = system(&[], &[], &[], &[]);
    assert_eq!(
        (state("art-9-1", &silent), missing("art-9-1", &silent)),
        (Unknown, words(&["risk_classes", "roles"]))
    );
    assert_eq!(missing("art-4-1", &silent), words(&["roles"]));
    let deployer = system(&["deployer"], &[], &[], &[]);
    assert_eq!(state("art-9-1", &deployer), DoesNotApply);
    assert_eq!(state("art-4-1", &deployer), Applies);
    assert_eq!(missing("art-26-1", &deployer), words(&["risk_classes"]));
}

#[test]
fn a_requirement_for_others_does_not_apply_whatever_else_is_unknown() {
    let importer_only = on("art-23-1", &credit_scoring(), TODAY).0;
    assert_eq!(importer_only.state, DoesNotApply);
    assert!(importer_only.reason.contains("it addresses importer"), "{}", importer_only.reason);
    assert!(importer_only.missing.is_empty());
}

#[test]
fn kinds_of_deployer_are_told_apart_by_the_role_or_by_a_fact() {
    let deployer =
        |kind: &[&str]| system(&["deployer"], &["high-risk"], &["annex-iii"], &[("deployer_kind", kind)]);
    let silent = system(&["deployer"], &["high-risk"], &["annex-iii"], &[("use_context", &["workplace"])]);
    assert_eq!(
        (state("art-26-7", &silent), missing("art-26-7", &silent)),
        (Unknown, words(&["deployer_kind"]))
    );
    assert_eq!(state("art-26-7", &deployer(&["other"])), DoesNotApply);
    let employer =
        system(&["employer-deployer"], &["high-risk"], &["annex-iii"], &[("use_context", &["workplace"])]);
    assert_eq!(state("art-26-7", &employer), Applies);
    assert_eq!(state("art-26-1", &employer), Applies, "an employer who deploys is a deployer");
    assert_eq!(state("art-26-8", &deployer(&["public-authority"])), Applies);
    assert_eq!(state("art-26-8", &deployer(&["other"])), DoesNotApply);
    let operator = on("art-79-2", &deployer(&["other"]), TODAY).0;
    assert_ne!(operator.state, DoesNotApply, "a deployer is an operator: {}", operator.reason);
}

#[test]
fn the_fundamental_rights_assessment_follows_deployer_and_point_of_annex_iii() {
    let deployer = |kind: &str, point: &str| {
        let facts: &[(&str, &[&str])] = &[("deployer_kind", &[kind]), ("annex_iii", &[point])];
        system(&["deployer"], &["high-risk"], &["annex-iii"], facts)
    };
    assert_eq!(state("art-27-1", &deployer("other", "5.b")), Applies);
    assert_eq!(state("art-27-1", &deployer("other", "4.a")), DoesNotApply);
    assert_eq!(state("art-27-1", &deployer("public-body", "4.a")), Applies);
    assert_eq!(state("art-27-1", &deployer("public-body", "2")), DoesNotApply);
    let vague = deployer("other", "5");
    assert_eq!((state("art-27-1", &vague), missing("art-27-1", &vague)), (Unknown, words(&["annex_iii"])));
}

#[test]
fn risk_classes_and_routes_state_the_facts_that_follow_from_them() {
    let open = |risk: &[&str]| {
        let facts: &[(&str, &[&str])] = &[
            ("licence", &["free-open-source"]),
            ("weights_public", &["true"]),
            ("relies_on", &["art-53-2"]),
        ];
        system(&["gpai-provider"], risk, &[], facts)
    };
    assert_eq!(state("art-53-2", &open(&["gpai"])), Applies);
    assert_eq!(state("art-53-2", &open(&["gpai", "gpai-systemic"])), DoesNotApply);
    assert_eq!(state("art-55-1-a", &open(&["gpai", "gpai-systemic"])), Applies);
    assert_eq!(state("art-55-1-a", &open(&["gpai"])), DoesNotApply);
    let exempt = system(&["provider"], &["annex-iii-exempt"], &[], &[]);
    assert_eq!(state("art-6-4", &exempt), Applies);
    let product = system(&["provider"], &["high-risk"], &["annex-i"], &[]);
    assert_eq!(state("art-43-2", &product), DoesNotApply);
}

#[test]
fn an_option_applies_only_where_the_system_relies_on_it() {
    let mut provider = credit_scoring();
    assert_eq!(
        (state("art-4a-1-b", &provider), missing("art-4a-1-b", &provider)),
        (Unknown, words(&["relies_on"]))
    );
    provider.facts.insert("relies_on".into(), words(&["none"]));
    assert_eq!(state("art-4a-1-b", &provider), DoesNotApply);
    provider.facts.insert("relies_on".into(), words(&["art-4a-1"]));
    assert_eq!(state("art-4a-1-b", &provider), Applies);
}

#[test]
fn an_exclusion_must_be_stated_and_keeps_what_the_law_keeps() {
    let mut research = credit_scoring();
    research.facts.insert("excluded_by".into(), words(&["art-2-6"]));
    let (applicability, timing) = on("art-9-1", &research, TODAY);
    assert_eq!((applicability.state, timing.state), (DoesNotApply, TimingState::Excluded));
    assert!(applicability.reason.contains("Art. 2(6)"), "{}", applicability.reason);
    let mut open = system(&["provider"], &["high-risk", "transparency"], &["annex-iii"], &[]);
    open.facts.insert("excluded_by".into(), words(&["art-2-12"]));
    assert_eq!(state("art-9-1", &open), Applies);
    assert_eq!(state("art-4-1", &open), Applies, "a high-risk system is not within Art. 2(12) at all");
    open.risk_classes = words(&["none"]);
    assert_eq!(state("art-4-1", &open), DoesNotApply);
    open.risk_classes = words(&[]);
    assert_eq!(state("art-4-1", &open), Applies, "it could be high-risk");
    let vehicle = system(&["provider"], &["high-risk"], &["annex-i"], &[("product_law", &["annex-i-b"])]);
    assert_eq!(state("art-9-1", &vehicle), DoesNotApply);
    assert_eq!(state("art-6-1", &vehicle), Applies);
    let both =
        system(&["provider"], &["high-risk"], &["annex-i", "annex-iii"], &[("product_law", &["annex-i-b"])]);
    assert_eq!(state("art-9-1", &both), Applies);
    let silent = system(&["provider"], &["high-risk"], &[], &[("product_law", &["annex-i-b"])]);
    assert_eq!(state("art-9-1", &silent), Applies, "it could be one of Annex III too");
}

#[test]
fn a_role_does_not_say_that_a_deployer_is_nothing_else() {
    let deployer = |role: &str, facts: &[(&str, &[&str])]| {
        let mut facts = facts.to_vec();
        facts.extend_from_slice(&[("annex_iii", &["4.a"]), ("use_context", &["workplace"])]);
        system(&[role], &["high-risk"], &["annex-iii"], &facts)
    };
    let kind = words(&["deployer_kind"]);
    let employer = deployer("employer-deployer", &[]);
    for id in ["art-26-8", "art-27-1", "art-49-3"] {
        assert_eq!((state(id, &employer), missing(id, &employer)), (Unknown, kind.clone()), "{id}");
    }
    let authority = deployer("public-authority-deployer", &[]);
    assert_eq!((state("art-26-7", &authority), missing("art-26-7", &authority)), (Unknown, kind));
    let only_employer = deployer("employer-deployer", &[("deployer_kind", &["employer"])]);
    assert_eq!(state("art-27-1", &only_employer), DoesNotApply, "what is stated is everything");
    let both = deployer("public-authority-deployer", &[("deployer_kind", &["employer"])]);
    assert_eq!((state("art-26-7", &both), state("art-26-8", &both)), (Applies, Applies));
    for role in ["employer-deployer", "union-institution"] {
        assert_eq!(state("art-79-2", &deployer(role, &[])), Applies, "{role} is a deployer, so an operator");
    }
}

#[test]
fn what_follows_from_a_fact_or_a_role_is_no_statement_of_everything() {
    let systemic = system(&["provider", "gpai-systemic-provider"], &[], &[], &[]);
    assert_eq!((state("art-53-1-a", &systemic), state("art-55-1-a", &systemic)), (Applies, Applies));
    assert_eq!(missing("art-9-1", &systemic), words(&["risk_classes"]));
    let stated = system(&["gpai-provider"], &["gpai"], &[], &[("systemic_risk", &["true"])]);
    assert_eq!(state("art-55-1-a", &stated), Applies);
    let product = system(&["provider"], &["high-risk"], &[], &[("product_law", &["mdr"])]);
    assert_eq!((state("art-6-1", &product), missing("art-6-2", &product)), (Applies, words(&["routes"])));
    let between = on("art-9-1", &product, "2028-01-01").1;
    assert_eq!((between.state, between.missing), (TimingState::Unknown, words(&["routes"])));
    let point = system(&["provider"], &["high-risk"], &[], &[("annex_iii", &["5.b"])]);
    assert_eq!(
        (state("art-6-2", &point), missing("art-6-1", &point)),
        (Applies, words(&["product_law", "routes"]))
    );
    assert_eq!(timed("art-9-1", &point, "2028-01-01").0, TimingState::InForce);
    let neither = system(&["provider"], &["high-risk"], &[], &[("annex_iii", &["none"])]);
    assert_eq!(missing("art-6-2", &neither), words(&["routes"]));
}

#[test]
fn what_the_amendment_left_alone_is_read_alike_in_the_text_of_2024() {
    let earlier = Framework::embedded("eu-ai-act@2024-07-12").unwrap();
    let is = |id: &str, system: &System| {
        applicability(&earlier, earlier.requirement(id).unwrap(), system, date("2026-08-02")).0.state
    };
    let facts: &[(&str, &[&str])] = &[("annex_iii", &["6.d"]), ("area", &["law-enforcement"])];
    let police = system(&["law-enforcement-deployer"], &["high-risk"], &["annex-iii"], facts);
    for id in ["art-26-8", "art-27-1", "art-49-3", "art-49-4-c"] {
        assert_eq!(is(id, &police), Applies, "{id}");
    }
    assert_eq!(is("art-5-1-a", &system(&["importer"], &["prohibited"], &[], &[])), Applies);
    let exempt = system(&["provider"], &["annex-iii-exempt"], &[], facts);
    assert_eq!((is("art-49-4-b", &exempt), is("art-80-2", &exempt)), (Applies, Applies));
    let tested: &[(&str, &[&str])] = &[("excluded_by", &["art-2-8"]), ("event", &["real-world-testing"])];
    assert_eq!(is("art-60-4-i", &system(&["provider"], &["high-risk"], &["annex-iii"], tested)), Applies);
    assert_eq!(is("art-53-1-a", &system(&["gpai-provider"], &["gpai-systemic"], &[], &[])), Applies);
}

#[test]
fn the_standard_and_the_risk_framework_apply_to_every_system_and_are_in_force() {
    for id in ["iso-42001", "nist-ai-rmf"] {
        let framework = Framework::embedded(id).unwrap();
        for requirement in framework.assessable() {
            let silent = system(&[], &[], &[], &[]);
            let (applicability, timing) = applicability(&framework, requirement, &silent, date(TODAY));
            assert_eq!((applicability.state, timing.state), (Applies, TimingState::InForce), "{requirement}");
        }
    }
}

#[test]
fn an_explanation_says_which_facts_decided_and_what_to_state() {
    let requirement = act().requirement("art-27-1").unwrap();
    let deployer = system(&["deployer"], &["high-risk"], &["annex-iii"], &[("annex_iii", &["5.b"])]);
    let text = explain(act(), requirement, &deployer, date(TODAY));
    assert_eq!(
        text,
        "Art. 27(1) applies to `credit-scoring`: role deployer; risk class high-risk; route annex-iii; annex_iii is 5.b (asked for: *, !2); \
         annex_iii is 5.b (asked for: 5.b, 5.c); on 2026-11-24 it is upcoming: applies from 2027-12-02 (Art. 113, third \
         para, point (c)(i); the 2024 text said 2026-08-02 (annex-iii))"
    );
    let silent = system(&["deployer"], &["high-risk"], &["annex-iii"], &[]);
    let text = explain(act(), requirement, &silent, date(TODAY));
    assert!(text.starts_with("Art. 27(1) may apply to `credit-scoring`: "), "{text}");
    assert!(
        text.contains("to settle it, state `annex_iii` (points of Annex III the system falls under"),
        "{text}"
    );
}

#[test]
fn every_condition_of_the_act_can_be_met_and_can_be_failed() {
    let every = |value: &dyn Fn(&str) -> BTreeSet<String>| -> BTreeMap<String, BTreeSet<String>> {
        act().vocabularies.facts.keys().map(|fact| (fact.clone(), value(fact))).collect()
    };
    let none = every(&|_| words(&["none"]));
    let all = every(&|fact| act().vocabularies.facts[fact].values.iter().cloned().collect());
    let conditions = act().requirements.iter().filter_map(|r| Some((r, r.condition.as_ref()?)));
    let mut texts = BTreeSet::new();
    for (requirement, condition) in conditions {
        use affiant_frameworks::Truth;
        let mut all = all.clone();
        if let Some(relied) = condition.all.get("relies_on") {
            all.insert("relies_on".into(), relied.iter().map(ToString::to_string).collect());
        }
        assert_eq!(
            condition.evaluate(&|fact| all.get(fact).cloned().map(Into::into)).truth,
            Truth::True,
            "{requirement}"
        );
        assert_eq!(
            condition.evaluate(&|fact| none.get(fact).cloned().map(Into::into)).truth,
            Truth::False,
            "{requirement}"
        );
        assert_eq!(condition.evaluate(&|_| None).truth, Truth::Unknown, "{requirement}");
        let mut ours = condition.clone();
        ours.all.remove("relies_on");
        texts.insert(serde_json::to_string(&ours).unwrap());
    }
    // 46 in the source: one of them was a remark in words, and none is left of a condition that was only `relies_on`.
    assert_eq!(texts.iter().filter(|text| *text != "{}").count(), 45);
}

/// Any system: some roles, classes and routes, and for some facts some of their values.
fn any_system() -> impl Strategy<Value = System> {
    let some = |all: &[&str]| {
        proptest::sample::subsequence(all.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>(), 0..=all.len())
    };
    let roles = some(&[
        "provider",
        "deployer",
        "importer",
        "gpai-provider",
        "public-authority-deployer",
        "employer-deployer",
        "law-enforcement-deployer",
        "union-institution",
        "gpai-systemic-provider",
    ]);
    let classes =
        some(&["high-risk", "transparency", "prohibited", "gpai", "gpai-systemic", "annex-iii-exempt"]);
    let routes = some(&["annex-i", "annex-iii"]);
    let facts: Vec<(String, Vec<String>)> = act()
        .vocabularies
        .facts
        .iter()
        .map(|(fact, definition)| {
            let mut values = definition.values.clone();
            values.extend(["none".to_owned(), "art-4a-1".to_owned()]);
            (fact.clone(), values)
        })
        .collect();
    let facts = facts.into_iter().map(|(fact, values)| {
        let stated = proptest::option::of(proptest::sample::subsequence(values, 1..=2));
        stated.prop_map(move |values| (fact.clone(), values))
    });
    let placed =
        proptest::option::of(proptest::sample::select(vec!["2024-05-01", "2026-09-01", "2028-01-01"]));
    (roles, classes, routes, facts.collect::<Vec<_>>(), placed).prop_map(
        |(roles, classes, routes, facts, placed)| {
            let mut system = system(&[], &[], &[], &[]);
            system.roles = roles.into_iter().collect();
            system.risk_classes = classes.into_iter().collect();
            system.routes = routes.into_iter().collect();
            let stated =
                facts.into_iter().filter_map(|(fact, values)| Some((fact, values?.into_iter().collect())));
            system.facts = stated.collect();
            system.placed_on_market = placed.map(date);
            system
        },
    )
}

/// The system with everything another one states besides.
fn more(system: &System, other: &System) -> System {
    let mut more = system.clone();
    more.roles.extend(other.roles.iter().cloned());
    more.risk_classes.extend(other.risk_classes.iter().cloned());
    more.routes.extend(other.routes.iter().cloned());
    for (fact, values) in &other.facts {
        more.facts.entry(fact.clone()).or_insert_with(|| values.clone()).extend(values.iter().cloned());
    }
    more.placed_on_market = more.placed_on_market.or(other.placed_on_market);
    more
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn stating_more_never_turns_applies_into_unknown(less in any_system(), other in any_system(), day in proptest::sample::select(vec![TODAY, "2028-01-01", "2031-01-01"])) {
        let more = more(&less, &other);
        for requirement in act().assessable() {
            let before = applicability(act(), requirement, &less, date(day)).0;
            let after = applicability(act(), requirement, &more, date(day)).0;
            prop_assert!(
                !(before.state == Applies && after.state == Unknown),
                "{requirement}: {} -> {}", before.reason, after.reason
            );
        }
    }

    #[test]
    fn unknown_always_names_a_missing_fact_and_the_others_never_do(system in any_system()) {
        for requirement in act().assessable() {
            let (applicability, timing) = applicability(act(), requirement, &system, date("2028-01-01"));
            prop_assert_eq!(applicability.state == Unknown, !applicability.missing.is_empty(), "{}", requirement);
            prop_assert_eq!(timing.state == TimingState::Unknown || !timing.missing.is_empty(), !timing.missing.is_empty());
            prop_assert!(!applicability.reason.is_empty() && !timing.reason.is_empty());
        }
    }
}
