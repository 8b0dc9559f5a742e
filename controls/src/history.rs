//! The history: how each control stood on each asset through a period of time.
//!
//! A register keeps the latest of everything; a history keeps everything, and asks the same rules at every instant at
//! which an answer can change. So the span that holds an instant says what the register of that instant says.

mod keep;

use crate::approval::Approvals;
use crate::asset::Asset;
use crate::control::{Control, ControlId};
use crate::decision::Decision;
use crate::event::Event;
use crate::exception::Exception;
use crate::pair::Pair;
use crate::plan::Plan;
use crate::register::{Filed, Recorded, implicit};
use crate::state::{Citation, ControlState, StateOn, fresh_until};
use crate::variant::Variant;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// All versions of what a stream says, as known at a time.
#[derive(Debug, Clone)]
pub struct History {
    stream: Option<Id>,
    /// By control, in the order of observation.
    results: BTreeMap<ControlId, Vec<Recorded>>,
    assets: BTreeMap<Id, Vec<Filed<Asset>>>,
    exceptions: BTreeMap<Id, Vec<Filed<Exception>>>,
    approvals: Approvals,
    decisions: BTreeMap<[String; 3], Vec<Filed<Decision>>>,
    plans: BTreeMap<Id, Vec<Filed<Plan>>>,
    events: Vec<Filed<Event>>,
    /// Results that were erased: control, asset, collector, and their rank.
    erased: Vec<ErasedResult>,
    unread: BTreeSet<u64>,
}

/// Where an erased result stood.
#[derive(Debug, Clone)]
struct ErasedResult {
    control: String,
    asset: Option<Id>,
    collector: String,
    rank: (Timestamp, u64),
}

/// A stretch of time in which a control on an asset stood the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// The state.
    pub state: ControlState,
    /// Why, in a sentence.
    pub reason: String,
    /// What it would be without the exception in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub underlying: Option<ControlState>,
    /// It does not apply by a decision.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub decided: bool,
    /// An exception accepted this and has expired, and the control has not held since it was recorded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lapsed: bool,
    /// The entries it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<Citation>,
}

/// The part of a period in which a control was judged on an asset: from its registration, to its retirement. The system and
/// the organisation were there all the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The asset.
    pub asset: Id,
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// The control does not apply to it: something unfavourable was found there.
    pub stray: bool,
}

impl Span {
    /// How long it lasts, in milliseconds.
    pub fn millis(&self) -> u64 {
        self.to.as_millis().saturating_sub(self.from.as_millis())
    }
}

impl History {
    /// How many entries could not be read because their payload is withheld or erased.
    pub fn withheld(&self) -> u64 {
        self.unread.len() as u64
    }

    /// The results of a control, in the order of observation.
    pub fn results(&self, control: &ControlId) -> &[Recorded] {
        self.results.get(control).map_or(&[], Vec::as_slice)
    }

    /// The versions of each plan, by id, the earliest first.
    pub fn plans(&self) -> impl Iterator<Item = &[Filed<Plan>]> {
        self.plans.values().map(Vec::as_slice)
    }

    /// The assets a control was judged on at some time of a period: those of its kinds, the system and the organisation,
    /// and any other on which something unfavourable was found.
    pub fn population(&self, control: &Control, from: Timestamp, to: Timestamp) -> Vec<Part> {
        let part = |asset: &Id, (from, to): (Timestamp, Timestamp), stray| Part {
            asset: asset.clone(),
            from,
            to,
            stray,
        };
        let mut population = BTreeMap::new();
        for (id, versions) in &self.assets {
            if let Some(time) = in_use(versions, |asset| control.applies_to(&asset.kind), from, to) {
                population.insert(id.clone(), part(id, time, false));
            }
        }
        for id in implicit(self.stream.as_ref(), control) {
            population.insert(id.clone(), part(&id, (from, to), false));
        }
        let unfavourable = || {
            let of_control = self.results(&control.id).iter().filter(|it| it.result.observed_to < to);
            of_control.filter(|it| crate::pair::is_unfavourable(&it.result))
        };
        let homeless = unfavourable().find(|recorded| recorded.result.asset.is_none());
        if let (true, Some(recorded), Some(stream)) = (population.is_empty(), homeless, &self.stream) {
            let time = (from.max(recorded.result.observed_to), to);
            population.insert(stream.clone(), part(stream, time, true));
        }
        for recorded in unfavourable() {
            let Some(asset) = &recorded.result.asset else { continue };
            if population.contains_key(asset) {
                continue;
            }
            let whole = (from.max(recorded.result.observed_to), to);
            let time = match self.assets.get(asset) {
                Some(versions) => not_retired(versions, whole),
                None => Some(whole),
            };
            population.extend(time.map(|time| (asset.clone(), part(asset, time, true))));
        }
        population.into_values().collect()
    }

    /// How a control stood on an asset from an instant to another: spans without a gap between them, none empty.
    pub fn timeline(&self, control: &Control, asset: &Id, from: Timestamp, to: Timestamp) -> Vec<Span> {
        let whole = implicit(self.stream.as_ref(), control).into_iter().next();
        let relevant: Vec<&Recorded> = self
            .results(&control.id)
            .iter()
            .filter(|recorded| recorded.result.asset.as_ref().is_none_or(|named| named == asset))
            .collect();
        let erased: Vec<&ErasedResult> = self
            .erased
            .iter()
            .filter(|it| {
                it.control == *control.id.as_str() && it.asset.as_ref().is_none_or(|named| named == asset)
            })
            .collect();
        let events: Vec<&Filed<Event>> = self.events_on(control, asset);
        let covers = |versions: &&Vec<Filed<Exception>>| {
            versions.iter().any(|filed| filed.value.covers(&control.id, asset))
        };
        let exceptions: Vec<&Vec<Filed<Exception>>> = self.exceptions.values().filter(covers).collect();
        let mut spans: Vec<Span> = Vec::new();
        let mut walk = Walk { relevant: &relevant, erased: &erased, next: 0, latest: BTreeMap::new() };
        let movers =
            Movers { relevant: &relevant, erased: &erased, events: &events, exceptions: &exceptions };
        for at in self.changes(control, asset, movers, (from, to)) {
            walk.advance(at);
            let pair = Pair {
                control,
                asset,
                whole: whole.clone(),
                digest: at_time(self.assets.get(asset), at).and_then(|filed| filed.value.digest),
                events: latest_events(&events, at),
                decision: self.decision_at(&control.id, at),
                exceptions: exceptions
                    .iter()
                    .filter_map(|versions| at_time(Some(versions), at))
                    .filter(|filed| !self.approvals.standing(filed, control.severity, at).is_pending())
                    .collect(),
            };
            let named = walk.latest.iter().filter(|((named, ..), _)| *named).map(|(_, recorded)| *recorded);
            let unnamed =
                walk.latest.iter().filter(|((named, ..), _)| !*named).map(|(_, recorded)| *recorded);
            let found = pair.state(named, unnamed, at);
            extend(&mut spans, found, at, to);
        }
        spans
    }

    /// Every instant of a period at which the answer may change, its begin first.
    fn changes(
        &self,
        control: &Control,
        asset: &Id,
        movers: Movers<'_>,
        (from, to): (Timestamp, Timestamp),
    ) -> BTreeSet<Timestamp> {
        let after = |time: Timestamp| Timestamp::from_millis(time.as_millis() + 1).unwrap_or(Timestamp::MAX);
        let mut changes = BTreeSet::from([from]);
        changes.extend(movers.relevant.iter().flat_map(|recorded| {
            [recorded.result.observed_to, after(fresh_until(control, &recorded.result))]
        }));
        changes.extend(movers.erased.iter().map(|it| it.rank.0));
        changes.extend(movers.events.iter().map(|event| event.value.at));
        let covering = movers.exceptions.iter().copied().flatten();
        changes.extend(covering.flat_map(|filed| [filed.time, filed.value.expires]));
        if !movers.exceptions.is_empty() {
            changes.extend(self.approvals.times());
        }
        changes.extend(
            self.decisions.get(&on_control(&control.id)).into_iter().flatten().map(|filed| filed.time),
        );
        changes.extend(self.assets.get(asset).into_iter().flatten().map(|filed| filed.time));
        changes.retain(|at| from <= *at && *at < to);
        changes
    }

    fn decision_at(&self, control: &ControlId, at: Timestamp) -> Option<&Filed<Decision>> {
        at_time(self.decisions.get(&on_control(control)), at)
    }

    fn events_on(&self, control: &Control, asset: &Id) -> Vec<&Filed<Event>> {
        let heeds = |event: &&Filed<Event>| {
            control.also_on.iter().any(|kind| event.value.kind == *kind.as_str())
                && event.value.asset.as_ref().is_none_or(|on| on == asset)
        };
        self.events.iter().filter(heeds).collect()
    }
}

/// What can change how a control stands on an asset, beside decisions and the asset itself.
#[derive(Clone, Copy)]
struct Movers<'a> {
    relevant: &'a [&'a Recorded],
    erased: &'a [&'a ErasedResult],
    events: &'a [&'a Filed<Event>],
    exceptions: &'a [&'a Vec<Filed<Exception>>],
}

/// The latest results while time goes on, by whether they name the asset, collector and variant.
struct Walk<'a> {
    relevant: &'a [&'a Recorded],
    erased: &'a [&'a ErasedResult],
    next: usize,
    latest: BTreeMap<(bool, &'a str, Variant), &'a Recorded>,
}

impl<'a> Walk<'a> {
    /// Goes on to an instant.
    fn advance(&mut self, at: Timestamp) {
        while let Some(recorded) =
            self.relevant.get(self.next).filter(|recorded| recorded.result.observed_to <= at)
        {
            let result = &recorded.result;
            let key = (result.asset.is_some(), result.collector.name.as_str(), Variant::of(result));
            self.latest.insert(key, recorded);
            self.next += 1;
        }
        let erased = self.erased;
        self.latest.retain(|(named, collector, _), held| {
            !erased.iter().any(|it| {
                it.rank.0 <= at
                    && it.asset.is_some() == *named
                    && it.collector == *collector
                    && held.rank() <= it.rank
            })
        });
    }
}

/// Adds what was found from an instant on; the span before ends there, or goes on where nothing changed.
fn extend(spans: &mut Vec<Span>, found: StateOn, at: Timestamp, to: Timestamp) {
    let StateOn { state, reason, citations, underlying, decided, lapsed, .. } = found;
    if let Some(last) = spans.last_mut() {
        let same =
            (last.state, last.underlying, last.decided, last.lapsed) == (state, underlying, decided, lapsed);
        if same {
            last.reason = reason;
            last.citations.extend(citations);
            last.citations.sort_by_key(|citation| citation.index);
            last.citations.dedup();
            return;
        }
        last.to = at;
    }
    spans.push(Span { from: at, to, state, reason, underlying, decided, lapsed, citations });
}

/// The part of a period in which an asset was in use, from its first to its last instant there.
fn in_use(
    versions: &[Filed<Asset>],
    meant: impl Fn(&Asset) -> bool,
    from: Timestamp,
    to: Timestamp,
) -> Option<(Timestamp, Timestamp)> {
    let mut part: Option<(Timestamp, Timestamp)> = None;
    for (number, version) in versions.iter().enumerate() {
        let end = versions.get(number + 1).map_or(to, |next| next.time).min(to);
        let begin = version.time.max(from);
        if begin < end && !version.value.retired && meant(&version.value) {
            part = Some((part.map_or(begin, |(first, _)| first), end));
        }
    }
    part
}

/// The part of a time in which an asset was not retired, from its first to its last instant there; before it was registered
/// it was not.
fn not_retired(
    versions: &[Filed<Asset>],
    (from, to): (Timestamp, Timestamp),
) -> Option<(Timestamp, Timestamp)> {
    let before = versions.first().map_or(to, |first| first.time.min(to));
    let registered = in_use(versions, |_| true, from, to);
    match (from < before, registered) {
        (true, Some((_, end))) => Some((from, end)),
        (true, None) => Some((from, before)),
        (false, registered) => registered,
    }
}

/// The version in force at an instant.
fn at_time<V>(versions: Option<&Vec<Filed<V>>>, at: Timestamp) -> Option<&Filed<V>> {
    versions?.iter().rev().find(|filed| filed.time <= at)
}

/// Of the events up to an instant the latest of each kind and asset.
fn latest_events<'a>(events: &[&'a Filed<Event>], at: Timestamp) -> Vec<&'a Filed<Event>> {
    let mut latest: BTreeMap<(Option<&Id>, &Id), &Filed<Event>> = BTreeMap::new();
    for &event in events.iter().filter(|event| event.value.at <= at) {
        let slot = latest.entry((event.value.asset.as_ref(), &event.value.kind)).or_insert(event);
        if (slot.value.at, slot.citation.index) <= (event.value.at, event.citation.index) {
            *slot = event;
        }
    }
    latest.into_values().collect()
}

fn on_control(control: &ControlId) -> [String; 3] {
    [String::new(), String::new(), control.to_string()]
}

#[cfg(test)]
mod tests;
