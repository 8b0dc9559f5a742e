//! A place of its own for a test: a temporary folder with a ledger, remembered heads and a clock.

use super::answer::Answer;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A command that takes longer hangs.
pub(crate) const TIME_MAX: Duration = Duration::from_secs(60);
/// The one instant of places with a fixed clock: 2026-11-24T12:00:00Z.
pub(crate) const NOON: u64 = 1_795_521_600;
/// Seconds of a day.
pub(crate) const DAY: u64 = 86_400;

/// What is set around the tests, and not for them.
const UNSET: [&str; 6] = [
    "AFFIANT_PASSPHRASE",
    "AFFIANT_TO",
    "AFFIANT_TOKEN_FILE",
    "AFFIANT_TRUST",
    "AFFIANT_WAIT",
    "SOURCE_DATE_EPOCH",
];

/// A temporary folder in which the binary runs. `AFFIANT_LEDGER` names `ledger` in it.
pub(crate) struct Place {
    folder: TempDir,
    epoch: Option<u64>,
}

impl Place {
    /// An empty place with the real clock.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), epoch: None }
    }

    /// A place with a ledger and the registered system `scoring`, its model `model` and its code `code`.
    pub(crate) fn with_system() -> Self {
        Self::new().founded()
    }

    /// The same at a fixed instant, in seconds.
    pub(crate) fn with_system_at(epoch: u64) -> Self {
        Self { epoch: Some(epoch), ..Self::new() }.founded()
    }

    fn founded(self) -> Self {
        self.affiant(&["init", "ledger", "--origin", "test.example/log"]).expect(0);
        self.affiant(&[
            "register",
            "system",
            "scoring",
            "--name",
            "Scoring",
            "--role",
            "provider",
            "--risk-class",
            "high-risk",
            "--route",
            "annex-iii",
            "--fact",
            "annex_iii=5.b",
        ])
        .expect(0);
        for (id, kind) in [("model", "model"), ("code", "code-repo")] {
            self.affiant(&["register", "asset", id, "--system", "scoring", "--kind", kind, "--name", id])
                .expect(0);
        }
        self
    }

    /// Sets the clock.
    pub(crate) fn at(&mut self, epoch: u64) -> &mut Self {
        self.epoch = Some(epoch);
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.path("ledger")
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Copies a file of `tests/fixtures`.
    pub(crate) fn fixture(&self, from: &str, to: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(from);
        std::fs::copy(path, self.path(to)).unwrap();
    }

    /// The binary, ready to run here.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_affiant"));
        command.args(arguments);
        self.settle(&mut command);
        command
    }

    /// Gives a command this place's folder, state and clock.
    pub(crate) fn settle(&self, command: &mut Command) {
        command.current_dir(self.folder.path()).stdin(Stdio::null()).env("NO_COLOR", "1");
        for name in UNSET {
            command.env_remove(name);
        }
        // Receivers of alerts are on this machine, whatever stands between it and the network.
        command.env("NO_PROXY", "127.0.0.1");
        command.env("AFFIANT_STATE", self.path("state")).env("AFFIANT_LEDGER", self.ledger());
        if let Some(epoch) = self.epoch {
            command.env("SOURCE_DATE_EPOCH", epoch.to_string());
        }
    }

    /// Runs the binary.
    #[track_caller]
    pub(crate) fn affiant(&self, arguments: &[&str]) -> Answer {
        run(&mut self.command(arguments), &[], arguments.join(" "))
    }

    /// Runs the binary with bytes on stdin.
    #[track_caller]
    pub(crate) fn affiant_with(&self, arguments: &[&str], stdin: &[u8]) -> Answer {
        run(&mut self.command(arguments), stdin, arguments.join(" "))
    }

    /// Pushes one result of `AFF-EXP-11` on the model; gives its entry.
    #[track_caller]
    pub(crate) fn push(&self, id: &str, status: &str) -> u64 {
        let words = ["push", "--json", "--system", "scoring", "--asset", "model", "--control", "AFF-EXP-11"];
        let more = ["--status", status, "--summary", "accuracy", "--id", id];
        self.affiant(&[&words[..], &more].concat()).expect(0).json()["index"].as_u64().unwrap()
    }

    /// Writes the trust file and issues a pack, as `trust.keys` and `pack.zip`.
    #[track_caller]
    pub(crate) fn issue(&self) {
        self.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
        self.affiant(&["pack", "build", "scoring", "--output", "pack.zip"]).expect(0);
    }

    /// Demands that the ledger is sound.
    #[track_caller]
    pub(crate) fn sound(&self) {
        self.affiant(&["log", "fsck"]).expect(0);
    }
}

/// Runs a command to its end; kills it when it hangs.
#[track_caller]
pub(crate) fn run(command: &mut Command, stdin: &[u8], shown: String) -> Answer {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    if !stdin.is_empty() {
        command.stdin(Stdio::piped());
    }
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    let feeder = child.stdin.take().map(|mut pipe| {
        let stdin = stdin.to_vec();
        // The command may refuse before it has read all.
        thread::spawn(move || drop(pipe.write_all(&stdin)))
    });
    let (stdout, stderr) = (drain(child.stdout.take()), drain(child.stderr.take()));
    let code = wait(&mut child, start, &shown);
    feeder.into_iter().for_each(|feeder| feeder.join().unwrap());
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    Answer { command: shown, code, stdout, stderr, took: start.elapsed() }
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.into_iter().for_each(|mut pipe| drop(pipe.read_to_end(&mut bytes)));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

#[track_caller]
fn wait(child: &mut Child, start: Instant, shown: &str) -> i32 {
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap_or(-1);
        }
        if start.elapsed() > TIME_MAX {
            let _ = child.kill();
            panic!("`{shown}` hangs");
        }
        thread::sleep(Duration::from_millis(2));
    }
}
