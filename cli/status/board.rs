//! Figures for a board: of one system, or of all of them put together with each beside them.

use crate::args::StatusArguments;
use crate::context::Context;
use crate::output;
use crate::view::{Asked, View};
use affiant_controls::history::History;
use affiant_frameworks::board::{Basis, Figure, Measured, Value, measure};
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use affiant_reports::derive::Catalogs;
use affiant_server::failure::Failure;
use affiant_server::standing::Standing;
use serde_json::json;

/// What was counted of a system.
pub(super) struct OfSystem {
    system: Id,
    as_of: Timestamp,
    measured: Measured,
}

/// Counts a system; its whole history is read, for what held before.
pub(super) fn of(
    view: &View<'_>,
    catalogs: &Catalogs,
    standing: &Standing<'_>,
    asked: Asked,
) -> Result<OfSystem, Failure> {
    let Standing { system, register, assessments, clocks, .. } = standing;
    let records = view.records(system, true)?;
    let history = History::replay(&records, asked.horizon).map_err(Failure::integrity)?;
    let basis = Basis { register, history: &history, controls: &catalogs.controls, assessments, clocks };
    Ok(OfSystem { system: (*system).clone(), as_of: register.as_of(), measured: measure(basis) })
}

pub(super) fn show(context: &Context, boards: &[OfSystem], arguments: &StatusArguments) {
    let mut together = Measured::default();
    boards.iter().for_each(|it| together.add(&it.measured));
    let one = arguments.system.is_some();
    if context.json {
        let row =
            |it: &OfSystem| json!({"system": it.system, "as_of": it.as_of, "figures": it.measured.figures()});
        let systems: Vec<_> = boards.iter().map(row).collect();
        output::json(&json!({"systems": systems, "all": together.figures()}));
        return;
    }
    if arguments.csv {
        let of = |system: &str, measured: &Measured| {
            let system = system.to_owned();
            measured.figures().into_iter().map(move |figure| row(&system, &figure)).collect::<Vec<_>>()
        };
        let systems = boards.iter().flat_map(|it| of(it.system.as_str(), &it.measured));
        let all = if one { Vec::new() } else { of("all systems", &together) };
        let header = ["system", "figure", "title", "count", "of", "n", "median_ms", "mean_ms", "p95_ms"];
        output::csv(&header, systems.chain(all));
        return;
    }
    let Some(first) = boards.first() else { return };
    match one {
        true => output::line(format!("{} as of {}", first.system, first.as_of)),
        false => output::line(format!("{} systems as of {}", boards.len(), first.as_of)),
    }
    let rows = together.figures().into_iter().map(|figure| {
        let [value, more, n] = cells(figure.value);
        vec![figure.title, value, more, n]
    });
    output::table(&["figure", "value", "", "n"], rows);
    context.say("none: nothing was counted, which is not zero");
}

/// The value, what else is to be said, and of how many it speaks.
fn cells(value: Value) -> [String; 3] {
    let none = || "none".to_owned();
    let time = |millis: Option<u64>| millis.map_or_else(none, affiant_controls::text::duration);
    match value {
        Value::Share { count, of } => {
            [count.map_or_else(none, |count| format!("{count} of {of}")), String::new(), of.to_string()]
        }
        Value::Times { n: 0, .. } => [none(), String::new(), "0".to_owned()],
        Value::Times { n, median_ms, mean_ms, p95_ms } => [
            format!("median {}", time(median_ms)),
            format!("mean {}, 95 of 100 within {}", time(mean_ms), time(p95_ms)),
            n.to_string(),
        ],
    }
}

fn row(system: &str, figure: &Figure) -> Vec<String> {
    let number = |value: Option<u64>| value.map_or("none".to_owned(), |value| value.to_string());
    let empty = String::new;
    let [count, of, n, median, mean, p95] = match figure.value {
        Value::Share { count, of } => [number(count), of.to_string(), empty(), empty(), empty(), empty()],
        Value::Times { n, median_ms, mean_ms, p95_ms } => {
            [empty(), empty(), n.to_string(), number(median_ms), number(mean_ms), number(p95_ms)]
        }
    };
    let (system, word, title) = (system.to_owned(), figure.figure.clone(), figure.title.clone());
    vec![system, word, title, count, of, n, median, mean, p95]
}
