"""The table of campaigns: what runs in `short` (every change, some minutes) and in `full` (before a release).

A new verb is a step in bases.py and a line or two here.
"""
import dataclasses
from typing import Callable

import beside
import bitflip
import clock
import controls
import crowd_init
import diskfull
import kill9
import power_alice
import power_blklog
import power_godown
import power_twice
import readers
import sweep_syscalls
import tamper

SHORT_FAULTS = ("KILL", "EIO", "ENOSPC")
# `+`: from that call on, for ever.
FULL_FAULTS = ("KILL", "EIO", "ENOSPC", "EDQUOT", "EROFS", "EINTR", "EMFILE", "EIO+", "ENOSPC+")


@dataclasses.dataclass(frozen=True)
class Campaign:
    """A function of (product, bases, **arguments) that gives a report; None: not in this mode."""
    name: str
    function: Callable
    short: dict
    full: dict
    needs: tuple = ()


def sweep(step, base, short=90):
    """A fault at every call of a step on a base."""
    both = {"base_name": base, "step_name": step}
    return Campaign("faults %s on %s" % (step, base), sweep_syscalls.sweep,
                    {**both, "kinds": SHORT_FAULTS, "limit": short} if short else None,
                    {**both, "kinds": FULL_FAULTS}, ("strace",))


def alice(step, base, short=120, full=0, heads="with"):
    """Every state after a power cut of a step on a base."""
    both = {"base_name": base, "step_name": step, "heads": heads}
    name = "power cut %s on %s, heads %s" % (step, base, heads)
    return Campaign(name, power_alice.cut_power, {**both, "limit": short} if short else None,
                    {**both, "limit": full}, ("strace",))


def twice(step, base, short, full):
    """Killed at every change, gone on, and the power cut within the second run."""
    both = {"base_name": base, "step_name": step}
    return Campaign("killed, gone on, power cut: %s on %s" % (step, base), power_twice.cut_after_kill,
                    {**both, "limit": short} if short else None, {**both, "limit": full}, ("strace",))


def kill(step, base, short, full):
    """kill -9 at random moments of a step on a base."""
    both = {"base_name": base, "step_name": step}
    return Campaign("kill %s on %s" % (step, base), kill9.kill_at_random, {**both, "trials": short} if short else None,
                    {**both, "trials": full})


def godown(system, short, full, heads="with"):
    """A real file system that goes down."""
    return Campaign("file system cut %s, heads %s" % (system, heads), power_godown.cut_real,
                    {"system": system, "rounds": short, "heads": heads} if short else None,
                    {"system": system, "rounds": full, "heads": heads},
                    ("root", "loop", "xfs_io", "mkfs." + system.split("-")[0]))


def blocks(system, short, full, failing=False):
    """A real file system over a disk cut at every block write."""
    name = "block cut %s%s" % (system, ", failing disk" if failing else "")
    return Campaign(name, power_blklog.cut_blocks,
                    {"system": system, "rounds": short, "failing": failing} if short else None,
                    {"system": system, "rounds": full, "failing": failing},
                    ("root", "loop", "fuse", "mkfs." + system.split("-")[0]))


CAMPAIGNS = [
    Campaign("planted defects are found", controls.planted_defects, {}, {}, ("strace",)),
    # Random kills.
    kill("push-one", "forty", 120, 400),
    kill("few", "ninety-nine", 60, 300),
    kill("bundles", "forty", 60, 300),
    kill("heavy", "forty", 0, 120),
    kill("init", "nothing", 40, 200),
    kill("reindex", "settled", 30, 150),
    kill("erase", "secret-in-bundle", 0, 150),
    kill("rotate-log", "forty", 0, 150),
    kill("publish", "tampered", 0, 150),
    Campaign("kill writers of a crowd", kill9.crowds, {"kills": 60}, {"kills": 500}),
    Campaign("several inits of one folder", crowd_init.crowds, {"rounds": 15}, {"rounds": 200}),
    Campaign("readers beside a writer", beside.beside_a_writer, {"pushes": 40}, {"pushes": 1000}),
    # A fault at every call.
    sweep("init", "nothing"),
    sweep("push-one", "forty"),
    sweep("push-one", "ninety-nine", short=0),
    sweep("few", "ninety-nine"),
    sweep("bundles", "forty"),
    sweep("bundles", "settled", short=0),
    sweep("heavy", "forty", short=0),
    sweep("reindex", "settled"),
    sweep("erase", "secret-in-tail", short=40),
    sweep("erase", "secret-in-bundle", short=40),
    sweep("hold", "forty", short=0),
    sweep("rotate-log", "forty", short=40),
    sweep("rotate-issuer", "forty", short=30),
    sweep("new-collector", "forty", short=30),
    sweep("rotate-collector", "with-collector", short=30),
    sweep("publish", "tampered", short=40),
    sweep("pack", "forty", short=20),
    # Opening what a crash left.
    sweep("push-one", "torn"),
    sweep("push-one", "unsynced", short=0),
    sweep("push-one", "half-bundled", short=40),
    sweep("push-one", "untrimmed", short=40),
    sweep("push-one", "unwiped", short=20),
    sweep("push-one", "reindexing", short=40),
    sweep("reindex", "torn", short=0),
    sweep("reindex", "untrimmed", short=0),
    Campaign("faults of readers and judges", readers.sweep_readers, {"kinds": ("EIO",), "limit": 12},
             {"kinds": ("EIO", "EINTR", "EMFILE", "EIO+")}, ("strace",)),
    Campaign("no thread, no randomness", sweep_syscalls.sweep_process, {"limit": 40}, {}, ("strace",)),
    # Power cuts, rebuilt from a recording.
    alice("init", "nothing"),
    alice("push-one", "forty"),
    alice("push-one", "ninety-nine"),
    alice("push-one", "ninety-nine", heads="kept"),
    alice("push-one", "ninety-nine", heads="lost", short=0),
    alice("few", "ninety-nine", short=0),
    alice("bundles", "forty"),
    alice("bundles", "forty", heads="kept", short=0),
    alice("bundles", "settled", short=0),
    alice("heavy", "forty", short=0, full=400),
    alice("reindex", "settled", short=80),
    alice("erase", "secret-in-tail", short=80),
    alice("erase", "secret-in-bundle", short=80),
    alice("publish", "tampered", short=60),
    alice("rotate-log", "forty", short=60),
    alice("rotate-issuer", "forty", short=0),
    alice("new-collector", "forty", short=30),
    alice("rotate-collector", "with-collector", short=0),
    alice("push-one", "torn", short=60),
    alice("push-one", "half-bundled", short=0, full=400),
    alice("push-one", "untrimmed", short=40, full=400),
    twice("init", "nothing", 60, 1500),
    twice("push-one", "forty", 60, 1000),
    twice("bundles", "forty", 40, 2000),
    twice("erase", "secret-in-bundle", 0, 1000),
    twice("rotate-log", "forty", 0, 1000),
    twice("publish", "tampered", 0, 1000),
    # Real file systems.
    godown("ext4", 4, 150), godown("ext4", 0, 100, heads="kept"), godown("ext4-writeback", 0, 100), godown("xfs", 4, 150),
    blocks("ext4", 12, 400), blocks("ext4-writeback", 0, 200), blocks("xfs", 0, 400), blocks("btrfs", 0, 200),
    blocks("ext4", 0, 60, failing=True), blocks("xfs", 0, 60, failing=True),
    # The disk fills up, limits, the clock.
    Campaign("disk full and other limits", diskfull.disk_full, {"steps": 4, "every": 4}, {"steps": 100}, ("root", "tmpfs")),
    Campaign("clock jumps", clock.clock_jumps, {}, {}, ("gcc",)),
    # Bit rot and tampering.
    Campaign("bit flips: ledger and head", bitflip.flips_of_ledger, {"limit": 2500}, {}),
    Campaign("bit flips: keys", bitflip.flips_of_keys, {"limit": 120}, {}),
    Campaign("bit flips: index", bitflip.flips_of_index, {"limit": 80}, {"limit": 3000}),
    Campaign("tampering", tamper.tamperings, {"per_file": 2}, {"per_file": 60}),
]
