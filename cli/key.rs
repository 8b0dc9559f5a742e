//! `affiant key`: the ledger's public keys, and the trust file for auditors.

use crate::args::{KeyArguments, KeyPurpose, KeyVerb};
use crate::context::{self, Context};
use crate::error::Failure;
use crate::output;
use affiant_ledger::disk::Disk;
use affiant_ledger::key::SigningKey;
use affiant_ledger::keyfile;
use affiant_ledger::keyring::TrustedKey;
use affiant_ledger::note::{KeyName, Verifier};
use affiant_ledger::reader::read_settings;
use affiant_ledger::settings::Settings;
use affiant_reports::trust::Trust;
use std::path::Path;

/// Where the issuer's private key is, below the ledger's folder.
pub(crate) const ISSUER_KEY_FILE: &str = "keys/issuer.pem";

/// The public keys of a ledger.
pub(crate) struct Keys {
    pub(crate) log: Verifier,
    pub(crate) issuer: Verifier,
}

pub(crate) fn keys(folder: &Path) -> Result<Keys, Failure> {
    let settings = read_settings(&Disk, folder)?;
    let issuer = Verifier::new(issuer_name(&settings)?, issuer_key(folder)?.verifying_key());
    Ok(Keys { log: settings.log_key, issuer })
}

/// Name of the issuer's key: the origin with `/issuer`.
pub(crate) fn issuer_name(settings: &Settings) -> Result<KeyName, Failure> {
    format!("{}/issuer", settings.origin).parse().map_err(Failure::refused)
}

/// Reads the issuer's private key.
pub(crate) fn issuer_key(folder: &Path) -> Result<SigningKey, Failure> {
    Ok(keyfile::read(&Disk, &folder.join(ISSUER_KEY_FILE))?)
}

/// The trust anchor of a ledger.
pub(crate) fn trust(folder: &Path) -> Result<(Trust, String), Failure> {
    let keys = keys(folder)?;
    let comment = format!(
        "Trust anchor of the evidence ledger {}.\nGive this file to auditors by another way than the packs it vouches for.",
        keys.log.name()
    );
    let (log, issuer) = (TrustedKey::always(keys.log), TrustedKey::always(keys.issuer));
    Ok((Trust { logs: vec![log], issuers: vec![issuer] }, comment))
}

pub(crate) fn run(context: &Context, arguments: KeyArguments) -> Result<u8, Failure> {
    let folder = context.folder()?;
    match arguments.verb {
        KeyVerb::List => list(context, &keys(&folder)?),
        KeyVerb::Show { purpose, pem } => {
            let keys = keys(&folder)?;
            let key = if purpose == KeyPurpose::Log { keys.log } else { keys.issuer };
            match (context.json, pem) {
                (true, _) => output::json(&serde_json::json!({
                    "vkey": key.to_string(), "sha256": key.key().fingerprint(), "pem": key.key().to_pem(),
                })),
                (_, true) => output::bytes(key.key().to_pem().as_bytes()),
                _ => output::line(key),
            }
        }
        KeyVerb::Trust { output: path } => {
            let (trust, comment) = trust(&folder)?;
            context::output(&path, trust.to_text(&comment).as_bytes())?;
        }
    }
    Ok(0)
}

fn list(context: &Context, keys: &Keys) {
    let rows = [("log", "signs checkpoints", &keys.log), ("issuer", "signs packs", &keys.issuer)];
    if context.json {
        let keys: Vec<_> = rows
            .iter()
            .map(|(purpose, _, key)| {
                serde_json::json!({"purpose": purpose, "vkey": key.to_string(), "sha256": key.key().fingerprint()})
            })
            .collect();
        return output::json(&keys);
    }
    let row = |(purpose, what, key): (&str, &str, &Verifier)| {
        vec![purpose.to_owned(), what.to_owned(), key.name().to_string(), key.key().fingerprint().to_string()]
    };
    output::table(&["key", "for", "name", "sha-256"], rows.map(row));
}
