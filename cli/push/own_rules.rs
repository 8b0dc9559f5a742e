//! Rules of the submitter's own: which rules of a tool speak about which controls. Cited and kept as evidence, since they
//! decide what the report comes to.

use crate::args::Submission;
use crate::context;
use crate::error::Failure;
use affiant_controls::EvidenceRef;
use affiant_controls::intake::ToolRules;
use affiant_controls::intake::tools::TOOL_RULES_SIZE_MAX;
use affiant_controls::set::ControlSet;

/// A file to be cited and kept.
pub(crate) type CitedFile = (EvidenceRef, Vec<u8>);

/// The tool rules in use, the submitter's own first, and their file to be cited and kept.
pub(super) fn read(
    submission: &Submission,
    controls: &ControlSet,
) -> Result<(Vec<ToolRules>, Vec<CitedFile>), Failure> {
    let mut tools = ToolRules::embedded();
    let Some(path) = &submission.rules else { return Ok((tools, Vec::new())) };
    let shown = path.display();
    let bytes = context::input(path, TOOL_RULES_SIZE_MAX as u64)?;
    let refused = |why: String| Failure::refused(format!("{shown}: {why}"));
    let text = std::str::from_utf8(&bytes).map_err(|_| refused("the bytes are not UTF-8".to_owned()))?;
    tools.insert(0, ToolRules::from_yaml(text, controls).map_err(refused)?);
    let cited = EvidenceRef::of(&bytes, &shown.to_string(), "application/yaml");
    Ok((tools, vec![(cited, bytes)]))
}
