//! The twins of the PDF, HTML and Markdown, as a reader of the files meets them.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "support/sample.rs"]
mod sample;

use affiant_reports::document::*;
use affiant_reports::render::{html, markdown};
use serde_json::Value;

const HOSTILE: &str =
    "\"'><script>alert(1)</script><img src=x onerror=alert(1)>|`<!--\u{202e}\u{7}](javascript:1)\n# x\n-->";

/// The sample report with every text in it replaced, but for words of our own and what leads somewhere.
fn hostile() -> Document {
    fn poison(key: &str, value: &mut Value) {
        let own = ["id", "style", "tone", "kind", "level", "generated_at", "Internal", "number", "width"];
        match value {
            Value::String(text) if !own.contains(&key) => HOSTILE.clone_into(text),
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::Array(items) => items.iter_mut().for_each(|item| poison(key, item)),
            Value::Object(fields) => fields.iter_mut().for_each(|(key, value)| poison(key, value)),
        }
    }
    let mut value = serde_json::to_value(sample::report()).unwrap();
    for (key, field) in value.as_object_mut().unwrap() {
        poison(key, field);
    }
    // The only block that is a bare text is a variant's name where it has no content.
    let mut document: Document = serde_json::from_value(unpoison_blocks(value)).unwrap();
    document.sections[0].blocks.push(Block::Paragraph(vec![
        Span::plain(HOSTILE).to_url("javascript:alert(1)"),
        Span::plain("out").to_url("https://example.org/\"><script>"),
        Span::plain("turned").to_url("https://example.org/\u{202e}gpj"),
    ]));
    document
}

/// A page break is a bare word in JSON, and stays one.
fn unpoison_blocks(mut value: Value) -> Value {
    match &mut value {
        Value::Array(items) => {
            for item in items.iter_mut() {
                *item = unpoison_blocks(item.take());
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                if key == "blocks" {
                    let broken = |block: &&mut Value| block.is_string();
                    field
                        .as_array_mut()
                        .unwrap()
                        .iter_mut()
                        .filter(broken)
                        .for_each(|block| *block = "PageBreak".into());
                }
                *field = unpoison_blocks(field.take());
            }
        }
        _ => {}
    }
    value
}

#[test]
fn the_same_document_gives_the_same_text_and_another_one_another() {
    let document = sample::report();
    let mut other = document.clone();
    other.sections[0].heading.push('!');
    for render in [html::render, markdown::render] {
        assert_eq!(render(&document), render(&document.clone()));
        assert_ne!(render(&document), render(&other));
    }
}

#[test]
fn no_text_of_a_report_becomes_markup_in_html() {
    let page = html::render(&hostile());
    assert_eq!(page.matches("<script").count(), 1, "only our own");
    for trace in ["<img", "<!--", "href=\"javascript", "onerror=alert(1)>", "\u{202e}", "\u{7}"] {
        assert!(!page.contains(trace), "{trace:?}");
    }
    assert!(page.contains("&lt;script&gt;") && page.contains("\\u{202e}"), "it is shown");
    assert!(page.contains("href=\"https://example.org/&quot;&gt;&lt;script&gt;\""), "an address is escaped");
    assert!(!page.contains("gpj\""), "an address that hides something is text");
}

#[test]
fn nothing_is_fetched_and_only_the_reports_own_script_may_run() {
    let page = html::render(&sample::report());
    for trace in ["<link", "<iframe", " src=", "@import", "url(", "style=\"", " onclick", "@font-face"] {
        assert!(!page.contains(trace), "{trace}");
    }
    let between = |open: &str, close: &str| {
        let start = page.find(open).unwrap() + open.len();
        page[start..start + page[start..].find(close).unwrap()].to_owned()
    };
    let policy = between("http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    for (open, close, directive) in
        [("<style>", "</style>", "style-src"), ("<script>", "</script>", "script-src")]
    {
        let digest = affiant_ledger::digest::Digest::of(between(open, close).as_bytes());
        let hash = affiant_ledger::note::to_base64(digest.as_bytes());
        assert!(policy.contains(&format!("{directive} 'sha256-{hash}'")), "{policy}");
    }
}

#[test]
fn every_link_within_a_page_leads_to_an_id_that_is_there_once() {
    let page = html::render(&sample::report());
    let values = |name: &str| {
        let parts = page.split(name).skip(1);
        parts.map(|rest| rest[..rest.find('"').unwrap()].to_owned()).collect::<Vec<_>>()
    };
    let ids = values(" id=\"");
    let targets = values(" href=\"#");
    assert!(targets.len() > 10);
    for target in targets {
        assert_eq!(ids.iter().filter(|id| **id == target).count(), 1, "{target}");
    }
}

#[test]
fn everything_a_table_says_stands_in_both_twins() {
    let document = sample::report();
    let (page, text) = (html::render(&document), markdown::render(&document));
    let mut cells = 0;
    let mut sections: Vec<&Section> = document.sections.iter().collect();
    while let Some(section) = sections.pop() {
        sections.extend(&section.sections);
        for block in &section.blocks {
            let Block::Table(table) = block else { continue };
            for span in table.rows.iter().flat_map(|row| &row.cells).flat_map(|cell| &cell.spans) {
                let plain = |c: char| c.is_alphanumeric() || c == ' ';
                for part in span.text.split(|c| !plain(c)).filter(|part| part.len() > 3) {
                    assert!(page.contains(part) && text.contains(part), "{part}");
                    cells += 1;
                }
            }
        }
    }
    assert!(cells > 20, "{cells}");
}

#[test]
fn no_text_of_a_report_becomes_markup_in_markdown() {
    let text = markdown::render(&hostile());
    assert!(!text.contains('\u{202e}') && !text.contains('\u{7}'));
    // An unescaped pipe parts cells: every row of a table has as many as its head.
    let pipes = |line: &str| line.replace("\\\\", "").replace("\\|", "").matches('|').count();
    let mut columns = 0;
    for line in text.lines() {
        if line.starts_with("| ") {
            if columns == 0 {
                columns = pipes(line);
            }
            assert_eq!(pipes(line), columns, "{line}");
        } else if !line.starts_with('|') {
            columns = 0;
            let unescaped = line.replace("\\\\", "").replace("\\<", "").replace("\\`", "");
            assert!(line.starts_with("    ") || !unescaped.contains("<script"), "{line}");
        }
    }
    let headings = text.lines().filter(|line| line.starts_with('#')).count();
    assert_eq!(
        headings,
        markdown::render(&sample::report()).lines().filter(|line| line.starts_with('#')).count()
    );
}

#[test]
fn a_long_table_loses_no_row() {
    let document = sample::tables(3);
    let rows = |block: &Block| match block {
        Block::Table(table) => table.rows.len(),
        _ => 0,
    };
    let expected: usize = document.sections.iter().flat_map(|section| &section.blocks).map(rows).sum();
    assert!(expected > 100, "{expected}");
    assert_eq!(html::render(&document).matches("<tr class=").count(), expected);
    let lines = |line: &&str| line.starts_with("| ") && !line.starts_with("| ---");
    let tables =
        document.sections.iter().flat_map(|section| &section.blocks).filter(|it| rows(it) > 0).count();
    assert_eq!(markdown::render(&document).lines().filter(lines).count(), expected + tables);
}
