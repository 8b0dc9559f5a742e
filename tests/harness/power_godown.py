"""Power cuts of a real file system: after some acknowledgements it is shut down without writing out its log, then mounted
again (its own recovery runs) and judged.

The ledger lives on ext4, ext4 with data=writeback, or xfs in a loop file. The shutdown is the one that xfstests uses
(`xfs_io -x -c shutdown`, FS_IOC_GOINGDOWN without flushing the log). Needs root, loop devices and xfs_io. The remembered
heads lie on the same file system, or on another that is not cut.
"""
import os
import random
import subprocess
import time

from bases import single
from hlib import Report
from worker import Worker

# How to make it, mount options.
SYSTEMS = {
    "ext4": (["mkfs.ext4", "-q", "-F"], ""),
    "ext4-writeback": (["mkfs.ext4", "-q", "-F"], "data=writeback"),
    "xfs": (["mkfs.xfs", "-q", "-f"], ""),
}
SIZE = 320 << 20


def must(*words):
    """A command of the system that has to succeed."""
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def is_mounted(mount):
    """Whether something is mounted there. A file system that was shut down answers no stat."""
    with open("/proc/self/mounts") as file:
        return any(line.split()[1] == mount for line in file)


def unmount(mount):
    """Unmounts, however busy it still is."""
    for _ in range(100):
        if not is_mounted(mount) or subprocess.run(["umount", mount], stderr=subprocess.DEVNULL).returncode == 0:
            return
        time.sleep(0.05)
    must("umount", "-l", mount)


class RealDisk:
    """A file system in a loop file."""

    def __init__(self, folder, system):
        self.image, self.mount = os.path.join(folder, system + ".img"), os.path.join(folder, system + ".mnt")
        os.makedirs(self.mount, exist_ok=True)
        make, self.options = SYSTEMS[system]
        with open(self.image, "wb") as file:
            file.truncate(SIZE)
        must(*make, self.image)

    def on(self):
        """Mounts it."""
        must("mount", "-o", ",".join(["loop", self.options]).rstrip(","), self.image, self.mount)

    def cut(self):
        """Cuts the power."""
        must("xfs_io", "-x", "-c", "shutdown", self.mount)

    def off(self):
        """Unmounts it."""
        unmount(self.mount)


def cut_real(product, bases, system, rounds, heads="with", jobs=1, seed=1, lying=False):
    """`rounds` cuts of one file system. `lying` takes entries for acknowledged that are not, to prove that this can fail."""
    report, chance = Report(), random.Random(seed)
    base, known = bases.base("ninety-nine")
    folder = os.path.join(product.work, "godown-" + system)
    os.makedirs(folder, exist_ok=True)
    disk = RealDisk(folder, system)
    disk.on()
    try:
        place = base.copy(os.path.join(disk.mount, "place"))
        if heads == "kept":
            place.state = base.copy(os.path.join(folder, "heads")).state
        must("sync", "-f", disk.mount)
        acknowledged = list(known)
        for round_number in range(rounds):
            worker = Worker(product, place, "g%d" % round_number)
            worker.start()
            # Sometimes in a run of single pushes, sometimes in a batch.
            worker.wait_for(chance.choice((0, 1, 2, 3, 3, 100, 303)), product.timeout)
            time.sleep(chance.random() * 0.03)
            sure = list(worker.acknowledged)
            disk.cut()
            worker.stop()
            disk.off()
            disk.on()
            acknowledged += sure + (["never-pushed-%d" % round_number] if lying else [])
            complaints = ["a push before the cut: exit %d %s" % a for a in worker.answers if a[0] not in (-9, 5)]
            complaints += product.after_crash(place, acknowledged, listed=False)
            complaints += product.finish(place, single("after-%d" % round_number), acknowledged)
            acknowledged.append("after-%d" % round_number)
            report.add(complaints, "cuts", system=system, round=round_number, acknowledged=len(sure))
            report.tally("entries acknowledged", len(sure))
            if complaints or len(acknowledged) > 4000:
                place = begin_anew(base, place, heads, folder, disk)
                acknowledged = list(known)
    finally:
        disk.off()
        os.unlink(disk.image)
    return report


def begin_anew(base, place, heads, folder, disk):
    """A fresh copy in the same place, made durable."""
    fresh = base.copy(place.folder)
    if heads == "kept":
        fresh.state = base.copy(os.path.join(folder, "heads")).state
    must("sync", "-f", disk.mount)
    return fresh
