//! Files under their digests: each is what its name says, and those without which the ledger cannot be read are there.
//!
//! Evidence may be kept elsewhere, so that a file that only a result cites is not missed. Which files must be there the
//! storeys above say ([`Filing::needs`](crate::record::Filing::needs)).

use super::{FaultKind, Fsck};
use crate::blob;
use crate::digest::Digest;
use std::collections::BTreeSet;

impl Fsck<'_> {
    /// Every file below `blob` against its name, and what is needed against what is there.
    pub(super) fn blobs(&mut self) {
        let mut whole = BTreeSet::new();
        for path in self.list("blob") {
            let named = path.strip_prefix("blob/").map(|name| name.replace('/', ""));
            let digest = named.and_then(|name| name.parse::<Digest>().ok());
            let Some(digest) =
                digest.filter(|digest| self.folder.join(&path) == blob::path_of(self.folder, digest))
            else {
                self.stray(&path);
                continue;
            };
            match blob::digest_of(self.storage, &self.folder.join(&path)) {
                Ok((found, _)) if found == digest => {
                    self.report.blobs += 1;
                    whole.insert(digest);
                }
                Ok(_) => self.fault(FaultKind::Blob, None, Some(&path), "is not what its name says".into()),
                Err(error) => self.fault(FaultKind::Missing, None, Some(&path), error.to_string()),
            }
        }
        self.needed(&whole);
    }

    /// What entries need and is not there; a file that is there and wrong is named already.
    fn needed(&mut self, whole: &BTreeSet<Digest>) {
        for (digest, (index, kind)) in std::mem::take(&mut self.needed) {
            let path = blob::path_of(self.folder, &digest);
            if whole.contains(&digest) || !matches!(self.storage.kind(&path), Ok(None)) {
                continue;
            }
            let place = path.strip_prefix(self.folder).unwrap_or(&path).display().to_string();
            let text = format!("the file that this `{kind}` entry names is gone");
            self.fault(FaultKind::Missing, Some(index), Some(&place), text);
        }
    }
}
