//! Working papers: Statement of Applicability, profiles, skeletons of the AI Act.

use crate::context::Context;
use crate::output;
use affiant_frameworks::sheet::{MISSING, Sheet, SheetKind, SheetRow, sheet};
use affiant_ledger::id::visible;
use affiant_reports::derive::Catalogs;
use affiant_server::failure::Failure;
use affiant_server::standing::Standing;

/// Shows a sheet; whether any row of it rests on something.
pub(super) fn show(
    context: &Context,
    catalogs: &Catalogs,
    standing: &Standing<'_>,
    name: &str,
    csv: bool,
) -> Result<bool, Failure> {
    let Some(kind) = SheetKind::ALL.into_iter().find(|kind| kind.as_str() == name) else {
        let known: Vec<&str> = SheetKind::ALL.iter().map(|kind| kind.as_str()).collect();
        let failure = Failure::refused(format!("`{}` is no sheet", visible(name)));
        return Err(failure.hint(format!("there are: {}", known.join(", "))));
    };
    let framework = catalogs.frameworks.iter().find(|framework| framework.id == *kind.framework());
    let judged = standing.assessments.iter().find(|judged| judged.framework.id == *kind.framework());
    let (Some(framework), Some(judged)) = (framework, judged) else {
        return Err(Failure::refused(format!("{name} is made from {}, which is left out", kind.framework())));
    };
    let sheet = sheet(kind, framework, judged, standing.register);
    let rests = ["satisfied", "partial", "not-satisfied"];
    let evaluated = sheet.rows.iter().any(|row| rests.contains(&row.current.as_str()));
    if context.json {
        output::json(&sheet);
    } else if csv {
        table(&sheet, true);
    } else {
        output::line(kind.title());
        output::line(format!("{}, as of {}, {}", sheet.system, sheet.as_of, sheet.criteria));
        table(&sheet, false);
        output::line(format!(
            "{MISSING}: {} of {} rows, nothing is on file",
            sheet.missing,
            sheet.rows.len()
        ));
    }
    Ok(evaluated)
}

fn table(sheet: &Sheet, csv: bool) {
    let entries = |row: &SheetRow| row.evidence.iter().map(ToString::to_string).collect::<Vec<_>>();
    let drivers = |row: &SheetRow| row.drivers.iter().cloned().collect::<Vec<_>>().join(", ");
    let date = |row: &SheetRow| row.date.map(|date| date.to_string()).unwrap_or_default();
    if csv {
        let header = [
            "requirement",
            "citation",
            "title",
            "applicable",
            "drivers",
            "justification",
            "current",
            "target",
            "held",
            "of",
            "owner",
            "entries",
            "date",
            "gaps",
        ];
        let rows = sheet.rows.iter().map(|row| {
            vec![
                row.requirement.clone(),
                row.citation.clone(),
                row.title.clone(),
                row.applicable.clone(),
                drivers(row),
                row.justification.clone(),
                row.current.clone(),
                row.target.clone(),
                row.held.to_string(),
                row.of.to_string(),
                row.owner.clone(),
                entries(row).join(" "),
                date(row),
                row.gaps.join("; "),
            ]
        });
        output::csv(&header, rows);
        return;
    }
    let decided = sheet.sheet == SheetKind::Soa;
    let rows = sheet.rows.iter().map(|row| {
        let mut cells = vec![format!("{} {}", row.citation, row.title), row.applicable.clone()];
        if decided {
            cells.extend([drivers(row), row.justification.clone(), row.owner.clone()]);
        }
        cells.extend([row.current.clone(), format!("{} of {}", row.held, row.of)]);
        cells.extend([short(&entries(row)), date(row)]);
        cells
    });
    let mut header = vec!["what", "applies"];
    if decided {
        header.extend(["drivers", "justification", "owner"]);
    }
    header.extend(["status", "held", "entries", "date"]);
    output::table(&header, rows);
}

/// The first few, and how many more.
fn short(entries: &[String]) -> String {
    let shown = entries.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
    if entries.len() > 4 { format!("{shown}, +{}", entries.len() - 4) } else { shown }
}
