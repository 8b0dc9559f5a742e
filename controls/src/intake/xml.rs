//! XML of strangers: tags and attributes in order, and nothing that lies outside the document.
//!
//! Refused: a document type (and with it every entity but the five of XML itself), encodings other than UTF-8, nesting
//! deeper than [`DEPTH_MAX`], more than [`ATTRIBUTES_MAX`] attributes in a tag, tags that do not close. Text between tags
//! is read over and never kept.

use super::IntakeError;
use super::document::Document;

/// Deepest nesting of tags.
pub(super) const DEPTH_MAX: usize = 64;
/// Most attributes of a tag.
pub(super) const ATTRIBUTES_MAX: usize = 100;

/// A tag as it is met.
pub(super) enum Tag<'a> {
    /// It opens, with its attributes.
    Open(&'a str, &'a Attributes),
    /// It closes.
    Close(&'a str),
}

/// The attributes of a tag, in their order.
#[derive(Default)]
pub(super) struct Attributes(Vec<(String, String)>);

impl Attributes {
    /// The value of an attribute.
    pub(super) fn of(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The value of an attribute; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.of(name).unwrap_or_default()
    }
}

/// Hands every tag of a document to `visit`.
#[cfg(feature = "formats")]
pub(super) fn walk(
    document: &Document<'_>,
    visit: &mut dyn FnMut(Tag<'_>) -> Result<(), IntakeError>,
) -> Result<(), IntakeError> {
    use quick_xml::events::Event;
    let text = String::from_utf8_lossy(document.text);
    let mut reader = quick_xml::Reader::from_str(&text);
    reader.config_mut().expand_empty_elements = true;
    let (mut depth, mut rooted) = (0usize, false);
    loop {
        let event = reader.read_event();
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let wrong = |what: &str| document.refuse_at(at, what);
        match event.map_err(|error| wrong(&error.to_string()))? {
            Event::Start(tag) => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return Err(wrong(&format!("nested deeper than {DEPTH_MAX}")));
                }
                if depth == 1 && rooted {
                    return Err(wrong("something stands after the document"));
                }
                rooted = true;
                let attributes = attributes(&tag).map_err(|what| wrong(&what))?;
                visit(Tag::Open(name(tag.name().as_ref()), &attributes))?;
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                visit(Tag::Close(name(tag.name().as_ref())))?;
            }
            Event::DocType(_) => return Err(wrong("a document type (DOCTYPE) is not read")),
            Event::GeneralRef(entity) if !is_known(&entity) => {
                return Err(wrong("an entity other than XML's own five is not read"));
            }
            Event::Decl(declaration) => {
                let encoding = declaration.encoding().transpose().map_err(|e| wrong(&e.to_string()))?;
                if encoding.is_some_and(|name| !is_utf8(name.as_ref())) {
                    return Err(wrong("the declaration names an encoding other than UTF-8"));
                }
            }
            Event::Eof if depth > 0 => return Err(wrong("it ends inside a tag")),
            Event::Eof if !rooted => return Err(wrong("there is no tag")),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// This build reads no XML.
#[cfg(not(feature = "formats"))]
pub(super) fn walk(
    document: &Document<'_>,
    _: &mut dyn FnMut(Tag<'_>) -> Result<(), IntakeError>,
) -> Result<(), IntakeError> {
    let none = Attributes(Vec::new());
    let _ = (Tag::Open("", &none), Tag::Close(""), DEPTH_MAX, ATTRIBUTES_MAX);
    Err(document.refuse("", "this build reads no XML"))
}

#[cfg(feature = "formats")]
fn attributes(tag: &quick_xml::events::BytesStart<'_>) -> Result<Attributes, String> {
    let mut read = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if read.len() == ATTRIBUTES_MAX {
            return Err(format!("more than {ATTRIBUTES_MAX} attributes in one tag"));
        }
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
        let value = value.map_err(|error| error.to_string())?;
        read.push((name(attribute.key.as_ref()).to_owned(), value.into_owned()));
    }
    Ok(Attributes(read))
}

/// A name without the prefix of its name space.
#[cfg(feature = "formats")]
fn name(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

#[cfg(feature = "formats")]
fn is_known(entity: &str) -> bool {
    entity.starts_with('#') || ["lt", "gt", "amp", "quot", "apos"].contains(&entity)
}

#[cfg(feature = "formats")]
fn is_utf8(encoding: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|name| encoding.eq_ignore_ascii_case(name))
}
