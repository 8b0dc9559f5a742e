//! The structure tree (ISO 32000-1, 14.7): which drawing is a heading, a paragraph, a cell of a table.

use super::file::File;
use std::io::Write as _;

/// The elements in the order they were entered.
#[derive(Default)]
pub(super) struct Structure {
    elements: Vec<Element>,
}

struct Element {
    tag: &'static str,
    parent: Option<usize>,
    kids: Vec<Kid>,
    /// Read out instead of the drawing; empty for none.
    alternative: String,
}

#[derive(Clone, Copy)]
enum Kid {
    Element(usize),
    Content { page: usize, mark: usize },
}

impl Structure {
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

    /// How many objects [`Structure::write`] adds.
    pub(super) fn object_count(&self, pages: usize) -> usize {
        3 + pages + self.elements.len()
    }

    /// Writes the tree as objects from number `first` on; `first` itself is the root. `pages` are the numbers of
    /// the pages, whose `/StructParents` are their places in that list.
    pub(super) fn write(
        &self,
        file: &mut File,
        first: usize,
        pages: &[usize],
        text: impl Fn(&str) -> Vec<u8>,
    ) {
        let (body, index, lists) = (first + 1, first + 2, first + 3);
        let elements = lists + pages.len();
        let mut owners: Vec<Vec<usize>> = vec![Vec::new(); pages.len()];
        let mut chapters = Vec::new();
        for (at, element) in self.elements.iter().enumerate() {
            let number = elements + at;
            if element.parent.is_none() {
                chapters.push(number);
            }
            element.own(number, &mut owners);
            file.object(number, &element.object(body, elements, pages, &text));
        }
        let mut nums = Vec::new();
        for (page, owners) in owners.iter().enumerate() {
            file.object(lists + page, &references(owners));
            put(&mut nums, format_args!("{page} {} 0 R ", lists + page));
        }
        file.object(index, &[b"<</Nums[", nums.as_slice(), b"]>>"].concat());
        let mut node = format!("<</S/Document/P {first} 0 R/K").into_bytes();
        node.extend_from_slice(&references(&chapters));
        node.extend_from_slice(b">>");
        file.object(body, &node);
        let count = pages.len();
        let root =
            format!("<</Type/StructTreeRoot/K {body} 0 R/ParentTree {index} 0 R/ParentTreeNextKey {count}>>");
        file.object(first, root.as_bytes());
    }
}

impl Element {
    /// Notes this element as the owner of its marks. Marks of a page are numbered from 0.
    fn own(&self, number: usize, owners: &mut [Vec<usize>]) {
        for kid in &self.kids {
            if let Kid::Content { page, mark } = *kid {
                let marks = &mut owners[page];
                marks.resize(marks.len().max(mark + 1), number);
                marks[mark] = number;
            }
        }
    }

    fn object(
        &self,
        body: usize,
        elements: usize,
        pages: &[usize],
        text: impl Fn(&str) -> Vec<u8>,
    ) -> Vec<u8> {
        let parent = self.parent.map_or(body, |parent| elements + parent);
        let page = self.kids.iter().find_map(Kid::page);
        let mut object = format!("<</S/{}/P {parent} 0 R", self.tag).into_bytes();
        if let Some(page) = page {
            put(&mut object, format_args!("/Pg {} 0 R", pages[page]));
        }
        if !self.alternative.is_empty() {
            object.extend_from_slice(b"/Alt");
            object.extend_from_slice(&text(&self.alternative));
        }
        if self.tag == "TH" {
            object.extend_from_slice(b"/A<</O/Table/Scope/Column>>");
        }
        object.extend_from_slice(b"/K[");
        for kid in &self.kids {
            match *kid {
                Kid::Element(element) => put(&mut object, format_args!("{} 0 R ", elements + element)),
                Kid::Content { page: on, mark } if Some(on) == page => {
                    put(&mut object, format_args!("{mark} "))
                }
                Kid::Content { page: on, mark } => {
                    put(&mut object, format_args!("<</Type/MCR/Pg {} 0 R/MCID {mark}>>", pages[on]));
                }
            }
        }
        object.extend_from_slice(b"]>>");
        object
    }
}

impl Kid {
    fn page(&self) -> Option<usize> {
        match self {
            Self::Element(_) => None,
            Self::Content { page, .. } => Some(*page),
        }
    }
}

fn references(numbers: &[usize]) -> Vec<u8> {
    let mut list = b"[".to_vec();
    numbers.iter().for_each(|number| put(&mut list, format_args!("{number} 0 R ")));
    list.push(b']');
    list
}

fn put(bytes: &mut Vec<u8>, text: std::fmt::Arguments) {
    // Writing to memory does not fail.
    let _ = bytes.write_fmt(text);
}
