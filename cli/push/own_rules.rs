//! What the submitter brings along to explain a report: rules of a tool, or a whole mapping. Cited and kept as evidence,
//! since they decide what the report comes to.

use crate::args::Submission;
use crate::context;
use affiant_controls::EvidenceRef;
use affiant_controls::intake::ToolRules;
use affiant_controls::intake::mapped::{MAPPING_SIZE_MAX, Mapping};
use affiant_controls::intake::tools::TOOL_RULES_SIZE_MAX;
use affiant_controls::set::ControlSet;
use affiant_server::failure::Failure;
use std::path::Path;

/// A file to be cited and kept.
pub(crate) type CitedFile = (EvidenceRef, Vec<u8>);

/// The rules of tools in use, the submitter's own first.
pub(super) struct Explaining {
    pub(super) tools: Vec<ToolRules>,
    pub(super) map: Option<Mapping>,
    pub(super) files: Vec<CitedFile>,
}

pub(super) fn read(submission: &Submission, controls: &ControlSet) -> Result<Explaining, Failure> {
    let mut found = Explaining { tools: ToolRules::embedded(), map: None, files: Vec::new() };
    if let Some(path) = &submission.rules {
        let (file, text) = cited(path, TOOL_RULES_SIZE_MAX)?;
        found.files.push(file);
        found.tools.insert(0, ToolRules::from_yaml(&text, controls).map_err(|why| refused(path, why))?);
    }
    if let Some(path) = &submission.map {
        let (file, text) = cited(path, MAPPING_SIZE_MAX)?;
        found.files.push(file);
        let map = Mapping::from_yaml(&text, controls).map_err(|why| refused(path, why))?;
        if let Some(rules) = map.rules() {
            found.tools.insert(0, rules.clone());
        }
        found.map = Some(map);
    }
    Ok(found)
}

fn cited(path: &Path, max: usize) -> Result<(CitedFile, String), Failure> {
    let bytes = context::input(path, max as u64)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| refused(path, "the bytes are not UTF-8"))?.to_owned();
    let cited = EvidenceRef::of(&bytes, &path.display().to_string(), "application/yaml");
    Ok(((cited, bytes), text))
}

fn refused(path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::refused(format!("{}: {why}", path.display()))
}
