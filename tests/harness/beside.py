"""Readers beside a writer: `log fsck`, `status` and `log show` in a loop while results are pushed.

Nothing fails, fsck finds no fault in a ledger that has none, and the index is not thrown away because somebody looked.
"""
import os
import threading

from bases import single
from hlib import DONE, Report

# Readers, and the exit codes that are an answer. `status` says 4 where nothing could be evaluated.
READERS = [(("log", "fsck", "--json"), (DONE,)), (("status", "s"), (DONE, 4)), (("log", "show", "--ids"), (DONE,))]


def beside_a_writer(product, bases, pushes, jobs=1, seed=1):
    """`pushes` pushes beside each reader; one trial is one push or one reading."""
    report = Report()
    base, known = bases.base("settled")
    for words, fine in READERS:
        place = base.copy(os.path.join(product.work, "beside"))
        done, acknowledged = threading.Event(), list(known)

        def read(place=place, words=words, fine=fine, done=done):
            while not done.is_set():
                answer = product.call(place, *words)
                complaints = [answer.broken] if answer.broken else []
                if answer.code not in fine:
                    complaints.append("beside a writer: %s %s" % (answer.brief(), answer.out[-300:].decode("utf8", "replace")))
                report.add(complaints, " ".join(words[:2]), reader=words)

        reader = threading.Thread(target=read)
        reader.start()
        index, made_anew = index_of(place), 0
        for number in range(pushes):
            step = single("beside-%d" % number)
            answer = product.do(place, step)
            complaints = [] if answer.code == DONE else ["a push beside `%s`: %s" % (" ".join(words), answer.brief())]
            acknowledged += step.adds if answer.code == DONE else ()
            report.add(complaints, "pushes", reader=words)
            made_anew += index_of(place) != index
            index = index_of(place)
        done.set()
        reader.join()
        complaints = product.soundness(place) + product.listing(place, acknowledged)
        if made_anew:
            complaints.append("the index was made anew %d times in %d pushes" % (made_anew, pushes))
        report.add(complaints, reader=words)
        place.remove()
    return report


def index_of(place):
    """Which index it is: the number of a file that lives as long as it."""
    try:
        return os.stat(os.path.join(place.ledger, "index", "conf")).st_ino
    except FileNotFoundError:
        return None
