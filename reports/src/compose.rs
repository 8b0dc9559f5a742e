//! The report as a document: what the assessment says, laid out for people. Pure: only what the pack holds goes in, so
//! it can be composed again. Missing parts say MISSING; nothing is invented.

mod assertion;
mod assets;
mod framework;
mod over_time;
mod papers;
mod parts;
pub(crate) mod period;
mod posture;
mod sheets;
pub(crate) mod withheld;

use crate::derive::Catalogs;
use crate::document::{
    Block, Cover, Document, Fingerprint, KeyValue, Level, Metadata, Notice, Section, Span,
};
use crate::pack::PackAssessment;
use affiant_controls::register::Register;
use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::record::Record;

/// What a report is composed of.
#[derive(Clone, Copy)]
struct Material<'a> {
    assessment: &'a PackAssessment,
    records: &'a [Record],
    register: &'a Register,
    catalogs: &'a Catalogs,
    checkpoint: &'a Checkpoint,
}

/// Composes the report of a pack.
pub fn compose(
    assessment: &PackAssessment,
    records: &[Record],
    register: &Register,
    catalogs: &Catalogs,
    checkpoint: &Checkpoint,
) -> Document {
    let material = Material { assessment, records, register, catalogs, checkpoint };
    let name = register.system().map_or_else(|| assessment.system.to_string(), |system| system.name.clone());
    let mut sections = vec![
        parts::integrity(material),
        assertion::section(material),
        parts::scope(material),
        parts::basis(material),
        parts::summary(material),
        assets::assets(material),
    ];
    sections.extend(assessment.assessments.iter().map(|judged| framework::chapter(judged, material)));
    sections.extend(period::chapter(material));
    sections.push(over_time::chapter(material));
    sections.extend([parts::controls(material), parts::evidence(material), posture::chapter(material)]);
    sections.push(papers::chapter(material));
    sections.extend([parts::entries(material), parts::catalogs(material), parts::glossary()]);
    let mut document = Document {
        title: format!("Evidence on file: {name}"),
        subtitle: match assessment.period {
            None => format!("As of {}", assessment.as_of.date()),
            Some(period) => format!("Period from {} to {}", period.from.date(), period.last().date()),
        },
        language: "en".into(),
        generated_at: assessment.as_of,
        reference: assessment.pack.to_string(),
        metadata: Metadata {
            author: assessment.keys.issuer.split('+').next().unwrap_or_default().to_owned(),
            producer: concat!("affiant ", env!("CARGO_PKG_VERSION")).into(),
            subject: format!("Audit pack about the AI system {name}"),
            keywords: assessment.catalogs.iter().map(|pin| pin.id.to_string()).collect(),
        },
        cover: Some(cover(material, &name)),
        sections,
    };
    document.number();
    document
}

fn cover(material: Material<'_>, name: &str) -> Cover {
    let Material { assessment, checkpoint, .. } = material;
    let frameworks: Vec<&str> =
        assessment.assessments.iter().map(|judged| judged.criteria.as_str()).collect();
    let time = match assessment.period {
        None => fact("As of", assessment.as_of.to_string()),
        Some(period) => fact("Period", format!("from {} until {}", period.from, period.to)),
    };
    let key = |vkey: &str| parts::fingerprint(vkey);
    let mut fingerprints = vec![
        Fingerprint { label: "Pack".into(), value: assessment.pack.to_string() },
        Fingerprint {
            label: "Head of the stream (leaf hash)".into(),
            value: assessment.entries.head.to_string(),
        },
        Fingerprint { label: "Root of the ledger".into(), value: checkpoint.root.to_string() },
        Fingerprint { label: "Issuer key, SHA-256".into(), value: key(&assessment.keys.issuer) },
    ];
    fingerprints.extend(assessment.keys.signers.iter().map(|signer| Fingerprint {
        label: format!("Key of {}, SHA-256", signer.role),
        value: key(&signer.vkey),
    }));
    fingerprints.push(Fingerprint { label: "Log key, SHA-256".into(), value: key(&assessment.keys.log) });
    Cover {
        kicker: "Audit pack".into(),
        statement: vec![Span::plain(
            "What the evidence ledger holds about this system, requirement by requirement, with the entries each \
             conclusion rests on. Every byte of the pack is under one signature, and its conclusions can be derived \
             again from the entries in it.",
        )],
        facts: vec![
            fact("System", name),
            time,
            fact("Criteria", frameworks.join("; ")),
            fact(
                "Entries",
                format!("{} of stream {}, from its first", assessment.entries.last + 1, assessment.system),
            ),
            fact("Ledger", format!("{}, {} entries", assessment.origin, checkpoint.size)),
        ],
        fingerprints,
        notices: withheld::notice(material)
            .into_iter()
            .chain([Notice {
                level: Level::Warning,
                title: "Not a statement of compliance.".into(),
                body: vec![
                    Span::plain("Read "),
                    Span::plain("what this pack does not establish").to("s-basis"),
                    Span::plain(
                        " before anything else, and compare the keys with those you hold from elsewhere.",
                    ),
                ],
            }])
            .collect(),
    }
}

fn fact(key: &str, value: impl Into<String>) -> KeyValue {
    KeyValue { key: key.into(), value: vec![Span::plain(value)] }
}

fn paragraph(text: impl Into<String>) -> Block {
    Block::Paragraph(vec![Span::plain(text)])
}

fn section(id: &str, heading: &str, blocks: Vec<Block>) -> Section {
    let mut section = Section::new(id, heading);
    section.blocks = blocks;
    section
}
