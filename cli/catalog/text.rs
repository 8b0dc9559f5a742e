//! Licensed text of one's own beside the requirements of a framework.

use super::file::read;
use crate::context::Context;
use crate::licensed;
use crate::output;
use affiant_frameworks::framework::Framework;
use affiant_frameworks::licensed::{LicensedFault, LicensedText};
use affiant_ledger::files;
use affiant_ledger::id::visible;
use affiant_reports::derive::Catalogs;
use affiant_server::failure::{Failure, NO};
use serde_json::json;

/// Attaches, takes away or lists text; never shows it.
pub(super) fn run(
    context: &Context,
    catalogs: &Catalogs,
    framework: Option<&str>,
    file: Option<&str>,
    remove: bool,
) -> Result<u8, Failure> {
    let Some(id) = framework else { return list(context, catalogs) };
    let framework = catalogs.frameworks.iter().find(|framework| framework.id == *id).ok_or_else(|| {
        let known: Vec<&str> = catalogs.frameworks.iter().map(|framework| framework.id.as_str()).collect();
        let text = format!("framework `{}` is not known", visible(id));
        Failure::refused(text).hint(format!("known: {}", known.join(", ")))
    })?;
    match file {
        _ if remove => take_away(context, framework),
        Some(file) => attach(context, framework, file),
        None => list_ids(context, framework),
    }
}

fn attach(context: &Context, framework: &Framework, file: &str) -> Result<u8, Failure> {
    let yaml = read(file)?;
    let read = LicensedText::from_yaml(&yaml).map_err(|fault| vec![fault]);
    let checked = read.and_then(|text| {
        let faults = text.check(framework);
        if faults.is_empty() { Ok(text) } else { Err(faults) }
    });
    let text = match checked {
        Ok(text) => text,
        Err(faults) => {
            show_faults(context, &visible(file), &faults);
            return Ok(NO);
        }
    };
    licensed::attach(context, &framework.id, &yaml)?;
    let (count, path) = (text.ids().count(), licensed::path_of(&framework.id));
    if context.json {
        output::json(&json!({"framework": framework.id, "requirements": count, "path": path}));
    } else {
        output::line(format!(
            "text of {count} requirements of {} attached, in {}",
            framework.id,
            path.display()
        ));
    }
    context.say("it stays there: `catalog show` and `status --why` show it, nothing records or exports it");
    Ok(0)
}

fn show_faults(context: &Context, file: &str, faults: &[LicensedFault]) {
    if context.json {
        let rows: Vec<_> = faults
            .iter()
            .map(|fault| json!({"line": fault.line, "column": fault.column, "fault": fault.what, "hint": fault.hint}))
            .collect();
        output::json(&json!({"file": file, "faults": rows}));
        return;
    }
    for LicensedFault { line, column, what, hint } in faults {
        let place = if *line == 0 { String::new() } else { format!(":{line}:{column}") };
        output::line(format!("{file}{place}: {what}"));
        if let Some(hint) = hint {
            output::line(format!("  hint: {hint}"));
        }
    }
    context.say(format!("{file}: {} faults, nothing is attached", faults.len()));
}

fn take_away(context: &Context, framework: &Framework) -> Result<u8, Failure> {
    let path = licensed::path_of(&framework.id);
    if !path.exists() {
        return Err(Failure::refused(format!("no text is attached to {}", framework.id)));
    }
    files::remove_if_any(&path)?;
    if context.json {
        output::json(&json!({"framework": framework.id, "removed": path}));
    } else {
        output::line(format!("the text of {} is taken away", framework.id));
    }
    Ok(0)
}

/// What is attached to each framework, in numbers.
fn list(context: &Context, catalogs: &Catalogs) -> Result<u8, Failure> {
    let mut rows = Vec::new();
    for framework in &catalogs.frameworks {
        if let Some(text) = licensed::attached(&framework.id)? {
            rows.push((framework, text.ids().filter(|id| framework.requirement(id).is_some()).count()));
        }
    }
    if context.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(framework, count)| {
                let path = licensed::path_of(&framework.id);
                json!({"framework": framework.id, "requirements": count, "path": path})
            })
            .collect();
        output::json(&rows);
        return Ok(0);
    }
    if rows.is_empty() {
        context.say("no text is attached");
        return Ok(0);
    }
    let cells = rows.iter().map(|(framework, count)| {
        let path = licensed::path_of(&framework.id).display().to_string();
        vec![framework.id.to_string(), format!("{count} of {}", framework.requirements.len()), path]
    });
    output::table(&["framework", "requirements with text", "kept in"], cells);
    Ok(0)
}

/// Which requirements have text.
fn list_ids(context: &Context, framework: &Framework) -> Result<u8, Failure> {
    let Some(text) = licensed::attached(&framework.id)? else {
        let text = format!("no text is attached to {}", framework.id);
        return Err(
            Failure::refused(text).hint(format!("`affiant catalog text {} FILE` attaches it", framework.id))
        );
    };
    if context.json {
        output::json(&json!({"framework": framework.id, "requirements": text.ids().collect::<Vec<_>>()}));
    } else {
        text.ids().for_each(output::line);
    }
    Ok(0)
}
