//! The PDF as a reader of the file meets it.

#![cfg(feature = "pdf")]
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "support/sample.rs"]
mod sample;

use affiant_reports::document::*;
use affiant_reports::render::pdf::{RenderError, render};
use lopdf::{Dictionary, Object};
use proptest::prelude::*;

fn parsed(document: &Document) -> lopdf::Document {
    lopdf::Document::load_mem(&render(document).unwrap()).unwrap()
}

fn text_of_page(pdf: &lopdf::Document, page: u32) -> String {
    pdf.extract_text(&[page]).unwrap()
}

fn one_section(blocks: Vec<Block>) -> Document {
    let section = Section { blocks, ..Section::new("s-1", "Section") };
    Document { cover: None, sections: vec![section], ..sample::report() }
}

fn resolved<'a>(pdf: &'a lopdf::Document, dictionary: &'a Dictionary, key: &str) -> &'a Dictionary {
    pdf.dereference(dictionary.get(key.as_bytes()).unwrap()).unwrap().1.as_dict().unwrap()
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    let document = sample::report();
    assert_eq!(render(&document).unwrap(), render(&document.clone()).unwrap());
    let mut other = document.clone();
    other.generated_at = "2026-11-22T03:46:06Z".parse().unwrap();
    assert_ne!(render(&document).unwrap(), render(&other).unwrap());
}

#[test]
fn dates_come_from_the_document_and_the_identifier_from_its_content() {
    let bytes = render(&sample::report()).unwrap();
    let pdf = lopdf::Document::load_mem(&bytes).unwrap();
    let information = resolved(&pdf, &pdf.trailer, "Info");
    for key in ["CreationDate", "ModDate"] {
        assert_eq!(information.get(key.as_bytes()).unwrap().as_str().unwrap(), b"D:20261122034605Z");
    }
    assert_eq!(information.get(b"Producer").unwrap().as_str().unwrap(), b"affiant 0.1.0");
    let id = pdf.trailer.get(b"ID").unwrap().as_array().unwrap();
    assert_eq!(id[0], id[1]);
    assert_ne!(id[0].as_str().unwrap(), [0; 16]);
}

#[test]
fn the_outline_is_a_tree_of_the_sections() {
    let pdf = parsed(&sample::report());
    let outlines = resolved(&pdf, pdf.catalog().unwrap(), "Outlines");
    assert_eq!(outlines.get(b"Count").unwrap(), &Object::Integer(5));
    let scope = resolved(&pdf, outlines, "First");
    assert_eq!(scope.get(b"Title").unwrap().as_str().unwrap(), b"1 Scope and criteria");
    assert_eq!(scope.get(b"Count").unwrap(), &Object::Integer(-1));
    let method = resolved(&pdf, scope, "First");
    assert_eq!(method.get(b"Title").unwrap().as_str().unwrap(), b"1.1 Basis of preparation");
    assert_eq!(method.get(b"Dest").unwrap().as_str().unwrap(), b"s-method");
}

#[test]
fn every_page_is_numbered_and_names_the_pack() {
    let pdf = parsed(&sample::report());
    let pages = pdf.get_pages().len();
    for page in 1..=pages {
        let text = text_of_page(&pdf, page as u32);
        assert!(text.contains(&format!("page {page} of {pages}")), "{text}");
        assert!(text.contains("pack 3f9a2c41"), "{text}");
    }
}

#[test]
fn a_table_repeats_its_header_on_every_page_and_loses_no_row() {
    let document = sample::tables(10);
    let pdf = parsed(&document);
    let pages = pdf.get_pages().len() as u32;
    let mut rows = 0;
    for page in 2..=pages {
        let text = text_of_page(&pdf, page);
        assert!(text.contains("Summary"), "page {page}: {text}");
        rows += text.matches("events examined").count();
    }
    assert_eq!(rows, 400);
}

#[test]
fn a_row_taller_than_a_page_is_split_and_loses_no_word() {
    let words: Vec<String> = (0..2_000).map(|i| format!("word{i}x")).collect();
    let columns = vec![Column::points("No.", 40, Kind::Number), Column::share("Message", 1, Kind::Text)];
    let rows = vec![[Cell::text("1"), Cell::text(words.join(" "))].into()];
    let table = Table { columns, rows, ..Table::default() };
    let pdf = parsed(&one_section(vec![Block::Table(table)]));
    let pages: Vec<u32> = pdf.get_pages().into_keys().collect();
    let text = pdf.extract_text(&pages).unwrap();
    let missing: Vec<_> = words.iter().filter(|word| !text.contains(*word)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(pages.len() > 2);
}

#[test]
fn hidden_characters_are_shown_as_escapes_with_a_note() {
    let span = Span::plain("invoice\u{202e}fdp.exe and שלום");
    let pdf = parsed(&one_section(vec![Block::Paragraph(vec![span])]));
    let text = text_of_page(&pdf, 2);
    assert!(text.contains("invoice<U+202E>fdp.exe and <U+05E9><U+05DC><U+05D5><U+05DD>"), "{text}");
    assert!(text_of_page(&pdf, 1).contains("<U+XXXX>"));
}

#[test]
fn titles_in_metadata_hide_nothing() {
    let document = Document { title: "Report\u{202e} Łódź".into(), ..one_section(vec![]) };
    let pdf = parsed(&document);
    let title = resolved(&pdf, &pdf.trailer, "Info").get(b"Title").unwrap().as_str().unwrap();
    let units: Vec<u16> = title.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    assert_eq!(String::from_utf16(&units).unwrap(), "\u{feff}Report\u{fffd} Łódź");
}

#[test]
fn only_harmless_addresses_are_links() {
    let link = |url: &str| Block::Paragraph(vec![Span::plain(url).to_url(url)]);
    let urls =
        ["https://example.org/a(b)", "javascript:alert(1)", "file:///etc/passwd", "https://ex\u{e4}mple.org"];
    let pdf = parsed(&one_section(urls.map(link).into()));
    let uris: Vec<&[u8]> = pdf
        .objects
        .values()
        .filter_map(|object| {
            object.as_dict().ok()?.get(b"A").ok()?.as_dict().ok()?.get(b"URI").ok()?.as_str().ok()
        })
        .collect();
    assert_eq!(uris, [b"https://example.org/a(b)"]);
}

#[test]
fn every_mark_of_a_page_has_an_element() {
    let pdf = parsed(&sample::report());
    let tree = resolved(&pdf, pdf.catalog().unwrap(), "StructTreeRoot");
    let nums = resolved(&pdf, tree, "ParentTree").get(b"Nums").unwrap().as_array().unwrap();
    for (page, id) in pdf.get_pages().into_values().enumerate() {
        let content = String::from_utf8_lossy(&pdf.get_page_content(id)).into_owned();
        let marks = content.matches("/MCID ").count();
        let owners = pdf.dereference(&nums[2 * page + 1]).unwrap().1.as_array().unwrap();
        assert_eq!(owners.len(), marks);
        assert_eq!(
            content.matches("BDC").count() + content.matches("BMC").count(),
            content.matches("EMC").count()
        );
    }
}

#[test]
fn a_document_that_cites_nothing_there_is_refused() {
    let document = one_section(vec![Block::Paragraph(vec![Span::plain("see").to("nowhere")])]);
    let error = RenderError::Document(DocumentError::DanglingLink("nowhere".into()));
    assert_eq!(render(&document), Err(error));
}

#[test]
fn an_empty_document_is_a_page_of_contents() {
    let document = Document { cover: None, sections: vec![], ..sample::report() };
    assert!(parsed(&document).get_pages().len() <= 2);
}

#[test]
fn a_mebibyte_without_a_space_is_rendered_in_full() {
    let text = "漢".repeat(1 << 17);
    let pdf = parsed(&one_section(vec![Block::Paragraph(vec![
        Span::plain(&text),
        Span::mono("x".repeat(1 << 20)),
    ])]));
    assert!(pdf.get_pages().len() > 200);
}

#[test]
fn more_columns_than_fit_are_squeezed_not_refused() {
    let columns: Vec<Column> =
        (0..200).map(|i| Column::points(format!("c{i}"), u16::MAX, Kind::Text)).collect();
    let row = Row { id: String::new(), cells: (0..200).map(|i| Cell::text(i.to_string())).collect() };
    let table = Table { columns, rows: vec![row], ..Table::default() };
    assert!(render(&one_section(vec![Block::Table(table)])).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_text_anywhere_is_rendered(texts in proptest::collection::vec("\\PC{0,60}|[\\x00-\\u{2fff}]{0,60}|[a-z]{0,600}", 8)) {
        let mut text = texts.iter().cycle().cloned();
        let mut next = || text.next().unwrap();
        let bar = Bar { label: next(), link: None, counts: vec![3, u64::MAX] };
        let category = |label| Category { label, tone: Tone::Caution };
        let cell = HeatCell { label: next(), tone: Some(Tone::Bad) };
        let heat = HeatRow { label: next(), link: None, cells: vec![cell] };
        let table = Table {
            caption: next(),
            columns: vec![Column::share(next(), 1, Kind::Mono), Column::points(next(), 40, Kind::Number)],
            rows: vec![[Cell::status(next(), Tone::Good), Cell::text(next())].into()],
            empty: next(),
        };
        let notice = Notice { level: Level::Missing, title: next(), body: vec![Span::strong(next())] };
        let mut document = one_section(vec![
            Block::Paragraph(vec![Span::plain(next()), Span::muted(next()).to("s-1"), Span::mono(next()).to_url(next())]),
            Block::List(vec![vec![Span::plain(next())]]),
            Block::KeyValues(vec![KeyValue { key: next(), value: vec![Span::plain(next())] }]),
            Block::Bars(Bars { caption: next(), categories: vec![category(next()), category(next())], bars: vec![bar] }),
            Block::HeatMap(HeatMap { caption: next(), columns: vec![next()], rows: vec![heat] }),
            Block::Table(table),
            Block::Notice(notice),
            Block::Code(next()),
        ]);
        document.title = next();
        document.reference = next();
        document.sections[0].heading = next();
        let pdf = parsed(&document);
        prop_assert!(pdf.get_pages().len() > 1);
    }
}
