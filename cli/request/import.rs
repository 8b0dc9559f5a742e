//! `affiant request import`: an auditor's request list.

use super::asked;
use crate::args::RequestAddArguments;
use crate::context::{self, Context};
use crate::output;
use crate::statements::Desk;
use affiant_controls::statement::Statement;
use affiant_ledger::id::visible;
use affiant_server::failure::Failure;
use csv::StringRecord;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Largest list, in bytes.
const LIST_SIZE_MAX: u64 = 4 << 20;
/// Columns that are read.
const READ: [&str; 8] = ["request", "asked_by", "owner", "due", "control", "requirement", "asset", "text"];
/// Columns that a list may have beside those that are read: what a pack's list adds.
const PASSED_OVER: [&str; 4] = ["state", "framework", "answer_entry", "entry"];

/// Records what a list asks for that is not on file, all of it or nothing.
pub(super) fn run(context: &Context, file: &Path, system: &str) -> Result<u8, Failure> {
    let bytes = context::input(file, LIST_SIZE_MAX)?;
    let mut desk = Desk::open(context, system)?;
    let place = file.display();
    let mut rows = csv::ReaderBuilder::new().flexible(false).from_reader(bytes.as_slice());
    let wrong = |error: csv::Error| Failure::refused(format!("{place}: {error}"));
    let header = rows.headers().map_err(wrong)?.clone();
    let columns = Columns::of(&header).map_err(|problem| Failure::refused(format!("{place}: {problem}")))?;
    let mut asked_for = BTreeMap::new();
    let mut known = 0;
    for row in rows.records() {
        let row = row.map_err(wrong)?;
        let at_line = |failure: Failure| failure.within(format!("{place}, line {}", line(&bytes, &row)));
        let request = asked(&mut desk, &columns.read(&row, system)).map_err(at_line)?;
        let id = request.id.clone();
        let statement = Statement::Request(request);
        if desk.latest("request", id.as_str())?.is_some_and(|before| before == statement) {
            known += 1;
        } else if asked_for.insert(id.clone(), statement).is_some() {
            return Err(at_line(Failure::refused(format!("request `{id}` stands twice"))));
        }
    }
    let statements: Vec<Statement> = asked_for.into_values().collect();
    if statements.is_empty() {
        output::line(format!("nothing new: {known} requests of the list are on file as they are"));
        return Ok(0);
    }
    let name = format!("of {}, {known} on file as they are,", statements.len());
    desk.record("list", &name, &statements)
}

/// The line that a row begins on. Its own count is one less after a line that ends in CR LF.
fn line(bytes: &[u8], row: &StringRecord) -> usize {
    let at = row.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or_default();
    let (before, rest) = bytes.split_at(at.min(bytes.len()));
    let ends = rest.iter().take_while(|c| matches!(c, b'\r' | b'\n'));
    1 + before.iter().chain(ends).filter(|c| **c == b'\n').count()
}

/// Where the columns of a list stand.
struct Columns {
    owner: usize,
    due: usize,
    asked_by: usize,
    text: usize,
    control: Option<usize>,
    requirement: Option<usize>,
    asset: Option<usize>,
    request: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, String> {
        let at = |name: &str| header.iter().position(|column| column.trim() == name);
        let must = |name: &str| at(name).ok_or_else(|| format!("no column `{name}`"));
        let columns = Self {
            owner: must("owner")?,
            due: must("due")?,
            asked_by: must("asked_by")?,
            text: must("text")?,
            control: at("control"),
            requirement: at("requirement"),
            asset: at("asset"),
            request: at("request"),
        };
        if columns.control.or(columns.requirement).is_none() {
            return Err("no column `control` or `requirement`".to_owned());
        }
        let mut seen = BTreeSet::new();
        for name in header.iter().map(str::trim) {
            if !READ.contains(&name) && !PASSED_OVER.contains(&name) {
                return Err(format!("column `{}` is none of {}", visible(name), READ.join(", ")));
            }
            if !seen.insert(name) {
                return Err(format!("column `{name}` stands twice"));
            }
        }
        Ok(columns)
    }

    /// A row in the words of `request add`. Spreadsheets keep the apostrophe that keeps a text from being a formula.
    fn read(&self, row: &StringRecord, system: &str) -> RequestAddArguments {
        let cell = |at: usize| {
            let text = row.get(at).unwrap_or_default().trim();
            let bare = text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@']));
            bare.unwrap_or(text).to_owned()
        };
        let some = |at: Option<usize>| at.map(cell).filter(|text| !text.is_empty());
        RequestAddArguments {
            target: some(self.control).or_else(|| some(self.requirement)).unwrap_or_default(),
            system: system.to_owned(),
            owner: cell(self.owner),
            due: cell(self.due),
            by: cell(self.asked_by),
            text: cell(self.text),
            asset: some(self.asset),
            id: some(self.request),
        }
    }
}
