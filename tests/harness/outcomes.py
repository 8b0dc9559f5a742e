"""What some commands leave beside the ledger's entries, judged: nothing of an erased payload, a published log that serves
every proof its checkpoint asks for, a pack that verifies."""
import os
import shutil

from hlib import DONE, files_of

# In the id and the text of a result that is erased.
SECRET = "jane-doe-4711"
TILE_WIDTH = 256


def secret_is_gone(product, place):
    """No file of the ledger holds the erased words any more."""
    found = []
    for path in files_of(place.ledger):
        with open(path, "rb") as file:
            if SECRET.encode() in file.read():
                found.append(os.path.relpath(path, place.ledger))
    return ["erased, and still in %s" % ", ".join(found)] if found else []


def tile_number(number):
    """The path of a tile's number: 1234067 is x001/x234/067 (C2SP tlog-tiles)."""
    groups = ["%03d" % (number % 1000)]
    while number >= 1000:
        number //= 1000
        groups.insert(0, "x%03d" % (number % 1000))
    return "/".join(groups)


def needed(size):
    """The tiles that a checkpoint of this size asks for."""
    paths, level, count = [], 0, size
    while count:
        full, rest = divmod(count, TILE_WIDTH)
        kinds = ["tile/%d" % level] + (["tile/entries"] if level == 0 else [])
        for kind in kinds:
            paths += ["%s/%s" % (kind, tile_number(number)) for number in range(full)]
            paths += ["%s/%s.p/%d" % (kind, tile_number(full), rest)] if rest else []
        level, count = level + 1, full
    return paths


def published_is_whole(product, place):
    """A published checkpoint belongs to the log, and every tile that it needs is there and is the log's."""
    public = os.path.join(place.folder, "public")
    checkpoint = os.path.join(public, "checkpoint")
    if not os.path.exists(checkpoint):
        return []
    since = product.call(place, "log", "checkpoint", "--since", checkpoint)
    if since.code != DONE:
        return ["the published checkpoint is not one of this log: %s" % since.brief()]
    with open(checkpoint, "rb") as file:
        size = int(file.read().split(b"\n")[1])
    whole = os.path.join(place.folder, "whole")
    made = product.call(place, "log", "publish", whole)
    if made.code != DONE:
        return ["log publish to an empty folder: %s" % made.brief()]
    with open(os.path.join(whole, "checkpoint"), "rb") as file:
        same_size = int(file.read().split(b"\n")[1]) == size
    complaints = []
    for path in needed(size):
        if not same_size and ".p/" in path:
            complaints += [] if os.path.isfile(os.path.join(public, path)) else ["published without %s" % path]
        elif content(public, path) != content(whole, path) or content(whole, path) is None:
            complaints.append("published without %s, or with another" % path)
    shutil.rmtree(whole)
    return complaints[:3]


def content(folder, path):
    """The bytes of a file, or None."""
    try:
        with open(os.path.join(folder, path), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def published_is_all(product, place):
    """The published checkpoint is over the whole log."""
    note = content(os.path.join(place.folder, "public"), "checkpoint")
    entries = product.fsck(place)[0]["entries"]
    return [] if note and int(note.split(b"\n")[1]) == entries else ["the published checkpoint is not over all %d entries" % entries]


def pack_verifies(product, place):
    """The pack verifies against the ledger's trust file."""
    trust = os.path.join(place.folder, "trust.keys")
    product.call(place, "key", "trust", "--output", trust)
    answer = product.call(place, "verify", os.path.join(place.folder, "pack.zip"), "--trust", trust)
    return [] if answer.code == DONE else ["the pack does not verify: %s" % answer.brief()]
