//! Chromium and its driver: found, started with a profile of their own, and ended.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use tempfile::TempDir;

/// Names that the browser goes by.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// A port that is free in one family of addresses may be taken in the other, and then the driver ends.
const TRIES: usize = 5;

/// A driver that listens; it ends with this.
pub(crate) struct Driver {
    child: Child,
    /// Open as long as it may say something.
    _says: Lines<BufReader<ChildStdout>>,
    pub(crate) address: String,
    browser: PathBuf,
    folder: TempDir,
}

impl Driver {
    /// Starts it on a free port; none where there is no browser to drive.
    pub(crate) fn start() -> Option<Self> {
        let (Some(program), Some(browser)) = (found("chromedriver"), BROWSERS.into_iter().find_map(found))
        else {
            assert!(std::env::var_os("CI").is_none(), "chromium and chromedriver must be here");
            loud("SKIPPED: chromium or chromedriver is NOT INSTALLED: pages were NOT looked at in a browser");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let started = (0..TRIES).find_map(|_| listening(&program, folder.path()));
        let (child, says, port) = started.expect("chromedriver listens on no port");
        let address = format!("http://127.0.0.1:{port}");
        Some(Self { child, _says: says, address, browser, folder })
    }

    /// What the browser is to be like. A dialog that opens is left open: whatever is done next fails.
    pub(crate) fn wishes(&self, preferences: &Value) -> Value {
        let mut all = json!({
            "download.default_directory": self.downloads(),
            "download.prompt_for_download": false,
            "credentials_enable_service": false,
        });
        for (name, value) in preferences.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        let profile = format!("--user-data-dir={}", self.folder.path().join("profile").display());
        let words = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--no-proxy-server",
            "--window-size=1280,900",
            &profile,
        ];
        json!({
            "browserName": "chrome",
            "unhandledPromptBehavior": "ignore",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"binary": self.browser, "args": words, "prefs": all},
        })
    }

    /// Where files go that are downloaded.
    pub(crate) fn downloads(&self) -> PathBuf {
        self.folder.path().join("downloads")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the driver on a port of its choice; none where it ends instead.
fn listening(program: &Path, home: &Path) -> Option<(Child, Lines<BufReader<ChildStdout>>, u16)> {
    let mut command = Command::new(program);
    command.arg("--port=0").env("HOME", home).env("TMPDIR", home);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut says = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut port = says.by_ref().map_while(Result::ok).filter_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    let found = port.next();
    drop(port);
    if found.is_none() {
        child.wait().unwrap();
    }
    Some((child, says, found?))
}

/// Where a program is.
fn found(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| Path::is_file(path))
}

/// Says something past the harness, which shows what tests print only where they fail.
pub(crate) fn loud(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
