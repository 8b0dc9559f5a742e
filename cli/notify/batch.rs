//! A batch of alerts on its way to a target, and the file it waits in until it has been taken.
//!
//! ```text
//! {"alerts": [{..}, {..}], "from": {"size": 31, "as_of": ".."}, "origin": "evidence.example.org/ai",
//!  "target": "on-call", "to": {"size": 42, "as_of": ".."}}
//! ```
//!
//! What is once sent is sent again as it was, until the target has it: a receiver that took a batch of which we do not
//! know it must not be told something else instead.

use affiant_controls::delivery::Standpoint;
use affiant_frameworks::alert::Alert;
use affiant_ledger::digest::Digest;
use affiant_ledger::files;
use affiant_ledger::id::Id;
use affiant_server::failure::Failure;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// Largest batch that waits, in bytes.
const BATCH_SIZE_MAX: u64 = 256 << 20;
/// Alerts in one message to a webhook.
const MESSAGE_ALERTS: usize = 200;

/// Alerts for a target, from one standpoint to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Batch {
    pub(super) alerts: Vec<Alert>,
    pub(super) from: Option<Standpoint>,
    pub(super) origin: String,
    pub(super) target: Id,
    pub(super) to: Standpoint,
}

/// A message to a webhook.
pub(super) struct Message {
    /// The same whenever it is sent.
    pub(super) id: String,
    pub(super) body: Vec<u8>,
}

impl Batch {
    /// The one form in which it is kept and cited.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_else(|error| panic!("alerts print as JSON: {error}"))
    }

    /// The batch in messages, as Standard Webhooks wants them: type, timestamp, data.
    pub(super) fn messages(&self) -> Vec<Message> {
        let digest = Digest::of(&self.to_bytes()).to_string();
        let parts = self.alerts.chunks(MESSAGE_ALERTS);
        let count = parts.len();
        let message = |(number, alerts): (usize, &[Alert])| {
            let data = json!({
                "alerts": alerts, "from": self.from, "origin": self.origin, "part": number, "parts": count,
                "target": self.target, "to": self.to,
            });
            let body = json!({"type": "affiant.alerts", "timestamp": self.to.as_of, "data": data});
            Message { id: format!("msg_{}_{number}", &digest[..32]), body: body.to_string().into_bytes() }
        };
        (1..).zip(parts).map(message).collect()
    }
}

/// The place of a target beside the ledger, held by one process at a time.
pub(super) struct Place {
    path: PathBuf,
    _lock: File,
}

impl Place {
    /// Takes the place of a target.
    pub(super) fn take(ledger: &Path, target: &Id) -> Result<Self, Failure> {
        let folder = ledger.join("notify");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{target}.lock"));
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: folder.join(format!("{target}.json")), _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err(Failure::io(format!("another process is delivering to `{target}`"))
                    .hint("try again when it is done"))
            }
            Err(TryLockError::Error(error)) => Err(Failure::io(error)),
        }
    }

    /// The batch that waits, if one does.
    pub(super) fn waiting(&self) -> Result<Option<Batch>, Failure> {
        let Some(bytes) = files::read_if_any(&self.path, BATCH_SIZE_MAX + 65)? else { return Ok(None) };
        let whole = bytes
            .split_first_chunk::<65>()
            .filter(|(head, rest)| head.strip_suffix(b"\n") == Some(Digest::of(rest).to_string().as_bytes()));
        let batch = whole.and_then(|(_, rest)| serde_json::from_slice(rest).ok());
        batch.map(Some).ok_or_else(|| {
            let text = format!("{}: the batch that waits is not as it was written", self.path.display());
            Failure::integrity(text).hint("remove the file: the alerts are derived anew")
        })
    }

    /// Puts a batch down before it is sent for the first time.
    pub(super) fn put(&self, batch: &Batch) -> Result<(), Failure> {
        let bytes = batch.to_bytes();
        if bytes.len() as u64 > BATCH_SIZE_MAX {
            let text = format!("{} alerts are more than {BATCH_SIZE_MAX} bytes", batch.alerts.len());
            return Err(Failure::refused(text));
        }
        let digest = Digest::of(&bytes).to_string();
        files::write_durably(&self.path, &[digest.as_bytes(), b"\n", &bytes].concat())?;
        Ok(())
    }

    /// Takes away what has been delivered and recorded.
    pub(super) fn clear(&self) -> Result<(), Failure> {
        files::remove_if_any(&self.path)?;
        Ok(())
    }
}
