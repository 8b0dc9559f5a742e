//! `affiant log`: the ledger itself.

mod erase;
mod fsck;
mod publish;
mod reveal;
mod walk;

use crate::args::{LogArguments, LogVerb};
use crate::context::{self, Context};
use crate::output;
use affiant_ledger::checkpoint::{CHECKPOINT_SIZE_MAX, Checkpoint};
use affiant_ledger::erasure::Hold;
use affiant_ledger::merkle;
use affiant_ledger::note::to_base64;
use affiant_ledger::record::Filing;
use affiant_server::entries;
use affiant_server::failure::Failure;
use affiant_server::filing::Statements;
use serde_json::json;
use std::path::Path;

pub(crate) fn run(context: &Context, arguments: LogArguments) -> Result<u8, Failure> {
    match arguments.verb {
        LogVerb::Show { index: Some(index), .. } => show_one(context, index),
        LogVerb::Show { stream, ids, last, .. } => show(context, stream.as_deref(), ids, last),
        LogVerb::Checkpoint { since } => checkpoint(context, since.as_deref()),
        LogVerb::Walk { index, output, pack, trust } => {
            walk::run(context, index, &output, pack.as_deref(), trust.as_deref())
        }
        LogVerb::Prove { index } => prove(context, index),
        LogVerb::Fsck { anchors, repair } => fsck::run(context, &anchors, repair),
        LogVerb::Erase { index, basis, approver } => erase::run(context, index, &basis, &approver),
        LogVerb::Hold { id, stream, by, reason, release } => {
            let id = id.parse().map_err(Failure::refused)?;
            erase::hold(context, &stream, Hold { by, id, reason, released: release })
        }
        LogVerb::Reveal { index, file } => reveal::run(context, index, &file),
        LogVerb::Reindex => reindex(context),
        LogVerb::Publish(arguments) => publish::run(context, &arguments),
    }
}

/// Columns of the list of entries.
const HEADER: [&str; 7] = ["index", "recorded", "stream", "n", "kind", "by", "leaf"];
/// Rows of one table.
const ROWS_MAX: usize = 2000;

fn show(context: &Context, stream: Option<&str>, ids: bool, last: Option<u64>) -> Result<u8, Failure> {
    let reader = context.read()?;
    let first = last.map_or(0, |count| reader.size().saturating_sub(count));
    let (mut rows, mut shown) = (Vec::new(), false);
    for record in reader.records(first..reader.size()) {
        let record = record?;
        if stream.is_some_and(|stream| record.entry.stream != *stream) {
            continue;
        }
        if ids {
            let statement = record.statement.as_deref().unwrap_or_default();
            let id = Statements.id(record.entry.kind.as_str(), statement);
            id.into_iter().for_each(output::line);
        } else if context.json {
            output::json(&entries::head(&record));
        } else {
            let entry = &record.entry;
            let leaf = record.leaf.to_string()[..16].to_owned();
            let (index, n) = (entry.index.to_string(), entry.n.to_string());
            rows.push(vec![
                index,
                entry.time.to_string(),
                entry.stream.to_string(),
                n,
                entry.kind.to_string(),
                entry.by.clone(),
                leaf,
            ]);
            // A long log is shown piece by piece: memory does not grow with it.
            if rows.len() == ROWS_MAX {
                output::table(&HEADER, std::mem::take(&mut rows));
                shown = true;
            }
        }
    }
    if !ids && !context.json && (!rows.is_empty() || !shown) {
        output::table(&HEADER, rows);
    }
    Ok(0)
}

fn show_one(context: &Context, index: u64) -> Result<u8, Failure> {
    let reader = context.read()?;
    let (shown, missing) = entries::whole(&reader, index)?;
    if context.json {
        output::json(&shown);
    } else {
        output::pretty(&shown);
    }
    if missing {
        let text = format!("the payload of entry {index} is gone, and no entry says that it was erased");
        return Err(Failure::integrity(text).hint("affiant log fsck tells what else is"));
    }
    Ok(0)
}

fn checkpoint(context: &Context, since: Option<&Path>) -> Result<u8, Failure> {
    let reader = context.read()?;
    let now = reader.checkpoint();
    let Some(since) = since else {
        if context.json {
            let note = String::from_utf8_lossy(reader.note());
            output::json(&json!({"origin": now.origin, "size": now.size, "root": now.root, "note": note}));
        } else {
            output::bytes(reader.note());
        }
        return Ok(0);
    };
    let bytes = context::input(since, CHECKPOINT_SIZE_MAX as u64)?;
    let settings = reader.settings();
    let old = Checkpoint::open_with(&bytes, &settings.log_keys).map_err(Failure::integrity)?;
    if old.size > now.size {
        let text = format!("that checkpoint covers {} entries, this ledger has {}", old.size, now.size);
        return Err(Failure::integrity(text).hint("this is an older copy of the ledger, or it was cut"));
    }
    let path = if old.size == 0 { Vec::new() } else { reader.consistency(old.size)? };
    let consistent =
        old.size == 0 || merkle::verify_consistency(old.size, now.size, &old.root, &now.root, &path).is_ok();
    if !consistent {
        let text =
            format!("the first {} entries are not those of that checkpoint: the log was forked", old.size);
        return Err(
            Failure::integrity(text).hint("keep both signed checkpoints: together they are the evidence")
        );
    }
    let hashes: Vec<String> = path.iter().map(|hash| to_base64(hash.as_bytes())).collect();
    if context.json {
        output::json(&json!({"old_size": old.size, "size": now.size, "consistent": true, "proof": hashes}));
    } else {
        context.say(format!("{} entries then are the first of {} now; proof:", old.size, now.size));
        hashes.iter().for_each(output::line);
        output::line("");
        output::bytes(reader.note());
    }
    Ok(0)
}

fn prove(context: &Context, index: u64) -> Result<u8, Failure> {
    let receipt = context.read()?.receipt(index)?;
    let text = receipt.to_bytes();
    if context.json {
        output::json(&json!({"index": index, "receipt": String::from_utf8_lossy(&text)}));
    } else {
        output::bytes(&text);
    }
    Ok(0)
}

fn reindex(context: &Context) -> Result<u8, Failure> {
    let mut ledger = context.open()?;
    ledger.rebuild_index()?;
    let (entries, streams) = (ledger.size(), ledger.streams().len());
    ledger.close()?;
    if context.json {
        output::json(&json!({"entries": entries, "streams": streams}));
    } else {
        output::line(format!("index built anew: {entries} entries in {streams} streams"));
    }
    Ok(0)
}
