"""The harness itself put to the test: planted defects that each tool must find. A tool that finds nothing here is blind."""
import os

import bases as ledgers
import bitflip
import power_alice
import tamper
from hlib import Report, Step


def lost_record(product, bases):
    """The last journal record, which was acknowledged, is wiped: the head tells, and without it the listing does."""
    base, known = bases.base("forty")
    place = base.copy(os.path.join(product.work, "control-wiped"))
    step = ledgers.single("wiped")
    product.do(place, step)
    begin, end = ledgers.last_record(ledgers.journal(place)[-1])
    with open(ledgers.journal(place)[-1], "r+b") as file:
        file.seek(begin)
        file.write(bytes(end - begin))
    with_head = product.after_crash(place, known + ["wiped"])
    os.unlink(os.path.join(place.ledger, "checkpoint"))
    for name in os.listdir(os.path.join(place.state, "heads")):
        os.unlink(os.path.join(place.state, "heads", name))
    without = product.listing(place, known + ["wiped"])
    place.remove()
    told = [text for text in with_head if "rollback" in text]
    return told and [text for text in without if "lost" in text or "exit" in text]


def twice(product, bases):
    """The same result recorded under two streams' worth of ids is seen as standing twice."""
    base, known = bases.base("forty")
    place = base.copy(os.path.join(product.work, "control-twice"))
    product.call(place, "register", "system", "t", "--name", "T")
    words = ("push", "--system", "t", "--control", "AFF-GOV-04", "--status", "passed", "--summary", "x", "--id", known[0])
    product.call(place, *words)
    found = product.listing(place, known)
    place.remove()
    return [text for text in found if "listed twice" in text]


def not_repeatable(product, bases):
    """A command that fails when it is done again is seen."""
    base, known = bases.base("forty")
    place = base.copy(os.path.join(product.work, "control-again"))
    found = product.finish(place, Step("no-such-verb", ("no-such-verb",)), known)
    place.remove()
    return found


def planted_defects(product, bases, jobs=2, seed=1):
    """Each defect is a trial that passes when it was found."""
    report = Report()

    def found(name, complaints):
        report.add([] if complaints else ["not found"], defect=name)

    found("an acknowledged record is wiped", lost_record(product, bases))
    found("an id stands twice", twice(product, bases))
    found("a command cannot be repeated", not_repeatable(product, bases))
    alice = power_alice.cut_power(product, bases, "forty", "push-one", jobs=jobs, forget_syncs=True,
                                  kinds=("synced",))
    found("nothing is ever synced", [failure for failure in alice.failures if "lost" in str(failure)])
    blind = ("log", "show", "--ids")
    flips = bitflip.flips_of_ledger(product, bases, limit=200, jobs=jobs, judge=blind)
    found("bit flips judged by a command that does not look", flips.failures)
    cases = tamper.tamperings(product, bases, per_file=1, limit=100, jobs=jobs, judge=blind)
    found("tampering judged by a command that does not look", cases.failures)
    return report
