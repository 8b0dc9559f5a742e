//! `affiant status`: where systems stand, and what is missing.

use crate::args::StatusArguments;
use crate::catalogs;
use crate::context::Context;
use crate::error::{Failure, UNDETERMINED};
use crate::output;
use affiant_controls::register::Register;
use affiant_controls::statement::ORGANISATION;
use affiant_frameworks::applicability::{ApplicabilityState, explain};
use affiant_frameworks::assess::assess;
use affiant_frameworks::assessment::{Assessment, Determination, Outcome};
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::Entry;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::index::Lookup;
use affiant_ledger::reader::Reader;
use affiant_ledger::record::Record;
use affiant_ledger::table::Sled;
use affiant_ledger::time::Timestamp;
use affiant_reports::derive::Catalogs;
use rayon::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

/// Entries read at a time on each core.
const SHARE: usize = 256;

pub(crate) fn run(context: &Context, arguments: StatusArguments) -> Result<u8, Failure> {
    let catalogs = catalogs::embedded(&arguments.frameworks)?;
    let reader = context.read()?;
    let view = View::new(&reader)?;
    let as_of: Option<Timestamp> =
        arguments.as_of.as_ref().map(|text| text.parse().map_err(Failure::refused)).transpose()?;
    let systems = match &arguments.system {
        Some(system) => vec![view.known(system)?],
        None => view.systems()?,
    };
    let mut evaluated = false;
    let mut answers = Vec::new();
    for system in &systems {
        let records = view.records(system, as_of.is_some())?;
        let register =
            Register::replay(&records, as_of.unwrap_or_else(|| context.now())).map_err(Failure::integrity)?;
        if register.system().is_none() {
            context.say(format!("{system}: not registered by {}", register.as_of()));
            continue;
        }
        let assessments = judge(&catalogs, &register)?;
        evaluated |= assessments.iter().any(rests_on_evidence);
        if let Some(requirement) = &arguments.why {
            why(context, &catalogs, &register, &assessments, requirement)?;
        } else if context.json {
            answers.push(json!({"system": system, "entries": view.count(system)?, "checkpoint": reader.size(), "assessments": assessments}));
        } else {
            show(context, system, &register, &assessments, arguments.gaps);
        }
    }
    if context.json && arguments.why.is_none() {
        output::json(&answers);
    }
    if systems.is_empty() {
        context.say("no system is registered");
    }
    Ok(if evaluated { 0 } else { UNDETERMINED })
}

/// Whether any outcome rests on evidence. Outcomes that no requirement has are listed too, with 0.
fn rests_on_evidence(judged: &Assessment) -> bool {
    let evaluated =
        |outcome: &Outcome| matches!(outcome, Outcome::Satisfied | Outcome::Partial | Outcome::NotSatisfied);
    judged.totals.by_outcome.iter().any(|(outcome, count)| evaluated(outcome) && *count > 0)
}

fn judge(catalogs: &Catalogs, register: &Register) -> Result<Vec<Assessment>, Failure> {
    let one = |framework| {
        assess(framework, &catalogs.mappings, &catalogs.controls, register).map_err(Failure::integrity)
    };
    catalogs.frameworks.iter().map(one).collect()
}

/// The ledger with its index, where that is at hand; without it everything is read, slower and the same.
struct View<'a> {
    reader: &'a Reader,
    lookup: Option<Lookup>,
}

impl<'a> View<'a> {
    fn new(reader: &'a Reader) -> Result<Self, Failure> {
        let size = reader.size();
        let leaf = match size.checked_sub(1) {
            Some(last) => Digest::leaf(&reader.entry_bytes(last)?),
            None => Digest::ZERO,
        };
        Ok(Self { reader, lookup: Lookup::open(&Sled, reader.folder(), size, leaf) })
    }

    fn streams(&self) -> Result<BTreeSet<Id>, Failure> {
        if let Some(lookup) = &self.lookup {
            return Ok(lookup.streams().into_iter().map(|(id, _)| id).collect());
        }
        let mut streams = BTreeSet::new();
        for index in 0..self.reader.size() {
            let entry = Entry::from_bytes(&self.reader.entry_bytes(index)?).map_err(Failure::integrity)?;
            streams.insert(entry.stream);
        }
        Ok(streams)
    }

    fn systems(&self) -> Result<Vec<Id>, Failure> {
        Ok(self.streams()?.into_iter().filter(|id| *id != *ORGANISATION).collect())
    }

    fn known(&self, system: &str) -> Result<Id, Failure> {
        let streams = self.systems()?;
        streams.iter().find(|id| **id == *system).cloned().ok_or_else(|| {
            let known: Vec<&str> = streams.iter().map(Id::as_str).collect();
            let failure = Failure::refused(format!("system `{}` is not registered", visible(system)));
            if known.is_empty() { failure } else { failure.hint(format!("registered: {}", known.join(", "))) }
        })
    }

    /// Number of entries of a system.
    fn count(&self, system: &Id) -> Result<u64, Failure> {
        match &self.lookup {
            Some(lookup) => {
                Ok(lookup.streams().into_iter().find(|(id, _)| id == system).map_or(0, |(_, n)| n))
            }
            None => Ok(self.reader.stream_by_scan(system)?.len() as u64),
        }
    }

    /// What a replay needs: for the present only what the index files as latest, for the past everything.
    fn records(&self, system: &Id, past: bool) -> Result<Vec<Record>, Failure> {
        let found = self
            .lookup
            .as_ref()
            .and_then(|lookup| if past { lookup.positions(system) } else { lookup.latest(system) });
        let indexes = match found {
            Some(indexes) => indexes,
            None => self.reader.stream_by_scan(system)?,
        };
        let read = |share: &[u64]| {
            share.iter().map(|index| self.reader.record(*index)).collect::<Result<Vec<_>, _>>()
        };
        let shares = indexes.par_chunks(SHARE).map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(shares.into_iter().flatten().collect())
    }
}

fn show(context: &Context, system: &Id, register: &Register, assessments: &[Assessment], with_gaps: bool) {
    let name = register.system().map_or("", |system| system.name.as_str());
    output::line(format!("{system}: {name}, as of {}", register.as_of()));
    let rows = assessments.iter().map(|judged| {
        let count = |outcome| judged.totals.by_outcome.get(&outcome).copied().unwrap_or(0).to_string();
        vec![
            judged.framework.id.to_string(),
            judged.totals.applying.to_string(),
            count(Outcome::Satisfied),
            count(Outcome::Partial),
            count(Outcome::NotSatisfied),
            count(Outcome::NotAssessed),
            count(Outcome::Unknown),
            judged.totals.pairs_held.to_string(),
        ]
    });
    let header = [
        "framework",
        "apply",
        "satisfied",
        "partial",
        "not satisfied",
        "no evidence",
        "unknown",
        "controls on assets held",
    ];
    output::table(&header, rows);
    if with_gaps {
        assessments.iter().for_each(gaps);
    } else {
        context.say("satisfied: evidence on file for every mapped control over its whole population; list the rest with --gaps");
    }
}

fn gaps(judged: &Assessment) {
    output::line("");
    output::line(format!("gaps in {}", judged.framework.id));
    let mut rows = Vec::new();
    for determination in
        judged.determinations.iter().filter(|d| d.applicability.state != ApplicabilityState::DoesNotApply)
    {
        for gap in &determination.gaps {
            rows.push(vec![
                determination.citation.clone(),
                from(determination),
                gap.kind.as_str().to_owned(),
                gap.control.as_ref().map(ToString::to_string).unwrap_or_default(),
                gap.assets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
                gap.detail.clone(),
            ]);
        }
    }
    output::table(&["requirement", "from", "gap", "control", "assets", "what"], rows);
}

fn from(determination: &Determination) -> String {
    let date = determination.timing.date.map(|date| format!(" {date}")).unwrap_or_default();
    format!("{}{date}", determination.timing.state.as_str())
}

fn why(
    context: &Context,
    catalogs: &Catalogs,
    register: &Register,
    assessments: &[Assessment],
    requirement: &str,
) -> Result<(), Failure> {
    let is_meant = |d: &&Determination| {
        d.requirement == requirement || d.citation.replace(' ', "") == requirement.replace(' ', "")
    };
    let found =
        assessments.iter().find_map(|judged| Some((judged, judged.determinations.iter().find(is_meant)?)));
    let Some((judged, determination)) = found else {
        let text = format!("`{}` is no requirement that is judged", visible(requirement));
        return Err(Failure::refused(text)
            .hint("use an id such as art-12-1, a citation such as 'Art. 12(1)', or A.6.2.8"));
    };
    if context.json {
        output::json(determination);
        return Ok(());
    }
    output::line(format!("{} {}", determination.citation, determination.title));
    let framework = catalogs.frameworks.iter().find(|framework| framework.pin() == judged.framework);
    let row =
        framework.and_then(|framework| Some((framework, framework.requirement(&determination.requirement)?)));
    if let (Some((framework, row)), Some(system)) = (row, register.system()) {
        output::line(format!("asks: {}", row.summary));
        output::line(format!("applies: {}", explain(framework, row, system, register.as_of().date())));
    }
    output::line(format!("conclusion: {}", determination.conclusion));
    let rows = determination.controls.iter().flat_map(|mapped| {
        let standing = judged.control(mapped.control.as_str());
        standing.into_iter().flat_map(|standing| &standing.assets).map(|asset| {
            let entries = asset.citations.iter().map(|c| c.index.to_string()).collect::<Vec<_>>().join(", ");
            vec![
                mapped.control.to_string(),
                asset.asset.to_string(),
                asset.state.to_string(),
                asset.reason.clone(),
                entries,
            ]
        })
    });
    output::table(&["control", "asset", "state", "why", "entries"], rows.collect::<Vec<_>>());
    Ok(())
}
