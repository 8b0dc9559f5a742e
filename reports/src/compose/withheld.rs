//! What is kept out of the pack, and what that means for its conclusions.

use super::{Material, paragraph, section as chapter};
use crate::document::{Block, Cell, Column, Kind, Level, Notice, Row, Section, Span, Table, Tone};
use crate::pack::Withholding;

/// The section: every rule, and what it covers.
pub(super) fn section(material: Material<'_>) -> Section {
    let rows = material.assessment.withholding.iter().map(|it| {
        let Withholding { rule, entries, files, bears } = it;
        Row::from([
            Cell::from(Span::mono(rule.as_str())),
            Cell::text(entries.to_string()),
            Cell::text(files.to_string()),
            if *bears { Cell::status("yes", Tone::Bad) } else { Cell::status("no", Tone::Neutral) },
        ])
    });
    let table = Table {
        caption: String::new(),
        columns: vec![
            Column::share("Rule", 4, Kind::Mono),
            Column::points("Payloads", 62, Kind::Number),
            Column::points("Files", 50, Kind::Number),
            Column::points("Bears on conclusions", 118, Kind::Status),
        ],
        rows: rows.collect(),
        empty: "Nothing is withheld by a rule.".into(),
    };
    let text = "The entry that issued the pack names the rules; each keeps out all that it covers. The entries themselves are in the \
                pack, with the digest of what they say, and so are the digests of files: what is withheld can be asked for, and \
                compared. A file can be withheld only where an entry cites it.";
    let mut blocks: Vec<Block> = notice(material).map(Block::Notice).into_iter().collect();
    blocks.extend([paragraph(text), Block::Table(table)]);
    chapter("s-withheld", "What is withheld", blocks)
}

/// What has to be said before any conclusion is read.
pub(super) fn notice(material: Material<'_>) -> Option<Notice> {
    let text = words(&material.assessment.withholding)?;
    Some(Notice { level: Level::Warning, title: "Withheld.".into(), body: vec![Span::plain(text)] })
}

/// The same in words, for every form of the report.
pub(crate) fn words(withholding: &[Withholding]) -> Option<String> {
    let bearing: Vec<&Withholding> = withholding.iter().filter(|it| it.bears).collect();
    if bearing.is_empty() {
        return None;
    }
    let count: u64 = bearing.iter().map(|it| it.entries).sum();
    let rules: Vec<&str> = bearing.iter().map(|it| it.rule.as_str()).collect();
    Some(format!(
        "What {count} entries say that bear on conclusions is not in this pack ({}). Every conclusion, figure and list was made without \
         them, and may be another with them.",
        rules.join(", ")
    ))
}
