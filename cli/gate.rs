//! `affiant gate`: open only when everything asked for holds.

use crate::args::GateArguments;
use crate::catalogs;
use crate::context::{self, Context};
use crate::output;
use crate::view::{self, Asked, View};
use affiant_frameworks::assess::assess_all;
use affiant_frameworks::clock::clocks;
use affiant_frameworks::gate::{Answer, GATE_SIZE_MAX, GateProfile};
use affiant_server::failure::{Failure, NO, UNDETERMINED};
use serde_json::json;

pub(crate) fn run(context: &Context, arguments: &GateArguments) -> Result<u8, Failure> {
    let path = &arguments.profile;
    let bytes = context::input(path, GATE_SIZE_MAX as u64)?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::refused("the gate profile is not UTF-8"))?;
    let of_profile = |error| Failure::refused(format!("{}: {error}", path.display()));
    let profile = GateProfile::from_yaml(&text).map_err(of_profile)?;
    let reader = context.read()?;
    let view = View::new(&reader)?;
    let catalogs = catalogs::of_view(&view, &[])?;
    let system = view.known(&arguments.system)?;
    let asked = Asked::now(context.now());
    view.refuse_a_past_present(asked.horizon.as_of)?;
    let register = view::register(&view, &system, asked)?;
    if register.system().is_none() {
        return Err(Failure::refused(format!("system `{system}` is not registered")));
    }
    let frameworks = &catalogs.frameworks;
    let assessments = assess_all(frameworks, &catalogs.mappings, &catalogs.controls, &register)
        .map_err(Failure::integrity)?;
    let running: Vec<_> = frameworks.iter().flat_map(|framework| clocks(framework, &register)).collect();
    let verdict = profile.judge(&assessments, &running).map_err(of_profile)?;
    if context.json {
        let (checkpoint, root) = (reader.size(), reader.checkpoint().root);
        output::json(&json!({
            "system": system, "as_of": register.as_of(), "checkpoint": checkpoint, "root": root,
            "answer": verdict.answer, "rules": verdict.rules,
        }));
    } else {
        let rows = verdict
            .rules
            .iter()
            .map(|rule| vec![rule.answer.as_str().to_owned(), rule.rule.clone(), rule.found.clone()]);
        output::table(&["answer", "rule", "found"], rows);
        output::line(format!("gate {}: {system}, as of {}", verdict.answer.as_str(), register.as_of()));
    }
    Ok(match verdict.answer {
        Answer::Met => 0,
        Answer::NotMet => NO,
        Answer::Undetermined => UNDETERMINED,
    })
}
