//! `affiant pack diff`: what changed between two packs.

use crate::context::{self, Context};
use crate::output;
use crate::verify;
use affiant_reports::archive::Limits;
use affiant_reports::diff::{Contents, History, PackDiff, diff};
use affiant_reports::examine::FILE_SIZE_MAX;
use affiant_reports::trust::Trust;
use affiant_reports::verdict::{Conclusion, Verdict};
use affiant_server::failure::{Failure, INTEGRITY, UNDETERMINED};
use std::path::Path;

pub(crate) fn run(
    context: &Context,
    before: &Path,
    after: &Path,
    trust: Option<&Path>,
) -> Result<u8, Failure> {
    let trust = trust.map(verify::trust).transpose()?;
    let (then, early) = opened(before, trust.as_ref())?;
    let (now, late) = opened(after, trust.as_ref())?;
    let found = diff(&then, &now).map_err(Failure::refused)?;
    if context.json {
        output::json(&found);
    } else {
        show(&found);
    }
    match found.history {
        History::Forks { position } => Err(Failure::integrity(format!(
            "the packs hold different entries at position {position} of one stream"
        ))
        .hint("one ledger cannot have two histories: keep both packs, they are evidence of it")),
        History::Precedes { .. } => Err(Failure::refused("the second pack is the earlier one")),
        History::Continues { .. }
            if [&early, &late].iter().any(|it| it.conclusion == Conclusion::Withheld) =>
        {
            context.say("payloads that bear on the conclusions are withheld: ask for packs with them");
            Ok(UNDETERMINED)
        }
        History::Continues { .. } if [early, late].iter().any(|it| it.conclusion != Conclusion::Verified) => {
            context.say("made without keys from outside: both packs vouch for themselves; give --trust FILE");
            Ok(UNDETERMINED)
        }
        History::Continues { .. } => Ok(0),
    }
}

/// A pack that agrees with itself; with keys, one that is theirs.
fn opened(path: &Path, trust: Option<&Trust>) -> Result<(Contents, Verdict), Failure> {
    let bytes = context::input(path, FILE_SIZE_MAX)?;
    let verdict = affiant_reports::verify::verify_with(&bytes, trust, &Limits::default(), None);
    let rejected = matches!(verdict.conclusion, Conclusion::Rejected | Conclusion::ConclusionsRejected);
    let contents = Contents::read(&bytes, &Limits::default());
    match contents {
        Ok(contents) if !rejected => Ok((contents, verdict)),
        _ => {
            let why = verdict.first_failure().map(|it| format!("{}: {}", it.name.as_str(), it.detail));
            let text = format!("{} is rejected: {}", path.display(), why.unwrap_or_default());
            Err(Failure { code: INTEGRITY, message: text, hint: None })
        }
    }
}

fn show(found: &PackDiff) {
    let PackDiff { before, after, history, .. } = found;
    output::line(format!("{} as of {} -> {} as of {}", before.pack, before.as_of, after.pack, after.as_of));
    if let History::Continues { added } = history {
        output::line(format!("the later history continues the earlier one: {added} entries more"));
    }
    let word = |word: Option<&str>| word.unwrap_or("-").to_owned();
    section("outcomes", found.outcomes.len());
    let rows = found.outcomes.iter().map(|it| {
        let outcome =
            |outcome: Option<affiant_frameworks::assessment::Outcome>| word(outcome.map(|it| it.as_str()));
        vec![it.citation.clone(), outcome(it.before), outcome(it.after), it.conclusion.clone()]
    });
    table(&["requirement", "then", "now", "what the evidence comes to"], rows);
    section("states of controls", found.states.len());
    let rows = found.states.iter().map(|it| {
        let state = |state: Option<affiant_controls::ControlState>| word(state.map(|it| it.as_str()));
        vec![
            it.control.to_string(),
            it.asset.to_string(),
            state(it.before),
            state(it.after),
            it.reason.clone(),
        ]
    });
    table(&["control", "asset", "then", "now", "why"], rows);
    section("catalogs", found.catalogs.len());
    let rows = found.catalogs.iter().map(|it| {
        let digest = |digest: Option<affiant_ledger::digest::Digest>| {
            digest.map_or_else(|| "-".to_owned(), |it| it.to_string()[..16].to_owned())
        };
        vec![it.id.to_string(), digest(it.before), digest(it.after)]
    });
    table(&["catalog", "digest then", "digest now"], rows);
}

fn section(what: &str, count: usize) {
    output::line("");
    output::line(format!("{what} that changed: {count}"));
}

fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let mut rows = rows.peekable();
    if rows.peek().is_some() {
        output::table(heads, rows);
    }
}
