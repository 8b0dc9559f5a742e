//! `affiant log publish`: the log as files for a web server, without payloads.

use crate::args::PublishArguments;
use crate::context::Context;
use crate::error::Failure;
use crate::output;
use affiant_ledger::files::FileError;
use affiant_ledger::publish::{Publication, PublishError, Publishing, publish};
use serde_json::json;

pub(crate) fn run(context: &Context, arguments: &PublishArguments) -> Result<u8, Failure> {
    let reader = context.read()?;
    let how = Publishing { whole: arguments.whole, prune: arguments.prune, wait: context.wait() };
    let show = |done, total| {
        if !context.quiet {
            output::progress("entries", done, total);
        }
    };
    let done = publish(&reader, &arguments.dir, how, &show)?;
    if context.json {
        output::json(&json!({
            "size": done.checkpoint.size, "root": done.checkpoint.root, "before": done.before, "files": done.files,
            "bytes": done.bytes, "pruned": done.pruned,
        }));
    } else {
        output::line(said(&done));
        context.say("payloads and evidence files are not published");
    }
    Ok(0)
}

fn said(done: &Publication) -> String {
    let before = done.before.map_or("nothing".to_owned(), |size| format!("{size} entries"));
    let pruned =
        if done.pruned > 0 { format!(", {} partial tiles removed", done.pruned) } else { String::new() };
    format!(
        "published {} entries, {before} before: {} files written, {} bytes{pruned}; root {}",
        done.checkpoint.size, done.files, done.bytes, done.checkpoint.root
    )
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        let message = error.to_string();
        match error {
            PublishError::Read(error) => error.into(),
            PublishError::File(FileError::NotRegular(_)) => Self::integrity(message),
            PublishError::File(_) => Self::io(message),
            PublishError::Busy { .. } => Self::io(message).hint("wait longer with --wait SECONDS"),
            PublishError::Overlap { .. } => Self::refused(message)
                .hint("a web server would give out payloads and keys: publish to a folder of its own"),
            PublishError::NotAFolder(_) | PublishError::Foreign(_) => {
                Self::integrity(message).hint("publish to a folder of this log's own, or take the file away")
            }
            PublishError::OtherLog { .. } => {
                Self::integrity(message).hint("each log is published to a folder of its own")
            }
            PublishError::Newer { .. } => {
                Self::integrity(message).hint("this is an older copy of the ledger, or it was cut")
            }
            PublishError::Forked { .. } => Self::integrity(message)
                .hint("keep the published checkpoint and this ledger's: together they are the evidence"),
            PublishError::Root(_) => Self::integrity(message).hint("`affiant log fsck` lists every fault"),
        }
    }
}
