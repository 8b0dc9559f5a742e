//! `affiant log walk`: one entry followed through every hash, as a folder that can be checked by hand.

use crate::catalogs;
use crate::context::{self, Context};
use crate::output;
use crate::sample::verified;
use crate::view::{self, Asked, View};
use affiant_controls::statement::{Statement, is_system};
use affiant_frameworks::assess::assess_all;
use affiant_frameworks::assessment::Assessment;
use affiant_ledger::blob;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::reader::Reader;
use affiant_ledger::record::Record;
use affiant_reports::walk::{PAGE, WalkError, WalkSource, of_pack, walk};
use affiant_server::failure::Failure;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

pub(super) fn run(
    context: &Context,
    index: u64,
    folder: &Path,
    pack: Option<&Path>,
    trust: Option<&Path>,
) -> Result<u8, Failure> {
    refuse_used(folder)?;
    let source = match pack {
        Some(pack) => of_pack(&verified(context, pack, trust)?, index).map_err(refused)?,
        None => of_ledger(context, index)?,
    };
    let (walkthrough, files) = walk(&source).map_err(refused)?;
    for (name, bytes) in &files {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| Failure::io(format!("{}: {error}", parent.display())))?;
        context::output(&path, bytes)?;
    }
    if context.json {
        output::json(&walkthrough);
    } else {
        output::line(String::from_utf8_lossy(&files[PAGE]));
    }
    context.say(format!(
        "{} files in {}; {PAGE} says how to check them by hand",
        files.len(),
        folder.display()
    ));
    Ok(0)
}

fn refused(error: WalkError) -> Failure {
    match error {
        WalkError::Outside(_) => Failure::refused(error),
        _ => Failure::integrity(error),
    }
}

/// Refuses a folder with something in it: what stands there would be taken for a part of the walkthrough.
fn refuse_used(folder: &Path) -> Result<(), Failure> {
    let shown = folder.display();
    match fs::read_dir(folder).map(|mut items| items.next().is_none()) {
        Ok(false) => Err(Failure::refused(format!("{shown}: not empty"))),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::refused(format!("{shown}: {error}")))
        }
        _ => Ok(()),
    }
}

fn of_ledger(context: &Context, index: u64) -> Result<WalkSource, Failure> {
    let reader = context.read()?;
    let view = View::new(&reader)?;
    let record = reader.record(index)?;
    let stream = &record.entry.stream;
    let positions = view.positions(stream)?;
    let at =
        positions.binary_search(&index).map_err(|_| Failure::integrity("the stream does not hold it"))?;
    let bytes = |at: Option<usize>| {
        at.and_then(|at| positions.get(at)).map(|index| reader.entry_bytes(*index)).transpose()
    };
    let submitter = record.entry.by.strip_prefix("key:").and_then(|id| id.parse::<Id>().ok());
    let collector = match submitter {
        Some(id) => reader.keyring()?.collector(&id, index).cloned(),
        None => None,
    };
    Ok(WalkSource {
        entry: reader.entry_bytes(index)?,
        payload: reader.payload_bytes(index)?,
        previous: bytes(at.checked_sub(1))?,
        next: bytes(Some(at + 1))?,
        path: reader.inclusion(index)?,
        checkpoint: reader.note().to_vec(),
        log: reader.settings().log_keys.at(reader.size()).clone(),
        collector,
        evidence: evidence(&reader, &record)?,
        assessments: assessments(context, &view, stream)?,
        pack: None,
    })
}

/// The files at hand that a statement cites.
fn evidence(reader: &Reader, record: &Record) -> Result<BTreeMap<Digest, Vec<u8>>, Failure> {
    let statement = record.statement.as_deref().unwrap_or_default();
    let said = Statement::from_bytes(record.entry.kind.as_str(), statement).ok().flatten();
    let mut found = BTreeMap::new();
    for file in said.iter().flat_map(Statement::evidence) {
        if let Some(bytes) = blob::read(reader.storage(), reader.folder(), &file.sha256)? {
            found.insert(file.sha256, bytes);
        }
    }
    Ok(found)
}

/// What the frameworks make of the stream as it is; nothing of one that is no system's.
fn assessments(context: &Context, view: &View<'_>, stream: &Id) -> Result<Vec<Assessment>, Failure> {
    if !is_system(stream.as_str()) {
        return Ok(Vec::new());
    }
    let catalogs = catalogs::of_view(view, &[])?;
    let register = view::register(view, stream, Asked::now(context.now()))?;
    let assessed = assess_all(&catalogs.frameworks, &catalogs.mappings, &catalogs.controls, &register);
    assessed.map_err(Failure::refused)
}
