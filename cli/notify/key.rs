//! The key that signs webhooks: one for this purpose alone, made when it is first needed. Its public half lies beside it,
//! for those who receive.

use crate::context::Context;
use affiant_ledger::disk::Disk;
use affiant_ledger::files;
use affiant_ledger::key::SigningKey;
use affiant_ledger::keyfile;
use affiant_ledger::rotation::LOG_KEY_FILE;
use affiant_server::failure::Failure;
use std::path::Path;

/// Where it lies below the ledger's folder, and its public half.
const KEY_FILE: &str = "keys/webhook.pem";
const PUBLIC_FILE: &str = "keys/webhook.pub";

/// The key in the file given, or the ledger's.
pub(super) fn key(context: &Context, given: Option<&Path>) -> Result<SigningKey, Failure> {
    if let Some(path) = given {
        return context.key(path);
    }
    let folder = context.folder()?;
    let (path, public) = (folder.join(KEY_FILE), folder.join(PUBLIC_FILE));
    let unfinished = path.exists() && keyfile::is_unfinished(&Disk, &path)?;
    let key = if path.exists() && !unfinished {
        context.key(&path)?
    } else {
        let key = SigningKey::generate();
        let encrypt = keyfile::is_encrypted(&Disk, &folder.join(LOG_KEY_FILE))?;
        let passphrase = encrypt.then(|| context.passphrases.choose()).transpose()?;
        files::remove_if_any(&path)?;
        keyfile::write_with(&Disk, &path, &key, passphrase.as_ref())?;
        files::remove_if_any(&public)?;
        context.say(format!("a key for webhooks was made: give {PUBLIC_FILE} to those who receive"));
        key
    };
    if !public.exists() {
        files::write_durably(&public, key.verifying_key().to_pem().as_bytes())?;
    }
    Ok(key)
}
