//! `affiant verify OLD --against NEW`: whether two signed checkpoints are of one history, or prove a fork.
//!
//! Two of one size need nothing else. For two of different sizes the proof comes with the newer one (what `affiant log
//! checkpoint --since OLD` prints: hashes, an empty line, the checkpoint), or from a ledger at hand.

use super::no_anchor;
use crate::context::{self, Context};
use crate::output;
use affiant_ledger::checkpoint::{CHECKPOINT_SIZE_MAX, Checkpoint};
use affiant_ledger::digest::Digest;
use affiant_ledger::merkle::{PROOF_LENGTH_MAX, verify_consistency};
use affiant_ledger::note::from_base64;
use affiant_ledger::receipt::{RECEIPT_SIZE_MAX, Receipt};
use affiant_reports::trust::Trust;
use affiant_server::failure::{Failure, INTEGRITY, UNDETERMINED};
use serde_json::json;
use std::path::Path;

/// A signed checkpoint, and what came with it.
struct Given {
    note: Vec<u8>,
    checkpoint: Checkpoint,
    proof: Option<Vec<Digest>>,
}

/// What two checkpoints say of each other.
enum Found {
    /// The older is a part of the newer.
    Consistent,
    /// Both are signed, and no one history has both.
    Fork,
    /// The proof given does not lead from one to the other.
    NoProof,
    /// Nothing says whether one extends the other.
    Open,
}

pub(super) fn compare(
    context: &Context,
    bytes: &[u8],
    against: &Path,
    trust: Option<&Trust>,
) -> Result<u8, Failure> {
    let trust = trust.ok_or_else(no_anchor)?;
    let other = context::input(against, RECEIPT_SIZE_MAX as u64)?;
    let (one, other) = (given(bytes, trust)?, given(&other, trust)?);
    if one.checkpoint.origin != other.checkpoint.origin {
        let (one, other) = (&one.checkpoint.origin, &other.checkpoint.origin);
        return Err(Failure::integrity(format!("checkpoints of two logs, `{one}` and `{other}`")));
    }
    let (old, new) = if one.checkpoint.size <= other.checkpoint.size { (one, other) } else { (other, one) };
    let found = judge(context, &old, &new);
    tell(context, &found, &old, &new);
    Ok(match found {
        Found::Consistent => 0,
        Found::Fork | Found::NoProof => INTEGRITY,
        Found::Open => UNDETERMINED,
    })
}

/// Reads a checkpoint by itself, within a receipt, or behind a consistency proof.
fn given(bytes: &[u8], trust: &Trust) -> Result<Given, Failure> {
    let (note, proof) = match Receipt::parse(bytes) {
        Ok(receipt) => (receipt.checkpoint, None),
        Err(_) => behind_proof(bytes).unwrap_or((bytes.to_vec(), None)),
    };
    if note.len() > CHECKPOINT_SIZE_MAX {
        return Err(Failure::integrity(format!("{} bytes are no checkpoint", note.len())));
    }
    let opened = trust.open(&note).ok_or_else(no_anchor)?.map_err(Failure::integrity)?;
    Ok(Given { checkpoint: opened.0, note, proof })
}

/// Lines of hashes, an empty line, then a note; `None` when the bytes are not that.
fn behind_proof(bytes: &[u8]) -> Option<(Vec<u8>, Option<Vec<Digest>>)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (hashes, note) = match text.strip_prefix('\n') {
        Some(note) => ("", note),
        None => text.split_once("\n\n")?,
    };
    let hash = |line: &str| Digest::try_from(&from_base64(line)?[..]).ok();
    let proof = hashes.lines().map(hash).collect::<Option<Vec<_>>>()?;
    (proof.len() <= PROOF_LENGTH_MAX).then(|| (note.as_bytes().to_vec(), Some(proof)))
}

fn judge(context: &Context, old: &Given, new: &Given) -> Found {
    let (before, after) = (&old.checkpoint, &new.checkpoint);
    if before.size == after.size {
        return if before.root == after.root { Found::Consistent } else { Found::Fork };
    }
    if before.size == 0 {
        return if before.root == Digest::empty_root() { Found::Consistent } else { Found::Fork };
    }
    if let Some(proof) = &new.proof {
        let holds = verify_consistency(before.size, after.size, &before.root, &after.root, proof).is_ok();
        return if holds { Found::Consistent } else { Found::NoProof };
    }
    // A ledger that contains one of them, and is long enough, tells of the other.
    let Ok(reader) = context.read() else { return Found::Open };
    let within = |checkpoint: &Checkpoint| {
        checkpoint.size <= reader.size()
            && reader.root_at(checkpoint.size).is_ok_and(|r| r == checkpoint.root)
    };
    if reader.settings().origin != before.origin || reader.size() < after.size {
        return Found::Open;
    }
    match (within(before), within(after)) {
        (true, true) => Found::Consistent,
        (false, false) => Found::Open,
        _ => Found::Fork,
    }
}

fn tell(context: &Context, found: &Found, old: &Given, new: &Given) {
    let (before, after) = (old.checkpoint.size, new.checkpoint.size);
    let word = match found {
        Found::Consistent => "consistent",
        Found::Fork => "fork",
        Found::NoProof => "proof-wrong",
        Found::Open => "undetermined",
    };
    let note = |given: &Given| String::from_utf8_lossy(&given.note).into_owned();
    if context.json {
        let evidence = matches!(found, Found::Fork).then(|| [note(old), note(new)]);
        return output::json(&json!({
            "conclusion": word, "origin": old.checkpoint.origin, "old_size": before, "size": after,
            "evidence": evidence,
        }));
    }
    match found {
        Found::Consistent if before == after => {
            output::line(format!(
                "CONSISTENT: both sign the same {after} entries of {}",
                old.checkpoint.origin
            ));
        }
        Found::Consistent => output::line(format!(
            "CONSISTENT: the {before} entries of the older are the first of the {after} of the newer, log {}",
            old.checkpoint.origin
        )),
        Found::Fork => {
            let sizes = match before == after {
                true => format!("of {after} entries each"),
                false => format!("over {before} and over {after} entries"),
            };
            output::line(format!(
                "FORK: the log key of {} signed two histories, {sizes}. Keep both checkpoints: together they prove it, to anyone who holds the key.",
                old.checkpoint.origin
            ));
            for given in [old, new] {
                output::line("");
                output::bytes(&given.note);
            }
        }
        Found::NoProof => output::line(format!(
            "REJECTED: the proof does not lead from {before} to {after} entries: it is of other checkpoints, or the log was forked"
        )),
        Found::Open => {
            output::line(format!(
                "UNDETERMINED: both are signed, but nothing shows whether the {after} entries begin with the {before}"
            ));
            context.say("hint: ask for the output of `affiant log checkpoint --since OLD`, or name a ledger with --ledger");
        }
    }
}
