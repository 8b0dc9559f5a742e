//! The assets of a system, and what each came from.

use super::{Material, section};
use crate::document::{
    Block, Cell, Column, Kind, Lineage, LineageEdge, LineageNode, Row, Section, Span, Table, Tone,
};
use affiant_ledger::id::Id;
use std::collections::BTreeSet;

/// Most assets of a drawing that can be read.
const DRAWN_MAX: usize = 36;

pub(super) fn assets(material: Material<'_>) -> Section {
    let rows = material.register.assets().map(|asset| Row {
        id: format!("asset-{}", asset.id),
        cells: vec![
            Cell::from(Span::mono(asset.id.to_string())),
            Cell::text(asset.kind.clone()),
            Cell::text(asset.name.clone()),
            Cell::text(asset.version.clone().unwrap_or_default()),
            Cell::from(Span::mono(
                asset.digest.map(|digest| digest.to_string()[..16].to_owned()).unwrap_or_default(),
            )),
            if asset.retired {
                Cell::status("retired", Tone::Muted)
            } else {
                Cell::status("in use", Tone::Neutral)
            },
        ],
    });
    let table = Table {
        caption: String::new(),
        columns: vec![
            Column::share("Id", 3, Kind::Mono),
            Column::share("Kind", 2, Kind::Text),
            Column::share("Name", 3, Kind::Text),
            Column::points("Version", 60, Kind::Text),
            Column::points("SHA-256", 105, Kind::Mono),
            Column::points("State", 62, Kind::Status),
        ],
        rows: rows.collect(),
        empty: "No asset is registered. Controls that apply to assets have no population.".into(),
    };
    let mut blocks = vec![Block::Table(table)];
    blocks.extend(lineage(material));
    section("s-assets", "Assets", blocks)
}

/// What each asset came from: a drawing where it can be read, and every relation in words.
fn lineage(material: Material<'_>) -> Vec<Block> {
    let used = || material.register.assets().filter(|asset| !asset.retired);
    let related = || used().flat_map(|asset| asset.relations.iter().map(move |relation| (asset, relation)));
    let ends: BTreeSet<&Id> = related().flat_map(|(asset, relation)| [&asset.id, &relation.to]).collect();
    if ends.is_empty() {
        return Vec::new();
    }
    let rows = related().map(|(asset, relation)| {
        Row::from([
            Cell::from(Span::mono(asset.id.to_string())),
            Cell::text(relation.kind.as_str()),
            Cell::from(Span::mono(relation.to.to_string())),
        ])
    });
    let table = Block::Table(Table {
        caption: "Relations".into(),
        columns: vec![
            Column::share("Asset", 3, Kind::Mono),
            Column::points("Relation", 90, Kind::Text),
            Column::share("To", 3, Kind::Mono),
        ],
        rows: rows.collect(),
        empty: String::new(),
    });
    if ends.len() > DRAWN_MAX {
        return vec![table];
    }
    let place = |id: &Id| ends.iter().position(|end| *end == id).unwrap_or_default();
    let drawing = Lineage {
        caption: "Lineage: what each asset came from, to the left of it".into(),
        nodes: ends
            .iter()
            .map(|id| LineageNode {
                label: id.to_string(),
                note: material
                    .register
                    .asset(id.as_str())
                    .map(|asset| asset.kind.clone())
                    .unwrap_or_default(),
            })
            .collect(),
        edges: related()
            .map(|(asset, relation)| LineageEdge {
                of: place(&asset.id),
                from: place(&relation.to),
                label: relation.kind.to_string(),
            })
            .collect(),
    };
    vec![Block::Lineage(drawing), table]
}
