//! What is known of a system, as one set of facts: those stated, and those that follow from them.
//!
//! What follows is written in the framework's vocabulary: a risk class can state a boolean fact or a route, a narrower
//! role can state a fact, and routes that are stated without one state that its fact is `none`. A stated fact stands;
//! what follows only fills in.

use crate::condition::NONE;
use crate::framework::Framework;
use affiant_controls::System;
use affiant_ledger::time::Date;
use std::collections::BTreeSet;

/// A system seen through the vocabulary of a framework.
#[derive(Debug, Clone, Copy)]
pub struct KnownFacts<'a> {
    framework: &'a Framework,
    system: &'a System,
}

impl<'a> KnownFacts<'a> {
    /// The facts of `system` in the words of `framework`.
    pub fn new(framework: &'a Framework, system: &'a System) -> Self {
        Self { framework, system }
    }

    /// The values of a fact; `None` where it is neither stated nor follows.
    pub fn values(&self, fact: &str) -> Option<BTreeSet<String>> {
        let by_role = self.by_role(fact);
        match self.system.facts.get(fact) {
            Some(stated) => Some(stated.iter().cloned().chain(by_role).collect()),
            None if !by_role.is_empty() => Some(by_role),
            None => self.by_risk(fact).or_else(|| self.by_route(fact)),
        }
    }

    /// Whether a fact is stated or known to have this value.
    pub fn has(&self, fact: &str, value: &str) -> Option<bool> {
        self.values(fact).map(|values| values.contains(value))
    }

    /// The routes stated, and those that follow from the risk classes.
    pub fn routes(&self) -> BTreeSet<String> {
        let rules = &self.framework.vocabularies.risk_routes;
        let follow = rules.iter().filter(|rule| self.system.risk_classes.contains(&rule.risk_class));
        self.system.routes.iter().cloned().chain(follow.map(|rule| rule.route.clone())).collect()
    }

    /// When the system was placed on the market, where stated.
    pub fn placed_on_market(&self) -> Option<Date> {
        self.system.placed_on_market
    }

    fn by_role(&self, fact: &str) -> BTreeSet<String> {
        let rules = self.framework.vocabularies.role_rules.iter();
        let follow = rules.filter(|rule| rule.fact == fact && self.system.roles.contains(&rule.role));
        follow.map(|rule| rule.value.clone()).collect()
    }

    fn by_risk(&self, fact: &str) -> Option<BTreeSet<String>> {
        if self.system.risk_classes.is_empty() {
            return None;
        }
        let rule = self.framework.vocabularies.risk_facts.iter().find(|rule| rule.fact == fact)?;
        let value = self.system.risk_classes.contains(&rule.risk_class);
        Some(BTreeSet::from([value.to_string()]))
    }

    fn by_route(&self, fact: &str) -> Option<BTreeSet<String>> {
        let rule = self.framework.vocabularies.route_facts.iter().find(|rule| rule.fact == fact)?;
        let routes = self.routes();
        let elsewhere = !routes.is_empty() && !routes.contains(&rule.route);
        elsewhere.then(|| BTreeSet::from([NONE.to_owned()]))
    }
}
