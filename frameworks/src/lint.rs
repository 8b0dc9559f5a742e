//! The linter: what a framework must keep to be read at all.
//!
//! Ids are unique, every reference leads somewhere, every word is in the vocabulary, dates stand in order, and what is
//! marked assessable can be judged. Each fault says where it is and how to mend it.

use crate::clock::{STARTS, is_start};
use crate::condition::{Condition, NONE, Pattern};
use crate::framework::Catalog;
use crate::law::{DateRule, Law};
use crate::requirement::Requirement;
use affiant_ledger::id::visible;
use affiant_ledger::time::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One fault of a framework.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The node or section it is in.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub hint: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.place, self.what, self.hint)
    }
}

/// Every fault of a framework, in document order; none for a sound one.
pub fn lint(framework: &Catalog) -> Vec<Fault> {
    let mut linter = Linter::new(framework);
    linter.groups();
    linter.date_rules();
    linter.vocabulary();
    framework.requirements.iter().for_each(|requirement| linter.requirement(requirement));
    linter.cycles();
    linter.references();
    if let Some(law) = &framework.law {
        linter.law(law);
    }
    linter.faults
}

struct Linter<'a> {
    framework: &'a Catalog,
    requirements: BTreeMap<&'a str, &'a Requirement>,
    parents: BTreeSet<&'a str>,
    groups: BTreeSet<&'a str>,
    seen: BTreeSet<&'a str>,
    faults: Vec<Fault>,
}

impl<'a> Linter<'a> {
    fn new(framework: &'a Catalog) -> Self {
        Self {
            framework,
            requirements: framework.requirements.iter().map(|r| (r.id.as_str(), r)).collect(),
            parents: framework.requirements.iter().filter_map(|r| r.parent.as_deref()).collect(),
            groups: framework.groups.iter().map(|group| group.id.as_str()).collect(),
            seen: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    fn fault(&mut self, place: &str, what: String, hint: &str) {
        self.faults.push(Fault { place: visible(place), what, hint: hint.to_owned() });
    }

    fn unique<'b>(&mut self, section: &str, ids: impl Iterator<Item = &'b str>) {
        let mut seen = BTreeSet::new();
        for id in ids {
            if !seen.insert(id) {
                self.fault(section, format!("id `{}` twice", visible(id)), "rename or remove one of them");
            }
        }
    }

    fn word(&mut self, place: &str, what: &str, word: &str, known: &BTreeSet<String>) {
        if !known.contains(word) {
            let hint = format!("use one of the {what}s in vocabularies, or add it there");
            self.fault(place, format!("unknown {what} `{}`", visible(word)), &hint);
        }
    }

    fn known_requirement(&mut self, place: &str, id: &str) {
        if !self.requirements.contains_key(id) {
            self.fault(
                place,
                format!("no requirement `{}`", visible(id)),
                "name a requirement of this framework",
            );
        }
    }

    fn groups(&mut self) {
        let framework = self.framework;
        self.unique("groups", framework.groups.iter().map(|group| group.id.as_str()));
        for (at, group) in framework.groups.iter().enumerate() {
            let above = framework.groups[..at].iter().any(|other| group.parent.as_ref() == Some(&other.id));
            if group.parent.is_some() && !above {
                self.fault(&group.id, "its parent is not a group before it".into(), "put the parent first");
            }
        }
    }

    fn date_rules(&mut self) {
        for (id, rule) in &self.framework.date_rules {
            self.dates(id, rule);
        }
    }

    fn dates(&mut self, id: &str, rule: &DateRule) {
        if rule.current.is_empty() {
            self.fault(id, "no current date".into(), "give at least one date under `current`");
        }
        let routes = &self.framework.vocabularies.routes;
        let legacy = rule.legacy.iter().flat_map(|legacy| legacy.before.keys());
        let dated =
            [&rule.original, &rule.current, &rule.practical].into_iter().flat_map(|dates| dates.keys());
        for route in dated.chain(legacy).chain(&rule.routes) {
            match route.strip_prefix("placed-before-") {
                Some(date) if date.parse::<Date>().is_ok() => {}
                Some(_) => {
                    self.fault(id, format!("`{}` is no date", visible(route)), "placed-before-YYYY-MM-DD")
                }
                None => self.word(id, "route", route, routes),
            }
        }
        for (route, practical) in &rule.practical {
            if rule.current.get(route).or(rule.current.get("all")).is_some_and(|current| practical < current)
            {
                self.fault(
                    id,
                    format!("practical date {practical} before the current one"),
                    "correct one of them",
                );
            }
        }
    }

    fn vocabulary(&mut self) {
        let words = &self.framework.vocabularies;
        for rule in &words.role_rules {
            self.word("role_rules", "role", &rule.role, &words.roles);
            self.word("role_rules", "role", &rule.is_a, &words.roles);
            self.fact("role_rules", &rule.fact, &[Pattern::Under(rule.value.clone())]);
        }
        self.narrowing("role_rules", words.role_rules.iter().map(|rule| (&*rule.role, &*rule.is_a)));
        for rule in &words.class_rules {
            for class in [&rule.risk_class, &rule.is_a] {
                self.word("class_rules", "risk class", class, &words.risk_classes);
                if class == "all" {
                    let what = "`all` is no class of its own".to_owned();
                    self.fault("class_rules", what, "name one risk class");
                }
            }
        }
        self.narrowing("class_rules", words.class_rules.iter().map(|rule| (&*rule.risk_class, &*rule.is_a)));
        for rule in &words.value_rules {
            self.fact(
                "value_rules",
                &rule.fact,
                &[rule.value.clone(), rule.is_a.clone()].map(Pattern::Under),
            );
            if [&rule.value, &rule.is_a].into_iter().any(|value| value == NONE) {
                let what = format!("fact `{}`: `none` is no value", visible(&rule.fact));
                self.fault("value_rules", what, "name two values of the fact");
            }
        }
        let facts: BTreeSet<&str> = words.value_rules.iter().map(|rule| &*rule.fact).collect();
        for fact in facts {
            let of_fact = words.value_rules.iter().filter(|rule| rule.fact == fact);
            self.narrowing("value_rules", of_fact.map(|rule| (&*rule.value, &*rule.is_a)));
        }
        for role in &words.operator_roles {
            self.word("operator_roles", "role", role, &words.roles);
        }
        for rule in &words.risk_facts {
            self.word("risk_facts", "risk class", &rule.risk_class, &words.risk_classes);
            self.fact("risk_facts", &rule.fact, &["true", "false"].map(|value| Pattern::Under(value.into())));
        }
        for rule in &words.risk_routes {
            self.word("risk_routes", "risk class", &rule.risk_class, &words.risk_classes);
            self.word("risk_routes", "route", &rule.route, &words.routes);
        }
        for rule in &words.route_facts {
            self.word("route_facts", "route", &rule.route, &words.routes);
            self.fact("route_facts", &rule.fact, &[]);
        }
    }

    /// Refuses words that are narrower than themselves, directly or by way of others.
    fn narrowing<'b>(&mut self, section: &str, rules: impl Iterator<Item = (&'b str, &'b str)> + Clone) {
        let narrow: BTreeSet<&str> = rules.clone().map(|(narrow, _)| narrow).collect();
        for word in narrow {
            let mut wider = BTreeSet::new();
            let mut ahead = vec![word];
            while let Some(at) = ahead.pop() {
                let above = rules.clone().filter(|(narrow, _)| *narrow == at).map(|(_, wide)| wide);
                ahead.extend(above.filter(|wide| wider.insert(*wide)));
            }
            if wider.contains(word) {
                let what = format!("`{}` is narrower than itself", visible(word));
                self.fault(section, what, "remove the rule that leads back");
            }
        }
    }

    fn requirement(&mut self, requirement: &'a Requirement) {
        let (id, words) = (requirement.id.as_str(), &self.framework.vocabularies);
        if !self.seen.insert(id) {
            self.fault(id, "its id stands twice".into(), "rename or remove one of them");
        }
        if requirement.title.is_empty() || requirement.summary.is_empty() || requirement.citation.is_empty() {
            self.fault(id, "no title, summary or citation".into(), "fill it in");
        }
        if let Some(parent) = &requirement.parent {
            self.known_requirement(id, parent);
        }
        if let Some(group) = requirement.group.as_deref().filter(|group| !self.groups.contains(group)) {
            self.fault(id, format!("no group `{}`", visible(group)), "name a group of this framework");
        }
        requirement.roles.iter().for_each(|role| self.word(id, "role", role, &words.roles));
        requirement
            .risk_classes
            .iter()
            .for_each(|class| self.word(id, "risk class", class, &words.risk_classes));
        requirement
            .evidence
            .iter()
            .for_each(|kind| self.word(id, "evidence kind", kind, &words.evidence_kinds));
        if let Some(rule) =
            requirement.dates.as_ref().filter(|rule| !self.framework.date_rules.contains_key(*rule))
        {
            self.fault(id, format!("no date rule `{}`", visible(rule)), "name a rule under `date_rules`");
        }
        self.penalty(requirement);
        if let Some(condition) = &requirement.condition {
            self.condition(id, condition);
        }
        self.assessable(requirement);
    }

    fn penalty(&mut self, requirement: &Requirement) {
        let Some(penalty) = &requirement.penalty else { return };
        if self.framework.law.as_ref().is_none_or(|law| !law.penalty_tiers.contains_key(&penalty.tier)) {
            let what = format!("no penalty tier `{}`", visible(&penalty.tier));
            self.fault(&requirement.id, what, "name a tier under `law.penalty_tiers`");
        }
    }

    fn assessable(&mut self, requirement: &Requirement) {
        if !requirement.assessable {
            return;
        }
        let reason = if self.parents.contains(requirement.id.as_str()) {
            "it has requirements below it"
        } else if requirement.deleted.is_some() {
            "it was deleted"
        } else if !requirement.kind.can_bind() {
            "its kind asks nothing of an operator"
        } else {
            return;
        };
        self.fault(&requirement.id, format!("marked assessable, but {reason}"), "remove `assessable`");
    }

    fn condition(&mut self, place: &str, condition: &Condition) {
        for (fact, patterns) in condition.facts() {
            if patterns.is_empty() {
                self.fault(
                    place,
                    format!("fact `{}` asks for nothing", visible(fact)),
                    "give at least one pattern",
                );
            }
            self.fact(place, fact, patterns);
        }
    }

    fn fact(&mut self, place: &str, fact: &str, patterns: &[Pattern]) {
        let Some(definition) = self.framework.vocabularies.facts.get(fact) else {
            let what = format!("unknown fact `{}`", visible(fact));
            return self.fault(place, what, "define it under `vocabularies.facts`");
        };
        let known = |value: &str| definition.values.iter().any(|known| known == value) || value == NONE;
        for pattern in patterns {
            let (Pattern::Under(value) | Pattern::Not(value)) = pattern else { continue };
            if !definition.values.is_empty() && !known(value) {
                let what = format!("fact `{fact}` has no value `{}`", visible(value));
                self.fault(place, what, "use one of its values, or add it under `vocabularies.facts`");
            }
        }
    }

    /// Walks up from every node; a walk longer than the number of nodes goes round.
    fn cycles(&mut self) {
        for requirement in &self.framework.requirements {
            let mut at = requirement;
            let mut steps = 0;
            while let Some(above) = at.parent.as_deref().and_then(|parent| self.requirements.get(parent)) {
                (at, steps) = (above, steps + 1);
                if steps > 16 {
                    self.fault(
                        &requirement.id,
                        "stands below itself, or too deep".into(),
                        "correct its parents",
                    );
                    break;
                }
            }
        }
    }

    fn references(&mut self) {
        let framework = self.framework;
        for exclusion in &framework.exclusions {
            self.known_requirement("exclusions", &exclusion.requirement);
            exclusion.keeps.iter().for_each(|id| self.known_requirement("exclusions", id));
            let words = &framework.vocabularies;
            exclusion.roles.iter().for_each(|role| self.word("exclusions", "role", role, &words.roles));
            let (routes, classes) = (&exclusion.only_routes, &exclusion.keeps_risk_classes);
            routes.iter().for_each(|route| self.word("exclusions", "route", route, &words.routes));
            classes
                .iter()
                .for_each(|class| self.word("exclusions", "risk class", class, &words.risk_classes));
            self.condition("exclusions", &exclusion.when);
        }
        for moved in &framework.moved {
            moved.to.iter().for_each(|id| self.known_requirement("moved", id));
        }
        for item in &framework.documented_information {
            self.known_requirement("documented_information", &item.clause);
        }
        let Some(profile) = &framework.profile else { return };
        self.unique("profile.actions", profile.actions.iter().map(|action| action.id.as_str()));
        self.unique("profile.risks", profile.risks.iter().map(|risk| risk.id.as_str()));
        let risks: BTreeSet<String> = profile.risks.iter().map(|risk| risk.id.clone()).collect();
        for action in &profile.actions {
            self.known_requirement(&action.id, &action.requirement);
            action.risks.iter().for_each(|risk| self.word(&action.id, "risk", risk, &risks));
        }
    }

    fn law(&mut self, law: &Law) {
        self.unique("deadlines", law.deadlines.iter().map(|deadline| deadline.id.as_str()));
        for deadline in &law.deadlines {
            self.known_requirement(&deadline.id, &deadline.requirement);
            let roles = &self.framework.vocabularies.roles;
            deadline.actors.iter().for_each(|actor| self.word(&deadline.id, "role", actor, roles));
            if let Some(word) = deadline.starts.as_ref().filter(|word| !is_start(word)) {
                let what = format!("nothing on file is called `{}`", visible(word));
                self.fault(&deadline.id, what, &format!("use {} or event:KIND", STARTS.join(", ")));
            }
        }
        if !law.calendar.is_sorted_by_key(|event| event.date) {
            self.fault("calendar", "dates out of order".into(), "sort them");
        }
        let rules: BTreeSet<&str> = law.transitional_rules.iter().map(|rule| rule.id.as_str()).collect();
        let legacy = self.framework.date_rules.values().filter_map(|rule| rule.legacy.as_ref());
        for rule in legacy.flat_map(|legacy| [legacy.rule.as_str(), legacy.public_rule.as_str()]) {
            if !rules.contains(rule) {
                let what = format!("no transitional rule `{}`", visible(rule));
                self.fault("date_rules", what, "name a rule under `law.transitional_rules`");
            }
        }
    }
}
