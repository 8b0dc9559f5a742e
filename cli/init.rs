//! `affiant init`: a ledger with its keys.

use crate::args::InitArguments;
use crate::catalogs;
use crate::context::Context;
use crate::output;
use affiant_ledger::checkpoint::LogKeys;
use affiant_ledger::key::SigningKey;
use affiant_ledger::ledger::{Founding, Ledger};
use affiant_ledger::note::{KeyName, Verifier};
use affiant_ledger::rotation::ISSUER_KEY_FILE;
use affiant_ledger::settings::Settings;
use affiant_server::failure::Failure;

pub(crate) fn run(context: &Context, arguments: InitArguments) -> Result<u8, Failure> {
    let (settings, issuer) = make(context, &arguments)?;
    let dir = arguments.dir.display();
    if context.json {
        output::json(&serde_json::json!({
            "ledger": dir.to_string(), "id": settings.id, "origin": settings.origin,
            "log_key": settings.log_keys.first().to_string(), "issuer_key": issuer.to_string(),
        }));
    } else {
        output::line(format!("ledger {} in {dir}, origin {}", settings.id, settings.origin));
        let how = if arguments.encrypt { "encrypted with your passphrase" } else { "readable by you alone" };
        context.say(format!("keys are in {dir}/keys, {how}; back them up"));
        context.say("next: `affiant register system ...`, then `affiant push ...`; `affiant key trust` for your auditor");
    }
    Ok(0)
}

/// Makes the ledger; gives its settings and its issuer's key.
pub(crate) fn make(context: &Context, arguments: &InitArguments) -> Result<(Settings, Verifier), Failure> {
    let id = match &arguments.id {
        Some(id) => id.parse(),
        None => format!("ledger-{}", made_up()).parse(),
    };
    let id: affiant_ledger::id::Id = id.map_err(Failure::refused)?;
    let origin = arguments.origin.clone().unwrap_or_else(|| format!("affiant.local/{id}"));
    let log_key = SigningKey::generate();
    let name: KeyName = origin.parse().map_err(|_| {
        Failure::refused(format!("`{origin}` cannot be an origin"))
            .hint("no spaces, no `+`, at most 255 bytes")
    })?;
    let settings = Settings {
        id,
        origin,
        log_keys: LogKeys::new(Verifier::new(name, log_key.verifying_key())),
        head: arguments.head.clone(),
    };
    let issuer_key = SigningKey::generate();
    let name = format!("{}/issuer", settings.origin).parse().map_err(Failure::refused)?;
    let issuer = Verifier::new(name, issuer_key.verifying_key());
    let passphrase = arguments.encrypt.then(|| context.passphrases.choose()).transpose()?;
    let founding = Founding {
        log_key: &log_key,
        issuer: Some(issuer.clone()),
        passphrase: passphrase.as_ref(),
        drafts: catalogs::drafts(&"org".parse().map_err(Failure::refused)?)?,
        keys: vec![(ISSUER_KEY_FILE.into(), issuer_key)],
    };
    Ledger::found(&arguments.dir, &settings, founding, context.surroundings())?.close()?;
    Ok((settings, issuer))
}

fn made_up() -> String {
    let mut bytes = [0; 6];
    affiant_ledger::random::fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
