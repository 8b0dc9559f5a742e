//! Licensed text of requirements, attached by the user on this machine.
//!
//! It stands in the user's state folder, `text/<framework>.yaml`, readable by its owner alone, and leaves it for people's
//! eyes only: [`show`] writes text and is called where no JSON, CSV, pack or entry is made.

use crate::context::{self, Context};
use crate::output;
use affiant_frameworks::framework::Framework;
use affiant_frameworks::licensed::{LICENSED_SIZE_MAX, LicensedText};
use affiant_ledger::files;
use affiant_ledger::id::Id;
use affiant_server::failure::Failure;
use std::path::{Path, PathBuf};

/// Where the texts stand.
pub(crate) fn folder() -> PathBuf {
    context::state().join("text")
}

/// Where the text of a framework stands: ids are safe as names of files.
pub(crate) fn path_of(framework: &Id) -> PathBuf {
    folder().join(format!("{framework}.yaml"))
}

/// What is attached to a framework.
pub(crate) fn attached(framework: &Id) -> Result<Option<LicensedText>, Failure> {
    let path = path_of(framework);
    let Some(bytes) = files::read_if_any(&path, LICENSED_SIZE_MAX as u64)? else { return Ok(None) };
    let broken = |why: String| {
        Failure::refused(format!("{}: {why}", path.display()))
            .hint(format!("attach it again with `affiant catalog text {framework} FILE`"))
    };
    let text = String::from_utf8(bytes).map_err(|_| broken("not text in UTF-8".to_owned()))?;
    LicensedText::from_yaml(&text).map(Some).map_err(|fault| broken(fault.what))
}

/// Attaches text in the place of what was there.
pub(crate) fn attach(context: &Context, framework: &Id, yaml: &str) -> Result<(), Failure> {
    let path = path_of(framework);
    if let Some(ledger) = context.folder().ok().filter(|ledger| is_within(&path, ledger)) {
        let text = format!("the state folder is within the ledger {}", ledger.display());
        return Err(Failure::refused(text)
            .hint("name another with AFFIANT_STATE: licensed text is not to go with a ledger"));
    }
    Ok(files::write_privately(&path, yaml.as_bytes())?)
}

/// Whether a path, of which the end may not be there yet, leads into a folder.
fn is_within(path: &Path, folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    let there = path.ancestors().find_map(|above| above.canonicalize().ok());
    there.is_some_and(|there| there.starts_with(&folder))
}

/// Shows the text of a requirement, if there is one, as what it is. What cannot be read is said, and nothing else stops.
pub(crate) fn show(context: &Context, framework: &Framework, requirement: &str) {
    // The text is of the framework in use, not of what it was.
    if framework.superseded_by.is_some() {
        return;
    }
    match attached(&framework.id) {
        Ok(None) => {}
        Ok(Some(text)) => {
            let Some(text) = text.of(requirement) else { return };
            output::line("text, from your licensed copy (on this machine only, never recorded or exported):");
            // Foreign lines must not pass for lines of ours.
            text.trim_end()
                .lines()
                .for_each(|line| output::line(format!("  | {}", line.replace('\t', "    "))));
        }
        Err(failure) => context.say(format!("warning: {}", failure.message)),
    }
}
