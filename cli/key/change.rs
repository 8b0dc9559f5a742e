//! `affiant key rotate` and `affiant key revoke`.

use super::file::KeyFile;
use super::holder;
use crate::args::{RevokeArguments, RotateArguments};
use crate::context::Context;
use crate::output;
use affiant_ledger::key::{Passphrase, SigningKey};
use affiant_ledger::keyring::{Holder, Role, Tenure};
use affiant_ledger::ledger::{Appended, Ledger};
use affiant_ledger::rotation::{ISSUER_KEY_FILE, LOG_KEY_FILE};
use affiant_server::failure::{Failure, REFUSED};
use serde_json::json;

/// Lets a new key follow the one in force.
pub(super) fn rotate(context: &Context, arguments: &RotateArguments) -> Result<(), Failure> {
    let holder = holder(&arguments.whose)?;
    let mut ledger = context.open()?;
    let appended = match &holder {
        Holder::Collector(_) => rotate_collector(context, &mut ledger, &holder, arguments)?,
        _ if arguments.sign_key.is_some() || arguments.output.is_some() => {
            let text = "the keys of log and issuer stay in the ledger's folder";
            return Err(Failure::refused(text).hint("--sign-key and --output are for collectors"));
        }
        Holder::Log => {
            let passphrase = encryption(context, &ledger, LOG_KEY_FILE, arguments.encrypt)?;
            ledger.rotate_log_key(SigningKey::generate(), passphrase.as_ref())?
        }
        Holder::Issuer => rotate_issuer(context, &mut ledger, arguments.encrypt)?,
    };
    let key = ledger.keyring().tenures(&holder).last().map(|tenure| tenure.key.clone());
    ledger.close()?;
    if context.json {
        let vkey = key.as_ref().map(ToString::to_string);
        output::json(
            &json!({"purpose": holder.purpose(), "id": holder.id(), "entry": appended.index, "vkey": vkey}),
        );
    } else {
        output::line(format!("{holder}: a new key is in force from entry {} on", appended.index));
        if holder.id().is_none() {
            context.say("give your auditors the output of `affiant key trust` again; back up the new key");
        }
    }
    Ok(())
}

fn rotate_issuer(context: &Context, ledger: &mut Ledger, encrypt: bool) -> Result<Appended, Failure> {
    let open = |path: &std::path::Path| context.passphrases.open(path);
    let passphrase = encryption(context, ledger, ISSUER_KEY_FILE, encrypt)?;
    let keyring = ledger.keyring();
    if keyring.issuer().is_none() && !keyring.tenures(&Holder::Issuer).is_empty() {
        return Ok(ledger.enrol_issuer_key(SigningKey::generate(), passphrase.as_ref())?);
    }
    Ok(ledger.rotate_issuer_key(SigningKey::generate(), passphrase.as_ref(), &open)?)
}

/// The passphrase for the key that follows: one if it is asked for, or if the former key has one.
fn encryption(
    context: &Context,
    ledger: &Ledger,
    file: &str,
    encrypt: bool,
) -> Result<Option<Passphrase>, Failure> {
    let encrypt = encrypt || ledger.is_encrypted(file)?;
    encrypt.then(|| context.passphrases.choose()).transpose()
}

fn rotate_collector(
    context: &Context,
    ledger: &mut Ledger,
    holder: &Holder,
    arguments: &RotateArguments,
) -> Result<Appended, Failure> {
    let (Some(former), Some(path)) = (&arguments.sign_key, &arguments.output) else {
        let text = format!("the keys of {holder} are not in the ledger's folder");
        return Err(Failure::refused(text)
            .hint("--sign-key FILE gives the one in force, --output FILE takes the next"));
    };
    let former = context.key(former)?;
    let file = KeyFile::at(context, path, arguments.encrypt)?;
    let next = &file.key;
    let statement = ledger.keyring().rotation(holder, &next.verifying_key()).map_err(Failure::refused)?;
    let statement = statement.proven(Role::Old, &former).proven(Role::New, next);
    // Refused before a file is made; written before it is recorded: no key counts that nobody has.
    ledger.admit_key(&statement)?;
    file.write(context)?;
    match ledger.record_key(&statement) {
        Ok(appended) => Ok(appended),
        Err(error) => {
            let failure = Failure::from(error);
            if failure.code == REFUSED {
                file.withdraw()?;
            }
            // After a fault of the disk the rotation may be on record: then this file is the only key to it.
            Err(failure)
        }
    }
}

/// Lets a key count no more.
pub(super) fn revoke(context: &Context, arguments: &RevokeArguments) -> Result<(), Failure> {
    let holder = holder(&arguments.whose)?;
    let mut ledger = context.open()?;
    let keyring = ledger.keyring();
    let tenures = keyring.tenures(&holder);
    // The log key in force cannot go: what is meant is the one before it.
    let candidates = if holder == Holder::Log { &tenures[..tenures.len() - 1] } else { tenures };
    let key = chosen(&holder, candidates, arguments.key.as_deref())?.key.clone();
    let statement = keyring.revocation(&holder, &key, arguments.reason.into(), arguments.since);
    let appended = ledger.record_key(&ledger.prove(statement))?;
    ledger.close()?;
    let sha256 = key.key().fingerprint();
    if context.json {
        let (reason, since) = (affiant_ledger::keyring::KeyReason::from(arguments.reason), arguments.since);
        output::json(&json!({
            "purpose": holder.purpose(), "id": holder.id(), "entry": appended.index, "sha256": sha256,
            "reason": reason, "since": since,
        }));
    } else {
        let index = appended.index;
        output::line(format!("{holder}: key {}… is revoked by entry {index}", &sha256.to_string()[..16]));
        if holder.id().is_none() {
            context.say("give your auditors the output of `affiant key trust` again");
        }
    }
    Ok(())
}

/// The key a person means: the one whose fingerprint begins so, or the last.
fn chosen<'a>(
    holder: &Holder,
    tenures: &'a [Tenure],
    fingerprint: Option<&str>,
) -> Result<&'a Tenure, Failure> {
    let begins = |tenure: &&Tenure| {
        fingerprint.is_none_or(|begin| tenure.key.key().fingerprint().to_string().starts_with(begin))
    };
    let found: Vec<&Tenure> = tenures.iter().filter(begins).collect();
    match (found.as_slice(), fingerprint) {
        ([one], _) | ([.., one], None) => Ok(one),
        ([], _) if *holder == Holder::Log => Err(Failure::refused("the log has no former key to revoke")
            .hint("the log key in force is rotated first: `affiant key rotate log`")),
        ([], _) => {
            Err(Failure::refused(format!("{holder} has no such key"))
                .hint("`affiant key list` shows all keys"))
        }
        _ => Err(Failure::refused("more than one key begins so").hint("give more of its SHA-256")),
    }
}
