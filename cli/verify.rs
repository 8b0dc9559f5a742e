//! `affiant verify`: packs, receipts and checkpoints, offline.

mod checkpoints;
mod receipts;

use crate::args::VerifyArguments;
use crate::context::{self, Context};
use crate::error::{Failure, INTEGRITY, UNDETERMINED};
use crate::output;
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::Entry;
use affiant_ledger::receipt::{Receipt, ReceiptError};
use affiant_reports::archive::Limits;
use affiant_reports::trust::{TRUST_SIZE_MAX, Trust};
use affiant_reports::verdict::{Conclusion, Outcome, Verdict};
use affiant_reports::verify::verify_against;
use serde_json::json;
use std::path::Path;

/// Largest file verified, in bytes.
pub(crate) const FILE_SIZE_MAX: u64 = 2 << 30;

pub(crate) fn run(context: &Context, arguments: VerifyArguments) -> Result<u8, Failure> {
    let trust = arguments.trust.as_deref().map(trust).transpose()?;
    let bytes = context::input(&arguments.file, FILE_SIZE_MAX)?;
    if let Some(against) = &arguments.against {
        return checkpoints::compare(context, &bytes, against, trust.as_ref());
    }
    if bytes.starts_with(b"c2sp.org/tlog-proof") {
        if arguments.receipts.is_some() {
            return Err(Failure::refused("--receipts holds receipts against a pack, and this is a receipt"));
        }
        return receipt(context, &bytes, trust.as_ref());
    }
    let held = arguments.receipts.as_deref().map(receipts::read).transpose()?.unwrap_or_default();
    let verdict = verify_against(&bytes, &held, trust.as_ref(), &Limits::default());
    if context.json {
        output::json(&verdict);
    } else {
        show(context, &verdict);
    }
    Ok(verdict.exit_code())
}

/// Nothing signed can be judged without a key from outside.
fn no_anchor() -> Failure {
    let text = "no trust anchor: a receipt or checkpoint is only as good as the log key you hold";
    Failure { code: UNDETERMINED, message: text.into(), hint: Some("give the keys with --trust FILE".into()) }
}

pub(crate) fn trust(path: &Path) -> Result<Trust, Failure> {
    let bytes = context::input(path, TRUST_SIZE_MAX)?;
    let text =
        String::from_utf8(bytes).map_err(|_| Failure::refused(format!("{}: not UTF-8", path.display())))?;
    Trust::parse(&text).map_err(|error| Failure::refused(format!("{}: {error}", path.display())))
}

pub(crate) fn show(context: &Context, verdict: &Verdict) {
    let word = |outcome| match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "FAILED",
        Outcome::SelfAsserted => "own word",
        Outcome::NotChecked => "not checked",
    };
    let rows = verdict.checks.iter().map(|check| {
        vec![
            check.number.to_string(),
            check.name.as_str().to_owned(),
            word(check.outcome).to_owned(),
            check.detail.clone(),
        ]
    });
    output::table(&["#", "check", "outcome", "found"], rows);
    output::line("");
    output::line(conclusion(verdict));
    if verdict.conclusion != Conclusion::Rejected && !context.quiet {
        context.say("");
        context.say("not established by this:");
        verdict.does_not_establish.iter().for_each(|limit| context.say(format!("- {limit}")));
    }
}

fn conclusion(verdict: &Verdict) -> String {
    let pack = verdict.pack.as_ref().map(|pack| format!("pack {pack}")).unwrap_or_else(|| "this file".into());
    let failed = verdict
        .first_failure()
        .map(|check| format!("{}: {}", check.name.as_str(), check.detail))
        .unwrap_or_default();
    match verdict.conclusion {
        Conclusion::Verified => {
            format!("VERIFIED: {pack} is complete, unaltered and signed by the keys you gave (level L1)")
        }
        Conclusion::SelfAsserted => format!(
            "UNDETERMINED: {pack} agrees with itself, but vouches for its own keys: get them from the organisation by another way and give them with --trust"
        ),
        Conclusion::ConclusionsRejected => format!(
            "REJECTED: {pack} is unaltered, but its conclusions do not follow from its evidence: {failed}"
        ),
        Conclusion::Rejected => format!("REJECTED: {pack} fails at {failed}"),
    }
}

fn receipt(context: &Context, bytes: &[u8], trust: Option<&Trust>) -> Result<u8, Failure> {
    let receipt = Receipt::parse(bytes).map_err(Failure::integrity)?;
    let entry_bytes = receipt.extra.as_deref().ok_or_else(|| {
        Failure::refused("the receipt carries no entry")
            .hint("its `extra` line holds the entry it is a receipt for")
    })?;
    let entry = Entry::from_bytes(entry_bytes).map_err(Failure::integrity)?;
    let Some(trust) = trust else {
        return Err(no_anchor());
    };
    let leaf = Digest::leaf(entry_bytes);
    if entry.index != receipt.index {
        return Err(Failure::integrity(format!(
            "a receipt for entry {} with the bytes of entry {}",
            receipt.index, entry.index
        )));
    }
    let opened =
        trust.open(&receipt.checkpoint).ok_or_else(|| Failure::refused("no log key to verify with"))?;
    let included = opened.map_err(ReceiptError::from).and_then(|(checkpoint, _)| {
        receipt.verify_inclusion(&leaf, &checkpoint)?;
        Ok(checkpoint)
    });
    let checkpoint = included.map_err(|error| Failure {
        code: INTEGRITY,
        message: format!("receipt rejected: {error}"),
        hint: None,
    })?;
    if context.json {
        output::json(
            &json!({"conclusion": "verified", "index": entry.index, "leaf": leaf, "stream": entry.stream, "time": entry.time.to_string(), "kind": entry.kind, "origin": checkpoint.origin, "size": checkpoint.size}),
        );
    } else {
        output::line(format!(
            "VERIFIED: entry {} ({} of stream {}, recorded {}) is in the log {} of {} entries",
            entry.index, entry.kind, entry.stream, entry.time, checkpoint.origin, checkpoint.size
        ));
    }
    Ok(0)
}
