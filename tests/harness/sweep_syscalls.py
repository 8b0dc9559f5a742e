"""A fault at every call of a command on its files: kill -9, EIO, ENOSPC, ... (as SQLite's I/O error loop).

After each faulted run, on what it left behind:
  1  it did not panic, hang or die of a signal that was not sent; a disk error is exit 5 (or no matter: exit 0)
  2  exit 0 only when everything it was asked to add is there; an id printed as acknowledged is there
  3  fsck is sound but for a torn, unacknowledged tail; everything acknowledged before is listed, once
  4  the same command again succeeds, fsck is sound, and what it adds is listed exactly once
"""
import os
import random

import faults
from hlib import DONE, IO, Report, acknowledged_in, side_by_side

# A close of a folder never fails on Linux's own file systems; Rust's standard library panics when it does. Nothing of
# ours can be done about it, so these points are counted, judged for the ledger, and excused for the words.
CLOSE_OF_FOLDER = b"unexpected error during closedir"
# Without randomness no salt and no key may be made: the program stops in these words (ledger/src/random.rs).
NO_RANDOMNESS = b"the operating system gives random bytes"
# Calls of one kind on the standard output are one another's like: the first and the last of them.
LIKE_MAX = 12


def plan_of(calls, kinds):
    """(call, fault as strace words it, from then on) for every call and kind of fault; `EIO+` lasts."""
    plan = []
    for call in calls:
        for kind in kinds:
            name = kind.rstrip("+")
            plan.append((call, "signal=KILL" if name == "KILL" else "error=" + name, kind.endswith("+"), kind))
    return plan


def thinned(calls):
    """Leaves out the middle of long runs of writes to the standard output; says how many."""
    alike = [call for call in calls if call.path == "stdout"]
    middle = set(alike[LIKE_MAX:-2])
    return [call for call in calls if call not in middle], len(middle)


def sweep(product, bases, base_name, step_name, kinds, limit=0, jobs=2, seed=1):
    """Sweeps one step on one base; `limit` takes a random sample of the plan."""
    report, name = Report(), "sweep-%s-%s" % (step_name, base_name)
    step, base, known = bases.start(step_name, base_name)
    probe = base.copy(os.path.join(product.work, name + "-probe"))
    calls, left_out = thinned(faults.calls(product, probe, step, [product.input_of(step)]))
    probe.remove()
    plan = plan_of(calls, kinds)
    report.notes.append("%d calls" % len(calls))
    if left_out:
        report.notes.append("%d like calls on stdout left out" % left_out)
    if limit and limit < len(plan):
        report.notes.append("a sample of %d of %d points" % (limit, len(plan)))
        plan = random.Random(seed).sample(plan, limit)

    def one(numbered):
        number, (call, fault, forever, kind) = numbered
        place = base.copy(os.path.join(product.work, "%s-%d" % (name, number)))
        answer, fired = faults.inject(product, place, step, call, fault, forever)
        complaints = judge(product, place, step, known, answer, kind) if fired else []
        place.remove()
        return call, kind, fired, answer, complaints

    for call, kind, fired, answer, complaints in side_by_side(one, list(enumerate(plan)), jobs):
        if fired:
            report.add(complaints, kind, at=str(call), fault=kind, answer=answer.brief())
            report.tally("of these a close of a folder, excused", CLOSE_OF_FOLDER in answer.err)
        else:
            report.tally("never came")
    return report


# What a system refuses when it is at the end of its threads or has no randomness to give.
PROCESS_FAULTS = {"clone3": ("EAGAIN",), "clone": ("EAGAIN",), "getrandom": ("EIO",)}


def sweep_process(product, bases, limit=0, jobs=2, seed=1):
    """No thread to be had, no randomness: at every such call of a push of one, of a batch and of a reindex."""
    report = Report()
    for step_name, base_name in (("push-one", "forty"), ("bundles", "forty"), ("reindex", "settled")):
        step, base, known = bases.start(step_name, base_name)
        probe = base.copy(os.path.join(product.work, "process-probe"))
        calls = faults.process_calls(product, probe, step, tuple(PROCESS_FAULTS))
        probe.remove()
        plan = [(call, error) for call in calls for error in PROCESS_FAULTS[call.syscall]]
        if limit and limit < len(plan) * 3:
            plan = random.Random(seed).sample(plan, min(len(plan), limit // 3))

        def one(numbered, step=step, base=base, known=known):
            number, (call, error) = numbered
            place = base.copy(os.path.join(product.work, "process-%d" % number))
            answer, fired = faults.inject(product, place, step, call, "error=" + error)
            complaints = judge(product, place, step, known, answer, error) if fired else []
            place.remove()
            return call, error, fired, answer, complaints

        for call, error, fired, answer, complaints in side_by_side(one, list(enumerate(plan)), jobs):
            if fired:
                what = "%s %s" % (call.syscall, error)
                report.add(complaints, what, step=step_name, at="%s %d" % (what, call.nth), answer=answer.brief())
                report.tally("of these stopped without randomness, as said", NO_RANDOMNESS in answer.err)
    return report


def judge(product, place, step, known, answer, kind):
    """What is wrong with one faulted run."""
    complaints = []
    killed = kind == "KILL" and answer.code == -9
    if answer.code == IO and any(excused in answer.err for excused in (CLOSE_OF_FOLDER, NO_RANDOMNESS)):
        pass
    elif answer.broken and not killed:
        complaints.append(answer.broken)
    elif not killed and answer.code not in (DONE, IO):
        complaints.append("exit code: %s" % answer.brief())
    said = acknowledged_in(answer.out)
    acknowledged = known + said
    if not killed and answer.code == DONE:
        acknowledged = known + list(step.adds)
        if set(step.adds) - set(said):
            complaints.append("exit 0, but %d of %d entries were acknowledged" % (len(said), len(step.adds)))
    if not killed and answer.code == IO and not answer.err.strip():
        complaints.append("exit 5 without a word")
    complaints += product.after_crash(place, acknowledged, step=step)
    return complaints + product.finish(place, step, acknowledged)
