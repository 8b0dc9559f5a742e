//! The report as Markdown (CommonMark with the tables of GitHub), for comparing two of them line by line.
//!
//! A row of a table is a line, a paragraph is a line, a link keeps its text alone: what differs between two reports differs in
//! as few lines as it can.

use crate::document::{Block, Cell, Document, KeyValue, Level, Notice, Section, Span, Style, Table};
use affiant_ledger::id::is_hidden;
use std::fmt::Write;

/// Renders a document.
pub fn render(document: &Document) -> String {
    let mut out = String::new();
    heading(&mut out, 1, &shown(&document.title));
    for line in [&document.subtitle, &document.reference].into_iter().filter(|line| !line.is_empty()) {
        paragraph(&mut out, &shown(line));
    }
    if let Some(cover) = &document.cover {
        paragraph(&mut out, &spans(&cover.statement));
        key_values(&mut out, &cover.facts);
        for print in &cover.fingerprints {
            item(&mut out, &format!("{}: {}", shown(&print.label), code(&print.value)));
        }
        out.push('\n');
        cover.notices.iter().for_each(|it| notice(&mut out, it));
    }
    document.sections.iter().for_each(|part| section(&mut out, part, 2));
    out
}

fn section(out: &mut String, section: &Section, level: usize) {
    let number = if section.number.is_empty() { String::new() } else { format!("{} ", section.number) };
    heading(out, level, &format!("{number}{}", shown(&section.heading)));
    section.blocks.iter().for_each(|it| block(out, it));
    section.sections.iter().for_each(|it| self::section(out, it, level + 1));
}

fn block(out: &mut String, block: &Block) {
    match block {
        Block::Paragraph(text) => paragraph(out, &spans(text)),
        Block::List(items) => {
            items.iter().for_each(|it| item(out, &spans(it)));
            out.push('\n');
        }
        Block::KeyValues(pairs) => key_values(out, pairs),
        Block::Table(it) => table(out, it),
        Block::Notice(it) => notice(out, it),
        Block::Bars(bars) => {
            let heads = bars.categories.iter().map(|it| format!("{} {}", it.tone.symbol(), shown(&it.label)));
            let rows = bars.bars.iter().map(|bar| {
                let counts = bar.counts.iter().map(u64::to_string);
                std::iter::once(shown(&bar.label)).chain(counts).collect()
            });
            grid(out, &bars.caption, &std::iter::once(String::new()).chain(heads).collect::<Vec<_>>(), rows);
        }
        Block::HeatMap(map) => {
            let heads = std::iter::once(String::new()).chain(map.columns.iter().map(|it| shown(it)));
            let rows = map.rows.iter().map(|row| {
                let cells = row.cells.iter().map(|cell| match cell.tone {
                    Some(tone) => format!("{} {}", tone.symbol(), shown(&cell.label)).trim_end().to_owned(),
                    None => String::new(),
                });
                std::iter::once(shown(&row.label)).chain(cells).collect()
            });
            grid(out, &map.caption, &heads.collect::<Vec<_>>(), rows);
        }
        Block::Lineage(it) => {
            let name = |at: usize| it.nodes.get(at).map(|node| shown(&node.label)).unwrap_or_default();
            it.edges.iter().for_each(|edge| {
                item(out, &format!("{} {} {}", name(edge.of), shown(&edge.label), name(edge.from)));
            });
            out.push('\n');
        }
        Block::Code(text) => {
            // Indented, so that nothing in it ends the block.
            text.lines().for_each(|line| {
                let _ = writeln!(out, "    {}", raw(line));
            });
            out.push('\n');
        }
        Block::PageBreak => {}
    }
}

fn heading(out: &mut String, level: usize, text: &str) {
    let _ = writeln!(out, "{} {text}\n", "#".repeat(level.min(6)));
}

fn paragraph(out: &mut String, text: &str) {
    let text = text.trim_start();
    if text.is_empty() {
        return;
    }
    // What begins like an item of a list, or the line under a heading, is none.
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let at = match text.as_bytes().get(digits) {
        Some(b'.' | b')') if digits > 0 => Some(digits),
        Some(b'-' | b'+' | b'=') if digits == 0 => Some(0),
        _ => None,
    };
    let _ = match at {
        Some(at) => writeln!(out, "{}\\{}\n", &text[..at], &text[at..]),
        None => writeln!(out, "{text}\n"),
    };
}

fn item(out: &mut String, text: &str) {
    let _ = writeln!(out, "- {text}");
}

fn key_values(out: &mut String, pairs: &[KeyValue]) {
    pairs.iter().for_each(|pair| item(out, &format!("{}: {}", shown(&pair.key), spans(&pair.value))));
    out.push('\n');
}

fn notice(out: &mut String, notice: &Notice) {
    let word = if notice.level == Level::Missing { "**MISSING** " } else { "" };
    let title =
        if notice.title.is_empty() { String::new() } else { format!("**{}** ", shown(&notice.title)) };
    let _ = writeln!(out, "> {word}{title}{}\n", spans(&notice.body));
}

fn table(out: &mut String, table: &Table) {
    let heads: Vec<String> = table.columns.iter().map(|column| shown(&column.header)).collect();
    if table.rows.is_empty() {
        if !table.caption.is_empty() {
            paragraph(out, &format!("**{}**", shown(&table.caption)));
        }
        return paragraph(out, &shown(&table.empty));
    }
    let rows = table.rows.iter().map(|row| row.cells.iter().map(cell).collect());
    grid(out, &table.caption, &heads, rows);
}

fn cell(cell: &Cell) -> String {
    match cell.tone {
        Some(tone) => format!("{} {}", tone.symbol(), spans(&cell.spans)),
        None => spans(&cell.spans),
    }
}

fn grid(out: &mut String, caption: &str, heads: &[String], rows: impl Iterator<Item = Vec<String>>) {
    if !caption.is_empty() {
        paragraph(out, &format!("**{}**", shown(caption)));
    }
    let _ = writeln!(out, "| {} |", heads.join(" | "));
    let _ = writeln!(out, "|{}", " --- |".repeat(heads.len()));
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out.push('\n');
}

fn spans(spans: &[Span]) -> String {
    let text = |span: &Span| match span.style {
        Style::Plain | Style::Muted => shown(&span.text),
        Style::Strong => format!("**{}**", shown(&span.text)),
        Style::Mono => code(&span.text),
    };
    spans.iter().map(text).collect()
}

/// Text in which no character is markup, nothing is hidden, and a line break is a space: a paragraph stays a line.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in raw(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&' | '!') {
            shown.push('\\');
        }
        shown.push(c);
    }
    shown
}

/// Text between back quotes; where that cannot be, as nothing is escaped there, escaped text.
fn code(text: &str) -> String {
    if text.is_empty() || text.contains(['`', '|']) { shown(text) } else { format!("`{}`", raw(text)) }
}

fn raw(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => shown.push(' '),
            c if is_hidden(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}
