//! `VERIFY.md`: how to check a pack, with affiant and by hand. Its commands run as printed, with any POSIX shell and
//! OpenSSL 3; keys are read from the auditor's file, never from the pack.

use crate::pack::{PACK_ENDING, PackAssessment};
use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::digest::Digest;

/// The text of VERIFY.md.
pub(crate) fn text(
    assessment: &PackAssessment,
    checkpoint: &Checkpoint,
    certificate: Option<&Digest>,
) -> String {
    let PackAssessment { pack, system, as_of, origin, keys, entries, .. } = assessment;
    let (size, root) = (checkpoint.size, checkpoint.root);
    let time = match assessment.period {
        None => format!("as of {as_of}"),
        Some(period) => format!("over the period from {} until {}", period.from, period.to),
    };
    let limits: Vec<String> =
        assessment.does_not_establish.iter().map(|limit| format!("- {limit}\n")).collect();
    format!(
        r#"# How to verify this pack

- Pack: `{pack}`
- AI system: `{system}`, {time}
- Evidence ledger: `{origin}`

**Take the keys from elsewhere.** A pack that vouches for itself proves nothing about who made it. Ask the organisation
for its public keys by another way than this file (its web site, a contract, an earlier pack you hold), and put
them in a file `trust.keys` beside the pack. This pack claims to be made with:

```
log {log}
issuer {issuer}
{signers}```

The commands below take the pack's file to be called `{system}{PACK_ENDING}`.

## With affiant

```
affiant verify {system}{PACK_ENDING} --trust trust.keys
```

Exit code 0: verified. 1: intact, but its conclusions do not follow from its evidence. 3: altered, incomplete or signed
by another key. 4: nothing wrong found, but no trust anchor was given, or payloads that bear on the conclusions are withheld.
`--transcript FILE` writes what was checked, with which keys and how it came out, for your working papers. `affiant-verify`, a
small program of one file that can do nothing else, takes the same words.

## By hand, with unzip, sha256sum and OpenSSL 3

By hand you check who signed the pack and that nothing in it was changed since. That its conclusions follow from its
entries, and that the entries are those of the ledger, is for a program to check, affiant or your own.

Work in a new folder that holds the pack and `trust.keys` alone, in bash, and go on in the same shell from step to step. Each
step says what it prints; where a line is missing, or another stands beside it, the pack is not to be relied on.

1. Make key files that openssl reads from the keys you hold. Of several in your file, those are taken that this pack
   claims; when such a line ends in `from` or `to`, the key is trusted for these sizes only, and this pack's is {size}:

   ```
   for key in 'log +{log_key}' 'issuer +{issuer_key}'; do
     who=${{key% *}}
     grep "^$who " trust.keys | grep -F -e "${{key#* }}" | cut -d' ' -f2 | cut -d+ -f3- | base64 -d | tail -c 32 > raw
     (echo MCowBQYDK2VwAyEA | base64 -d; cat raw) | openssl pkey -pubin -inform DER -out $who.pem
   done
   ```

   It prints nothing. An error of openssl means that the keys you hold are not those that this pack
   claims: whoever made it is not who you think, or has a new key that you should ask for.

2. Unpack it, and check that every file is the one listed, that none is missing and none extra. (No list names
   `pack.note` and `tagmanifest-sha256.txt`.)

   ```
   unzip -q {system}{PACK_ENDING} -d pack && cd pack
   sha256sum --check --strict --quiet manifest-sha256.txt tagmanifest-sha256.txt && echo every file is the one listed
   (cut -c67- manifest-sha256.txt tagmanifest-sha256.txt; echo pack.note; echo tagmanifest-sha256.txt) | sort > ../listed
   find . ! -type d | cut -c3- | sort | diff ../listed - && echo none is missing and none extra
   ```

   It prints `every file is the one listed` and `none is missing and none extra`.

3. Check the issuer's signature. `pack.note` is six lines of text, an empty line and signature lines, of which the first is
   the issuer's. The sixth line of the text is the SHA-256 of `tagmanifest-sha256.txt`:

   ```
   sed '/^$/,$d' pack.note > ../text
   sed -n 8p pack.note | cut -d' ' -f3 | base64 -d | tail -c 64 > ../signature
   openssl pkeyutl -verify -pubin -inkey ../issuer.pem -rawin -in ../text -sigfile ../signature
   echo "$(sed -n 6p pack.note)  tagmanifest-sha256.txt" | sha256sum --check
   ```

   It prints `Signature Verified Successfully` and `tagmanifest-sha256.txt: OK`.

   The lines below it are of those who sign beside the issuer, in the order above, then of those who countersigned: each is
   checked in the same way, with the next line of `pack.note` and a key that its holder gave you.

4. Check the ledger's signature on its head. The three lines of `data/checkpoint` are the origin, the number of entries
   ({size}) and the root of the tree, as lines three to five of `pack.note` say:

   ```
   sed '/^$/,$d' data/checkpoint > ../text
   tail -n 1 data/checkpoint | cut -d' ' -f3 | base64 -d | tail -c 64 > ../signature
   openssl pkeyutl -verify -pubin -inkey ../log.pem -rawin -in ../text -sigfile ../signature
   sed -n 3,5p pack.note | diff ../text - && echo the note names this head
   ```

   It prints `Signature Verified Successfully` and `the note names this head`. In hexadecimal the root is
   `{root}`.

## The entries

`data/entries.cbor` is a CBOR sequence (RFC 8742), one map per entry. The leaf hash of an entry is SHA-256 of a zero byte
and its bytes. `stream_prev` is the leaf hash of the entry before it in this stream; `payload` is the SHA-256 of
`data/payloads/<index>.cbor`. The last entry (`n` = {last}) issued this pack; its leaf hash is
`{head}`.
`data/keys.cbor` are the entries of stream `org`, among which keys are enrolled and revoked.
`data/proofs.json` leads from the leaf hashes of both to the root (RFC 6962; nodes layer by layer from the leaves up, by
position within a layer).

{seal}## What verification does not establish

{limits}"#,
        signers = keys.signers.iter().map(|it| format!("signer {}\n", it.vkey)).collect::<String>(),
        seal = certificate.map(seal).unwrap_or_default(),
        log = keys.log,
        log_key = unnamed(&keys.log),
        issuer_key = unnamed(&keys.issuer),
        issuer = keys.issuer,
        last = entries.last,
        head = entries.head,
        limits = limits.concat(),
    )
}

/// How to look at the seal of the report.
fn seal(certificate: &Digest) -> String {
    format!(
        "## The seal in the report

`data/report.pdf` is sealed inside (PAdES), so that readers of PDF show who made it and that nothing was changed since, also
when it goes its way without this pack. A reader that does not know the certificate says so: compare its SHA-256 with

`{certificate}`

which the entry that issued this pack names. pdfsig of poppler and openssl show it.

"
    )
}

/// What follows the name in a vkey: of letters that mean nothing to a shell, which a name may hold.
fn unnamed(vkey: &str) -> &str {
    vkey.split_once('+').map_or("", |(_, rest)| rest)
}
