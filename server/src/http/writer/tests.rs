use super::*;
use crate::submit::collection::Held;
use affiant_ledger::checkpoint::LogKeys;
use affiant_ledger::codec;
use affiant_ledger::key::SigningKey;
use affiant_ledger::ledger::Surroundings;
use affiant_ledger::note::Verifier;
use affiant_ledger::record::{Draft, NoFiling};
use affiant_ledger::settings::Settings;
use affiant_ledger::time::SystemClock;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

/// A writer of a new ledger.
struct Room {
    runtime: tokio::runtime::Runtime,
    writer: Writer,
    thread: JoinHandle<Result<(), Failure>>,
    surroundings: Surroundings,
    _folder: TempDir,
}

fn room() -> Room {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let surroundings = Surroundings::new(&NoFiling, folder.path().join("heads"));
    let key = SigningKey::from_seed(&[1; 32]);
    let origin = "affiant.example/test";
    let log_keys = LogKeys::new(Verifier::new(origin.parse().unwrap(), key.verifying_key()));
    let settings = Settings { id: "test".parse().unwrap(), origin: origin.into(), log_keys, head: None };
    let ledger =
        Ledger::create(&folder.path().join("ledger"), &settings, &key, surroundings.clone()).unwrap();
    let open: Open = Box::new(|| Err(Failure::io("it was not closed")));
    let clock = Arc::new(SystemClock);
    let (writer, thread) =
        Writer::start(runtime.handle(), ledger, open, clock, ControlSet::embedded()).unwrap();
    Room { runtime, writer, thread, surroundings, _folder: folder }
}

fn drafts(room: &Room, name: &str) -> Vec<Prepared> {
    let draft = Draft {
        stream: "a".parse().unwrap(),
        kind: "result".parse().unwrap(),
        by: "local".into(),
        statement: codec::encode(&BTreeMap::from([("name", name)])),
        signature: None,
        id: Some(name.to_owned()),
        facet: None,
    };
    Prepared::all(vec![draft], &room.surroundings).unwrap()
}

type Order = Arc<Mutex<Vec<&'static str>>>;

impl Room {
    /// Something long that has begun, and goes on, letting others in, until it is told to end. Gives the size of the ledger.
    fn long(&self, held: Held, order: &Order) -> (Arc<AtomicBool>, tokio::task::JoinHandle<u64>) {
        let (begun, end) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (writer, order) = (self.writer.clone(), order.clone());
        let flags = (begun.clone(), end.clone());
        let work = move |ledger: &mut Ledger, let_in: LetIn<'_>| {
            let begin = Instant::now();
            flags.0.store(true, Ordering::Release);
            while !flags.1.load(Ordering::Acquire) {
                let_in(ledger, &held);
                assert!(begin.elapsed() < Duration::from_secs(60), "nobody was let in");
            }
            order.lock().unwrap().push("long");
            ledger.size()
        };
        let long = self.runtime.spawn(async move { writer.long(work).await.unwrap() });
        while !begun.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        (end, long)
    }
}

#[test]
fn those_who_record_and_those_who_look_are_let_in_by_what_takes_long_and_all_else_waits() {
    let room = room();
    let order = Order::default();
    let (end, long) = room.long(Held::default(), &order);
    let (writer, said) = (room.writer.clone(), order.clone());
    let other = room.runtime.spawn(async move {
        let note = move |_: &mut Ledger| said.lock().unwrap().push("other");
        writer.with(note).await.unwrap();
    });
    let recorded: Vec<u64> = room.runtime.block_on(async {
        let mut recorded = Vec::new();
        for name in ["one", "two", "one"] {
            let done = room.writer.append(drafts(&room, name), Touched::default()).await.unwrap().unwrap();
            recorded.push(done[0].0.index);
        }
        let size = room.writer.look(|ledger| ledger.size()).await.unwrap();
        assert_eq!(size, 3);
        recorded
    });
    assert_eq!(recorded, [1, 2, 1], "behind the genesis entry, each once");
    end.store(true, Ordering::Release);
    room.runtime.block_on(async {
        assert_eq!(long.await.unwrap(), 3);
        other.await.unwrap();
    });
    assert_eq!(*order.lock().unwrap(), ["long", "other"]);
    drop(room.writer);
    room.thread.join().unwrap().unwrap();
}

#[test]
fn what_is_held_waits_while_others_are_recorded() {
    let room = room();
    let mut held = Held::default();
    held.add(&"a".parse().unwrap(), "one");
    held.add(&"a".parse().unwrap(), "two");
    let (end, long) = room.long(held, &Order::default());
    let waiting: Vec<_> = ["one", "two"]
        .into_iter()
        .map(|name| {
            let (writer, drafts) = (room.writer.clone(), drafts(&room, name));
            room.runtime
                .spawn(async move { writer.append(drafts, Touched::default()).await.unwrap().unwrap() })
        })
        .collect();
    for _ in 0..20 {
        let size = room.runtime.block_on(room.writer.look(|ledger| ledger.size())).unwrap();
        assert_eq!(size, 1, "the genesis entry");
    }
    let other = room.runtime.block_on(room.writer.append(drafts(&room, "three"), Touched::default()));
    assert_eq!(other.unwrap().unwrap()[0].0.index, 1);
    end.store(true, Ordering::Release);
    assert_eq!(room.runtime.block_on(long).unwrap(), 2);
    let mut indices: Vec<u64> =
        waiting.into_iter().map(|one| room.runtime.block_on(one).unwrap()[0].0.index).collect();
    indices.sort_unstable();
    assert_eq!(indices, [2, 3]);
    drop(room.writer);
    room.thread.join().unwrap().unwrap();
}
