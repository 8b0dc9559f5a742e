//! The files of a pack that are made from what it concludes, beside the PDF: for people, spreadsheets and others' tools.
//! Pure, so that whoever verifies makes them again and compares bytes.

use crate::compose::compose;
use crate::derive::Catalogs;
use crate::document::Document;
use crate::export::{self, ExportSource, REQUESTS, Sheet, SheetSource, json_file};
use crate::instructions;
use crate::pack::{
    ASSESSMENT_RESULTS, POAM, PackAssessment, REPORT_HTML, REQUESTS_CSV, VERIFY, table_member,
};
use crate::render::html;
use affiant_controls::StatementError;
use affiant_controls::register::Register;
use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::digest::Digest;
use affiant_ledger::record::Record;
use std::collections::BTreeSet;

/// What a pack concludes, and from what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conclusions<'a> {
    pub(crate) assessment: &'a PackAssessment,
    pub(crate) records: &'a [Record],
    pub(crate) register: &'a Register,
    pub(crate) catalogs: &'a Catalogs,
    pub(crate) checkpoint: &'a Checkpoint,
    /// SHA-256 of the certificate that the issuing entry names.
    pub(crate) certificate: Option<&'a Digest>,
}

impl Conclusions<'_> {
    /// The report.
    pub(crate) fn document(&self) -> Document {
        compose(self.assessment, self.records, self.register, self.catalogs, self.checkpoint)
    }

    /// Gives the files of the report, one after the other; the tables among them also as rows where these are wanted.
    pub(crate) fn renditions(
        &self,
        document: &Document,
        mut sheets: Option<&mut Vec<Sheet>>,
        mut give: impl FnMut(String, Vec<u8>),
    ) -> Result<(), StatementError> {
        let Self { assessment, records, register, catalogs, checkpoint, certificate } = *self;
        let instructions = instructions::text(assessment, checkpoint, certificate);
        give(VERIFY.into(), instructions.into_bytes());
        give(REPORT_HTML.into(), html::render(document).into_bytes());
        let source = SheetSource {
            document,
            records,
            register,
            controls: &catalogs.controls,
            withholding: &assessment.withholding,
        };
        export::each_sheet(source, |sheet| {
            let name = if sheet.name == REQUESTS { REQUESTS_CSV.into() } else { table_member(&sheet.name) };
            give(name, sheet.into_csv(sheets.as_deref_mut())?);
            Ok(())
        })?;
        let judged = &assessment.assessments;
        let cited: BTreeSet<u64> = judged
            .iter()
            .flat_map(|judged| &judged.determinations)
            .flat_map(|one| one.citations.iter().copied())
            .collect();
        let results = export::results(records.iter().filter(|record| cited.contains(&record.entry.index)))?;
        let source = ExportSource {
            assessments: judged,
            results: &results,
            origin: &assessment.origin,
            as_of: assessment.as_of,
            pack: Some(&assessment.pack),
            withholding: &assessment.withholding,
        };
        give(ASSESSMENT_RESULTS.into(), json_file(&export::assessment_results(source)));
        if let Some(poam) = export::poam(source, register, &catalogs.controls) {
            give(POAM.into(), json_file(&poam));
        }
        Ok(())
    }
}
