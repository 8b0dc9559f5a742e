//! The transcript of an examination: a text to be filed with working papers. The same files examined by the same program
//! give the same text, but for the line that begins with `Made at`.

use super::words::{Sheet, checks, conclusion, named, used};
use super::{Examination, Seen};
use crate::derive::ENGINE;
use crate::verdict::{KeyPurpose, KeyUsed};
use affiant_ledger::time::Timestamp;

/// Width of the heads.
const HEAD: usize = 14;
/// What renders the report, where anything does.
const RENDERER: &str = concat!("affiant-reports ", env!("CARGO_PKG_VERSION"));

impl Examination<'_> {
    /// The text, made at `at` by `program`, which is a name and a version.
    pub fn transcript(&self, program: &str, at: Timestamp) -> String {
        let mut sheet = Sheet::default();
        sheet.line("Transcript of the examination of an audit pack");
        sheet.line("");
        row(&mut sheet, "Made at", &at.to_string());
        row(&mut sheet, "Program", &self.made_by(program));
        sheet.line("");
        self.files(&mut sheet);
        self.keys(&mut sheet);
        sheet.line("");
        let mut text = sheet.text() + &checks(&self.verdict);
        text.push('\n');
        let mut sheet = Sheet::default();
        self.counts(&mut sheet);
        sheet.line("");
        let verdict = &self.verdict;
        row(&mut sheet, "Conclusion", &conclusion(verdict));
        row(&mut sheet, "Level", level(&verdict.level));
        row(&mut sheet, "Exit code", &verdict.exit_code().to_string());
        sheet.line("");
        sheet.line("Not established, whatever the conclusion:");
        verdict.does_not_establish.iter().for_each(|limit| sheet.beside("- ", limit));
        text + &sheet.text()
    }

    fn made_by(&self, program: &str) -> String {
        let renders =
            if self.renders { format!("reports rendered by {RENDERER}") } else { "renders no report".into() };
        format!("{program}; conclusions derived by {ENGINE}; {renders}")
    }

    fn files(&self, sheet: &mut Sheet) {
        file(sheet, "Pack file", &self.pack);
        let verdict = &self.verdict;
        if let (Some(pack), Some(system), Some(as_of)) = (&verdict.pack, &verdict.system, &verdict.as_of) {
            row(sheet, "  says it is", &format!("{pack}, of system {system}, as of {as_of}"));
        }
        match &self.given.trust {
            Some((seen, _)) => file(sheet, "Trust file", seen),
            None => row(sheet, "Trust file", "none given: the keys below are those that the pack claims"),
        }
        let receipts = match &self.given.receipts {
            Some((folder, held)) => format!("{}, from the folder {folder}", held.len()),
            None => "none given".into(),
        };
        row(sheet, "Receipts", &receipts);
    }

    /// Every key held, the ones that signed among them, or what the pack claims.
    fn keys(&self, sheet: &mut Sheet) {
        for key in &self.verdict.keys {
            row(sheet, "Key", &used(key));
        }
        let Some(trust) = self.given.trust() else { return };
        let all = [
            ("the log", KeyPurpose::Log, &trust.logs),
            ("the issuer", KeyPurpose::Issuer, &trust.issuers),
            ("a signer", KeyPurpose::Countersigner, &trust.signers),
        ];
        for (whose, purpose, held) in all {
            for trusted in held {
                let key = KeyUsed::new(purpose, trusted, true);
                let is_it = |met: &KeyUsed| KeyUsed { purpose, ..met.clone() } == key;
                if !self.verdict.keys.iter().any(is_it) {
                    row(sheet, "Key", &format!("of {whose}, held and not met: {}", named(&key)));
                }
            }
        }
    }

    fn counts(&self, sheet: &mut Sheet) {
        for (count, of) in self.verdict.counts.named() {
            sheet.beside(&format!("{count:>12}  "), of);
        }
    }
}

fn row(sheet: &mut Sheet, head: &str, text: &str) {
    sheet.beside(&format!("{head:<HEAD$}"), text);
}

fn file(sheet: &mut Sheet, head: &str, Seen { name, size, sha256 }: &Seen) {
    row(sheet, head, name);
    row(sheet, "  size", &format!("{size} bytes"));
    row(sheet, "  SHA-256", &sha256.to_string());
}

fn level(level: &str) -> &'static str {
    match level {
        "L1" => "L1: made with keys from outside",
        "L0" => "L0: agrees with itself",
        _ => "none",
    }
}
