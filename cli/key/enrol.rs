//! `affiant key new` and `affiant key enrol`: a collector gets a key, or brings its own.

use super::file::KeyFile;
use super::{given, holder};
use crate::args::{EnrolArguments, GrantArguments, NewKey};
use crate::context::{self, Context};
use crate::output;
use affiant_ledger::key::VerifyingKey;
use affiant_ledger::keyring::{Grant, Holder, KeyStatement, Names, Role};
use affiant_ledger::ledger::{Appended, Ledger};
use affiant_server::failure::{Failure, REFUSED};
use serde_json::json;
use std::path::PathBuf;

/// Makes a collector's key, writes it down, and enrols it.
pub(super) fn new(context: &Context, what: NewKey) -> Result<(), Failure> {
    let NewKey::Collector { id, grant, output: path, encrypt } = what;
    let collector = collector(&id)?;
    let grant = granted(&grant)?;
    let path = path.unwrap_or_else(|| PathBuf::from(format!("{id}.pem")));
    let mut ledger = context.open()?;
    let file = KeyFile::at(context, &path, encrypt)?;
    let statement = ledger.keyring().enrolment(&collector, &file.key.verifying_key(), Some(grant));
    let statement = statement.proven(Role::New, &file.key);
    // Refused before a file is made; written before it is enrolled: no key counts that nobody has.
    ledger.admit_key(&ledger.prove(statement.clone()))?;
    file.write(context)?;
    let appended = match record(&mut ledger, statement) {
        Ok(appended) => appended,
        Err(failure) => {
            if failure.code == REFUSED {
                file.withdraw()?;
            }
            // After a fault of the disk the enrolment may be on record: then this file is the only key to it.
            return Err(failure);
        }
    };
    ledger.close()?;
    if context.json {
        let (file, sha256) = (path.display().to_string(), file.key.verifying_key().fingerprint());
        output::json(&json!({"id": id, "entry": appended.index, "file": file, "sha256": sha256}));
    } else {
        output::line(format!("collector {id} enrolled by entry {}: {}", appended.index, path.display()));
        context.say("give the file to the collector, which pushes with --sign-key, and keep no copy");
    }
    Ok(())
}

/// Enrols a collector's own key, once it has proven that it holds the private half.
pub(super) fn enrol(context: &Context, arguments: &EnrolArguments) -> Result<(), Failure> {
    let EnrolArguments { id, public, grant, request, proof } = arguments;
    let collector = collector(id)?;
    let text = String::from_utf8(given(public)?).unwrap_or_default();
    let key = VerifyingKey::from_pem(&text);
    let key = key.map_err(|error| Failure::refused(format!("{}: {error}", public.display())))?;
    let grant = granted(grant)?;
    if let Some(request) = request {
        let statement = context.read()?.keyring()?.enrolment(&collector, &key, Some(grant));
        context::output(request, &statement.message())?;
        context.say("let the collector sign this message, and enrol the key with --proof FILE");
        return Ok(());
    }
    let Some(path) = proof else { return Err(Failure::refused("--request or --proof is needed")) };
    let proof = <[u8; 64]>::try_from(given(path)?)
        .map_err(|_| Failure::refused(format!("{}: not a signature of 64 bytes", path.display())))?;
    let mut ledger = context.open()?;
    let statement = ledger.keyring().enrolment(&collector, &key, Some(grant)).with_proof(Role::New, proof);
    let appended = record(&mut ledger, statement)?;
    ledger.close()?;
    if context.json {
        output::json(&json!({"id": id, "entry": appended.index}));
    } else {
        output::line(format!("collector {id} enrolled by entry {}", appended.index));
    }
    Ok(())
}

/// Records an enrolment with the log's agreement.
fn record(ledger: &mut Ledger, statement: KeyStatement) -> Result<Appended, Failure> {
    let statement = ledger.prove(statement);
    Ok(ledger.record_key(&statement)?)
}

fn collector(id: &str) -> Result<Holder, Failure> {
    match holder(id)? {
        collector @ Holder::Collector(_) => Ok(collector),
        other => Err(Failure::refused(format!("`{id}` is {other}, and no name for a collector"))),
    }
}

fn granted(arguments: &GrantArguments) -> Result<Grant, Failure> {
    let names = |names: &[String]| Names::of(names.iter().map(String::as_str)).map_err(Failure::refused);
    let expires =
        arguments.expires.as_ref().map(|time| time.parse().map_err(Failure::refused)).transpose()?;
    Ok(Grant { kinds: names(&arguments.kinds)?, expires, streams: names(&arguments.streams)? })
}
