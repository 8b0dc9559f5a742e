//! `affiant export`: a system's results and conclusions in the formats of others.

use crate::args::{ExportArguments, ExportFormat};
use crate::catalogs;
use crate::context::{self, Context};
use crate::view::{self, Asked, View};
use affiant_frameworks::assess::assess_all;
use affiant_reports::export::{self, ExportSource};
use affiant_server::failure::{Failure, UNDETERMINED};
use serde_json::Value;
use std::path::Path;

pub(crate) fn run(context: &Context, arguments: &ExportArguments) -> Result<u8, Failure> {
    if arguments.envelope.is_some() && matches!(arguments.format, ExportFormat::Csv | ExportFormat::Ocsf) {
        return Err(not_json());
    }
    let reader = context.read()?;
    let view = View::new(&reader)?;
    let catalogs = catalogs::of_view(&view, &arguments.frameworks)?;
    let system = view.known(&arguments.system)?;
    let asked = Asked::now(context.now());
    let records = view.records(&system, arguments.all)?;
    let results = export::results(&records).map_err(Failure::integrity)?;
    let origin = &reader.settings().origin;
    let (mut bytes, mut made) = (Vec::new(), None);
    match arguments.format {
        ExportFormat::Csv => bytes = export::csv(&export::COLUMNS, results.iter().map(export::row)),
        ExportFormat::Ocsf => {
            for event in export::ocsf(&results, &catalogs.controls, origin) {
                serde_json::to_writer(&mut bytes, &event).map_err(Failure::io)?;
                bytes.push(b'\n');
            }
        }
        ExportFormat::Oscal | ExportFormat::Poam | ExportFormat::Cyclonedx => {
            let register = view::register(&view, &system, asked)?;
            let assessed =
                assess_all(&catalogs.frameworks, &catalogs.mappings, &catalogs.controls, &register);
            let assessments = assessed.map_err(Failure::refused)?;
            let source = ExportSource {
                assessments: &assessments,
                results: &results,
                origin,
                as_of: register.as_of(),
                pack: None,
                withholding: &[],
            };
            let document = match arguments.format {
                ExportFormat::Poam => match export::poam(source, &register, &catalogs.controls) {
                    Some(plan) => plan,
                    None => {
                        context.say(format!(
                            "nothing is left to do on {system}: OSCAL has no empty plan of action"
                        ));
                        return Ok(UNDETERMINED);
                    }
                },
                ExportFormat::Cyclonedx => export::declarations(source, &catalogs.frameworks),
                _ => export::assessment_results(source),
            };
            bytes = export::json_file(&document);
            made = Some(document);
        }
    }
    let path = arguments.output.as_deref().unwrap_or(Path::new("-"));
    context::output(path, &bytes)?;
    if let Some(file) = &arguments.envelope {
        let document = made.ok_or_else(not_json)?;
        // The issuer's key is the ledger's, which is opened for itself.
        drop(view);
        sign(context, &document, arguments.output.as_deref(), file)?;
    }
    let signed = if arguments.envelope.is_some() {
        "the issuer signs this file alone"
    } else {
        "nobody signs an export"
    };
    context.say(format!(
        "{} results of {system}; {signed}: `affiant pack build` makes what can be verified",
        results.len()
    ));
    Ok(if results.is_empty() { UNDETERMINED } else { 0 })
}

fn not_json() -> Failure {
    Failure::refused("--envelope signs one JSON document: oscal, poam or cyclonedx")
}

/// Writes the issuer's statement over a document that lies in a file.
fn sign(context: &Context, document: &Value, output: Option<&Path>, file: &Path) -> Result<(), Failure> {
    let name = output.and_then(Path::file_name).and_then(|name| name.to_str());
    let name =
        name.ok_or_else(|| Failure::refused("--envelope names the file that --output writes: give one"))?;
    let open_key = |path: &Path| context.passphrases.open(path);
    let ledger = context.open()?;
    let key = ledger.issuer_key(&open_key)?;
    ledger.close()?;
    let envelope = export::envelope(document, name, &key).map_err(Failure::io)?;
    context::output(file, &export::json_file(&envelope))
}
