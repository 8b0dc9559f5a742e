//! One requirement: what it asks, whether and from when it binds, and what it rests on.

use crate::context::Context;
use crate::licensed;
use crate::output;
use affiant_frameworks::applicability::explain;
use affiant_frameworks::assessment::Determination;
use affiant_ledger::id::visible;
use affiant_reports::derive::Catalogs;
use affiant_server::failure::Failure;
use affiant_server::standing::Standing;

/// Shows it.
pub(super) fn show(
    context: &Context,
    catalogs: &Catalogs,
    standing: &Standing<'_>,
    requirement: &str,
) -> Result<(), Failure> {
    let Standing { register, assessments, .. } = standing;
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
        licensed::show(context, framework, &row.id);
        output::line(format!("applies: {}", explain(framework, row, system, register.as_of().date())));
        if determination.applicability.decided {
            output::line(format!("decision: {}", determination.applicability.reason));
        }
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
    for gap in determination.gaps.iter().filter(|gap| gap.control.is_none()) {
        output::line(format!("gap: {}: {}", gap.kind.as_str(), gap.detail));
    }
    Ok(())
}
