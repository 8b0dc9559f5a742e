//! Checks 9 to 11: what the pack concludes follows from its entries and from catalogs that its stream pins.

use super::samples::{self, Samples};
use super::signature::{Head, Signed};
use super::{Found, Members, Session, member};
use crate::compose::period::{Tally, promised};
use crate::derive::{Catalogs, ENGINE, Subject, derive, issued, statement, to_json};
use crate::issue::{RenderPdf, seal_words};
use crate::pack::{
    ASSESSMENT, CATALOGS, CATALOGS_MAX, CATALOGS_SIZE_MAX, ClaimedKeys, EVIDENCE, EarlierHead, EvidenceHeld,
    PackAssessment, REPORT_PDF, VERIFY, catalog_member, evidence_member, is_rendition,
};
use crate::renditions::Conclusions;
use crate::seal::{self, Sealed};
use crate::verdict::CheckName;
use affiant_controls::catalog::ControlCatalog;
use affiant_controls::issued::PackPeriod;
use affiant_controls::pin::{CatalogKind, CatalogPin};
use affiant_controls::register::Register;
use affiant_controls::set::ControlSet;
use affiant_controls::statement::Statement;
use affiant_frameworks::framework::Framework;
use affiant_frameworks::mapping::MappingSet;
use affiant_frameworks::mappings::MappingSets;
use affiant_frameworks::shipped::ships;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::record::Record;
use std::collections::{BTreeMap, BTreeSet};

/// What is judged: everything in it is signed, and proved to be the ledger's.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) members: &'a Members<'a>,
    pub(super) records: &'a [Record],
    pub(super) assessment: &'a PackAssessment,
    pub(super) signed: &'a Signed,
    pub(super) head: &'a Head,
    /// Heads of the ledger before, proved.
    pub(super) earlier: &'a [EarlierHead],
}

/// What was derived again, for the report to be made of.
struct Made<'a> {
    derived: &'a PackAssessment,
    register: &'a Register,
    catalogs: &'a Catalogs,
    /// The report in the pack without its seal.
    unsealed: Option<&'a [u8]>,
}

impl Session<'_> {
    /// Checks 9 to 11, and 13.
    pub(super) fn conclusions(&mut self, case: Case<'_>, render: Option<RenderPdf<'_>>) {
        let unsealed = self.seal(case);
        let catalogs = match catalogs(case) {
            Ok(catalogs) => catalogs,
            Err(error) => return self.note(CheckName::References, Err(error)),
        };
        let held = held(case.members);
        self.counts.evidence_held = held.len() as u64;
        self.counts.evidence_by_digest =
            case.assessment.evidence.iter().filter(|file| !file.held).count() as u64;
        self.counts.evidence_withheld =
            case.assessment.evidence.iter().filter(|file| file.withheld.is_some()).count() as u64;
        let (log, issuer) = (case.head.log.to_string(), case.signed.issuer.to_string());
        let keys = ClaimedKeys { log, issuer, signers: BTreeSet::new() };
        let origin = case.head.checkpoint.origin.as_str();
        let (mut derived, register) =
            match derive(Subject { records: case.records, origin, keys: &keys, held: &held }, &catalogs) {
                Ok(derived) => derived,
                Err(error) => {
                    return self
                        .note(CheckName::Assessment, Err(format!("cannot be derived again: {error}")));
                }
            };
        // What made it is a label: another version that comes to the same bytes is as good.
        derived.engine.clone_from(&case.assessment.engine);
        self.counts.determinations =
            derived.assessments.iter().map(|judged| judged.determinations.len() as u64).sum();
        let samples = samples::recorded(case.records);
        let again = same_assessment(case, &derived).and_then(|found| self.samples(case, &samples, found));
        self.note(CheckName::Assessment, again);
        self.limitations.extend(beyond(case, &derived));
        let cited = references(case, &catalogs, &derived, &held);
        self.note(
            CheckName::References,
            cited.and_then(|found| {
                samples::heads(samples.as_deref().map_err(Clone::clone)?, case.earlier)?;
                Ok(found)
            }),
        );
        let made = Made { derived: &derived, register: &register, catalogs: &catalogs, unsealed };
        self.report(case, made, render);
    }

    /// Check 13: the seal of the report, by the certificate that the issuing entry names. Gives the report without it.
    fn seal<'a>(&mut self, case: Case<'a>) -> Option<&'a [u8]> {
        let report = member(case.members, REPORT_PDF).ok()?;
        let (issued, issuing) = (issued(case.records).ok()?, case.records.last()?);
        let Some(certificate) = issued.certificate else {
            self.not_made(CheckName::Seal, "not made: the entry that issued the pack names no certificate");
            return Some(report);
        };
        match seal::check(report, &certificate, &seal_words(&issued, issuing)) {
            Ok(Sealed { first, subject }) => {
                let detail = format!(
                    "{REPORT_PDF} sealed over all its bytes by `{}` (SHA-256 {}…), the certificate that the pack's entry names",
                    visible(&subject),
                    &certificate.to_string()[..16]
                );
                self.note(CheckName::Seal, Ok(detail));
                Some(first)
            }
            Err(error) => {
                self.note(CheckName::Seal, Err(format!("{REPORT_PDF} {error}")));
                None
            }
        }
    }

    /// The samples that the stream records, drawn again.
    fn samples(&mut self, case: Case<'_>, samples: &Result<Samples, String>, found: String) -> Found {
        let samples = samples.as_deref().map_err(Clone::clone)?;
        let unseen = samples::drawn_again(samples, case.records)?;
        if !unseen.is_empty() {
            self.limitations.push(format!(
                "that {} recorded samples are what their words draw: results that they may have been drawn from are not in \
                 the pack",
                unseen.len()
            ));
        }
        match samples.len() - unseen.len() {
            0 => Ok(found),
            count => Ok(format!("{found}; {count} recorded samples drawn again")),
        }
    }

    /// Check 10: what people read is what the assessment says. Only for packs of trusted issuers: drawing a report is
    /// the most that a pack can ask of a verifier.
    fn report(&mut self, case: Case<'_>, made: Made<'_>, render: Option<RenderPdf<'_>>) {
        let found = match render {
            _ if !self.sound() => return,
            _ if self.trust.is_none() => Err("not made without keys from outside".to_owned()),
            None => Err("not made: this program renders no PDF".to_owned()),
            Some(render) => {
                let certificate = issued(case.records).ok().and_then(|issued| issued.certificate);
                let conclusions = Conclusions {
                    assessment: made.derived,
                    records: case.records,
                    register: made.register,
                    catalogs: made.catalogs,
                    checkpoint: &case.head.checkpoint,
                    certificate: certificate.as_ref(),
                };
                same_report(case.members, conclusions, made.unsealed, render)
            }
        };
        let engine = &case.assessment.engine;
        let not_made = match found {
            Ok(None) => {
                let count = case.members.keys().filter(|name| is_rendition(name)).count() + 1;
                let detail = format!("{count} files of the report made again, byte for byte");
                return self.note(CheckName::Report, Ok(detail));
            }
            Ok(Some(name)) if engine == ENGINE => {
                return self.note(CheckName::Report, Err(format!("{name} is not what the assessment gives")));
            }
            Ok(Some(name)) => {
                format!("{name} was made by `{engine}`, this is `{ENGINE}`: it rests on its signed digest")
            }
            Err(why) => format!("{why}; it rests on its signed digest"),
        };
        self.not_made(CheckName::Report, not_made);
        self.limitations.push(
            "that the report, its tables and VERIFY.md say what the assessment says: they were not made again".into(),
        );
    }
}

/// The first file of the report that is not what the conclusions give; `None` when there is none.
fn same_report(
    members: &Members<'_>,
    conclusions: Conclusions<'_>,
    unsealed: Option<&[u8]>,
    render: RenderPdf<'_>,
) -> Result<Option<String>, String> {
    let document = conclusions.document();
    let wrong = |error: &dyn std::fmt::Display| format!("not made: the report cannot be rendered: {error}");
    // One issued before there were others has none of them.
    let first = !members.keys().any(|name| is_rendition(name) && *name != VERIFY);
    let (mut made, mut other) = (BTreeSet::new(), None);
    let compare = |name: String, bytes: Vec<u8>| {
        if first && name != VERIFY {
            return;
        }
        if members.get(name.as_str()) != Some(&bytes.as_slice()) {
            other.get_or_insert_with(|| name.clone());
        }
        made.insert(name);
    };
    conclusions.renditions(&document, None, compare).map_err(|error| wrong(&error))?;
    let extra = || members.keys().find(|name| is_rendition(name) && !made.contains(**name));
    if let Some(name) = other.or_else(|| extra().map(ToString::to_string)) {
        return Ok(Some(name));
    }
    let report = render(&document).map_err(|error| wrong(&error))?;
    Ok((unsealed != Some(report.as_slice())).then(|| REPORT_PDF.to_owned()))
}

/// The evidence files that the pack holds.
fn held(members: &Members<'_>) -> BTreeSet<Digest> {
    members.keys().filter_map(|name| name.strip_prefix(EVIDENCE)?.parse().ok()).collect()
}

/// The catalogs that the assessment names: pinned in the stream, and only then read.
fn catalogs(case: Case<'_>) -> Result<Catalogs, String> {
    let used = &case.assessment.catalogs;
    let names: BTreeSet<String> = used.iter().map(catalog_member).collect();
    if names.len() != used.len() || used.len() > CATALOGS_MAX {
        return Err(format!("{ASSESSMENT} names a catalog twice, or more than {CATALOGS_MAX}"));
    }
    let members = case.members.keys();
    if let Some(extra) =
        members.into_iter().find(|name| name.starts_with(CATALOGS) && !names.contains(**name))
    {
        return Err(format!("{extra} is used by nothing"));
    }
    let size: usize =
        names.iter().filter_map(|name| case.members.get(name.as_str())).map(|bytes| bytes.len()).sum();
    if size > CATALOGS_SIZE_MAX {
        return Err(format!("catalogs of {size} bytes together exceed {CATALOGS_SIZE_MAX}"));
    }
    let pinned = pinned(case.records)?;
    let (mut frameworks, mut controls, mut mappings) = (Vec::new(), Vec::new(), Vec::new());
    for pin in used {
        match pinned.get(&pin.id) {
            Some(found) if found == pin => {}
            Some(_) => return Err(format!("catalog `{}` is not the version pinned in the stream", pin.id)),
            None => return Err(format!("catalog `{}` is not pinned in the stream", pin.id)),
        }
        let name = catalog_member(pin);
        let bytes = member(case.members, &name)?;
        let other = || format!("{name} is not the catalog that {ASSESSMENT} names");
        if Digest::of(bytes) != pin.digest {
            return Err(other());
        }
        let wrong = |error: &dyn std::fmt::Display| format!("{name}: {error}");
        let found = match pin.kind {
            CatalogKind::Framework => {
                let framework = Framework::from_bytes(bytes).map_err(|error| wrong(&error))?;
                frameworks.push(framework);
                frameworks.last().map(Framework::pin)
            }
            CatalogKind::Controls => {
                let catalog = ControlCatalog::from_bytes(bytes).map_err(|error| wrong(&error))?;
                let pin = catalog.pin();
                controls.push(catalog);
                Some(pin)
            }
            CatalogKind::Mappings => {
                let set = MappingSet::from_bytes(bytes).map_err(|error| wrong(&error))?;
                let pin = set.pin();
                mappings.push(set);
                Some(pin)
            }
        };
        if found.as_ref() != Some(pin) {
            return Err(other());
        }
    }
    frameworks.sort_by(|a, b| a.id.cmp(&b.id));
    if controls.is_empty() || mappings.is_empty() {
        return Err("no control catalog, or no mappings".to_owned());
    }
    let controls = ControlSet::new(controls).map_err(|error| error.to_string())?;
    let mappings = MappingSets::new(mappings).map_err(|error| error.to_string())?;
    Ok(Catalogs { frameworks, controls, mappings })
}

/// The last pin of each catalog in the stream.
fn pinned(records: &[Record]) -> Result<BTreeMap<Id, CatalogPin>, String> {
    let mut pinned = BTreeMap::new();
    for record in records.iter().filter(|record| record.entry.kind == *"catalog") {
        let read = statement(record).map_err(|error| format!("entry {}: {error}", record.entry.index))?;
        if let Some(Statement::Catalog(pin)) = read {
            pinned.insert(pin.id.clone(), pin);
        }
    }
    Ok(pinned)
}

/// Check 9: byte for byte.
fn same_assessment(case: Case<'_>, derived: &PackAssessment) -> Found {
    let claimed = case.assessment;
    if member(case.members, ASSESSMENT)? == to_json(derived) {
        let count: usize = derived.assessments.iter().map(|judged| judged.determinations.len()).sum();
        return Ok(format!(
            "{count} determinations as of {} derived again, byte for byte{}{}",
            derived.as_of,
            over(derived),
            later(case)
        ));
    }
    let engine = &claimed.engine;
    let made_by =
        if engine == ENGINE { String::new() } else { format!(" (made by `{engine}`, this is `{ENGINE}`)") };
    for (a, b) in claimed.assessments.iter().zip(&derived.assessments) {
        for (a, b) in a.determinations.iter().zip(&b.determinations) {
            if a != b {
                let (said, given) = (a.outcome.as_str(), b.outcome.as_str());
                return Err(format!(
                    "`{}` says `{said}`, the evidence gives `{given}`{made_by}",
                    visible(&b.requirement)
                ));
            }
        }
    }
    Err(format!("{ASSESSMENT} is not what the entries and catalogs give{made_by}"))
}

/// How many entries were recorded after the instant judged, the issuing one aside.
fn later(case: Case<'_>) -> String {
    let before = case.records.split_last().map_or(case.records, |(_, before)| before);
    let count = before.iter().filter(|record| record.entry.time > case.assessment.as_of).count();
    match (count, case.assessment.period) {
        (0, _) => String::new(),
        (_, None) => format!("; {count} entries were recorded later and left out"),
        (_, Some(_)) => {
            format!("; {count} entries were recorded after it, and count for what they say of it")
        }
    }
}

/// What a pack about a period says nothing of.
fn beyond(case: Case<'_>, derived: &PackAssessment) -> Vec<String> {
    let Some(PackPeriod { from, to }) = derived.period else { return Vec::new() };
    let mut beyond = vec![format!("how the system stood before {from}, or from {to} on")];
    if let Some(first) = case.records.first().map(|record| record.entry.time).filter(|first| *first > from) {
        beyond.push(format!("how the system stood between {from} and {first}: its stream begins only then"));
    }
    beyond
}

/// What was found over the period, where the pack is about one.
fn over(derived: &PackAssessment) -> String {
    let (Some(period), Some(first)) = (derived.period, derived.periods.first()) else { return String::new() };
    let tallies: Vec<Tally> = derived.periods.iter().map(Tally::of).collect();
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(of).sum::<usize>();
    format!(
        "; over the period from {} until {} {} of {} requirements covered throughout, {}",
        period.from,
        period.to,
        sum(|tally| tally.throughout),
        sum(|tally| tally.all),
        promised(&first.plans)
    )
}

/// Check 11: what is cited exists, and what is held is cited.
fn references(
    case: Case<'_>,
    catalogs: &Catalogs,
    derived: &PackAssessment,
    held: &BTreeSet<Digest>,
) -> Found {
    let files: BTreeMap<Digest, &EvidenceHeld> =
        derived.evidence.iter().map(|file| (file.sha256, file)).collect();
    for digest in held {
        let name = evidence_member(digest);
        match files.get(digest).map(|file| &file.withheld) {
            None => return Err(format!("{name} is cited by no entry")),
            Some(Some(rule)) => return Err(format!("{name} is there, and the rule `{rule}` keeps it out")),
            Some(None) => {}
        }
        if Digest::of(member(case.members, &name)?) != *digest {
            return Err(format!("{name} is not what its name says"));
        }
    }
    let citations = cited(case, catalogs)?;
    let count = case.assessment.catalogs.len();
    Ok(format!(
        "{count} catalogs as pinned in the stream{}, {citations} citations resolved",
        foreign(case.assessment)
    ))
}

/// Which catalogs never shipped with this program: the reader should know whose they are.
fn foreign(assessment: &PackAssessment) -> String {
    let foreign = assessment.catalogs.iter().filter(|pin| !ships(pin));
    let foreign: Vec<String> = foreign.map(|pin| format!("`{}` {}", pin.id, visible(&pin.version))).collect();
    if foreign.is_empty() {
        String::new()
    } else {
        format!(" ({} not of this program, now or before)", foreign.join(", "))
    }
}

/// Every entry, requirement and control that an assessment names exists; gives the number of citations.
fn cited(case: Case<'_>, catalogs: &Catalogs) -> Result<u64, String> {
    let leaves: BTreeMap<u64, Digest> =
        case.records.iter().map(|record| (record.entry.index, record.leaf)).collect();
    let absent =
        |what: &str, index: u64| format!("`{what}` cites entry {index}, which the pack does not hold");
    let mut citations = 0u64;
    for judged in &case.assessment.assessments {
        let framework = catalogs.frameworks.iter().find(|framework| framework.id == judged.framework.id);
        let framework =
            framework.ok_or_else(|| format!("framework `{}` is not in the pack", judged.framework.id))?;
        let requirements: BTreeSet<&str> = framework.requirements.iter().map(|r| r.id.as_str()).collect();
        for determination in &judged.determinations {
            let requirement = visible(&determination.requirement);
            if !requirements.contains(determination.requirement.as_str()) {
                return Err(format!("`{requirement}` is no requirement of {}", framework.id));
            }
            if let Some(index) = determination.citations.iter().find(|index| !leaves.contains_key(index)) {
                return Err(absent(&requirement, *index));
            }
            citations += determination.citations.len() as u64;
        }
        for standing in &judged.controls {
            if catalogs.controls.control(standing.control.as_str()).is_none() {
                return Err(format!("`{}` is no control of the pack's catalogs", standing.control));
            }
            for citation in standing.assets.iter().flat_map(|asset| &asset.citations) {
                if leaves.get(&citation.index) != Some(&citation.leaf) {
                    return Err(absent(standing.control.as_str(), citation.index));
                }
                citations += 1;
            }
        }
    }
    Ok(citations)
}
