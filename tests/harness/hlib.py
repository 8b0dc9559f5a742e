"""What every tool of the harness shares: running the product, copies of ledgers, the oracle, reports.

Python 3 standard library, Linux. The harness is an auditor: it believes nothing but exit codes, what was printed, and
what `affiant log fsck` derives again from the files.
"""
import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

# A broken promise of the program, whoever words it: Rust, its allocator, the C library, the program's own panic hook.
PANIC = re.compile(
    rb"internal fault|panicked at|RUST_BACKTRACE|fatal runtime error|has overflowed its stack"
    rb"|memory allocation of \d+ bytes failed|core dumped", re.I)
# Exit codes of the product: 0 done, 1 no, 2 refused, 3 integrity, 4 undetermined, 5 I/O.
DONE, REFUSED, INTEGRITY, IO = 0, 2, 3, 5
# Faults that fsck may name right after a crash: the trace of an append that was never answered.
TORN = frozenset({"torn-tail"})


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a command did."""
    code: int          # exit code; negative: died of that signal
    out: bytes
    err: bytes
    seconds: float
    hung: bool

    @property
    def broken(self):
        """Why no command may ever end like this; empty when it did not."""
        if self.hung:
            return "hang"
        if PANIC.search(self.err) or self.code == 101:
            return "panic: " + self.first_line()
        return "died of signal %d: %s" % (-self.code, self.first_line()) if self.code < 0 else ""

    def first_line(self):
        """The first line of stderr."""
        return (self.err.decode("utf8", "replace").strip().splitlines() or [""])[0][:240]

    def brief(self):
        """Exit code and first line, for a complaint."""
        return "exit %d, %s" % (self.code, self.first_line() or "silent")


def run(words, env=None, stdin=b"", timeout=60.0, stdout=None):
    """Runs a command in its own process group; kills the group when it takes too long."""
    started = time.monotonic()
    out = open(stdout, "wb") if stdout else subprocess.PIPE
    process = subprocess.Popen(words, stdin=subprocess.PIPE if stdin else subprocess.DEVNULL, stdout=out,
                               stderr=subprocess.PIPE, env=env, start_new_session=True)
    hung = False
    try:
        said, err = process.communicate(stdin or None, timeout)
    except subprocess.TimeoutExpired:
        hung = True
        kill_group(process)
        said, err = process.communicate()
    if stdout:
        out.close()
        with open(stdout, "rb") as file:
            said = file.read()
    return Answer(process.returncode, said, err, time.monotonic() - started, hung)


def kill_group(process):
    """SIGKILL to a process started with a session of its own, and to its children."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Place:
    """A folder with a ledger, the remembered heads (`state`), and nothing else."""

    def __init__(self, folder):
        self.folder = folder
        self.ledger = os.path.join(folder, "ledger")
        self.state = os.path.join(folder, "state")

    def copy(self, folder):
        """A fresh copy of this place."""
        remove(folder)
        shutil.copytree(self.folder, folder, symlinks=True)
        return Place(folder)

    def remove(self):
        """Removes it."""
        remove(self.folder)


def remove(path):
    """Removes a file or a tree, if it is there."""
    if os.path.islink(path) or os.path.isfile(path):
        os.unlink(path)
    elif os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)


def files_of(root):
    """Regular files below a folder, sorted."""
    found = []
    for folder, _, names in os.walk(root):
        paths = (os.path.join(folder, name) for name in names)
        found += [path for path in paths if os.path.isfile(path) and not os.path.islink(path)]
    return sorted(found)


@dataclasses.dataclass(frozen=True)
class Step:
    """A command that changes a ledger, and how to tell that it was done."""
    name: str
    words: tuple             # `{in}` stands for the input file
    rows: tuple = ()         # lines of the input file
    adds: tuple = ()         # ids that are listed exactly once when it is done
    entries: int = None      # entries of the ledger when it is done, where no ids tell
    once: str = ""           # words of the refusal when all of it was done already
    forgets: tuple = ()      # ids that are no longer listed when it is done
    always: object = None    # (product, place) -> complaints, right after a crash too
    then: object = None      # (product, place) -> complaints, when it is done


class Product:
    """The binary under test."""

    def __init__(self, binary, work, timeout=60.0):
        self.binary, self.work, self.timeout = os.path.abspath(binary), work, timeout
        os.makedirs(work, exist_ok=True)

    def env(self, place):
        """The environment of a command at a place: nothing of the caller's."""
        return {"PATH": os.environ.get("PATH", ""), "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "HOME": place.folder,
                "AFFIANT_LEDGER": place.ledger, "AFFIANT_STATE": place.state}

    def input_of(self, step):
        """The input file of a step, written once."""
        path = os.path.join(self.work, "input-%s.ndjson" % step.name)
        if step.rows and not os.path.exists(path):
            with open(path, "w", encoding="utf8") as file:
                file.writelines(row + "\n" for row in step.rows)
        return path

    def words(self, step, place):
        """The words of a step at a place."""
        words = [word.replace("{ledger}", place.ledger).replace("{folder}", place.folder) for word in step.words]
        return [self.binary] + [self.input_of(step) if word == "{in}" else word for word in words]

    def call(self, place, *words, **more):
        """Runs `affiant WORDS` at a place."""
        more.setdefault("timeout", self.timeout)
        return run([self.binary, *words], env=self.env(place), **more)

    def do(self, place, step, **more):
        """Runs a step at a place."""
        more.setdefault("timeout", self.timeout)
        return run(self.words(step, place), env=self.env(place), **more)

    def ids(self, place):
        """The idempotency ids listed, and the answer."""
        answer = self.call(place, "log", "show", "--ids")
        return answer.out.decode("utf8", "replace").split("\n")[:-1], answer

    def fsck(self, place):
        """The report of `log fsck --json` ({} when there is none) and the answer."""
        answer = self.call(place, "log", "fsck", "--json")
        try:
            return json.loads(answer.out), answer
        except ValueError:
            return {}, answer

    def soundness(self, place, tolerated=frozenset()):
        """What fsck holds against a ledger, but for the tolerated kinds of fault."""
        report, answer = self.fsck(place)
        if answer.broken or not report:
            return ["fsck: %s" % (answer.broken or answer.brief())]
        if (answer.code == DONE) != (report["faults_count"] == 0):
            return ["fsck: exit %d with %d faults" % (answer.code, report["faults_count"])]
        faults = [fault for fault in report["faults"] if fault["kind"] not in tolerated]
        return ["fsck: %s %s: %s" % (f["kind"], f.get("path", ""), f["detail"]) for f in faults[:3]]

    def listing(self, place, acknowledged):
        """What is wrong with the listed ids: an acknowledged one lost, or one that stands twice."""
        ids, answer = self.ids(place)
        if answer.broken or answer.code:
            return ["log show: %s" % (answer.broken or answer.brief())]
        listed, complaints = set(ids), []
        lost = [id for id in acknowledged if id not in listed]
        if lost:
            complaints.append("lost %d acknowledged: %s" % (len(lost), lost[:3]))
        if len(ids) != len(listed):
            twice = sorted({id for id in ids if ids.count(id) > 1})
            complaints.append("listed twice: %s" % twice[:3])
        return complaints

    def is_made(self, place):
        """Whether the folder is a ledger yet."""
        return os.path.lexists(os.path.join(place.ledger, "affiant.toml"))

    def after_crash(self, place, acknowledged, listed=True, step=None):
        """What is wrong with what a crash left, before anything writes to it.

        After a kill every acknowledged entry is listed (`listed`); after a power cut the published checkpoint may be
        older than the journal, and readers catch up when the ledger is next opened for writing.
        """
        if not self.is_made(place):
            return ["lost the ledger"] if acknowledged else []
        complaints = self.soundness(place, TORN) + (self.listing(place, acknowledged) if listed else [])
        return complaints + (step.always(self, place) if step and step.always else [])

    def reopened(self, place, acknowledged):
        """Opens the ledger for writing, adding nothing: it mends itself, and everything acknowledged is listed."""
        answer = self.call(place, "log", "reindex")
        if answer.broken or answer.code:
            return ["log reindex: %s" % (answer.broken or answer.brief())]
        return self.soundness(place) + self.listing(place, acknowledged)

    def finish(self, place, step, acknowledged):
        """Does the same again, as one would who was cut off: it succeeds, and what it adds stands there once."""
        answer, complaints = self.do(place, step), []
        if answer.broken:
            return ["again: %s" % answer.broken]
        already = answer.code == REFUSED and step.once and step.once.encode() in answer.err
        if answer.code != DONE and not already:
            complaints.append("the same command again: %s" % answer.brief())
        if already:
            # A refusal mends nothing; the next command that writes does.
            complaints += self.reopened(place, acknowledged)
        complaints += ["after doing it again: %s" % text for text in self.soundness(place)]
        complaints += self.listing(place, list(acknowledged) + list(step.adds))
        for check in (step.always, step.then):
            complaints += check(self, place) if check and not complaints else []
        if step.entries is not None and not complaints:
            report, _ = self.fsck(place)
            if report["entries"] != step.entries:
                complaints.append("%d entries after doing it again, not %d" % (report["entries"], step.entries))
        return complaints


def acknowledged_in(out):
    """The ids that whole lines of `push --json` acknowledge."""
    ids = []
    for line in out.split(b"\n")[:-1]:
        try:
            ids.append(json.loads(line)["id"])
        except (ValueError, KeyError, TypeError):
            continue
    return [id for id in ids if id]


class Report:
    """The trials of one campaign."""

    def __init__(self):
        self.tried, self.failures, self.counts, self.started = 0, [], {}, time.monotonic()
        self.notes = []

    def add(self, complaints, count=None, **what):
        """Takes a trial: what is wrong (nothing when it passed) and what was tried; `count` names a tally."""
        self.tried += 1
        if count:
            self.counts[count] = self.counts.get(count, 0) + 1
        if complaints:
            self.failures.append({**what, "why": complaints})

    def tally(self, count, by=1):
        """Counts something that is no trial."""
        if by:
            self.counts[count] = self.counts.get(count, 0) + by

    @property
    def seconds(self):
        """Since it was begun."""
        return time.monotonic() - self.started


def side_by_side(work, items, jobs):
    """Does work on items on some threads; gives the results in order."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(work, items)
