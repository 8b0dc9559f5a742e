//! The manifest of a run: what was run, on which bytes, when, and how it ended (docs/spec/run.md).

use crate::args::RunArguments;
use affiant_controls::EvidenceRef;
use affiant_controls::intake::masked;
use affiant_ledger::digest::{Digest, Hasher};
use affiant_ledger::time::Timestamp;
use affiant_server::failure::Failure;
use serde::Serialize;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The media type of evidence.
const MEDIA_TYPE: &str = "application/vnd.affiant.run+json";
/// Most files of a target.
const FILES_MAX: u64 = 1_000_000;
/// How long a tool may take to say its version.
const VERSION_WAIT: Duration = Duration::from_secs(10);
/// Longest version kept, in bytes.
const VERSION_MAX: usize = 100;

/// Something a tool looks at: a file, or the files of a folder.
#[derive(Serialize)]
pub(super) struct Target {
    path: String,
    /// Of a file its SHA-256; of a folder that of a list of its files, a line each: SHA-256, two spaces, path.
    pub(super) sha256: Digest,
    files: u64,
    #[serde(skip)]
    pub(super) is_file: bool,
    #[serde(skip)]
    source: PathBuf,
}

impl Target {
    pub(super) fn of(path: &Path) -> Result<Self, Failure> {
        let wrong = |error: std::io::Error| Failure::refused(format!("{}: {error}", path.display()));
        let is_file = fs::metadata(path).map_err(wrong)?.is_file();
        let (sha256, files) = if is_file {
            (digest(path).map_err(wrong)?, 1)
        } else {
            let mut paths = Vec::new();
            walk(path, &mut paths)?;
            paths.sort();
            let mut list = Hasher::default();
            for file in &paths {
                let name = file.strip_prefix(path).unwrap_or(file).to_string_lossy();
                let digest =
                    digest(file).map_err(|error| Failure::refused(format!("{}: {error}", file.display())))?;
                list.update(format!("{digest}  {name}\n").as_bytes());
            }
            (list.finish(), paths.len() as u64)
        };
        Ok(Self { path: path.display().to_string(), sha256, files, is_file, source: path.to_owned() })
    }

    /// Refuses a file that is another after the run: nobody knows which of the two the tool saw.
    pub(super) fn unchanged(&self) -> Result<(), Failure> {
        if self.is_file && digest(&self.source).ok() != Some(self.sha256) {
            let text = format!("{}: changed while the tool ran, nothing was recorded", self.path);
            return Err(Failure::refused(text).hint("run it on bytes that hold still"));
        }
        Ok(())
    }
}

fn digest(path: &Path) -> std::io::Result<Digest> {
    let (mut file, mut hasher, mut buffer) = (File::open(path)?, Hasher::default(), vec![0; 1 << 18]);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(&buffer[..count]);
    }
}

/// The regular files of a folder; links are not followed.
fn walk(folder: &Path, into: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let wrong = |error: std::io::Error| Failure::refused(format!("{}: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        let kind = entry.file_type().map_err(wrong)?;
        if kind.is_dir() {
            walk(&entry.path(), into)?;
        } else if kind.is_file() {
            into.push(entry.path());
        }
        if into.len() as u64 > FILES_MAX {
            return Err(Failure::refused(format!("{}: more than {FILES_MAX} files", folder.display())));
        }
    }
    Ok(())
}

/// What was run.
#[derive(Serialize)]
pub(super) struct Manifest<'a> {
    format: &'static str,
    command: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<&'a Target>,
    targets: &'a [Target],
    started: Timestamp,
    ended: Timestamp,
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<i32>,
}

impl<'a> Manifest<'a> {
    pub(super) fn new(
        arguments: &RunArguments,
        targets: &'a [Target],
        configuration: Option<&'a Target>,
        (started, ended): (Timestamp, Timestamp),
        status: ExitStatus,
    ) -> Self {
        use std::os::unix::process::ExitStatusExt;
        Self {
            format: "affiant run manifest, version 1",
            command: masked(arguments.command.iter().map(|word| word.to_string_lossy())),
            command_version: arguments.tool_version.clone().or_else(|| version(arguments)),
            configuration,
            targets,
            started,
            ended,
            exit_code: status.code(),
            signal: status.signal(),
        }
    }

    /// The manifest as evidence.
    pub(super) fn file(&self) -> Result<(EvidenceRef, Vec<u8>), Failure> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(Failure::io)?;
        bytes.push(b'\n');
        Ok((EvidenceRef::of(&bytes, "run.json", MEDIA_TYPE), bytes))
    }
}

/// The first line of what the command says to `--version`.
fn version(arguments: &RunArguments) -> Option<String> {
    let mut command = Command::new(arguments.command.first()?);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let begin = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => break,
            Ok(None) if begin.elapsed() < VERSION_WAIT => std::thread::sleep(Duration::from_millis(20)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
    let mut said = Vec::new();
    child.stdout.take()?.take(4096).read_to_end(&mut said).ok()?;
    let said = String::from_utf8_lossy(&said);
    let line = said.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(affiant_controls::text::plain(line, VERSION_MAX))
}
