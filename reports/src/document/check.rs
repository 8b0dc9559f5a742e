//! What must hold before a document is rendered: sound and unique ids, links that lead somewhere, rows that fit.

use super::{Block, Document, Link, Section, Span, Table};
use std::collections::BTreeSet;

/// A document that cannot be rendered faithfully.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The id breaks the grammar.
    #[error("`{0}` is not an id (letters, digits, `.`, `_`, `-`; at most 100)")]
    Id(String),
    /// Two sections or rows share an id.
    #[error("id `{0}` is used twice")]
    Twice(String),
    /// A link names an id that nothing has.
    #[error("a link leads to `{0}`, which nothing is")]
    DanglingLink(String),
    /// A row of a table, bar or heat map has another number of cells than its head.
    #[error("a row under `{under}` has {found} cells for {expected} columns")]
    Cells {
        /// Caption of the block.
        under: String,
        /// Cells in the row.
        found: usize,
        /// Columns of the block.
        expected: usize,
    },
    /// Sections are nested deeper than [`DEPTH_MAX`].
    #[error("section `{0}` is nested too deep")]
    Depth(String),
}

/// Deepest nesting of sections.
pub const DEPTH_MAX: usize = 6;

impl Document {
    /// Checks that ids are sound and unique, links lead somewhere, rows fit their columns.
    pub fn check(&self) -> Result<(), DocumentError> {
        let mut found = Found::default();
        if let Some(cover) = &self.cover {
            found.spans(&cover.statement);
            cover.facts.iter().for_each(|fact| found.spans(&fact.value));
            cover.notices.iter().for_each(|notice| found.spans(&notice.body));
        }
        self.sections.iter().try_for_each(|section| found.section(section, 1))?;
        match found.links.difference(&found.ids).next() {
            Some(dangling) => Err(DocumentError::DanglingLink((*dangling).to_owned())),
            None => Ok(()),
        }
    }
}

/// Ids and internal links met on the walk through a document.
#[derive(Default)]
struct Found<'a> {
    ids: BTreeSet<&'a str>,
    links: BTreeSet<&'a str>,
}

impl<'a> Found<'a> {
    fn section(&mut self, section: &'a Section, depth: usize) -> Result<(), DocumentError> {
        if depth > DEPTH_MAX {
            return Err(DocumentError::Depth(section.id.clone()));
        }
        self.id(&section.id)?;
        section.blocks.iter().try_for_each(|block| self.block(block))?;
        section.sections.iter().try_for_each(|section| self.section(section, depth + 1))
    }

    fn block(&mut self, block: &'a Block) -> Result<(), DocumentError> {
        match block {
            Block::Paragraph(spans) => self.spans(spans),
            Block::List(items) => items.iter().for_each(|item| self.spans(item)),
            Block::KeyValues(pairs) => pairs.iter().for_each(|pair| self.spans(&pair.value)),
            Block::Notice(notice) => self.spans(&notice.body),
            Block::Table(table) => return self.table(table),
            Block::Bars(bars) => {
                for bar in &bars.bars {
                    fits(&bars.caption, bar.counts.len(), bars.categories.len())?;
                    self.link(bar.link.as_ref());
                }
            }
            Block::HeatMap(map) => {
                for row in &map.rows {
                    fits(&map.caption, row.cells.len(), map.columns.len())?;
                    self.link(row.link.as_ref());
                }
            }
            Block::Lineage(_) | Block::Code(_) | Block::PageBreak => {}
        }
        Ok(())
    }

    fn table(&mut self, table: &'a Table) -> Result<(), DocumentError> {
        for row in &table.rows {
            fits(&table.caption, row.cells.len(), table.columns.len())?;
            if !row.id.is_empty() {
                self.id(&row.id)?;
            }
            row.cells.iter().for_each(|cell| self.spans(&cell.spans));
        }
        Ok(())
    }

    fn id(&mut self, id: &'a str) -> Result<(), DocumentError> {
        let sound = (1..=100).contains(&id.len())
            && id.bytes().all(|c| c.is_ascii_alphanumeric() || b"._-".contains(&c));
        if !sound {
            return Err(DocumentError::Id(affiant_ledger::id::visible(id)));
        }
        if self.ids.insert(id) { Ok(()) } else { Err(DocumentError::Twice(id.to_owned())) }
    }

    fn spans(&mut self, spans: &'a [Span]) {
        spans.iter().for_each(|span| self.link(span.link.as_ref()));
    }

    fn link(&mut self, link: Option<&'a Link>) {
        if let Some(Link::Internal(id)) = link {
            self.links.insert(id);
        }
    }
}

fn fits(under: &str, found: usize, expected: usize) -> Result<(), DocumentError> {
    if found == expected && expected > 0 {
        return Ok(());
    }
    Err(DocumentError::Cells { under: under.to_owned(), found, expected })
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::*;
    use affiant_ledger::time::Timestamp;

    pub(in crate::document) fn document(sections: Vec<Section>) -> Document {
        Document {
            title: "Report".into(),
            subtitle: String::new(),
            language: "en".into(),
            generated_at: Timestamp::MIN,
            reference: String::new(),
            metadata: Metadata::default(),
            cover: None,
            sections,
        }
    }

    #[test]
    fn a_link_to_nothing_is_refused() {
        let mut section = Section::new("s-1", "Scope");
        section.blocks.push(Block::Paragraph(vec![Span::plain("see").to("s-9")]));
        assert_eq!(document(vec![section]).check(), Err(DocumentError::DanglingLink("s-9".into())));
    }

    #[test]
    fn ids_are_sound_and_unique_among_sections_and_rows() {
        let mut section = Section::new("s-1", "Scope");
        let row = Row { id: "s-1".into(), cells: vec![Cell::text("x")] };
        let columns = vec![Column::share("h", 1, Kind::Text)];
        section.blocks.push(Block::Table(Table { columns, rows: vec![row], ..Table::default() }));
        assert_eq!(document(vec![section]).check(), Err(DocumentError::Twice("s-1".into())));
        let wrong = document(vec![Section::new("a b", "")]);
        assert_eq!(wrong.check(), Err(DocumentError::Id("a b".into())));
    }

    #[test]
    fn a_row_with_a_cell_too_few_is_refused() {
        let mut section = Section::new("s-1", "Scope");
        let categories = vec![Category { label: "held".into(), tone: Tone::Good }];
        let bars = vec![Bar { label: "all".into(), link: None, counts: vec![] }];
        section.blocks.push(Block::Bars(Bars { caption: "Cover".into(), categories, bars }));
        let expected = DocumentError::Cells { under: "Cover".into(), found: 0, expected: 1 };
        assert_eq!(document(vec![section]).check(), Err(expected));
    }
}
