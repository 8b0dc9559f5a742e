"""The disk fills up, and other limits: at every 4 KiB, in room, inodes, descriptors, memory and file size.

The ledger stands on a small tmpfs. For each step there is room for so many pages more; results are pushed until one fails;
then there is room again. The push that fails says so with exit 5; nothing acknowledged is lost; fsck is sound but for a
torn tail while full and sound after the next push; reading works all the time. Needs root for mount.
"""
import os
import subprocess

from bases import batch, single
from hlib import DONE, IO, REFUSED, Place, Report, files_of, run

PAGE = 4096
ROOM = 1 << 30


class SmallDisk:
    """A tmpfs with a copy of a base."""

    def __init__(self, product, folder):
        self.product, self.mount = product, folder
        os.makedirs(folder, exist_ok=True)
        self.place = Place(os.path.join(folder, "place"))

    def fresh(self, base, options="size=%d" % ROOM):
        """An empty disk with a copy of the base on it."""
        self.close()
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", self.mount], check=True)
        self.place = base.copy(os.path.join(self.mount, "place"))

    def change(self, options):
        """Mounts it again with other options."""
        subprocess.run(["mount", "-o", "remount," + options, self.mount], check=True)

    def leave(self, size):
        """Leaves so many bytes of room."""
        stat = os.statvfs(self.mount)
        self.change("size=%d" % ((stat.f_blocks - stat.f_bfree) * stat.f_frsize + size))

    def close(self):
        """Unmounts it, if it is mounted."""
        if os.path.ismount(self.mount):
            subprocess.run(["umount", "-l", self.mount], check=True)


def fill(product, disk, known, count, report):
    """One step: pushes until the disk is full, then goes on when there is room."""
    acknowledged, failed = list(known), None
    steps = [single("full-%d" % number) for number in range(300)] + [batch("burst", 400, 3000)]
    for step in steps:
        answer = product.do(disk.place, step)
        if answer.code != DONE:
            failed = answer
            break
        acknowledged += step.adds
    complaints = []
    if failed is None:
        complaints.append("never filled up")
    elif failed.broken or failed.code != IO:
        complaints.append("a push on a full disk: %s" % (failed.broken or failed.brief()))
    complaints += product.after_crash(disk.place, acknowledged)
    disk.change("size=%d" % ROOM)
    complaints += product.after_crash(disk.place, acknowledged)
    complaints += product.finish(disk.place, step, acknowledged)
    report.add(complaints, "room", room=count * PAGE, failed=failed.brief() if failed else "")


def limited(product, disk, base, known, prefix, name, report, refusals=(IO,)):
    """One push under a limit of the system, then one without."""
    disk.fresh(base)
    step = single("limited")
    answer = run(prefix + product.words(step, disk.place), env=product.env(disk.place), timeout=60)
    complaints = []
    if refusals is not None and (answer.broken or answer.code not in (DONE, *refusals)):
        complaints.append(answer.broken or answer.brief())
    complaints += product.after_crash(disk.place, known + (["limited"] if answer.code == DONE else []))
    complaints += product.finish(disk.place, step, known)
    report.add(complaints, name.split()[0], limit=name, answer=answer.brief())


def disk_full(product, bases, steps=40, every=1, jobs=1, seed=1):
    """`steps` sizes of what is left; of the limits every `every`th."""
    report = Report()
    base, known = bases.base("ninety-nine")
    disk = SmallDisk(product, os.path.join(product.work, "smalldisk"))
    try:
        for count in range(steps):
            disk.fresh(base)
            disk.leave(count * PAGE)
            fill(product, disk, known, count, report)
        sizes = {1, 100, PAGE} | {max(1, os.path.getsize(path) + d) for path in files_of(base.folder) for d in (-1, 0, 1)}
        for size in sorted(sizes)[::every]:
            # The signal is ignored as a shell would: the write itself fails (EFBIG), in the middle where it must.
            words = ["env", "--ignore-signal=XFSZ", "prlimit", "--fsize=%d" % size]
            limited(product, disk, base, known, words, "filesize %d" % size, report)
        for count in range(4, 24, every):
            limited(product, disk, base, known, ["prlimit", "--nofile=%d" % count], "descriptors %d" % count, report,
                    # Below about six the dynamic loader itself finds no descriptor and says 127.
                    (IO, REFUSED, 127) if count < 6 else (IO,))
        for megabytes in (16, 24, 32, 48, 64, 96, 128, 192, 256, 512)[::every]:
            # Out of memory ends a program as a kill does, whatever it says: the ledger alone is judged.
            words = ["prlimit", "--as=%d" % (megabytes << 20)]
            limited(product, disk, base, known, words, "memory %d MiB" % megabytes, report, None)
        read_only(product, disk, base, known, report)
        disk.fresh(base, "size=%d,nr_inodes=%d" % (ROOM, inodes(base) + 2))
        answer = product.do(disk.place, batch("bundles", 300, 200))
        complaints = [] if answer.code == IO and not answer.broken else [answer.broken or answer.brief()]
        report.add(complaints + product.after_crash(disk.place, known), "inodes", answer=answer.brief())
    finally:
        disk.close()
    return report


def inodes(base):
    """Files and folders of a base, and the two folders around it."""
    return sum(1 + len(names) for _, _, names in os.walk(base.folder)) + 1


def read_only(product, disk, base, known, report):
    """A read-only file system: writing is refused, reading and fsck work."""
    disk.fresh(base)
    disk.change("ro")
    answer = product.do(disk.place, single("limited"))
    complaints = [] if answer.code == IO and not answer.broken else [answer.broken or answer.brief()]
    report.add(complaints + product.after_crash(disk.place, known), "read-only", answer=answer.brief())
    disk.change("rw")
