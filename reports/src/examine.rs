//! An auditor's examination of a pack: the files read, the verdict, and what is told of it. Both programs that verify,
//! `affiant verify` and `affiant-verify`, are a door to this.
//!
//! Files are read with a limit and never followed through a link. What is told names every file by its SHA-256 and every
//! key by its fingerprint, so that it can stand by itself among someone's papers.

mod receipts;
mod transcript;
mod words;

pub use words::{checks, conclusion};

use crate::archive::Limits;
use crate::issue::RenderPdf;
use crate::trust::{TRUST_SIZE_MAX, Trust, TrustError};
use crate::verdict::Verdict;
use crate::verify::{HeldReceipt, HeldReceiptError, judge};
use affiant_ledger::digest::Digest;
use affiant_ledger::files::{self, FileError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Largest file examined, in bytes.
pub const FILE_SIZE_MAX: u64 = 2 << 30;

/// Exit code of input that is refused before anything is judged.
const REFUSED: u8 = 2;
/// Exit code where the system does not give or take a file.
const IO: u8 = 5;

/// Why nothing was examined.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// A file cannot be had.
    #[error(transparent)]
    File(#[from] FileError),
    /// A trust file that is no text.
    #[error("{}: not UTF-8", .0.display())]
    Utf8(PathBuf),
    /// A trust file that is none.
    #[error("{}: {source}", path.display())]
    Trust {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: TrustError,
    },
    /// A receipt that is none: nobody should take it for checked.
    #[error("{}: {source}", path.display())]
    Receipt {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: HeldReceiptError,
    },
    /// A folder of too many receipts.
    #[error("{}: more than {max} receipts", path.display())]
    Receipts {
        /// Which folder.
        path: PathBuf,
        /// Most taken.
        max: usize,
    },
    /// A folder without any.
    #[error("{}: no *.{} files", .0.display(), receipts::ENDING)]
    NoReceipts(PathBuf),
    /// A transcript in the place of what it speaks of.
    #[error("{}: the transcript would replace a file that is examined", .0.display())]
    Transcript(PathBuf),
}

impl ExamineError {
    /// 2 for input that is refused, 5 where the system does not give it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::File(FileError::Io { source, .. }) if source.kind() != ErrorKind::NotFound => IO,
            _ => REFUSED,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoReceipts(_) => {
                Some("`affiant push --receipts DIR` and `affiant log prove INDEX` give receipts")
            }
            _ => None,
        }
    }
}

/// A file that was examined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its name, without folders.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

impl Seen {
    fn of(path: &Path, bytes: &[u8]) -> Self {
        Self { name: name_of(path), size: bytes.len() as u64, sha256: Digest::of(bytes) }
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// What the auditor brings: keys from outside, and receipts that someone kept.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The trust file and the keys in it.
    pub trust: Option<(Seen, Trust)>,
    /// Receipts, and the name of the folder they are from.
    pub receipts: Option<(String, Vec<HeldReceipt>)>,
}

impl Given {
    /// Reads the trust file and the folder of receipts.
    pub fn read(trust: Option<&Path>, receipts: Option<&Path>) -> Result<Self, ExamineError> {
        let trust = trust.map(read_trust).transpose()?;
        let receipts = match receipts {
            Some(folder) => Some((name_of(folder), receipts::read(folder)?)),
            None => None,
        };
        Ok(Self { trust, receipts })
    }

    /// The keys.
    pub fn trust(&self) -> Option<&Trust> {
        self.trust.as_ref().map(|(_, trust)| trust)
    }
}

fn read_trust(path: &Path) -> Result<(Seen, Trust), ExamineError> {
    let bytes = files::input(path, TRUST_SIZE_MAX)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| ExamineError::Utf8(path.to_owned()))?;
    let trust = Trust::parse(text).map_err(|source| ExamineError::Trust { path: path.to_owned(), source })?;
    Ok((Seen::of(path, &bytes), trust))
}

/// A pack that was examined.
#[derive(Debug)]
pub struct Examination<'a> {
    /// What was found.
    pub verdict: Verdict,
    /// The pack's file.
    pub pack: Seen,
    given: &'a Given,
    renders: bool,
}

impl<'a> Examination<'a> {
    /// Verifies a pack that was read from `path`, with a renderer of its report or with none.
    pub fn of(path: &Path, bytes: &[u8], given: &'a Given, render: Option<RenderPdf<'_>>) -> Self {
        let receipts = given.receipts.as_ref().map_or(&[][..], |(_, receipts)| receipts);
        let renders = render.is_some();
        let verdict = judge(bytes, receipts, given.trust(), &Limits::default(), render);
        Self { verdict, pack: Seen::of(path, bytes), given, renders }
    }
}

/// Takes a thread for every core, if it works on several; where no thread is to be had, the work is done by this one.
pub fn settle_threads() {
    #[cfg(feature = "parallel")]
    if rayon::ThreadPoolBuilder::new().build_global().is_err() {
        let _ = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
    }
}

/// Refuses to write a transcript over a file that it speaks of, or into a folder of receipts.
pub fn may_write(transcript: &Path, examined: [Option<&Path>; 3]) -> Result<(), ExamineError> {
    let place = |path: &Path| path.canonicalize().ok();
    let (file, folder) = (place(transcript), place(files::parent(transcript)));
    let over = |path: &Path| {
        place(path).is_some_and(|found| Some(&found) == file.as_ref() || Some(&found) == folder.as_ref())
    };
    match examined.into_iter().flatten().any(over) {
        true => Err(ExamineError::Transcript(transcript.to_owned())),
        false => Ok(()),
    }
}
