"""A fault at every call of a command that only reads and judges: a disk error never turns a no into a yes.

Each command runs on a sound place and on one with a flipped bit. On the sound one it says what it says without a fault, or
exits with 5, or with 3 where what it could not read counts as missing. On the rotten one it never exits with 0. It
changes nothing either way.
"""
import os
import random
import re

import bitflip
import faults
from hlib import DONE, INTEGRITY, IO, Report, Step, files_of, side_by_side
from sweep_syscalls import CLOSE_OF_FOLDER

COMMANDS = [
    Step("fsck", ("log", "fsck")),
    Step("verify", ("verify", "{folder}/pack.zip", "--trust", "{folder}/trust.keys")),
    Step("ids", ("log", "show", "--ids")),
    Step("status", ("status", "s")),
    Step("checkpoint", ("log", "checkpoint", "--since", "{folder}/since")),
]
# Which file of the rotten place has a flipped bit, by command; the others do not look at every byte.
ROTTEN = {"fsck": "ledger/payload/000", "verify": "pack.zip", "checkpoint": "ledger/checkpoint"}


def timeless(out):
    """An answer without the instants in it, and without what fsck says of an index it could not read: none of its verdict."""
    out = re.sub(rb"^note: [^\n]*\bindex\b[^\n]*\n", b"", out, flags=re.MULTILINE)
    return re.sub(rb"\d{4}-\d\d-\d\d[T ][\d:.]+Z?", b"TIME", out)


def digest(place):
    """Names and contents of what a reader may not change."""
    return [(path, os.stat(path).st_size, os.stat(path).st_mtime_ns) for path in files_of(place.ledger)
            if "/index/" not in path and not path.endswith("/lock")]


def prepared(product, bases):
    """A place with a pack, a trust file and an earlier checkpoint."""
    base, _ = bases.base("tampered")
    place = base.copy(os.path.join(product.work, "readers"))
    product.call(place, "pack", "build", "s", "--output", os.path.join(place.folder, "pack.zip"))
    product.call(place, "key", "trust", "--output", os.path.join(place.folder, "trust.keys"))
    with open(os.path.join(place.folder, "since"), "wb") as file:
        file.write(product.call(place, "log", "checkpoint").out)
    return place


def sweep_readers(product, bases, kinds, limit=0, jobs=2, seed=1):
    """All commands, on both places; `limit` samples the points of each."""
    report = Report()
    sound = prepared(product, bases)
    for step in COMMANDS:
        for rotten in (False, True) if step.name in ROTTEN else (False,):
            one_command(product, sound, step, rotten, kinds, limit, jobs, seed, report)
    sound.remove()
    return report


def one_command(product, sound, step, rotten, kinds, limit, jobs, seed, report):
    """One command on one place."""
    base = sound.copy(os.path.join(product.work, "reader-%s-%d" % (step.name, rotten)))
    if rotten:
        name = ROTTEN[step.name]
        bitflip.flip(base, name, os.path.getsize(os.path.join(base.folder, name)) // 2, 3)
    undisturbed = product.do(base, step)
    plan = [(call, kind) for call in faults.calls(product, base, step, expected=undisturbed.code) for kind in kinds]
    if limit and limit < len(plan):
        plan = random.Random(seed).sample(plan, limit)

    def one(numbered):
        number, (call, kind) = numbered
        place = base.copy(os.path.join(product.work, "reader-%s-%d-%d" % (step.name, rotten, number)))
        before = digest(place)
        answer, fired = faults.inject(product, place, step, call, "error=" + kind.rstrip("+"), kind.endswith("+"))
        complaints = []
        if answer.broken and CLOSE_OF_FOLDER not in answer.err:
            complaints.append(answer.broken)
        if answer.code == DONE and (rotten or timeless(answer.out) != timeless(undisturbed.out)):
            complaints.append("exit 0, and the answer is another" if not rotten else "exit 0 on a rotten one")
        if answer.code not in (DONE, IO, INTEGRITY, undisturbed.code):
            complaints.append("exit code: %s" % answer.brief())
        if digest(place) != before:
            complaints.append("a reader changed the ledger")
        place.remove()
        return call, kind, fired, answer, complaints

    for call, kind, fired, answer, complaints in side_by_side(one, list(enumerate(plan)), jobs):
        if fired:
            report.add(complaints, step.name + (" on a rotten one" if rotten else ""), at=str(call), fault=kind,
                       answer=answer.brief())
    base.remove()
