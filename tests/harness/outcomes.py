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
    if note and int(note.split(b"\n")[1]) == entries:
        return []
    return ["the published checkpoint is not over all %d entries" % entries]


def pack_verifies(product, place):
    """The pack verifies against the ledger's trust file."""
    trust = os.path.join(place.folder, "trust.keys")
    product.call(place, "key", "trust", "--output", trust)
    answer = product.call(place, "verify", os.path.join(place.folder, "pack.zip"), "--trust", trust)
    return [] if answer.code == DONE else ["the pack does not verify: %s" % answer.brief()]


def keys_work(product, place):
    """On a copy: a push is signed for, a pack is issued and verifies with the trust file of now, and no private key of a
    rotation that was left half-way lies about."""
    copy = place.copy(place.folder + "-keys")
    words = ("push", "--system", "s", "--control", "AFF-GOV-04", "--status", "passed", "--summary", "after")
    push = product.call(copy, *words, "--id", "after-keys")
    pack = product.call(copy, "pack", "build", "s", "--output", os.path.join(copy.folder, "pack.zip"))
    complaints = ["a push: %s" % push.brief()] if push.code != DONE else []
    complaints += ["a pack: %s" % pack.brief()] if pack.code != DONE else pack_verifies(product, copy)
    complaints += product.soundness(copy)
    stray = sorted(set(os.listdir(os.path.join(copy.ledger, "keys"))) - {"log.pem", "issuer.pem"})
    complaints += ["left in keys: %s" % stray] if stray else []
    copy.remove()
    return complaints


def a_collector_pushes(product, place):
    """On a copy: one of the collector's key files is the one in force, and what it signs is admitted."""
    copy = place.copy(place.folder + "-collector")
    answers = []
    for name in ("ci.pem", "ci-2.pem"):
        path = os.path.join(copy.folder, name)
        if os.path.exists(path):
            answers.append(product.call(copy, "push", "--system", "s", "--control", "AFF-GOV-04", "--status", "passed",
                                        "--summary", name, "--id", "by-" + name, "--sign-key", path))
    complaints = product.soundness(copy)
    if not any(answer.code == DONE for answer in answers):
        complaints.append("no key file of the collector counts: %s" % "; ".join(answer.brief() for answer in answers))
    copy.remove()
    return complaints
