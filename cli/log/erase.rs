//! `affiant log erase` and `affiant log hold`: payloads that must go, and those that must stay.

use crate::context::Context;
use crate::output;
use affiant_ledger::erasure::Hold;
use affiant_ledger::id::Id;
use affiant_server::failure::Failure;
use serde_json::json;

pub(super) fn run(context: &Context, index: u64, basis: &str, approver: &str) -> Result<u8, Failure> {
    let mut ledger = context.open()?;
    let (appended, blobs) = ledger.erase(index, basis, approver)?;
    ledger.close()?;
    if context.json {
        output::json(&json!({
            "erased": index, "index": appended.index, "leaf": appended.leaf, "blobs": blobs,
            "basis": basis, "approver": approver,
        }));
    } else {
        let files =
            if blobs.is_empty() { String::new() } else { format!(" and {} evidence files", blobs.len()) };
        output::line(format!(
            "the payload of entry {index}{files} erased; recorded as entry {}, approved by {approver}",
            appended.index
        ));
        context.say("copies elsewhere (backups, snapshots, packs issued before) are yours to deal with");
    }
    Ok(0)
}

pub(super) fn hold(context: &Context, stream: &str, hold: Hold) -> Result<u8, Failure> {
    let stream: Id = stream.parse().map_err(Failure::refused)?;
    let mut ledger = context.open()?;
    if ledger.head(&stream).is_none() {
        return Err(Failure::refused(format!("the ledger has no stream `{stream}`")));
    }
    let active = ledger.holds(&stream)?.iter().any(|held| held.id == hold.id);
    if hold.released && !active {
        return Err(Failure::refused(format!("no hold `{}` stands on stream `{stream}`", hold.id)));
    }
    let appended = ledger.hold(&stream, &hold)?;
    ledger.close()?;
    let word = if hold.released { "released" } else { "placed" };
    if context.json {
        output::json(
            &json!({"hold": hold.id, "stream": stream, "released": hold.released, "index": appended.index}),
        );
    } else {
        output::line(format!("hold {} on stream {stream} {word}, entry {}", hold.id, appended.index));
    }
    Ok(0)
}
