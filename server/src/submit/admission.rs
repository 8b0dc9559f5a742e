//! Rows on their way in: parsed, admitted and packed, some hundred at a time, on any core.

use super::faults::Faults;
use super::ids::Mark;
use super::known::Systems;
use super::source::Lines;
use super::spool;
use super::submitter::Submitter;
use crate::follow::Touched;
use affiant_controls::admit::{AdmitContext, admit};
use affiant_controls::finding::is_failing;
use affiant_controls::intake::{Context, ndjson};
use affiant_controls::result::ControlResult;
use affiant_controls::statement::Statement;
use affiant_ledger::id::Id;
use std::sync::Arc;

/// Admits rows.
#[derive(Clone)]
pub(super) struct Admission<'a> {
    pub(super) intake: &'a Context<'a>,
    pub(super) systems: Arc<Systems>,
    /// How many admitted results are kept to be shown.
    pub(super) shown: usize,
    pub(super) submitter: Submitter,
    /// Whether findings are opened and closed.
    pub(super) findings: bool,
}

/// Rows that were admitted, and what is wrong with the others.
#[derive(Default)]
pub(super) struct Admitted {
    /// Their drafts, packed one behind another.
    pub(super) packed: Vec<u8>,
    pub(super) rows: Vec<Row>,
    pub(super) faults: Faults,
    /// Results to show.
    pub(super) shown: Vec<ControlResult>,
    /// What may open or close a finding.
    pub(super) touched: Touched,
}

/// An admitted row.
pub(super) struct Row {
    pub(super) line: u64,
    /// Where its draft begins in [`Admitted::packed`].
    pub(super) begin: usize,
    /// Its stream, idempotency id and the mark of them, where it has one.
    pub(super) id: Option<(Id, String, [u8; 16])>,
}

/// Results that were read, with their lines, and what is wrong with other rows.
#[derive(Default)]
pub(super) struct Read {
    pub(super) results: Vec<(u64, ControlResult)>,
    pub(super) faults: Faults,
}

impl Admission<'_> {
    /// Parses and admits lines; gives back what it read when some of it is about a system not known yet.
    pub(super) fn lines(&self, lines: &Lines) -> Result<Admitted, Read> {
        let mut read = Read::default();
        for (line, bytes) in lines.iter() {
            match ndjson::line(bytes, line, self.intake) {
                Ok(mut result) => {
                    self.submitter.name(&mut result, Some(line));
                    read.results.push((line, result));
                }
                Err(fault) => read.faults.push_row(&fault),
            }
        }
        let known = read.results.iter().all(|(_, result)| self.systems.contains_key(&result.system));
        if known { Ok(self.admit(read)) } else { Err(read) }
    }

    /// Admits results.
    pub(super) fn admit(&self, read: Read) -> Admitted {
        let mut admitted = Admitted { faults: read.faults, ..Admitted::default() };
        for (line, result) in read.results {
            match self.judged(result) {
                Ok(result) => self.pack(line, result, &mut admitted),
                Err(why) => admitted.faults.push(line, format!("line {line}: {why}")),
            }
        }
        admitted
    }

    fn judged(&self, result: ControlResult) -> Result<ControlResult, String> {
        let Some(known) = self.systems.get(&result.system) else {
            return Err(format!("system `{}` is not registered", result.system));
        };
        self.submitter.may_push(&result.system)?;
        let gate = AdmitContext {
            controls: self.intake.controls,
            now: self.intake.now,
            assets: Some(&known.assets),
        };
        admit(result, &gate).map_err(|error| match error.hint() {
            Some(hint) => format!("{error}\n  hint: {hint}"),
            None => error.to_string(),
        })
    }

    /// Whether a result may open or close a finding.
    fn is_followed(&self, result: &ControlResult) -> bool {
        let has_findings = || self.systems.get(&result.system).is_some_and(|known| known.has_findings);
        self.findings && (is_failing(result) || has_findings())
    }

    fn pack(&self, line: u64, result: ControlResult, admitted: &mut Admitted) {
        let followed = self.is_followed(&result);
        let statement = Statement::Result(Box::new(result));
        let draft = statement.draft(self.submitter.by());
        if let Some(facet) = draft.facet.as_ref().filter(|_| followed) {
            admitted.touched.add(&draft.stream, facet);
        }
        let begin = admitted.packed.len();
        spool::pack(&draft, &mut admitted.packed);
        let id = draft.id.map(|id| {
            let key = Mark::key(&draft.stream, &id);
            (draft.stream, id, key)
        });
        admitted.rows.push(Row { line, begin, id });
        if let Statement::Result(result) = statement
            && admitted.shown.len() < self.shown
        {
            admitted.shown.push(*result);
        }
    }
}
