//! Bodies of requests: read with a limit on their size and on how slowly they may come.

use super::problem::Problem;
use crate::failure::Failure;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use futures_util::stream::try_unfold;
use http_body_util::{BodyExt, LengthLimitError};
use std::error::Error;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long nothing may come.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// How long a body may take whatever its size.
const GRACE: Duration = Duration::from_secs(10);
/// Bytes a second that must come beyond that.
const RATE_MIN: f64 = 4096.0;

/// Bytes of a file that are sent at a time.
const PIECE: usize = 128 << 10;

/// Reads a body into memory.
pub(super) async fn collect(body: Body, max: usize) -> Result<Bytes, Problem> {
    let (bytes, _) = Pieces::new(body, max as u64).begin(max).await?;
    Ok(bytes)
}

/// Reads the rest of a body, of which the first bytes are there, into an unnamed file in a folder.
pub(super) async fn spool(mut pieces: Pieces, first: &[u8], folder: &Path) -> Result<File, Problem> {
    let lost = |error: std::io::Error| Problem::later(format!("the body cannot be kept: {error}"), 1);
    let mut file = tempfile::tempfile_in(folder).map_err(lost)?;
    file.write_all(first).map_err(lost)?;
    while let Some(piece) = pieces.next().await? {
        file.write_all(&piece).map_err(lost)?;
    }
    file.seek(SeekFrom::Start(0)).map_err(lost)?;
    Ok(file)
}

/// A body that ends with an error where it comes too slowly, for readers who do not ask for pieces.
pub(super) fn paced(body: Body, max: u64) -> Body {
    let next = |mut pieces: Pieces| async {
        let piece =
            pieces.next().await.map_err(|problem| std::io::Error::other(problem.detail().to_owned()))?;
        Ok::<_, std::io::Error>(piece.map(|piece| (piece, pieces)))
    };
    Body::from_stream(try_unfold(Pieces::new(body, max), next))
}

/// A file as a body, of which one piece at a time is in memory, and its size.
pub(super) fn of_file(file: File) -> Result<(u64, Body), Problem> {
    let size = file.metadata().map_err(Failure::io)?.len();
    let next = |mut file: File| async {
        let read = move || {
            let mut piece = vec![0; PIECE];
            let length = file.read(&mut piece)?;
            piece.truncate(length);
            Ok::<_, std::io::Error>((piece, file))
        };
        let (piece, file) = tokio::task::spawn_blocking(read).await.map_err(std::io::Error::other)??;
        Ok::<_, std::io::Error>((!piece.is_empty()).then(|| (Bytes::from(piece), file)))
    };
    Ok((size, Body::from_stream(try_unfold(file, next))))
}

/// A body piece by piece.
pub(super) struct Pieces {
    body: Body,
    left: u64,
    max: u64,
    begin: Instant,
    seen: u64,
}

impl Pieces {
    pub(super) fn new(body: Body, max: u64) -> Self {
        Self { body, left: max, max, begin: Instant::now(), seen: 0 }
    }

    /// What comes first, up to the first piece that makes it more than `max` bytes, and whether it is all.
    pub(super) async fn begin(&mut self, max: usize) -> Result<(Bytes, bool), Problem> {
        let Some(first) = self.next().await? else { return Ok((Bytes::new(), true)) };
        if first.len() > max {
            return Ok((first, false));
        }
        // Most bodies come in one piece.
        let Some(second) = self.next().await? else { return Ok((first, true)) };
        let mut bytes = [first, second].concat();
        while bytes.len() <= max {
            match self.next().await? {
                Some(piece) => bytes.extend_from_slice(&piece),
                None => return Ok((bytes.into(), true)),
            }
        }
        Ok((bytes.into(), false))
    }

    /// The next piece; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            let slow = || Problem::new(StatusCode::REQUEST_TIMEOUT, "the body comes too slowly");
            let frame = tokio::time::timeout(SILENCE_MAX, self.body.frame()).await.map_err(|_| slow())?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|error| unread(&error))?;
            let Ok(piece) = frame.into_data() else { continue };
            self.seen += piece.len() as u64;
            let late = self.begin.elapsed().saturating_sub(GRACE).as_secs_f64();
            if late > 0.0 && (self.seen as f64) < late * RATE_MIN {
                return Err(slow());
            }
            let Some(left) = self.left.checked_sub(piece.len() as u64) else {
                return Err(too_large(self.max));
            };
            self.left = left;
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
    }
}

fn too_large(max: u64) -> Problem {
    let text = format!("the body has more than {max} bytes (as it is behind any compression)");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, text).hint("split it: NDJSON can be cut at any line")
}

/// What is wrong with a body that cannot be read.
fn unread(error: &axum::Error) -> Problem {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error.is::<LengthLimitError>() {
            return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
        }
        source = error.source();
    }
    Problem::bad(format!("the body cannot be read: {error}"))
}
