//! A verdict in plain words: what was checked, with which key, what was found, and what is not established.
//!
//! Whatever a stranger may have written is told with its hidden characters escaped, so no line can be made to look like
//! another.

use super::{Examination, Seen};
use crate::verdict::{CheckOutcome, Conclusion, KeyPurpose, KeyUsed, Outcome, Verdict};
use affiant_ledger::id::escape_hidden_text;

/// Characters of a line, unless a single word is longer.
const WIDTH: usize = 110;

/// Text in two columns: heads, and beside them what fits a line, further lines below it.
#[derive(Default)]
pub(super) struct Sheet(String);

impl Sheet {
    /// A line without a head.
    pub(super) fn line(&mut self, text: &str) {
        self.beside("", text);
    }

    /// A head and text beside it.
    pub(super) fn beside(&mut self, head: &str, text: &str) {
        let (head, text) = (escaped(head), escaped(text));
        let indent = head.chars().count();
        let (mut line, mut used) = (head, indent);
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let length = word.chars().count();
            if used > indent && used + 1 + length > WIDTH {
                self.end(&line);
                (line, used) = (" ".repeat(indent), indent);
            }
            if used > indent {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += length;
        }
        self.end(&line);
    }

    fn end(&mut self, line: &str) {
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }

    /// All of it.
    pub(super) fn text(self) -> String {
        self.0
    }
}

/// One line, whatever it was.
fn escaped(text: &str) -> String {
    escape_hidden_text(&text.replace('\n', "\\u{a}")).into_owned()
}

impl Examination<'_> {
    /// What was examined, with which keys, check by check, and what follows.
    pub fn words(&self) -> String {
        let mut sheet = Sheet::default();
        let said = |seen: &Seen| format!("{}, {} bytes, SHA-256 {}", seen.name, seen.size, seen.sha256);
        sheet.beside("pack      ", &said(&self.pack));
        match &self.given.trust {
            Some((file, _)) => sheet.beside("keys      ", &format!("from outside: {}", said(file))),
            None => sheet.beside("keys      ", "none from outside: those that the pack itself claims"),
        }
        for key in &self.verdict.keys {
            sheet.beside("          ", &used(key));
        }
        if let Some((folder, held)) = &self.given.receipts {
            sheet.beside("receipts  ", &format!("{} from {folder}", held.len()));
        }
        sheet.line("");
        sheet.text() + &checks(&self.verdict) + "\n" + &conclusion(&self.verdict) + "\n"
    }

    /// What the verdict does not establish, for who wants to rely on it.
    pub fn limits(&self) -> String {
        let mut sheet = Sheet::default();
        if self.verdict.conclusion != Conclusion::Rejected {
            sheet.line("not established by this:");
            self.verdict.does_not_establish.iter().for_each(|limit| sheet.beside("- ", limit));
        }
        sheet.text()
    }
}

/// Which key, of whom, trusted for what, and what it signed.
pub(super) fn used(key: &KeyUsed) -> String {
    let signed = match key.purpose {
        KeyPurpose::Log => "the log's key signed the head of the ledger",
        KeyPurpose::Issuer => "the issuer's key signed the pack",
        KeyPurpose::Management => "management signed the pack",
        KeyPurpose::Reviewer => "a reviewer signed the pack",
        KeyPurpose::Countersigner => "who verified the pack countersigned it",
    };
    format!("{signed}: {}", named(key))
}

/// A key by name and fingerprint, and the sizes it is trusted for, or that only the pack vouches for it.
pub(super) fn named(KeyUsed { name, fingerprint, from, to, outside, .. }: &KeyUsed) -> String {
    let trusted = match (from, to) {
        _ if !outside => "the pack's own word".to_owned(),
        (1, None) => "for a checkpoint of any size".to_owned(),
        (from, None) => format!("for checkpoints of {from} entries and more"),
        (from, Some(to)) => format!("for checkpoints of {from} to {to} entries"),
    };
    format!("{name}, SHA-256 of the key {fingerprint}, {trusted}")
}

/// Every check: what must hold, how it came out, what was found.
pub fn checks(verdict: &Verdict) -> String {
    let mut sheet = Sheet::default();
    sheet.beside(" #  CHECK       OUTCOME      WHAT MUST HOLD, AND WHAT WAS FOUND", "");
    for CheckOutcome { number, name, outcome, detail } in &verdict.checks {
        let head = format!("{number:>2}  {:<10}  {:<11}  ", name.as_str(), word(*outcome));
        sheet.beside(&head, name.claim());
        sheet.beside(&format!("{:1$}- ", "", head.len()), detail);
    }
    sheet.text()
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "FAILED",
        Outcome::SelfAsserted => "own word",
        Outcome::NotChecked => "not checked",
    }
}

/// What follows, in a sentence.
pub fn conclusion(verdict: &Verdict) -> String {
    let pack = verdict.pack.as_ref().map_or("this file".into(), |pack| format!("pack {pack}"));
    let failed = verdict.first_failure();
    let failed = failed.map(|check| format!("{}: {}", check.name.as_str(), check.detail)).unwrap_or_default();
    match verdict.conclusion {
        Conclusion::Verified => {
            format!("VERIFIED: {pack} is complete, unaltered and signed by the keys you gave (level L1)")
        }
        Conclusion::Withheld => format!(
            "UNDETERMINED: {pack} is unaltered and signed by the keys you gave, but {} payloads that bear on its conclusions are withheld: it may conclude otherwise with them",
            verdict.counts.payloads_bearing
        ),
        Conclusion::SelfAsserted => format!(
            "UNDETERMINED: {pack} agrees with itself, but vouches for its own keys: get them from the organisation by another way and give them with --trust"
        ),
        Conclusion::ConclusionsRejected => format!(
            "REJECTED: {pack} is unaltered, but its conclusions do not follow from its evidence: {failed}"
        ),
        Conclusion::Rejected => format!("REJECTED: {pack} fails at {failed}"),
    }
}
