//! Pieces that several pages show.

use affiant_controls::control::Severity;
use affiant_controls::state::ControlState;
use affiant_frameworks::assessment::{Assessment, Gap, Outcome};
use maud::{Markup, html};

/// An outcome: a word, and a colour beside it.
pub(super) fn outcome(outcome: Outcome) -> Markup {
    let class = match outcome {
        Outcome::Satisfied => "mark good",
        Outcome::Partial => "mark part",
        Outcome::NotSatisfied => "mark bad",
        Outcome::NotAssessed | Outcome::NotApplicable | Outcome::Unknown => "mark none",
    };
    html! { span class=(class) { (outcome.as_str().replace('-', " ")) } }
}

/// The state of a control.
pub(super) fn state(state: ControlState) -> Markup {
    let class = match state {
        ControlState::Held => "mark good",
        ControlState::Failed => "mark bad",
        ControlState::Review | ControlState::Stale | ControlState::Excepted => "mark part",
        ControlState::Missing | ControlState::NotApplicable => "mark none",
    };
    html! { span class=(class) { (state.as_str().replace('-', " ")) } }
}

/// How grave a finding is.
pub(super) fn severity(severity: Severity) -> Markup {
    let class = if severity >= Severity::High { "mark bad" } else { "mark part" };
    html! { span class=(class) { (severity) } }
}

/// Gaps in a list.
pub(super) fn gaps(gaps: &[Gap]) -> Markup {
    html! {
        @if gaps.is_empty() { span.quiet { "none" } }
        ul.plain { @for gap in gaps { li {
            strong { (gap.kind.as_str().replace('-', " ")) } ": "
            @if let Some(control) = &gap.control { code { (control) } " " }
            (gap.detail)
        } } }
    }
}

/// Satisfied, partial and not satisfied, of those that apply, as a drawing; the numbers stand beside it.
pub(super) fn share(judged: &Assessment) -> Markup {
    let of = judged.totals.applying.count.max(1);
    let count = |outcome| {
        let applying = judged.determinations.iter().filter(|it| it.outcome == outcome).count() as u64;
        applying * 1000 / of
    };
    let good = count(Outcome::Satisfied);
    let part = count(Outcome::Partial);
    let bad = count(Outcome::NotSatisfied);
    html! {
        svg.share viewBox="0 0 1000 60" preserveAspectRatio="none" aria-hidden="true" {
            rect.g x="0" y="0" width=(good) height="60" {}
            rect.p x=(good) y="0" width=(part) height="60" {}
            rect.b x=(good + part) y="0" width=(bad) height="60" {}
        }
    }
}

/// Links to entries.
pub(super) fn entries<'a>(indexes: impl IntoIterator<Item = &'a u64>) -> Markup {
    html! {
        @for (at, index) in indexes.into_iter().enumerate() {
            @if at > 0 { ", " }
            a href=(format!("/entries/{index}")) { (index) }
        }
    }
}
