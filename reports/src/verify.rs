//! Verifying a pack: offline, trusting neither the operator nor whoever made the pack.
//!
//! Each check is a function that gives what it found or what is wrong; a check whose ground is missing is not made.
//! Keys come from outside ([`Trust`]); without them the verdict is never better than self-asserted.

use crate::archive::{self, Limits};
use crate::bag;
use crate::derive::{Catalogs, ENGINE, Subject, derive, issued, statement, to_json};
use crate::pack::{
    ASSESSMENT, CATALOGS, CHECKPOINT, ClaimedKeys, ENTRIES, EVIDENCE, NOTE, PACK_VERSION, PAYLOADS, PROOFS,
    PackAssessment, PackNote, Proofs, REPORT_PDF, VERIFY, catalog_member, evidence_member, payload_member,
};
use crate::trust::Trust;
use crate::verdict::{CheckName, CheckOutcome, Conclusion, Counts, Outcome, Verdict};
use affiant_controls::catalog::ControlCatalog;
use affiant_controls::pin::{CatalogKind, CatalogPin};
use affiant_controls::statement::Statement;
use affiant_frameworks::framework::Framework;
use affiant_frameworks::mapping::MappingSet;
use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::codec;
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::{ENTRY_SIZE_MAX, Entry};
use affiant_ledger::id::visible;
use affiant_ledger::multiproof;
use affiant_ledger::note::{Note, Verifier};
use affiant_ledger::payload::Payload;
use affiant_ledger::record::Record;
use std::collections::{BTreeMap, BTreeSet};

type Members<'a> = BTreeMap<&'a str, &'a [u8]>;
/// What a check found, or what is wrong.
type Found = Result<String, String>;

/// Verifies a pack's bytes. `trust` is the auditor's; `None` means that the pack's own word is taken for its keys.
pub fn verify(bytes: &[u8], trust: Option<&Trust>, limits: &Limits) -> Verdict {
    let mut session = Session::new(trust);
    match archive::read_borrowed(bytes, limits) {
        Err(error) => session.note(CheckName::Container, Err(error.to_string())),
        Ok(members) => {
            session.counts.members = members.len() as u64;
            session.note(CheckName::Container, container(&members, bytes.len()));
            session.run(&members);
        }
    }
    session.verdict()
}

struct Session<'a> {
    trust: Option<&'a Trust>,
    outcomes: BTreeMap<CheckName, (Outcome, String)>,
    counts: Counts,
    assessment: Option<PackAssessment>,
}

impl<'a> Session<'a> {
    fn new(trust: Option<&'a Trust>) -> Self {
        Self { trust, outcomes: BTreeMap::new(), counts: Counts::default(), assessment: None }
    }

    fn note(&mut self, name: CheckName, found: Found) {
        let own_word = self.trust.is_none() && matches!(name, CheckName::Signature | CheckName::Checkpoint);
        let outcome = match found {
            Ok(detail) if own_word => (Outcome::SelfAsserted, detail),
            Ok(detail) => (Outcome::Passed, detail),
            Err(detail) => (Outcome::Failed, detail),
        };
        self.outcomes.insert(name, outcome);
    }

    fn run(&mut self, members: &Members<'_>) {
        let claimed = read_assessment(members);
        let keys = match &claimed {
            Ok(assessment) => Keys::of(self.trust, &assessment.keys),
            Err(error) => Err(error.clone()),
        };
        self.assessment = claimed.clone().ok();

        let signed = keys.clone().and_then(|keys| signature(members, &keys));
        let note = signed.as_ref().ok().map(|(note, _, _)| note.clone());
        self.note(CheckName::Signature, signed.clone().map(|(_, _, detail)| detail));
        if let Some(note) = &note {
            self.note(CheckName::Digests, digests(members, note, self.assessment.as_ref()));
        }
        let checkpoint = keys.and_then(|keys| checkpoint(members, &keys, note.as_ref()));
        self.note(CheckName::Checkpoint, checkpoint.clone().map(|(_, _, detail)| detail));

        let entries = read_entries(members);
        match (&entries, &checkpoint) {
            (Ok(entries), Ok((checkpoint, _, _))) => {
                self.counts.entries = entries.len() as u64;
                self.note(CheckName::Inclusion, inclusion(members, entries, checkpoint));
            }
            (Err(error), _) => self.note(CheckName::Inclusion, Err(error.clone())),
            _ => {}
        }
        let Ok(entries) = entries else { return };
        let records = self.payloads(members, &entries);
        self.note(CheckName::Chain, chain(&entries, &records));
        self.submitters(members, &entries);
        let Ok((_, log, _)) = checkpoint else { return };
        let issuer = signed.ok().map(|(_, issuer, _)| issuer);
        self.conclusions(members, &records, claimed, &log, issuer);
    }

    /// Check 7, and the records that the later checks stand on.
    fn payloads(&mut self, members: &Members<'_>, entries: &[PackedEntry]) -> Vec<Record> {
        let withheld: BTreeSet<u64> =
            self.assessment.iter().flat_map(|assessment| assessment.withheld.iter().copied()).collect();
        let (mut records, mut wrong) = (Vec::with_capacity(entries.len()), Vec::new());
        let mut expected = BTreeSet::new();
        for packed in entries {
            let (index, name) = (packed.entry.index, payload_member(packed.entry.index));
            let payload = members.get(name.as_str()).copied();
            let read = match payload {
                None if withheld.contains(&index) => {
                    self.counts.payloads_withheld += 1;
                    None
                }
                None => {
                    wrong.push(format!("{name} is missing, and not said to be withheld"));
                    None
                }
                Some(bytes) if Digest::of(bytes) != packed.entry.payload => {
                    wrong.push(format!("{name} is altered: entry {index} names another digest"));
                    None
                }
                Some(bytes) => match Payload::from_bytes(bytes) {
                    Err(error) => {
                        wrong.push(format!("{name}: {error}"));
                        None
                    }
                    Ok(payload) => {
                        self.counts.payloads_intact += 1;
                        Some(payload.statement)
                    }
                },
            };
            expected.insert(name);
            records.push(Record { entry: packed.entry.clone(), leaf: packed.leaf, statement: read });
        }
        let extra = members.keys().filter(|name| name.starts_with(PAYLOADS) && !expected.contains(**name));
        wrong.extend(extra.map(|name| format!("{name} is the payload of no entry")));
        let Counts { payloads_intact, payloads_withheld, .. } = self.counts;
        let found = match wrong.first() {
            None => Ok(format!("{payloads_intact} intact, {payloads_withheld} withheld")),
            Some(first) => Err(more(first, wrong.len())),
        };
        self.note(CheckName::Payloads, found);
        records
    }

    /// Check 8 is not made yet: say how many signatures nobody looked at.
    fn submitters(&mut self, members: &Members<'_>, entries: &[PackedEntry]) {
        let signed = entries
            .iter()
            .filter_map(|packed| members.get(payload_member(packed.entry.index).as_str()))
            .filter_map(|bytes| Payload::from_bytes(bytes).ok())
            .filter(|payload| payload.signature.is_some());
        let detail = format!("not made by this version: {} statements carry a submitter's signature", signed.count());
        self.outcomes.insert(CheckName::Submitters, (Outcome::NotChecked, detail));
    }

    /// Checks 9 and 11.
    fn conclusions(
        &mut self,
        members: &Members<'_>,
        records: &[Record],
        claimed: Result<PackAssessment, String>,
        log: &Verifier,
        issuer: Option<Verifier>,
    ) {
        let assessment = match claimed {
            Ok(assessment) => assessment,
            Err(error) => return self.note(CheckName::Assessment, Err(error)),
        };
        let catalogs = read_catalogs(members, &assessment);
        self.note(CheckName::References, references(members, records, &assessment, &catalogs));
        let Ok(catalogs) = catalogs else { return };
        let Some(issuer) = issuer else { return };
        let keys = ClaimedKeys { log: log.to_string(), issuer: issuer.to_string() };
        let held = held(members);
        self.counts.evidence_held = assessment.evidence.iter().filter(|file| file.held).count() as u64;
        self.counts.evidence_by_digest = assessment.evidence.len() as u64 - self.counts.evidence_held;
        let subject = Subject { records, origin: log.name().as_str(), keys: &keys, held: &held };
        let found = match derive(subject, &catalogs) {
            Err(error) => Err(format!("cannot be derived again: {error}")),
            Ok((derived, _)) => {
                let count = derived.assessments.iter().map(|a| a.determinations.len() as u64).sum();
                self.counts.determinations = count;
                compare(members, &derived, &assessment, count)
            }
        };
        self.note(CheckName::Assessment, found);
    }

    fn verdict(mut self) -> Verdict {
        for (name, detail) in [
            (CheckName::Report, "not made by this version: the report rests on its signed digest"),
            (CheckName::Receipts, "not made: no receipts were given"),
        ] {
            self.outcomes.entry(name).or_insert((Outcome::NotChecked, detail.to_owned()));
        }
        let checks: Vec<CheckOutcome> = CheckName::ALL
            .into_iter()
            .map(|name| {
                let ground = || (Outcome::NotChecked, "an earlier check took away its ground".to_owned());
                let (outcome, detail) = self.outcomes.remove(&name).unwrap_or_else(ground);
                CheckOutcome { number: name.number(), name, outcome, detail }
            })
            .collect();
        let failed = |check: &&CheckOutcome| check.outcome == Outcome::Failed;
        let conclusion_only = |name| matches!(name, CheckName::Assessment | CheckName::Report);
        let conclusion = if checks.iter().filter(failed).any(|check| !conclusion_only(check.name)) {
            Conclusion::Rejected
        } else if checks.iter().any(|check| failed(&check)) {
            Conclusion::ConclusionsRejected
        } else if self.trust.is_none() {
            Conclusion::SelfAsserted
        } else {
            Conclusion::Verified
        };
        let level = match conclusion {
            Conclusion::Verified | Conclusion::ConclusionsRejected if self.trust.is_some() => "L1",
            Conclusion::Rejected => "none",
            _ => "L0",
        };
        let does_not_establish = crate::pack::DOES_NOT_ESTABLISH.map(str::to_owned).to_vec();
        let (pack, system) = self.assessment.map(|a| (a.pack, a.system)).unzip();
        Verdict { conclusion, level: level.to_owned(), pack, system, checks, counts: self.counts, does_not_establish }
    }
}

/// The keys a pack is checked with.
#[derive(Debug, Clone)]
struct Keys {
    logs: Vec<Verifier>,
    issuers: Vec<Verifier>,
}

impl Keys {
    fn of(trust: Option<&Trust>, claimed: &ClaimedKeys) -> Result<Self, String> {
        if let Some(trust) = trust {
            return Ok(Self { logs: trust.logs.clone(), issuers: trust.issuers.clone() });
        }
        let key = |text: &str| text.parse::<Verifier>().map_err(|error| format!("a claimed key: {error}"));
        Ok(Self { logs: vec![key(&claimed.log)?], issuers: vec![key(&claimed.issuer)?] })
    }
}

/// An entry of the pack.
struct PackedEntry {
    entry: Entry,
    leaf: Digest,
}

fn member<'a>(members: &Members<'a>, name: &str) -> Result<&'a [u8], String> {
    members.get(name).copied().ok_or_else(|| format!("{name} is missing"))
}

fn more(first: &str, count: usize) -> String {
    if count == 1 { first.to_owned() } else { format!("{first} (and {} more)", count - 1) }
}

/// Check 1, the names: nothing that has no place in a pack.
fn container(members: &Members<'_>, size: usize) -> Found {
    let fixed = [
        bag::BAGIT, bag::BAG_INFO, bag::MANIFEST, bag::TAGMANIFEST, NOTE, VERIFY, REPORT_PDF, ASSESSMENT, ENTRIES,
        CHECKPOINT, PROOFS,
    ];
    if let Some(name) = fixed.iter().find(|name| !members.contains_key(**name)) {
        return Err(format!("{name} is missing"));
    }
    let known = |name: &str| {
        let payload = || name.strip_prefix(PAYLOADS)?.strip_suffix(".cbor")?.parse::<u64>().ok().map(payload_member);
        let evidence = || name.strip_prefix(EVIDENCE)?.parse::<Digest>().ok().map(|digest| evidence_member(&digest));
        let catalog = || name.strip_prefix(CATALOGS)?.strip_suffix(".cbor").map(|_| name.to_owned());
        fixed.contains(&name) || payload().or_else(evidence).or_else(catalog).is_some_and(|known| known == name)
    };
    match members.keys().find(|name| !known(name)) {
        Some(name) => Err(format!("{} has no place in a pack", visible(name))),
        None => Ok(format!("{} members, {size} bytes, rebuilt byte for byte", members.len())),
    }
}

fn read_assessment(members: &Members<'_>) -> Result<PackAssessment, String> {
    let bytes = member(members, ASSESSMENT)?;
    let assessment: PackAssessment =
        serde_json::from_slice(bytes).map_err(|error| format!("{ASSESSMENT} cannot be read: {error}"))?;
    if assessment.version != PACK_VERSION {
        return Err(format!("{ASSESSMENT} has version {}, this program reads {PACK_VERSION}", assessment.version));
    }
    Ok(assessment)
}

/// Check 2: the note is signed by an issuer key, and by none that is not known.
fn signature(members: &Members<'_>, keys: &Keys) -> Result<(PackNote, Verifier, String), String> {
    let note = Note::parse(member(members, NOTE)?).map_err(|error| format!("{NOTE}: {error}"))?;
    let signers = note.verify(&keys.issuers).map_err(|error| format!("{NOTE}: {error}"))?;
    if signers.len() != note.signatures.len() {
        let unknown = note.signatures.len() - signers.len();
        return Err(format!("{NOTE}: {unknown} signature lines beside those of the trusted keys"));
    }
    let read = PackNote::from_text(&note.text).ok_or(format!("{NOTE} is not the note of a pack"))?;
    let detail = format!("signed by {} (key {})", signers[0].name(), short(signers[0]));
    Ok((read, signers[0].clone(), detail))
}

fn short(key: &Verifier) -> String {
    format!("SHA-256 {}…", &key.key().fingerprint().to_string()[..16])
}

/// Check 3: the signed digest, the manifests line by line, the information file.
fn digests(members: &Members<'_>, note: &PackNote, assessment: Option<&PackAssessment>) -> Found {
    let tagmanifest = member(members, bag::TAGMANIFEST)?;
    if Digest::of(tagmanifest) != note.tagmanifest {
        return Err(format!("{} does not have the digest signed for", bag::TAGMANIFEST));
    }
    compare_lines(bag::TAGMANIFEST, tagmanifest, &bag::tagmanifest(members.iter().map(|(n, b)| (*n, *b))))?;
    let manifest = member(members, bag::MANIFEST)?;
    compare_lines(bag::MANIFEST, manifest, &bag::manifest(members.iter().map(|(n, b)| (*n, *b))))?;
    if member(members, bag::BAGIT)? != bag::DECLARATION.as_bytes() {
        return Err(format!("{} is not the declaration of BagIt 1.0", bag::BAGIT));
    }
    let assessment = assessment.ok_or(format!("{ASSESSMENT} cannot be read"))?;
    if assessment.pack != note.pack || assessment.origin != note.origin {
        return Err(format!("{NOTE} speaks of another pack than {ASSESSMENT}"));
    }
    Ok(format!("{} files match the manifests; none is missing, none is extra", members.len() - 2))
}

/// Compares a manifest with what it should say and names the first file that differs.
fn compare_lines(name: &str, found: &[u8], expected: &str) -> Result<(), String> {
    if found == expected.as_bytes() {
        return Ok(());
    }
    let found = String::from_utf8_lossy(found);
    let listed: BTreeMap<&str, &str> = found.lines().filter_map(|line| line.split_once("  ")).map(|(d, n)| (n, d)).collect();
    let actual: BTreeMap<&str, &str> = expected.lines().filter_map(|line| line.split_once("  ")).map(|(d, n)| (n, d)).collect();
    for (file, digest) in &actual {
        match listed.get(file) {
            None => return Err(format!("{file} is extra: {name} does not list it")),
            Some(listed) if listed != digest => return Err(format!("{file} is altered: its digest is not the one in {name}")),
            Some(_) => {}
        }
    }
    match listed.keys().find(|file| !actual.contains_key(**file)) {
        Some(file) => Err(format!("{} is missing: {name} lists it", visible(file))),
        None => Err(format!("{name} is not in its one form")),
    }
}

/// Check 4: signed by a log key, of its origin, and the one the note names.
fn checkpoint(
    members: &Members<'_>,
    keys: &Keys,
    note: Option<&PackNote>,
) -> Result<(Checkpoint, Verifier, String), String> {
    let bytes = member(members, CHECKPOINT)?;
    let mut error = "no log key".to_owned();
    for log in &keys.logs {
        match Checkpoint::open(bytes, log.name().as_str(), log) {
            Err(why) => error = format!("{CHECKPOINT}: {why}"),
            Ok(checkpoint) => {
                let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
                if lines != 5 {
                    return Err(format!("{CHECKPOINT} has more than its one signature line"));
                }
                let same = |n: &PackNote| n.size == checkpoint.size && n.root == checkpoint.root && n.origin == checkpoint.origin;
                if note.is_some_and(|note| !same(note)) {
                    return Err(format!("{NOTE} was signed over another checkpoint"));
                }
                let detail = format!("{} entries of {}, signed by the log key ({})", checkpoint.size, checkpoint.origin, short(log));
                return Ok((checkpoint, log.clone(), detail));
            }
        }
    }
    Err(error)
}

fn read_entries(members: &Members<'_>) -> Result<Vec<PackedEntry>, String> {
    let bytes = member(members, ENTRIES)?;
    let items = codec::sequence(bytes, ENTRY_SIZE_MAX).map_err(|error| format!("{ENTRIES}: {error}"))?;
    let entry = |(at, bytes): (usize, &[u8])| {
        let entry = Entry::from_bytes(bytes).map_err(|error| format!("{ENTRIES}, item {at}: {error}"))?;
        Ok(PackedEntry { entry, leaf: Digest::leaf(bytes) })
    };
    items.into_iter().enumerate().map(entry).collect()
}

/// Check 5: one proof for all entries.
fn inclusion(members: &Members<'_>, entries: &[PackedEntry], checkpoint: &Checkpoint) -> Found {
    let bytes = member(members, PROOFS)?;
    let proofs: Proofs = serde_json::from_slice(bytes).map_err(|error| format!("{PROOFS} cannot be read: {error}"))?;
    if proofs.size != checkpoint.size || proofs.root != checkpoint.root {
        return Err(format!("{PROOFS} is for another checkpoint"));
    }
    if !proofs.indexes.iter().eq(entries.iter().map(|packed| &packed.entry.index)) {
        return Err(format!("{PROOFS} lists other entries than {ENTRIES} holds"));
    }
    let leaves: Vec<(u64, Digest)> = entries.iter().map(|packed| (packed.entry.index, packed.leaf)).collect();
    multiproof::verify(checkpoint.size, &leaves, &proofs.nodes, &checkpoint.root)
        .map_err(|error| format!("the entries are not those of the ledger: {error}"))?;
    Ok(format!("{} entries are in the tree of {}", leaves.len(), checkpoint.size))
}

/// Check 6: the stream from its first entry to the one that issued the pack, none left out.
fn chain(entries: &[PackedEntry], records: &[Record]) -> Found {
    let last = entries.last().ok_or("no entries")?;
    let mut before: Option<&PackedEntry> = None;
    for packed in entries {
        let (n, stream_prev) = before.map_or((0, Digest::ZERO), |before| (before.entry.n + 1, before.leaf));
        let Entry { index, .. } = packed.entry;
        if packed.entry.stream != last.entry.stream {
            return Err(format!("entry {index} is of stream `{}`", packed.entry.stream));
        }
        if packed.entry.n != n {
            return Err(format!("entry {index} has position {} in the stream, {n} was expected: one is missing", packed.entry.n));
        }
        if packed.entry.stream_prev != stream_prev {
            return Err(format!("entry {index} does not follow the one before it in the stream"));
        }
        if before.is_some_and(|b| b.entry.index + 1 == index && packed.entry.prev != b.leaf) {
            return Err(format!("entry {index} does not follow the one before it in the ledger"));
        }
        if before.is_some_and(|before| before.entry.time > packed.entry.time) {
            return Err(format!("entry {index} was recorded before the one before it"));
        }
        before = Some(packed);
    }
    let (issuing, assessed) = records.split_last().ok_or("no entries")?;
    let issued = issued(issuing).map_err(|error| error.to_string())?;
    let issued = issued.ok_or("the last entry is not the one that issues the pack: the tail was cut off")?;
    let head = assessed.last().ok_or("nothing before the entry that issues the pack")?;
    if issued.system != issuing.entry.stream || issued.first != 0 || issued.last != head.entry.n || issued.head != head.leaf {
        return Err("the entry that issues the pack names another head".into());
    }
    Ok(format!("contiguous from position 0 to {} of stream `{}`, the entry that issued the pack", last.entry.n, last.entry.stream))
}

fn held(members: &Members<'_>) -> BTreeSet<Digest> {
    members.keys().filter_map(|name| name.strip_prefix(EVIDENCE)?.parse().ok()).collect()
}

/// The catalogs named by the assessment, with the digests named.
fn read_catalogs(members: &Members<'_>, assessment: &PackAssessment) -> Result<Catalogs, String> {
    let (mut frameworks, mut controls, mut mappings) = (Vec::new(), None, None);
    for pin in &assessment.catalogs {
        let name = catalog_member(pin);
        let bytes = member(members, &name)?;
        let wrong = |error: &dyn std::fmt::Display| format!("{name}: {error}");
        let found = match pin.kind {
            CatalogKind::Framework => {
                let framework = Framework::from_bytes(bytes).map_err(|error| wrong(&error))?;
                frameworks.push(framework);
                frameworks.last().map(Framework::pin)
            }
            CatalogKind::Controls => {
                controls = Some(ControlCatalog::from_bytes(bytes).map_err(|error| wrong(&error))?);
                controls.as_ref().map(ControlCatalog::pin)
            }
            CatalogKind::Mappings => {
                mappings = Some(MappingSet::from_bytes(bytes).map_err(|error| wrong(&error))?);
                mappings.as_ref().map(MappingSet::pin)
            }
        };
        if found.as_ref() != Some(pin) {
            return Err(format!("{name} is not the catalog that {ASSESSMENT} names"));
        }
    }
    let listed: BTreeSet<String> = assessment.catalogs.iter().map(catalog_member).collect();
    if let Some(extra) = members.keys().find(|name| name.starts_with(CATALOGS) && !listed.contains(**name)) {
        return Err(format!("{extra} is used by nothing"));
    }
    frameworks.sort_by(|a, b| a.id.cmp(&b.id));
    let controls = controls.ok_or("no control catalog")?;
    let mappings = mappings.ok_or("no mappings")?;
    Ok(Catalogs { frameworks, controls, mappings })
}

/// Check 11: catalogs as pinned in the stream, citations, evidence.
fn references(
    members: &Members<'_>,
    records: &[Record],
    assessment: &PackAssessment,
    catalogs: &Result<Catalogs, String>,
) -> Found {
    let catalogs = catalogs.as_ref().map_err(Clone::clone)?;
    let mut pinned: BTreeMap<&str, CatalogPin> = BTreeMap::new();
    let mut cited_evidence = BTreeSet::new();
    for record in records {
        match statement(record).map_err(|error| format!("entry {}: {error}", record.entry.index))? {
            Some(Statement::Catalog(pin)) => {
                let known = assessment.catalogs.iter().find(|used| used.id == pin.id);
                known.into_iter().for_each(|used| drop(pinned.insert(used.id.as_str(), pin.clone())));
            }
            Some(Statement::Result(result)) => cited_evidence.extend(result.evidence.iter().map(|file| file.sha256)),
            _ => {}
        }
    }
    for used in &assessment.catalogs {
        match pinned.get(used.id.as_str()) {
            Some(pin) if pin == used => {}
            Some(_) => return Err(format!("catalog `{}` is not the version pinned in the stream", used.id)),
            None => return Err(format!("catalog `{}` is not pinned in the stream", used.id)),
        }
    }
    for digest in held(members) {
        let name = evidence_member(&digest);
        if !cited_evidence.contains(&digest) {
            return Err(format!("{name} is cited by no entry"));
        }
        if members.get(name.as_str()).is_none_or(|bytes| Digest::of(bytes) != digest) {
            return Err(format!("{name} is not what its name says"));
        }
    }
    let citations = cited(records, assessment, catalogs)?;
    let count = assessment.catalogs.len();
    Ok(format!("{count} catalogs as pinned in the stream, {citations} citations resolved"))
}

/// Every entry, requirement and control that an assessment names exists; gives the number of citations.
fn cited(records: &[Record], assessment: &PackAssessment, catalogs: &Catalogs) -> Result<u64, String> {
    let leaves: BTreeMap<u64, Digest> = records.iter().map(|record| (record.entry.index, record.leaf)).collect();
    let mut citations = 0u64;
    for judged in &assessment.assessments {
        let framework = catalogs.frameworks.iter().find(|framework| framework.pin() == judged.framework);
        let framework = framework.ok_or_else(|| format!("framework `{}` is not in the pack", judged.framework.id))?;
        for determination in &judged.determinations {
            let requirement = &determination.requirement;
            if framework.requirement(requirement).is_none() {
                return Err(format!("`{}` is no requirement of {}", visible(requirement), framework.id));
            }
            if let Some(index) = determination.citations.iter().find(|index| !leaves.contains_key(index)) {
                return Err(format!("`{requirement}` cites entry {index}, which the pack does not hold"));
            }
            citations += determination.citations.len() as u64;
        }
        for standing in &judged.controls {
            if catalogs.controls.control(standing.control.as_str()).is_none() {
                return Err(format!("`{}` is no control of {}", standing.control, catalogs.controls.id));
            }
            let cited = standing.assets.iter().flat_map(|asset| &asset.citations);
            if let Some(wrong) = cited.clone().find(|c| leaves.get(&c.index) != Some(&c.leaf)) {
                return Err(format!("`{}` cites entry {}, which the pack does not hold", standing.control, wrong.index));
            }
            citations += cited.count() as u64;
        }
    }
    Ok(citations)
}

/// Check 9: byte for byte.
fn compare(members: &Members<'_>, derived: &PackAssessment, claimed: &PackAssessment, count: u64) -> Found {
    if member(members, ASSESSMENT)? == to_json(derived) {
        return Ok(format!("{count} determinations derived again, byte for byte"));
    }
    let made_by = if claimed.engine == ENGINE { String::new() } else { format!(" (made by {}, this is {ENGINE})", visible(&claimed.engine)) };
    for (a, b) in claimed.assessments.iter().zip(&derived.assessments) {
        for (a, b) in a.determinations.iter().zip(&b.determinations) {
            if a != b {
                return Err(format!("`{}` says `{}`, the evidence gives `{}`{made_by}", visible(&a.requirement), a.outcome.as_str(), b.outcome.as_str()));
            }
        }
    }
    Err(format!("{ASSESSMENT} is not what the entries and catalogs give{made_by}"))
}
