//! What is wrong with catalogs of one's own.

use super::file::{Fault, Lines, Loaded, read};
use crate::context::Context;
use crate::output;
use affiant_controls::catalog::ControlCatalog;
use affiant_frameworks::framework::Framework;
use affiant_frameworks::mapping::MappingSet;
use affiant_ledger::id::visible;
use affiant_reports::derive::Catalogs;
use affiant_server::failure::{Failure, NO};
use serde_json::json;

/// Judges the catalogs in `files`, mappings beside the others.
pub(super) fn run(context: &Context, catalogs: &Catalogs, files: &[String]) -> Result<u8, Failure> {
    let Some(sound) = judge(context, catalogs, files, true)? else { return Ok(NO) };
    if let Err(failure) = crate::catalogs::go_together(catalogs, &sound) {
        let fault = Fault { line: None, place: String::new(), what: failure.message, hint: failure.hint };
        show(context, "together with those in use", "", &[fault]);
        return Ok(NO);
    }
    Ok(0)
}

/// The catalogs in `files`, if nothing is wrong with any; what is wrong is shown.
pub(super) fn judge(
    context: &Context,
    catalogs: &Catalogs,
    files: &[String],
    show_sound: bool,
) -> Result<Option<Vec<Loaded>>, Failure> {
    let texts = files.iter().map(|file| Ok((file, read(file)?))).collect::<Result<Vec<_>, Failure>>()?;
    let judged: Vec<_> = texts.iter().map(|(file, text)| (*file, text, Loaded::parse(text))).collect();
    let (mut frameworks, mut controls) = (catalogs.frameworks.clone(), catalogs.controls.catalogs().to_vec());
    for (_, _, loaded) in &judged {
        match loaded {
            Ok(Loaded::Framework(own)) => frameworks.push((**own).clone()),
            Ok(Loaded::Controls(own)) => controls.push((**own).clone()),
            _ => {}
        }
    }
    let mut sound = Vec::new();
    for (file, text, loaded) in judged {
        let (kind, faults) = match &loaded {
            Ok(Loaded::Mappings(mappings)) => ("mapping set", beside(text, mappings, &frameworks, &controls)),
            Ok(loaded) => (loaded.kind(), Vec::new()),
            Err(_) => ("", Vec::new()),
        };
        match loaded {
            Ok(loaded) if faults.is_empty() => {
                sound.push(loaded);
                if show_sound {
                    show(context, &visible(file), kind, &[]);
                }
            }
            Ok(_) => show(context, &visible(file), kind, &faults),
            Err(faults) => show(context, &visible(file), kind, &faults),
        }
    }
    Ok(if sound.len() == files.len() { Some(sound) } else { None })
}

/// Mappings beside the catalogs they name.
fn beside(
    text: &str,
    mappings: &MappingSet,
    frameworks: &[Framework],
    controls: &[ControlCatalog],
) -> Vec<Fault> {
    let (mut faults, lines) = (Vec::new(), Lines::of(text));
    let known: Vec<&str> = controls.iter().map(|catalog| catalog.id.as_str()).collect();
    // One of the same id as an embedded one stands for it.
    let Some(controls) = controls.iter().rev().find(|catalog| catalog.id == mappings.controls) else {
        let what = format!("no control catalog `{}` is known", mappings.controls);
        let hint = format!("known: {}; give its file too", known.join(", "));
        return vec![lines.fault("controls", what, Some(hint))];
    };
    for id in mappings.frameworks.keys() {
        match frameworks.iter().rev().find(|framework| framework.id == **id) {
            Some(framework) => {
                let wrong = mappings.check(framework, controls).into_iter();
                faults.extend(wrong.map(|fault| lines.fault(&fault.place, fault.what, Some(fault.hint))));
            }
            None => {
                let known: Vec<&str> = frameworks.iter().map(|framework| framework.id.as_str()).collect();
                let hint = format!("known: {}; give its file too", known.join(", "));
                faults.push(lines.fault(&visible(id), "no framework of this id is known".into(), Some(hint)));
            }
        }
    }
    faults
}

fn show(context: &Context, file: &str, kind: &str, faults: &[Fault]) {
    if context.json {
        let rows: Vec<_> = faults
            .iter()
            .map(|fault| json!({"line": fault.line, "place": fault.place, "fault": fault.what, "hint": fault.hint}))
            .collect();
        output::json(&json!({"file": file, "kind": kind, "faults": rows}));
        return;
    }
    if faults.is_empty() {
        output::line(format!("{file}: a sound {kind}"));
        return;
    }
    // Text of the file must not pass for a line of ours.
    let flat = |text: &str| text.replace('\n', "\n  | ");
    for fault in faults {
        let line = fault.line.map_or(String::new(), |line| format!(":{line}"));
        let place = if fault.place.is_empty() { String::new() } else { format!("{}: ", flat(&fault.place)) };
        output::line(format!("{file}{line}: {place}{}", flat(&fault.what)));
        if let Some(hint) = &fault.hint {
            output::line(format!("  hint: {}", flat(hint)));
        }
    }
    context.say(format!("{file}: {} faults", faults.len()));
}
