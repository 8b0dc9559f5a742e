//! The tables of a report as one workbook (Office Open XML), a sheet each. Every cell is a text or a whole number: nothing in
//! it is a formula, whatever it begins with.

use crate::export::Sheet;
use affiant_ledger::id::escape_hidden_text;
use affiant_ledger::time::Timestamp;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

/// Longest cell, in UTF-16 units: what the format takes.
const CELL_MAX: usize = 32_767;
/// Most rows of a sheet, its header among them.
const ROWS_MAX: usize = 1 << 20;
/// Longest name of a sheet, in characters.
const NAME_MAX: usize = 31;
/// Digits that a spreadsheet keeps of a number.
const DIGITS_MAX: usize = 15;
/// Widest column, in characters.
const WIDTH_MAX: usize = 60;

/// Why there is no workbook.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// A sheet has more rows than the format takes.
    #[error("table `{name}` has {rows} rows, a workbook takes {}: the CSV file in the pack has them all", ROWS_MAX - 1)]
    Rows {
        /// Its name.
        name: String,
        /// How many.
        rows: usize,
    },
    /// The file cannot be written.
    #[error("workbook: {0}")]
    Write(#[from] XlsxError),
}

/// Renders sheets, as of a time, which is the workbook's date: the same make the same bytes.
pub fn render(sheets: &[Sheet], title: &str, as_of: Timestamp) -> Result<Vec<u8>, WorkbookError> {
    let mut book = Workbook::new();
    let seconds = i64::try_from(as_of.as_millis() / 1_000).unwrap_or(i64::MAX);
    let date = ExcelDateTime::from_timestamp(seconds)?;
    let producer = concat!("affiant ", env!("CARGO_PKG_VERSION"));
    book.set_properties(
        &DocProperties::new().set_title(shown(title)).set_author(producer).set_creation_datetime(&date),
    );
    let bold = Format::new().set_bold();
    for sheet in sheets {
        let Sheet { name, columns, rows } = sheet;
        if rows.len() >= ROWS_MAX {
            return Err(WorkbookError::Rows { name: name.clone(), rows: rows.len() });
        }
        let page = book.add_worksheet();
        page.set_name(name.chars().take(NAME_MAX).collect::<String>())?;
        page.set_freeze_panes(1, 0)?;
        for (at, header) in (0u16..).zip(columns) {
            page.write_string_with_format(0, at, shown(header), &bold)?;
            let widest =
                rows.iter().filter_map(|row| row.get(usize::from(at))).map(|cell| cell.chars().count());
            let widest = widest.chain([header.chars().count()]).max().unwrap_or_default();
            page.set_column_width(at, widest.clamp(8, WIDTH_MAX) as f64)?;
        }
        for (down, row) in (1u32..).zip(rows) {
            for (at, cell) in (0u16..).zip(row) {
                match number(cell) {
                    Some(number) => page.write_number(down, at, number)?,
                    None => page.write_string(down, at, shown(cell))?,
                };
            }
        }
        let last = u16::try_from(columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
        page.autofilter(0, 0, rows.len() as u32, last)?;
    }
    Ok(book.save_to_buffer()?)
}

/// A whole number in its one spelling, short enough to be kept.
fn number(cell: &str) -> Option<f64> {
    let digits = cell.bytes().all(|c| c.is_ascii_digit()) && cell.len() <= DIGITS_MAX;
    let one_spelling = cell == "0" || !cell.starts_with('0');
    if digits && one_spelling { cell.parse().ok() } else { None }
}

/// Text in which nothing is hidden, cut to what a cell takes.
fn shown(text: &str) -> String {
    let mut shown = escape_hidden_text(text).into_owned();
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units < CELL_MAX
    };
    let kept: usize = shown.chars().take_while(fits).map(char::len_utf8).sum();
    if kept < shown.len() {
        shown.truncate(kept);
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(rows: Vec<Vec<String>>) -> Sheet {
        Sheet { name: "results".into(), columns: vec!["what".into(), "count".into()], rows }
    }

    #[test]
    fn the_same_sheets_make_the_same_bytes() {
        let sheets = [sheet(vec![vec!["=HYPERLINK(\"x\")".into(), "7".into()]])];
        let as_of: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
        let first = render(&sheets, "Report", as_of).unwrap();
        assert_eq!(render(&sheets, "Report", as_of).unwrap(), first);
        assert_ne!(render(&sheets, "Report", "2026-11-25".parse().unwrap()).unwrap(), first);
    }

    #[test]
    fn only_a_short_whole_number_is_one() {
        for (text, found) in
            [("7", true), ("0", true), ("007", false), ("", false), ("-1", false), ("1e5", false)]
        {
            assert_eq!(number(text).is_some(), found, "{text}");
        }
        assert_eq!(number("1234567890123456"), None);
    }

    #[test]
    fn a_cell_is_cut_to_what_the_format_takes_and_hides_nothing() {
        assert_eq!(shown("a\u{202e}b"), "a\\u{202e}b");
        let long = shown(&"x".repeat(40_000));
        assert_eq!((long.chars().count(), long.ends_with('…')), (CELL_MAX, true));
        let sheets = [sheet(vec![vec!["y\u{1F600}".repeat(40_000), "1".into()]])];
        render(&sheets, "Long", "2026-11-24".parse().unwrap()).unwrap();
    }
}
