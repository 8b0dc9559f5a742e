//! `affiant serve` beside a test; it ends with it.

use super::place::Place;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// A service that is listening.
pub(crate) struct Serving {
    child: Child,
    pub(crate) address: String,
}

impl Serving {
    /// Serves the ledger of a place on a port, 0 for any.
    #[track_caller]
    pub(crate) fn start(place: &Place, port: u16) -> Self {
        let mut command = place.command(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap_or_default().to_owned();
        let service = Self { child, address };
        assert!(!service.address.is_empty(), "the service says `{line}`");
        service
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
