//! `affiant key`: the keys of a ledger, from the first to the ones in force, and the trust file for auditors.
//!
//! Who signs what is read from the ledger's entries, never from files beside it: listing keys needs no private key and no
//! passphrase.

mod change;
mod enrol;
mod file;
pub(crate) mod passphrase;

use crate::args::{KeyArguments, KeyVerb};
use crate::context::{self, Context};
use crate::output;
use affiant_ledger::key::SigningKey;
use affiant_ledger::keyring::{Grant, Holder, Keyring, Tenure, TrustedKey};
use affiant_ledger::note::Verifier;
use affiant_ledger::rotation::ISSUER_KEY_FILE;
use affiant_reports::trust::Trust;
use affiant_server::failure::Failure;
use serde_json::{Value, json};
use std::path::Path;

pub(crate) fn run(context: &Context, arguments: KeyArguments) -> Result<u8, Failure> {
    match arguments.verb {
        KeyVerb::List => list(context, &context.read()?.keyring()?),
        KeyVerb::Show { whose, pem } => show(context, &whose, pem)?,
        KeyVerb::Trust { output: path } => {
            let keyring = context.read()?.keyring()?;
            let (trust, comment) = trust(&keyring, || issuer_of_file(context))?;
            context::output(&path, trust.to_text(&comment).as_bytes())?;
        }
        KeyVerb::New { what } => enrol::new(context, what)?,
        KeyVerb::Enrol(arguments) => enrol::enrol(context, &arguments)?,
        KeyVerb::Rotate(arguments) => change::rotate(context, &arguments)?,
        KeyVerb::Revoke(arguments) => change::revoke(context, &arguments)?,
    }
    Ok(0)
}

/// The trust anchor of a ledger. `issuer` is asked for the issuer key of ledgers that were made before issuers were recorded.
pub(crate) fn trust(
    keyring: &Keyring,
    issuer: impl FnOnce() -> Result<Verifier, Failure>,
) -> Result<(Trust, String), Failure> {
    let logs = keyring.trusted(&Holder::Log);
    let issuers = match keyring.trusted(&Holder::Issuer) {
        none if none.is_empty() => vec![TrustedKey::always(issuer()?)],
        some => some,
    };
    let comment = format!(
        "Trust anchor of the evidence ledger {}.\nGive this file to auditors by another way than the packs it vouches for.",
        keyring.log_keys().origin()
    );
    Ok((Trust { logs, issuers, signers: Vec::new() }, comment))
}

/// The issuer key that lies in the ledger's folder.
fn issuer_of_file(context: &Context) -> Result<Verifier, Failure> {
    let folder = context.folder()?;
    let keyring = context.read()?.keyring()?;
    named(&keyring, &Holder::Issuer, &context.key(&folder.join(ISSUER_KEY_FILE))?)
}

/// The verifier of a private key of a holder.
pub(crate) fn named(keyring: &Keyring, holder: &Holder, key: &SigningKey) -> Result<Verifier, Failure> {
    let name = keyring.name_of(holder).parse().map_err(Failure::refused)?;
    Ok(Verifier::new(name, key.verifying_key()))
}

/// Whose keys a word means.
fn holder(whose: &str) -> Result<Holder, Failure> {
    match whose {
        "log" => Ok(Holder::Log),
        "issuer" => Ok(Holder::Issuer),
        id => Ok(Holder::Collector(id.parse().map_err(Failure::refused)?)),
    }
}

fn show(context: &Context, whose: &str, pem: bool) -> Result<(), Failure> {
    let keyring = context.read()?.keyring()?;
    let holder = holder(whose)?;
    let last = keyring.tenures(&holder).last().filter(|tenure| tenure.until.is_none());
    let key = match last {
        Some(tenure) => tenure.key.clone(),
        None if holder == Holder::Issuer && keyring.tenures(&holder).is_empty() => issuer_of_file(context)?,
        None => {
            let text = format!("{holder} has no key in force");
            return Err(Failure::refused(text).hint("`affiant key list` shows all keys"));
        }
    };
    match (context.json, pem) {
        (true, _) => output::json(&json!({
            "vkey": key.to_string(), "sha256": key.key().fingerprint(), "pem": key.key().to_pem(),
        })),
        (_, true) => output::bytes(key.key().to_pem().as_bytes()),
        _ => output::line(key),
    }
    Ok(())
}

fn list(context: &Context, keyring: &Keyring) {
    let grants = keyring.collectors().map(|(id, grant)| (Holder::Collector(id.clone()), Some(grant)));
    let holders = [(Holder::Log, None), (Holder::Issuer, None)].into_iter().chain(grants);
    let keys: Vec<(Holder, Option<&Grant>, &Tenure)> = holders
        .flat_map(|(holder, grant)| {
            let tenures = keyring.tenures(&holder).iter();
            tenures.map(|tenure| (holder.clone(), grant, tenure)).collect::<Vec<_>>()
        })
        .collect();
    if context.json {
        let keys: Vec<Value> =
            keys.iter().map(|(holder, grant, tenure)| key_json(holder, *grant, tenure)).collect();
        return output::json(&keys);
    }
    let row = |(holder, grant, tenure): &(Holder, Option<&Grant>, &Tenure)| {
        let whose = holder.id().map_or_else(|| holder.purpose().to_string(), ToString::to_string);
        let digest = tenure.key.key().fingerprint().to_string()[..16].to_owned();
        vec![whose, digest, entries(tenure), may(holder, *grant), fate(tenure)]
    };
    output::table(&["key", "sha-256", "entries", "for", ""], keys.iter().map(row));
}

/// The entries for which a key counts.
fn entries(tenure: &Tenure) -> String {
    match tenure.until {
        None => format!("{} and on", tenure.from),
        Some(until) if until == tenure.from => "none".to_owned(),
        Some(until) => format!("{} to {}", tenure.from, until - 1),
    }
}

fn may(holder: &Holder, grant: Option<&Grant>) -> String {
    match (holder, grant) {
        (Holder::Log, _) => "signs checkpoints".into(),
        (Holder::Issuer, _) => "signs packs".into(),
        (Holder::Collector(_), None) => String::new(),
        (Holder::Collector(_), Some(Grant { kinds, expires, streams })) => {
            let expires = expires.map(|time| format!(", until {time}")).unwrap_or_default();
            format!("pushes {kinds} to {streams}{expires}")
        }
    }
}

fn fate(tenure: &Tenure) -> String {
    match (&tenure.revoked, tenure.until) {
        (Some(revoked), _) => {
            let since =
                revoked.since.map(|since| format!(", counts no more from {since}")).unwrap_or_default();
            format!("revoked by {} as {}{since}", revoked.index, revoked.reason)
        }
        (None, Some(until)) => format!("followed by another at {until}"),
        (None, None) => "in force".into(),
    }
}

fn key_json(holder: &Holder, grant: Option<&Grant>, tenure: &Tenure) -> Value {
    let mut key = json!({
        "purpose": holder.purpose(), "vkey": tenure.key.to_string(), "sha256": tenure.key.key().fingerprint(),
        "from": tenure.from, "until": tenure.until,
    });
    if let Some(id) = holder.id() {
        key["id"] = json!(id);
        key["grant"] = json!(grant);
    }
    if let Some(revoked) = &tenure.revoked {
        key["revoked"] = json!({"entry": revoked.index, "reason": revoked.reason, "since": revoked.since});
    }
    key
}

/// Reads a small file that someone gave.
fn given(path: &Path) -> Result<Vec<u8>, Failure> {
    context::input(path, 16 * 1024)
}
