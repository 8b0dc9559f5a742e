//! `affiant log fsck`: the whole ledger derived again, and what can be derived made anew.

use crate::context::{self, Context};
use crate::output;
use affiant_ledger::disk::Disk;
use affiant_ledger::files::FileError;
use affiant_ledger::fsck::{Examination, FsckReport, Indexed, RepairError, fsck, repair};
use affiant_ledger::ledger::head_path;
use affiant_ledger::reader::{ReadError, read_settings};
use affiant_ledger::receipt::{RECEIPT_SIZE_MAX, Receipt};
use affiant_ledger::table::Sled;
use affiant_server::failure::{Failure, INTEGRITY};
use affiant_server::filing::Statements;
use std::path::{Path, PathBuf};

pub(super) fn run(context: &Context, anchors: &[PathBuf], mend: bool) -> Result<u8, Failure> {
    let folder = context.folder()?;
    let anchors = anchors.iter().map(|path| anchor(path)).collect::<Result<Vec<_>, _>>()?;
    let mut report = judge(context, &folder, &anchors)?;
    let mut mended = Vec::new();
    if mend && !report.is_sound() {
        mended = repair(&folder, &report, context.surroundings(), &|path| context.passphrases.open(path))
            .map_err(refused)?;
        report = judge(context, &folder, &anchors)?;
    }
    if context.json {
        let mut answer = serde_json::to_value(&report).map_err(Failure::io)?;
        if mend {
            answer["repaired"] = serde_json::json!(mended);
        }
        output::json(&answer);
    } else {
        mended.iter().for_each(|what| output::line(format!("made anew: {what}")));
        show(&report);
    }
    Ok(if report.is_sound() { 0 } else { INTEGRITY })
}

/// A signed checkpoint kept elsewhere, by itself or within a receipt.
fn anchor(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let bytes = context::input(path, RECEIPT_SIZE_MAX as u64)?;
    let note = match Receipt::parse(&bytes) {
        Ok(receipt) => receipt.checkpoint,
        Err(_) => bytes,
    };
    Ok((path.display().to_string(), note))
}

fn judge(context: &Context, folder: &Path, anchors: &[(String, Vec<u8>)]) -> Result<FsckReport, Failure> {
    let settings = match read_settings(&Disk, folder) {
        Ok(settings) => Some(settings),
        // Without them the place of `head` is not known: judged without it, an older copy would pass.
        Err(ReadError::File(error @ FileError::Io { .. })) => return Err(error.into()),
        Err(_) => None,
    };
    let head = settings.map(|settings| head_path(folder, &settings, &context.surroundings().heads));
    let show = |done, total| {
        if !context.quiet {
            output::progress("checked", done, total);
        }
    };
    let index = Some(Indexed { tables: &Sled, filing: &Statements });
    Ok(fsck(&Examination { head: head.as_deref(), anchors, index, ..Examination::of(folder) }, &show))
}

fn show(report: &FsckReport) {
    let rows = report.faults.iter().map(|fault| {
        let kind = serde_json::to_value(fault.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned));
        let index = fault.index.map(|index| index.to_string()).unwrap_or_default();
        vec![kind.unwrap_or_default(), index, fault.path.clone().unwrap_or_default(), fault.detail.clone()]
    });
    if !report.is_sound() {
        output::table(&["fault", "entry", "file", "what"], rows);
    }
    report.notices.iter().for_each(|notice| output::line(format!("note: {notice}")));
    let verdict =
        if report.is_sound() { "sound".to_owned() } else { format!("{} faults", report.faults_count) };
    output::line(format!(
        "{verdict}: {} entries, {} payloads intact, {} checkpoints, {} evidence files; root {}",
        report.entries, report.payloads_intact, report.checkpoints, report.blobs, report.root
    ));
}

fn refused(error: RepairError) -> Failure {
    let message = format!("nothing was made anew: {error}");
    match error {
        RepairError::Beyond { .. } => Failure::integrity(message)
            .hint("keep this copy; put back the files named from a backup, then run fsck again"),
        RepairError::Ledger(error) => error.into(),
        RepairError::File(error) => error.into(),
    }
}
