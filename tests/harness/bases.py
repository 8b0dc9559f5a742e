"""The ledgers that campaigns begin with, and the steps they are put through.

A base is made by the binary under test itself. Those that a crash left are made by a crash: the command is killed at
one named syscall on one named file.
"""
import json
import os
import re

import faults
import outcomes
from hlib import DONE, Place, Step, acknowledged_in, remove

# Entries of a new ledger: genesis and the pins of the catalogs. Asked of the binary, not assumed.
INIT = ("init", "{ledger}", "--origin", "harness.example/log", "--id", "harness")
SEGMENT = r"ledger/journal/\d+\.seg$"
GRANT = ("--stream", "s", "--kind", "result")
REGISTER = ("register", "system", "s", "--name", "S")


def row(id, details_bytes=0):
    """A line of NDJSON with one control result."""
    fields = {"id": id, "control": "AFF-GOV-04", "status": "passed", "summary": "row " + id, "collector": "harness"}
    if details_bytes:
        fields["details"] = (id + " ") * (details_bytes // (len(id) + 1))
    return json.dumps(fields)


def batch(name, count, details_bytes=0):
    """A push of `count` rows from a file."""
    ids = tuple("%s-%d" % (name, n) for n in range(count))
    rows = tuple(row(id, details_bytes) for id in ids)
    return Step(name, ("push", "{in}", "--format", "ndjson", "--system", "s", "--json"), rows, ids)


def single(id):
    """A push of one result from flags."""
    words = ("push", "--json", "--system", "s", "--control", "AFF-GOV-04", "--status", "passed", "--summary", id)
    return Step("push-" + id, words + ("--id", id), (), (id,))


def steps(init_entries):
    """The steps, by name. A new verb is a line here and a line in campaigns.py."""
    made = [
        Step("init", INIT, entries=init_entries, once="holds a ledger already"),
        single("one"),
        batch("few", 20),
        # More than one bundle of 256 entries: full ones are moved out of the journal.
        batch("bundles", 300, 200),
        # More than 8 MB of payloads, two appends: bundles are moved while the push goes on.
        batch("heavy", 1200, 8000),
        Step("reindex", ("log", "reindex")),
        # Entry 30 of the bases with a secret.
        Step("erase", ("log", "erase", "30", "--basis", "GDPR Art. 17", "--approver", "A", "--json"),
             once="was erased before", forgets=(outcomes.SECRET,), then=outcomes.secret_is_gone),
        Step("hold", ("log", "hold", "case-1", "--stream", "s", "--by", "A", "--reason", "claim")),
        Step("publish", ("log", "publish", "{folder}/public"), always=outcomes.published_is_whole,
             then=outcomes.published_is_all),
        Step("rotate-log", ("key", "rotate", "log"), always=outcomes.keys_work),
        Step("rotate-issuer", ("key", "rotate", "issuer"), always=outcomes.keys_work),
        Step("new-collector", ("key", "new", "collector", "ci", "--output", "{folder}/ci.pem") + GRANT,
             once="enrolled", then=outcomes.a_collector_pushes),
        Step("rotate-collector",
             ("key", "rotate", "ci", "--sign-key", "{folder}/ci.pem", "--output", "{folder}/ci-2.pem"),
             once="the proof by the old key is wrong", always=outcomes.a_collector_pushes),
        Step("pack", ("pack", "build", "s", "--output", "{folder}/pack.zip"), then=outcomes.pack_verifies),
    ]
    return {step.name: step for step in made}


class Bases:
    """Base ledgers, made on demand in a folder, with the ids acknowledged in each."""

    def __init__(self, product, folder):
        self.product, self.folder, self.made = product, folder, {}
        empty = self.fresh("probe")
        self.must(empty, *[word.replace("{ledger}", empty.ledger) for word in INIT])
        self.init_entries = product.fsck(empty)[0]["entries"]
        self.steps = steps(self.init_entries)

    def fresh(self, name):
        """An empty place."""
        place = Place(os.path.join(self.folder, name))
        remove(place.folder)
        os.makedirs(place.state)
        return place

    def must(self, place, *words, stdin=b""):
        """Runs what has to succeed for a base to exist."""
        answer = self.product.call(place, *words, stdin=stdin)
        if answer.code != DONE:
            raise SystemExit("no base ledger: `%s`: %s" % (" ".join(words), answer.brief()))
        return answer

    def base(self, name):
        """A base by name, and the ids acknowledged in it."""
        if name not in self.made:
            maker = {
                "nothing": self.nothing, "forty": lambda: self.grown("forty", 40),
                "ninety-nine": lambda: self.grown("ninety-nine", 99), "settled": self.settled,
                "tampered": lambda: (self.tampered()[0], []), "with-collector": self.with_collector,
                "secret-in-tail": lambda: self.secret("secret-in-tail", 20),
                "secret-in-bundle": lambda: self.secret("secret-in-bundle", 320),
            }.get(name)
            self.made[name] = maker() if maker else self.crashed(name)
        return self.made[name]

    def start(self, step_name, base_name):
        """A step, a base, and the ids that must be listed whatever happens."""
        step, (base, known) = self.steps[step_name], self.base(base_name)
        return step, base, [id for id in known if id not in step.forgets]

    @staticmethod
    def row_of(id):
        """The line that recorded an id of a grown base."""
        return (row(id) + "\n").encode()

    def nothing(self):
        """No ledger yet."""
        return self.fresh("nothing"), []

    def grown(self, name, size):
        """A ledger of exactly `size` entries. At 99 the next checkpoint has a digit more."""
        place = self.fresh(name)
        self.must(place, *[word.replace("{ledger}", place.ledger) for word in INIT])
        self.must(place, *REGISTER)
        missing = size - self.product.fsck(place)[0]["entries"]
        rows = "".join(row("base-%d" % n) + "\n" for n in range(missing)).encode()
        out = self.must(place, "push", "-", "--format", "ndjson", "--system", "s", "--json", stdin=rows).out
        assert self.product.fsck(place)[0]["entries"] == size, "a base of %d entries" % size
        return place, acknowledged_in(out)

    def settled(self):
        """A ledger of 700 entries: bundles, tiles, a short journal."""
        return self.grown("settled", 700)

    def with_collector(self):
        """A ledger with a collector whose private key lies beside it."""
        forty, known = self.base("forty")
        place = forty.copy(os.path.join(self.folder, "with-collector"))
        self.must(place, "key", "new", "collector", "ci", "--output", os.path.join(place.folder, "ci.pem"), *GRANT)
        return place, known

    def secret(self, name, behind):
        """A ledger with a result to be erased, with its words in the id and the text, and so many results behind it."""
        place = self.fresh(name)
        self.must(place, *[word.replace("{ledger}", place.ledger) for word in INIT])
        self.must(place, *REGISTER)
        rows = [row("before-%d" % n) for n in range(30 - self.product.fsck(place)[0]["entries"])]
        rows += [row(outcomes.SECRET, 600)] + [row("behind-%d" % n) for n in range(behind)]
        stdin = "".join(row + "\n" for row in rows).encode()
        out = self.must(place, "push", "-", "--format", "ndjson", "--system", "s", "--json", stdin=stdin).out
        return place, acknowledged_in(out)

    def tampered(self):
        """A ledger of 300 entries with a bundle and a tail, the same when it was younger, and another genuine one."""
        if "three" not in self.made:
            young, _ = self.grown("young", 60)
            old = young.copy(os.path.join(self.folder, "old"))
            rows = b"".join(self.row_of("later-%d" % n) for n in range(240))
            self.must(old, "push", "-", "--format", "ndjson", "--system", "s", stdin=rows)
            other = self.grown("other", 300)[0]
            self.made["three"] = (old, young, other)
        return self.made["three"]

    # What a crash left: base, step, syscall, path below the place, which of the calls, what is done to the journal.
    CRASHES = {
        # In the middle of a batch: the second append is in the file, not synced, not acknowledged.
        "unsynced": ("forty", "heavy", "fdatasync", SEGMENT, 1, None),
        # The same after a power cut that kept half of it.
        "torn": ("forty", "heavy", "fdatasync", SEGMENT, 1, "tear"),
        # Bundles are being written: some have their names, some not.
        "half-bundled": ("forty", "heavy", "rename", r"ledger/(tile|payload)/", 4, None),
        # Bundles have their names, the journal segment that held the same entries is not yet taken out of the journal.
        "untrimmed": ("forty", "heavy", "fsync", r"ledger/tile/entries$", -1, None),
        # It is out of the journal, and not yet overwritten.
        "unwiped": ("forty", "heavy", "pwrite64", r"ledger/journal/spare\.seg\.tmp$", 0, None),
        # The old index is out of the way, the new one not there.
        "reindexing": ("settled", "reindex", "openat", r"ledger/index/(db|conf)$", -1, None),
    }

    def crashed(self, name):
        """What a kill at one named call left."""
        before, step_name, syscall, pattern, nth, then = self.CRASHES[name]
        (base, known), step = self.base(before), self.steps[step_name]
        probe = base.copy(os.path.join(self.folder, "probe"))
        calls = [call for call in faults.calls(self.product, probe, step) if call.syscall == syscall]
        calls = [call for call in calls if re.match(pattern, call.path)]
        if not calls or nth >= len(calls):
            what = (name, step_name, len(calls), syscall, pattern)
            raise SystemExit("no base `%s`: `%s` makes %d calls of %s on %s" % what)
        call = calls[nth]
        place = base.copy(os.path.join(self.folder, name))
        old_sizes = {path: os.path.getsize(path) for path in journal(base)}
        answer, fired = faults.inject(self.product, place, step, call, "signal=KILL")
        if not fired:
            raise SystemExit("no base `%s`: the kill at %s did not come" % (name, call))
        acknowledged = known + acknowledged_in(answer.out)
        if then == "tear":
            tear(place, old_sizes)
        return place, acknowledged


def journal(place):
    """The journal's segments, oldest first."""
    folder = os.path.join(place.ledger, "journal")
    return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".seg"))


def last_record(path):
    """Where the last record of a journal segment begins and ends (docs/spec/journal.md)."""
    with open(path, "rb") as file:
        data = file.read()
    at, begin = 0, 0
    while data[at:at + 4] == b"AJR1":
        begin, at = at, at + 8 + int.from_bytes(data[at + 4:at + 8], "big") + 32
    return begin, at


def tear(place, old_sizes):
    """Zeroes the second half of the journal's last record."""
    path = journal(place)[-1]
    begin, end = last_record(path)
    half = (begin + end) // 2
    with open(path, "r+b") as file:
        file.seek(half)
        file.write(bytes(end - half))
