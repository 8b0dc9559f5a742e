//! Alerts as JSON lines: appended to a file and made durable, or written to stdout.

use super::Undelivered;
use super::batch::Batch;
use crate::output;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Writes a batch, an alert a line.
pub(super) fn write(path: &Path, batch: &Batch) -> Result<String, Undelivered> {
    let mut lines = Vec::new();
    for alert in &batch.alerts {
        serde_json::to_writer(&mut lines, alert).map_err(Undelivered::for_good)?;
        lines.push(b'\n');
    }
    if path == Path::new("-") {
        output::bytes(&lines);
        return if output::is_lost() {
            Err(Undelivered::for_good("stdout takes no more"))
        } else {
            Ok("written".into())
        };
    }
    append(path, &lines).map_err(|error| Undelivered::for_good(format!("{}: {error}", path.display())))?;
    Ok("written".to_owned())
}

fn append(path: &Path, lines: &[u8]) -> io::Result<()> {
    let is_new = !path.exists();
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
    // A line that a stop cut off is left as it is; the next one begins on its own.
    if !ends_whole(&mut file)? {
        file.write_all(b"\n")?;
    }
    file.write_all(lines)?;
    if !file.metadata()?.is_file() {
        return Ok(());
    }
    file.sync_all()?;
    // The name of a new file is durable with its folder.
    match path.parent().filter(|_| is_new) {
        Some(folder) if folder.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn ends_whole(file: &mut File) -> io::Result<bool> {
    if !file.metadata()?.is_file() || file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
