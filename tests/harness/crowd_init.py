"""Several `affiant init` of one folder at the same moment: one makes the ledger, the others are refused, nothing of the
one is touched by the others."""
import random
import subprocess
import time

from bases import INIT
from hlib import DONE, REFUSED, PANIC, Report


def crowds(product, bases, rounds, several=4, jobs=1, seed=1):
    """`rounds` times."""
    report, chance = Report(), random.Random(seed)
    for number in range(rounds):
        place = bases.fresh("inits-%d" % number)
        words = [product.binary] + [word.replace("{ledger}", place.ledger) for word in INIT] + ["--json", "--wait", "20"]
        running = []
        for _ in range(several):
            running.append(subprocess.Popen(words, env=product.env(place), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                            stderr=subprocess.PIPE))
            time.sleep(chance.choice((0, 0, 0.002, 0.01)))
        answers = [(process.communicate(), process.returncode) for process in running]
        complaints = ["panic"] if any(PANIC.search(err) for (_, err), _ in answers) else []
        codes = sorted(code for _, code in answers)
        if codes != [DONE] + [REFUSED] * (several - 1):
            complaints.append("exit codes %s: %s" % (codes, [err[:120] for (_, err), code in answers if code not in (0, 2)]))
        complaints += product.soundness(place)
        keys = product.call(place, "key", "list", "--json").out
        for (out, _), code in answers:
            told = [part for part in out.decode().split('"') if part.startswith("harness.example/log+")]
            if code == DONE and any(key.encode() not in keys for key in told):
                complaints.append("a ledger that was said to be made was replaced")
        report.add(complaints, round=number)
        place.remove()
    return report
