"""Everything a command did to its files, in order, from one strace: the material of power_alice.py.

An operation is one of create, write, trunc, link, rename, unlink, mkdir (they change files or names) or sync, syncdir,
syncall (they make changes durable). Files are told apart by number, as a file system does, so that a rename moves a
name and not a content. Not modelled, and counted in `not_modelled` when met: shared writable mmap, io_uring,
copy_file_range, sendfile, splice, sync_file_range (it promises nothing), files without a name (gone after any cut).
"""
import dataclasses
import os
import re

import faults
from hlib import acknowledged_in, run

SYSCALLS = (
    "open,openat,creat,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate,rename,renameat,renameat2,link,"
    "linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,fsync,fdatasync,sync_file_range,sync,syncfs,lseek,mmap,"
    "copy_file_range,sendfile,splice,io_uring_setup,read")
FOLDER = "folder"
DESCRIPTOR = re.compile(r"(-?\d+|AT_FDCWD)(?:<((?:\\x[0-9a-f]{2}|[^>])*)>)?")


@dataclasses.dataclass
class Operation:
    """One change, or one promise of durability."""
    kind: str
    file: int = 0          # number of the file
    name: str = ""         # name concerned; the new one of a rename or link
    old: str = ""          # the name before
    offset: int = 0
    data: bytes = b""
    length: int = 0        # of a trunc

    @property
    def is_sync(self):
        """Whether it changes nothing and promises something."""
        return self.kind in ("sync", "syncdir", "syncall")

    @property
    def is_name(self):
        """Whether it changes names, not contents."""
        return self.kind in ("create", "link", "rename", "unlink", "mkdir", "symlink")

    def folders(self):
        """Folders whose sync makes a change of names durable."""
        return {os.path.dirname(name) for name in (self.name, self.old) if name}

    def __str__(self):
        size = "%d bytes at %d" % (len(self.data), self.offset) if self.kind == "write" else ""
        return " ".join(part for part in (self.kind, self.old, self.name, size) if part)


def text_of(escaped):
    """What `strace -xx` escaped."""
    return bytes.fromhex(escaped.replace("\\x", "")) if escaped else b""


def strings(arguments):
    """The strings among arguments."""
    return [text_of(found) for found in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', arguments)]


def name_of(raw):
    """A path as text."""
    return raw.decode("utf8", "surrogateescape")


def descriptor(token):
    """Number and path of a file descriptor."""
    match = DESCRIPTOR.match(token)
    path = match.group(2)
    if path and path.startswith("\\x"):
        path = name_of(text_of(path))
    return match.group(1), path


class Recording:
    """The operations of runs on a copy of a base, one after another, and when they acknowledged what."""

    def __init__(self, base, folder):
        self.place = base.copy(folder)
        self.root = os.path.realpath(self.place.folder)
        self.operations, self.acknowledged, self.not_modelled = [], [], {}
        self.contents, self.base_names = {}, {"": FOLDER}
        # By descriptor: the file and name it was opened as, whatever became of the name; the offset; whether it appends.
        self.opened, self.offsets, self.appending, self.said = {}, {}, set(), b""
        self.take_base()
        self.names = dict(self.base_names)
        self.sizes = {number: len(content) for number, content in self.contents.items()}

    def run(self, product, step, kill=None):
        """Records one run, killed at one call if asked; gives the answer."""
        log = self.place.folder + ".strace"
        words = ["strace", "-f", "-y", "-xx", "-qq", "-s", "33554432", "-o", log, "-e", "trace=" + SYSCALLS]
        if kill:
            words += ["-e", "inject=%s:signal=KILL:when=%d" % (kill.syscall, kill.of_thread)]
        answer = run(words + product.words(step, self.place), env=product.env(self.place), timeout=600)
        for _, text in faults.whole_lines(log):
            match = re.match(r"(\w+)\((.*)\)\s+=\s+(-?\d+)", text)
            if match and int(match.group(3)) >= 0:
                self.take(match.group(1), match.group(2), int(match.group(3)))
        os.unlink(log)
        return answer

    def take_base(self):
        """Learns what was there before, all of it durable."""
        for folder, _, names in os.walk(self.root):
            below = os.path.relpath(folder, self.root)
            self.base_names["" if below == "." else below] = FOLDER
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    number = self.new_file(file.read())
                self.base_names[os.path.normpath(os.path.join(below, name))] = number

    def new_file(self, content=b""):
        """A number for a file."""
        number = len(self.contents) + 1
        self.contents[number] = content
        return number

    def below(self, path):
        """A path below the place, or None."""
        path = os.path.normpath(path)
        if path == self.root:
            return ""
        return path[len(self.root) + 1:] if path.startswith(self.root + "/") else None

    def emit(self, kind, **what):
        """Records an operation."""
        self.operations.append(Operation(kind, **what))

    def miss(self, what):
        """Counts what is not modelled."""
        self.not_modelled[what] = self.not_modelled.get(what, 0) + 1

    def take(self, syscall, arguments, result):
        """Takes one successful call."""
        if syscall in ("open", "openat", "creat"):
            self.take_open(syscall, arguments, result)
        elif syscall in ("write", "writev", "pwrite64", "pwritev", "pwritev2"):
            self.take_write(syscall, arguments, result)
        elif syscall in ("fsync", "fdatasync", "sync_file_range", "sync", "syncfs"):
            self.take_sync(syscall, arguments)
        elif syscall in ("ftruncate", "truncate", "fallocate"):
            self.take_size(syscall, arguments)
        elif syscall in ("rename", "renameat", "renameat2", "link", "linkat"):
            self.take_rename(syscall, arguments)
        elif syscall in ("unlink", "unlinkat", "rmdir", "mkdir", "mkdirat"):
            self.take_name(syscall, arguments)
        elif syscall in ("read", "lseek"):
            number, path = descriptor(arguments)
            if path and self.below(path) is not None:
                self.offsets[number] = self.offsets.get(number, 0) + result if syscall == "read" else result
        elif syscall == "mmap":
            if "MAP_SHARED" in arguments and "PROT_WRITE" in arguments and "<" in arguments:
                self.miss("mmap shared writable")
        else:
            self.miss(syscall)

    def named(self, arguments, number=0):
        """The `number`th path among arguments, below the place, with the folder it is relative to."""
        path = name_of(strings(arguments)[number])
        bases = [descriptor(token)[1] for token in re.findall(r'(?:AT_FDCWD|\d+)(?:<[^>]*>)?(?=, ")', arguments)]
        if not os.path.isabs(path) and number < len(bases) and bases[number]:
            path = os.path.join(bases[number], path)
        return self.below(path)

    def file_of(self, number, path):
        """The file behind a descriptor that strace shows with this path. A file replaced under its name is still itself."""
        name = self.below(path or "/")
        if name is None:
            return None
        file, opened_as = self.opened.get(number, (None, None))
        # Another name: the number was used again in a way that is not followed, such as a copy of a descriptor.
        return file if opened_as == name else self.names.get(name)

    def take_open(self, syscall, arguments, result):
        name = self.named(arguments)
        if name is None:
            return
        if "O_TMPFILE" in arguments:
            self.miss("file without a name")
            self.opened.pop(str(result), None)
            return
        number, known = str(result), self.names.get(name)
        self.offsets[number] = 0
        (self.appending.add if "O_APPEND" in arguments else self.appending.discard)(number)
        if known is None and ("O_CREAT" in arguments or syscall == "creat"):
            known = self.new_file()
            self.names[name], self.sizes[known] = known, 0
            self.emit("create", name=name, file=known)
        elif known not in (None, FOLDER) and ("O_TRUNC" in arguments or syscall == "creat"):
            self.emit("trunc", name=name, file=known, length=0)
            self.sizes[known] = 0
        self.opened[number] = known, name

    def take_write(self, syscall, arguments, result):
        number, path = descriptor(arguments)
        data = b"".join(strings(arguments))[:result]
        if number == "1":
            self.said += data
            whole, _, self.said = self.said.rpartition(b"\n")
            self.acknowledged += [(len(self.operations), id) for id in acknowledged_in(whole + b"\n")]
        file = self.file_of(number, path)
        if file in (None, FOLDER):
            return
        if syscall in ("pwrite64", "pwritev"):
            offset = int(arguments.rsplit(",", 1)[1])
        elif syscall == "pwritev2":
            offset = int(arguments.rsplit(",", 2)[1])
        else:
            offset = self.sizes[file] if number in self.appending else self.offsets.get(number, 0)
            self.offsets[number] = offset + len(data)
        self.sizes[file] = max(self.sizes[file], offset + len(data))
        self.emit("write", name=self.below(path), file=file, offset=offset, data=data)

    def take_sync(self, syscall, arguments):
        if syscall in ("sync", "syncfs"):
            self.emit("syncall")
            return
        number, path = descriptor(arguments)
        name = self.below(path or "/")
        if name is None:
            return
        file = self.file_of(number, path)
        if syscall == "sync_file_range":
            self.miss(syscall)
        elif file == FOLDER:
            self.emit("syncdir", name=name)
        elif file is not None:
            self.emit("sync", name=name, file=file)

    def take_size(self, syscall, arguments):
        number, path = (None, None) if syscall == "truncate" else descriptor(arguments)
        name = self.named(arguments) if syscall == "truncate" else self.below(path or "/")
        file = self.names.get(name) if syscall == "truncate" else self.file_of(number, path)
        if file in (None, FOLDER) or "KEEP_SIZE" in arguments:
            return
        numbers = [part.strip() for part in arguments.split(",")]
        grown = syscall == "fallocate"
        length = max(self.sizes[file], int(numbers[2]) + int(numbers[3])) if grown else int(numbers[1])
        self.sizes[file] = length
        self.emit("trunc", name=name, file=file, length=length)

    def take_rename(self, syscall, arguments):
        old, new = self.named(arguments), self.named(arguments, 1)
        if old is None or new is None or old not in self.names:
            return
        if syscall.startswith("link"):
            self.names[new] = self.names[old]
            self.emit("link", old=old, name=new, file=self.names[old])
            return
        for name in [name for name in self.names if name == old or name.startswith(old + "/")]:
            self.names[new + name[len(old):]] = self.names.pop(name)
        for number, (file, name) in self.opened.items():
            if name == old or name.startswith(old + "/"):
                self.opened[number] = file, new + name[len(old):]
        self.emit("rename", old=old, name=new)

    def take_name(self, syscall, arguments):
        name = self.named(arguments)
        if name is None:
            return
        if syscall.startswith("mkdir"):
            self.names[name] = FOLDER
            self.emit("mkdir", name=name)
        elif name in self.names:
            self.names.pop(name)
            self.emit("unlink", name=name)
