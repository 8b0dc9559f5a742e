"""One bit flipped, every byte: who judges what.

  ledger     every file that fsck answers for, and the remembered head: fsck says so, exit 3
  keys       a flipped private key is refused (exit 2, 3 or 5) or does not matter: what is pushed is sound
  index      a flipped index never loses, doubles or falsifies anything: it is mended or set aside

The zeros that the journal writes ahead are all alike: of them every 509th byte is flipped, and the first and last ones.
In `affiant.toml` comments and layout are free (docs/spec/fsck.md): a flip that fsck does not see must be there, and the
report must be that of the untouched ledger. `lock` holds nothing.
"""
import fnmatch
import os
import random

from bases import single
from hlib import DONE, INTEGRITY, Report, files_of, side_by_side

ZEROS_STRIDE = 509


def plan_of(place, patterns, bits, chance):
    """(file below the place, offset, bit) for every flip."""
    plan, names = [], [os.path.relpath(path, place.folder) for path in files_of(place.folder)]
    for name in names:
        if not any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
            continue
        with open(os.path.join(place.folder, name), "rb") as file:
            data = file.read()
        content = len(data.rstrip(b"\0"))
        offsets = list(range(content)) + list(range(content, len(data), ZEROS_STRIDE)) + [len(data) - 1]
        for offset in dict.fromkeys(offsets):
            for bit in range(8) if bits == 8 and offset < content else [chance.randrange(8)]:
                plan.append((name, offset, bit))
    return plan


def flip(place, name, offset, bit):
    """Flips a bit; again, and it is as before."""
    with open(os.path.join(place.folder, name), "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1 << bit]))


def comment_bytes(place):
    """Offsets of comments, spaces and line ends in affiant.toml."""
    with open(os.path.join(place.ledger, "affiant.toml"), "rb") as file:
        data = file.read()
    free, at = set(), 0
    for line in data.splitlines(keepends=True):
        free |= {at + n for n, byte in enumerate(line) if line.startswith(b"#") or chr(byte).isspace()}
        at += len(line)
    return free


def spread(product, base, name, plan, jobs, one):
    """Does `one(place, flip)` for every flip, on a copy per thread; gives (flip, complaints, tally)."""
    def share(number):
        place = base.copy(os.path.join(product.work, "%s-%d" % (name, number)))
        results = [(what, *one(place, what)) for what in plan[number::jobs]]
        place.remove()
        return results
    for results in side_by_side(share, range(jobs), jobs):
        yield from results


def sampled(plan, limit, report, seed):
    """The plan, or a random sample of it."""
    if limit and limit < len(plan):
        report.notes.append("a sample of %d of %d flips" % (limit, len(plan)))
        return random.Random(seed).sample(plan, limit)
    return plan


def flips_of_ledger(product, bases, limit=0, bits=8, jobs=2, seed=1, judge=("log", "fsck")):
    """Every file that fsck answers for. `judge` is another command only to prove that this campaign can fail."""
    report = Report()
    base, _ = bases.base("forty")
    below = ["affiant.toml", "checkpoint", "journal/*", "tile/*", "payload/*"]
    patterns = ["ledger/" + name for name in below] + ["state/*"]
    plan = sampled(plan_of(base, patterns, bits, random.Random(seed)), limit, report, seed)
    untouched = product.call(base, *judge).out
    free = comment_bytes(base)

    def one(place, what):
        name, offset, bit = what
        flip(place, name, offset, bit)
        answer = product.call(place, *judge)
        flip(place, name, offset, bit)
        if answer.broken:
            return [answer.broken], None
        if answer.code == DONE and name == "ledger/affiant.toml" and offset in free and answer.out == untouched:
            return [], "layout of affiant.toml, no matter"
        return ([] if answer.code == INTEGRITY else ["not refused: %s" % answer.brief()]), "detected"

    for what, complaints, count in spread(product, base, "flip", plan, jobs, one):
        report.add(complaints, None if complaints else count, at="%s byte %d bit %d" % what)
    return report


def flips_of_keys(product, bases, limit=0, bits=8, jobs=2, seed=1):
    """The private keys."""
    report = Report()
    base, known = bases.base("forty")
    plan = sampled(plan_of(base, ["ledger/keys/*"], bits, random.Random(seed)), limit, report, seed)
    listed = product.call(base, "key", "list").out

    def one(place, what):
        flip(place, *what)
        answer = product.call(place, "key", "list")
        pushed = product.do(place, single("after"))
        complaints = [text for text in (answer.broken, pushed.broken) if text]
        if pushed.code == DONE:
            complaints += product.soundness(place) + product.listing(place, known + ["after"])
        flip(place, *what)
        if answer.code == DONE and answer.out != listed:
            complaints.append("another public key is shown without a word")
        if pushed.code != DONE and what[0] == "ledger/keys/issuer.pem":
            complaints.append("a push does not need the issuer's key: %s" % pushed.brief())
        if pushed.code == DONE:
            place = base.copy(place.folder)
        return complaints, "no matter" if pushed.code == DONE and answer.code == DONE else "refused"

    for what, complaints, count in spread(product, base, "flip-keys", plan, jobs, one):
        report.add(complaints, None if complaints else count, at="%s byte %d bit %d" % what)
    return report


def flips_of_index(product, bases, limit=0, bits=1, jobs=2, seed=1):
    """The index: all known ids and a new one are pushed to a ledger whose index has a flipped bit."""
    report = Report()
    base, known = bases.base("forty")
    plan = sampled(plan_of(base, ["ledger/index/*"], bits, random.Random(seed)), limit, report, seed)
    rows = b"".join(bases.row_of(id) for id in known)

    def one(place, what):
        flip(place, *what)
        again = product.call(place, "push", "-", "--format", "ndjson", "--system", "s", "--json", stdin=rows)
        new, status = product.do(place, single("after")), product.call(place, "status", "s")
        complaints = [answer.broken for answer in (again, new, status) if answer.broken]
        complaints += ["pushing again: %s" % answer.brief() for answer in (again, new) if answer.code != DONE]
        complaints += product.soundness(place) + product.listing(place, known + ["after"])
        base.copy(place.folder)
        return complaints, "harmless"

    for what, complaints, count in spread(product, base, "flip-index", plan, jobs, one):
        report.add(complaints, None if complaints else count, at="%s byte %d bit %d" % what)
    return report
