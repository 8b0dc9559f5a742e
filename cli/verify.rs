//! `affiant verify`: packs, receipts and checkpoints, offline.

mod checkpoints;

use crate::args::VerifyArguments;
use crate::context::{self, Context};
use crate::output;
use crate::receipt::Stated;
use affiant_reports::examine::{self, Examination, FILE_SIZE_MAX, Given};
use affiant_reports::trust::Trust;
use affiant_reports::verdict::Verdict;
use affiant_reports::verify::renderer;
use affiant_server::failure::{Failure, UNDETERMINED};
use serde_json::json;
use std::path::Path;

/// What a transcript says made it.
const PROGRAM: &str = concat!("affiant ", env!("CARGO_PKG_VERSION"));

pub(crate) fn run(context: &Context, arguments: VerifyArguments) -> Result<u8, Failure> {
    let VerifyArguments { file, against, receipts, trust, transcript } = &arguments;
    let given = Given::read(trust.as_deref(), receipts.as_deref())?;
    let bytes = context::input(file, FILE_SIZE_MAX)?;
    if let Some(against) = against {
        return checkpoints::compare(context, &bytes, against, given.trust());
    }
    if bytes.starts_with(b"c2sp.org/tlog-proof") {
        if receipts.is_some() || transcript.is_some() {
            return Err(Failure::refused(
                "--receipts and --transcript go with a pack, and this is a receipt",
            ));
        }
        return receipt(context, &bytes, given.trust());
    }
    if let Some(transcript) = transcript {
        examine::may_write(transcript, [Some(file), trust.as_deref(), receipts.as_deref()])?;
    }
    let examination = Examination::of(file, &bytes, &given, renderer());
    if let Some(transcript) = transcript {
        context::output(transcript, examination.transcript(PROGRAM, context.now()).as_bytes())?;
    }
    if context.json {
        output::json(&examination.verdict);
    } else {
        output::bytes(examination.words().as_bytes());
        if !context.quiet {
            output::bytes(format!("\n{}", examination.limits()).as_bytes());
        }
    }
    Ok(examination.verdict.exit_code())
}

/// Nothing signed can be judged without a key from outside.
fn no_anchor() -> Failure {
    let text = "no trust anchor: a receipt or checkpoint is only as good as the log key you hold";
    Failure { code: UNDETERMINED, message: text.into(), hint: Some("give the keys with --trust FILE".into()) }
}

pub(crate) fn trust(path: &Path) -> Result<Trust, Failure> {
    let given = Given::read(Some(path), None)?;
    Ok(given.trust.map(|(_, trust)| trust).unwrap_or_default())
}

pub(crate) fn show(verdict: &Verdict) {
    output::line(examine::checks(verdict));
    output::line(examine::conclusion(verdict));
}

fn receipt(context: &Context, bytes: &[u8], trust: Option<&Trust>) -> Result<u8, Failure> {
    let stated = Stated::parse(bytes)?;
    let Some(trust) = trust else {
        return Err(no_anchor());
    };
    let checkpoint = stated.verify(trust)?;
    let Stated { entry, leaf, .. } = stated;
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
