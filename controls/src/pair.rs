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
use crate::variant;
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
    /// The state at an instant. `named` are the results on this asset, `unnamed` those that name none, the latest of each
    /// collector and variant.
    pub(crate) fn state<'r>(
        &self,
        named: impl Iterator<Item = &'r Recorded>,
        unnamed: impl Iterator<Item = &'r Recorded>,
        at: Timestamp,
    ) -> StateOn {
        let Speaking { results, silent, uncovered } = self.speaking(named, unnamed);
        let mut judged = state::judge(self.control, &results, &self.events, at);
        let last_held = if self.exceptions.is_empty() { None } else { state::last_held(&results) };
        if results.is_empty() {
            judged.reason = silent.unwrap_or(judged.reason);
            judged.uncovered = uncovered;
        }
        if let Some(decided) = self.decision.filter(|decided| !decided.value.applies) {
            judged = judged.decided(decided);
        }
        let covers = |filed: &&&Filed<Exception>| filed.value.covers(&self.control.id, self.asset);
        judged.excepted(self.exceptions.iter().filter(covers).copied(), last_held, at)
    }

    /// The results that speak for the asset, and why others do not where none does.
    fn speaking<'r>(
        &self,
        named: impl Iterator<Item = &'r Recorded>,
        unnamed: impl Iterator<Item = &'r Recorded>,
    ) -> Speaking<'r> {
        let (mut results, mut others) = variant::standing(named, self.digest);
        let (unnamed, of_others) = variant::standing(unnamed, self.digest);
        let mut dumb = 0;
        match &self.whole {
            Some(whole) if whole == self.asset => {
                results.extend(unnamed);
                others += of_others;
            }
            Some(_) => {}
            None => {
                let (all, none): (Vec<&Recorded>, Vec<&Recorded>) =
                    unnamed.into_iter().partition(|recorded| covers_all(&recorded.result));
                results.extend(all);
                others += of_others;
                dumb = none.len();
            }
        }
        let silent = match (self.digest, others, dumb) {
            (Some(digest), 1.., _) => Some(format!(
                "no result on file for these bytes (SHA-256 {}…); {others} on others do not count",
                &digest.to_string()[..16]
            )),
            (_, _, 1..) => Some(format!(
                "no result on file for this asset; {dumb} without an asset cover none, for lack of a population tested in full"
            )),
            _ => None,
        };
        Speaking { results, silent, uncovered: dumb > 0 }
    }
}

/// The results that speak for an asset.
struct Speaking<'r> {
    results: Vec<&'r Recorded>,
    /// Why there is none, where others are on file.
    silent: Option<String>,
    /// Results without an asset cover none.
    uncovered: bool,
}

/// Whether a result speaks against its asset: a failure must not vanish because of the kind of thing it was found on.
pub(crate) fn is_unfavourable(result: &ControlResult) -> bool {
    let failures = result.population.as_ref().is_some_and(|population| population.failed > 0);
    failures || matches!(result.status, Status::Failed | Status::NeedsReview | Status::Unknown)
}

/// Whether a result without an asset speaks for every asset: what is unfavourable does, a pass must have tested all.
fn covers_all(result: &ControlResult) -> bool {
    let complete = result.population.as_ref().is_some_and(|population| population.is_complete());
    complete || is_unfavourable(result)
}
