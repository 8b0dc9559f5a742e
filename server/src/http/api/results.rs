//! Results: one, many, or a tool's report.
//!
//! A single result in JSON goes to the writer with those of others, one sync for all. Everything else is kept in a file first,
//! so that a slow sender holds up nobody, then read, admitted and appended as `affiant push` does it.

use super::super::body;
use super::super::guard::Who;
use super::super::house::House;
use super::super::problem::Problem;
use super::{Query, time};
use crate::failure::Failure;
use crate::follow::{self, Touched};
use crate::submit::collection::{Collection, LetIn};
use crate::submit::single::{Judged, judged};
use crate::submit::source::Source;
use crate::submit::submitter::Submitter;
use affiant_controls::control::ControlId;
use affiant_controls::intake::{Context, Format, Observed, ndjson};
use affiant_controls::result::{Collector, ControlResult, Run};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::ledger::{Appended, Ledger, Prepared};
use affiant_ledger::receipt::Receipt;
use affiant_ledger::record::Draft;
use affiant_ledger::salting::Salting;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Largest body that may be a single result, in bytes.
const SINGLE_MAX: usize = 64 << 10;
/// Entries whose places and receipts stand in an answer.
const RECEIPTS_MAX: usize = 64;
/// About what stands around a receipt in an answer, in bytes.
const LINE_ROOM: usize = 384;
/// Lines of JSON.
const NDJSON: &str = "application/x-ndjson";
/// Longest idempotency key, in bytes.
const KEY_MAX: usize = 200;

/// What is said beside results.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Beside {
    /// Format of the body, such as `sarif`; found out where it is not said
    format: Option<String>,
    /// The AI system the results are about
    system: Option<String>,
    /// The asset they are about
    asset: Option<String>,
    /// The controls that a tool's report is about, separated by commas
    control: Option<String>,
    /// Name of the collector, where the body does not say
    collector: Option<String>,
    /// The part of the tool's work that a report is of
    part: Option<String>,
    /// Rules that must appear in the report, separated by commas
    expect: Option<String>,
    /// When it was observed (RFC 3339), where the body does not say
    observed: Option<String>,
    /// When it was pushed (RFC 3339), where it arrives later: dates what nobody says the time of
    pushed: Option<String>,
    /// How much the tool examined
    examined: Option<u64>,
    /// How much it skipped
    skipped: Option<u64>,
    /// How many errors it had
    errors: Option<u64>,
    /// Take the good rows and report the bad
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    partial: bool,
    /// Open and close no findings
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    no_findings: bool,
}

/// What was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct Recorded {
    /// Entries that are new.
    recorded: u64,
    /// Results that had been recorded before, under the same id.
    again: u64,
    /// Index of the first new entry.
    first: Option<u64>,
    /// Index of the last new entry.
    last: Option<u64>,
    /// Entries of the ledger.
    size: u64,
    /// Each of them, up to 64.
    entries: Vec<Line>,
    /// What is wrong with rows that were not taken, with `partial`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<String>,
}

/// One entry.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct Line {
    /// Index of the entry.
    index: u64,
    /// Its leaf hash, hexadecimal.
    #[schema(value_type = String)]
    leaf: Digest,
    /// Whether it had been recorded before.
    again: bool,
    /// Its idempotency id.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// The system.
    #[schema(value_type = String)]
    system: Id,
    /// The receipt (C2SP tlog-proof), text.
    receipt: String,
}

impl Line {
    fn of(draft: (Id, Option<String>), appended: &Appended, receipt: &Receipt) -> Self {
        let (system, id) = draft;
        let receipt = String::from_utf8(receipt.to_bytes())
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Self { index: appended.index, leaf: appended.leaf, again: appended.again, id, system, receipt }
    }
}

/// Records results. The answer is given when they are durable and under the signed checkpoint.
#[utoipa::path(post, path = "/v1/results", tag = "results", params(Beside,
        ("Idempotency-Key" = Option<String>, Header, description = "Gives results without an `id` one: the same key pushed again gives the first receipts")),
    request_body(content(("application/json"), ("application/x-ndjson"), ("application/octet-stream")),
        description = "One result, a list, or a tool's report (docs/spec/result.md, docs/spec/intake.md); may be compressed with gzip"),
    responses(
        (status = 201, description = "Recorded; in NDJSON, where that is accepted, every entry with its receipt and the sums at the end",
            content((Recorded = "application/json"), (Line = "application/x-ndjson"))),
        (status = 200, description = "Recorded before",
            content((Recorded = "application/json"), (Line = "application/x-ndjson"))),
        (status = 400, description = "Not a request", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nobody known", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not granted", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "An id was recorded before with other content", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "An encoding that is not read", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Refused; nothing was recorded", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too often", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json")),
    security(("token" = [])))]
pub(in super::super) async fn push(
    State(house): State<Arc<House>>,
    who: Who,
    Query(beside): Query<Beside>,
    headers: HeaderMap,
    request: Body,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    let is_json = json_body(&headers);
    let mut pieces = body::Pieces::new(request, house.config.body_max);
    let (first, whole) = pieces.begin(SINGLE_MAX).await?;
    let named = beside.format.as_deref().is_none_or(|format| format == Format::Json.as_str());
    if whole && is_json && named && first.trim_ascii_start().first() == Some(&b'{') {
        let intake = intake(&house, &beside)?;
        match ndjson::line(&first, 1, &intake) {
            Ok(result) => return single(&house, &who, &intake, !beside.no_findings, key, result).await,
            // A list of results in disguise, or a report of a tool, is no bad result.
            Err(_) if has_rows(&first) => {}
            Err(fault) => {
                let problem = Problem::refused(fault.to_string());
                return Err(match fault.hint {
                    Some(hint) => problem.hint(hint),
                    None => problem,
                });
            }
        }
    }
    let file = body::spool(pieces, &first, &house.opening.folder).await?;
    many(&house, who, beside, key, file, takes_lines(&headers)).await
}

/// Whether the answer may be lines of JSON.
fn takes_lines(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut kinds = values.flat_map(|value| value.split(',')).map(|kind| kind.split(';').map(str::trim));
    kinds.any(|mut kind| {
        let named = kind.next().is_some_and(|name| name.eq_ignore_ascii_case(NDJSON));
        named && !kind.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// The key that makes a push safe to repeat.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().map(|key| key.trim().trim_matches('"'));
    match key.filter(|key| !key.is_empty() && key.len() <= KEY_MAX) {
        Some(key) => Ok(Some(key)),
        None => Err(Problem::bad(format!("Idempotency-Key: 1 to {KEY_MAX} visible characters"))),
    }
}

/// Whether the body says of itself that it is JSON.
fn json_body(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Whether an object that is no result may be a list of them, or a tool's report.
fn has_rows(bytes: &[u8]) -> bool {
    bytes.windows(9).any(|window| window == b"\"results\"")
        || !bytes.windows(9).any(|window| window == b"\"control\"")
}

/// Records a single result.
async fn single(
    house: &Arc<House>,
    who: &Who,
    intake: &Context<'_>,
    findings: bool,
    key: Option<&str>,
    mut result: ControlResult,
) -> Result<Response, Problem> {
    who.may_push("result", &result.system)?;
    let submitter = Submitter::token(&who.grant.id, None, key);
    submitter.name(&mut result, None);
    let mut systems = house.systems();
    if !systems.contains_key(&result.system) {
        systems = house.systems_with(&result.system).await?;
    }
    let Judged { statement, followed } = judged(result, intake, &systems, findings)?;
    let draft = statement.draft(submitter.by());
    let mut touched = Touched::default();
    if let Some(facet) = draft.facet.as_ref().filter(|_| followed) {
        touched.add(&draft.stream, facet);
        house.expect_findings(&draft.stream);
    }
    let named = (draft.stream.clone(), draft.id.clone());
    let prepared = Prepared::all(vec![draft], &house.opening.surroundings)?;
    let done = house.writer.append(prepared, touched).await??;
    let size = house.size();
    let lines: Vec<Line> =
        done.iter().map(|(appended, receipt)| Line::of(named.clone(), appended, receipt)).collect();
    let again = done.iter().filter(|(appended, _)| appended.again).count() as u64;
    let fresh = done.iter().filter(|(appended, _)| !appended.again).map(|(appended, _)| appended.index);
    let (first, last) = (fresh.clone().min(), fresh.max());
    let recorded = done.len() as u64 - again;
    answer(&Recorded { recorded, again, first, last, size, entries: lines, faults: Vec::new() })
}

fn answer(recorded: &Recorded) -> Result<Response, Problem> {
    // Room for all of it: what grows as it is written is copied as often.
    let receipts: usize = recorded.entries.iter().map(|line| line.receipt.len() + LINE_ROOM).sum();
    let mut text = Vec::with_capacity(LINE_ROOM + receipts);
    serde_json::to_writer(&mut text, recorded).map_err(|error| Problem::internal(error.to_string()))?;
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    Ok((status_of(recorded), headers, text).into_response())
}

fn status_of(recorded: &Recorded) -> StatusCode {
    if recorded.recorded > 0 { StatusCode::CREATED } else { StatusCode::OK }
}

/// What intake is told beside the bytes.
fn intake<'a>(house: &'a House, beside: &Beside) -> Result<Context<'a>, Problem> {
    let id = |name: &str, text: &Option<String>| -> Result<Option<Id>, Problem> {
        let parsed = text.as_ref().map(|text| text.parse::<Id>()).transpose();
        parsed.map_err(|error| Problem::bad(format!("{name}: {error}")))
    };
    let observed = time("observed", beside.observed.as_deref())?.map(Observed::declared);
    let pushed = time("pushed", beside.pushed.as_deref())?;
    let pushed = pushed.map(|pushed| Observed::pushed(pushed.min(house.now())));
    let errors = beside.errors.unwrap_or(0);
    let run = beside.examined.map(|examined| Run {
        examined,
        skipped: beside.skipped.unwrap_or(0),
        errors,
        complete: errors == 0,
        exit_code: None,
    });
    if run.is_none() && (beside.skipped.is_some() || beside.errors.is_some()) {
        return Err(Problem::bad("`skipped` and `errors` go with `examined`"));
    }
    Ok(Context {
        system: id("system", &beside.system)?,
        asset: id("asset", &beside.asset)?,
        observed: observed.or(pushed),
        expected: words(beside.expect.as_deref()),
        collector: beside.collector.as_deref().map(Collector::new),
        part: beside.part.clone(),
        about: about(house, beside)?,
        run,
        ..Context::new(&house.catalogs.controls, &house.tools, house.now())
    })
}

fn words(text: Option<&str>) -> Vec<String> {
    text.into_iter().flat_map(|text| text.split(',')).map(|word| word.trim().to_owned()).collect()
}

fn about(house: &House, beside: &Beside) -> Result<Vec<ControlId>, Problem> {
    let named = |id: String| match house.catalogs.controls.control(&id) {
        Some(control) => Ok(control.id.clone()),
        None => Err(Problem::refused(format!("control `{}` is in no catalog in use", visible(&id)))),
    };
    words(beside.control.as_deref()).into_iter().map(named).collect()
}

/// Records what stands in a file, as `affiant push` does.
async fn many(
    house: &Arc<House>,
    who: Who,
    beside: Beside,
    key: Option<&str>,
    file: File,
    every: bool,
) -> Result<Response, Problem> {
    let format = match beside.format.as_deref() {
        None => None,
        Some(word) => {
            Some(Format::from_word(word).filter(|format| *format != Format::Mapped).ok_or_else(|| {
                let known: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
                Problem::bad(format!("format `{}` is not known", visible(word))).hint(known.join(", "))
            })?)
        }
    };
    who.may_push_kind("result")?;
    let streams = (!who.grant.systems.is_empty()).then(|| who.grant.systems.clone());
    let submitter = Submitter::token(&who.grant.id, streams, key);
    // What can be refused without the ledger is refused before anybody waits for it.
    intake(house, &beside)?;
    let source = house.work(move |_| Ok(Source::file("body".to_owned(), file, format)?)).await?;
    let within = house.clone();
    let mut receipts = every.then(|| Receipts::new(&house.opening.folder)).transpose()?;
    let done = house.writer.long(move |ledger, let_in| {
        let recorded = collected(ledger, let_in, &within, &beside, submitter, source, receipts.as_mut())?;
        Ok::<_, Problem>((recorded, receipts))
    });
    let (recorded, receipts) = done.await??;
    house.forget_systems();
    let Some(receipts) = receipts else { return answer(&recorded) };
    let status = status_of(&recorded);
    let (size, lines) = house.work(move |_| body::of_file(receipts.close(&recorded)?)).await?;
    let size = size.to_string();
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_TYPE, NDJSON),
        (header::CONTENT_LENGTH, &size),
    ];
    Ok((status, headers, lines).into_response())
}

/// Entries with their receipts, line by line in an unnamed file: there may be more than memory holds.
struct Receipts(BufWriter<File>);

impl Receipts {
    fn new(folder: &Path) -> Result<Self, Problem> {
        Ok(Self(BufWriter::new(tempfile::tempfile_in(folder).map_err(Failure::io)?)))
    }

    fn add(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.0, line).map_err(Failure::io)?;
        self.0.write_all(b"\n").map_err(Failure::io)
    }

    /// Adds the sums, and gives the file from its beginning.
    fn close(mut self, recorded: &Recorded) -> Result<File, Problem> {
        self.add(recorded)?;
        let mut file = self.0.into_inner().map_err(|error| Failure::io(error.error()))?;
        file.seek(SeekFrom::Start(0)).map_err(Failure::io)?;
        Ok(file)
    }
}

fn collected<'a>(
    ledger: &'a mut Ledger,
    let_in: LetIn<'a>,
    house: &House,
    beside: &Beside,
    submitter: Submitter,
    mut source: Source,
    mut receipts: Option<&mut Receipts>,
) -> Result<Recorded, Problem> {
    let salting = Salting::of(ledger.reader()?.folder()).map_err(Failure::from)?;
    let name = source.name.clone();
    let said = intake(house, beside)?;
    let intake = Context { salting: source.format.importer().map(|_| &salting), name: &name, ..said };
    if beside.part.is_some() && source.format.importer().is_none() {
        return Err(Problem::bad("rows name their collectors, `part` names none"));
    }
    let collection = Collection::new(ledger, &intake, 0, submitter, !beside.no_findings)?;
    let mut collection = collection.letting_in(let_in);
    if source.format == Format::Ndjson {
        collection.lines(&mut source)?;
    } else {
        collection.document(&mut source)?;
    }
    collection.compare_within()?;
    let (first, more) = collection.faults.told();
    let mut faults: Vec<String> = first.map(str::to_owned).collect();
    if more > 0 {
        faults.push(format!("and {more} more"));
    }
    let bad = collection.faults.count();
    if bad > 0 && !beside.partial {
        let text = format!("{bad} bad rows, nothing was recorded");
        return Err(Problem::refused(text)
            .faults(faults)
            .hint("mend them, or take the good rows with partial=true"));
    }
    if collection.count() == 0 {
        let problem = Problem::refused("nothing to record, no row could be taken").faults(faults);
        return Err(match collection.unmapped.is_empty() {
            true => problem,
            false => problem.hint("say what the report is about with control=ID"),
        });
    }
    if let Some(salting) = intake.salting {
        salting.keep(collection.ledger.reader()?.folder()).map_err(Failure::from)?;
    }
    let mut recorded =
        Recorded { recorded: 0, again: 0, first: None, last: None, size: 0, entries: Vec::new(), faults };
    let told = if receipts.is_some() { usize::MAX } else { RECEIPTS_MAX };
    let note = |batch: &[Draft]| -> Vec<(Id, Option<String>)> {
        batch.iter().take(told).map(|draft| (draft.stream.clone(), draft.id.clone())).collect()
    };
    let (ledger, touched) = collection.append(note, |ledger, named, appended| {
        for fresh in appended.iter().filter(|one| !one.again) {
            recorded.recorded += 1;
            recorded.first.get_or_insert(fresh.index);
            recorded.last = Some(fresh.index);
        }
        recorded.again += appended.iter().filter(|one| one.again).count() as u64;
        for (named, one) in named.into_iter().zip(&appended) {
            let line = || Ok::<_, Failure>(Line::of(named, one, &ledger.receipt(one.index)?));
            match &mut receipts {
                Some(receipts) => receipts.add(&line()?)?,
                None if recorded.entries.len() < RECEIPTS_MAX => recorded.entries.push(line()?),
                None => break,
            }
        }
        Ok(())
    })?;
    follow::after(ledger, &touched, &house.catalogs.controls, house.now())?;
    recorded.size = ledger.size();
    Ok(recorded)
}
