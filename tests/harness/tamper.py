"""What an insider with access to the disk would do, each on a fresh copy; `affiant log fsck` is the judge.

Every file: cut, grown, spliced, emptied, deleted, replaced by a folder, a pipe, an endless device, random bytes, the same
file of an older copy or of another ledger; files exchanged; whole folders put back. fsck must say so (exit 3), or its
report must be word for word that of the untouched ledger and the case must be one that the pages say is free:

  journal       the zeros written ahead are free in number
  affiant.toml  may be laid out freely; its last line end may be missing
  checkpoint    a genuine older one only lags behind the journal, a notice
  state         a head that is gone or older says less: what it still tells is below
  index, locks  are not looked at, they hold nothing that cannot be derived
  keys          private keys are compared when they are used, not by fsck

A whole older copy put back, or another genuine ledger, is sound by itself: the remembered head tells, and so does a
checkpoint that somebody else kept (`log checkpoint --since`).
"""
import fnmatch
import os
import random
import shutil

from hlib import DONE, INTEGRITY, REFUSED, Report, files_of, side_by_side

BLOCK = 64
# File, case.
FREE = [
    ("ledger/journal/*", "append * zeros"), ("ledger/journal/*", "truncate within the zeros"),
    ("ledger/affiant.toml", "append newline"), ("ledger/affiant.toml", "truncate to *"),
    ("ledger/checkpoint", "from an older copy"), ("state/*", "delete"), ("state/*", "from an older copy"),
]
UNSEEN = ["ledger/index/*", "ledger/index.lock", "ledger/lock", "ledger/keys/*"]


def read(path):
    """The bytes of a file."""
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    """Replaces the bytes of a file."""
    with open(path, "wb") as file:
        file.write(data)


def swapped(data, i, j):
    """Two blocks exchanged."""
    if abs(i - j) < BLOCK:
        j = i + BLOCK if i + 2 * BLOCK <= len(data) else max(0, i - BLOCK)
    i, j = min(i, j), max(i, j)
    return data[:i] + data[j:j + BLOCK] + data[i + BLOCK:j] + data[i:i + BLOCK] + data[j + BLOCK:]


def cases_of_file(name, data, per_file, chance):
    """(case, what it does to the bytes) for one file."""
    size, content = len(data), len(data.rstrip(b"\0"))
    cases = []
    cuts = {0, 1, content // 2, content - 1} | {chance.randrange(max(1, content)) for _ in range(per_file)}
    cases += [("truncate to %d" % cut, lambda d, cut=cut: d[:cut]) for cut in sorted(cuts) if 0 <= cut < size]
    if content + BLOCK < size:
        cases.append(("truncate within the zeros", lambda d: d[:content + BLOCK]))
    cases += [("append %d zeros" % count, lambda d, count=count: d + bytes(count)) for count in (1, 4096)]
    cases += [("append its own end", lambda d: d + d[:content][-BLOCK:]), ("append newline", lambda d: d + b"\n"),
              ("random bytes", lambda d: chance.randbytes(size)), ("upper and lower case swapped", bytes.swapcase)]
    for _ in range(per_file if content > 2 * BLOCK else 0):
        i, j = chance.randrange(content - BLOCK), chance.randrange(content - BLOCK)
        cases += [("swap blocks at %d and %d" % (i, j), lambda d, i=i, j=j: swapped(d, i, j)),
                  ("cut out a block at %d" % i, lambda d, i=i: d[:i] + d[i + BLOCK:]),
                  ("repeat a block at %d" % i, lambda d, i=i: d[:i + BLOCK] + d[i:]),
                  ("zero a block at %d" % i, lambda d, i=i: d[:i] + bytes(BLOCK) + d[i + BLOCK:])]
    return cases


def replacements():
    """(case, what it does to the path) for one file."""
    return [("delete", os.unlink), ("replace by a folder", lambda p: (os.unlink(p), os.mkdir(p))),
            ("replace by a pipe", lambda p: (os.unlink(p), os.mkfifo(p))),
            ("replace by a link to /dev/zero", lambda p: (os.unlink(p), os.symlink("/dev/zero", p))),
            ("replace by a link to itself elsewhere", lambda p: (os.rename(p, p + ".away"), os.symlink(p + ".away", p)))]


def cases_of(base, older, other, per_file, seed):
    """(file, case, function of the place) for the whole ledger; None is returned where nothing changed."""
    chance, cases = random.Random(seed), []
    names = [os.path.relpath(path, base.folder) for path in files_of(base.folder)]

    def edit(name, function):
        def apply(place):
            path = os.path.join(place.folder, name)
            before = read(path)
            after = function(before)
            write(path, after)
            return after != before
        return apply

    for name in names:
        data = read(os.path.join(base.folder, name))
        cases += [(name, case, edit(name, function)) for case, function in cases_of_file(name, data, per_file, chance)]
        cases += [(name, case, replace(name, function)) for case, function in replacements()]
        for from_where, source in (("from an older copy", older), ("from another ledger", other)):
            path = os.path.join(source.folder, name)
            if os.path.isfile(path):
                cases.append((name, from_where, edit(name, lambda _, path=path: read(path))))
    for index, first in enumerate(names):
        for second in names[index + 1:]:
            cases.append((first, "exchanged with " + second, exchange(first, second)))
    for folder in ("tile", "payload", "journal", "blob"):
        cases.append(("ledger/%s/stray" % folder, "add a stray file", add("ledger/%s/stray" % folder)))
    return cases


def replace(name, function):
    """Does something to a path."""
    def apply(place):
        function(os.path.join(place.folder, name))
        return True
    return apply


def exchange(first, second):
    """Exchanges two files."""
    def apply(place):
        one, two = (os.path.join(place.folder, name) for name in (first, second))
        a, b = read(one), read(two)
        write(one, b)
        write(two, a)
        return a != b
    return apply


def add(name):
    """Adds a file."""
    def apply(place):
        path = os.path.join(place.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, b"x")
        return True
    return apply


def is_free(name, case):
    """Whether the pages say that this changes nothing that counts."""
    if any(fnmatch.fnmatch(name, pattern) for pattern in UNSEEN):
        return True
    return any(fnmatch.fnmatch(name, pattern) and fnmatch.fnmatch(case, words) for pattern, words in FREE)


def substance(report):
    """A report without its notices, and without what it says of the index, which holds nothing of its own."""
    return {key: value for key, value in report.items() if key not in ("notices", "checkpoints", "index")}


def tamperings(product, bases, per_file=6, limit=0, jobs=2, seed=1, judge=("log", "fsck", "--json")):
    """All of it. `judge` is another command only to prove that this campaign can fail."""
    report = Report()
    base, older, other = bases.tampered()
    cases = cases_of(base, older, other, per_file, seed)
    if limit and limit < len(cases):
        report.notes.append("a sample of %d of %d cases" % (limit, len(cases)))
        cases = random.Random(seed).sample(cases, limit)
    copy = base.copy(os.path.join(product.work, "tamper-untouched"))
    untouched, _ = product.fsck(copy)
    copy.remove()

    def one(numbered):
        number, (name, case, function) = numbered
        place = base.copy(os.path.join(product.work, "tamper-%d" % number))
        if not function(place):
            place.remove()
            return name, case, [], "no change"
        answer = product.call(place, *judge)
        if answer.broken:
            complaints, count = [answer.broken], None
        elif answer.code == DONE and is_free(name, case):
            found, _ = product.fsck(place)
            same = substance(found) == substance(untouched)
            complaints, count = [] if same else ["sound, but with another report"], "free, as the pages say"
        else:
            complaints = [] if answer.code == INTEGRITY else ["not refused: %s" % answer.brief()]
            count = "refused"
        place.remove()
        return name, case, complaints, count

    for name, case, complaints, count in side_by_side(one, list(enumerate(cases)), jobs):
        if count == "no change":
            report.tally("without a change, not tried")
        else:
            report.add(complaints, None if complaints else count, file=name, case=case)
    put_back(product, base, older, other, report)
    return report


def put_back(product, base, older, other, report):
    """Whole copies put in place: without an anchor they are sound, with one they are refused."""
    kept = os.path.join(product.work, "kept.checkpoint")
    write(kept, product.call(base, "log", "checkpoint").out)
    for what, source in (("an older copy put back", older), ("another genuine ledger put in place", other)):
        for state in ("with the head", "with the head rolled back too", "with no head"):
            place = base.copy(os.path.join(product.work, "tamper-whole"))
            shutil.rmtree(place.ledger)
            shutil.copytree(source.ledger, place.ledger, symlinks=True)
            if state != "with the head":
                shutil.rmtree(place.state)
            if state == "with the head rolled back too":
                shutil.copytree(source.state, place.state)
            complaints = []
            fsck, since = product.call(place, "log", "fsck"), product.call(place, "log", "checkpoint", "--since", kept)
            same_origin = source is older
            if state == "with the head" and same_origin and fsck.code != INTEGRITY:
                complaints.append("fsck does not see it: %s" % fsck.brief())
            if since.code not in (INTEGRITY, REFUSED):
                complaints.append("a kept checkpoint does not tell: %s" % since.brief())
            if state == "with the head" and same_origin:
                push = product.call(place, "push", "--system", "s", "--control", "AFF-GOV-04", "--status", "passed",
                                    "--summary", "x")
                if push.code != INTEGRITY:
                    complaints.append("a push goes on from it: %s" % push.brief())
            complaints += [answer.broken for answer in (fsck, since) if answer.broken]
            report.add(complaints, None if complaints else "refused with an anchor", case="%s, %s" % (what, state))
            place.remove()
