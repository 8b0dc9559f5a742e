//! Alerts as syslog messages (RFC 5424): over TCP, each with its length before it (RFC 6587), over UDP, or to the socket
//! of this machine.
//!
//! ```text
//! <106>1 2026-11-24T12:00:00Z - affiant - control [affiant@32473 id="5f0c.." system="scoring" to="failed" ..] ...
//! ```
//!
//! Syslog never answers: what is known is that it was sent, and over TCP that the server had not broken the connection.

use super::Undelivered;
use super::batch::Batch;
use affiant_controls::Severity;
use affiant_frameworks::alert::Alert;
use affiant_ledger::id::{is_hidden, visible};
use affiant_server::failure::Failure;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::Duration;

/// Facility of audit logs.
const AUDIT: u8 = 13;
/// Name of our structured data. The number is the one RFC 5612 gives to who has none.
const DATA: &str = "affiant@32473";
/// Longest message text, in bytes: with the rest it fits the 2,048 bytes that every receiver should take (RFC 5426).
const TEXT_MAX: usize = 900;
/// Longest value, in bytes.
const VALUE_MAX: usize = 200;

/// Whether it is `HOST:PORT` or the path of a socket; asked for before anything is put down for it.
pub(super) fn check(to: &str) -> Result<(), Failure> {
    let port = to.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>());
    if to.starts_with('/') || matches!(port, Some(Ok(_))) {
        return Ok(());
    }
    let text = format!("`{}` is no syslog server", visible(to));
    Err(Failure::refused(text).hint("such as siem.example.org:601, or the path of a socket such as /dev/log"))
}

/// Sends a batch to `HOST:PORT`, or to the socket at a path.
pub(super) fn send(to: &str, udp: bool, timeout: Duration, batch: &Batch) -> Result<String, Undelivered> {
    let messages: Vec<String> = batch.alerts.iter().map(|alert| message(alert, batch)).collect();
    let sent = match (to.starts_with('/'), udp) {
        (true, _) => to_socket(to, timeout, &messages),
        (_, true) => over_udp(to, &messages),
        _ => over_tcp(to, timeout, &messages),
    };
    sent.map_err(|error| Undelivered::for_now(format!("{to}: {error}")))?;
    Ok("sent".to_owned())
}

fn over_tcp(to: &str, timeout: Duration, messages: &[String]) -> io::Result<()> {
    let mut stream = connected(to, timeout)?;
    stream.set_write_timeout(Some(timeout))?;
    stream.set_read_timeout(Some(timeout.min(Duration::from_secs(2))))?;
    let framed: String = messages.iter().map(|message| format!("{} {message}", message.len())).collect();
    stream.write_all(framed.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    // Nobody answers. A server that has read all closes too, or says nothing; one that broke off shows here.
    match stream.read(&mut [0; 64]) {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Ok(()),
        Err(error) => Err(error),
    }
}

fn connected(to: &str, timeout: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "no such host");
    for address in to.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn over_udp(to: &str, messages: &[String]) -> io::Result<()> {
    let none = || io::Error::new(io::ErrorKind::NotFound, "no such host");
    let address = to.to_socket_addrs()?.next().ok_or_else(none)?;
    let from = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(from)?;
    socket.connect(address)?;
    messages.iter().try_for_each(|message| socket.send(message.as_bytes()).map(drop))
}

#[cfg(unix)]
fn to_socket(path: &str, timeout: Duration, messages: &[String]) -> io::Result<()> {
    let socket = std::os::unix::net::UnixDatagram::unbound()?;
    socket.connect(path)?;
    socket.set_write_timeout(Some(timeout))?;
    messages.iter().try_for_each(|message| socket.send(message.as_bytes()).map(drop))
}

#[cfg(not(unix))]
fn to_socket(_: &str, _: Duration, _: &[String]) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this machine has no such sockets"))
}

/// An alert as a message.
fn message(alert: &Alert, batch: &Batch) -> String {
    let priority = AUDIT * 8 + weight(alert.severity);
    let (kind, at) = (alert.kind.as_str(), batch.to.as_of);
    let (id, size) = (alert.id.to_string(), batch.to.size.to_string());
    let from = alert.from.as_deref().unwrap_or("-");
    let mut values = vec![
        ("id", id.as_str()),
        ("origin", batch.origin.as_str()),
        ("size", size.as_str()),
        ("system", alert.system.as_str()),
        ("from", from),
        ("to", alert.to.as_str()),
    ];
    values.extend(alert.about.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let values: String =
        values.iter().map(|(name, value)| format!(" {name}=\"{}\"", escaped(value))).collect();
    let summary = plain(&alert.summary);
    let text = cut(&summary, TEXT_MAX);
    // Text that is more than ASCII begins with a byte order mark (section 6.4).
    let mark = if text.is_ascii() { "" } else { "\u{feff}" };
    format!("<{priority}>1 {at} - affiant - {kind} [{DATA}{values}] {mark}{text}")
}

/// Severities of syslog (section 6.2.1): critical, error, warning, notice, informational.
fn weight(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 2,
        Severity::High => 3,
        Severity::Medium => 4,
        Severity::Low => 5,
        Severity::Info => 6,
    }
}

/// A value between quotation marks (section 6.3.3).
fn escaped(value: &str) -> String {
    let mut out = String::new();
    for c in cut(&plain(value), VALUE_MAX).chars() {
        if matches!(c, '"' | '\\' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Text without what a terminal or a log reader would obey: no line breaks, no control characters.
fn plain(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// The first bytes, whole characters.
fn cut(text: &str, max: usize) -> &str {
    let fits = (0..=max.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..fits.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use affiant_controls::delivery::Standpoint;
    use affiant_frameworks::alert::AlertKind;
    use affiant_ledger::digest::Digest;

    fn batch(value: &str, summary: &str) -> Batch {
        let alert = Alert {
            about: [("control".to_owned(), value.to_owned())].into(),
            entries: vec![7],
            from: None,
            id: Digest::ZERO,
            kind: AlertKind::Control,
            severity: Severity::High,
            summary: summary.to_owned(),
            system: "scoring".parse().unwrap(),
            to: "failed".into(),
        };
        let to = Standpoint { size: 42, as_of: "2026-11-24T12:00:00Z".parse().unwrap() };
        let target = "siem".parse().unwrap();
        Batch { alerts: vec![alert], from: None, origin: "test.example/log".into(), target, to }
    }

    fn said(value: &str, summary: &str) -> String {
        let batch = batch(value, summary);
        message(&batch.alerts[0], &batch)
    }

    #[test]
    fn a_message_is_as_the_standard_says() {
        let id = Digest::ZERO;
        let expected = format!(
            "<107>1 2026-11-24T12:00:00Z - affiant - control [affiant@32473 id=\"{id}\" origin=\"test.example/log\" \
             size=\"42\" system=\"scoring\" from=\"-\" to=\"failed\" control=\"AFF-EXP-11\"] accuracy fell"
        );
        assert_eq!(said("AFF-EXP-11", "accuracy fell"), expected);
    }

    #[test]
    fn no_value_ends_before_its_end_and_nothing_breaks_a_line() {
        let message = said("a\"b\\c]d\ne\u{1b}[2J\u{202e}", "one\r\ntwo\0");
        assert!(message.contains(r#"control="a\"b\\c\]d\\u{a}e\\u{1b}[2J\\u{202e}"]"#), "{message}");
        assert!(message.ends_with("] one\\u{d}\\u{a}two\\u{0}"), "{message}");
        assert!(!message.contains(is_hidden));
    }

    #[test]
    fn text_beyond_ascii_is_marked_and_long_text_is_cut_between_characters() {
        assert!(said("x", "größer").ends_with("] \u{feff}größer"));
        let message = said(&"é".repeat(5000), &"é".repeat(5000));
        assert!(message.len() < 2048, "{}", message.len());
    }
}
