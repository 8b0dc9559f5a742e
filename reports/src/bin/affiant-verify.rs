//! `affiant-verify`: the auditor's program. Verifies an audit pack offline, as `affiant verify` does, and can do nothing
//! else: no ledger, no network, no renderer, and of the disk it writes the transcript asked for alone.

use affiant_ledger::files;
use affiant_ledger::id::{escape_hidden_json, escape_hidden_text};
use affiant_ledger::time::{Clock, clock};
use affiant_reports::examine::{self, Examination, ExamineError, FILE_SIZE_MAX, Given};
use std::env;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, exit};
use std::sync::Arc;

const PROGRAM: &str = concat!("affiant-verify ", env!("CARGO_PKG_VERSION"));

const HELP: &str = "\
Verify an audit pack, offline: the small program of an auditor

Usage: affiant-verify [OPTIONS] PACK

Arguments:
  PACK                  The pack

Options:
      --trust FILE      Keys from outside, as the organisation gave them to you [env: AFFIANT_TRUST]
      --receipts DIR    Folder of receipts that pipelines kept (*.tlog-proof): is every one of this stream in the pack?
      --transcript FILE Write what was checked, with what and how it came out, as a text for working papers
      --json            Print the verdict as JSON
  -h, --help            Print help
  -V, --version         Print version

It says what `affiant verify` says, but for check 10: it renders no report, so the report rests on its signed digest.

Exit codes: 0 verified; 1 intact, but the conclusions do not follow from the evidence; 2 refused input; 3 altered,
incomplete or signed by another key; 4 nothing wrong found, but no trust anchor was given, or payloads that bear on the
conclusions are withheld; 5 input, output or internal.
";

/// Exit code of a command that is not understood.
const REFUSED: u8 = 2;
/// Exit code of output that is not taken, and of a broken promise of our own.
const IO: u8 = 5;

/// Why nothing was verified: an exit code, a message, perhaps a hint.
struct Failure(u8, String, Option<&'static str>);

impl Failure {
    fn refused(text: impl Into<String>) -> Self {
        Self(REFUSED, text.into(), Some("`affiant-verify --help` tells how it is called"))
    }
}

impl From<ExamineError> for Failure {
    fn from(error: ExamineError) -> Self {
        Self(error.exit_code(), error.to_string(), error.hint())
    }
}

/// What is asked for.
#[derive(Default)]
struct Asked {
    pack: PathBuf,
    trust: Option<PathBuf>,
    receipts: Option<PathBuf>,
    transcript: Option<PathBuf>,
    json: bool,
}

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|fault| {
        say(&format!("error: internal fault: {fault}"));
        exit(IO.into());
    }));
    examine::settle_threads();
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    let is = |names: [&str; 2]| words.iter().any(|word| names.iter().any(|name| word == name));
    if is(["-h", "--help"]) {
        return put(HELP, 0);
    }
    if is(["-V", "--version"]) {
        return put(&format!("{PROGRAM}\n"), 0);
    }
    match asked(words).and_then(|asked| verify(&asked)) {
        Ok((answer, code)) => put(&answer, code),
        Err(Failure(code, text, hint)) => {
            say(&format!("error: {text}"));
            if let Some(hint) = hint {
                say(&format!("hint: {hint}"));
            }
            ExitCode::from(code)
        }
    }
}

fn asked(words: Vec<OsString>) -> Result<Asked, Failure> {
    let mut asked = Asked { trust: env::var_os("AFFIANT_TRUST").map(PathBuf::from), ..Asked::default() };
    let (mut words, mut packs, mut options) = (words.into_iter(), Vec::new(), true);
    while let Some(word) = words.next() {
        let text = word.to_string_lossy().into_owned();
        if !options || !text.starts_with('-') || text == "-" {
            packs.push(word);
            continue;
        }
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(OsString::from(value))),
            None => (&text[..], None),
        };
        let slot = match (name, &value) {
            ("--", None) => {
                options = false;
                continue;
            }
            ("--json", None) => {
                asked.json = true;
                continue;
            }
            ("--trust", _) => &mut asked.trust,
            ("--receipts", _) => &mut asked.receipts,
            ("--transcript", _) => &mut asked.transcript,
            _ => return Err(Failure::refused(format!("`{text}` is no option"))),
        };
        let value = value.or_else(|| words.next()).filter(|value| !value.is_empty());
        *slot = Some(value.ok_or_else(|| Failure::refused(format!("`{name}` names a file")))?.into());
    }
    match <[OsString; 1]>::try_from(packs) {
        Ok([pack]) => Ok(Asked { pack: pack.into(), ..asked }),
        Err(packs) => Err(Failure::refused(format!("one pack at a time, {} were named", packs.len()))),
    }
}

fn verify(asked: &Asked) -> Result<(String, u8), Failure> {
    let Asked { pack, trust, receipts, transcript, json } = asked;
    let given = Given::read(trust.as_deref(), receipts.as_deref())?;
    let bytes = files::input(pack, FILE_SIZE_MAX).map_err(ExamineError::from)?;
    if let Some(transcript) = transcript {
        examine::may_write(transcript, [Some(pack), trust.as_deref(), receipts.as_deref()])?;
    }
    let examination = Examination::of(pack, &bytes, &given, None);
    let mut answer = String::new();
    if let Some(transcript) = transcript {
        let text = examination.transcript(PROGRAM, now()?.now());
        if transcript == Path::new("-") {
            answer = text + "\n";
        } else {
            files::write_durably(transcript, text.as_bytes()).map_err(ExamineError::from)?;
        }
    }
    let verdict = &examination.verdict;
    if *json {
        let text =
            serde_json::to_string(verdict).unwrap_or_else(|error| panic!("verdicts serialise: {error}"));
        answer += &escape_hidden_json(&text);
    } else {
        answer += &examination.words();
        answer += "\n";
        answer += &examination.limits();
    }
    if !answer.ends_with('\n') {
        answer.push('\n');
    }
    Ok((answer, verdict.exit_code()))
}

fn now() -> Result<Arc<dyn Clock>, Failure> {
    let epoch = env::var_os("SOURCE_DATE_EPOCH");
    let wrong = || {
        let text = epoch.as_deref().unwrap_or_default();
        Failure(REFUSED, format!("SOURCE_DATE_EPOCH `{}` is not a time in seconds", text.display()), None)
    };
    clock(epoch.as_deref()).ok_or_else(wrong)
}

/// Writes the answer. One that could not be written is a failure of its own; a reader that has gone away is none.
fn put(text: &str, code: u8) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            say(&format!("error: stdout: {error}"));
            ExitCode::from(IO)
        }
        _ => ExitCode::from(code),
    }
}

fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{}", escape_hidden_text(text));
}
