//! The report as one HTML file: works offline, has no external resource, and lets nothing run but its own script.
//!
//! Pure and deterministic, and part of the verifier's closure: whoever verifies makes it again. Every text is escaped;
//! what hides or reorders what surrounds it is shown as its code point. Without scripts everything is there to be read;
//! the script adds the search and the filters.

mod figure;
mod lineage;

use crate::document::{
    Block, Cell, Cover, Document, Fingerprint, KeyValue, Kind, Level, Link, Notice, Section, Span, Style,
    Table, Tone,
};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::is_hidden;
use affiant_ledger::note::to_base64;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("html/report.css");
const SCRIPT: &str = include_str!("html/report.js");

/// Renders a document. Its links lead somewhere if [`Document::check`] passes; nothing else is asked of it.
pub fn render(document: &Document) -> String {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        to_base64(Digest::of(STYLE.as_bytes()).as_bytes()),
        to_base64(Digest::of(SCRIPT.as_bytes()).as_bytes()),
    );
    let Document { title, subtitle, reference, metadata, .. } = document;
    let page = html! {
        (DOCTYPE)
        html lang=(shown(&document.language)) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="generator" content=(shown(&metadata.producer));
                meta name="author" content=(shown(&metadata.author));
                meta name="description" content=(shown(&metadata.subject));
                meta name="date" content=(document.generated_at);
                title { (shown(title)) " · " (shown(reference)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the report" }
                nav #contents aria-label="Contents" {
                    p.reference { (shown(reference)) }
                    (contents(&document.sections))
                }
                main #main {
                    header.cover {
                        @if let Some(cover) = &document.cover { (kicker(cover)) }
                        h1 { (shown(title)) }
                        @if !subtitle.is_empty() { p.subtitle { (shown(subtitle)) } }
                        @if let Some(cover) = &document.cover { (front(cover)) }
                    }
                    (tools())
                    @for section in &document.sections { (chapter(section, 2)) }
                    footer { (shown(&metadata.producer)) " · " (document.generated_at) }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// Search and filters; hidden until the script shows them.
fn tools() -> Markup {
    html! {
        div #tools role="search" hidden {
            label for="query" { "Search" }
            input #query type="search" autocomplete="off" spellcheck="false";
            fieldset {
                legend { "Rows" }
                @for (tone, word) in TONES {
                    label.(class(tone)) {
                        input type="checkbox" value=(class(tone)) checked;
                        (tone.symbol()) " " (word)
                    }
                }
            }
            output #found aria-live="polite" {}
        }
    }
}

/// The tones that rows can be filtered by.
const TONES: [(Tone, &str); 5] = [
    (Tone::Bad, "failed"),
    (Tone::Caution, "partial"),
    (Tone::Missing, "missing"),
    (Tone::Good, "satisfied"),
    (Tone::Muted, "not applicable"),
];

fn contents(sections: &[Section]) -> Markup {
    html! {
        ol {
            @for section in sections {
                li {
                    a href={ "#" (section.id) } { (numbered(section)) }
                    // Two levels lead to every page; a framework has hundreds of requirements below.
                    @if !section.sections.is_empty() {
                        details {
                            summary { (parts(section.sections.len())) }
                            ol {
                                @for part in &section.sections {
                                    li { a href={ "#" (part.id) } { (numbered(part)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn parts(count: usize) -> String {
    if count == 1 { "1 part".to_owned() } else { format!("{count} parts") }
}

fn numbered(section: &Section) -> Markup {
    html! {
        @if !section.number.is_empty() { span.number { (section.number) } " " }
        (shown(&section.heading))
    }
}

fn kicker(cover: &Cover) -> Markup {
    html! { @if !cover.kicker.is_empty() { p.kicker { (shown(&cover.kicker)) } } }
}

fn front(cover: &Cover) -> Markup {
    html! {
        @if !cover.statement.is_empty() { p.statement { (spans(&cover.statement)) } }
        (key_values(&cover.facts))
        @if !cover.fingerprints.is_empty() {
            dl.fingerprints {
                @for Fingerprint { label, value } in &cover.fingerprints {
                    dt { (shown(label)) }
                    dd { code { (shown(value)) } }
                }
            }
        }
        @for notice in &cover.notices { (boxed(notice)) }
    }
}

fn chapter(section: &Section, level: usize) -> Markup {
    let heading = numbered(section);
    html! {
        section #(section.id) .chapter[level == 2] .appendix[section.appendix] {
            @match level {
                2 => h2 { (heading) },
                3 => h3 { (heading) },
                4 => h4 { (heading) },
                5 => h5 { (heading) },
                _ => h6 { (heading) },
            }
            @for block in &section.blocks { (piece(block)) }
            @for part in &section.sections { (chapter(part, level + 1)) }
        }
    }
}

fn piece(block: &Block) -> Markup {
    match block {
        Block::Paragraph(text) => html! { p { (spans(text)) } },
        Block::List(items) => html! { ul { @for item in items { li { (spans(item)) } } } },
        Block::KeyValues(pairs) => key_values(pairs),
        Block::Table(table) => rows(table),
        Block::Notice(notice) => boxed(notice),
        Block::Bars(bars) => figure::bars(bars),
        Block::HeatMap(map) => figure::heat_map(map),
        Block::Lineage(it) => lineage::lineage(it),
        Block::Code(text) => html! { pre tabindex="0" { code { (lines(text)) } } },
        Block::PageBreak => html! { hr.page; },
    }
}

fn key_values(pairs: &[KeyValue]) -> Markup {
    html! {
        @if !pairs.is_empty() {
            dl.facts {
                @for pair in pairs {
                    dt { (shown(&pair.key)) }
                    dd { (spans(&pair.value)) }
                }
            }
        }
    }
}

fn boxed(notice: &Notice) -> Markup {
    let (name, word) = match notice.level {
        Level::Info => ("info", None),
        Level::Warning => ("warning", None),
        Level::Missing => ("missing", Some("MISSING ")),
    };
    html! {
        div.notice.(name) role="note" {
            p {
                @if let Some(word) = word { strong { (word) } }
                @if !notice.title.is_empty() { strong { (shown(&notice.title)) " " } }
                (spans(&notice.body))
            }
        }
    }
}

fn rows(table: &Table) -> Markup {
    let caption = shown(&table.caption);
    html! {
        // Wide tables scroll by themselves, with the keyboard too.
        div.table tabindex="0" role="region" aria-label=(if caption.is_empty() { "Table" } else { &caption }) {
            table {
                @if !caption.is_empty() { caption { (caption) } }
                thead { tr { @for column in &table.columns { th scope="col" .(kind(column.kind)) { (shown(&column.header)) } } } }
                tbody {
                    @for row in &table.rows {
                        tr id=[some(&row.id)] .(row_class(&row.cells)) {
                            @for (cell, column) in row.cells.iter().zip(&table.columns) { (data(cell, column.kind)) }
                        }
                    }
                    @if table.rows.is_empty() && !table.empty.is_empty() {
                        tr { td.empty colspan=(table.columns.len()) { (shown(&table.empty)) } }
                    }
                }
            }
        }
    }
}

fn data(cell: &Cell, kind: Kind) -> Markup {
    html! {
        td .(self::kind(kind)) .(cell.tone.map(class).unwrap_or_default()) {
            @if let Some(tone) = cell.tone { span.symbol aria-hidden="true" { (tone.symbol()) " " } }
            (spans(&cell.spans))
        }
    }
}

/// The tone of a row is that of its first cell with one.
fn row_class(cells: &[Cell]) -> &'static str {
    cells.iter().find_map(|cell| cell.tone).map(class).unwrap_or_default()
}

fn some(id: &str) -> Option<&str> {
    (!id.is_empty()).then_some(id)
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Number => "count",
        Kind::Mono => "mono",
        Kind::Status => "status",
    }
}

/// The class of a tone.
fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "neutral",
        Tone::Good => "good",
        Tone::Caution => "caution",
        Tone::Bad => "bad",
        Tone::Missing => "absent",
        Tone::Muted => "muted",
    }
}

fn spans(spans: &[Span]) -> Markup {
    html! { @for span in spans { (linked(span)) } }
}

fn linked(span: &Span) -> Markup {
    let text = styled(span);
    match &span.link {
        Some(Link::Internal(id)) => html! { a href={ "#" (id) } { (text) } },
        Some(Link::Url(url)) if leads_out(url) => {
            html! { a href=(url) rel="noreferrer noopener external" { (text) } }
        }
        _ => text,
    }
}

/// Addresses that a reader may follow; anything else is text.
fn leads_out(url: &str) -> bool {
    let known = ["https://", "http://", "mailto:"].iter().any(|scheme| url.starts_with(scheme));
    known && !url.contains(is_hidden)
}

fn styled(span: &Span) -> Markup {
    let text = lines(&span.text);
    match span.style {
        Style::Plain => text,
        Style::Strong => html! { strong { (text) } },
        Style::Mono => html! { code { (text) } },
        Style::Muted => html! { span.aside { (text) } },
    }
}

/// Text with its line breaks.
fn lines(text: &str) -> Markup {
    html! {
        @for (number, line) in text.split('\n').enumerate() {
            @if number > 0 { br; }
            (shown(line))
        }
    }
}

/// Text in which nothing is hidden or reordered.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\t' {
            shown.push(' ');
        } else if is_hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}
