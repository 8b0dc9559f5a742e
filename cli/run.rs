//! `affiant run`: runs a tool, and pushes its report with what was run. Times, the digest of the file looked at and the exit
//! code are the wrapper's own; the manifest of the run is kept as evidence.

mod manifest;

use crate::args::RunArguments;
use crate::context::Context;
use crate::push::{self, Source, Witnessed};
use affiant_controls::intake::{Exit, Observed};
use affiant_controls::result::{DigestSource, Subject, TimeSource};
use affiant_ledger::id::visible;
use affiant_server::failure::{Failure, IO};
use manifest::{Manifest, Target};
use std::fs::{File, Metadata};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

pub(crate) fn run(context: &Context, arguments: Box<RunArguments>) -> Result<u8, Failure> {
    // A tool may run for hours: what can be refused is refused before.
    push::admissible(context, &arguments.submission)?;
    let targets: Vec<Target> =
        arguments.targets.iter().map(|path| Target::of(path)).collect::<Result<_, _>>()?;
    let config = arguments.config.as_deref().map(Target::of).transpose()?;
    let before = arguments.report.as_deref().and_then(|path| path.metadata().ok());
    let from = context.now();
    let (status, printed) = execute(&arguments)?;
    let to = context.now();
    if let [target] = targets.as_slice() {
        target.unchanged()?;
    }
    let (name, report) = match &arguments.report {
        Some(path) => {
            (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), written(path, before)?)
        }
        None => ("stdout".to_owned(), printed),
    };
    let manifest = Manifest::new(&arguments, &targets, config.as_ref(), (from, to), status);
    let witnessed = Witnessed {
        observed: Some(Observed { from, to, source: TimeSource::Wrapper }),
        exit: Some(Exit { code: status.code().map(i64::from) }),
        subject: match targets.as_slice() {
            [Target { is_file: true, sha256, .. }] => {
                Some(Subject { digest: *sha256, digest_source: DigestSource::Wrapper })
            }
            _ => None,
        },
        tool_version: arguments.tool_version.clone(),
        config: config.as_ref().map(|config| config.sha256),
        files: vec![manifest.file()?],
    };
    let mut ledger = context.open()?;
    let source = Source::file(name, report, push::format(&arguments.submission))?;
    let pushed = push::submit(context, &mut ledger, &arguments.submission, source, witnessed)?;
    ledger.close()?;
    Ok(if pushed == 0 { code_of(status) } else { pushed })
}

/// Runs the tool to its end; what it printed, where that is its report.
fn execute(arguments: &RunArguments) -> Result<(ExitStatus, File), Failure> {
    let [program, words @ ..] = arguments.command.as_slice() else {
        return Err(Failure::refused("no command was given").hint("affiant run --system ID -- COMMAND"));
    };
    let printed = tempfile::tempfile().map_err(Failure::io)?;
    // Standard output is for the answer of this program: what the tool says besides a report goes where errors go.
    let stdout = match arguments.report {
        Some(_) => Stdio::from(std::io::stderr().as_fd().try_clone_to_owned().map_err(Failure::io)?),
        None => Stdio::from(printed.try_clone().map_err(Failure::io)?),
    };
    let status = Command::new(program).args(words).stdout(stdout).status().map_err(|error| {
        let text = format!("{}: {error}", visible(&program.to_string_lossy()));
        match error.kind() {
            std::io::ErrorKind::NotFound => Failure::refused(text).hint("the tool is not installed here"),
            _ => Failure { code: IO, message: text, hint: None },
        }
    })?;
    let mut printed = printed;
    std::io::Seek::rewind(&mut printed).map_err(Failure::io)?;
    Ok((status, printed))
}

/// The report file, if this run wrote it: one that was there before and is as it was tells of another run.
fn written(path: &Path, before: Option<Metadata>) -> Result<File, Failure> {
    let shown = path.display();
    let file = File::open(path)
        .map_err(|error| Failure::refused(format!("{shown}: {error}; the tool wrote no report")))?;
    let now = file.metadata().map_err(Failure::io)?;
    let same = |before: &Metadata| before.len() == now.len() && before.modified().ok() == now.modified().ok();
    if before.as_ref().is_some_and(same) {
        return Err(Failure::refused(format!("{shown}: the tool did not write it, it stood there before"))
            .hint("look at the tool's own output; nothing was recorded"));
    }
    Ok(file)
}

/// The tool's exit code; of one that a signal ended, what shells say.
fn code_of(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    u8::try_from(code).unwrap_or(IO)
}
