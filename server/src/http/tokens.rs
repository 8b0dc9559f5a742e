//! Who may ask: grants of a role, what it covers, and an end (docs/spec/tokens.md).
//!
//! They stand in `access/tokens.json` of the ledger's folder, written whole by whoever gives one out, read again when it
//! has changed. Who asks is known by a token, by a client certificate, or by what an issuer of identities says. Of a token
//! its SHA-256 is kept: it is 256 random bits, and nothing is gained by guessing slowly. The
//! word itself is shown once:
//!
//! ```text
//! affiant_<id>_<64 hexadecimal digits>
//! ```

use super::people::{Identity, is_private};
use crate::failure::Failure;
use affiant_ledger::digest::Digest;
use affiant_ledger::files::{self, FileError};
use affiant_ledger::id::{Id, is_hidden, visible};
use affiant_ledger::random;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// Largest file of tokens, in bytes.
const FILE_SIZE_MAX: u64 = 4 << 20;
/// Most tokens.
const TOKENS_MAX: usize = 10_000;
/// How a token begins.
const PREFIX: &str = "affiant_";
/// Longest name of a person or issuer, in bytes.
const NAME_MAX: usize = 255;
/// Most streams or systems of a grant.
const SCOPE_MAX: usize = 1000;

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Pushes given kinds to given systems.
    Collector,
    /// Reads given systems, samples, downloads packs, comments.
    Auditor,
    /// Reads all, records all, issues packs.
    Officer,
    /// The same, and gives out tokens.
    Admin,
}

impl Role {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Collector => "collector",
            Self::Auditor => "auditor",
            Self::Officer => "officer",
            Self::Admin => "admin",
        }
    }

    /// The role of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Collector, Self::Auditor, Self::Officer, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == word)
    }
}

/// By what somebody is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// SHA-256 of a token.
    Token(Digest),
    /// SHA-256 of a client certificate in DER.
    Certificate(Digest),
    /// What an issuer of identities says.
    Person(Person),
}

impl By {
    /// Its word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::Certificate(_) => "certificate",
            Self::Person(_) => "person",
        }
    }
}

/// A person, as an issuer of identities names them: by a subject, or by an address that it has verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The issuer, as it writes itself.
    pub issuer: String,
    /// The subject: who it is, for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl Person {
    /// The name that the issuer gives them.
    pub fn name(&self) -> &str {
        self.subject.as_deref().or(self.email.as_deref()).unwrap_or_default()
    }

    fn check(&self) -> Result<(), Failure> {
        let Self { issuer, subject, email } = self;
        if !is_private(issuer) || issuer.len() > NAME_MAX {
            return Err(Failure::refused(format!("issuer `{}`: give its https address", visible(issuer))));
        }
        let name = match (subject, email) {
            (Some(subject), None) => subject,
            (None, Some(email)) if email.contains('@') => email,
            (None, Some(email)) => {
                return Err(Failure::refused(format!("`{}` is no address", visible(email))));
            }
            _ => return Err(Failure::refused("a person is named by subject or by address, by one of them")),
        };
        if !(1..=NAME_MAX).contains(&name.len()) || name.chars().any(is_hidden) {
            return Err(Failure::refused(format!("`{}`: 1 to {NAME_MAX} visible characters", visible(name))));
        }
        Ok(())
    }
}

/// What was granted to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Its id; what stands in entries as `token:<id>`.
    pub id: Id,
    /// What it may do.
    pub role: Role,
    /// By what whoever it was granted to is known.
    pub by: By,
    /// Kinds a collector may push; all of results, findings, attestations, incidents and exceptions when empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kinds: BTreeSet<Id>,
    /// Systems it is for; all when empty, which an auditor's may not be.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub systems: BTreeSet<Id>,
    /// When it was given out.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Since when it counts no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
}

impl Grant {
    /// Whether it covers a system.
    pub fn covers(&self, system: &Id) -> bool {
        self.systems.is_empty() || self.systems.contains(system)
    }

    /// Whether it counts.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        now < self.expires && self.revoked.is_none()
    }

    fn check(&self) -> Result<(), Failure> {
        let refused = |text: String| Err(Failure::refused(text));
        if self.role == Role::Auditor && self.systems.is_empty() {
            return refused("an auditor's token names the systems that it may read".into());
        }
        if !self.kinds.is_empty() && self.role != Role::Collector {
            return refused(format!("kinds are a collector's, not of role {}", self.role.as_str()));
        }
        if self.kinds.len() > SCOPE_MAX || self.systems.len() > SCOPE_MAX {
            return refused(format!("more than {SCOPE_MAX} kinds or systems"));
        }
        if let By::Person(person) = &self.by {
            person.check()?;
            if self.role == Role::Collector {
                return refused("a collector is no person: people look at pages".into());
            }
        }
        if self.expires <= self.created {
            return refused(format!("it would end at {}, before it begins", self.expires));
        }
        Ok(())
    }
}

/// The file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    grants: Vec<Grant>,
}

/// All that were given out.
#[derive(Debug, Clone, Default)]
pub struct Grants(BTreeMap<Id, Arc<Grant>>);

impl Grants {
    /// Where they stand in a ledger's folder.
    pub fn path(ledger: &Path) -> PathBuf {
        ledger.join("access").join("tokens.json")
    }

    /// Reads those of a ledger's folder; none where there is no file.
    pub fn read(ledger: &Path) -> Result<Self, Failure> {
        let path = Self::path(ledger);
        let Some(bytes) = files::read_if_any(&path, FILE_SIZE_MAX)? else { return Ok(Self::default()) };
        Self::from_bytes(&bytes).map_err(|failure| failure.within(path.display()))
    }

    /// Reads the bytes of the file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Failure> {
        let stored: Stored = serde_json::from_slice(bytes).map_err(Failure::refused)?;
        if stored.grants.len() > TOKENS_MAX {
            return Err(Failure::refused(format!("more than {TOKENS_MAX} tokens")));
        }
        let mut grants = BTreeMap::new();
        for grant in stored.grants {
            grant.check()?;
            if let Some(twice) = grants.insert(grant.id.clone(), Arc::new(grant)) {
                return Err(Failure::refused(format!("token `{}` stands twice", twice.id)));
            }
        }
        Ok(Self(grants))
    }

    /// Writes them, for the owner of the folder alone to read.
    pub fn write(&self, ledger: &Path) -> Result<(), Failure> {
        let path = Self::path(ledger);
        let folder = files::parent(&path);
        make_private(folder).map_err(FileError::at(folder))?;
        let stored = Stored { grants: self.all().cloned().collect() };
        let bytes = serde_json::to_vec_pretty(&stored).map_err(Failure::io)?;
        Ok(files::write_privately(&path, &bytes)?)
    }

    /// The one of an id.
    pub fn get(&self, id: &Id) -> Option<&Arc<Grant>> {
        self.0.get(id)
    }

    /// All, by id.
    pub fn all(&self) -> impl Iterator<Item = &Grant> {
        self.0.values().map(Arc::as_ref)
    }

    /// Adds one; an id is used once, also after it was revoked, since it stands in entries.
    pub fn add(&mut self, grant: Grant) -> Result<(), Failure> {
        grant.check()?;
        if self.0.contains_key(&grant.id) {
            return Err(Failure::refused(format!("a token `{}` was given out before", grant.id)));
        }
        if self.0.len() >= TOKENS_MAX {
            return Err(Failure::refused(format!("{TOKENS_MAX} tokens were given out")));
        }
        if let By::Person(person) = &grant.by {
            // Which of two would count could not be seen.
            let same = |other: &&Grant| matches!(&other.by, By::Person(other) if is_same(other, person));
            if let Some(other) = self.all().filter(|other| other.is_valid(grant.created)).find(same) {
                let text = format!("`{}` has a grant, `{}`", visible(person.name()), other.id);
                return Err(Failure::refused(text).hint(format!("revoke `{}` first", other.id)));
            }
        }
        self.0.insert(grant.id.clone(), Arc::new(grant));
        Ok(())
    }

    /// Takes one back.
    pub fn revoke(&mut self, id: &str, now: Timestamp) -> Result<&Grant, Failure> {
        let grant = self.0.get_mut(id);
        let grant = grant.ok_or_else(|| Failure::refused(format!("`{}` is no token", visible(id))))?;
        let grant = Arc::make_mut(grant);
        grant.revoked.get_or_insert(now);
        Ok(grant)
    }

    /// Whose token this is; the same time is taken whether or not there is one of that id.
    pub fn of_token(&self, token: &str) -> Option<&Arc<Grant>> {
        let (id, _) = token.strip_prefix(PREFIX)?.rsplit_once('_')?;
        let given = Digest::of(token.as_bytes());
        let grant = self.0.get(id);
        let kept = grant.and_then(|grant| match grant.by {
            By::Token(kept) => Some(kept),
            By::Certificate(_) | By::Person(_) => None,
        });
        let same: bool = kept.unwrap_or(Digest::ZERO).as_bytes().ct_eq(given.as_bytes()).into();
        grant.filter(|_| same && kept.is_some())
    }

    /// Whose client certificate this is.
    pub fn of_certificate(&self, der: &[u8]) -> Option<&Arc<Grant>> {
        let digest = Digest::of(der);
        self.0.values().find(|grant| grant.by == By::Certificate(digest))
    }

    /// The grant that counts for a person whom an issuer has named.
    pub(super) fn of_person(&self, identity: &Identity, now: Timestamp) -> Option<&Arc<Grant>> {
        let is = |grant: &&Arc<Grant>| matches!(&grant.by, By::Person(person) if identity.is(person));
        self.0.values().filter(|grant| grant.is_valid(now)).find(is)
    }
}

/// Whether two are the same person.
fn is_same(one: &Person, other: &Person) -> bool {
    let email = |person: &Person| person.email.as_ref().map(|email| email.to_ascii_lowercase());
    one.issuer == other.issuer && one.subject == other.subject && email(one) == email(other)
}

/// Makes a folder that its owner alone may enter.
pub(super) fn make_private(folder: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// A new token of an id, to be shown once, and its digest.
pub fn new_token(id: &Id) -> (String, Digest) {
    let mut secret = [0; 32];
    random::fill(&mut secret);
    let token = format!("{PREFIX}{id}_{}", Digest(secret));
    let digest = Digest::of(token.as_bytes());
    (token, digest)
}

/// SHA-256 of the certificate in PEM.
pub fn certificate_digest(pem: &[u8]) -> Result<Digest, Failure> {
    let der = CertificateDer::from_pem_slice(pem)
        .map_err(|error| Failure::refused(format!("no certificate: {error}")))?;
    Ok(Digest::of(&der))
}
