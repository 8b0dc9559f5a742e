//! Checked bytes into a type: a reader of the CBOR that [`check`](super::check()) lets through, for serde.
//!
//! A type says what it expects, and nothing else is tried: a struct is a map, bytes are a byte string, a variant without
//! content is text, one with content a map of one pair, and keys are text. Borrowed text is given as it stands, and every length was found
//! in the bytes before anything is made of it. Bytes that were not checked are an error as well, or a value; never a panic,
//! never a nesting deeper than [`DEPTH_MAX`].

use super::check::{self, Head};
use super::{CodecError, DEPTH_MAX};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

#[cfg(test)]
mod tests;

const FALSE: u8 = 0xf4;
const TRUE: u8 = 0xf5;
const NULL: u8 = 0xf6;

/// Reads one item, which is all that the bytes are.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let mut reader = Reader { bytes, at: 0, depth: DEPTH_MAX };
    let value = T::deserialize(&mut reader)?;
    if reader.at == bytes.len() { Ok(value) } else { Err(CodecError::Trailing(reader.at)) }
}

impl Error for CodecError {
    fn custom<T: std::fmt::Display>(text: T) -> Self {
        Self::Shape(text.to_string())
    }
}

/// A place in bytes, and how deep what is read there may be nested.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u8,
}

impl<'a> Reader<'a> {
    fn first(&self) -> Result<u8, CodecError> {
        match (self.bytes.get(self.at), self.depth) {
            (_, 0) => Err(CodecError::Depth(self.at)),
            (Some(first), _) => Ok(*first),
            (None, _) => Err(CodecError::End(self.at)),
        }
    }

    fn head(&mut self) -> Result<Head, CodecError> {
        self.first()?;
        let head = check::head(self.bytes, self.at)?;
        self.at = head.end;
        Ok(head)
    }

    /// Goes into an item of one major type; gives its number, length or count.
    fn expect(&mut self, major: u8, what: &str) -> Result<Head, CodecError> {
        if self.first()? >> 5 == major { self.head() } else { Err(self.unexpected(what)) }
    }

    #[cold]
    fn unexpected(&self, what: &str) -> CodecError {
        CodecError::Shape(format!("{what} was expected at byte {}", self.at))
    }

    fn content(&mut self, major: u8, what: &str) -> Result<&'a [u8], CodecError> {
        let start = self.at;
        let head = self.expect(major, what)?;
        let (content, end) = check::content(self.bytes, start, &head)?;
        self.at = end;
        Ok(content)
    }

    fn byte_string(&mut self) -> Result<&'a [u8], CodecError> {
        self.content(2, "a byte string")
    }

    fn text(&mut self) -> Result<&'a str, CodecError> {
        let start = self.at;
        std::str::from_utf8(self.content(3, "text")?).map_err(|_| CodecError::Utf8(start))
    }

    /// A negative number is one less than what its head says below zero.
    fn negative(&mut self) -> Result<i64, CodecError> {
        let start = self.at;
        let below = self.expect(1, "a number")?.argument;
        let below = i64::try_from(below);
        below
            .map(|below| -1 - below)
            .map_err(|_| CodecError::Shape(format!("a number too small at byte {start}")))
    }

    fn simple(&mut self) -> Result<u8, CodecError> {
        let first = self.first()?;
        if !(FALSE..=NULL).contains(&first) {
            return Err(CodecError::Kind(self.at));
        }
        self.at += 1;
        Ok(first)
    }

    /// What is inside a list or map of so many items, one level deeper; no item may be left.
    fn inside<T>(
        &mut self,
        count: u64,
        read: impl FnOnce(&mut Items<'_, 'a>) -> Result<T, CodecError>,
    ) -> Result<T, CodecError> {
        self.depth -= 1;
        let mut items = Items { reader: self, left: count };
        let value = read(&mut items)?;
        let left = items.left;
        self.depth += 1;
        if left == 0 {
            Ok(value)
        } else {
            Err(CodecError::Shape(format!("{left} more than expected before byte {}", self.at)))
        }
    }

    fn list<V: Visitor<'a>>(&mut self, visitor: V) -> Result<V::Value, CodecError> {
        let count = self.expect(4, "a list")?.argument;
        self.inside(count, |items| visitor.visit_seq(items))
    }

    fn map<V: Visitor<'a>>(&mut self, visitor: V) -> Result<V::Value, CodecError> {
        let count = self.expect(5, "a map")?.argument;
        self.inside(count, |items| visitor.visit_map(items))
    }
}

/// Gives the visitor the one kind of item that the type is written as.
macro_rules! kinds {
    ($($method:ident $reader:ident $visitor:ident $kind:expr;)*) => {
        $(fn $method<V: Visitor<'a>>(self, $visitor: V) -> Result<V::Value, CodecError> {
            let $reader = self;
            $kind
        })*
    };
}

impl<'a> Deserializer<'a> for &mut Reader<'a> {
    type Error = CodecError;

    kinds! {
        deserialize_any reader visitor match reader.first()? >> 5 {
            0 | 1 => reader.deserialize_i64(visitor),
            2 => reader.deserialize_bytes(visitor),
            3 => reader.deserialize_str(visitor),
            4 => reader.list(visitor),
            5 => reader.map(visitor),
            _ => match reader.simple()? {
                FALSE => visitor.visit_bool(false),
                TRUE => visitor.visit_bool(true),
                _ => visitor.visit_unit(),
            },
        };
        deserialize_bool reader visitor match reader.simple()? {
            NULL => Err(CodecError::Shape(format!("true or false was expected before byte {}", reader.at))),
            word => visitor.visit_bool(word == TRUE),
        };
        deserialize_unit reader visitor match reader.simple()? {
            NULL => visitor.visit_unit(),
            _ => Err(CodecError::Shape(format!("null was expected before byte {}", reader.at))),
        };
        deserialize_option reader visitor if reader.first()? == NULL {
            reader.at += 1;
            visitor.visit_none()
        } else {
            visitor.visit_some(reader)
        };
        deserialize_i64 reader visitor if reader.first()? >> 5 == 1 {
            visitor.visit_i64(reader.negative()?)
        } else {
            visitor.visit_u64(reader.expect(0, "a number")?.argument)
        };
        deserialize_u64 reader visitor visitor.visit_u64(reader.expect(0, "an unsigned number")?.argument);
        deserialize_i8 reader visitor reader.deserialize_i64(visitor);
        deserialize_i16 reader visitor reader.deserialize_i64(visitor);
        deserialize_i32 reader visitor reader.deserialize_i64(visitor);
        deserialize_u8 reader visitor reader.deserialize_u64(visitor);
        deserialize_u16 reader visitor reader.deserialize_u64(visitor);
        deserialize_u32 reader visitor reader.deserialize_u64(visitor);
        deserialize_f32 reader _visitor Err(CodecError::Kind(reader.at));
        deserialize_f64 reader _visitor Err(CodecError::Kind(reader.at));
        deserialize_str reader visitor visitor.visit_borrowed_str(reader.text()?);
        deserialize_string reader visitor visitor.visit_borrowed_str(reader.text()?);
        deserialize_char reader visitor visitor.visit_borrowed_str(reader.text()?);
        deserialize_identifier reader visitor visitor.visit_borrowed_str(reader.text()?);
        deserialize_bytes reader visitor visitor.visit_borrowed_bytes(reader.byte_string()?);
        deserialize_byte_buf reader visitor visitor.visit_borrowed_bytes(reader.byte_string()?);
        deserialize_seq reader visitor reader.list(visitor);
        deserialize_map reader visitor reader.map(visitor);
        deserialize_ignored_any reader visitor {
            reader.at = check::item(reader.bytes, reader.at, reader.depth)?;
            visitor.visit_unit()
        };
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(self, _: &str, visitor: V) -> Result<V::Value, CodecError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, _: &str, visitor: V) -> Result<V::Value, CodecError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, CodecError> {
        self.list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _: &str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        self.list(visitor)
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &str,
        _: &[&str],
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        self.map(visitor)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &str,
        _: &[&str],
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        if self.first()? >> 5 == 3 {
            return visitor.visit_enum(BorrowedStrDeserializer::new(self.text()?));
        }
        match self.expect(5, "a variant")?.argument {
            1 => self.inside(1, |items| visitor.visit_enum(items)),
            _ => Err(self.unexpected("a map of one variant ending")),
        }
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The items of a list, or pairs of a map, that are still to come.
struct Items<'r, 'a> {
    reader: &'r mut Reader<'a>,
    left: u64,
}

impl<'a> Items<'_, 'a> {
    fn next<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, CodecError> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    /// How many at most, for whoever makes room: no more than there are bytes.
    fn most(&self) -> usize {
        let bytes = self.reader.bytes.len().saturating_sub(self.reader.at);
        usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes)
    }
}

impl<'a> SeqAccess<'a> for &mut Items<'_, 'a> {
    type Error = CodecError;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, CodecError> {
        self.next(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.most())
    }
}

impl<'a> MapAccess<'a> for &mut Items<'_, 'a> {
    type Error = CodecError;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, CodecError> {
        if self.left > 0 && self.reader.first()? >> 5 != 3 {
            return Err(self.reader.unexpected("a key in text"));
        }
        self.next(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, CodecError> {
        seed.deserialize(&mut *self.reader)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.most())
    }
}

impl<'a> EnumAccess<'a> for &mut Items<'_, 'a> {
    type Error = CodecError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, Self), CodecError> {
        self.left = 0;
        let variant = seed.deserialize(&mut *self.reader)?;
        Ok((variant, self))
    }
}

impl<'a> VariantAccess<'a> for &mut Items<'_, 'a> {
    type Error = CodecError;

    fn unit_variant(self) -> Result<(), CodecError> {
        Err(self.reader.unexpected("the end of a variant without content"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, CodecError> {
        seed.deserialize(&mut *self.reader)
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, CodecError> {
        self.reader.list(visitor)
    }

    fn struct_variant<V: Visitor<'a>>(self, _: &[&str], visitor: V) -> Result<V::Value, CodecError> {
        self.reader.map(visitor)
    }
}
