//! The chapters that every report has.

use super::{Material, fact, paragraph, period, section, withheld};
use crate::document::{
    Bar, Bars, Block, Category, Cell, Column, KeyValue, Kind, Level, Notice, Row, Section, Span, Table, Tone,
};
use affiant_frameworks::assessment::Outcome;
use affiant_ledger::note::Verifier;
use std::collections::BTreeMap;

/// Entries listed in the appendix; the pack itself holds all.
const ENTRIES_LISTED: usize = 1_000;

/// SHA-256 of the public key in a vkey.
pub(super) fn fingerprint(vkey: &str) -> String {
    vkey.parse::<Verifier>().map(|key| key.key().fingerprint().to_string()).unwrap_or_default()
}

pub(super) fn integrity(material: Material<'_>) -> Section {
    let Material { assessment, checkpoint, .. } = material;
    let mono = |key: &str, value: String| KeyValue { key: key.into(), value: vec![Span::mono(value)] };
    let command = format!("affiant verify {}.affiant.zip --trust trust.keys", assessment.system);
    let signers = &assessment.keys.signers;
    let signers = signers.iter().map(|signer| mono(&format!("Key of {}", signer.role), signer.vkey.clone()));
    let mut facts = vec![
        mono("Pack", assessment.pack.to_string()),
        mono("Ledger", assessment.origin.clone()),
        mono("Checkpoint", format!("{} entries, root {}", checkpoint.size, checkpoint.root)),
        mono(
            "Stream",
            format!(
                "{}, positions {} to {}",
                assessment.system, assessment.entries.first, assessment.entries.last
            ),
        ),
        mono("Head of the stream", assessment.entries.head.to_string()),
        mono("Log key", assessment.keys.log.clone()),
        mono("Issuer key", assessment.keys.issuer.clone()),
    ];
    facts.extend(signers);
    facts.push(mono("Derived by", assessment.engine.clone()));
    let mut integrity = section(
        "s-integrity",
        "Integrity and how to verify",
        vec![
            paragraph(
                "This report is one file of a sealed pack. The pack's note signs the digest of every other file, the \
                 entries are proved to be leaves of the ledger's Merkle tree, the chain of the system's stream shows that \
                 none was left out, and the assessment can be derived again from the entries and catalogs in the pack.",
            ),
            Block::KeyValues(facts),
            paragraph(
                "Take the public keys from elsewhere than this pack, put them in a file, and run the command below. \
                 VERIFY.md in the pack shows the same by hand, with sha256sum and openssl.",
            ),
            Block::Code(command),
        ],
    );
    integrity.sections.push(period::completeness(material));
    integrity
}

pub(super) fn missing(body: &str) -> Block {
    Block::Notice(Notice { level: Level::Missing, title: String::new(), body: vec![Span::plain(body)] })
}

pub(super) fn scope(material: Material<'_>) -> Section {
    let Material { assessment, register, catalogs, .. } = material;
    let mut blocks = Vec::new();
    match register.system() {
        None => blocks.push(missing("No definition of the system is on file.")),
        Some(system) => {
            let list =
                |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
            let mut facts = vec![
                fact("System", format!("{} ({})", system.name, system.id)),
                fact("Purpose", system.purpose.clone().unwrap_or_else(|| "MISSING".into())),
                fact("Owner", system.owner.clone().unwrap_or_else(|| "MISSING".into())),
                fact("Roles", or_missing(list(&system.roles))),
                fact("Risk classes", or_missing(list(&system.risk_classes))),
            ];
            if !system.routes.is_empty() {
                facts.push(fact("Route to high risk", list(&system.routes)));
            }
            facts.extend(system.placed_on_market.map(|date| fact("Placed on the market", date.to_string())));
            facts.extend(system.facts.iter().map(|(name, values)| fact(name, list(values))));
            facts.push(fact(
                "Classified by",
                system.classified_by.clone().unwrap_or_else(|| "MISSING".into()),
            ));
            facts.push(fact("Why so", system.basis.clone().unwrap_or_else(|| "MISSING".into())));
            blocks.push(Block::KeyValues(facts));
            blocks.push(paragraph("Roles, risk classes and facts are claims of whoever registered the system, not findings of this report."));
        }
    }
    let rows = catalogs.frameworks.iter().map(|framework| {
        let digest = framework.digest().to_string();
        Row::from([
            Cell::text(framework.name.clone()),
            Cell::text(framework.version.clone()),
            Cell::text(framework.as_of.to_string()),
            Cell::from(Span::mono(&digest[..16])),
        ])
    });
    blocks.push(Block::Table(Table {
        caption: "Criteria".into(),
        columns: vec![
            Column::share("Framework", 4, Kind::Text),
            Column::points("Version", 80, Kind::Text),
            Column::points("Read as of", 75, Kind::Text),
            Column::points("SHA-256", 115, Kind::Mono),
        ],
        rows: rows.collect(),
        empty: "No framework.".into(),
    }));
    if assessment.assessments.iter().any(|judged| judged.framework.id == *"eu-ai-act") {
        blocks.push(Block::Notice(Notice {
            level: Level::Info,
            title: "Dates of the AI Act.".into(),
            body: vec![Span::plain(
                "Regulation (EU) 2026/1744 amended the Act, in force 2026-07-27. Duties for high-risk systems apply from \
                 2027-12-02 (Annex III) and 2028-08-02 (Annex I), not from the dates of the 2024 text. Where they differ, \
                 tables show the date now in force and the original one.",
            )],
        }));
    }
    section("s-scope", "Scope and criteria", blocks)
}

fn or_missing(text: String) -> String {
    if text.is_empty() { "MISSING".into() } else { text }
}

pub(super) fn basis(material: Material<'_>) -> Section {
    let Material { assessment, register, .. } = material;
    let limits = assessment.does_not_establish.iter().map(|limit| vec![Span::plain(limit.clone())]).collect();
    let mut points = vec![
        match assessment.period {
            None => format!("Point in time: {}. Results observed or recorded later are left out.", assessment.as_of),
            Some(period) => format!(
                "Period: from {} until {}, judged by what was recorded until the pack was issued; what was observed later is left out. \
                 Conclusions on requirements are those of its last instant, and Over the period says how they stood throughout.",
                period.from, period.to
            ),
        },
        "The latest result of each collector counts for a control on an asset: a pass of one tool never hides the failure of another. The number of results never matters.".into(),
        "A pass counts while it is fresh: no older than the control allows. A scan that examined nothing is no pass; an unknown status is no pass.".into(),
        "A requirement is satisfied when every control mapped to it held on every asset it applies to, and there is at least one of each.".into(),
        "A mapping says that a control supports a requirement, never that it fulfils it.".into(),
    ];
    if register.withheld() > 0 {
        points.push(format!(
            "{} entries could not be read: their payload is withheld or erased.",
            register.withheld()
        ));
    }
    let points = points.into_iter().map(|point| vec![Span::plain(point)]).collect();
    let mut basis = section("s-basis", "Basis of preparation", vec![Block::List(points)]);
    let text = paragraph("This pack does not establish:");
    basis.sections.push(section(
        "s-limits",
        "What this pack does not establish",
        vec![text, Block::List(limits)],
    ));
    basis.sections.push(withheld::section(material));
    basis
}

pub(super) fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Satisfied => Tone::Good,
        Outcome::Partial => Tone::Caution,
        Outcome::NotSatisfied => Tone::Bad,
        Outcome::NotAssessed | Outcome::Unknown => Tone::Missing,
        Outcome::NotApplicable => Tone::Muted,
    }
}

pub(super) fn summary(material: Material<'_>) -> Section {
    let shown =
        [Outcome::Satisfied, Outcome::Partial, Outcome::NotSatisfied, Outcome::NotAssessed, Outcome::Unknown];
    let bars = material.assessment.assessments.iter().map(|judged| Bar {
        label: judged.criteria.clone(),
        link: None,
        counts: shown
            .iter()
            .map(|outcome| judged.totals.by_outcome.get(outcome).copied().unwrap_or(0))
            .collect(),
    });
    let word = |outcome: Outcome| match outcome {
        Outcome::Satisfied => "evidence on file",
        Outcome::Partial => "partial",
        Outcome::NotSatisfied => "a control failed",
        Outcome::NotAssessed => "no evidence",
        _ => "applicability unknown",
    };
    let bars = Block::Bars(Bars {
        caption: "Requirements that may bind the system, by what the evidence amounts to".into(),
        categories: shown
            .iter()
            .map(|outcome| Category { label: word(*outcome).into(), tone: tone(*outcome) })
            .collect(),
        bars: bars.collect(),
    });
    let rows = material.assessment.assessments.iter().map(|judged| {
        let totals = &judged.totals;
        let shares =
            [totals.applying, totals.mapped, totals.satisfied, totals.controls_held, totals.pairs_held];
        let cells = std::iter::once(Cell::text(judged.criteria.clone()))
            .chain(shares.map(|share| Cell::text(share.to_string())));
        Row { id: String::new(), cells: cells.collect() }
    });
    let table = Block::Table(Table {
        caption: "Coverage, each with its denominator".into(),
        columns: vec![
            Column::share("Framework", 3, Kind::Text),
            Column::share("Apply, of judged", 2, Kind::Number),
            Column::share("With a control, of applying", 2, Kind::Number),
            Column::share("Satisfied, of applying", 2, Kind::Number),
            Column::share("Controls held, of mapped", 2, Kind::Number),
            Column::share("Control on asset held, of all pairs", 2, Kind::Number),
        ],
        rows: rows.collect(),
        empty: "No framework.".into(),
    });
    let mut blocks: Vec<Block> = withheld::notice(material).map(Block::Notice).into_iter().collect();
    blocks.extend([bars, table]);
    blocks.extend(period::summary(material));
    section("s-summary", "Summary", blocks)
}

pub(super) fn controls(material: Material<'_>) -> Section {
    let mut standings = BTreeMap::new();
    for judged in &material.assessment.assessments {
        standings.extend(judged.controls.iter().map(|standing| (standing.control.clone(), standing)));
    }
    let mut rows = Vec::new();
    for standing in standings.values() {
        for (at, asset) in standing.assets.iter().enumerate() {
            let first = at == 0;
            let title = if first { standing.title.clone() } else { String::new() };
            let id =
                if first { format!("control-{}", standing.control).to_lowercase() } else { String::new() };
            let control = if first { standing.control.to_string() } else { String::new() };
            rows.push(Row {
                id,
                cells: vec![
                    Cell::from(Span::mono(control)),
                    Cell::text(title),
                    Cell::from(Span::mono(asset.asset.to_string())),
                    Cell::status(asset.state.as_str(), state_tone(asset.state)),
                    Cell::text(asset.reason.clone()),
                    Cell::text(
                        asset.citations.iter().map(|c| c.index.to_string()).collect::<Vec<_>>().join(", "),
                    ),
                ],
            });
        }
    }
    let table = Table {
        caption: String::new(),
        columns: vec![
            Column::points("Control", 72, Kind::Mono),
            Column::share("Title", 3, Kind::Text),
            Column::points("Asset", 80, Kind::Mono),
            Column::points("State", 68, Kind::Status),
            Column::share("Why", 4, Kind::Text),
            Column::points("Entries", 46, Kind::Number),
        ],
        rows,
        empty: "No control is mapped to these frameworks.".into(),
    };
    let text = "Every control mapped to one of the frameworks, on every asset it applies to.";
    section("s-controls", "Controls", vec![paragraph(text), Block::Table(table)])
}

pub(super) fn state_tone(state: affiant_controls::ControlState) -> Tone {
    use affiant_controls::ControlState as S;
    match state {
        S::Held => Tone::Good,
        S::Failed => Tone::Bad,
        S::Review | S::Stale => Tone::Caution,
        S::Missing => Tone::Missing,
        S::Excepted | S::NotApplicable => Tone::Muted,
    }
}

pub(super) fn evidence(material: Material<'_>) -> Section {
    let rows = material.assessment.evidence.iter().map(|file| {
        let held = if file.held {
            Cell::status("in the pack", Tone::Good)
        } else if file.withheld.is_some() {
            Cell::status("withheld", Tone::Muted)
        } else {
            Cell::status("digest only", Tone::Neutral)
        };
        Row::from([
            Cell::text(file.name.clone()),
            Cell::text(file.size.to_string()),
            held,
            Cell::from(Span::mono(file.sha256.to_string())),
        ])
    });
    let table = Table {
        caption: String::new(),
        columns: vec![
            Column::share("File", 2, Kind::Text),
            Column::points("Bytes", 60, Kind::Number),
            Column::points("Held", 80, Kind::Status),
            Column::share("SHA-256", 4, Kind::Mono),
        ],
        rows: rows.collect(),
        empty: "No entry cites an evidence file.".into(),
    };
    let text = "Files cited by the entries. Where the pack holds only the digest, ask the organisation for the file and compare.";
    section("s-evidence", "Evidence files", vec![paragraph(text), Block::Table(table)])
}

pub(super) fn entries(material: Material<'_>) -> Section {
    let records = material.records;
    let from = records.len().saturating_sub(ENTRIES_LISTED);
    let rows = records[from..].iter().map(|record| {
        let entry = &record.entry;
        Row::from([
            Cell::text(entry.index.to_string()),
            Cell::text(entry.n.to_string()),
            Cell::text(entry.time.to_string()),
            Cell::text(entry.kind.to_string()),
            Cell::text(entry.by.clone()),
            Cell::from(Span::mono(&record.leaf.to_string()[..24])),
        ])
    });
    let table = Table {
        caption: String::new(),
        columns: vec![
            Column::points("Index", 48, Kind::Number),
            Column::points("In stream", 52, Kind::Number),
            Column::points("Recorded", 118, Kind::Text),
            Column::share("Kind", 2, Kind::Text),
            Column::share("By", 2, Kind::Text),
            Column::points("Leaf hash", 165, Kind::Mono),
        ],
        rows: rows.collect(),
        empty: "No entries.".into(),
    };
    let text = match from {
        0 => "The entries of the stream, all of them, in order.".to_owned(),
        _ => {
            format!("The latest {ENTRIES_LISTED} of {} entries; all are in data/entries.cbor.", records.len())
        }
    };
    let mut section = section("s-entries", "Entries", vec![paragraph(text), Block::Table(table)]);
    section.appendix = true;
    section
}

pub(super) fn catalogs(material: Material<'_>) -> Section {
    let rows = material.assessment.catalogs.iter().map(|pin| {
        Row::from([
            Cell::text(pin.id.to_string()),
            Cell::text(pin.kind.as_str()),
            Cell::text(pin.version.clone()),
            Cell::from(Span::mono(pin.digest.to_string())),
        ])
    });
    let table = Table {
        caption: String::new(),
        columns: vec![
            Column::share("Catalog", 2, Kind::Text),
            Column::points("Kind", 64, Kind::Text),
            Column::points("Version", 66, Kind::Text),
            Column::share("SHA-256", 4, Kind::Mono),
        ],
        rows: rows.collect(),
        empty: "No catalogs.".into(),
    };
    let text = "The exact catalogs used are in data/catalogs/, and pinned by entries of the stream.";
    let mut section = section("s-catalogs", "Catalogs", vec![paragraph(text), Block::Table(table)]);
    section.appendix = true;
    section
}

pub(super) fn glossary() -> Section {
    let words = [
        ("Entry", "one recorded leaf of the ledger, immutable; cited by its index"),
        ("Stream", "the chain of entries of one AI system"),
        ("Checkpoint", "the signed size and root of the ledger"),
        (
            "Control",
            "a safeguard with an objective; a control result is its outcome on one asset or population at one time",
        ),
        ("Held", "passed, and still fresh"),
        ("Population", "the assets a control applies to"),
        ("Determination", "the conclusion on one requirement, with citations and gaps"),
        (
            "Satisfied",
            "evidence is on file for every mapped control over its whole population; not a statement of compliance",
        ),
    ];
    let mut section =
        section("s-glossary", "Words used", vec![Block::KeyValues(words.map(|(k, v)| fact(k, v)).to_vec())]);
    section.appendix = true;
    section
}
