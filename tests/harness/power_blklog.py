"""Power cuts at every block write of a workload, on a real file system over a disk that logs what it is told (blklog.py).

Images: `prefix` (all block writes up to the cut), `subset` (all up to the last flush, and a random choice after it: a drive
that reorders what is in its cache), `torn` (the last block write there up to a 512-byte line). Each is mounted, which runs
the file system's own recovery, and judged. With `failing` the disk gives EIO for a while during the work, so that a real
writeback error reaches fsync. Needs root, /dev/fuse and loop devices.
"""
import os
import random
import subprocess
import time

import blklog
from bases import single
from hlib import Place, Report
from power_godown import must, unmount
from worker import Worker

# How to make it, mount options, size in MiB.
SYSTEMS = {
    "ext4": (["mkfs.ext4", "-q", "-F", "-E", "nodiscard"], "", 64),
    "ext4-writeback": (["mkfs.ext4", "-q", "-F", "-E", "nodiscard"], "data=writeback", 64),
    "xfs": (["mkfs.xfs", "-q", "-f", "-K"], "", 320),
    "btrfs": (["mkfs.btrfs", "-q", "-f", "-K"], "", 128),
}


class Logged:
    """A workload recorded block by block."""

    def __init__(self, product, bases, system, folder, acknowledgements, failing):
        make, options, size = SYSTEMS[system]
        self.options, self.mount = options, os.path.join(folder, "mnt")
        os.makedirs(self.mount)
        base, self.known = bases.base("ninety-nine")
        disk = blklog.Disk(folder, size)
        self.acknowledged, self.answers = [], []
        try:
            device = disk.attach()
            must(*make, device)
            must("mount", *(["-o", options] if options else []), device, self.mount)
            place = base.copy(os.path.join(self.mount, "place"))
            must("sync")
            begin = disk.position()
            self.base_image = os.path.join(folder, "base.img")
            must("cp", "--sparse=always", disk.raw, self.base_image)
            worker = Worker(product, place, "b", lambda id: self.acknowledged.append((disk.position(), id)))
            worker.start()
            if failing:
                worker.wait_for(acknowledgements // 2, product.timeout)
                disk.fail(blklog.FAIL_WRITES)
                time.sleep(0.3)
                disk.fail(0)
            worker.wait_for(acknowledgements, product.timeout)
            end = disk.position()
            self.acknowledged = [(at, id) for at, id in self.acknowledged if at <= end]
            worker.stop()
            self.answers = worker.answers
            unmount(self.mount)
        finally:
            unmount(self.mount)
            disk.close()
        self.log = disk.log
        self.records = [record for record in blklog.read_log(disk.log) if begin < record.end <= end]
        self.writes = [index for index, record in enumerate(self.records) if record.kind != blklog.FLUSH]

    def image(self, path, cut, kind, chance):
        """Makes the image of a cut after `cut` records; gives the log position up to which acknowledgements hold."""
        must("cp", "--sparse=always", self.base_image, path)
        chosen, torn = self.records[:cut], None
        flushes = [index for index in range(cut) if self.records[index].kind == blklog.FLUSH]
        if kind == "subset":
            whole, share = (flushes or [-1])[-1] + 1, chance.random()
            chosen = chosen[:whole] + [record for record in chosen[whole:] if chance.random() < share]
        elif kind == "torn" and chosen[-1].kind == blklog.WRITE and chosen[-1].size > 512:
            torn = chance.randrange(0, chosen[-1].size, 512)
        blklog.apply(path, self.log, chosen, torn)
        return self.records[cut - 1].end if kind == "prefix" else self.records[flushes[-1]].end if flushes else 0


def cut_blocks(product, bases, system, rounds, acknowledgements=320, failing=False, jobs=1, seed=1):
    """`rounds` images of one recorded workload."""
    report, chance = Report(), random.Random(seed)
    folder = os.path.join(product.work, "blklog-%s%s" % (system, "-failing" if failing else ""))
    os.makedirs(folder)
    logged = Logged(product, bases, system, folder, acknowledgements, failing)
    plan = [(cut + 1, kind) for cut in logged.writes for kind in ("prefix", "subset", "torn")]
    report.notes.append("%d block writes, %d flushes, %d acknowledged"
                        % (len(logged.writes), len(logged.records) - len(logged.writes), len(logged.acknowledged)))
    report.notes += ["the push said: exit %d %s" % answer for answer in logged.answers if failing]
    if len(plan) > rounds:
        report.notes.append("a sample of %d of %d images" % (rounds, len(plan)))
        plan = chance.sample(plan, rounds)
    for cut, kind in plan:
        image = os.path.join(folder, "cut.img")
        upto = logged.image(image, cut, kind, chance)
        acknowledged = logged.known + [id for at, id in logged.acknowledged if at <= upto]
        options = ",".join(["loop", logged.options]).rstrip(",")
        mounted = subprocess.run(["mount", "-o", options, image, logged.mount], capture_output=True)
        if mounted.returncode:
            # The file system did not recover from its own log: nothing to judge, and nothing to hide.
            report.tally("not mountable, no fault of the ledger")
        else:
            place = Place(os.path.join(logged.mount, "place"))
            complaints = product.after_crash(place, acknowledged, listed=False)
            complaints += product.finish(place, single("after"), acknowledged)
            unmount(logged.mount)
            report.add(complaints, kind, system=system, cut=cut, acknowledged=len(acknowledged) - len(logged.known))
        os.unlink(image)
    return report
