"""Every call of a command on its files, and a fault at any one of them: strace, from outside.

A call is named by syscall, path and how many such calls the thread made before: `fdatasync ledger/journal/0.seg 2`. So
a fault meets one place in the program even where threads run beside one another.
"""
import dataclasses
import os
import re

from hlib import run

# Calls by which a program can meet the disk.
SYSCALLS = (
    "open,openat,creat,read,pread64,readv,preadv,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,sync_file_range,"
    "rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,mkdir,mkdirat,ftruncate,truncate,"
    "fallocate,flock,fcntl,close,lseek,fstat,newfstatat,statx,stat,lstat,access,faccessat2,getdents64,chmod,fchmod,"
    "fchmodat,copy_file_range,sendfile,mmap,msync")
LINE = re.compile(r"(\d+)\s+(.*)$")


@dataclasses.dataclass(frozen=True)
class Call:
    """The `nth` call of `syscall` on `path`, a path below the place or an absolute one, by one thread."""
    syscall: str
    path: str
    nth: int
    # Which of all the thread's calls of this syscall it was, on whatever path.
    of_thread: int = dataclasses.field(default=0, compare=False)

    def __str__(self):
        return "%s %s %d" % (self.syscall, self.path, self.nth)


def whole_lines(path):
    """(thread, call) for every call of a strace log, unfinished ones put together."""
    unfinished, found = {}, []
    with open(path, errors="replace") as file:
        for line in file:
            match = LINE.match(line.rstrip("\n"))
            if not match:
                continue
            thread, text = match.groups()
            if text.endswith("<unfinished ...>"):
                unfinished[thread] = text[:-len("<unfinished ...>")]
                continue
            resumed = re.match(r"<\.\.\. \w+ resumed>(.*)$", text)
            found.append((thread, unfinished.pop(thread, "") + resumed.group(1) if resumed else text))
    return found


def calls(product, place, step, more_paths=(), expected=0):
    """Every call of a step, run to its end with the expected exit code, on files of the place, on its input and on its
    output, first met first."""
    log = place.folder + ".strace"
    words = ["strace", "-f", "-y", "-qq", "-s", "4096", "-o", log, "-e", "trace=" + SYSCALLS, "-e", "signal=none"]
    out = os.path.join(place.folder, "stdout")
    answer = run(words + product.words(step, place), env=product.env(place), timeout=300, stdout=out)
    if answer.code != expected:
        raise SystemExit("the step `%s` without any fault: %s" % (step.name, answer.brief()))
    counted, of_thread, plan = {}, {}, {}
    wanted = [place.folder + "/", *more_paths]
    for thread, text in whole_lines(log):
        syscall = text.partition("(")[0]
        of_thread[(thread, syscall)] = of_thread.get((thread, syscall), 0) + 1
        for path in dict.fromkeys(re.findall(r'[<"](/[^">]*)[">]', text)):
            if not any(path.startswith(start) for start in wanted):
                continue
            key = (thread, syscall, path)
            counted[key] = counted.get(key, 0) + 1
            name = os.path.relpath(path, place.folder) if path.startswith(place.folder) else path
            plan.setdefault(Call(syscall, name, counted[key], of_thread[(thread, syscall)]), None)
    os.unlink(log)
    return list(plan)


def process_calls(product, place, step, syscalls):
    """Calls of a step that concern no file, once it has begun to work on the place: (syscall, which one of its thread)."""
    log = place.folder + ".strace"
    words = ["strace", "-f", "-y", "-qq", "-s", "4096", "-o", log, "-e", "trace=openat,statx,mkdir," + ",".join(syscalls)]
    run(words + product.words(step, place), env=product.env(place), timeout=300)
    begun, counted, found = False, {}, {}
    for thread, text in whole_lines(log):
        syscall = text.partition("(")[0]
        begun = begun or place.folder in text
        if syscall in syscalls:
            counted[(thread, syscall)] = counted.get((thread, syscall), 0) + 1
            if begun:
                found.setdefault(Call(syscall, "", counted[(thread, syscall)]), None)
    os.unlink(log)
    return list(found)


def inject(product, place, step, call, fault, forever=False):
    """Runs a step with a fault at one call, or from it on; gives the answer and whether the fault came."""
    log = place.folder + ".strace"
    where = ["-P", os.path.normpath(os.path.join(place.folder, call.path))] if call.path else []
    when = "%d%s" % (call.nth, "+" if forever else "")
    words = ["strace", "-f", "-q", "-o", log, *where, "-e", "trace=" + call.syscall, "-e",
             "inject=%s:%s:when=%s" % (call.syscall, fault, when)]
    if fault.startswith("error"):
        # Stops at the one syscall only. With it strace 6.1 delivers no signals.
        words.insert(1, "--seccomp-bpf")
    out = os.path.join(place.folder, "stdout")
    answer = run(words + product.words(step, place), env=product.env(place), timeout=product.timeout, stdout=out)
    with open(log, errors="replace") as file:
        text = file.read()
    os.unlink(log)
    return answer, "(INJECTED)" in text or "killed by SIGKILL" in text
