"""Every state a power cut can leave of a recorded command, on any file system that keeps to POSIX (ALICE, OSDI 2014).

For every point between two operations of the command, the folder is built as it could look after a power cut there:

  all      everything so far is on disk (what kill -9 leaves)
  synced   only what a sync made sure of: contents by a sync of the file, names by a sync of the folder
  meta     names and sizes are there, contents written since the last sync read as zeros, or as what was there before
  drop1    one operation not yet synced is missing, the later ones are there; each in turn
  keep1    only one operation not yet synced is there; each in turn
  torn     the last write to a file is there up to the edge of a sector (512 or 4096 bytes of the file); where it makes the
           file longer also up to any byte
  mixed    a random choice of what is not synced

Assumed of the disk: a sector is written whole. The remembered heads may be on another disk: `heads` says whether they
are cut with the ledger ("with"), have everything written so far ("kept"), or nothing of it ("lost").
"""
import os
import random

from hlib import DONE, Place, Report, side_by_side
from power_record import FOLDER, Recording

SECTORS = (512, 4096)


class Cuts:
    """The states of a recording: (cut, kind, operations kept, those whose bytes are zeros, torn one with its length)."""

    def __init__(self, recording, heads="with", forget_syncs=False, mixed=2, seed=1, first_cut=0):
        self.recording, self.heads, self.mixed = recording, heads, mixed
        self.operations = recording.operations
        self.forget_syncs, self.random = forget_syncs, random.Random(seed)
        self.plan, self.seen = [], set()
        durable = set()
        for cut in range(len(self.operations) + 1):
            if cut:
                self.settle(cut - 1, durable)
            if cut >= first_cut:
                self.at(cut, durable)

    def elsewhere(self, index):
        """Whether an operation is on the disk of the heads."""
        names = [name for name in (self.operations[index].name, self.operations[index].old) if name]
        return self.heads != "with" and any(name.split("/")[0] == "state" for name in names)

    def settle(self, index, durable):
        """Adds what the operation `index` made durable."""
        sync = self.operations[index]
        if self.elsewhere(index) and self.heads == "kept":
            durable.add(index)
        if not sync.is_sync or self.forget_syncs:
            return
        for before in range(index):
            change = self.operations[before]
            content = change.kind in ("write", "trunc") and change.file == sync.file
            name = change.is_name and sync.name in change.folders()
            if sync.kind == "syncall" or sync.kind == "sync" and content or sync.kind == "syncdir" and name:
                durable.add(before)

    def add(self, cut, kind, keep, zero=(), torn=None):
        """Adds a state, once."""
        acknowledged = sum(1 for at, _ in self.recording.acknowledged if at <= cut)
        key = (frozenset(keep), frozenset(zero), torn, acknowledged)
        if key not in self.seen:
            self.seen.add(key)
            self.plan.append((cut, kind, key[0], key[1], torn))

    def at(self, cut, durable):
        """The states of a cut before operation `cut`."""
        changes = [index for index in range(cut) if not self.operations[index].is_sync]
        if self.heads == "lost":
            changes = [index for index in changes if not self.elsewhere(index)]
        every = set(changes)
        kept = durable & every
        loose = sorted(every - kept)
        writes = [index for index in loose if self.operations[index].kind == "write"]
        self.add(cut, "all", every)
        self.add(cut, "synced", kept)
        if writes:
            self.add(cut, "meta", every, zero=writes)
        for index in loose:
            self.add(cut, "drop1", every - {index})
            self.add(cut, "keep1", kept | {index})
        for index in {self.operations[index].file: index for index in writes}.values():
            for length in self.tears(self.operations[index], self.durable_size(index, kept)):
                self.add(cut, "torn", every, torn=(index, length))
        for _ in range(self.mixed if len(loose) > 2 else 0):
            chosen = {index for index in loose if self.random.random() < 0.5}
            zeros = [index for index in writes if index in chosen and self.random.random() < 0.3]
            self.add(cut, "mixed", kept | chosen, zero=zeros)

    def durable_size(self, index, durable):
        """Bytes of a file that are on the disk for sure before operation `index`: they are overwritten in place."""
        write = self.operations[index]
        size = len(self.recording.contents[write.file])
        for before in sorted(durable):
            change = self.operations[before]
            if change.file == write.file and change.kind == "write":
                size = max(size, change.offset + len(change.data))
            elif change.file == write.file and change.kind == "trunc":
                size = change.length
        return size

    def tears(self, write, known):
        """Lengths at which a write may break off, in a file of which `known` bytes were there before."""
        size, begin = len(write.data), write.offset
        edges = {sector * (begin // sector + step) - begin for sector in SECTORS for step in (1, 2)}
        edges |= {sector * ((begin + size - 1) // sector) - begin for sector in SECTORS}
        grown = max(0, known - begin)
        if begin + size > known:
            edges |= {grown + 1, (grown + size) // 2, size - 1}
        return sorted(edge for edge in edges if 0 < edge < size)

    def build(self, folder, state):
        """Makes the folder as a state says."""
        _, _, keep, zero, torn = state
        durable_sizes = {number: len(content) for number, content in self.recording.contents.items()}
        for index in sorted(keep - zero):
            change = self.operations[index]
            if change.kind == "write":
                end = change.offset + len(change.data)
                durable_sizes[change.file] = max(durable_sizes[change.file], end)
            elif change.kind == "trunc":
                durable_sizes[change.file] = change.length
        names, contents = dict(self.recording.base_names), {}
        for index in sorted(keep):
            change = self.operations[index]
            if change.is_name:
                rename(names, change)
                continue
            content = contents.setdefault(change.file, bytearray(self.recording.contents[change.file]))
            if change.kind == "trunc":
                del content[change.length:]
                content.extend(bytes(change.length - len(content)))
                continue
            data = change.data
            if index in zero:
                old = bytes(content[change.offset:min(change.offset + len(data), durable_sizes[change.file])])
                data = old + bytes(len(data) - len(old))
            if torn and torn[0] == index:
                data = data[:torn[1]]
            end = change.offset + len(data)
            content.extend(bytes(max(0, end - len(content))))
            content[change.offset:end] = data
        write_out(folder, names, lambda number: contents.get(number, self.recording.contents[number]))


def rename(names, change):
    """Applies a change of names."""
    if change.kind in ("create", "link"):
        names[change.name] = change.file
    elif change.kind == "mkdir":
        names[change.name] = FOLDER
    elif change.kind == "unlink":
        names.pop(change.name, None)
    else:
        old = change.old
        for name in [name for name in names if name == old or name.startswith(old + "/")]:
            names[change.name + name[len(old):]] = names.pop(name)


def write_out(folder, names, content_of):
    """Writes files and folders; what is in a folder that did not survive is gone."""
    os.makedirs(folder, exist_ok=True)
    for name in sorted(name for name, file in names.items() if file == FOLDER):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    for name, file in names.items():
        path = os.path.join(folder, name)
        if file == FOLDER or not os.path.isdir(os.path.dirname(path)):
            continue
        with open(path, "wb") as out:
            out.write(content_of(file))
        if name.endswith(".pem"):
            os.chmod(path, 0o600)


def cut_power(product, bases, base_name, step_name, heads="with", limit=0, jobs=2, seed=1, forget_syncs=False, kinds=None):
    """Records one step on one base and judges every state, or those of some kinds; `limit` takes a random sample."""
    report = Report()
    step, base, known = bases.start(step_name, base_name)
    name = "alice-%s-%s-%s" % (step_name, base_name, heads)
    recording = Recording(base, os.path.join(product.work, name))
    answer = recording.run(product, step)
    recording.place.remove()
    if answer.code != DONE:
        raise SystemExit("the step `%s` fails without any fault: %s" % (step.name, answer.brief()))
    cuts = Cuts(recording, heads, forget_syncs, seed=seed)
    plan = [state for state in cuts.plan if kinds is None or state[1] in kinds]
    report.notes.append("%d operations" % len(recording.operations))
    report.notes += ["not modelled: %s (%d)" % item for item in sorted(recording.not_modelled.items())]
    if limit and limit < len(plan):
        report.notes.append("a sample of %d of %d states" % (limit, len(plan)))
        plan = random.Random(seed).sample(plan, limit)

    def one(numbered):
        number, state = numbered
        return state, judge(product, cuts, state, step, known, os.path.join(product.work, "%s-%d" % (name, number)))

    for state, complaints in side_by_side(one, list(enumerate(plan)), jobs):
        report.add(complaints, state[1], state=describe(cuts, state))
    return report


def judge(product, cuts, state, step, known, folder):
    """Builds one state, judges it, goes on from it."""
    place = Place(folder)
    cuts.build(place.folder, state)
    acknowledged = known + [id for at, id in cuts.recording.acknowledged if at <= state[0]]
    complaints = product.after_crash(place, acknowledged, listed=False, step=step)
    if set(step.adds) & set(acknowledged):
        # Before the step is done again, which would put back what was lost.
        complaints += product.reopened(place, acknowledged)
    complaints += product.finish(place, step, acknowledged)
    place.remove()
    return complaints


def describe(cuts, state):
    """A state in words."""
    cut, kind, keep, zero, torn = state
    operations = cuts.operations
    words = ["%s after %d operations" % (kind, cut)]
    if cut:
        words.append("the last: %s" % operations[cut - 1])
    missing = [index for index in range(cut) if index not in keep and not operations[index].is_sync]
    if kind in ("drop1", "keep1") or len(missing) < 4:
        words += ["without: %s" % operations[index] for index in missing[:4]]
    if len(zero) < 4:
        words += ["zeros: %s" % operations[index] for index in sorted(zero)]
    if torn:
        words.append("torn at %d: %s" % (torn[1], operations[torn[0]]))
    return "; ".join(words)
