//! Tables for spreadsheets: what the report shows and what it cuts short, as rows under headers.
//!
//! ```text
//! results        every result, with the entry that proves it
//! entries        every entry of the stream
//! findings       every finding
//! requests       what an auditor asked for, and what became of it
//! requirements   ... and each table and chart of the report, by the section it stands in
//! ```

use super::{COLUMNS, entered, row};
use crate::document::{Block, Cell, Document, Section, Table};
use crate::pack::Withholding;
use affiant_controls::StatementError;
use affiant_controls::register::Register;
use affiant_controls::set::ControlSet;
use affiant_ledger::id::escape_hidden_text;
use affiant_ledger::record::Record;
use std::collections::BTreeMap;

/// The sheet of requests.
pub const REQUESTS: &str = "requests";

/// Rows that are made when they are asked for: of a long stream there are many.
pub type Rows<'a> = Box<dyn Iterator<Item = Result<Vec<String>, StatementError>> + 'a>;

/// Rows under headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet<R = Vec<Vec<String>>> {
    /// Its name: lowercase letters, digits and `-`, unique among the sheets of a pack.
    pub name: String,
    /// The headers.
    pub columns: Vec<String>,
    /// The rows, each with a cell for every header.
    pub rows: R,
}

impl Sheet {
    fn new<const N: usize>(
        name: &str,
        columns: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            columns: columns.map(str::to_owned).to_vec(),
            rows: rows.into_iter().map(Vec::from).collect(),
        }
    }

    /// The sheet as comma-separated values.
    pub fn to_csv(&self) -> Vec<u8> {
        csv(&self.columns, &self.rows)
    }

    fn into_rows<'a>(self) -> Sheet<Rows<'a>> {
        Sheet { name: self.name, columns: self.columns, rows: Box::new(self.rows.into_iter().map(Ok)) }
    }
}

impl Sheet<Rows<'_>> {
    /// The sheet as comma-separated values, and whole among those kept, where any are.
    pub fn into_csv(self, kept: Option<&mut Vec<Sheet>>) -> Result<Vec<u8>, StatementError> {
        let Self { name, columns, rows } = self;
        let (mut out, mut whole) = (Vec::new(), Vec::new());
        write(&mut out, &columns);
        for row in rows {
            let row = row?;
            write(&mut out, &row);
            if kept.is_some() {
                whole.push(row);
            }
        }
        if let Some(kept) = kept {
            kept.push(Sheet { name, columns, rows: whole });
        }
        Ok(out)
    }
}

/// What sheets are made of.
#[derive(Debug, Clone, Copy)]
pub struct SheetSource<'a> {
    /// The report.
    pub document: &'a Document,
    /// The stream's records.
    pub records: &'a [Record],
    /// What they add up to.
    pub register: &'a Register,
    /// The control catalogs.
    pub controls: &'a ControlSet,
    /// What is kept out of the pack.
    pub withholding: &'a [Withholding],
}

impl SheetSource<'_> {
    /// What is there of what an entry says.
    fn payload(&self, record: &Record) -> &'static str {
        let covers = |it: &Withholding| it.rule.covers_kind(&record.entry.kind);
        match record.statement {
            Some(_) => "held",
            None if self.withholding.iter().any(covers) => "withheld",
            None => "erased",
        }
    }

    /// The row of an entry whose payload is not in the pack: what the entry alone tells, and in the place of what it found why
    /// nothing more is told. Left out, it would be missed by nobody.
    fn absent(&self, record: &Record, columns: &[&str]) -> Vec<String> {
        let entry = &record.entry;
        let told = |column: &&str| match *column {
            "system" => entry.stream.to_string(),
            "status" | "standing" => self.payload(record).to_owned(),
            "recorded" => entry.time.to_string(),
            "entry" => entry.index.to_string(),
            "leaf" => record.leaf.to_string(),
            _ => String::new(),
        };
        columns.iter().map(told).collect()
    }
}

/// Gives each sheet, one after the other. What the report cuts short stands here whole, in the place of its table.
pub fn each_sheet<'a>(
    source: SheetSource<'a>,
    mut give: impl FnMut(Sheet<Rows<'a>>) -> Result<(), StatementError>,
) -> Result<(), StatementError> {
    const INSTEAD: [&str; 4] = ["results", "entries", "findings", REQUESTS];
    of_document(source.document, &INSTEAD).into_iter().map(Sheet::into_rows).try_for_each(&mut give)?;
    give(results(source))?;
    give(entries(source))?;
    give(findings(source).into_rows())?;
    give(requests(source.register).into_rows())
}

fn results(source: SheetSource<'_>) -> Sheet<Rows<'_>> {
    let results = source.records.iter().filter(|record| record.entry.kind == *"result");
    let told = move |record| {
        let entered = entered(record)?;
        Ok(entered.map_or_else(|| source.absent(record, &COLUMNS), |entered| row(&entered)))
    };
    let columns = COLUMNS.map(str::to_owned).to_vec();
    Sheet { name: "results".into(), columns, rows: Box::new(results.map(told)) }
}

fn entries(source: SheetSource<'_>) -> Sheet<Rows<'_>> {
    let columns = ["index", "position", "recorded", "kind", "by", "payload_sha256", "leaf", "payload"];
    let rows = source.records.iter().map(move |record| {
        let entry = &record.entry;
        Ok(vec![
            entry.index.to_string(),
            entry.n.to_string(),
            entry.time.to_string(),
            entry.kind.to_string(),
            entry.by.clone(),
            entry.payload.to_string(),
            record.leaf.to_string(),
            source.payload(record).to_owned(),
        ])
    });
    let columns = columns.map(str::to_owned).to_vec();
    Sheet { name: "entries".into(), columns, rows: Box::new(rows) }
}

fn findings(source: SheetSource<'_>) -> Sheet {
    let columns = [
        "finding",
        "standing",
        "severity",
        "control",
        "asset",
        "rule",
        "summary",
        "location",
        "collector",
        "opened",
        "due",
        "overdue",
        "owner",
        "ticket",
        "entry",
    ];
    let found = source.register.found(source.controls);
    let rows = found.iter().map(|it| {
        let finding = &it.filed.value;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        [
            finding.id.to_string(),
            it.standing.as_str().to_owned(),
            finding.severity.as_str().to_owned(),
            finding.control.to_string(),
            finding.asset.as_ref().map(ToString::to_string).unwrap_or_default(),
            text(&finding.rule),
            finding.summary.clone(),
            text(&finding.location),
            finding.collector.clone(),
            finding.opened_at.to_string(),
            finding.due.to_string(),
            it.overdue.to_string(),
            text(&finding.owner),
            text(&finding.ticket),
            it.filed.citation.index.to_string(),
        ]
    });
    let mut sheet = Sheet::new("findings", columns, rows);
    let absent = |record: &&Record| record.entry.kind == *"finding" && record.statement.is_none();
    sheet.rows.extend(source.records.iter().filter(absent).map(|record| source.absent(record, &columns)));
    sheet
}

/// What was asked for, and what became of it.
pub fn requests(register: &Register) -> Sheet {
    let columns = [
        "request",
        "state",
        "asked_by",
        "owner",
        "due",
        "control",
        "framework",
        "requirement",
        "asset",
        "text",
        "answer_entry",
        "entry",
    ];
    let rows = register.followed().into_iter().map(|it| {
        let request = &it.filed.value;
        [
            request.id.to_string(),
            it.state.as_str().to_owned(),
            request.asked_by.clone(),
            request.owner.clone(),
            request.due.to_string(),
            request.control.as_ref().map(ToString::to_string).unwrap_or_default(),
            request.framework.as_ref().map(ToString::to_string).unwrap_or_default(),
            request.requirement.clone().unwrap_or_default(),
            request.asset.as_ref().map(ToString::to_string).unwrap_or_default(),
            request.text.clone(),
            it.answer.map(|index| index.to_string()).unwrap_or_default(),
            it.filed.citation.index.to_string(),
        ]
    });
    Sheet::new(REQUESTS, columns, rows)
}

/// The tables and charts of a report, but for sections of the sorts that others stand for. Those with the same headers under sections of one sort are one sheet, whose first
/// columns say which section and table a row stands in.
fn of_document(document: &Document, instead: &[&str]) -> Vec<Sheet> {
    let mut found: BTreeMap<String, Vec<Sheet>> = BTreeMap::new();
    document.sections.iter().for_each(|section| collect(section, &mut found));
    found.retain(|base, _| !instead.contains(&base.as_str()));
    let numbered = found.into_iter().flat_map(|(base, sheets)| {
        sheets.into_iter().enumerate().map(move |(at, sheet)| match at {
            0 => Sheet { name: base.clone(), ..sheet },
            _ => Sheet { name: format!("{base}-{}", at + 1), ..sheet },
        })
    });
    numbered.collect()
}

fn collect(section: &Section, found: &mut BTreeMap<String, Vec<Sheet>>) {
    for block in &section.blocks {
        let Some((caption, columns, rows)) = grid(block) else { continue };
        let heading = format!("{} {}", section.number, section.heading).trim().to_owned();
        let columns: Vec<String> =
            ["section", "table"].map(str::to_owned).into_iter().chain(columns).collect();
        let rows = rows
            .into_iter()
            .map(|row| [heading.clone(), caption.to_owned()].into_iter().chain(row).collect());
        let sheets = found.entry(sort(&section.id)).or_default();
        match sheets.iter_mut().find(|sheet| sheet.columns == columns) {
            Some(sheet) => sheet.rows.extend(rows),
            None => sheets.push(Sheet { name: String::new(), columns, rows: rows.collect() }),
        }
    }
    section.sections.iter().for_each(|section| collect(section, found));
}

/// What sort of section an id is: `s-runs` is `runs`, each framework's chapter `frameworks`, each requirement's page
/// `requirements`.
fn sort(id: &str) -> String {
    let one = match id.split_once('-') {
        Some(("f", _)) => "frameworks",
        Some(("r", _)) => "requirements",
        Some(("s", rest)) if rest.starts_with("time-") => "time",
        Some(("s", rest)) => rest,
        _ => id,
    };
    one.to_ascii_lowercase().replace(['.', '_'], "-")
}

/// Caption, headers and rows.
type Grid<'a> = (&'a str, Vec<String>, Vec<Vec<String>>);

/// The grid of a block that has one.
fn grid(block: &Block) -> Option<Grid<'_>> {
    match block {
        Block::Table(Table { caption, columns, rows, .. }) => {
            let rows = rows.iter().map(|row| row.cells.iter().map(text).collect()).collect();
            Some((caption, columns.iter().map(|column| column.header.clone()).collect(), rows))
        }
        Block::Bars(bars) => {
            let heads = bars.categories.iter().map(|category| category.label.clone());
            let rows = bars.bars.iter().map(|bar| {
                std::iter::once(bar.label.clone()).chain(bar.counts.iter().map(u64::to_string)).collect()
            });
            Some((&bars.caption, first().chain(heads).collect(), rows.collect()))
        }
        Block::HeatMap(map) => {
            let rows = map.rows.iter().map(|row| {
                let cells = row.cells.iter().map(|cell| match cell.tone {
                    Some(tone) if cell.label.is_empty() => tone.symbol().to_owned(),
                    _ => cell.label.clone(),
                });
                std::iter::once(row.label.clone()).chain(cells).collect()
            });
            let columns = first().chain(map.columns.iter().cloned()).collect();
            Some((&map.caption, columns, rows.collect()))
        }
        _ => None,
    }
}

/// The header of what a bar or a row of a map is about.
fn first() -> std::iter::Once<String> {
    std::iter::once("what".to_owned())
}

fn text(cell: &Cell) -> String {
    cell.spans.iter().map(|span| span.text.as_str()).collect()
}

/// Rows as comma-separated values (RFC 4180). A cell that a spreadsheet would take for a formula begins with an
/// apostrophe; what is hidden or reorders its surroundings is shown as its code point.
pub fn csv<H: AsRef<str>>(header: &[H], rows: impl IntoIterator<Item = impl AsRef<[String]>>) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, header);
    rows.into_iter().for_each(|row| write(&mut out, row.as_ref()));
    out
}

fn write(out: &mut Vec<u8>, cells: &[impl AsRef<str>]) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let cell = escape_hidden_text(cell.as_ref());
        // Also where only a locale takes the wide form of the sign for one.
        let formula = cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
        let cell = if formula { format!("'{cell}") } else { cell.into_owned() };
        if cell.contains([',', '"', '\n']) {
            out.extend(format!("\"{}\"", cell.replace('"', "\"\"")).into_bytes());
        } else {
            out.extend(cell.into_bytes());
        }
    }
    out.extend(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Column, Kind, Row, Span, Tone};

    #[test]
    fn nothing_in_a_cell_is_taken_for_a_formula_or_hides() {
        let hostile = [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "＝1",
            "\t=1",
            "a,b",
            "say \"x\"",
            "two\nlines",
            "a\u{202e}b",
            "\r",
        ];
        let row = vec![hostile.map(str::to_owned).to_vec()];
        let text = String::from_utf8(csv(&["h"; 11], row)).unwrap();
        let (_, line) = text.split_once("\r\n").unwrap();
        assert_eq!(
            line,
            "'=1+1,'+1,'-1,'@SUM(A1),'＝1,\\u{9}=1,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",a\\u{202e}b,\\u{d}\r\n"
        );
    }

    fn table(headers: &[&str], row: &[&str]) -> Block {
        Block::Table(Table {
            caption: "Cap".into(),
            columns: headers.iter().map(|it| Column::share(*it, 1, Kind::Text)).collect(),
            rows: vec![Row { id: String::new(), cells: row.iter().map(|it| Cell::text(*it)).collect() }],
            empty: String::new(),
        })
    }

    fn section(id: &str, blocks: Vec<Block>) -> Section {
        Section { blocks, ..Section::new(id, format!("About {id}")) }
    }

    #[test]
    fn tables_with_the_same_headers_under_sections_of_a_sort_are_one_sheet() {
        let mut status = Cell::status("failed", Tone::Bad);
        status.spans.insert(0, Span::plain("was "));
        let blocks = vec![table(&["A"], &["1"]), table(&["A", "B"], &["2", "3"])];
        let sections = [section("r-x-1", blocks), section("r-x-2", vec![table(&["A"], &["4"])])];
        let mut found = BTreeMap::new();
        sections.iter().for_each(|section| collect(section, &mut found));
        let sheets = &found["requirements"];
        assert_eq!(sheets[0].columns, ["section", "table", "A"]);
        assert_eq!(sheets[0].rows, [["About r-x-1", "Cap", "1"], ["About r-x-2", "Cap", "4"]]);
        assert_eq!(sheets[1].rows, [["About r-x-1", "Cap", "2", "3"]]);
        assert_eq!(text(&status), "was failed");
        assert_eq!(
            [sort("f-nist-ai-rmf"), sort("s-time-iso"), sort("s-runs")],
            ["frameworks", "time", "runs"]
        );
    }
}
