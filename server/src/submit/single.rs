//! A single result: admitted at once, without a batch around it.

use super::known::Systems;
use crate::failure::Failure;
use crate::statements::admitted;
use affiant_controls::admit::{AdmitContext, admit};
use affiant_controls::finding::is_failing;
use affiant_controls::intake::Context;
use affiant_controls::result::ControlResult;
use affiant_controls::statement::Statement;

/// A result that may be recorded.
#[derive(Debug)]
pub struct Judged {
    /// What is recorded.
    pub statement: Statement,
    /// Whether it may open or close a finding.
    pub followed: bool,
}

/// Admits a result about a system that is known.
pub fn judged(
    result: ControlResult,
    intake: &Context<'_>,
    systems: &Systems,
    findings: bool,
) -> Result<Judged, Failure> {
    let Some(known) = systems.get(&result.system) else {
        return Err(Failure::refused(format!("system `{}` is not registered", result.system)));
    };
    let gate = AdmitContext { controls: intake.controls, now: intake.now, assets: Some(&known.assets) };
    let result = admit(result, &gate).map_err(admitted)?;
    let followed = findings && (is_failing(&result) || known.has_findings);
    Ok(Judged { statement: Statement::Result(Box::new(result)), followed })
}
