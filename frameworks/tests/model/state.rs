//! The state of a control on an asset, a second time.

use super::{One, Said, View};
use affiant_controls::{Control, ControlResult, ControlState, Event, Exception, Statement, Status};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;

/// The state of a control on an asset, without the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct On {
    pub(crate) asset: Id,
    pub(crate) state: ControlState,
    /// By a decision: not counted.
    pub(crate) decided: bool,
    /// The state an exception in force covers.
    pub(crate) underlying: Option<ControlState>,
    /// An exception from it has expired.
    pub(crate) lapsed: bool,
    pub(crate) citations: Vec<(u64, Digest)>,
    pub(crate) observed_to: Option<Timestamp>,
    pub(crate) fresh_until: Option<Timestamp>,
    /// The control is not meant for it; something was found there.
    pub(crate) stray: bool,
    /// Nothing speaks for it, though results that name no asset might have.
    pub(crate) uncovered: bool,
}

type Results<'a> = Vec<One<'a, ControlResult>>;

fn failed(result: &ControlResult) -> bool {
    let items = result.population.as_ref().is_some_and(|population| population.failed > 0);
    result.status == Status::Failed || items
}

/// A population with something in it, all of which was tested.
fn tested_in_full(result: &ControlResult) -> bool {
    result.population.as_ref().is_some_and(|it| it.size > 0 && it.tested == it.size)
}

fn needs_review(result: &ControlResult) -> bool {
    let partial = result.population.is_some() && !tested_in_full(result);
    matches!(result.status, Status::NeedsReview | Status::Unknown)
        || result.status == Status::Passed && partial && !failed(result)
}

fn passed(result: &ControlResult) -> bool {
    result.status == Status::Passed && !failed(result) && !needs_review(result)
}

/// Reported failed or in need of review, in the collector's words.
fn unfavourable(result: &ControlResult) -> bool {
    matches!(result.status, Status::Failed | Status::NeedsReview | Status::Unknown)
        || result.population.as_ref().is_some_and(|it| it.failed > 0)
}

/// Whom a result without an asset speaks for: the system, else the organisation, else nobody in particular.
fn spokesman(view: &View, control: &Control) -> Option<Id> {
    if control.applies_to("ai-system") {
        view.stream.clone()
    } else if control.applies_to("organisation") {
        Some("org".parse().unwrap())
    } else {
        None
    }
}

/// Whether a result is about an asset, its bytes aside.
fn speaks_for(view: &View, control: &Control, result: &ControlResult, asset: &Id) -> bool {
    if let Some(named) = &result.asset {
        return named == asset;
    }
    match spokesman(view, control) {
        Some(one) => one == *asset,
        None => unfavourable_without_asset(result) || tested_in_full(result),
    }
}

fn unfavourable_without_asset(result: &ControlResult) -> bool {
    failed(result) || matches!(result.status, Status::NeedsReview | Status::Unknown)
}

/// Whether it was found on other bytes than the asset has, and is nothing that was found wrong.
fn on_other_bytes(view: &View, result: &ControlResult, asset: &Id) -> bool {
    let now = view.asset(asset).and_then(|asset| asset.digest);
    let then = result.subject.as_ref().map(|subject| subject.digest);
    !unfavourable(result) && now.is_some() && then.is_some() && now != then
}

fn of_control<'a>(view: &'a View, control: &Control) -> Results<'a> {
    view.results().into_iter().filter(|(_, result)| result.control == control.id).collect()
}

/// Of the results that name an asset, or of those that name none, those that count for its bytes: found on other bytes
/// and nothing wrong is as if it were not there; the others stand until the same collector says otherwise later, and a
/// test that did not run says nothing otherwise where something was wrong.
fn standing<'a>(view: &'a View, control: &Control, asset: &Id, named: bool) -> Results<'a> {
    let mut all = of_control(view, control);
    all.retain(|(_, result)| match &result.asset {
        Some(on) => named && on == asset,
        None => !named,
    });
    // On the same bytes a collector may take back what it found, whatever bytes are in use.
    let digest = |result: &ControlResult| result.subject.as_ref().map(|subject| subject.digest);
    let before = all.clone();
    let taken_back = |one: &One<'_, ControlResult>, other: &One<'_, ControlResult>| {
        other.1.collector.name == one.1.collector.name
            && digest(other.1).is_some()
            && digest(other.1) == digest(one.1)
            && other.1.status != Status::NotRun
            && one.1.status != Status::NotRun
            && (other.1.observed_to, other.0.index) > (one.1.observed_to, one.0.index)
    };
    all.retain(|one| !before.iter().any(|other| taken_back(one, other)));
    all.retain(|(_, result)| !on_other_bytes(view, result, asset));
    let otherwise = |(said, result): &One<'_, ControlResult>, (other, by): &One<'_, ControlResult>| {
        by.collector.name == result.collector.name
            && (by.observed_to, other.index) > (result.observed_to, said.index)
            && !(by.status == Status::NotRun && !unfavourable(by) && unfavourable(result))
    };
    let replaced = |one: &One<'_, ControlResult>| all.iter().any(|other| otherwise(one, other));
    all.iter().copied().filter(|one| !replaced(one)).collect()
}

/// Whether a control is meant for an asset.
fn meant(view: &View, control: &Control, asset: &Id) -> bool {
    let is_system = Some(asset) == view.stream.as_ref() && control.applies_to("ai-system");
    let is_organisation = *asset == *"org" && control.applies_to("organisation");
    let known = view.asset(asset);
    is_system
        || is_organisation
        || known.is_some_and(|asset| !asset.retired && control.applies_to(&asset.kind))
}

/// Whether an asset belongs to the population of a control.
fn belongs(view: &View, control: &Control, asset: &Id) -> bool {
    let retired = view.asset(asset).is_some_and(|asset| asset.retired);
    let reported = || standing(view, control, asset, true).iter().any(|(_, result)| unfavourable(result));
    meant(view, control, asset) || !retired && reported()
}

/// The state of a control on every asset of its population, by asset.
pub(crate) fn states(view: &View, control: &Control) -> Vec<On> {
    let mut names: Vec<Id> = view.assets().iter().map(|(_, asset)| asset.id.clone()).collect();
    names.extend(view.results().iter().filter_map(|(_, result)| result.asset.clone()));
    names.extend(view.stream.clone());
    names.push("org".parse().unwrap());
    names.sort();
    names.dedup();
    let none_is_meant = !names.iter().any(|asset| meant(view, control, asset));
    // What is wrong and names no asset stays with the system where there is none to name.
    let stays = |asset: &Id| {
        let wrong = || standing(view, control, asset, false).iter().any(|(_, result)| unfavourable(result));
        none_is_meant && Some(asset) == view.stream.as_ref() && wrong()
    };
    names.retain(|asset| belongs(view, control, asset) || stays(asset));
    names.into_iter().map(|asset| state(view, control, &asset)).collect()
}

/// The state of a control on an asset.
fn state(view: &View, control: &Control, asset: &Id) -> On {
    let mut on = by_results(view, control, asset);
    on.stray = !meant(view, control, asset);
    on.uncovered =
        on.state == ControlState::Missing && on.citations.is_empty() && not_covered(view, control, asset);
    let refused = view.decisions().into_iter().find(|(_, it)| it.control.as_ref() == Some(&control.id));
    let refused = refused.filter(|(_, decision)| !decision.applies);
    match refused {
        Some((said, _)) if !matches!(on.state, ControlState::Failed | ControlState::Review) => On {
            state: ControlState::NotApplicable,
            decided: true,
            observed_to: None,
            fresh_until: None,
            uncovered: false,
            citations: vec![(said.index, said.leaf)],
            ..on
        },
        _ if on.state == ControlState::Held => on,
        _ => under_exceptions(view, control, asset, on),
    }
}

/// Whether a pass that still stands was observed after an instant, and before everything else that still stands against it.
fn held_since(view: &View, control: &Control, asset: &Id, since: Timestamp) -> bool {
    let speaking = speaking(view, control, asset);
    let against = |result: &ControlResult| failed(result) || needs_review(result);
    speaking.iter().any(|(_, pass)| {
        let first = speaking.iter().all(|(_, it)| !against(it) || pass.observed_to < it.observed_to);
        passed(pass) && pass.observed_to > since && first
    })
}

fn under_exceptions(view: &View, control: &Control, asset: &Id, mut on: On) -> On {
    let mut covering = view.exceptions();
    covering.retain(|(_, it)| {
        it.control == control.id && !it.revoked && (it.assets.is_empty() || it.assets.contains(&on.asset))
    });
    covering.retain(|one| has_enough_people(view, control, *one));
    // What was accepted was put right: the exception has nothing more to say once it is over.
    covering.retain(|(said, it)| view.as_of < it.expires || !held_since(view, control, asset, said.time));
    // The one that lasts longest is named.
    covering.sort_by_key(|(said, exception)| (exception.expires, said.index));
    let Some((said, exception)) = covering.last() else { return on };
    if view.as_of < exception.expires {
        on.underlying = Some(on.state);
        on.state = ControlState::Excepted;
        on.fresh_until = Some(exception.expires);
    } else {
        on.lapsed = true;
    }
    on.citations.push((said.index, said.leaf));
    on.citations.sort();
    on
}

/// Whether as many people as the policy in front of it asks for have approved this very exception: the approver in it, and
/// one after another others, none of whom asked for it or is there already, each under another key.
fn has_enough_people(view: &View, control: &Control, (said, exception): One<'_, Exception>) -> bool {
    let mut before = view.policies();
    before.retain(|(policy, _)| policy.index < said.index);
    before.sort_by_key(|(policy, _)| policy.index);
    let Some((_, policy)) = before.last() else { return true };
    if control.severity < policy.exceptions.from_severity {
        return true;
    }
    let name = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let key = |said: &Said| Some(said.by.clone()).filter(|by| by.starts_with("key:"));
    let digest = Digest::of(&Statement::Exception(exception.clone()).to_bytes());
    let mut names = vec![name(&exception.approver)];
    let mut keys: Vec<String> = key(said).into_iter().collect();
    let mut approvals = view.approvals();
    approvals.retain(|(_, it)| it.exception == exception.id && it.digest == digest);
    approvals.sort_by_key(|(said, _)| said.index);
    for (said, approval) in approvals {
        let person = name(&approval.by);
        let asked = exception.requested_by.as_deref().map(name) == Some(person.clone());
        let same_key = key(said).is_some_and(|key| keys.contains(&key));
        if !asked && !same_key && !names.contains(&person) {
            names.push(person);
            keys.extend(key(said));
        }
    }
    names.len() as u64 >= policy.exceptions.approvals
}

/// The results that count for an asset.
fn speaking<'a>(view: &'a View, control: &Control, asset: &Id) -> Results<'a> {
    let mut speaking = standing(view, control, asset, true);
    speaking.extend(standing(view, control, asset, false));
    speaking.retain(|(_, result)| speaks_for(view, control, result, asset));
    speaking
}

fn by_results(view: &View, control: &Control, asset: &Id) -> On {
    let speaking = speaking(view, control, asset);
    let all = |wanted: &dyn Fn(&ControlResult) -> bool| -> Results<'_> {
        speaking.iter().copied().filter(|(_, result)| wanted(result)).collect()
    };
    for (wanted, state) in [
        (&failed as &dyn Fn(&ControlResult) -> bool, ControlState::Failed),
        (&needs_review, ControlState::Review),
    ] {
        if !all(wanted).is_empty() {
            return on(asset, state, &all(wanted));
        }
    }
    if !all(&passed).is_empty() {
        return by_passes(view, control, asset, &all(&passed));
    }
    let not_applicable = all(&|result| result.status == Status::NotApplicable);
    if !not_applicable.is_empty() {
        return on(asset, ControlState::NotApplicable, &not_applicable);
    }
    on(asset, ControlState::Missing, &all(&|result| result.status == Status::NotRun))
}

/// Passes: those before an event that calls for a new one no longer count, nor do those that are too old.
fn by_passes(view: &View, control: &Control, asset: &Id, passes: &Results<'_>) -> On {
    let events = events_on(view, control, asset);
    let overtaken = |result: &ControlResult| events.iter().any(|(_, event)| event.at > result.observed_to);
    let standing: Results<'_> = passes.iter().copied().filter(|(_, it)| !overtaken(it)).collect();
    if standing.is_empty() {
        return all_overtaken(control, asset, passes, &events);
    }
    let until = standing.iter().map(|(_, result)| by_age(control, result)).max();
    let fresh = standing.iter().any(|(_, result)| view.as_of <= by_age(control, result));
    let state = if fresh { ControlState::Held } else { ControlState::Stale };
    On { fresh_until: until, ..on(asset, state, &standing) }
}

fn all_overtaken(control: &Control, asset: &Id, passes: &Results<'_>, events: &[One<'_, Event>]) -> On {
    // Of the events of one kind on one asset the latest counts.
    let superseded = |(said, event): &One<'_, Event>| {
        events.iter().any(|(other, by)| {
            by.kind == event.kind && by.asset == event.asset && (by.at, other.index) > (event.at, said.index)
        })
    };
    let last = passes.iter().max_by_key(|(said, result)| (result.observed_to, said.index)).unwrap().1;
    let mut after: Vec<&One<'_, Event>> =
        events.iter().filter(|one| one.1.at > last.observed_to && !superseded(one)).collect();
    // The first after it is named; of several at one instant, one on the whole system, then in the control's order.
    let place = |event: &Event| control.also_on.iter().position(|kind| event.kind == **kind);
    after.sort_by_key(|(_, event)| (event.at, event.asset.is_some(), place(event)));
    let mut found = on(asset, ControlState::Stale, passes);
    let (said, _) = after[0];
    found.citations.push((said.index, said.leaf));
    found.citations.sort();
    found
}

/// The events on an asset or on the whole system after which the control needs a new result.
fn events_on<'a>(view: &'a View, control: &Control, asset: &Id) -> Vec<One<'a, Event>> {
    let mut events = view.events();
    events.retain(|(_, event)| control.also_on.iter().any(|kind| event.kind == **kind));
    events.retain(|(_, event)| event.asset.is_none() || event.asset.as_ref() == Some(asset));
    events
}

fn by_age(control: &Control, result: &ControlResult) -> Timestamp {
    let until = result.observed_to.plus(control.max_age);
    match result.valid_until {
        Some(sooner) if sooner < until => sooner,
        _ => until,
    }
}

fn on(asset: &Id, state: ControlState, resting_on: &Results<'_>) -> On {
    let mut citations: Vec<(u64, Digest)> =
        resting_on.iter().map(|(said, _)| (said.index, said.leaf)).collect();
    citations.sort();
    On {
        asset: asset.clone(),
        state,
        decided: false,
        underlying: None,
        lapsed: false,
        citations,
        observed_to: resting_on.iter().map(|(_, result)| result.observed_to).max(),
        fresh_until: None,
        stray: false,
        uncovered: false,
    }
}

/// Whether results that name no asset might have spoken for an asset, but cover none.
fn not_covered(view: &View, control: &Control, asset: &Id) -> bool {
    let covers_none = |result: &ControlResult| {
        spokesman(view, control).is_none() && !unfavourable_without_asset(result) && !tested_in_full(result)
    };
    standing(view, control, asset, false).into_iter().any(|(_, result)| covers_none(result))
}
