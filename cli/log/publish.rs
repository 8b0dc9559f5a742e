//! `affiant log publish`: the log as files for a web server, without payloads.

use crate::args::PublishArguments;
use crate::context::Context;
use crate::output;
use affiant_ledger::publish::{Publication, Publishing, publish};
use affiant_server::failure::Failure;
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
