//! `affiant export`: a system's results and conclusions in the formats of others.

use crate::args::{ExportArguments, ExportFormat};
use crate::catalogs;
use crate::context::{Context, output};
use crate::error::{Failure, UNDETERMINED};
use crate::view::{self, Asked, View};
use affiant_frameworks::assess::assess_all;
use affiant_reports::export;
use std::path::Path;

pub(crate) fn run(context: &Context, arguments: &ExportArguments) -> Result<u8, Failure> {
    let reader = context.read()?;
    let view = View::new(&reader)?;
    let catalogs = catalogs::of_view(&view, &arguments.frameworks)?;
    let system = view.known(&arguments.system)?;
    let asked = Asked::now(context);
    let records = view.records(&system, arguments.all)?;
    let results = export::results(&records).map_err(Failure::integrity)?;
    let origin = &reader.settings().origin;
    let mut bytes = Vec::new();
    match arguments.format {
        ExportFormat::Csv => bytes = crate::output::csv_bytes(&export::COLUMNS, export::rows(&results)),
        ExportFormat::Ocsf => {
            for event in export::ocsf(&results, &catalogs.controls, origin) {
                serde_json::to_writer(&mut bytes, &event).map_err(Failure::io)?;
                bytes.push(b'\n');
            }
        }
        ExportFormat::Oscal => {
            let register = view::register(&view, &system, asked)?;
            let assessed =
                assess_all(&catalogs.frameworks, &catalogs.mappings, &catalogs.controls, &register);
            let assessments = assessed.map_err(Failure::refused)?;
            let document = export::oscal(&assessments, &results, origin, register.as_of());
            serde_json::to_writer_pretty(&mut bytes, &document).map_err(Failure::io)?;
            bytes.push(b'\n');
        }
    }
    let path = arguments.output.as_deref().unwrap_or(Path::new("-"));
    output(path, &bytes)?;
    context.say(format!(
        "{} results of {system}; nobody signs an export: `affiant pack build` makes what can be verified",
        results.len()
    ));
    Ok(if results.is_empty() { UNDETERMINED } else { 0 })
}
