//! What printpdf does not write: outline tree, named places, links, structure tree, metadata. The only file that
//! imports `lopdf`.
//!
//! Every object is made in the order of the document, so numbers and bytes are the same each time. Objects that
//! are no streams go into object streams (PDF 1.5), which keeps the structure tree of a long report small.

use super::RenderError;
use super::look::Length;
use crate::document::{Document as Report, Link};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::is_hidden;
use lopdf::{Dictionary, Document, Object, ObjectId, SaveOptions, Stream, StringFormat, dictionary};
use std::collections::BTreeMap;

/// What the canvas recorded beside the drawing. Positions count from the bottom left, as PDF has it.
#[derive(Default)]
pub(super) struct Extras {
    /// Page and height of every id.
    pub(super) anchors: BTreeMap<String, (usize, Length)>,
    pub(super) links: Vec<LinkArea>,
    pub(super) bookmarks: Vec<Bookmark>,
    elements: Vec<Element>,
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

/// A node of the structure tree.
struct Element {
    tag: &'static str,
    parent: Option<usize>,
    kids: Vec<Kid>,
    alternative: String,
}

#[derive(Clone, Copy)]
enum Kid {
    Element(usize),
    Content { page: usize, mark: usize },
}

impl Extras {
    pub(super) fn add_element(&mut self, tag: &'static str, parent: Option<usize>) -> usize {
        let element = self.elements.len();
        self.elements.push(Element { tag, parent, kids: Vec::new(), alternative: String::new() });
        if let Some(parent) = parent {
            self.elements[parent].kids.push(Kid::Element(element));
        }
        element
    }

    pub(super) fn add_content(&mut self, element: usize, page: usize, mark: usize) {
        self.elements[element].kids.push(Kid::Content { page, mark });
    }

    pub(super) fn describe(&mut self, element: usize, alternative: String) {
        self.elements[element].alternative = alternative;
    }

    pub(super) fn tag(&self, element: usize) -> &'static str {
        self.elements[element].tag
    }
}

/// Completes `pdf`, as printpdf made it, and writes it.
pub(super) fn finish(mut pdf: Document, report: &Report, extras: &Extras) -> Result<Vec<u8>, RenderError> {
    "1.7".clone_into(&mut pdf.version);
    compress(&mut pdf);
    let pages: Vec<ObjectId> = pdf.get_pages().into_values().collect();
    links(&mut pdf, &pages, &extras.links)?;
    let outlines = outline(&mut pdf, &extras.bookmarks);
    let structure = structure(&mut pdf, &pages, &extras.elements)?;
    let places = pdf.add_object(dictionary! { "Names" => places(&extras.anchors, &pages) });
    let xmp = Stream::new(dictionary! { "Type" => "Metadata", "Subtype" => "XML" }, xmp(report).into_bytes());
    let metadata = pdf.add_object(xmp.with_compression(false));
    let information = pdf.add_object(information(report));
    let catalog = pdf.catalog_mut().map_err(broken)?;
    catalog.set("Lang", text(&report.language));
    catalog.set("Metadata", metadata);
    catalog.set("Outlines", outlines);
    catalog.set("PageMode", "UseOutlines");
    catalog.set("Names", dictionary! { "Dests" => places });
    catalog.set("ViewerPreferences", dictionary! { "DisplayDocTitle" => true });
    catalog.set("MarkInfo", dictionary! { "Marked" => true });
    catalog.set("StructTreeRoot", structure);
    pdf.trailer.set("Info", information);
    pdf.trailer.set("ID", identity(report)?);
    let mut bytes = Vec::new();
    let options = SaveOptions { use_object_streams: true, use_xref_streams: true, ..SaveOptions::default() };
    pdf.save_with_options(&mut bytes, options).map_err(|error| RenderError::Write(error.to_string()))?;
    Ok(bytes)
}

/// Compresses page contents and fonts. lopdf's own `compress` takes the slowest level, for 3% less.
fn compress(pdf: &mut Document) {
    let streams = pdf.objects.values_mut().filter_map(|object| object.as_stream_mut().ok());
    for stream in streams.filter(|stream| !stream.dict.has(b"Filter")) {
        let small = miniz_oxide::deflate::compress_to_vec_zlib(&stream.content, COMPRESSION_LEVEL);
        if small.len() < stream.content.len() {
            stream.set_content(small);
            stream.dict.set("Filter", "FlateDecode");
        }
    }
}

/// Both halves of the file identifier: a digest of the document and of this renderer's version.
fn identity(report: &Report) -> Result<Vec<Object>, RenderError> {
    let json = serde_json::to_vec(report).map_err(|error| RenderError::Write(error.to_string()))?;
    let digest = Digest::of_parts(&[env!("CARGO_PKG_VERSION").as_bytes(), &json]);
    let half = Object::String(digest.as_bytes()[..16].to_vec(), StringFormat::Hexadecimal);
    Ok(vec![half.clone(), half])
}

fn links(pdf: &mut Document, pages: &[ObjectId], links: &[LinkArea]) -> Result<(), RenderError> {
    let mut by_page: BTreeMap<usize, Vec<Object>> = BTreeMap::new();
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
        let page_dictionary = pdf.get_dictionary_mut(*id).map_err(broken)?;
        match by_page.remove(&page) {
            Some(annotations) => page_dictionary.set("Annots", annotations),
            None => drop(page_dictionary.remove(b"Annots")),
        }
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

/// The structure tree and the index from marked content to its elements.
fn structure(pdf: &mut Document, pages: &[ObjectId], elements: &[Element]) -> Result<ObjectId, RenderError> {
    let (root, body) = (pdf.new_object_id(), pdf.new_object_id());
    let ids: Vec<ObjectId> = elements.iter().map(|_| pdf.new_object_id()).collect();
    let mut marks: Vec<Vec<Object>> = vec![Vec::new(); pages.len()];
    let mut chapters: Vec<Object> = Vec::new();
    let mut by_mark: BTreeMap<(usize, usize), ObjectId> = BTreeMap::new();
    for (element, id) in elements.iter().zip(&ids) {
        let mut node = dictionary! {
            "S" => element.tag,
            "P" => element.parent.map_or(body, |parent| ids[parent]),
            "K" => kids(element, &ids, pages),
        };
        if !element.alternative.is_empty() {
            node.set("Alt", text(&element.alternative));
        }
        if element.tag == "TH" {
            node.set("A", dictionary! { "O" => "Table", "Scope" => "Column" });
        }
        if let Some(page) = element.kids.iter().find_map(|kid| kid.page()) {
            node.set("Pg", pages[page]);
        }
        for kid in &element.kids {
            if let Kid::Content { page, mark } = kid {
                by_mark.insert((*page, *mark), *id);
            }
        }
        if element.parent.is_none() {
            chapters.push((*id).into());
        }
        pdf.set_object(*id, node);
    }
    for ((page, _), id) in by_mark {
        marks[page].push(id.into());
    }
    let mut index = Vec::new();
    for (page, marks) in marks.into_iter().enumerate() {
        let list = pdf.add_object(marks);
        index.extend([Object::Integer(page as i64), list.into()]);
        let dictionary = pdf.get_dictionary_mut(pages[page]).map_err(broken)?;
        dictionary.set("StructParents", page as i64);
        dictionary.set("Tabs", "S");
    }
    let index = pdf.add_object(dictionary! { "Nums" => index });
    pdf.set_object(body, dictionary! { "S" => "Document", "P" => root, "K" => chapters });
    let tree = dictionary! {
        "Type" => "StructTreeRoot", "K" => body, "ParentTree" => index, "ParentTreeNextKey" => pages.len() as i64,
    };
    pdf.set_object(root, tree);
    Ok(root)
}

/// The kids of an element; content on another page than its first names that page.
fn kids(element: &Element, ids: &[ObjectId], pages: &[ObjectId]) -> Vec<Object> {
    let first = element.kids.iter().find_map(|kid| kid.page());
    let object = |kid: &Kid| match *kid {
        Kid::Element(element) => ids[element].into(),
        Kid::Content { page, mark } if Some(page) == first => Object::Integer(mark as i64),
        Kid::Content { page, mark } => {
            dictionary! { "Type" => "MCR", "Pg" => pages[page], "MCID" => mark as i64 }.into()
        }
    };
    element.kids.iter().map(object).collect()
}

impl Kid {
    fn page(&self) -> Option<usize> {
        match self {
            Self::Element(_) => None,
            Self::Content { page, .. } => Some(*page),
        }
    }
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
    let time = report.generated_at.to_string();
    let digits: String = time.chars().filter(char::is_ascii_digit).take(14).collect();
    format!("D:{digits}Z")
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

/// Of 0 to 10.
const COMPRESSION_LEVEL: u8 = 6;
