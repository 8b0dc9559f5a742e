"""kill -9 at random moments: of one push, of a batch, of any command, and of single writers in a crowd.

A ledger is used for some rounds before a fresh copy is taken, and half of the killed commands are not done again at
once: so crashes follow crashes. Oracle as everywhere: nothing acknowledged is lost or stands twice, fsck knows at most of a
torn tail before, and of nothing after the next command that writes.
"""
import os
import random
import signal
import subprocess
import threading
import time

from bases import single
from hlib import DONE, Report, Step, acknowledged_in, kill_group, side_by_side

# Rounds on one copy of the base.
ROUNDS = 10


def killed(product, place, step, delay, lines):
    """Starts a step, waits for so many acknowledgements and then so long, kills it; gives the ids it acknowledged and
    whether the kill met it alive."""
    process = subprocess.Popen(product.words(step, place), env=product.env(place), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    said = b"".join(process.stdout.readline() for _ in range(lines))
    time.sleep(delay)
    kill_group(process)
    said += process.stdout.read()
    process.stdout.close()
    return acknowledged_in(said), process.wait() == -signal.SIGKILL


def usual_seconds(product, base, step, folder):
    """How long a step takes when nothing disturbs it, here and now."""
    return min(product.do(base.copy(folder), step).seconds for _ in range(3))


def renamed(step, name):
    """The same batch with ids of its own."""
    if step.rows:
        rows = tuple(row.replace(step.name + "-", name + "-") for row in step.rows)
        return Step(name, step.words, rows, tuple(id.replace(step.name + "-", name + "-") for id in step.adds))
    return single(name) if step.adds else step


def kill_at_random(product, bases, base_name, step_name, trials, jobs=2, seed=1):
    """Runs a step `trials` times and kills it at random moments; the kills that met it running are counted."""
    report = Report()
    step, base, known = bases.start(step_name, base_name)
    name = "kill-%s-%s" % (step_name, base_name)
    span = usual_seconds(product, base, step, os.path.join(product.work, name + "-probe"))

    def series(number):
        chance = random.Random(seed * 1_000_003 + number)
        place = base.copy(os.path.join(product.work, "%s-%d" % (name, number)))
        acknowledged, results = list(known), []
        for round_number in range(min(ROUNDS, trials - number * ROUNDS)):
            mine = renamed(step, "k%d-%d" % (number, round_number)) if step.adds else step
            by_time = len(mine.adds) < 2 or chance.random() < 0.5
            lines = 0 if by_time else chance.randrange(1, len(mine.adds))
            said, met = killed(product, place, mine, chance.random() * (span if by_time else 0.002), lines)
            acknowledged += said
            complaints = product.after_crash(place, acknowledged, step=mine)
            if chance.random() < 0.5 or not mine.adds:
                complaints += product.finish(place, mine, acknowledged)
                acknowledged += [id for id in mine.adds if id not in said]
            input_file = product.input_of(mine)
            if mine.rows and os.path.exists(input_file):
                os.unlink(input_file)
            results.append((met, len(said), len(mine.adds), complaints))
            if not step.adds:
                place = base.copy(place.folder)
        place.remove()
        return number, results

    for number, results in side_by_side(series, range((trials + ROUNDS - 1) // ROUNDS), jobs):
        for round_number, (met, said, all_of_them, complaints) in enumerate(results):
            report.add(complaints, "killed" if met else None, series=number, round=round_number)
            report.tally("done before the kill", not met)
            if met and 0 < said < all_of_them:
                report.tally("of these with some rows acknowledged")
    return report


class Crowd:
    """Writers that push their own ids one after another, and again until acknowledged, while some are killed."""

    def __init__(self, product, place, writers, each, seed):
        self.product, self.place, self.each = product, place, each
        self.random, self.lock = random.Random(seed), threading.Lock()
        self.running, self.acknowledged, self.tried, self.complaints, self.kills = {}, set(), set(), [], 0
        self.threads = [threading.Thread(target=self.write, args=(writer,)) for writer in range(writers)]

    def write(self, writer):
        """One writer. Every fifth id is also its neighbour's, with the same content."""
        for number in range(self.each):
            owner = writer // 2 * 2 if number % 5 == 0 else writer
            step = single("c%d-%d" % (owner, number))
            self.tried.add(step.adds[0])
            for _ in range(50):
                if self.push(writer, step):
                    break
            else:
                self.complaints.append("%s was never acknowledged" % step.adds[0])

    def push(self, writer, step):
        """One attempt; whether it was acknowledged."""
        words = self.product.words(step, self.place) + ["--wait", "60"]
        process = subprocess.Popen(words, env=self.product.env(self.place), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        with self.lock:
            self.running[writer] = process
        try:
            out, err = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            kill_group(process)
            out, err = process.communicate()
            self.complaints.append("hang: %s" % step.adds[0])
        with self.lock:
            self.running.pop(writer, None)
        said = acknowledged_in(out)
        self.acknowledged.update(said)
        if process.returncode not in (DONE, -9):
            self.complaints.append("push %s: exit %d %s" % (step.adds[0], process.returncode, err[:200]))
        return bool(said)

    def run(self, kills):
        """Lets them write, kills one at a time at random, until all are done."""
        for thread in self.threads:
            thread.start()
        while any(thread.is_alive() for thread in self.threads):
            time.sleep(self.random.random() * 0.03)
            if self.kills >= kills:
                continue
            with self.lock:
                if self.running:
                    kill_group(self.running[self.random.choice(sorted(self.running))])
                    self.kills += 1
        for thread in self.threads:
            thread.join()


def crowds(product, bases, kills, writers=8, each=6, jobs=1, seed=1):
    """Crowds on fresh copies until `kills` writers were killed."""
    report = Report()
    base, known = bases.base("forty")
    number = 0
    while report.counts.get("killed", 0) < kills:
        number += 1
        place = base.copy(os.path.join(product.work, "crowd-%d" % number))
        crowd = Crowd(product, place, writers, each, seed + number)
        # Fewer kills than pushes, so that every crowd comes to its end.
        crowd.run(min(kills - report.counts.get("killed", 0), writers * each // 2))
        complaints = crowd.complaints + product.soundness(place)
        complaints += product.listing(place, known + sorted(crowd.acknowledged))
        ids, _ = product.ids(place)
        foreign = set(ids) - crowd.tried - set(known)
        complaints += ["never pushed: %s" % sorted(foreign)[:3]] if foreign else []
        report.add(complaints, "crowds of %d" % writers, crowd=number)
        report.tally("killed", crowd.kills)
        report.tally("acknowledged", len(crowd.acknowledged))
        place.remove()
        if crowd.kills == 0:
            report.add(["no writer could be killed"], crowd=number)
            break
    report.tried = report.counts.get("killed", 0)
    return report
