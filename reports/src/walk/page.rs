//! The page of a walkthrough. Its commands run as printed in the folder they came with, with any POSIX shell, `sha256sum` and
//! OpenSSL 3; the keys are read from the auditor's file, never from the folder.

use super::{CheckpointHop, EvidenceHop, PackHop, PathHop, Side, Walkthrough};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::visible;
use affiant_ledger::note::to_base64;

/// The text of WALKTHROUGH.md. `statement_size` is the statement's, in bytes.
pub(super) fn text(walk: &Walkthrough, statement_size: usize) -> String {
    let parts = [
        head(walk),
        evidence(walk),
        statement(walk, statement_size),
        entry(walk),
        stream(walk),
        tree(walk),
        checkpoint(walk),
        pack(walk),
        conclusions(walk),
    ];
    parts.concat()
}

fn head(walk: &Walkthrough) -> String {
    let Walkthrough { index, stream, n, kind, by, recorded, .. } = walk;
    format!(
        r#"# Walkthrough of entry {index}

Kind `{kind}`, number {n} of stream `{stream}`, submitted by `{by}`, recorded {recorded}.

Each step leads from one file of this folder to the next, and ends with an error when it does not. Put the keys that you received
from the organisation by another way beside them, as `trust.keys`, and run the steps in order:

```sh
set -e
hash() {{ openssl dgst -sha256 -binary; }}
hex() {{ od -An -v -tx1 "$1" | tr -d ' \n'; }}
names() {{ hex "$1" | grep -q "$2" && echo "$1 names $2"; }}
same() {{ test "$1" = "$2" && echo "$3"; }}
```
"#
    )
}

fn evidence(walk: &Walkthrough) -> String {
    let mut text = "\n## 1. From the evidence to the statement\n".to_owned();
    if walk.statement.is_none() {
        return text + "\nThe payload of this entry is gone, and with it the statement and what it cites.\n";
    }
    if walk.evidence.is_empty() {
        return text + "\nThe statement cites no file.\n";
    }
    for EvidenceHop { sha256, name, size, held } in &walk.evidence {
        let (there, check) = match held {
            true => (":", format!("echo \"{sha256}  evidence/{sha256}\" | sha256sum --check\n")),
            false => (
                " is not here. Ask for it: `sha256sum` must say of it what the statement names:",
                String::new(),
            ),
        };
        text.push_str(&format!(
            r#"
`{}`, {size} bytes{there}

```sh
{check}names statement.cbor {sha256}
```
"#,
            visible(name)
        ));
    }
    text
}

fn statement(walk: &Walkthrough, size: usize) -> String {
    if walk.statement.is_none() {
        return String::new();
    }
    let signed = walk.signed_by.as_ref().map_or_else(String::new, |key| {
        format!(
            r#"
Signed by `{key}`, the key that the ledger's own `key` entries name for this entry. Compare it with the one that the collector
holds:

```sh
names payload.cbor "$(hex signature)"
(printf 'affiant statement v1\n'; hash < statement.cbor) > message
openssl pkeyutl -verify -pubin -inkey collector.pem -rawin -in message -sigfile signature
```
"#
        )
    });
    format!(
        r#"
## 2. From the statement to the payload

The payload is a salt, the statement, and perhaps a signature over it; it ends with the statement.

```sh
tail -c {size} payload.cbor | cmp - statement.cbor
echo the payload ends with the statement
```
{signed}"#
    )
}

fn entry(walk: &Walkthrough) -> String {
    let Walkthrough { payload, leaf, index, .. } = walk;
    let payload = match walk.statement {
        Some(_) => r#""$(sha256sum < payload.cbor | cut -c1-64)""#.to_owned(),
        None => payload.to_string(),
    };
    format!(
        r#"
## 3. From the payload to the entry

The entry names the SHA-256 of its payload. Its own leaf hash is that of a zero byte and its bytes:

```sh
names entry.cbor {payload}
(printf '\000'; cat entry.cbor) | hash > node
same "$(hex node)" {leaf} 'the leaf hash of entry {index} is {leaf}'
```
"#
    )
}

fn stream(walk: &Walkthrough) -> String {
    let before = match walk.stream_prev {
        Digest::ZERO => format!("same \"$(hex named)\" {} 'it is the first of its stream'\n", Digest::ZERO),
        _ => "(printf '\\000'; cat previous.cbor) | hash > before\nsame \"$(hex named)\" \"$(hex before)\" 'it follows previous.cbor'\n"
            .to_owned(),
    };
    let next = match walk.next {
        Some(_) => {
            "tail -c 32 next.cbor > named\nsame \"$(hex named)\" \"$(hex node)\" 'next.cbor follows it'\n"
        }
        None => "",
    };
    format!(
        r#"
## 4. Its place in the stream

The last 32 bytes of an entry are the leaf hash of the one before it in its stream.

```sh
tail -c 32 entry.cbor > named
{before}{next}```
"#
    )
}

fn tree(walk: &Walkthrough) -> String {
    let step = |step: &PathHop| {
        let pair = match step.side {
            Side::Left => "other node",
            Side::Right => "node other",
        };
        let other = to_base64(step.hash.as_bytes());
        format!("echo {other} | base64 -d > other; (printf '\\001'; cat {pair}) | hash > up; mv up node\n")
    };
    let (steps, size): (String, u64) = (walk.path.iter().map(step).collect(), walk.checkpoint.size);
    format!(
        r#"
## 5. Up the tree

A node is the SHA-256 of a one byte and its two children. Each line joins the node so far with the other:

```sh
{steps}same "$(base64 < node | tr -d '\n')" "$(sed -n 3p checkpoint)" 'the entry is in the tree of {size}'
```
"#
    )
}

/// Commands that make a PEM file of a key in the auditor's file, and check a note with it.
fn signed(who: &str, vkey: &str, note: &str) -> String {
    // What follows the name in a vkey: of letters that mean nothing to a shell, which a name may hold.
    let key = vkey.split_once('+').map_or("", |(_, rest)| rest);
    format!(
        r#"grep '^{who} ' trust.keys | grep -F -e '+{key}' | cut -d' ' -f2 | cut -d+ -f3- | base64 -d | tail -c 32 > raw
(echo MCowBQYDK2VwAyEA | base64 -d; cat raw) | openssl pkey -pubin -inform DER -out {who}.pem
sed '/^$/,$d' {note} > text
tail -n 1 {note} | cut -d' ' -f3 | base64 -d | tail -c 64 > mark
openssl pkeyutl -verify -pubin -inkey {who}.pem -rawin -in text -sigfile mark
"#
    )
}

fn checkpoint(walk: &Walkthrough) -> String {
    let CheckpointHop { origin, size, signed_by, .. } = &walk.checkpoint;
    let (origin, signed) = (visible(origin), signed("log", signed_by, "checkpoint"));
    format!(
        r#"
## 6. The signature on the tree

The checkpoint says how many entries the log `{origin}` has, {size}, and their root. The log key signed it. Where the key's line in
your file ends in `from` or `to`, it is trusted for these sizes only.

```sh
{signed}```
"#
    )
}

fn pack(walk: &Walkthrough) -> String {
    let Some(PackHop { id, signed_by }) = &walk.pack else {
        return "\n## 7. The pack\n\nThis walkthrough was made from the ledger: no pack is part of it.\n"
            .to_owned();
    };
    let (index, signed) = (walk.index, signed("issuer", signed_by, "pack.note"));
    let payload = match walk.statement {
        Some(_) => format!("listed payload.cbor data/payloads/{index}.cbor manifest-sha256.txt\n"),
        None => String::new(),
    };
    format!(
        r#"
## 7. The pack

The issuer of `{id}` signed the head above and the digest of a list; lists lead from it to every file of the pack.

```sh
listed() {{ grep -F "$(sha256sum < "$1" | cut -c1-64)  $2" "$3"; }}
sed -n 3,5p pack.note | diff text -
echo the pack was made over this head
{signed}same "$(sha256sum < tagmanifest-sha256.txt | cut -c1-64)" "$(sed -n 6p pack.note)" 'the issuer signed this list'
listed manifest-sha256.txt manifest-sha256.txt tagmanifest-sha256.txt
listed assessment.json data/assessment.json manifest-sha256.txt
{payload}```
"#
    )
}

fn conclusions(walk: &Walkthrough) -> String {
    let (index, packed) = (walk.index, walk.pack.is_some());
    let from = if packed { "the pack" } else { "an assessment of the ledger as it is" };
    let title = "\n## 8. The conclusions\n\n";
    if walk.cited_by.is_empty() {
        return format!(
            "{title}No determination in {from} cites entry {index}: a later result took its place, or it bears on none.\n"
        );
    }
    let cell = |text: &str| visible(text).replace('|', "\\|");
    let rows: String = walk
        .cited_by
        .iter()
        .map(|cited| {
            let (requirement, citation) = (cell(&cited.requirement), cell(&cited.citation));
            format!("| {} | {requirement} | {citation} | {} |\n", cited.framework, cited.outcome)
        })
        .collect();
    let table = format!(
        "{title}Determinations in {from} that cite entry {index}:\n\n| framework | requirement | citation | outcome |\n|---|---|---|---|\n{rows}"
    );
    if !packed {
        return table;
    }
    // Within quotes these mean nothing to a shell, to awk or to JSON; other ids are for the eye.
    let is_plain = |c: char| (c.is_ascii_graphic() || c == ' ') && !"'\"\\".contains(c);
    let plain = walk.cited_by.iter().filter(|cited| cited.requirement.chars().all(is_plain));
    let cites: String = plain.map(|cited| format!("cites '{}'\n", cited.requirement)).collect();
    format!(
        r#"{table}
Each stands in the assessment, with the entry among its `citations`:

```sh
cites() {{
  awk -v id="\"requirement\": \"$1\"," '{{ line = $0; sub(/^ +/, "", line) }}
    line ~ /^"requirement": / {{ here = line == id }} line ~ /^"citations": / {{ list = here; next }} line ~ /^]/ {{ list = 0 }}
    list && line + 0 == {index} {{ found = 1 }} END {{ exit !found }}' assessment.json &&
    echo "$1 cites entry {index}"
}}
{cites}```
"#
    )
}
