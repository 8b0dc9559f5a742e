//! Verifying a pack: offline, trusting neither the operator nor whoever made the pack.
//!
//! Each check is a function that gives what it found or what is wrong, and is made only on ground that holds: catalogs
//! are not even parsed before the container, signature, digests, checkpoint, inclusion, chain and payloads stand.
//! Keys come from outside ([`Trust`]); without them the verdict is never better than self-asserted. Steps in order:
//! docs/spec/pack.md.

mod conclusions;
mod container;
mod cores;
mod entries;
mod receipts;
mod samples;
mod signature;
mod submitters;

pub(crate) use entries::split;
pub use receipts::{HeldReceipt, HeldReceiptError};

use crate::archive::{self, Limits};
use crate::issue::RenderPdf;
use crate::pack::{ASSESSMENT, ENTRIES, PACK_VERSION, PackAssessment};
use crate::trust::Trust;
use crate::verdict::{CheckName, CheckOutcome, Counts, KeyPurpose, KeyUsed, Outcome, Verdict};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::is_hidden;
use receipts::Packed;
use signature::Keys;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Members by name.
type Members<'a> = BTreeMap<&'a str, &'a [u8]>;
/// What a check found, or what is wrong.
type Found = Result<String, String>;

/// Largest assessment.json, proofs.json and entries.cbor read, in bytes: parsed, they take several times that.
const PARSED_SIZE_MAX: usize = 64 << 20;
/// Longest detail of a check, in characters.
const DETAIL_LENGTH_MAX: usize = 2_000;

/// Verifies a pack's bytes. `trust` is the auditor's; `None` means that the pack's own word is taken for its keys.
pub fn verify(bytes: &[u8], trust: Option<&Trust>, limits: &Limits) -> Verdict {
    verify_with(bytes, trust, limits, renderer())
}

/// Verifies a pack's bytes, and holds receipts that someone kept against it.
pub fn verify_against(
    bytes: &[u8],
    receipts: &[HeldReceipt],
    trust: Option<&Trust>,
    limits: &Limits,
) -> Verdict {
    judge(bytes, receipts, trust, limits, renderer())
}

/// Verifies with another renderer of the report, or with none: then the report rests on its signed digest.
pub fn verify_with(
    bytes: &[u8],
    trust: Option<&Trust>,
    limits: &Limits,
    render: Option<RenderPdf<'_>>,
) -> Verdict {
    judge(bytes, &[], trust, limits, render)
}

/// Verifies with everything there is.
pub(crate) fn judge(
    bytes: &[u8],
    receipts: &[HeldReceipt],
    trust: Option<&Trust>,
    limits: &Limits,
    render: Option<RenderPdf<'_>>,
) -> Verdict {
    let mut session = Session::new(trust, receipts);
    match archive::read_borrowed(bytes, limits) {
        Err(error) => session.note(CheckName::Container, Err(error.to_string())),
        Ok(members) => {
            session.counts.members = members.len() as u64;
            session.note(CheckName::Container, container::names(&members, bytes.len()));
            session.run(&members, render);
        }
    }
    session.verdict()
}

/// The renderer in this program, if it has one.
pub fn renderer() -> Option<RenderPdf<'static>> {
    #[cfg(feature = "pdf")]
    return Some(&|document| crate::render::pdf::render(document).map_err(|error| error.to_string()));
    #[cfg(not(feature = "pdf"))]
    None
}

struct Session<'a> {
    trust: Option<&'a Trust>,
    held: &'a [HeldReceipt],
    outcomes: BTreeMap<CheckName, (Outcome, String)>,
    counts: Counts,
    assessment: Option<Rc<PackAssessment>>,
    keys: Vec<KeyUsed>,
    limitations: Vec<String>,
}

impl<'a> Session<'a> {
    fn new(trust: Option<&'a Trust>, held: &'a [HeldReceipt]) -> Self {
        let (outcomes, counts) = (BTreeMap::new(), Counts::default());
        Self { trust, held, outcomes, counts, assessment: None, keys: Vec::new(), limitations: Vec::new() }
    }

    fn note(&mut self, name: CheckName, found: Found) {
        let by_keys = matches!(
            name,
            CheckName::Signature
                | CheckName::Checkpoint
                | CheckName::Submitters
                | CheckName::Receipts
                | CheckName::Seal
        );
        let own_word = self.trust.is_none() && by_keys;
        let (outcome, detail) = match found {
            Ok(detail) if own_word => (Outcome::SelfAsserted, detail),
            Ok(detail) => (Outcome::Passed, detail),
            Err(detail) => (Outcome::Failed, detail),
        };
        self.outcomes.insert(name, (outcome, shown(&detail)));
    }

    fn not_made(&mut self, name: CheckName, detail: impl Into<String>) {
        self.outcomes.insert(name, (Outcome::NotChecked, shown(&detail.into())));
    }

    /// Whether no check made so far failed.
    fn sound(&self) -> bool {
        self.outcomes.values().all(|(outcome, _)| *outcome != Outcome::Failed)
    }

    fn run(&mut self, members: &Members<'_>, render: Option<RenderPdf<'_>>) {
        let claimed = read_assessment(members).map(Rc::new);
        self.assessment = claimed.as_ref().ok().cloned();
        let said = claimed.as_deref().ok();
        let keys = Keys::of(self.trust, claimed.as_ref().map(|assessment| &assessment.keys));

        let signed =
            keys.as_ref().map_err(Clone::clone).and_then(|keys| signature::signature(members, keys, said));
        self.note(CheckName::Signature, detail(&signed, |signed| &signed.detail));
        if let Ok(signed) = &signed {
            self.note(CheckName::Digests, container::digests(members, signed, claimed.as_deref()));
        }
        let note = signed.as_ref().ok().map(|signed| &signed.note);
        let head = keys
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|keys| signature::checkpoint(members, keys, note, said));
        self.note(CheckName::Checkpoint, detail(&head, |head| &head.detail));
        if let Ok(keys) = &keys {
            let issuer = signed.as_ref().ok().map(|it| (KeyPurpose::Issuer, &it.issuer, it.note.size));
            let log = head.as_ref().ok().map(|it| (KeyPurpose::Log, &it.log, it.checkpoint.size));
            let both = [issuer, log].into_iter().flatten();
            self.keys = both.filter_map(|(purpose, key, size)| keys.used(purpose, key, size)).collect();
            self.keys.extend(signed.iter().flat_map(|signed| signed.beside.iter().cloned()));
        }

        let read =
            entries::read(members, ENTRIES).and_then(|records| Ok((records, submitters::read(members)?)));
        let (mut records, mut key_records) = match read {
            Ok(read) => read,
            Err(error) => return self.note(CheckName::Inclusion, Err(error)),
        };
        self.counts.entries = records.len() as u64;
        let included = head
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|head| entries::inclusion(members, &records, &key_records, &head.checkpoint));
        if head.is_ok() {
            self.note(CheckName::Inclusion, detail(&included, |included| &included.detail));
        }
        let signatures = self.payloads(members, &mut records);
        self.note(CheckName::Chain, entries::chain(&records, signed.as_ref().ok()));
        let ground = (self.sound(), claimed, signed, head, included);
        if let (true, Ok(assessment), Ok(signed), Ok(head), Ok(included)) = ground {
            let said = submitters::Said { records: &records, signatures: &signatures };
            let keyring = self.submitters(members, &mut key_records, said, (&head, &signed));
            drop(signatures);
            let keyring = keyring.as_ref();
            if !self.sound() {
                return;
            }
            let case = conclusions::Case {
                members,
                records: &records,
                assessment: &assessment,
                signed: &signed,
                head: &head,
                earlier: &included.earlier,
            };
            self.conclusions(case, render);
            if let Ok(trusted) = &keys {
                let packed = Packed { records: &records, keys: &key_records, trusted, keyring, head: &head };
                self.receipts(&packed);
            }
        }
    }

    fn verdict(mut self) -> Verdict {
        if self.held.is_empty() {
            self.not_made(CheckName::Receipts, "not made: no receipts were given");
        }
        let ground = || (Outcome::NotChecked, "an earlier check took away its ground".to_owned());
        let check = |name: CheckName| {
            let (outcome, detail) = self.outcomes.remove(&name).unwrap_or_else(ground);
            CheckOutcome { number: name.number(), name, outcome, detail }
        };
        let checks = CheckName::ALL.map(check).into();
        Verdict::new(checks, self.counts, self.assessment.as_deref(), (self.keys, self.limitations))
    }
}

/// What was found in words, of a check that gives more than words.
fn detail<T>(found: &Result<T, String>, detail: impl Fn(&T) -> &String) -> Found {
    found.as_ref().map(|found| detail(found).clone()).map_err(Clone::clone)
}

fn read_assessment(members: &Members<'_>) -> Result<PackAssessment, String> {
    let bytes = parsed_member(members, ASSESSMENT)?;
    let assessment: PackAssessment =
        serde_json::from_slice(bytes).map_err(|error| format!("{ASSESSMENT} cannot be read: {error}"))?;
    if assessment.version != PACK_VERSION {
        return Err(format!(
            "{ASSESSMENT} has version {}, this program reads {PACK_VERSION}",
            assessment.version
        ));
    }
    Ok(assessment)
}

/// What a pack concludes, and the leaf hashes of its entries; nothing is judged.
pub(crate) fn contents(members: &Members<'_>) -> Result<(PackAssessment, Vec<Digest>), String> {
    let leaves = entries::read(members, ENTRIES)?.into_iter().map(|record| record.leaf);
    Ok((read_assessment(members)?, leaves.collect()))
}

fn member<'a>(members: &Members<'a>, name: &str) -> Result<&'a [u8], String> {
    members.get(name).copied().ok_or_else(|| format!("{name} is missing"))
}

/// A member that is about to be parsed whole.
fn parsed_member<'a>(members: &Members<'a>, name: &str) -> Result<&'a [u8], String> {
    let bytes = member(members, name)?;
    let size = bytes.len();
    if size > PARSED_SIZE_MAX {
        Err(format!("{name} of {size} bytes exceeds {PARSED_SIZE_MAX}"))
    } else {
        Ok(bytes)
    }
}

/// A detail, with what would be invisible or reorder its surroundings escaped, and cut where it is long: parts of it
/// may be the pack's.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == DETAIL_LENGTH_MAX {
            shown.push('…');
            break;
        }
        if is_hidden(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}
