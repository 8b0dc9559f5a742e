//! `affiant pack countersign`: the auditor's signature on a pack that is verified.

use crate::args::CountersignArguments;
use crate::context::{self, Context};
use crate::output;
use crate::verify;
use affiant_ledger::note::{KeyName, Verifier};
use affiant_reports::archive::Limits;
use affiant_reports::countersign::{CountersignError, countersign};
use affiant_reports::examine::FILE_SIZE_MAX;
use affiant_server::failure::{Failure, UNDETERMINED};

pub(super) fn run(context: &Context, arguments: &CountersignArguments) -> Result<u8, Failure> {
    let trust = arguments.trust.as_deref().ok_or_else(|| Failure {
        code: UNDETERMINED,
        ..Failure::refused("no trust anchor: a pack is verified before it is countersigned")
            .hint("give the keys with --trust FILE")
    })?;
    let (trust, name) = (verify::trust(trust)?, arguments.name.parse::<KeyName>().map_err(Failure::refused)?);
    let key = context.key(&arguments.key)?;
    let vkey = Verifier::new(name.clone(), key.verifying_key()).to_string();
    let bytes = context::input(&arguments.pack, FILE_SIZE_MAX)?;
    let signed =
        countersign(&bytes, &trust, &Limits::default(), (&name, &key)).map_err(|error| match &error {
            CountersignError::Verdict(verdict) => {
                if !context.json {
                    verify::show(verdict);
                }
                Failure { code: verdict.exit_code().max(1), ..Failure::integrity(error) }
            }
            _ => Failure::refused(error),
        })?;
    context::output(&arguments.output, &signed)?;
    if context.json {
        output::json(&serde_json::json!({"file": arguments.output, "bytes": signed.len(), "signer": vkey}));
    } else if arguments.output.as_os_str() != "-" {
        output::line(format!("countersigned: {}, {} bytes", arguments.output.display(), signed.len()));
        context.say(format!("for the trust files of those who hold it: signer {vkey}"));
    }
    Ok(0)
}
