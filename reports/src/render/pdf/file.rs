//! The file around the objects (ISO 32000-1, 7.5): streams, object streams and the cross-reference stream.
//!
//! lopdf can write a file too, but holds every object of an object stream twice and prints it three times; with
//! the structure tree of a long report that took half of the time and most of the memory of rendering.
//!
//! ```text
//! %PDF-1.7
//! 4 0 obj<<.../FT/Sig>> endobj                              the field for a seal (docs/spec/seal.md), first
//! 5 0 obj <</Length 9>>stream ... endstream endobj          streams
//! 6 0 obj <</Type/ObjStm/N 200/First 1290/...>>stream ...   everything else, compressed together
//! 7 0 obj <</Type/XRef/Size 8/W[1 4 2]/Root 1 0 R/...>>stream ...
//! startxref 4711 %%EOF
//! ```

use crate::seal::HEADER;
use miniz_oxide::deflate::compress_to_vec_zlib;
use std::io::Write as _;

/// A PDF being written.
pub(super) struct File {
    bytes: Vec<u8>,
    /// By object number; 0 is never an object.
    places: Vec<Place>,
    pack: Pack,
}

#[derive(Clone, Copy)]
enum Place {
    Free,
    /// Offset in the file.
    At(usize),
    /// Number of an object stream, and the index in it.
    In(usize, usize),
}

/// Objects that go into the next object stream: their numbers and offsets, and their text.
#[derive(Default)]
struct Pack {
    index: Vec<(usize, usize)>,
    body: Vec<u8>,
}

impl File {
    /// A file whose objects have numbers below `next`; object streams take numbers from there.
    pub(super) fn new(next: usize) -> Self {
        Self { bytes: HEADER.to_vec(), places: vec![Place::Free; next], pack: Pack::default() }
    }

    /// Adds an object by itself, outside of object streams.
    pub(super) fn plain(&mut self, number: usize, text: &[u8]) {
        self.places[number] = Place::At(self.bytes.len());
        self.put(format_args!("{number} 0 obj"));
        self.bytes.extend_from_slice(text);
        self.bytes.extend_from_slice(b"\nendobj\n");
    }

    /// Adds an object that is not a stream, as it is written between `obj` and `endobj`.
    pub(super) fn object(&mut self, number: usize, text: &[u8]) {
        self.pack.index.push((number, self.pack.body.len()));
        self.pack.body.extend_from_slice(text);
        self.pack.body.push(b' ');
        if self.pack.index.len() == PACK_COUNT {
            self.flush();
        }
    }

    /// Adds a stream: the entries of its dictionary but `/Length`, and its content as it stands in the file.
    pub(super) fn stream(&mut self, number: usize, entries: &[u8], content: &[u8]) {
        self.places[number] = Place::At(self.bytes.len());
        self.put(format_args!("{number} 0 obj<<"));
        self.bytes.extend_from_slice(entries);
        self.put(format_args!("/Length {}>>stream\n", content.len()));
        self.bytes.extend_from_slice(content);
        self.bytes.extend_from_slice(b"\nendstream endobj\n");
    }

    /// The whole file; `trailer` are the entries `/Root`, `/Info` and `/ID`.
    pub(super) fn finish(mut self, trailer: &[u8]) -> Vec<u8> {
        self.flush();
        let number = self.reserve();
        let start = self.bytes.len();
        self.places[number] = Place::At(start);
        let rows = differences(self.places.iter().map(|place| place.row()));
        let mut entries = format!(
            "/Type/XRef/Size {}/W[1 4 2]/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 7>>",
            self.places.len()
        )
        .into_bytes();
        entries.extend_from_slice(trailer);
        self.stream(number, &entries, &compress_to_vec_zlib(&rows, LEVEL));
        self.put(format_args!("startxref\n{start}\n%%EOF\n"));
        self.bytes
    }

    /// Writes the object stream of what was collected.
    fn flush(&mut self) {
        let pack = std::mem::take(&mut self.pack);
        if pack.index.is_empty() {
            return;
        }
        let stream = self.reserve();
        let mut content = Vec::with_capacity(pack.body.len() + 12 * pack.index.len());
        for (index, (number, offset)) in pack.index.iter().enumerate() {
            self.places[*number] = Place::In(stream, index);
            content.extend_from_slice(format!("{number} {offset} ").as_bytes());
        }
        let (count, first) = (pack.index.len(), content.len());
        content.extend_from_slice(&pack.body);
        let entries = format!("/Type/ObjStm/N {count}/First {first}/Filter/FlateDecode");
        self.stream(stream, entries.as_bytes(), &compress_to_vec_zlib(&content, LEVEL));
    }

    fn reserve(&mut self) -> usize {
        self.places.push(Place::Free);
        self.places.len() - 1
    }

    fn put(&mut self, text: std::fmt::Arguments) {
        // Writing to memory does not fail.
        let _ = self.bytes.write_fmt(text);
    }
}

impl Place {
    /// Seven bytes of the cross-reference stream: kind, offset or stream, index.
    fn row(self) -> [u8; 7] {
        let (kind, field, index) = match self {
            Self::Free => (0, 0, 0xffff),
            Self::At(offset) => (1, offset, 0),
            Self::In(stream, index) => (2, stream, index),
        };
        let (field, index) = ((field as u32).to_be_bytes(), (index as u16).to_be_bytes());
        [kind, field[0], field[1], field[2], field[3], index[0], index[1]]
    }
}

/// Every row as its difference from the row above (the PNG filter `Up`, 2): neighbours differ little, so this
/// compresses far better.
fn differences(rows: impl Iterator<Item = [u8; 7]>) -> Vec<u8> {
    let mut above = [0; 7];
    let mut bytes = Vec::new();
    for row in rows {
        bytes.push(2);
        bytes.extend(row.iter().zip(above).map(|(byte, above)| byte.wrapping_sub(above)));
        above = row;
    }
    bytes
}

/// Objects in one object stream.
const PACK_COUNT: usize = 200;
/// Compression level of 0 to 10.
pub(super) const LEVEL: u8 = 6;
