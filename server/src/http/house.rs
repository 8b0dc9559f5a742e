//! What all routes share.

use super::access::AccessLog;
use super::api::packs::Jobs;
use super::guard::Guard;
use super::history::Histories;
use super::metrics::Metrics;
use super::pages::session::Sessions;
use super::people::{Issuer, People};
use super::problem::Problem;
use super::writer::{Open, Writer};
use crate::catalogs;
use crate::failure::Failure;
use crate::standing::Standing;
use crate::submit::known::{self, Known, Systems};
use crate::view::{self, Asked, Indexed, Kept, View};
use affiant_controls::intake::ToolRules;
use affiant_controls::register::Register;
use affiant_ledger::entry::Entry;
use affiant_ledger::erasure::ERASURE;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::key::SigningKey;
use affiant_ledger::keyfile::KeyFileError;
use affiant_ledger::ledger::{Ledger, LedgerError, Surroundings};
use affiant_ledger::reader::Reader;
use affiant_ledger::time::Timestamp;
use affiant_reports::derive::Catalogs;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// How many the issuer of identities is asked about at a time.
const AT_ISSUER_MAX: usize = 8;

/// How the service is run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Certificate chain and private key in PEM, for TLS.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Authorities whose client certificates are looked at, in PEM.
    pub client_authorities: Option<PathBuf>,
    /// Largest body of a push, in bytes, behind any compression.
    pub body_max: u64,
    /// Most connections at a time.
    pub connections_max: usize,
    /// Whether a proxy in front says who asks, in `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// Whom people may sign in with, beside tokens.
    pub issuer: Option<Issuer>,
}

/// Opens a private key.
pub(super) type OpenKey = Arc<dyn Fn(&Path) -> Result<SigningKey, KeyFileError> + Send + Sync>;

/// What is needed to open the ledger, now and after a failure of the disk.
#[derive(Clone)]
pub struct Opening {
    /// The ledger's folder.
    pub folder: PathBuf,
    /// Its surroundings.
    pub surroundings: Surroundings,
    /// Opens private keys.
    pub open_key: OpenKey,
}

impl Opening {
    /// Opens the ledger.
    pub(super) fn open(&self) -> Result<Ledger, Failure> {
        Ok(Ledger::open_with(&self.folder, self.surroundings.clone(), &*self.open_key)?)
    }

    pub(super) fn into_open(self) -> Open {
        Box::new(move || self.open())
    }
}

/// The entries of a stream, and the size of the ledger up to which they are known.
type Positions = (Arc<Vec<u64>>, u64);

/// What all routes share.
pub(super) struct House {
    pub(super) config: Config,
    pub(super) opening: Opening,
    pub(super) writer: Writer,
    pub(super) catalogs: Catalogs,
    pub(super) tools: Vec<ToolRules>,
    pub(super) guard: Guard,
    pub(super) access: AccessLog,
    pub(super) metrics: Metrics,
    pub(super) packs: Jobs,
    pub(super) sessions: Sessions,
    pub(super) people: Option<People>,
    /// Seats for those whom the issuer is asked about.
    pub(super) at_issuer: Arc<Semaphore>,
    pub(super) histories: Histories,
    /// Whether the service ends: what nobody waits for is left.
    pub(super) ends: AtomicBool,
    reader: Mutex<Arc<Reader>>,
    registers: Mutex<Kept>,
    systems: RwLock<Arc<Systems>>,
    positions: Mutex<BTreeMap<Id, Positions>>,
}

impl House {
    /// Furnishes a house around an open ledger, and starts its writer.
    pub(super) fn new(
        runtime: &Handle,
        config: Config,
        opening: Opening,
        mut ledger: Ledger,
    ) -> Result<(Self, JoinHandle<Result<(), Failure>>), Failure> {
        let catalogs = catalogs::of_ledger(&mut ledger, &[])?;
        let reader = Mutex::new(Arc::new(Reader::open(&opening.folder)?));
        let guard = Guard::new(&opening.folder)?;
        let (open, clock) = (opening.clone().into_open(), opening.surroundings.clock.clone());
        let started = Writer::start(runtime, ledger, open, clock, catalogs.controls.clone());
        let (writer, thread) = started.map_err(Failure::io)?;
        let house = Self {
            people: config.issuer.clone().map(People::new),
            at_issuer: Arc::new(Semaphore::new(AT_ISSUER_MAX)),
            config,
            opening,
            writer,
            catalogs,
            tools: ToolRules::embedded(),
            guard,
            access: AccessLog::default(),
            metrics: Metrics::new(),
            packs: Jobs::default(),
            sessions: Sessions::default(),
            histories: Histories::default(),
            ends: AtomicBool::new(false),
            reader,
            registers: Mutex::default(),
            systems: RwLock::default(),
            positions: Mutex::default(),
        };
        Ok((house, thread))
    }

    /// The present.
    pub(super) fn now(&self) -> Timestamp {
        self.opening.surroundings.clock.now()
    }

    /// The ledger as it is: at least what any receipt given out before speaks of. Looks at the disk when it has grown;
    /// for a thread that may wait.
    pub(super) fn reader(&self) -> Result<Arc<Reader>, Problem> {
        let size = self.size();
        let mut kept = lock(&self.reader);
        if kept.size() < size {
            *kept = Arc::new(Reader::open(&self.opening.folder)?);
        }
        Ok(kept.clone())
    }

    /// Does something that reads, computes or waits, on a thread where that disturbs nobody.
    pub(super) async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Arc<Self>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let house = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&house)).await;
        done.map_err(|error| Problem::internal(format!("a promise of our own is broken: {error}")))?
    }

    /// A look at the ledger with the writer's index.
    pub(super) fn view<'r>(&self, reader: &'r Reader) -> View<'r> {
        View::with(reader, Asking { writer: self.writer.clone(), reader, known: None })
    }

    /// A registered system by its id.
    pub(super) fn system(&self, id: &str) -> Result<Id, Problem> {
        let unknown = || Problem::missing(format!("system `{}` is not registered", visible(id)));
        let id: Id = id.parse().map_err(|_| unknown())?;
        if self.streams()?.contains(&id) { Ok(id) } else { Err(unknown()) }
    }

    /// The AI systems.
    pub(super) fn streams(&self) -> Result<Vec<Id>, Problem> {
        let reader = self.reader()?;
        Ok(self.view(&reader).systems()?)
    }

    /// Tells of a system as it stands; as of now from what is kept, of another time from all its entries.
    pub(super) fn look<T>(
        &self,
        system: &Id,
        asked: Asked,
        tell: impl FnOnce(&View<'_>, &Standing<'_>) -> T,
    ) -> Result<T, Problem> {
        let told = |view: &View<'_>, register: &Register| -> Result<T, Problem> {
            if register.system().is_none() {
                let text = format!("system `{system}` was not registered by {}", register.as_of());
                return Err(Problem::missing(text));
            }
            Ok(tell(view, &Standing::of(&self.catalogs, system, register)?))
        };
        if asked.past {
            let reader = self.reader()?;
            let view = self.view(&reader);
            return told(&view, &view::register(&view, system, asked)?);
        }
        let mut kept = lock(&self.registers);
        let known = if kept.contains_key(system) { None } else { self.latest(system) };
        let reader = self.reader()?;
        let view = View::with(&reader, Asking { writer: self.writer.clone(), reader: &reader, known });
        told(&view, view::register_kept(&view, system, asked, &mut kept)?)
    }

    /// What the index says that counts of a system; a reader opened after this sees all of it.
    fn latest(&self, system: &Id) -> Option<Latest> {
        let stream = system.clone();
        self.writer
            .look_blocking(move |ledger| {
                let entries = ledger.latest(&stream, b"").ok()?;
                Some(Latest { stream, entries, size: ledger.size() })
            })
            .ok()?
    }

    /// All entries of a stream, in order, and the reader that has them.
    pub(super) fn positions(&self, stream: &Id) -> Result<(Arc<Reader>, Arc<Vec<u64>>), Problem> {
        let reader = self.reader()?;
        let mut kept = lock(&self.positions);
        let positions = match kept.remove(stream) {
            Some((positions, known)) if known <= reader.size() => {
                let mut positions = positions;
                for index in known..reader.size() {
                    let entry = Entry::from_bytes(&reader.entry_bytes(index)?);
                    if entry.map_err(|error| Problem::internal(error.to_string()))?.stream == *stream {
                        Arc::make_mut(&mut positions).push(index);
                    }
                }
                positions
            }
            _ => Arc::new(self.view(&reader).positions(stream)?),
        };
        kept.insert(stream.clone(), (positions.clone(), reader.size()));
        Ok((reader, positions))
    }

    /// What admission asks of systems, as far as it was asked before.
    pub(super) fn systems(&self) -> Arc<Systems> {
        self.systems.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same, with a system that it does not know yet.
    pub(super) async fn systems_with(&self, system: &Id) -> Result<Arc<Systems>, Problem> {
        let id = system.clone();
        let found: Result<Known, Failure> = self.writer.look(move |ledger| known::of(ledger, &id)).await?;
        self.know(system, found?);
        Ok(self.systems())
    }

    fn know(&self, system: &Id, known: Known) {
        let mut systems = self.systems.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut systems).insert(system.clone(), known);
    }

    /// From now on any result may close a finding of this system.
    pub(super) fn expect_findings(&self, system: &Id) {
        if self.systems().get(system).is_none_or(|known| known.has_findings) {
            return;
        }
        let mut systems = self.systems.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = Arc::make_mut(&mut systems).get_mut(system) {
            known.has_findings = true;
        }
    }

    /// Entries of the ledger.
    pub(super) fn size(&self) -> u64 {
        self.writer.seen().size.load(Ordering::Acquire)
    }

    /// Forgets what was asked of systems: some of it may have changed.
    pub(super) fn forget_systems(&self) {
        *self.systems.write().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }
}

/// What counts of a stream, as of a size of the ledger.
struct Latest {
    stream: Id,
    entries: Vec<u64>,
    size: u64,
}

/// The writer's index, asked from another thread.
struct Asking<'r> {
    writer: Writer,
    reader: &'r Reader,
    known: Option<Latest>,
}

impl Indexed for Asking<'_> {
    fn streams(&self) -> Option<Vec<(Id, u64)>> {
        self.writer.look_blocking(|ledger| ledger.streams()).ok()
    }

    fn latest(&self, stream: &Id) -> Option<Vec<u64>> {
        if let Some(known) = self.known.as_ref().filter(|known| known.stream == *stream) {
            return known.up_to(self.reader);
        }
        let size = self.reader.size();
        // What was recorded since may have taken the place of what the reader sees: then all entries are needed.
        self.ask(stream, move |ledger, stream| match ledger.size() == size {
            true => ledger.latest(stream, b""),
            false => ledger.positions(stream, 0),
        })
    }

    fn positions(&self, stream: &Id) -> Option<Vec<u64>> {
        self.ask(stream, |ledger, stream| ledger.positions(stream, 0))
    }
}

impl Latest {
    /// The same and all that was recorded since. None where something was erased since: it may be what counted.
    fn up_to(&self, reader: &Reader) -> Option<Vec<u64>> {
        let mut entries = self.entries.clone();
        for index in self.size..reader.size() {
            let entry = Entry::from_bytes(&reader.entry_bytes(index).ok()?).ok()?;
            if entry.kind == *ERASURE {
                return None;
            }
            if entry.stream == self.stream {
                entries.push(index);
            }
        }
        Some(entries)
    }
}

impl Asking<'_> {
    /// What lies behind the reader is not spoken of.
    fn ask(
        &self,
        stream: &Id,
        ask: impl FnOnce(&mut Ledger, &Id) -> Result<Vec<u64>, LedgerError> + Send + 'static,
    ) -> Option<Vec<u64>> {
        let stream = stream.clone();
        let mut found = self.writer.look_blocking(move |ledger| ask(ledger, &stream)).ok()?.ok()?;
        found.retain(|index| *index < self.reader.size());
        Some(found)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
