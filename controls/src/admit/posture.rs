//! Admission of exceptions, decisions, plans, attestations, assertions, incidents, events, requests, samples and findings.

use super::{
    AdmitError, CLOCK_SKEW_MAX, WORDS_MAX, count, evidence, known_control, line, name, optional, text_error,
    words,
};
use crate::approval::Approval;
use crate::assertion::Assertion;
use crate::attestation::Attestation;
use crate::decision::{DRIVERS, Decision, Target};
use crate::event::Event;
use crate::exception::Exception;
use crate::finding::Finding;
use crate::incident::{INCIDENT_KINDS, Incident};
use crate::plan::Plan;
use crate::policy::{APPROVALS_MAX, Policy};
use crate::request::Request;
use crate::sample::{ITEMS_MAX, Sample};
use crate::set::ControlSet;
use crate::text::{
    DETAILS_LENGTH_MAX, LINE_LENGTH_MAX, NAME_LENGTH_MAX, TextError, check_lines, same_person,
};
use affiant_ledger::id::visible;
use affiant_ledger::time::{Period, Timestamp};
use std::collections::BTreeSet;

/// Longest time for which an exception can be granted, in days: it is renewed or it ends.
pub const EXCEPTION_DAYS_MAX: u32 = 366;
/// Longest time that a request can give, in days.
pub const REQUEST_DAYS_MAX: u32 = 366;
/// Longest time that can be given to mend what was found, in days.
pub const FINDING_DAYS_MAX: u32 = 2 * 366;
/// Longest time for which an attestation can speak, in days.
pub const ATTESTATION_DAYS_MAX: u32 = 5 * 366;

/// Admits an exception: its control is known, it ends, and nobody approves what they asked for.
pub fn admit_exception(
    exception: Exception,
    controls: &ControlSet,
    now: Timestamp,
) -> Result<Exception, AdmitError> {
    known_control(&exception.control, controls)?;
    line("reason", &exception.reason, LINE_LENGTH_MAX)?;
    name("approver", &exception.approver)?;
    optional("requested_by", exception.requested_by.as_deref(), NAME_LENGTH_MAX)?;
    optional("compensating", exception.compensating.as_deref(), LINE_LENGTH_MAX)?;
    count("assets", exception.assets.len(), WORDS_MAX)?;
    if exception.requested_by.as_deref().is_some_and(|asked| same_person(asked, &exception.approver)) {
        return Err(AdmitError::OwnApproval(visible(&exception.approver)));
    }
    if !exception.revoked {
        after("now", now, "expires", exception.expires)?;
        within("expires", exception.expires, now, EXCEPTION_DAYS_MAX)?;
    }
    Ok(exception)
}

/// Admits a decision on applicability. Whether a requirement exists is for the storey above to say.
pub fn admit_decision(decision: Decision, controls: &ControlSet) -> Result<Decision, AdmitError> {
    match decision.target() {
        Some(Target::Control(control)) => known_control(control, controls)?,
        Some(Target::Requirement(_, requirement)) => name("requirement", requirement)?,
        None => return Err(AdmitError::Target),
    }
    line("reason", &decision.reason, LINE_LENGTH_MAX)?;
    name("decided_by", &decision.decided_by)?;
    optional("owner", decision.owner.as_deref(), NAME_LENGTH_MAX)?;
    vocabulary("drivers", &decision.drivers, &DRIVERS)?;
    Ok(decision)
}

/// Admits a plan: a promise of future runs, so it cannot begin in the past.
pub fn admit_plan(plan: Plan, controls: &ControlSet, now: Timestamp) -> Result<Plan, AdmitError> {
    known_control(&plan.control, controls)?;
    optional("owner", plan.owner.as_deref(), NAME_LENGTH_MAX)?;
    optional("collector", plan.collector.as_deref(), NAME_LENGTH_MAX)?;
    if plan.from < now {
        return Err(AdmitError::Past { field: "from", time: plan.from });
    }
    if plan.cadence == Period::default() {
        return Err(AdmitError::Order { earlier: "from", later: "from plus cadence" });
    }
    if let Some(until) = plan.until {
        after("from", plan.from, "until", until)?;
    }
    Ok(plan)
}

/// Admits an attestation. Whether the requirement exists is for the storey above to say.
pub fn admit_attestation(attestation: Attestation, now: Timestamp) -> Result<Attestation, AdmitError> {
    name("by", &attestation.by)?;
    name("requirement", &attestation.requirement)?;
    line("summary", &attestation.summary, LINE_LENGTH_MAX)?;
    evidence(&attestation.evidence)?;
    past("at", attestation.at, now)?;
    after("at", attestation.at, "valid_until", attestation.valid_until)?;
    within("valid_until", attestation.valid_until, attestation.at, ATTESTATION_DAYS_MAX)?;
    Ok(attestation)
}

/// Admits an assertion: somebody asserts something, of a time that is not ahead.
pub fn admit_assertion(assertion: Assertion, now: Timestamp) -> Result<Assertion, AdmitError> {
    name("by", &assertion.by)?;
    name("role", &assertion.role)?;
    let text = &assertion.text;
    let said =
        if text.trim().is_empty() { Err(TextError::Empty) } else { check_lines(text, DETAILS_LENGTH_MAX) };
    said.map_err(|problem| text_error("text", problem, text))?;
    past("at", assertion.at, now)?;
    if let Some(from) = assertion.from {
        after("from", from, "at", assertion.at)?;
    }
    Ok(assertion)
}

/// Admits an incident: its times stand in the order in which such things happen, and its tests are of known controls.
pub fn admit_incident(
    incident: Incident,
    controls: &ControlSet,
    now: Timestamp,
) -> Result<Incident, AdmitError> {
    line("summary", &incident.summary, LINE_LENGTH_MAX)?;
    count("tests", incident.tests.len(), WORDS_MAX)?;
    for test in &incident.tests {
        known_control(&test.control, controls)?;
        optional("tests.rule", test.rule.as_deref(), NAME_LENGTH_MAX)?;
        optional("tests.collector", test.collector.as_deref(), NAME_LENGTH_MAX)?;
    }
    count("assets", incident.assets.len(), WORDS_MAX)?;
    vocabulary("kinds", &incident.kinds, &INCIDENT_KINDS)?;
    past("aware_at", incident.aware_at, now)?;
    if incident.occurred_at.is_some_and(|occurred| occurred > incident.aware_at) {
        return Err(AdmitError::Order { earlier: "occurred_at", later: "aware_at" });
    }
    count("reported_to", incident.reported_to.len(), WORDS_MAX)?;
    let named = incident.reported_to.values().map(|time| ("reported_to", Some(*time)));
    let later = [
        ("acknowledged_at", incident.acknowledged_at),
        ("contained_at", incident.contained_at),
        ("reported_at", incident.reported_at),
        ("completed_at", incident.completed_at),
        ("closed_at", incident.closed_at),
    ];
    for (field, time) in later.into_iter().chain(named) {
        let Some(time) = time else { continue };
        past(field, time, now)?;
        if time < incident.aware_at {
            return Err(AdmitError::Order { earlier: "aware_at", later: field });
        }
    }
    let stages = [
        ("acknowledged_at", incident.acknowledged_at, "contained_at", incident.contained_at),
        ("contained_at", incident.contained_at, "closed_at", incident.closed_at),
        ("acknowledged_at", incident.acknowledged_at, "closed_at", incident.closed_at),
    ];
    for (earlier, before, later, after) in stages {
        if before.zip(after).is_some_and(|(before, after)| before > after) {
            return Err(AdmitError::Order { earlier, later });
        }
    }
    if incident.completed_at.is_some()
        && incident.first_report().is_none_or(|first| Some(first) > incident.completed_at)
    {
        return Err(AdmitError::Order { earlier: "reported_at", later: "completed_at" });
    }
    Ok(incident)
}

/// Admits an event.
pub fn admit_event(event: Event, now: Timestamp) -> Result<Event, AdmitError> {
    line("summary", &event.summary, LINE_LENGTH_MAX)?;
    past("at", event.at, now)?;
    if let Some(done) = event.done_at {
        past("done_at", done, now)?;
        if done < event.at {
            return Err(AdmitError::Order { earlier: "at", later: "done_at" });
        }
    }
    Ok(event)
}

/// Admits a request: it asks for one thing, by a day that lies ahead. Whether a requirement exists is for the storey above to
/// say.
pub fn admit_request(request: Request, controls: &ControlSet, now: Timestamp) -> Result<Request, AdmitError> {
    match (&request.control, &request.framework, &request.requirement) {
        (Some(control), None, None) => known_control(control, controls)?,
        (None, Some(_), Some(requirement)) if request.asset.is_none() => name("requirement", requirement)?,
        _ => return Err(AdmitError::Asked),
    }
    line("text", &request.text, LINE_LENGTH_MAX)?;
    name("owner", &request.owner)?;
    name("asked_by", &request.asked_by)?;
    if !request.withdrawn {
        after("now", now, "due", request.due)?;
        within("due", request.due, now, REQUEST_DAYS_MAX)?;
    }
    Ok(request)
}

/// Admits a sample: somebody drew it, by words of their own, and so many items that each can be looked at. That it is what
/// those words draw is for whoever holds the entries to say ([`Sample::is_drawn_from`]).
pub fn admit_sample(sample: Sample) -> Result<Sample, AdmitError> {
    name("by", &sample.by)?;
    name("text", &sample.text)?;
    optional("collector", sample.filter.collector.as_deref(), NAME_LENGTH_MAX)?;
    if !(1..=ITEMS_MAX).contains(&sample.count) {
        return Err(AdmitError::Items(sample.count));
    }
    Ok(sample)
}

/// Admits a policy: it asks for one to five people.
pub fn admit_policy(policy: Policy, now: Timestamp) -> Result<Policy, AdmitError> {
    name("by", &policy.by)?;
    past("at", policy.at, now)?;
    if !(1..=APPROVALS_MAX).contains(&policy.exceptions.approvals) {
        return Err(AdmitError::Approvals(policy.exceptions.approvals));
    }
    Ok(policy)
}

/// Admits an approval of an exception that some people have approved: by another person than those and who asked for it, and
/// of the very statement.
pub fn admit_approval(
    approval: Approval,
    exception: &Exception,
    people: &[String],
    now: Timestamp,
) -> Result<Approval, AdmitError> {
    name("by", &approval.by)?;
    past("at", approval.at, now)?;
    if exception.requested_by.as_deref().is_some_and(|asked| same_person(asked, &approval.by)) {
        return Err(AdmitError::OwnApproval(visible(&approval.by)));
    }
    if people.iter().any(|person| same_person(person, &approval.by)) {
        return Err(AdmitError::SecondApproval(visible(&approval.by)));
    }
    if approval.exception != exception.id || approval.digest != exception.digest() {
        return Err(AdmitError::OtherException(approval.exception));
    }
    Ok(approval)
}

/// Admits what a person says of a finding: a new day lies ahead.
pub fn admit_finding(finding: Finding, new_due: bool, now: Timestamp) -> Result<Finding, AdmitError> {
    optional("owner", finding.owner.as_deref(), NAME_LENGTH_MAX)?;
    optional("ticket", finding.ticket.as_deref(), LINE_LENGTH_MAX)?;
    optional("note", finding.note.as_deref(), LINE_LENGTH_MAX)?;
    if new_due {
        after("now", now, "due", finding.due)?;
        within("due", finding.due, now, FINDING_DAYS_MAX)?;
    }
    Ok(finding)
}

pub(super) fn past(field: &'static str, time: Timestamp, now: Timestamp) -> Result<(), AdmitError> {
    if time.as_millis() > now.as_millis() + CLOCK_SKEW_MAX {
        return Err(AdmitError::Future { field, time });
    }
    Ok(())
}

fn after(earlier: &'static str, a: Timestamp, later: &'static str, b: Timestamp) -> Result<(), AdmitError> {
    if a < b { Ok(()) } else { Err(AdmitError::Order { earlier, later }) }
}

fn within(field: &'static str, time: Timestamp, from: Timestamp, days: u32) -> Result<(), AdmitError> {
    if time > from.plus(Period::days(days)) { Err(AdmitError::TooLong { field, time, days }) } else { Ok(()) }
}

fn vocabulary(
    field: &'static str,
    given: &BTreeSet<String>,
    known: &[&'static str],
) -> Result<(), AdmitError> {
    words(field, given)?;
    match given.iter().find(|word| !known.contains(&word.as_str())) {
        None => Ok(()),
        Some(word) => Err(AdmitError::Word { field, word: visible(word), known: known.join(", ") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::IncidentTest;
    use std::collections::BTreeMap;

    fn now() -> Timestamp {
        "2026-11-26T00:00:00Z".parse().unwrap()
    }

    fn exception() -> Exception {
        Exception {
            id: "exc-1".parse().unwrap(),
            assets: BTreeSet::new(),
            reason: "vendor fix due".into(),
            system: "credit-scoring".parse().unwrap(),
            control: "AFF-EXP-11".parse().unwrap(),
            expires: "2027-01-01T00:00:00Z".parse().unwrap(),
            revoked: false,
            approver: "Head of Risk".into(),
            compensating: None,
            requested_by: Some("Data team".into()),
        }
    }

    #[test]
    fn an_exception_ends_within_a_year_and_is_not_approved_by_who_asked() {
        let controls = ControlSet::embedded();
        let admitted = |change: fn(&mut Exception)| {
            let mut exception = exception();
            change(&mut exception);
            admit_exception(exception, &controls, now())
        };
        assert!(admitted(|_| {}).is_ok());
        assert!(matches!(admitted(|e| e.expires = now()), Err(AdmitError::Order { .. })));
        assert!(matches!(admitted(|e| e.expires = Timestamp::MAX), Err(AdmitError::TooLong { .. })));
        assert!(admitted(|e| (e.expires, e.revoked) = (now(), true)).is_ok());
        assert!(matches!(
            admitted(|e| e.requested_by = Some(" head of  RISK".into())),
            Err(AdmitError::OwnApproval(_))
        ));
        assert!(matches!(
            admitted(|e| e.control = "AFF-XXX-01".parse().unwrap()),
            Err(AdmitError::UnknownControl { .. })
        ));
    }

    #[test]
    fn an_approval_is_by_another_person_of_the_very_exception() {
        let exception = exception();
        let approval = |by: &str| Approval {
            at: now(),
            by: by.into(),
            digest: exception.digest(),
            system: exception.system.clone(),
            exception: exception.id.clone(),
        };
        let people = [exception.approver.clone()];
        let admitted = |approval| admit_approval(approval, &exception, &people, now());
        assert!(admitted(approval("Chief Risk Officer")).is_ok());
        assert_eq!(admitted(approval("data  TEAM")), Err(AdmitError::OwnApproval("data  TEAM".into())));
        assert_eq!(
            admitted(approval("head of risk")),
            Err(AdmitError::SecondApproval("head of risk".into()))
        );
        let other =
            Approval { digest: affiant_ledger::digest::Digest::ZERO, ..approval("Chief Risk Officer") };
        assert_eq!(admitted(other), Err(AdmitError::OtherException(exception.id.clone())));
        let exceptions = |approvals| crate::policy::ExceptionPolicy {
            approvals,
            from_severity: crate::control::Severity::High,
        };
        let policy = |approvals| Policy {
            at: now(),
            by: "Board".into(),
            system: exception.system.clone(),
            exceptions: exceptions(approvals),
        };
        assert!(admit_policy(policy(1), now()).is_ok() && admit_policy(policy(APPROVALS_MAX), now()).is_ok());
        assert_eq!(admit_policy(policy(0), now()), Err(AdmitError::Approvals(0)));
        assert_eq!(admit_policy(policy(6), now()), Err(AdmitError::Approvals(6)));
    }

    #[test]
    fn a_request_asks_for_one_thing_by_a_day_that_lies_ahead() {
        let controls = ControlSet::embedded();
        let request = Request {
            id: "req-1".parse().unwrap(),
            due: "2026-12-01T00:00:00Z".parse().unwrap(),
            text: "the report".into(),
            asset: "scoring-model".parse().ok(),
            owner: "Data team".into(),
            system: "credit-scoring".parse().unwrap(),
            control: "AFF-EXP-11".parse().ok(),
            asked_by: "Internal audit".into(),
            framework: None,
            withdrawn: false,
            requirement: None,
        };
        let admitted = |change: fn(&mut Request)| {
            let mut request = request.clone();
            change(&mut request);
            admit_request(request, &controls, now())
        };
        assert!(admitted(|_| {}).is_ok());
        assert_eq!(admitted(|r| r.control = None), Err(AdmitError::Asked));
        assert_eq!(admitted(|r| r.framework = "eu-ai-act".parse().ok()), Err(AdmitError::Asked));
        let of_requirement = |r: &mut Request| {
            (r.control, r.framework) = (None, "eu-ai-act".parse().ok());
            r.requirement = Some("art-6-3".into());
        };
        let mut asked = request.clone();
        of_requirement(&mut asked);
        assert_eq!(
            admit_request(asked.clone(), &controls, now()),
            Err(AdmitError::Asked),
            "an asset of a requirement"
        );
        assert!(admit_request(Request { asset: None, ..asked }, &controls, now()).is_ok());
        assert!(matches!(
            admitted(|r| r.control = "AFF-XXX-01".parse().ok()),
            Err(AdmitError::UnknownControl { .. })
        ));
        assert!(matches!(admitted(|r| r.due = now()), Err(AdmitError::Order { .. })));
        assert!(matches!(admitted(|r| r.due = Timestamp::MAX), Err(AdmitError::TooLong { .. })));
        assert!(admitted(|r| (r.due, r.withdrawn) = (now(), true)).is_ok());
    }

    #[test]
    fn a_plan_does_not_begin_in_the_past_and_an_incident_keeps_the_order_of_things() {
        let controls = ControlSet::embedded();
        let plan = Plan {
            id: "p".parse().unwrap(),
            from: now(),
            asset: None,
            owner: None,
            until: None,
            system: "credit-scoring".parse().unwrap(),
            cadence: "P7D".parse().unwrap(),
            control: "AFF-EXP-11".parse().unwrap(),
            collector: None,
        };
        assert!(admit_plan(plan.clone(), &controls, now()).is_ok());
        let late = admit_plan(plan.clone(), &controls, "2026-11-27T00:00:00Z".parse().unwrap());
        assert!(matches!(late, Err(AdmitError::Past { .. })));
        assert!(admit_plan(Plan { cadence: Period::default(), ..plan }, &controls, now()).is_err());
        let (id, system) = ("i".parse().unwrap(), "credit-scoring".parse().unwrap());
        let aware_at = "2026-11-20T00:00:00Z".parse().unwrap();
        let incident = Incident {
            kinds: ["serious".to_owned()].into(),
            ..Incident::new(id, system, "refusals by a wrong threshold", aware_at)
        };
        let admitted = |incident| admit_incident(incident, &controls, now());
        assert!(admitted(incident.clone()).is_ok());
        let day = |text: &str| Some(text.parse().unwrap());
        let told = |text: &str| BTreeMap::from([("provider".parse().unwrap(), text.parse().unwrap())]);
        let complete = Incident { completed_at: day("2026-11-23"), ..incident.clone() };
        assert!(admitted(Incident { reported_to: told("2026-11-22"), ..complete }).is_ok());
        let test = |control: &str| IncidentTest::of(control.parse().unwrap());
        let staged = Incident {
            acknowledged_at: day("2026-11-20"),
            contained_at: day("2026-11-21"),
            closed_at: day("2026-11-22"),
            tests: [test("AFF-THR-01")].into(),
            ..incident.clone()
        };
        assert!(admitted(staged.clone()).is_ok());
        assert!(
            admitted(Incident { contained_at: None, ..staged.clone() }).is_ok(),
            "a stage may be left out"
        );
        for wrong in [
            Incident { occurred_at: day("2026-11-21"), ..incident.clone() },
            Incident { reported_at: day("2026-11-19"), ..incident.clone() },
            Incident { completed_at: day("2026-11-22"), ..incident.clone() },
            Incident { reported_to: told("2026-11-19"), ..incident.clone() },
            Incident { reported_to: told("2027-11-19"), ..incident.clone() },
            Incident { reported_to: told("2026-11-24"), completed_at: day("2026-11-23"), ..incident.clone() },
            Incident { closed_at: day("2027-11-22"), ..incident.clone() },
            Incident { acknowledged_at: day("2026-11-19"), ..incident.clone() },
            Incident { contained_at: day("2026-11-23"), ..staged.clone() },
            Incident { acknowledged_at: day("2026-11-22"), ..staged.clone() },
            Incident { acknowledged_at: day("2026-11-23"), contained_at: None, ..staged.clone() },
            Incident { tests: [test("AFF-XXX-01")].into(), ..incident.clone() },
            Incident {
                tests: [IncidentTest { rule: Some(String::new()), ..test("AFF-THR-01") }].into(),
                ..staged
            },
            Incident { kinds: ["sad".to_owned()].into(), ..incident },
        ] {
            assert!(admitted(wrong.clone()).is_err(), "{wrong:?}");
        }
    }
}
