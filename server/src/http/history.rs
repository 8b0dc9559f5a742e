//! How systems stood at the ends of the months before: judged once a day behind the scenes, by what was known then.

use super::house::{House, lock};
use super::problem::Problem;
use crate::standing::Standing;
use affiant_controls::register::{Horizon, Register};
use affiant_frameworks::assessment::{Outcome, Share};
use affiant_ledger::entry::Entry;
use affiant_ledger::id::Id;
use affiant_ledger::reader::Reader;
use affiant_ledger::record::Record;
use affiant_ledger::time::{Date, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

/// Months looked back on.
const MONTHS: usize = 12;
/// Entries held at a time.
const PIECE: usize = 256;

/// How a system stood, month by month.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The months, `2026-11`, the last the present one.
    pub(super) months: Vec<String>,
    /// Requirements satisfied of those that applied, by framework; none before the system was registered.
    pub(super) satisfied: BTreeMap<String, Vec<Option<Share>>>,
    /// Outcomes by framework and requirement.
    pub(super) outcomes: BTreeMap<(String, String), Vec<Option<Outcome>>>,
}

/// What was judged, and on which day.
#[derive(Debug, Default)]
pub(super) struct Histories {
    known: Mutex<BTreeMap<Id, (Date, Arc<History>)>>,
    under_way: Mutex<BTreeSet<Id>>,
}

/// The history of a system if it was judged today; if not, the one of the last time, or none, while it is being judged.
pub(super) fn of(house: &Arc<House>, system: &Id) -> Option<Arc<History>> {
    let today = house.now().date();
    let known = lock(&house.histories.known).get(system).cloned();
    if known.as_ref().is_none_or(|(day, _)| *day != today)
        && lock(&house.histories.under_way).insert(system.clone())
    {
        let (house, system) = (house.clone(), system.clone());
        tokio::task::spawn_blocking(move || {
            match judge(&house, &system) {
                Ok(history) => {
                    lock(&house.histories.known).insert(system.clone(), (today, Arc::new(history)));
                }
                Err(problem) => {
                    tracing::warn!(system = %system, error = problem.detail(), "its months were not judged")
                }
            }
            lock(&house.histories.under_way).remove(&system);
        });
    }
    known.map(|(_, history)| history)
}

fn judge(house: &House, system: &Id) -> Result<History, Problem> {
    let (reader, positions) = house.positions(system)?;
    let mut history = History::default();
    let mut before: Option<(Register, usize)> = None;
    for (name, end) in ends(house.now()) {
        let at = history.months.len();
        history.months.push(name);
        let (known, horizon) = (recorded_by(&reader, &positions, end)?, Horizon::at(end));
        let register = match before.take() {
            Some((register, from)) => go_on(house, &reader, register, &positions[from..known], horizon)?,
            None => None,
        };
        let register = match register {
            Some(register) => register,
            None => Register::replay_pieces(pieces(house, &reader, &positions[..known]), horizon)?,
        };
        if register.system().is_some() {
            for judged in Standing::of(&house.catalogs, system, &register)?.assessments {
                let framework = judged.framework.id.to_string();
                fill(history.satisfied.entry(framework.clone()).or_default(), at, judged.totals.satisfied);
                for it in judged.determinations {
                    let key = (framework.clone(), it.requirement);
                    fill(history.outcomes.entry(key).or_default(), at, it.outcome);
                }
            }
        }
        before = Some((register, known));
    }
    Ok(history)
}

/// What a stream said at the end of a month, from what it said at the end of the one before. None where only a replay can
/// tell.
fn go_on(
    house: &House,
    reader: &Reader,
    mut register: Register,
    since: &[u64],
    horizon: Horizon,
) -> Result<Option<Register>, Problem> {
    let mut still = register.go_on([], horizon)?;
    for piece in pieces(house, reader, since) {
        still = still && register.go_on(&piece?, horizon)?;
        if !still {
            break;
        }
    }
    Ok(still.then_some(register))
}

/// How many of the entries, which stand in the order of their recording, were recorded by a time.
fn recorded_by(reader: &Reader, positions: &[u64], time: Timestamp) -> Result<usize, Problem> {
    let (mut low, mut high) = (0, positions.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let entry = Entry::from_bytes(&reader.entry_bytes(positions[middle])?);
        if entry.map_err(|error| Problem::internal(error.to_string()))?.time <= time {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Entries piece by piece, on this thread alone: nobody waits for them. Ends with the service.
fn pieces<'a>(
    house: &'a House,
    reader: &'a Reader,
    positions: &'a [u64],
) -> impl Iterator<Item = Result<Vec<Record>, Problem>> + 'a {
    positions.chunks(PIECE).map(|piece| {
        if house.ends.load(Ordering::Acquire) {
            return Err(Problem::later("the service ends", 1));
        }
        Ok(piece.iter().map(|index| reader.record(*index)).collect::<Result<Vec<_>, _>>()?)
    })
}

/// Puts a value at a place, with nothing before it where nothing was.
fn fill<T>(values: &mut Vec<Option<T>>, at: usize, value: T) {
    values.resize_with(at, || None);
    values.push(Some(value));
}

/// The last twelve months with their ends; the present one ends now.
fn ends(now: Timestamp) -> Vec<(String, Timestamp)> {
    let mut ends = Vec::new();
    let mut end = now;
    while ends.len() < MONTHS {
        let day = end.date().to_string();
        let Some(first) = day.get(..7).and_then(|month| format!("{month}-01").parse::<Timestamp>().ok())
        else {
            break;
        };
        ends.push((day[..7].to_owned(), end));
        let Some(before) = first.as_millis().checked_sub(1).and_then(|at| Timestamp::from_millis(at).ok())
        else {
            break;
        };
        end = before;
    }
    ends.reverse();
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_where_the_next_begins_and_the_last_ends_now() {
        let now: Timestamp = "2026-03-10T08:00:00Z".parse().unwrap();
        let ends = ends(now);
        assert_eq!(ends.len(), 12);
        assert_eq!((ends[0].0.as_str(), ends[11].0.as_str()), ("2025-04", "2026-03"));
        assert_eq!(ends[11].1, now);
        assert_eq!(ends[10].1.to_string(), "2026-02-28T23:59:59.999Z");
    }

    #[test]
    fn what_was_not_there_yet_is_a_gap() {
        let mut values = Vec::new();
        fill(&mut values, 2, 7);
        fill(&mut values, 3, 8);
        assert_eq!(values, [None, None, Some(7), Some(8)]);
    }
}
