//! What printpdf does not write: outline tree, named places, links, metadata, marks. The only file that imports
//! `lopdf`, whose object model printpdf hands over; [`super::file`] writes the objects.
//!
//! Every object is made in the order of the document, so numbers and bytes are the same each time.

use super::RenderError;
use super::file::{File, LEVEL};
use super::look::Length;
use super::structure::Structure;
use crate::document::{Document as Report, Link};
use crate::seal::pdf_time;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::is_hidden;
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, StringFormat, dictionary};
use std::collections::BTreeMap;

/// What the canvas recorded beside the drawing. Positions count from the bottom left, as PDF has it.
#[derive(Default)]
pub(super) struct Extras {
    /// Page and height of every id.
    pub(super) anchors: BTreeMap<String, (usize, Length)>,
    pub(super) links: Vec<LinkArea>,
    pub(super) bookmarks: Vec<Bookmark>,
    pub(super) structure: Structure,
}

/// An area that leads somewhere: left, bottom, right, top.
pub(super) struct LinkArea {
    pub(super) page: usize,
    pub(super) rect: [Length; 4],
    pub(super) link: Link,
}

/// An entry of the outline.
pub(super) struct Bookmark {
    pub(super) title: String,
    pub(super) level: usize,
    pub(super) id: String,
}

/// Completes `pdf`, as printpdf made it, and writes it.
pub(super) fn finish(mut pdf: Document, report: &Report, extras: &Extras) -> Result<Vec<u8>, RenderError> {
    let pages: Vec<ObjectId> = pdf.get_pages().into_values().collect();
    pages.iter().try_for_each(|page| marks(&mut pdf, *page)).map_err(broken)?;
    compress(&mut pdf);
    let field = seal_field(&mut pdf, &pages);
    annotate(&mut pdf, &pages, &extras.links, field).map_err(broken)?;
    let outlines = outline(&mut pdf, &extras.bookmarks);
    let places = pdf.add_object(dictionary! { "Names" => places(&extras.anchors, &pages) });
    let packet = dictionary! { "Type" => "Metadata", "Subtype" => "XML" };
    let metadata = pdf.add_object(Stream::new(packet, xmp(report).into_bytes()));
    let information = pdf.add_object(information(report));
    let root = pdf.trailer.get(b"Root").and_then(Object::as_reference).map_err(broken)?;
    let structure = pdf.new_object_id();
    let catalog = pdf.catalog_mut().map_err(broken)?;
    catalog.set("Lang", text(&report.language));
    catalog.set("Metadata", metadata);
    catalog.set("Outlines", outlines);
    catalog.set("PageMode", "UseOutlines");
    catalog.set("Names", dictionary! { "Dests" => places });
    catalog.set("ViewerPreferences", dictionary! { "DisplayDocTitle" => true });
    catalog.set("MarkInfo", dictionary! { "Marked" => true });
    // Signatures exist, and only further revisions may change the file (ISO 32000-1, 12.7.2).
    catalog.set("AcroForm", dictionary! { "Fields" => vec![field.into()], "SigFlags" => 3 });
    catalog.set("StructTreeRoot", structure);
    let id = identity(report)?;
    let trailer = format!("/Root {} 0 R/Info {} 0 R/ID[<{id}><{id}>]", root.0, information.0);
    let numbers = (structure.0 as usize, field);
    Ok(write(&pdf, extras, numbers, &pages, &trailer))
}

/// Writes all objects: the field for a seal first, those of the structure tree last, from number `structure` on.
fn write(
    pdf: &Document,
    extras: &Extras,
    (structure, field): (usize, ObjectId),
    pages: &[ObjectId],
    trailer: &str,
) -> Vec<u8> {
    let mut file = File::new(structure + extras.structure.object_count(pages.len()));
    let mut bytes = Vec::new();
    if let Some(object) = pdf.objects.get(&field) {
        put(&mut bytes, object);
        file.plain(field.0 as usize, &bytes);
    }
    for (id, object) in pdf.objects.iter().filter(|(id, _)| **id != field) {
        bytes.clear();
        if let Object::Stream(stream) = object {
            put_entries(&mut bytes, stream.dict.iter().filter(|(key, _)| key.as_slice() != b"Length"));
            file.stream(id.0 as usize, &bytes, &stream.content);
        } else {
            put(&mut bytes, object);
            file.object(id.0 as usize, &bytes);
        }
    }
    let pages: Vec<usize> = pages.iter().map(|page| page.0 as usize).collect();
    extras.structure.write(&mut file, structure, &pages, |words| {
        let mut bytes = Vec::new();
        put(&mut bytes, &text(words));
        bytes
    });
    file.finish(trailer.as_bytes())
}

/// The text of an object (ISO 32000-1, 7.3). Strings are written in hexadecimal, so nothing needs escaping.
fn put(bytes: &mut Vec<u8>, object: &Object) {
    match object {
        Object::Null | Object::Stream(_) => bytes.extend_from_slice(b" null"),
        Object::Boolean(value) => bytes.extend_from_slice(format!(" {value}").as_bytes()),
        Object::Integer(value) => bytes.extend_from_slice(format!(" {value}").as_bytes()),
        Object::Real(value) => bytes.extend_from_slice(format!(" {value}").as_bytes()),
        Object::Name(name) => put_name(bytes, name),
        Object::String(string, _) => {
            bytes.push(b'<');
            string.iter().for_each(|byte| bytes.extend_from_slice(format!("{byte:02x}").as_bytes()));
            bytes.push(b'>');
        }
        Object::Array(items) => {
            bytes.push(b'[');
            items.iter().for_each(|item| put(bytes, item));
            bytes.push(b']');
        }
        Object::Dictionary(dictionary) => {
            bytes.extend_from_slice(b"<<");
            put_entries(bytes, dictionary.iter());
            bytes.extend_from_slice(b">>");
        }
        Object::Reference((number, generation)) => {
            bytes.extend_from_slice(format!(" {number} {generation} R").as_bytes());
        }
    }
}

fn put_entries<'a>(bytes: &mut Vec<u8>, entries: impl Iterator<Item = (&'a Vec<u8>, &'a Object)>) {
    for (key, value) in entries {
        put_name(bytes, key);
        put(bytes, value);
    }
}

fn put_name(bytes: &mut Vec<u8>, name: &[u8]) {
    bytes.push(b'/');
    for byte in name {
        if byte.is_ascii_alphanumeric() || b"+-_.".contains(byte) {
            bytes.push(*byte);
        } else {
            bytes.extend_from_slice(format!("#{byte:02x}").as_bytes());
        }
    }
}

/// Replaces the names that stand for marks in the content of a page.
fn marks(pdf: &mut Document, page: ObjectId) -> Result<(), lopdf::Error> {
    let content = pdf.get_dictionary(page)?.get(b"Contents")?.as_reference()?;
    let stream = pdf.get_object_mut(content)?.as_stream_mut()?;
    stream.set_content(expand_marks(&stream.content));
    Ok(())
}

/// The name that stands for `<</MCID mark>>` in a content stream until [`expand_marks`] puts that in its place.
pub(super) fn mark_name(mark: usize) -> Vec<u8> {
    format!("MCID-{mark}").into_bytes()
}

/// Turns every `/MCID-12` into `<</MCID 12>>`. Text is in hexadecimal, so nothing else can look like it.
fn expand_marks(content: &[u8]) -> Vec<u8> {
    let mut expanded = Vec::with_capacity(content.len() + content.len() / 8);
    let mut rest = content;
    while let Some(at) = rest.windows(MARK.len()).position(|window| window == MARK) {
        let (before, after) = (&rest[..at], &rest[at + MARK.len()..]);
        let digits = after.iter().take_while(|c| c.is_ascii_digit()).count();
        expanded.extend([before, b"<</MCID ", &after[..digits], b">>"].concat());
        rest = &after[digits..];
    }
    expanded.extend_from_slice(rest);
    expanded
}

/// Compresses page contents and fonts. lopdf's own `compress` takes the slowest level, for 3% less.
fn compress(pdf: &mut Document) {
    let streams = pdf.objects.values_mut().filter_map(|object| object.as_stream_mut().ok());
    for stream in streams.filter(|stream| !stream.dict.has(b"Filter")) {
        let small = miniz_oxide::deflate::compress_to_vec_zlib(&stream.content, LEVEL);
        if small.len() < stream.content.len() {
            stream.set_content(small);
            stream.dict.set("Filter", "FlateDecode");
        }
    }
}

/// Both halves of the file identifier: a digest of the document and of this renderer's version.
fn identity(report: &Report) -> Result<String, RenderError> {
    let json = serde_json::to_vec(report).map_err(|error| RenderError::Write(error.to_string()))?;
    let digest = Digest::of_parts(&[env!("CARGO_PKG_VERSION").as_bytes(), &json]);
    Ok(digest.to_string()[..32].to_owned())
}

/// The field for a seal, on the first page and unseen.
fn seal_field(pdf: &mut Document, pages: &[ObjectId]) -> ObjectId {
    let mut field = dictionary! {
        "Type" => "Annot", "Subtype" => "Widget", "FT" => "Sig", "T" => Object::string_literal("Seal"),
        // Printed and locked, as a signature's widget is.
        "F" => 132, "Rect" => vec![0.into(); 4],
    };
    if let Some(page) = pages.first() {
        field.set("P", *page);
    }
    pdf.add_object(field)
}

/// Puts the links and the field for a seal on their pages, and each page's place in the structure tree.
fn annotate(
    pdf: &mut Document,
    pages: &[ObjectId],
    links: &[LinkArea],
    field: ObjectId,
) -> Result<(), lopdf::Error> {
    let mut by_page: BTreeMap<usize, Vec<Object>> = BTreeMap::from([(0, vec![field.into()])]);
    for area in links {
        let target = match &area.link {
            Link::Internal(id) => ("Dest", Object::string_literal(id.as_str())),
            Link::Url(url) if is_address(url) => {
                ("A", dictionary! { "S" => "URI", "URI" => Object::string_literal(url.as_str()) }.into())
            }
            Link::Url(_) => continue,
        };
        let mut annotation = dictionary! {
            "Type" => "Annot", "Subtype" => "Link", "F" => 4,
            "Rect" => area.rect.map(real).to_vec(), "Border" => vec![0.into(), 0.into(), 0.into()],
        };
        annotation.set(target.0, target.1);
        by_page.entry(area.page).or_default().push(pdf.add_object(annotation).into());
    }
    for (page, id) in pages.iter().enumerate() {
        let dictionary = pdf.get_dictionary_mut(*id)?;
        dictionary.set("Annots", by_page.remove(&page).unwrap_or_default());
        dictionary.set("StructParents", page as i64);
        dictionary.set("Tabs", "S");
    }
    Ok(())
}

/// An address that may be opened with a click: visible ASCII and a harmless scheme.
fn is_address(url: &str) -> bool {
    let scheme = ["https://", "http://", "mailto:"].iter().any(|scheme| url.starts_with(scheme));
    scheme && url.bytes().all(|c| c.is_ascii_graphic())
}

/// Named places `#id`, sorted by name as a name tree must be.
fn places(anchors: &BTreeMap<String, (usize, Length)>, pages: &[ObjectId]) -> Vec<Object> {
    let mut names = Vec::new();
    for (id, (page, height)) in anchors {
        let Some(page) = pages.get(*page) else { continue };
        names.push(Object::string_literal(id.as_str()));
        names.push(vec![(*page).into(), "XYZ".into(), Object::Null, real(*height), Object::Null].into());
    }
    names
}

/// The outline as a tree; chapters are closed.
fn outline(pdf: &mut Document, bookmarks: &[Bookmark]) -> ObjectId {
    let root = pdf.new_object_id();
    let ids: Vec<ObjectId> = bookmarks.iter().map(|_| pdf.new_object_id()).collect();
    let parents = parents(bookmarks);
    let mut children: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (item, parent) in parents.iter().enumerate() {
        children.entry(*parent).or_default().push(item);
    }
    for siblings in children.values() {
        for (at, item) in siblings.iter().enumerate() {
            let bookmark = &bookmarks[*item];
            let mut node = dictionary! {
                "Title" => text(&bookmark.title),
                "Parent" => parents[*item].map_or(root, |parent| ids[parent]),
                "Dest" => Object::string_literal(bookmark.id.as_str()),
            };
            if at > 0 {
                node.set("Prev", ids[siblings[at - 1]]);
            }
            if let Some(next) = siblings.get(at + 1) {
                node.set("Next", ids[*next]);
            }
            if let Some(below) = children.get(&Some(*item)) {
                span(&mut node, below, &ids);
                node.set("Count", -(below.len() as i64));
            }
            pdf.set_object(ids[*item], node);
        }
    }
    let mut node = dictionary! { "Type" => "Outlines" };
    if let Some(chapters) = children.get(&None) {
        span(&mut node, chapters, &ids);
        node.set("Count", chapters.len() as i64);
    }
    pdf.set_object(root, node);
    root
}

fn span(node: &mut Dictionary, children: &[usize], ids: &[ObjectId]) {
    if let [first, .., last] | [first @ last] = children {
        node.set("First", ids[*first]);
        node.set("Last", ids[*last]);
    }
}

/// For every bookmark the nearest earlier one of a higher level.
fn parents(bookmarks: &[Bookmark]) -> Vec<Option<usize>> {
    let mut path: Vec<usize> = Vec::new();
    let mut parents = Vec::new();
    for (item, bookmark) in bookmarks.iter().enumerate() {
        while path.last().is_some_and(|last| bookmarks[*last].level >= bookmark.level) {
            path.pop();
        }
        parents.push(path.last().copied());
        path.push(item);
    }
    parents
}

fn information(report: &Report) -> Dictionary {
    let date = pdf_date(report);
    dictionary! {
        "Title" => text(&report.title),
        "Author" => text(&report.metadata.author),
        "Subject" => text(&report.metadata.subject),
        "Keywords" => text(&report.metadata.keywords.join(", ")),
        "Producer" => text(&report.metadata.producer),
        "CreationDate" => Object::string_literal(date.as_str()),
        "ModDate" => Object::string_literal(date.as_str()),
    }
}

/// `D:20261122034605Z`.
fn pdf_date(report: &Report) -> String {
    pdf_time(report.generated_at)
}

/// The same metadata once more, as archives read it (ISO 16684-1).
fn xmp(report: &Report) -> String {
    let metadata = &report.metadata;
    let time = report.generated_at;
    format!(
        r#"<?xpacket begin="{bom}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<pdf:Keywords>{keywords}</pdf:Keywords>
<pdf:Producer>{producer}</pdf:Producer>
<xmp:CreateDate>{time}</xmp:CreateDate>
<xmp:ModifyDate>{time}</xmp:ModifyDate>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"#,
        bom = '\u{feff}',
        title = xml(&report.title),
        author = xml(&metadata.author),
        subject = xml(&metadata.subject),
        language = xml(&report.language),
        keywords = xml(&metadata.keywords.join(", ")),
        producer = xml(&metadata.producer),
    )
}

fn xml(text: &str) -> String {
    visible(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A text string: ASCII as it is, anything else in UTF-16 (ISO 32000-1, 7.9.2.2).
fn text(text: &str) -> Object {
    let shown = visible(text);
    if shown.is_ascii() {
        return Object::string_literal(shown);
    }
    let units = std::iter::once(0xfeff).chain(shown.encode_utf16());
    Object::String(units.flat_map(u16::to_be_bytes).collect(), StringFormat::Hexadecimal)
}

/// Viewers show titles outside the page: what hides or reorders is replaced.
fn visible(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) { '\u{fffd}' } else { c }).collect()
}

fn real(length: Length) -> Object {
    Object::Real(length as f32 / 1000.0)
}

fn broken(error: lopdf::Error) -> RenderError {
    RenderError::Write(error.to_string())
}

/// How a mark begins in a content stream as printpdf wrote it.
const MARK: &[u8] = b"/MCID-";
