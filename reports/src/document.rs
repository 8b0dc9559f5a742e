//! The report as data: what every rendering (PDF, HTML, Markdown) is made from.
//!
//! A document says what is shown, never how: no fonts, colours, sizes or pages, but headings, tables with columns,
//! tones and links. It holds everything a renderer needs, its date included, so the same document gives the same
//! bytes. [`Document::check`] states what must hold before rendering.
//!
//! ```text
//! Document  title, dates, metadata
//! +- Cover      integrity page: facts, fingerprints, notices
//! +- Section    id `s-3`, number `3`, heading
//!    +- Block      paragraph, list, key-values, table, notice, bars, heat map, lineage, code, page break
//!    +- Section    id `s-3-2`, number `3.2`, ...
//! ```

use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};

mod check;
mod lineage;

pub use check::{DEPTH_MAX, DocumentError};
pub use lineage::{Lineage, LineageEdge, LineageNode, Place};

/// A whole report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Title, also in running heads and metadata.
    pub title: String,
    /// Second line under the title; may be empty.
    pub subtitle: String,
    /// BCP 47 language tag, `en`.
    pub language: String,
    /// The instant the report speaks for itself; every date in a rendering's metadata.
    pub generated_at: Timestamp,
    /// Short reference shown on every page, such as `pack 3f9a2c41`; may be empty.
    pub reference: String,
    /// What file managers and search engines show.
    pub metadata: Metadata,
    /// First page; `None` begins with the contents.
    pub cover: Option<Cover>,
    /// The chapters.
    pub sections: Vec<Section>,
}

/// Author and the like; any may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Who issues the report.
    pub author: String,
    /// What made it, with its version.
    pub producer: String,
    /// One sentence.
    pub subject: String,
    /// Search words.
    pub keywords: Vec<String>,
}

/// The first page: what this is, and how its integrity can be checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    /// Words above the title, such as `Audit pack`.
    pub kicker: String,
    /// A paragraph under the title; may be empty.
    pub statement: Vec<Span>,
    /// System, period, frameworks, issuer, ...
    pub facts: Vec<KeyValue>,
    /// Pack id, key fingerprints, digests: long values shown whole.
    pub fingerprints: Vec<Fingerprint>,
    /// What the reader must know before anything else.
    pub notices: Vec<Notice>,
}

/// A long value under a label: a digest, a key, an origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// What it is.
    pub label: String,
    /// The value, shown in full.
    pub value: String,
}

/// A heading with what is under it. Its level is its depth in the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Stable id that others cite, `s-3-2` or `eu-ai-act-art-12`; see [`Document::check`] for its grammar.
    pub id: String,
    /// Number shown before the heading, `3.2`; empty for none. [`Document::number`] sets them all.
    pub number: String,
    /// The heading.
    pub heading: String,
    /// Lettered `A`, `B`, ... instead of numbered; of top-level sections only.
    pub appendix: bool,
    /// What comes before the first subsection.
    pub blocks: Vec<Block>,
    /// Subsections.
    pub sections: Vec<Section>,
}

/// One piece of content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Block {
    /// Running text. A line feed in it is a line break.
    Paragraph(Vec<Span>),
    /// Bulleted items.
    List(Vec<Vec<Span>>),
    /// Labels with values.
    KeyValues(Vec<KeyValue>),
    /// Rows under column headers.
    Table(Table),
    /// Something to be seen even when skimming.
    Notice(Notice),
    /// Stacked bars: a numerator of each category over a denominator.
    Bars(Bars),
    /// A grid of small labelled cells.
    HeatMap(HeatMap),
    /// Things, and what each came from.
    Lineage(Lineage),
    /// Text shown as it is, in a fixed-width face.
    Code(String),
    /// What follows begins on a new page.
    PageBreak,
}

/// Text of one style.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The text.
    pub text: String,
    /// How it is set.
    pub style: Style,
    /// Where it leads.
    pub link: Option<Link>,
}

/// The style of a span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Style {
    /// Body text.
    #[default]
    Plain,
    /// Emphasis.
    Strong,
    /// Identifiers, digests, code.
    Mono,
    /// Asides.
    Muted,
}

/// Where a span leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Link {
    /// A section or a table row by its id.
    Internal(String),
    /// An address; renderings link `https:`, `http:` and `mailto:` and show anything else as text.
    Url(String),
}

/// What a status means, apart from its word. Never shown by colour alone: every tone has a symbol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tone {
    /// No judgement.
    #[default]
    Neutral,
    /// Satisfied, passed, held.
    Good,
    /// Partial, review, stale, upcoming.
    Caution,
    /// Not satisfied, failed, rejected.
    Bad,
    /// Missing, not assessed, unknown.
    Missing,
    /// Not applicable, excepted.
    Muted,
}

impl Tone {
    /// The symbol that carries the tone where colour is not seen.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Neutral => "•",
            Self::Good => "✓",
            Self::Caution => "▲",
            Self::Bad => "✗",
            Self::Missing => "○",
            Self::Muted => "–",
        }
    }
}

/// A label with a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyValue {
    /// The label.
    pub key: String,
    /// The value.
    pub value: Vec<Span>,
}

/// Rows under column headers; headers are repeated on every page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Line above the table; may be empty.
    pub caption: String,
    /// The columns, at least one.
    pub columns: Vec<Column>,
    /// The rows, each with one cell per column.
    pub rows: Vec<Row>,
    /// Shown instead of rows when there are none, such as `No exceptions are recorded.`
    pub empty: String,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its header.
    pub header: String,
    /// Its width.
    pub width: Width,
    /// What its cells hold; sets their style and alignment.
    pub kind: Kind,
}

/// How wide a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Width {
    /// A share of what fixed columns leave.
    Share(u16),
    /// Typographic points (1/72 inch) on paper. The text column is 487 points wide.
    Points(u16),
}

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Text, from the left.
    #[default]
    Text,
    /// Numbers, from the right.
    Number,
    /// Identifiers and digests, fixed-width.
    Mono,
    /// A status: symbol and word in the cell's tone.
    Status,
}

/// A row of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Id that links may name; empty for none.
    pub id: String,
    /// One cell per column.
    pub cells: Vec<Cell>,
}

/// A cell of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Its text.
    pub spans: Vec<Span>,
    /// Its tone, if it is a status.
    pub tone: Option<Tone>,
}

/// A boxed remark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// How grave it is.
    pub level: Level,
    /// First words, set strong; may be empty.
    pub title: String,
    /// The remark.
    pub body: Vec<Span>,
}

/// How grave a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// Good to know.
    Info,
    /// Changes how the report must be read.
    Warning,
    /// Something the report should hold and does not; shown with the word MISSING.
    Missing,
}

/// Stacked horizontal bars.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bars {
    /// Line above; may be empty.
    pub caption: String,
    /// The categories, in the order they are stacked.
    pub categories: Vec<Category>,
    /// The bars.
    pub bars: Vec<Bar>,
}

/// A category of a bar: one legend entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Its name.
    pub label: String,
    /// Its tone, which gives colour, pattern and symbol.
    pub tone: Tone,
}

/// One bar: a count of each category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// What is counted.
    pub label: String,
    /// Where the label leads.
    pub link: Option<Link>,
    /// One count per category; their sum is the denominator.
    pub counts: Vec<u64>,
}

/// Rows by columns of small cells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeatMap {
    /// Line above; may be empty.
    pub caption: String,
    /// Column labels.
    pub columns: Vec<String>,
    /// The rows, each with one cell per column.
    pub rows: Vec<HeatRow>,
}

/// A row of a heat map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeatRow {
    /// Its label.
    pub label: String,
    /// Where the label leads.
    pub link: Option<Link>,
    /// One cell per column.
    pub cells: Vec<HeatCell>,
}

/// A cell of a heat map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeatCell {
    /// A few characters, such as `3/4`; may be empty, then the tone's symbol stands alone.
    pub label: String,
    /// Its tone; `None` is an empty place.
    pub tone: Option<Tone>,
}

impl Document {
    /// Sets every section's number from its place: `1`, `1.1`, ... and `A`, `A.1`, ... for appendices.
    pub fn number(&mut self) {
        let (mut chapters, mut appendices) = (0, 0);
        for section in &mut self.sections {
            let number = if section.appendix {
                appendices += 1;
                letters(appendices)
            } else {
                chapters += 1;
                chapters.to_string()
            };
            section.number_as(number);
        }
    }
}

impl Section {
    /// An empty section.
    pub fn new(id: impl Into<String>, heading: impl Into<String>) -> Self {
        Self { id: id.into(), heading: heading.into(), ..Self::default() }
    }

    fn number_as(&mut self, number: String) {
        for (i, section) in self.sections.iter_mut().enumerate() {
            section.number_as(format!("{number}.{}", i + 1));
        }
        self.number = number;
    }
}

impl Span {
    /// Body text.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Emphasis.
    pub fn strong(text: impl Into<String>) -> Self {
        Self { style: Style::Strong, ..Self::plain(text) }
    }

    /// Identifiers, digests, code.
    pub fn mono(text: impl Into<String>) -> Self {
        Self { style: Style::Mono, ..Self::plain(text) }
    }

    /// Asides.
    pub fn muted(text: impl Into<String>) -> Self {
        Self { style: Style::Muted, ..Self::plain(text) }
    }

    /// The same span, leading to a section or row.
    pub fn to(self, id: impl Into<String>) -> Self {
        Self { link: Some(Link::Internal(id.into())), ..self }
    }

    /// The same span, leading to an address.
    pub fn to_url(self, url: impl Into<String>) -> Self {
        Self { link: Some(Link::Url(url.into())), ..self }
    }
}

impl Cell {
    /// A cell of body text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { spans: vec![Span::plain(text)], tone: None }
    }

    /// A status: its word in its tone.
    pub fn status(word: impl Into<String>, tone: Tone) -> Self {
        Self { spans: vec![Span::plain(word)], tone: Some(tone) }
    }
}

impl From<Span> for Cell {
    fn from(span: Span) -> Self {
        Self { spans: vec![span], tone: None }
    }
}

impl<const N: usize> From<[Cell; N]> for Row {
    fn from(cells: [Cell; N]) -> Self {
        Self { id: String::new(), cells: cells.into() }
    }
}

impl Column {
    /// A column that takes `share` parts of the free width.
    pub fn share(header: impl Into<String>, share: u16, kind: Kind) -> Self {
        Self { header: header.into(), width: Width::Share(share), kind }
    }

    /// A column `points` wide.
    pub fn points(header: impl Into<String>, points: u16, kind: Kind) -> Self {
        Self { header: header.into(), width: Width::Points(points), kind }
    }
}

/// Spreadsheet letters: 1 is `A`, 27 is `AA`.
fn letters(mut count: u32) -> String {
    let mut text = String::new();
    while count > 0 {
        count -= 1;
        text.insert(0, char::from(b'A' + (count % 26) as u8));
        count /= 26;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_numbered_and_appendices_lettered() {
        let mut chapter = Section::new("s-1", "Scope");
        chapter.sections = vec![Section::new("s-1-1", "System"), Section::new("s-1-2", "Period")];
        let appendix = Section { appendix: true, ..Section::new("keys", "Keys") };
        let mut document = check::tests::document(vec![chapter, appendix, Section::new("s-2", "Results")]);
        document.number();
        let numbers: Vec<_> = document.sections.iter().map(|section| section.number.as_str()).collect();
        assert_eq!(numbers, ["1", "A", "2"]);
        assert_eq!(document.sections[0].sections[1].number, "1.2");
        assert_eq!([1, 26, 27, 703].map(letters), ["A", "Z", "AA", "AAA"]);
    }
}
