#!/usr/bin/env python3
"""Peers beside the floor, in turn, round by round, so that a busy moment of the machine meets them all alike.
    peers.py FOLDER        (run makes it: a Python with pymerkle, perhaps hypercore.js with its packages)
Records of 1,000 bytes. Medians; a ratio is the floor's time by the peer's, so 1.00 is as fast as the floor."""
import hashlib, os, pathlib, random, sqlite3, statistics, subprocess, sys, time

BODY, BATCH, MANY = b"x" * 1000, 1024, 100_000
ONES, BATCHES, PROOFS = 600, 40, 200
PLACE = pathlib.Path(sys.argv[1])


class Floor:
    """A one-file hash chain: `prev || body` hashed, written, fdatasync. Nothing else: no index, no proof."""
    name, promise = "floor", "durable; a chain, no proofs"

    def __init__(self, folder, ahead=0):
        self.file = open(folder / "chain", "w+b", buffering=0)
        self.file.write(bytes(ahead))
        os.fsync(self.file.fileno())
        self.file.seek(0)
        self.prev, self.size = bytes(32), 0

    def append(self, count):
        out = []
        for _ in range(count):
            self.prev = hashlib.sha256(self.prev + BODY).digest()
            out += (self.prev, BODY)
        self.file.write(b"".join(out))
        os.fdatasync(self.file.fileno())
        self.size += count

    def verify(self):
        prev, width = bytes(32), 32 + len(BODY)
        with open(self.file.name, "rb", buffering=1 << 20) as read:
            for _ in range(self.size):
                record = read.read(width)
                prev = hashlib.sha256(prev + record[32:]).digest()
                assert prev == record[:32], "broken chain"
        assert prev == self.prev, "another end"

    prove = None


class Sqlite:
    """The same chain as a table; every append is one transaction with synchronous=FULL."""
    promise = "durable; a chain, no proofs"

    def __init__(self, folder, mode):
        self.name = f"SQLite chain, {mode}"
        self.db = sqlite3.connect(folder / "chain.db", isolation_level=None)
        assert self.db.execute(f"PRAGMA journal_mode={mode}").fetchone()[0] == mode.lower()
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("CREATE TABLE entry(n INTEGER PRIMARY KEY, hash BLOB NOT NULL, body BLOB NOT NULL)")
        self.prev, self.size = bytes(32), 0

    def append(self, count):
        rows = []
        for _ in range(count):
            self.prev = hashlib.sha256(self.prev + BODY).digest()
            rows.append((self.prev, BODY))
        self.db.execute("BEGIN")
        self.db.executemany("INSERT INTO entry(hash, body) VALUES (?, ?)", rows)
        self.db.execute("COMMIT")
        self.size += count

    def verify(self):
        prev, count = bytes(32), 0
        for hash, body in self.db.execute("SELECT hash, body FROM entry ORDER BY n"):
            prev = hashlib.sha256(prev + body).digest()
            assert prev == hash, "broken chain"
            count += 1
        assert (prev, count) == (self.prev, self.size), "another end"

    prove = None


class Pymerkle:
    """pymerkle's SqliteTree, as its documentation shows it: append_entry, append_entries, prove_inclusion."""
    name, promise = "pymerkle, SQLite", "durable (SQLite's defaults: rollback journal, FULL); RFC 9162 proofs, unsigned"

    def __init__(self, folder):
        import pymerkle
        self.tree = pymerkle.SqliteTree(str(folder / "tree.db"))
        self.check, self.size = pymerkle.verify_inclusion, 0

    def append(self, count):
        if count == 1:
            self.tree.append_entry(BODY)
        else:
            self.tree.append_entries([BODY] * count)
        self.size += count

    def verify(self):
        # It has no audit of its own: every entry hashed again and compared with its leaf, then the root.
        for index in range(1, self.size + 1):
            assert self.tree.hash_buff(self.tree.get_entry(index)) == self.tree.get_leaf(index), index
        self.tree.get_root()

    def prove(self, index):
        self.tree.prove_inclusion(index + 1)


class Hyper:
    """hypercore, in a process of its own that keeps the time; see hypercore.js."""
    name, promise = "hypercore", "safe against a kill, not against a power cut (no sync an append); Ed25519, BLAKE2b tree"

    def __init__(self, folder):
        words = ["node", str(PLACE / "hypercore.js"), str(folder / "core"), str(len(BODY))]
        self.node = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        assert self.node.stdout.readline() == "ready\n", "hypercore does not start"

    def ask(self, words):
        self.node.stdin.write(words + "\n")
        answer = self.node.stdout.readline().strip()
        assert answer.isdigit(), answer
        return int(answer) / 1e9

    def append(self, count):
        return self.ask(f"append {count}")

    def verify(self):
        return self.ask("verify")

    def prove(self, index):
        return self.ask(f"prove {index}")


def timed(work, *words):
    """Seconds of one round; a peer in another process says how long it took itself."""
    start = time.perf_counter()
    took = work(*words)
    return time.perf_counter() - start if took is None else took


def side_by_side(peers, rounds, work):
    """Median seconds of each peer."""
    times = [[] for _ in peers]
    for number in range(rounds):
        for peer, took in zip(peers, times):
            took.append(work(peer, number))
    return [statistics.median(took) for took in times]


def opened(part, ahead=0):
    """Each peer in a folder of its own, the floor first."""
    made = []
    for number, make in enumerate(
        [lambda f: Floor(f, ahead), lambda f: Sqlite(f, "DELETE"), lambda f: Sqlite(f, "WAL"), Pymerkle, Hyper]
    ):
        folder = PLACE / part / str(number)
        folder.mkdir(parents=True)
        if make is Hyper and not (PLACE / "hypercore.js").exists():
            continue
        try:
            made.append(make(folder))
        except ImportError:
            pass  # run has said so
    return made


def row(work, peers, seconds, units):
    """One line a peer; `None` where a peer cannot do the work."""
    floor = seconds[0]
    for peer, took in zip(peers, seconds):
        each, rate, ratio = "-", "-", "-"
        if took is not None:
            each, rate = f"{took * 1e6 / units:,.1f} us", f"{units / took:,.0f}/s"
            ratio = f"{floor / took:.2f}" if floor else ""
        print(f"| {work} | {peer.name} | {each} | {rate} | {ratio} |", flush=True)


def main():
    print("| work | who | each | rate | ratio to the floor |\n|---|---|---|---|---|")
    peers = opened("one", 64 << 20)
    # Warm: files made, code compiled.
    side_by_side(peers, 20, lambda peer, _: timed(peer.append, 1))
    row("append one", peers, side_by_side(peers, ONES, lambda peer, _: timed(peer.append, 1)), 1)
    peers = opened("batch")
    side_by_side(peers, 2, lambda peer, _: timed(peer.append, BATCH))
    row("append a batch of 1,024", peers, side_by_side(peers, BATCHES, lambda peer, _: timed(peer.append, BATCH)), BATCH)
    peers = opened("many")
    batches = [BATCH] * (MANY // BATCH) + [MANY % BATCH]
    imported = [sum(timed(peer.append, count) for count in batches) for peer in peers]
    row("import 100,000 in such batches", peers, imported, MANY)
    row("verify 100,000", peers, side_by_side(peers, 3, lambda peer, _: timed(peer.verify)), MANY)
    lots = random.Random(1)
    able = [peer for peer in peers if peer.prove]
    proofs = side_by_side(able, PROOFS, lambda peer, _: timed(peer.prove, lots.randrange(MANY)))
    row("inclusion proof at 100,000", peers, [dict(zip(able, proofs)).get(peer) for peer in peers], 1)
    print()
    for peer in peers:
        print(f"{peer.name}: {peer.promise}.")


main()
