//! The affiant command: translates words into calls of the libraries, and their answers into text, JSON and exit codes.

mod args;
mod attest;
mod catalog;
mod catalogs;
mod context;
mod demo;
mod except;
mod export;
mod finding;
mod gate;
#[cfg(feature = "client")]
mod http;
mod incident;
mod init;
mod key;
mod licensed;
mod log;
#[cfg(feature = "notify")]
mod notify;
mod output;
mod pack;
mod plan;
mod policy;
mod push;
mod receipt;
mod register;
mod request;
mod run;
mod sample;
#[cfg(feature = "serve")]
mod serve;
mod statements;
mod status;
#[cfg(feature = "serve")]
mod token;
mod verify;
mod view;

use affiant_server::failure::{self, Failure};
use args::{Arguments, Verb};
use context::Context;
use std::panic::catch_unwind;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::of_this_process();
    let json = arguments.common.json;
    output::say_faults();
    affiant_reports::examine::settle_threads();
    // A broken promise of our own ends the command, not in a heap of frames: what was acknowledged is durable.
    let done = catch_unwind(|| {
        let context = Context::new(&arguments.common)?;
        run(&context, arguments.verb)
    });
    let code = match done {
        Ok(Ok(code)) => code,
        Ok(Err(failure)) => output::fail(&failure, json),
        Err(_) => failure::IO,
    };
    ExitCode::from(output::finish(code))
}

fn run(context: &Context, verb: Verb) -> Result<u8, Failure> {
    match verb {
        Verb::Init(arguments) => init::run(context, arguments),
        Verb::Key(arguments) => key::run(context, arguments),
        Verb::Register(arguments) => register::run(context, arguments),
        Verb::Catalog(arguments) => catalog::run(context, arguments),
        Verb::Push(arguments) => push::run(context, arguments),
        Verb::Run(arguments) => run::run(context, arguments),
        Verb::Attest(arguments) => attest::run(context, arguments),
        Verb::Except(arguments) => except::run(context, arguments),
        Verb::Policy(arguments) => policy::run(context, arguments),
        Verb::Plan(arguments) => plan::run(context, arguments),
        Verb::Request(arguments) => request::run(context, arguments),
        Verb::Finding(arguments) => finding::run(context, arguments),
        Verb::Incident(arguments) => incident::run(context, arguments),
        Verb::Status(arguments) => status::run(context, &arguments),
        Verb::Gate(arguments) => gate::run(context, &arguments),
        Verb::Pack(arguments) => pack::run(context, arguments),
        Verb::Sample(arguments) => sample::run(context, *arguments),
        Verb::Export(arguments) => export::run(context, &arguments),
        #[cfg(feature = "notify")]
        Verb::Notify(arguments) => notify::run(context, &arguments),
        #[cfg(feature = "serve")]
        Verb::Serve(arguments) => serve::run(context, arguments),
        #[cfg(feature = "serve")]
        Verb::Token(arguments) => token::run(context, arguments),
        Verb::Verify(arguments) => verify::run(context, arguments),
        Verb::Log(arguments) => log::run(context, arguments),
        Verb::Demo(arguments) => demo::run(context, arguments),
    }
}
