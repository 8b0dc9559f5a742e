//! Who signs a pack beside its issuer: `--sign ROLE=FILE`.

use crate::context::Context;
use affiant_controls::issued::SignerRole;
use affiant_ledger::id::visible;
use affiant_ledger::keyring::Holder;
use affiant_ledger::ledger::Ledger;
use affiant_reports::issue::Signer;
use affiant_server::failure::Failure;
use std::path::Path;

/// The signers with their keys, each named after the ledger and its role.
pub(super) fn read(context: &Context, ledger: &mut Ledger, words: &[String]) -> Result<Vec<Signer>, Failure> {
    words.iter().map(|word| signer(context, ledger, word)).collect()
}

fn signer(context: &Context, ledger: &mut Ledger, word: &str) -> Result<Signer, Failure> {
    let (role, path) = word.split_once('=').ok_or_else(|| {
        let failure = Failure::refused(format!("`{}` is not a role and a file", visible(word)));
        failure.hint("write ROLE=FILE, such as management=cro.pem")
    })?;
    let role: SignerRole = role.parse().map_err(Failure::refused)?;
    let key = context.key(Path::new(path))?;
    if let Some(holder @ (Holder::Log | Holder::Issuer)) = ledger.keyring().holder_of(&key.verifying_key()) {
        let text = format!("{path}: a key of {holder}; {role} signs with a key of their own");
        return Err(Failure::refused(text));
    }
    let name = format!("{}/{role}", ledger.reader()?.settings().origin);
    Ok(Signer { role, name: name.parse().map_err(Failure::refused)?, key })
}
