//! Rules of the submitter's own: which rules of a tool speak about which controls. Cited and kept as evidence, since they
//! decide what the report comes to.

use crate::args::PushArguments;
use crate::context;
use crate::error::Failure;
use affiant_controls::EvidenceRef;
use affiant_controls::intake::ToolRules;
use affiant_controls::intake::tools::TOOL_RULES_SIZE_MAX;
use affiant_controls::set::ControlSet;
use affiant_ledger::blob;
use affiant_ledger::ledger::Ledger;

/// The file of `--rules`, where one was given.
pub(super) struct OwnRules(Option<(ToolRules, EvidenceRef, Vec<u8>)>);

impl OwnRules {
    pub(super) fn read(arguments: &PushArguments, controls: &ControlSet) -> Result<Self, Failure> {
        let Some(path) = &arguments.rules else { return Ok(Self(None)) };
        let shown = path.display();
        let bytes = context::input(path, TOOL_RULES_SIZE_MAX as u64)?;
        let refused = |why: String| Failure::refused(format!("{shown}: {why}"));
        let text = std::str::from_utf8(&bytes).map_err(|_| refused("the bytes are not UTF-8".to_owned()))?;
        let rules = ToolRules::from_yaml(text, controls).map_err(refused)?;
        let cited = EvidenceRef::of(&bytes, &shown.to_string(), "application/yaml");
        Ok(Self(Some((rules, cited, bytes))))
    }

    /// These before the ones that come with the program.
    pub(super) fn before(&self, embedded: Vec<ToolRules>) -> Vec<ToolRules> {
        self.0.iter().map(|(rules, ..)| rules.clone()).chain(embedded).collect()
    }

    pub(super) fn cited(&self) -> Option<EvidenceRef> {
        self.0.as_ref().map(|(_, cited, _)| cited.clone())
    }

    /// Keeps the file beside the log.
    pub(super) fn keep(&self, ledger: &mut Ledger) -> Result<(), Failure> {
        if let Some((_, _, bytes)) = &self.0 {
            let reader = ledger.reader()?;
            blob::store(reader.storage(), reader.folder(), bytes)?;
        }
        Ok(())
    }
}
