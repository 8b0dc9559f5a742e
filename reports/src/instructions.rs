//! `VERIFY.md`: how to check a pack, with affiant and by hand.

use crate::pack::PackAssessment;
use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::note::Verifier;

/// The text of VERIFY.md.
pub(crate) fn text(assessment: &PackAssessment, checkpoint: &Checkpoint) -> String {
    let PackAssessment { pack, system, as_of, origin, keys, entries, .. } = assessment;
    let (size, root) = (checkpoint.size, checkpoint.root);
    let pem = |vkey: &str| vkey.parse::<Verifier>().map(|key| key.key().to_pem()).unwrap_or_default();
    let (log_pem, issuer_pem) = (pem(&keys.log), pem(&keys.issuer));
    format!(
        r#"# How to verify this pack

Pack `{pack}` about the AI system `{system}`, as of {as_of}, from the evidence ledger `{origin}`.

**Take the keys from elsewhere.** A pack that vouches for itself proves nothing about who made it. Ask the organisation
for its two public keys by another way than this file (its web site, a contract, an earlier pack you hold), and put
them in a file `trust.keys`. Compare them with what this pack claims:

```
log {log}
issuer {issuer}
```

## With affiant

```
affiant verify {pack}.affiant.zip --trust trust.keys
```

Exit code 0: verified. 1: intact, but its conclusions do not follow from its evidence. 3: altered, incomplete or signed
by another key. 4: nothing wrong found, but no trust anchor was given.

## By hand, with unzip, sha256sum and openssl

1. Unpack it, and check that every file is the one listed. Nothing may be missing, and nothing may be there that is not
   listed (`pack.note` and `tagmanifest-sha256.txt` are the two files that no list names):

   ```
   unzip -q {pack}.affiant.zip -d pack && cd pack
   sha256sum --check --strict --quiet manifest-sha256.txt tagmanifest-sha256.txt && echo all files match
   find . -type f | sort
   ```

2. Check the issuer's signature. `pack.note` is six lines of text, an empty line, and a signature line; the fifth and
   sixth lines of the text are the root of the ledger and the SHA-256 of `tagmanifest-sha256.txt`:

   ```
   sha256sum tagmanifest-sha256.txt; sed -n 6p pack.note
   sed '/^$/,$d' pack.note > text
   tail -n 1 pack.note | cut -d' ' -f3 | base64 -d | tail -c 64 > signature
   openssl pkeyutl -verify -pubin -inkey issuer.pem -rawin -in text -sigfile signature
   ```

   `issuer.pem` as this pack claims it (yours must come from elsewhere):

   ```
{issuer_pem}   ```

3. Check the ledger's signature on the checkpoint the same way, with `data/checkpoint` and `log.pem`. Its three lines
   are the origin, the number of entries ({size}) and the root of the tree in base64 (in hexadecimal: {root}):

   ```
   sed '/^$/,$d' data/checkpoint > text
   tail -n 1 data/checkpoint | cut -d' ' -f3 | base64 -d | tail -c 64 > signature
   openssl pkeyutl -verify -pubin -inkey log.pem -rawin -in text -sigfile signature
   ```

   `log.pem` as this pack claims it:

   ```
{log_pem}   ```

4. Check the entries. `data/entries.cbor` is a CBOR sequence (RFC 8742): one map per entry. The leaf hash of an entry is
   SHA-256 of a zero byte and its bytes; `stream_prev` is the leaf hash of the entry before it in this stream, `payload`
   is the SHA-256 of `data/payloads/<index>.cbor`. The last entry (`n` = {last}) issued this pack; its leaf hash is
   `{head}`. `data/proofs.json` leads from the leaf hashes to the root (RFC 6962; nodes layer by layer from the leaves
   up, by position within a layer).

## What verification does not establish

{limits}
"#,
        log = keys.log,
        issuer = keys.issuer,
        last = entries.last,
        head = entries.head,
        log_pem = indent(&log_pem),
        issuer_pem = indent(&issuer_pem),
        limits = assessment
            .does_not_establish
            .iter()
            .map(|limit| format!("- {limit}\n"))
            .collect::<String>()
            .trim_end(),
    )
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("   {line}\n")).collect()
}
