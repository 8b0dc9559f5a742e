//! Admission of what the service records: what was done at its doors, and what auditors and officers say of things on file.

use super::posture::past;
use super::{AdmitError, line, name, optional, text_error};
use crate::access::{self, Access, AccessEvent, EVENTS_MAX, NOBODY};
use crate::signoff::{self, SignOff};
use crate::text::{LINE_LENGTH_MAX, NAME_LENGTH_MAX, TextError, check_lines};
use affiant_ledger::id::{Id, visible};
use affiant_ledger::time::Timestamp;

/// Who stands at a door, by the word before the colon: those of which an id is known.
const WITH_ID: [&str; 2] = ["token", "certificate"];

/// Admits a batch of events: not empty and not endless, each by someone, of something that happened.
pub fn admit_access(access: Access) -> Result<Access, AdmitError> {
    within("events", access.events.len() as u64, 1, EVENTS_MAX as u64)?;
    access.events.iter().try_for_each(event)?;
    Ok(access)
}

fn event(event: &AccessEvent) -> Result<(), AdmitError> {
    name("events.who", &event.who)?;
    if !is_someone(&event.who) {
        return Err(AdmitError::Who(visible(&event.who)));
    }
    if let Some(role) = &event.role {
        word("roles", role, &access::ROLES)?;
    }
    name("events.what", &event.what)?;
    within("events.count", event.count, 1, u64::MAX)?;
    within("events.status", event.status.into(), 100, 599)?;
    optional("events.address", event.address.as_deref(), NAME_LENGTH_MAX)
}

fn is_someone(who: &str) -> bool {
    match who.split_once(':') {
        None => who == NOBODY,
        Some(("person", name)) => !name.trim().is_empty(),
        Some((kind, id)) => WITH_ID.contains(&kind) && id.parse::<Id>().is_ok(),
    }
}

/// Admits a sign-off: somebody says something, in a role that signs off, at a time that is not ahead. That what it is about is
/// on file is for whoever holds the ledger to say.
pub fn admit_sign_off(sign_off: SignOff, now: Timestamp) -> Result<SignOff, AdmitError> {
    name("by", &sign_off.by)?;
    word("roles", &sign_off.role, &signoff::ROLES)?;
    line("about", &sign_off.about.to_string(), LINE_LENGTH_MAX)?;
    let note = &sign_off.note;
    let said = match note.trim().is_empty() {
        true => Err(TextError::Empty),
        false => check_lines(note, LINE_LENGTH_MAX),
    };
    said.map_err(|problem| text_error("note", problem, note))?;
    past("at", sign_off.at, now)?;
    Ok(sign_off)
}

fn word(field: &'static str, word: &str, known: &[&str]) -> Result<(), AdmitError> {
    if known.contains(&word) {
        return Ok(());
    }
    Err(AdmitError::Word { field, word: visible(word), known: known.join(", ") })
}

fn within(field: &'static str, value: u64, min: u64, max: u64) -> Result<(), AdmitError> {
    if (min..=max).contains(&value) { Ok(()) } else { Err(AdmitError::Outside { field, value, min, max }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signoff::Outcome;
    use affiant_ledger::codec;
    use affiant_ledger::payload::STATEMENT_SIZE_MAX;

    fn event() -> AccessEvent {
        AccessEvent {
            at: "2026-11-24T12:00:00Z".parse().unwrap(),
            who: "token:ci-main".into(),
            role: Some("collector".into()),
            what: "POST /v1/results".into(),
            count: 12,
            status: 403,
            system: "credit-scoring".parse().ok(),
            address: Some("192.0.2.7".into()),
            allowed: false,
        }
    }

    #[test]
    fn an_event_is_by_someone_of_something_that_happened() {
        let admitted = |change: fn(&mut AccessEvent)| {
            let mut event = event();
            change(&mut event);
            admit_access(Access { events: vec![event] })
        };
        assert_eq!(admitted(|_| {}), Ok(Access { events: vec![event()] }));
        assert!(admitted(|e| (e.who, e.role, e.system, e.address) = ("-".into(), None, None, None)).is_ok());
        assert!(admitted(|e| e.who = "person:A. Example".into()).is_ok());
        assert!(admitted(|e| e.who = "certificate:ops-1".into()).is_ok());
        assert_eq!(admitted(|e| e.who = "ci-main".into()), Err(AdmitError::Who("ci-main".into())));
        assert_eq!(
            admitted(|e| e.who = "token:Two Words".into()),
            Err(AdmitError::Who("token:Two Words".into()))
        );
        assert_eq!(admitted(|e| e.who = "person: ".into()), Err(AdmitError::Who("person: ".into())));
        assert_eq!(admitted(|e| e.who = "key:ci".into()), Err(AdmitError::Who("key:ci".into())));
        assert!(matches!(admitted(|e| e.role = Some("root".into())), Err(AdmitError::Word { .. })));
        assert!(matches!(
            admitted(|e| e.what = String::new()),
            Err(AdmitError::Text { field: "events.what", .. })
        ));
        assert!(matches!(admitted(|e| e.what = "x".repeat(301)), Err(AdmitError::Text { .. })));
        assert!(matches!(admitted(|e| e.address = Some("\u{1b}[2J".into())), Err(AdmitError::Text { .. })));
        let outside = |field, value, min, max| Err(AdmitError::Outside { field, value, min, max });
        assert_eq!(admitted(|e| e.count = 0), outside("events.count", 0, 1, u64::MAX));
        assert_eq!(admitted(|e| e.status = 99), outside("events.status", 99, 100, 599));
        assert_eq!(admitted(|e| e.status = 600), outside("events.status", 600, 100, 599));
    }

    #[test]
    fn a_batch_has_1_to_256_events_and_the_longest_fits_a_statement() {
        let batch = |count: usize| admit_access(Access { events: vec![event(); count] });
        let outside = |value| Err(AdmitError::Outside { field: "events", value, min: 1, max: 256 });
        assert_eq!(batch(0), outside(0));
        assert_eq!(batch(257), outside(257));
        let longest = AccessEvent {
            who: format!("person:{}", "x".repeat(NAME_LENGTH_MAX - 7)),
            what: "x".repeat(NAME_LENGTH_MAX),
            count: u64::MAX,
            system: "s".repeat(63).parse().ok(),
            address: Some("x".repeat(NAME_LENGTH_MAX)),
            ..event()
        };
        let access = admit_access(Access { events: vec![longest; EVENTS_MAX] }).unwrap();
        assert!(codec::encode(&access).len() < STATEMENT_SIZE_MAX);
    }

    #[test]
    fn a_sign_off_says_something_in_a_role_at_a_time_that_is_not_ahead() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let sign_off = SignOff {
            at: now,
            by: "Example Audit LLP".into(),
            id: "s-1".parse().unwrap(),
            note: "Seen.\nThe run behind it as well.".into(),
            role: "auditor".into(),
            about: "entry:12".parse().unwrap(),
            system: "credit-scoring".parse().unwrap(),
            outcome: Outcome::Accepted,
        };
        let admitted = |change: fn(&mut SignOff)| {
            let mut sign_off = sign_off.clone();
            change(&mut sign_off);
            admit_sign_off(sign_off, now)
        };
        assert_eq!(admitted(|_| {}), Ok(sign_off.clone()));
        assert!(matches!(admitted(|s| s.by = " ".into()), Err(AdmitError::Text { field: "by", .. })));
        assert!(matches!(admitted(|s| s.note = " \n".into()), Err(AdmitError::Text { field: "note", .. })));
        assert!(matches!(admitted(|s| s.note = "x".repeat(4_001)), Err(AdmitError::Text { .. })));
        assert!(matches!(admitted(|s| s.note = "a\u{200b}b".into()), Err(AdmitError::Text { .. })));
        assert!(matches!(admitted(|s| s.role = "collector".into()), Err(AdmitError::Word { .. })));
        let day = "2026-11-25T12:00:00Z";
        let ahead = SignOff { at: day.parse().unwrap(), ..sign_off };
        assert_eq!(
            admit_sign_off(ahead, now),
            Err(AdmitError::Future { field: "at", time: day.parse().unwrap() })
        );
    }
}
