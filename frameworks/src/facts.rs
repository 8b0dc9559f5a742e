//! What is known of a system, as one set of facts: those stated, and those that follow from them.
//!
//! What follows is written in the framework's vocabulary: a narrower role, class or value is also the wider one, a
//! role or class can state a fact, a fact can state a class or a route, and routes that are stated without one state
//! that its fact is `none`. A stated fact stands; what follows only fills in.
//!
//! What a role says of a fact is true but need not be everything: the police can be an employer too. Such a fact stays
//! open until it is stated, and what it does not name is unknown rather than false.

use crate::condition::{NONE, Values};
use crate::framework::Framework;
use affiant_controls::System;
use affiant_ledger::time::Date;
use std::collections::BTreeSet;

/// A system seen through the vocabulary of a framework.
#[derive(Debug, Clone)]
pub struct KnownFacts<'a> {
    framework: &'a Framework,
    system: &'a System,
    roles: BTreeSet<&'a str>,
    risk_classes: BTreeSet<&'a str>,
    routes: BTreeSet<&'a str>,
}

impl<'a> KnownFacts<'a> {
    /// The facts of `system` in the words of `framework`.
    pub fn new(framework: &'a Framework, system: &'a System) -> Self {
        let words = &framework.vocabularies;
        let wider = words.role_rules.iter().map(|rule| (rule.role.as_str(), rule.is_a.as_str()));
        let roles = with_wider(system.roles.iter().map(String::as_str).collect(), wider);
        let (risk_classes, routes) = (BTreeSet::new(), BTreeSet::new());
        let mut known = Self { framework, system, roles, risk_classes, routes };
        known.risk_classes = known.find_risk_classes();
        known.routes = known.find_routes();
        known
    }

    /// What is known of a fact; `None` where it is neither stated nor follows.
    pub fn values(&self, fact: &str) -> Option<Values> {
        self.by_risk(fact).or_else(|| self.told(fact)).or_else(|| self.by_route(fact))
    }

    /// Whether a fact is stated or known to have this value.
    pub fn has(&self, fact: &str, value: &str) -> Option<bool> {
        let values = self.values(fact)?;
        let known = values.known.contains(value);
        (known || !values.open).then_some(known)
    }

    /// The roles stated, and the wider ones they are.
    pub fn roles(&self) -> &BTreeSet<&'a str> {
        &self.roles
    }

    /// The risk classes stated, and those that follow; nothing is said of others unless some are stated.
    pub fn risk_classes(&self) -> &BTreeSet<&'a str> {
        &self.risk_classes
    }

    /// The routes stated, and those that follow; nothing is said of others unless some are stated.
    pub fn routes(&self) -> &BTreeSet<&'a str> {
        &self.routes
    }

    /// Whether routes are stated, so that those not among them are known not to be taken.
    pub fn routes_are_stated(&self) -> bool {
        !self.system.routes.is_empty()
    }

    /// When the system was placed on the market, where stated.
    pub fn placed_on_market(&self) -> Option<Date> {
        self.system.placed_on_market
    }

    fn find_risk_classes(&self) -> BTreeSet<&'a str> {
        let words = &self.framework.vocabularies;
        let told = words.risk_facts.iter().filter(|rule| self.is_told(&rule.fact, |value| value == "true"));
        let stated = self.system.risk_classes.iter().map(String::as_str);
        let classes = stated.chain(told.map(|rule| rule.risk_class.as_str())).collect();
        with_wider(
            classes,
            words.class_rules.iter().map(|rule| (rule.risk_class.as_str(), rule.is_a.as_str())),
        )
    }

    fn find_routes(&self) -> BTreeSet<&'a str> {
        let words = &self.framework.vocabularies;
        let by_class =
            words.risk_routes.iter().filter(|rule| self.risk_classes.contains(rule.risk_class.as_str()));
        let by_fact = words.route_facts.iter().filter(|rule| self.is_told(&rule.fact, |value| value != NONE));
        let stated = self.system.routes.iter().map(String::as_str);
        stated
            .chain(by_class.map(|rule| rule.route.as_str()))
            .chain(by_fact.map(|rule| rule.route.as_str()))
            .collect()
    }

    fn is_told(&self, fact: &str, wanted: fn(&str) -> bool) -> bool {
        self.told(fact).is_some_and(|values| values.known.iter().any(|value| wanted(value)))
    }

    /// What is stated of a fact or said by a role, and the wider values that follow.
    fn told(&self, fact: &str) -> Option<Values> {
        let words = &self.framework.vocabularies;
        let stated = self.system.facts.get(fact);
        let by_role = words
            .role_rules
            .iter()
            .filter(|rule| rule.fact == fact && self.roles.contains(rule.role.as_str()))
            .map(|rule| rule.value.as_str());
        let known: BTreeSet<&str> = stated.into_iter().flatten().map(String::as_str).chain(by_role).collect();
        if stated.is_none() && known.is_empty() {
            return None;
        }
        let rules = words.value_rules.iter().filter(|rule| rule.fact == fact);
        let known = with_wider(known, rules.map(|rule| (rule.value.as_str(), rule.is_a.as_str())));
        Some(Values { known: known.into_iter().map(str::to_owned).collect(), open: stated.is_none() })
    }

    /// A fact that the risk classes state, where it is not stated itself.
    fn by_risk(&self, fact: &str) -> Option<Values> {
        if self.system.facts.contains_key(fact) {
            return None;
        }
        let rule = self.framework.vocabularies.risk_facts.iter().find(|rule| rule.fact == fact)?;
        let among = self.risk_classes.contains(rule.risk_class.as_str());
        (among || !self.system.risk_classes.is_empty()).then(|| BTreeSet::from([among.to_string()]).into())
    }

    fn by_route(&self, fact: &str) -> Option<Values> {
        let rule = self.framework.vocabularies.route_facts.iter().find(|rule| rule.fact == fact)?;
        let elsewhere = self.routes_are_stated() && !self.routes.contains(rule.route.as_str());
        elsewhere.then(|| BTreeSet::from([NONE.to_owned()]).into())
    }
}

/// A set with everything wider than what is in it; each rule is a narrower word and the wider one.
fn with_wider<'a>(
    mut known: BTreeSet<&'a str>,
    rules: impl Iterator<Item = (&'a str, &'a str)> + Clone,
) -> BTreeSet<&'a str> {
    loop {
        let before = known.len();
        for (narrow, wide) in rules.clone() {
            if known.contains(narrow) {
                known.insert(wide);
            }
        }
        if known.len() == before {
            return known;
        }
    }
}
