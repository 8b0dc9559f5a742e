//! Reading systems out of the ledger at hand.

use crate::context::Context;
use affiant_controls::register::Register;
use affiant_server::failure::Failure;
pub(crate) use affiant_server::view::{Asked, Kept, View, register, register_kept};

/// What the stream of a system says now.
pub(crate) fn register_now(context: &Context, system: &str) -> Result<Register, Failure> {
    let reader = context.read()?;
    let view = View::new(&reader)?;
    register(&view, &view.known(system)?, Asked::now(context.now()))
}
