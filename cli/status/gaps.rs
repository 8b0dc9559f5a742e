//! What is missing, requirement by requirement.

use crate::output;
use affiant_frameworks::applicability::ApplicabilityState;
use affiant_frameworks::assessment::{Assessment, Determination, Gap};
use affiant_server::standing::Standing;

/// The gaps in one framework.
pub(super) fn show(judged: &Assessment) {
    output::line("");
    output::line(format!("gaps in {}", judged.framework.id));
    let rows = open(judged).map(|(determination, gap)| {
        let mut row = vec![determination.citation.clone()];
        row.extend(cells(determination, gap));
        row
    });
    output::table(&["requirement", "from", "gap", "control", "assets", "what"], rows);
}

/// Every requirement, or every gap, as comma-separated values.
pub(super) fn csv(standing: &Standing<'_>, only_gaps: bool) {
    let system = standing.system.as_str();
    if only_gaps {
        let rows = standing.assessments.iter().flat_map(|judged| {
            open(judged).map(move |(determination, gap)| {
                let mut row = vec![
                    system.to_owned(),
                    judged.framework.id.to_string(),
                    determination.requirement.clone(),
                ];
                row.extend(cells(determination, gap));
                row
            })
        });
        output::csv(
            &["system", "framework", "requirement", "from", "gap", "control", "assets", "what"],
            rows,
        );
        return;
    }
    let rows = standing.assessments.iter().flat_map(|judged| {
        judged.determinations.iter().map(move |it| {
            let sum = |of: fn(&affiant_frameworks::assessment::MappedControl) -> u64| {
                it.controls.iter().map(of).sum::<u64>().to_string()
            };
            let entries: Vec<String> = it.citations.iter().map(ToString::to_string).collect();
            vec![
                system.to_owned(),
                judged.framework.id.to_string(),
                it.requirement.clone(),
                it.citation.clone(),
                it.title.clone(),
                it.applicability.state.as_str().to_owned(),
                it.timing.state.as_str().to_owned(),
                it.timing.date.map(|date| date.to_string()).unwrap_or_default(),
                it.outcome.as_str().to_owned(),
                sum(|mapped| mapped.held),
                sum(|mapped| mapped.excepted),
                sum(|mapped| mapped.population),
                entries.join(" "),
                it.conclusion.clone(),
            ]
        })
    });
    let header = [
        "system",
        "framework",
        "requirement",
        "citation",
        "title",
        "applies",
        "timing",
        "date",
        "outcome",
        "held",
        "excepted",
        "of",
        "entries",
        "conclusion",
    ];
    output::csv(&header, rows);
}

fn open(judged: &Assessment) -> impl Iterator<Item = (&Determination, &Gap)> {
    let bound = |it: &&Determination| it.applicability.state != ApplicabilityState::DoesNotApply;
    judged.determinations.iter().filter(bound).flat_map(|it| it.gaps.iter().map(move |gap| (it, gap)))
}

fn cells(determination: &Determination, gap: &Gap) -> [String; 5] {
    let date = determination.timing.date.map(|date| format!(" {date}")).unwrap_or_default();
    [
        format!("{}{date}", determination.timing.state.as_str()),
        gap.kind.as_str().to_owned(),
        gap.control.as_ref().map(ToString::to_string).unwrap_or_default(),
        gap.assets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        gap.detail.clone(),
    ]
}
