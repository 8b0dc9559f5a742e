//! What can be counted of the service, in OpenMetrics text for Prometheus.

use super::house::House;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A route, and how it answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Answered {
    route: String,
    status: u16,
}

impl EncodeLabelSet for Answered {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), std::fmt::Error> {
        [("route", self.route.clone()), ("status", self.status.to_string())].encode(encoder)
    }
}

/// The measures.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Histogram,
    connections: Gauge,
    entries: Gauge,
    waiting: Gauge,
    groups: Gauge,
    appended: Gauge,
    open: Gauge,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("affiant");
        let requests = Family::<Answered, Counter>::default();
        // 0.1 ms to 26 s.
        let seconds = Histogram::new(exponential_buckets(0.0001, 4.0, 10));
        let gauge = Gauge::default;
        let (connections, entries, waiting) = (gauge(), gauge(), gauge());
        let (groups, appended, open) = (gauge(), gauge(), gauge());
        registry.register("requests", "Requests answered, by route and status", requests.clone());
        let help = "From the head of a request to the head of its answer";
        registry.register_with_unit("request", help, Unit::Seconds, seconds.clone());
        registry.register("connections", "Connections open", connections.clone());
        registry.register("ledger_entries", "Entries of the ledger", entries.clone());
        registry.register("writer_waiting", "Requests that wait for the writer", waiting.clone());
        registry.register("writer_groups", "Groups appended since the start, one sync each", groups.clone());
        registry.register("writer_appended", "Entries appended since the start", appended.clone());
        registry.register("writer_open", "1 while the ledger is open", open.clone());
        Self { registry, requests, seconds, connections, entries, waiting, groups, appended, open }
    }

    /// Counts an answer.
    pub(super) fn answered(&self, route: &str, status: u16, took: Duration) {
        self.requests.get_or_create(&Answered { route: route.to_owned(), status }).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    /// Counts connections: one more or one less.
    pub(super) fn connected(&self, change: i64) {
        self.connections.inc_by(change);
    }

    /// The text.
    pub(super) fn text(&self, house: &House) -> String {
        let seen = house.writer.seen();
        let set = |gauge: &Gauge, value: u64| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&self.entries, seen.size.load(Ordering::Relaxed));
        set(&self.waiting, seen.waiting.load(Ordering::Relaxed));
        set(&self.groups, seen.groups.load(Ordering::Relaxed));
        set(&self.appended, seen.entries.load(Ordering::Relaxed));
        set(&self.open, seen.open.load(Ordering::Relaxed));
        let mut text = String::new();
        // Writing into a text does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
