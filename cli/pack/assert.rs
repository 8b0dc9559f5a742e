//! `affiant pack assert`: what management asserts about a system.

use crate::args::AssertArguments;
use crate::context::{self, Context};
use crate::statements::{Desk, admitted, time, time_or};
use crate::view;
use affiant_controls::admit::admit_assertion;
use affiant_controls::assertion::Assertion;
use affiant_controls::statement::Statement;
use affiant_controls::text::DETAILS_LENGTH_MAX;
use affiant_ledger::id::visible;
use affiant_server::failure::Failure;

pub(super) fn run(context: &Context, arguments: AssertArguments) -> Result<u8, Failure> {
    let bytes = context::input(&arguments.text, DETAILS_LENGTH_MAX as u64)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::refused(format!("{}: not UTF-8", arguments.text.display())))?;
    let register = view::register_now(context, &arguments.system)?;
    if arguments.withdraw && register.assertion().is_none_or(|last| last.value.withdrawn) {
        return Err(Failure::refused(format!("no assertion about `{}` stands", visible(&arguments.system))));
    }
    let desk = Desk::open(context, &arguments.system)?;
    let assertion = Assertion {
        at: time_or(arguments.at.as_ref(), desk.now)?,
        by: arguments.by,
        from: time(arguments.from.as_ref())?,
        role: arguments.role,
        text: text.replace("\r\n", "\n").trim_end().to_owned(),
        system: desk.system.clone(),
        withdrawn: arguments.withdraw,
    };
    let assertion = admit_assertion(assertion, desk.now).map_err(admitted)?;
    let what = if assertion.withdrawn { "withdrawal of the assertion of" } else { "assertion of" };
    let by = visible(&assertion.by);
    desk.record_by(arguments.sign_key.as_deref(), what, &by, &[Statement::Assertion(assertion)])
}
