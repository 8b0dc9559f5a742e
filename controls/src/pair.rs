//! One control on one asset, and everything that has a say on its state at an instant.
//!
//! A register asks for the present, a history for every instant of a period: both ask here.

use crate::control::Control;
use crate::decision::Decision;
use crate::event::Event;
use crate::exception::Exception;
use crate::register::{Filed, Recorded};
use crate::result::ControlResult;
use crate::state::{self, StateOn};
use crate::status::Status;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;

/// A control on an asset, with what is on file beside its results.
pub(crate) struct Pair<'a> {
    pub(crate) control: &'a Control,
    pub(crate) asset: &'a Id,
    /// The asset for which a result of this control without an asset speaks.
    pub(crate) whole: Option<Id>,
    /// SHA-256 of the asset's bytes, where registered.
    pub(crate) digest: Option<Digest>,
    /// Events after which earlier results no longer count.
    pub(crate) events: Vec<&'a Filed<Event>>,
    /// The decision on the control.
    pub(crate) decision: Option<&'a Filed<Decision>>,
    /// All exceptions; those on other controls and assets are passed over.
    pub(crate) exceptions: Vec<&'a Filed<Exception>>,
}

impl Pair<'_> {
    /// The state at an instant. `named` are the latest results on this asset by collector, `unnamed` those that name none.
    pub(crate) fn state<'r>(
        &self,
        named: impl Iterator<Item = &'r Recorded>,
        unnamed: impl Iterator<Item = &'r Recorded>,
        at: Timestamp,
    ) -> StateOn {
        let (speaking, silent) = self.speaking(named, unnamed);
        let mut judged = state::judge(self.control, &speaking, &self.events, at);
        if speaking.is_empty() {
            judged.reason = silent.unwrap_or(judged.reason);
        }
        if let Some(decided) = self.decision.filter(|decided| !decided.value.applies) {
            judged = judged.decided(decided);
        }
        let covers = |filed: &&&Filed<Exception>| filed.value.covers(&self.control.id, self.asset);
        judged.excepted(self.exceptions.iter().filter(covers).copied(), at)
    }

    /// The results that speak for the asset, and why others do not where none does.
    fn speaking<'r>(
        &self,
        named: impl Iterator<Item = &'r Recorded>,
        unnamed: impl Iterator<Item = &'r Recorded>,
    ) -> (Vec<&'r Recorded>, Option<String>) {
        let mut speaking: Vec<&Recorded> = named.collect();
        let mut silent = None;
        match &self.whole {
            Some(whole) if whole == self.asset => speaking.extend(unnamed),
            Some(_) => {}
            None => {
                let (all, dumb): (Vec<&Recorded>, Vec<&Recorded>) =
                    unnamed.partition(|recorded| covers_all(&recorded.result));
                speaking.extend(all);
                if !dumb.is_empty() {
                    silent = Some(format!(
                        "no result on file for this asset; {} without an asset cover none, for lack of a population tested in full",
                        dumb.len()
                    ));
                }
            }
        }
        if let Some(digest) = self.digest {
            let before = speaking.len();
            speaking.retain(|recorded| !is_pass_on_other_bytes(&recorded.result, digest));
            if speaking.len() < before {
                let others = before - speaking.len();
                silent = Some(format!(
                    "no result on file for these bytes (SHA-256 {}…); {others} on others do not count",
                    &digest.to_string()[..16]
                ));
            }
        }
        (speaking, silent)
    }
}

/// Whether a result speaks against its asset: a failure must not vanish because of the kind of thing it was found on.
pub(crate) fn is_unfavourable(result: &ControlResult) -> bool {
    let failures = result.population.as_ref().is_some_and(|population| population.failed > 0);
    failures || matches!(result.status, Status::Failed | Status::NeedsReview | Status::Unknown)
}

/// Whether a result without an asset speaks for every asset: what is unfavourable does, a pass must have tested all.
fn covers_all(result: &ControlResult) -> bool {
    let complete = result.population.as_ref().is_some_and(|population| population.is_complete());
    match result.status {
        Status::Failed | Status::NeedsReview | Status::Unknown => true,
        Status::Passed => complete || result.population.as_ref().is_some_and(|p| p.failed > 0),
        Status::NotApplicable | Status::NotRun => complete,
    }
}

/// Whether a result that is no failure was found on other bytes than these.
fn is_pass_on_other_bytes(result: &ControlResult, digest: Digest) -> bool {
    let favourable = matches!(result.status, Status::Passed | Status::NotApplicable | Status::NotRun);
    favourable && result.subject.as_ref().is_some_and(|subject| subject.digest != digest)
}
