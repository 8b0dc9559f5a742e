//! Catalogs that ship with this program or once did, told by their digests: whoever has no need of their bytes, as a
//! verifier of packs, which carry their own, does without them.

use affiant_controls::pin::CatalogPin;

/// One a line: kind, id, SHA-256. A test adds those of this version; none is ever taken out.
const SHIPPED: &str = include_str!("../data/shipped.txt");

/// Whether a pin names a catalog exactly as this program has it, or as a former one had it. An id alone says nothing: a
/// catalog of one's own may bear it.
pub fn ships(pin: &CatalogPin) -> bool {
    let line = format!("{} {} {}", pin.kind, pin.id, pin.digest);
    SHIPPED.lines().any(|shipped| shipped == line)
}
