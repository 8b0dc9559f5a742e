//! `affiant notify`: what changed, to whoever has to act on it; at least once.
//!
//! A batch is put down beside the ledger, sent, recorded in `org` and taken away, in this order. Whatever stops in
//! between, the batch is sent again as it was, and nothing is lost. The entry is the receipt, and the place from which
//! the next batch is derived.

mod batch;
mod key;
mod lines;
mod look;
mod syslog;
mod webhook;

use crate::args::NotifyArguments;
use crate::context::Context;
use crate::output;
use crate::view::View;
use affiant_controls::delivery::Delivery;
use affiant_controls::evidence::EvidenceRef;
use affiant_controls::statement::Statement;
use affiant_frameworks::alert::Alert;
use affiant_ledger::blob;
use affiant_ledger::id::Id;
use affiant_server::failure::Failure;
use batch::{Batch, Place};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;
use webhook::Webhook;

/// Pause before the second try; twice as long before each further one.
const PAUSE: Duration = Duration::from_millis(500);
/// Longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Why a batch was not taken.
struct Undelivered {
    why: String,
    /// It may be taken if it is sent again.
    again: bool,
}

impl Undelivered {
    fn for_now(why: impl ToString) -> Self {
        Self { why: why.to_string(), again: true }
    }

    fn for_good(why: impl ToString) -> Self {
        Self { why: why.to_string(), again: false }
    }
}

/// Where alerts go.
enum Channel {
    Webhook(Box<Webhook>),
    Syslog { to: String, udp: bool },
    Lines(PathBuf),
}

impl Channel {
    fn of(context: &Context, arguments: &NotifyArguments) -> Result<Self, Failure> {
        let NotifyArguments { webhook, syslog, jsonl, .. } = arguments;
        match (webhook, syslog, jsonl) {
            (Some(address), ..) => {
                let key = key::key(context, arguments.sign_key.as_deref())?;
                let timeout = Duration::from_secs(arguments.timeout);
                Ok(Self::Webhook(Box::new(Webhook::at(address, arguments.ca.as_deref(), key, timeout)?)))
            }
            (_, Some(to), _) => {
                syslog::check(to)?;
                Ok(Self::Syslog { to: to.clone(), udp: arguments.udp })
            }
            (.., jsonl) => Ok(Self::Lines(jsonl.clone().unwrap_or_else(|| PathBuf::from("-")))),
        }
    }

    fn as_str(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Syslog { .. } => "syslog",
            Self::Lines(_) => "jsonl",
        }
    }

    /// Delivers a batch; gives what the receiver answered last.
    fn deliver(
        &self,
        context: &Context,
        arguments: &NotifyArguments,
        batch: &Batch,
    ) -> Result<String, Failure> {
        let tries = arguments.tries;
        match self {
            Self::Webhook(webhook) => batch.messages().iter().try_fold(String::new(), |_, message| {
                persist(context, tries, || webhook.send(message, context.now()))
            }),
            Self::Syslog { to, udp } => {
                let timeout = Duration::from_secs(arguments.timeout);
                persist(context, tries, || syslog::send(to, *udp, timeout, batch))
            }
            Self::Lines(path) => persist(context, tries, || lines::write(path, batch)),
        }
    }
}

pub(crate) fn run(context: &Context, arguments: &NotifyArguments) -> Result<u8, Failure> {
    let target: Id = target(arguments).parse().map_err(Failure::refused)?;
    if arguments.dry_run {
        return show(context, &look::batch(context, &target)?);
    }
    // Whoever cannot record what was delivered does not deliver: it would be delivered for ever.
    context.open()?.close()?;
    let channel = Channel::of(context, arguments)?;
    let place = Place::take(&context.folder()?, &target)?;
    let mut told = Told { context, target: &target, delivered: 0, entries: Vec::new() };
    if let Some(batch) = waiting(context, &place)? {
        context.say(format!("{target}: {} alerts wait since {}", batch.alerts.len(), batch.to.as_of));
        told.deliver(arguments, &channel, &place, &batch)?;
    }
    let batch = look::batch(context, &target)?;
    match (batch.alerts.is_empty(), batch.from) {
        (false, _) => {
            place.put(&batch)?;
            told.deliver(arguments, &channel, &place, &batch)?;
        }
        // The first look counts, whatever it shows: the next is held against it.
        (true, None) => {
            told.record(&channel, &batch, "nothing to tell".to_owned())?;
        }
        (true, Some(_)) => {}
    }
    let to_stdout = matches!(&channel, Channel::Lines(path) if path.as_os_str() == "-");
    told.sum(to_stdout);
    Ok(0)
}

/// The target's name: the one given, or the channel's.
fn target(arguments: &NotifyArguments) -> &str {
    let channel = match (&arguments.webhook, &arguments.syslog) {
        (Some(_), _) => "webhook",
        (_, Some(_)) => "syslog",
        _ => "jsonl",
    };
    arguments.target.as_deref().unwrap_or(channel)
}

/// The batch that waits. One that was recorded, and only not taken away, is taken away now.
fn waiting(context: &Context, place: &Place) -> Result<Option<Batch>, Failure> {
    let Some(batch) = place.waiting()? else { return Ok(None) };
    let reader = context.read()?;
    if look::last(&View::new(&reader)?, &batch.target)? == Some(batch.to) {
        place.clear()?;
        return Ok(None);
    }
    Ok(Some(batch))
}

/// Tries as often as asked for, with a longer pause each time.
fn persist(
    context: &Context,
    tries: u32,
    mut attempt: impl FnMut() -> Result<String, Undelivered>,
) -> Result<String, Failure> {
    let mut pause = PAUSE;
    let mut tried = 0;
    loop {
        tried += 1;
        match attempt() {
            Ok(answer) => return Ok(answer),
            Err(Undelivered { why, again }) if again && tried < tries => {
                context.say(format!("{why}; again in {} ms", pause.as_millis()));
                std::thread::sleep(pause);
                pause = (2 * pause).min(PAUSE_MAX);
            }
            Err(Undelivered { why, .. }) => {
                return Err(Failure::io(format!("not delivered: {why}"))
                    .hint("the same alerts wait, and are delivered by the next run"));
            }
        }
    }
}

/// What was delivered in this run.
struct Told<'a> {
    context: &'a Context,
    target: &'a Id,
    delivered: usize,
    entries: Vec<u64>,
}

impl Told<'_> {
    fn deliver(
        &mut self,
        arguments: &NotifyArguments,
        channel: &Channel,
        place: &Place,
        batch: &Batch,
    ) -> Result<(), Failure> {
        let answer = channel.deliver(self.context, arguments, batch)?;
        let recorded = self.record(channel, batch, answer);
        self.entries.push(recorded.map_err(|failure| {
            failure.hint("the alerts were delivered and could not be recorded: they are delivered again")
        })?);
        self.delivered += batch.alerts.len();
        place.clear()
    }

    /// Records the receipt; gives its entry.
    fn record(&self, channel: &Channel, batch: &Batch, answer: String) -> Result<u64, Failure> {
        let bytes = batch.to_bytes();
        let mut ledger = self.context.open()?;
        let reader = ledger.reader()?;
        blob::store(reader.storage(), reader.folder(), &bytes)?;
        let delivery = Delivery {
            to: batch.to,
            from: batch.from,
            count: batch.alerts.len() as u64,
            answer,
            target: self.target.clone(),
            channel: channel.as_str().to_owned(),
            evidence: vec![EvidenceRef::of(&bytes, "alerts.json", "application/json")],
            delivered_at: self.context.now(),
        };
        let appended = ledger.append(&[Statement::Delivery(delivery).draft("local")])?;
        ledger.close()?;
        appended.first().map(|appended| appended.index).ok_or_else(|| Failure::io("nothing was recorded"))
    }

    fn sum(&self, to_stdout: bool) {
        let Self { context, target, delivered, entries } = self;
        if to_stdout {
            context.say(self.words());
        } else if context.json {
            output::json(&json!({"target": target, "delivered": delivered, "entries": entries}));
        } else {
            output::line(self.words());
        }
    }

    fn words(&self) -> String {
        let Self { target, delivered, entries, .. } = self;
        let entries = entries.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match delivered {
            0 => format!("{target}: nothing new"),
            1 => format!("{target}: 1 alert delivered, entry {entries}"),
            count => format!("{target}: {count} alerts delivered, entry {entries}"),
        }
    }
}

/// Shows what the target has not been told yet.
fn show(context: &Context, batch: &Batch) -> Result<u8, Failure> {
    if context.json {
        output::json(batch);
        return Ok(0);
    }
    let row = |alert: &Alert| {
        let names: Vec<&str> = alert.about.values().map(String::as_str).collect();
        let from = alert.from.as_deref().unwrap_or("-");
        vec![
            alert.kind.as_str().to_owned(),
            alert.system.to_string(),
            names.join(" "),
            format!("{from} -> {}", alert.to),
            alert.severity.to_string(),
            alert.summary.clone(),
        ]
    };
    output::table(&["kind", "system", "about", "change", "severity", "what"], batch.alerts.iter().map(row));
    context.say(format!("{} alerts would be delivered; nothing was", batch.alerts.len()));
    Ok(0)
}
