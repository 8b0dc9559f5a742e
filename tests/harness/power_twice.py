"""Killed, gone on, and then the power fails: what the killed run left unsynced is still unsynced.

A program that finds a folder or a file there already may believe it durable. So a step is recorded twice in a row: a first
run killed at one call, a second to its end; every cut within the second is judged as in power_alice.py.
"""
import os
import random

import faults
import power_alice
from hlib import DONE, Report, side_by_side
from power_record import Recording

# Calls before which a kill leaves something new behind.
CHANGES = ("write", "pwrite64", "rename", "mkdir", "unlink", "fsync", "fdatasync", "linkat", "link")


def cut_after_kill(product, bases, base_name, step_name, limit=0, jobs=2, seed=1):
    """Every kill point of one step, a share of `limit` states of each."""
    report, chance = Report(), random.Random(seed)
    step, base, known = bases.start(step_name, base_name)
    name = "twice-%s-%s" % (step_name, base_name)
    probe = base.copy(os.path.join(product.work, name + "-probe"))
    calls = [call for call in faults.calls(product, probe, step) if call.syscall in CHANGES and call.path != "stdout"]
    probe.remove()
    report.notes.append("%d kill points" % len(calls))
    share = max(1, limit // max(1, len(calls))) if limit else 0
    if limit and limit < len(calls):
        calls = chance.sample(calls, limit)
        report.notes.append("a sample of them")

    def one(numbered):
        number, call = numbered
        folder = os.path.join(product.work, "%s-%d" % (name, number))
        recording = Recording(base, folder)
        killed = recording.run(product, step, call).code == -9
        before = len(recording.operations)
        last = str(recording.operations[-1]) if before else "nothing"
        again = recording.run(product, step)
        recording.place.remove()
        if again.code != DONE and not (step.once and step.once.encode() in again.err):
            return last, killed, None, [(None, ["the same command again: %s" % again.brief()])]
        cuts = power_alice.Cuts(recording, seed=seed, first_cut=before + 1, mixed=1)
        plan = cuts.plan
        if share and share < len(plan):
            plan = random.Random(seed + number).sample(plan, share)
        results = [(state, power_alice.judge(product, cuts, state, step, known, folder)) for state in plan]
        return last, killed, cuts, results

    for last, killed, cuts, results in side_by_side(one, list(enumerate(calls)), jobs):
        report.tally("first runs killed", killed)
        for state, complaints in results:
            shown = power_alice.describe(cuts, state) if state else "no cut yet"
            report.add(complaints, state[1] if state else None, killed_after=last, state=shown)
    return report
