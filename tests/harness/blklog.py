"""A disk that logs or fails, without a device mapper: a FUSE file system with one file, served straight from /dev/fuse.

A real file system is made on a loop device over `disk.img`. Every block write, discard and flush is logged in order, so
that any state after a power cut can be built later (what dm-log-writes gives), and the disk can be told to fail (what
dm-flakey and dm-error give). Needs root and /dev/fuse.
"""
import collections
import ctypes
import errno
import mmap
import os
import signal
import struct
import subprocess
import sys
import time

WRITE_MAX = 1 << 20
WRITE, DISCARD, FLUSH = 1, 2, 3
# What the control byte may say.
FAIL_WRITES = 1
# A log record: kind, offset, size, then the bytes of a write.
HEAD = struct.Struct("<BQI")
# FUSE operations of the kernel's protocol (fuse.h) that are answered.
(LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE_OP, STATFS, RELEASE, FSYNC, FLUSH_OP, INIT, OPENDIR, READDIR,
 RELEASEDIR, FSYNCDIR, ACCESS, INTERRUPT, DESTROY, BATCH_FORGET, FALLOCATE) = (
    1, 2, 3, 4, 14, 15, 16, 17, 18, 20, 25, 26, 27, 28, 29, 30, 34, 36, 38, 42, 43)

Record = collections.namedtuple("Record", "end kind offset size data_at")


def attributes(inode, mode, size):
    """struct fuse_attr."""
    return struct.pack("<6Q10I", inode, size, (size + 511) // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


class Server:
    """Answers the kernel until the mount goes away."""

    def __init__(self, device, image, log, control):
        self.device, self.image, self.control = device, image, control
        self.size = os.fstat(image).st_size
        self.log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def reply(self, unique, body=b"", error=0):
        """Answers one request."""
        os.write(self.device, struct.pack("<IiQ", 16 + len(body), -error, unique) + body)

    def attributes_of(self, node):
        """Of the folder or of the disk."""
        return attributes(1, 0o40755, 0) if node == 1 else attributes(2, 0o100600, self.size)

    def serve(self):
        """The loop."""
        while True:
            try:
                request = os.read(self.device, WRITE_MAX + 65536)
            except OSError as error:
                if error.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                    continue
                return
            length, operation, unique, node = struct.unpack_from("<IIQQ", request)
            try:
                self.answer(operation, unique, node, request[40:length])
            except OSError as error:
                if error.errno != errno.ENOENT:
                    raise

    def answer(self, operation, unique, node, body):
        """One request."""
        if operation == INIT:
            answer = struct.pack("<IIIIHHIIHHII7I", 7, 31, 131072, 1 | 32 | 1 << 22, 16, 12, WRITE_MAX, 1,
                                 WRITE_MAX // 4096, 0, 0, 0, *[0] * 7)
            self.reply(unique, answer[:64])
        elif operation == LOOKUP:
            found = body.rstrip(b"\0") == b"disk.img"
            entry = struct.pack("<QQQQII", 2, 1, 3600, 3600, 0, 0) + self.attributes_of(2)
            self.reply(unique, entry) if found else self.reply(unique, error=errno.ENOENT)
        elif operation in (GETATTR, SETATTR):
            self.reply(unique, struct.pack("<QII", 3600, 0, 0) + self.attributes_of(node))
        elif operation in (OPEN, OPENDIR):
            self.reply(unique, struct.pack("<QII", 0, 1 if operation == OPEN else 0, 0))
        elif operation == READ:
            _, offset, size = struct.unpack_from("<QQI", body)
            self.reply(unique, os.pread(self.image, size, offset))
        elif operation == WRITE_OP:
            self.write(unique, body)
        elif operation == FSYNC:
            self.flush(unique)
        elif operation == FALLOCATE:
            self.discard(unique, body)
        elif operation == STATFS:
            self.reply(unique, struct.pack("<5Q4I6I", 1 << 20, 1 << 20, 1 << 20, 10, 10, 4096, 255, 4096, 0, *[0] * 6))
        elif operation in (RELEASE, FLUSH_OP, READDIR, RELEASEDIR, FSYNCDIR, ACCESS, DESTROY):
            self.reply(unique)
        elif operation not in (FORGET, BATCH_FORGET, INTERRUPT):
            self.reply(unique, error=errno.ENOSYS)

    def write(self, unique, body):
        """A block write."""
        _, offset, size = struct.unpack_from("<QQI", body)
        if self.control[0] == FAIL_WRITES:
            self.reply(unique, error=errno.EIO)
            return
        data = body[40:40 + size]
        os.pwrite(self.image, data, offset)
        os.write(self.log, HEAD.pack(WRITE, offset, size) + data)
        self.reply(unique, struct.pack("<II", size, 0))

    def flush(self, unique):
        """A flush of the cache."""
        if self.control[0] == FAIL_WRITES:
            self.reply(unique, error=errno.EIO)
            return
        os.write(self.log, HEAD.pack(FLUSH, 0, 0))
        self.reply(unique)

    def discard(self, unique, body):
        """A discard: the blocks read as zeros."""
        _, offset, size, mode = struct.unpack_from("<QQQI", body)
        if mode & 2:
            for at in range(offset, offset + size, WRITE_MAX):
                os.pwrite(self.image, bytes(min(WRITE_MAX, offset + size - at)), at)
            os.write(self.log, HEAD.pack(DISCARD, offset, min(size, 0xFFFFFFFF)))
        self.reply(unique)


class Disk:
    """The disk: an image, its log, its server, a loop device."""

    def __init__(self, folder, megabytes):
        self.mount_point = os.path.join(folder, "fuse")
        os.makedirs(self.mount_point)
        self.log, self.raw = os.path.join(folder, "blocks.log"), os.path.join(folder, "raw.img")
        open(self.log, "w").close()
        image = os.open(self.raw, os.O_RDWR | os.O_CREAT)
        os.ftruncate(image, megabytes << 20)
        self.control, self.loop = mmap.mmap(-1, 4096), None
        device = os.open("/dev/fuse", os.O_RDWR)
        options = b"fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,max_read=%d" % (device, WRITE_MAX)
        self.server = os.fork()
        if self.server == 0:
            self.serve(device, image)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"blklog", self.mount_point.encode(), b"fuse.blklog", 0, options):
            raise OSError(ctypes.get_errno(), "mounting a FUSE file system")
        os.close(device)
        os.close(image)

    def serve(self, device, image):
        """The server's process; does not return."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.setsid()
        time.sleep(0.05)
        try:
            Server(device, image, self.log, self.control).serve()
        except BaseException as error:
            sys.stderr.write("blklog: %r\n" % error)
        os._exit(0)

    def attach(self):
        """A loop device over it."""
        words = ["losetup", "-f", "--show", os.path.join(self.mount_point, "disk.img")]
        self.loop = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
        return self.loop

    def position(self):
        """Size of the log so far."""
        return os.path.getsize(self.log)

    def fail(self, how):
        """Begins or ends to fail."""
        self.control[0] = how

    def close(self):
        """Takes everything down."""
        self.fail(0)
        if self.loop:
            subprocess.run(["losetup", "-d", self.loop], check=False)
            self.loop = None
        subprocess.run(["umount", "-l", self.mount_point], stderr=subprocess.DEVNULL, check=False)
        try:
            os.kill(self.server, signal.SIGKILL)
            os.waitpid(self.server, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def read_log(path):
    """The records of a log; `end` is the position behind a record."""
    records, size, at = [], os.path.getsize(path), 0
    with open(path, "rb") as file:
        while at + HEAD.size <= size:
            file.seek(at)
            kind, offset, length = HEAD.unpack(file.read(HEAD.size))
            data_at = at + HEAD.size
            at = data_at + (length if kind == WRITE else 0)
            if at > size:
                break
            records.append(Record(at, kind, offset, length, data_at))
    return records


def apply(image, log, records, torn=None):
    """Writes records to an image; the last one only as far as `torn`."""
    with open(log, "rb") as source, open(image, "r+b") as out:
        for number, record in enumerate(records):
            out.seek(record.offset)
            if record.kind == WRITE:
                source.seek(record.data_at)
                data = source.read(record.size)
                out.write(data[:torn] if torn is not None and number == len(records) - 1 else data)
            elif record.kind == DISCARD:
                out.write(bytes(min(record.size, 64 << 20)))
