//! Pieces that several pages show.

use super::super::history::History;
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

/// So many of something.
pub(super) fn count(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
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

/// How a requirement stood at the ends of the last months: a letter and a colour for each.
pub(super) fn months(history: &History, framework: &str, requirement: &str) -> Markup {
    let outcomes = history.outcomes.get(&(framework.to_owned(), requirement.to_owned()));
    let at = |at: usize| outcomes.and_then(|outcomes| outcomes.get(at).copied().flatten());
    html! { span.heat {
        @for (n, month) in history.months.iter().enumerate() {
            @let (class, letter, word) = match at(n) {
                Some(Outcome::Satisfied) => ("good", "s", "satisfied"),
                Some(Outcome::Partial) => ("part", "p", "partial"),
                Some(Outcome::NotSatisfied) => ("bad", "n", "not satisfied"),
                Some(Outcome::NotAssessed) => ("none", "·", "not assessed"),
                Some(Outcome::NotApplicable) => ("none", "–", "not applicable"),
                Some(Outcome::Unknown) => ("none", "?", "unknown"),
                None => ("none", " ", "not registered"),
            };
            abbr class=(class) title=(format!("{month}: {word}")) { (letter) }
        }
    } }
}

/// Requirements satisfied at the ends of the last months, drawn and told.
pub(super) fn trend(history: &History, framework: &str) -> Markup {
    let Some(shares) = history.satisfied.get(framework) else { return html! {} };
    let known: Vec<(usize, f64)> = shares
        .iter()
        .enumerate()
        .filter_map(|(at, share)| {
            share.filter(|share| share.of > 0).map(|share| (at, share.count as f64 / share.of as f64))
        })
        .collect();
    let points: Vec<String> =
        known.iter().map(|(at, share)| format!("{},{:.1}", at * 10, 20.0 - share * 18.0)).collect();
    let ends = known.first().zip(known.last()).map(|((first, _), (last, _))| (*first, *last));
    html! {
        @if let [_, .., last] = &known[..] { svg.trend viewBox="-2 0 116 22" aria-hidden="true" {
            polyline points=(points.join(" ")) {}
            circle cx=(last.0 * 10) cy=(format!("{:.1}", 20.0 - last.1 * 18.0)) r="2" {}
        } }
        @if let Some((first, last)) = ends { span.quiet {
            @if let (Some(Some(from)), Some(Some(to))) = (shares.get(first), shares.get(last)) {
                @if first != last { (from.count) " of " (from.of) " in " (history.months[first]) ", " }
                (to.count) " of " (to.of) " now"
            }
        } }
    }
}
