"""The wall clock jumps (LD_PRELOAD shim): a push is recorded or refused in words, times in the ledger never go back.

Oracle: no panic, fsck sound after each push, `log show --json` in order of time, and a clock outside of 2020 to 2200 is
refused (exit 2 or 5) or what it recorded carries a time that is not before the entry before it. Needs gcc.
"""
import json
import os
import subprocess
import time

from bases import single
from hlib import DONE, IO, REFUSED, Report, run

YEAR = 365 * 86_400
# Name, and offsets in seconds from the real clock, one for each push; None: the clock stands at 1970.
JUMPS = [
    ("back 1 s", [0, -1]), ("back 1 h", [0, -3600]), ("back 1 day", [0, -86_400]), ("back 10 years", [0, -10 * YEAR]),
    ("before 1970", [0, -60 * YEAR]), ("dead battery: 1970", [0, None]), ("forward 10 years, then right", [10 * YEAR, 0]),
    ("2041", [15 * YEAR, 0]), ("2205", [180 * YEAR]), ("2266", [240 * YEAR]), ("beyond 9999", [8000 * YEAR]),
    ("zigzag", [0, -5, 5, -5, 5, 0]),
]


def clock_jumps(product, bases, jobs=1, seed=1):
    """Every jump on a fresh copy."""
    report = Report()
    base, known = bases.base("forty")
    here = os.path.dirname(os.path.abspath(__file__))
    shim, offset = os.path.join(product.work, "clock_shim.so"), os.path.join(product.work, "clock_offset")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", shim, os.path.join(here, "clock_shim.c"), "-ldl"], check=True)
    for name, jumps in JUMPS:
        place = base.copy(os.path.join(product.work, "clock"))
        complaints, acknowledged, answers = [], list(known), []
        for number, jump in enumerate(jumps):
            with open(offset, "w") as file:
                file.write("%d" % (-int(time.time()) if jump is None else jump))
            step = single("clock-%d" % number)
            env = {**product.env(place), "LD_PRELOAD": shim, "CLOCK_FILE": offset}
            answer = run(product.words(step, place), env=env)
            answers.append(answer.brief())
            if answer.broken or answer.code not in (DONE, REFUSED, IO):
                complaints.append(answer.broken or answer.brief())
            acknowledged += step.adds if answer.code == DONE else ()
            complaints += product.soundness(place)
        shown = product.call(place, "log", "show", "--json").out.splitlines()
        times = [json.loads(line)["time"] for line in shown]
        if times != sorted(times):
            complaints.append("times go back: %s" % times[-4:])
        complaints += product.listing(place, acknowledged)
        report.add(complaints, case=name, answers=answers)
        place.remove()
    if not shim_works(product, base, shim, offset):
        report.add(["the shim does not move this program's clock: nothing was tried"], case="shim")
    return report


def shim_works(product, base, shim, offset):
    """Whether the program's clock follows the shim."""
    place = base.copy(os.path.join(product.work, "clock"))
    with open(offset, "w") as file:
        file.write("%d" % (10 * YEAR))
    env = {**product.env(place), "LD_PRELOAD": shim, "CLOCK_FILE": offset}
    run(product.words(single("clock"), place), env=env)
    last = json.loads(product.call(place, "log", "show", "--json").out.splitlines()[-1])["time"]
    place.remove()
    return int(last[:4]) >= time.gmtime().tm_year + 9
