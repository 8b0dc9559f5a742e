//! The working papers that go with a framework: Statement of Applicability, profile, the lists of the AI Act.

use super::{Material, paragraph, section};
use crate::document::{Block, Cell, Column, Kind, Row, Section, Table, Tone};
use affiant_frameworks::assessment::Assessment;
use affiant_frameworks::sheet::{MISSING, SheetKind, SheetRow, sheet};

/// Most entries named in a row; the sheet as CSV names all.
const ENTRIES_SHOWN: usize = 6;

/// The papers of a framework.
pub(super) fn of(judged: &Assessment, material: Material<'_>) -> Vec<Section> {
    let framework = material.catalogs.frameworks.iter().find(|framework| framework.pin() == judged.framework);
    let Some(framework) = framework else { return Vec::new() };
    let kinds = SheetKind::ALL.into_iter().filter(|kind| judged.framework.id == *kind.framework());
    kinds
        .map(|kind| {
            let sheet = sheet(kind, framework, judged, material.register);
            let text = format!(
                "{MISSING} stands where nothing is on file or nobody decided: in {} of {} rows that apply.",
                sheet.missing,
                sheet.rows.iter().filter(|row| row.applicable != "no").count()
            );
            let table = table(kind, &sheet.rows);
            section(&format!("s-sheet-{}", kind.as_str()), kind.title(), vec![paragraph(text), table])
        })
        .collect()
}

fn table(kind: SheetKind, rows: &[SheetRow]) -> Block {
    // Only a Statement of Applicability asks why each was taken in or left out.
    let justified = kind == SheetKind::Soa;
    let mut columns = vec![
        Column::points("Citation", 76, Kind::Text),
        Column::share("What", 3, Kind::Text),
        Column::points("Applies", 50, Kind::Status),
    ];
    if justified {
        columns.push(Column::share("Why, and who answers for it", 3, Kind::Text));
    }
    columns.push(Column::points("Today", 80, Kind::Status));
    if !justified {
        columns.extend([Column::points("Held", 44, Kind::Number), Column::share("Owner", 2, Kind::Text)]);
    }
    columns.push(Column::points("Entries", 62, Kind::Text));
    let rows = rows.iter().map(|row| {
        let mut cells =
            vec![Cell::text(row.citation.clone()), Cell::text(row.title.clone()), applies(&row.applicable)];
        if justified {
            let drivers = row.drivers.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let drivers = if drivers.is_empty() { drivers } else { format!(" ({drivers})") };
            cells.push(Cell::text(format!("{}{drivers}\nOwner: {}", row.justification, row.owner)));
        }
        cells.push(today(&row.current));
        let held = if row.of == 0 { "no control".to_owned() } else { format!("{} of {}", row.held, row.of) };
        if !justified {
            cells.extend([Cell::text(held), Cell::text(row.owner.clone())]);
        }
        cells.push(Cell::text(entries(row)));
        Row { id: String::new(), cells }
    });
    Block::Table(Table {
        caption: String::new(),
        columns,
        rows: rows.collect(),
        empty: "This version of the framework has no such part.".into(),
    })
}

fn applies(word: &str) -> Cell {
    let tone = match word {
        "yes" => Tone::Neutral,
        "no" => Tone::Muted,
        _ => Tone::Missing,
    };
    Cell::status(word, tone)
}

fn today(word: &str) -> Cell {
    let tone = match word {
        "satisfied" => Tone::Good,
        "partial" => Tone::Caution,
        "not-satisfied" => Tone::Bad,
        "not-applicable" => Tone::Muted,
        _ => Tone::Missing,
    };
    Cell::status(word, tone)
}

fn entries(row: &SheetRow) -> String {
    let shown: Vec<String> = row.evidence.iter().take(ENTRIES_SHOWN).map(ToString::to_string).collect();
    match row.evidence.len().saturating_sub(ENTRIES_SHOWN) {
        0 => shown.join(", "),
        more => format!("{}, +{more}", shown.join(", ")),
    }
}
