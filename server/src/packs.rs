//! Issuing packs: what is asked for becomes an entry, then the pack from the stream up to that entry.

use crate::catalogs;
use crate::failure::Failure;
use crate::statements::span;
use crate::systems::known_system;
use affiant_controls::issued::{PackIssued, PackPeriod};
use affiant_controls::statement::Statement;
use affiant_controls::withhold::{RULES_MAX, WithholdRule};
use affiant_frameworks::period::PERIOD_DAYS_MAX;
use affiant_ledger::blob;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::keyring::{Holder, KEY_STREAM};
use affiant_ledger::ledger::Ledger;
use affiant_ledger::note::KeyName;
use affiant_ledger::rotation::OpenKey;
use affiant_ledger::time::Timestamp;
use affiant_reports::derive::{Catalogs, statement};
use affiant_reports::issue::{IssuedPack, Issuer, PackSource, PackedEntry, Signer, issue_to, records};
use affiant_reports::render::pdf;
use affiant_reports::seal::Sealer;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// What pack is asked for.
pub struct Order<'a> {
    /// Of which system.
    pub system: &'a Id,
    /// As of when, unless over a period or now.
    pub as_of: Option<Timestamp>,
    /// Over what time.
    pub period: Option<PackPeriod>,
    /// Who seals the report; the issuer itself where nobody else does.
    pub sealer: Option<Sealer>,
    /// Who signs beside the issuer.
    pub signers: Vec<Signer>,
    /// What is kept out.
    pub withheld: BTreeSet<WithholdRule>,
    /// Whether the report's tables are wanted as rows too.
    pub tables: bool,
}

/// Issues a pack: records that it is issued, then builds it from the stream up to that entry and writes it.
pub fn issued<W: Write>(
    ledger: &mut Ledger,
    catalogs: &Catalogs,
    order: Order<'_>,
    open_key: OpenKey<'_>,
    now: Timestamp,
    pack: W,
) -> Result<IssuedPack<W>, Failure> {
    recorded(ledger, catalogs, order, open_key, now)?.issue_to(catalogs, pack)
}

/// A pack that was recorded as issued, with all that goes into it: what is left needs no ledger.
pub struct Recorded {
    /// Its id.
    pub id: Id,
    /// As of when it is.
    pub as_of: Timestamp,
    source: PackSource,
    issuer: Issuer,
}

impl Recorded {
    /// Builds the pack and writes it.
    pub fn issue_to<W: Write>(&self, catalogs: &Catalogs, pack: W) -> Result<IssuedPack<W>, Failure> {
        let render = |document: &_| pdf::render(document).map_err(|error| error.to_string());
        issue_to(&self.source, catalogs, &self.issuer, &render, pack).map_err(Failure::io)
    }
}

/// Records that a pack is issued, and gathers what goes into it.
pub fn recorded(
    ledger: &mut Ledger,
    catalogs: &Catalogs,
    order: Order<'_>,
    open_key: OpenKey<'_>,
    now: Timestamp,
) -> Result<Recorded, Failure> {
    let Order { system, as_of, period, sealer, signers, withheld, tables } = order;
    known_system(ledger, system)?;
    let settings = ledger.reader()?.settings().clone();
    let key = ledger.issuer_key(open_key)?;
    let name: KeyName = ledger.keyring().name_of(&Holder::Issuer).parse().map_err(Failure::refused)?;
    let sealer = match sealer {
        Some(sealer) if sealer.is_valid_at(now) => sealer,
        Some(_) => {
            return Err(Failure::refused(format!("the certificate of the seal is not valid at {now}")));
        }
        None => Sealer::of_issuer(&key, name.as_str(), issuing_since(ledger)?),
    };
    let issuer = Issuer { name, key, sealer: Some(sealer), signers };
    let named = issuer.named_signers().map_err(Failure::refused)?;
    let as_of = period.map(|period| period.last()).or(as_of).unwrap_or(now);
    let end = period.map_or(as_of, |period| period.to);
    if end > now {
        return Err(Failure::refused(format!("{end} lies in the future")));
    }
    refuse_before_registration(ledger, system, as_of)?;
    catalogs::pin(ledger, system, catalogs)?;
    let head = ledger.head(system).ok_or_else(|| Failure::io("a registered system has entries"))?;
    let told =
        Digest::of_parts(&[settings.origin.as_bytes(), head.leaf.as_bytes(), as_of.to_string().as_bytes()]);
    let keys = ledger.head(&org()).map(|head| head.leaf);
    let statement = PackIssued {
        id: format!("pack-{}", &told.to_string()[..16]).parse().map_err(Failure::io)?,
        head: head.leaf,
        keys,
        last: head.n - 1,
        as_of,
        first: 0,
        issuer: issuer.name.to_string(),
        period,
        system: system.clone(),
        signers: named,
        withheld,
        frameworks: catalogs.frameworks.iter().map(|framework| framework.id.to_string()).collect(),
        certificate: issuer.sealer.as_ref().map(Sealer::certificate),
    };
    let id = statement.id.clone();
    ledger.append(&[Statement::Pack(statement).draft("local")])?;
    let source = PackSource { tables, ..source(ledger, system)? };
    Ok(Recorded { id, as_of, source, issuer })
}

/// When the issuer's key in force began to count.
fn issuing_since(ledger: &mut Ledger) -> Result<Timestamp, Failure> {
    let from = ledger.keyring().tenures(&Holder::Issuer).last().map_or(0, |tenure| tenure.from);
    Ok(ledger.reader()?.record(from)?.entry.time)
}

/// A stream begins with the system's registration, unless that was erased: nothing can be said of an earlier time, and nothing
/// is recorded.
fn refuse_before_registration(ledger: &mut Ledger, system: &Id, as_of: Timestamp) -> Result<(), Failure> {
    for index in ledger.positions(system, 0)? {
        let record = ledger.reader()?.record(index)?;
        if record.entry.kind != *"system" || record.statement.is_none() {
            continue;
        }
        let registered = record.entry.time;
        if registered > as_of {
            let text = format!("`{system}` was registered at {registered}, after {as_of}");
            return Err(Failure::refused(text));
        }
        return Ok(());
    }
    let hint = "register it again with affiant register system";
    Err(Failure::refused(format!("the registration of `{system}` was erased")).hint(hint))
}

/// The stream in which keys are enrolled and revoked.
fn org() -> Id {
    KEY_STREAM.parse().unwrap_or_else(|error| panic!("the organisation's name is an identifier: {error}"))
}

fn source(ledger: &mut Ledger, system: &Id) -> Result<PackSource, Failure> {
    let positions = ledger.positions(system, 0)?;
    let of_keys = ledger.positions(&org(), 0)?;
    let log_key = ledger.log_verifier().clone();
    let reader = ledger.reader()?;
    let packed = |index| -> Result<PackedEntry, Failure> {
        Ok(PackedEntry { index, entry: reader.entry_bytes(index)?, payload: reader.payload_bytes(index)? })
    };
    let entries = positions.into_iter().map(packed).collect::<Result<Vec<_>, _>>()?;
    let keys = of_keys.into_iter().map(packed).collect::<Result<Vec<_>, _>>()?;
    let mut evidence = BTreeMap::new();
    for record in records(&entries)? {
        let Some(said) = statement(&record).map_err(Failure::integrity)? else { continue };
        for file in said.evidence() {
            if let Some(bytes) = blob::read(reader.storage(), reader.folder(), &file.sha256)? {
                evidence.insert(file.sha256, bytes);
            }
        }
    }
    let leaves = reader.leaves(reader.size())?;
    Ok(PackSource {
        entries,
        keys,
        checkpoint: reader.note().to_vec(),
        leaves,
        evidence,
        log_key,
        tables: false,
    })
}

/// The period to judge.
pub fn period(text: &str) -> Result<PackPeriod, Failure> {
    let (from, to) = span(text)?;
    if from >= to {
        return Err(Failure::refused(format!("the period from {from} to {to} is empty")));
    }
    if to.days_since(from) > PERIOD_DAYS_MAX {
        return Err(Failure::refused(format!("a pack is about {PERIOD_DAYS_MAX} days at most")));
    }
    Ok(PackPeriod { to, from })
}

/// The rules by which something is kept out.
pub fn rules(words: &[String]) -> Result<BTreeSet<WithholdRule>, Failure> {
    if words.len() > RULES_MAX {
        return Err(Failure::refused(format!(
            "{} rules to withhold by, the limit is {RULES_MAX}",
            words.len()
        )));
    }
    words.iter().map(|word| word.parse().map_err(Failure::refused)).collect()
}
