#!/usr/bin/env python3
"""A second opinion on an affiant ledger or pack, sharing no code with affiant: standard library only.
    check_ledger.py LEDGER-FOLDER [RECEIPT...]        check_ledger.py PACK.affiant.zip
Derives leaf hashes, chains, tree, tiles, payload digests and inclusion proofs again; signatures are openssl's part
(tests/interop/run). Prints `ok N entries`, or the first fault and exits 1. Read it with docs/spec beside it."""
import base64, functools, hashlib, json, os, pathlib, struct, sys, zipfile
ZERO, KEYS = bytes(32), ["n", "v", "by", "kind", "prev", "time", "index", "stream", "payload", "stream_prev"]
b64 = lambda text: base64.b64decode(text, validate=True)
sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
leaf_hash, node = (lambda data: sha(b"\0", data)), (lambda left, right: sha(b"\1", left, right))
def need(condition, *what):
    if not condition: raise ValueError(" ".join(map(str, what)))
read = lambda *path: pathlib.Path(*path).read_bytes()
join = lambda peaks: functools.reduce(lambda right, left: node(left, right), reversed(peaks))
def cbor(b, at=0):  # One item of the CBOR that affiant writes (definite lengths; RFC 8949): the value and where it ends
    major, info, at = b[at] >> 5, b[at] & 31, at + 1
    if major == 7: return {20: False, 21: True, 22: None}[info], at
    width = 0 if info < 24 else 1 << (info - 24)
    n, at = int.from_bytes(b[at:at + width], "big") if width else info, at + width
    need(info < 28 and at + (n if major in (2, 3) else 0) <= len(b), "CBOR ends early, or is of another form")
    if major < 2: return (n if major == 0 else -1 - n), at
    if major < 4: return (b[at:at + n] if major == 2 else b[at:at + n].decode("utf-8")), at + n
    items = []
    for _ in range(n * (major - 3)): value, at = cbor(b, at); items.append(value)
    return (dict(zip(items[::2], items[1::2])) if major == 5 else items), at
def entry(b):
    e, end = cbor(b)
    need(end == len(b) and list(e) == KEYS and e["v"] == 1 and {len(e[k]) for k in ("prev", "payload", "stream_prev")} == {32}, "not an entry")
    return e
def statement_of(e, b):
    p, end = cbor(b)
    need(end == len(b) and sha(b) == e["payload"], "entry", e["index"], ": another payload")
    return p["statement"]

def checkpoint(note, origin):  # Size and root of a checkpoint (C2SP tlog-checkpoint)
    lines = note.decode().split("\n\n")[0].split("\n")
    need(len(lines) == 3 and lines[0] == origin, "not a checkpoint of", origin)
    return int(lines[1]), b64(lines[2])
def roots(leaves, sizes):  # Root of the first `size` leaves, for each size: the peaks of perfect subtrees, joined from the right
    peaks, found = [], {}
    for size, leaf in enumerate(leaves, 1):
        for _ in range((size & -size).bit_length() - 1): leaf = node(peaks.pop(), leaf)
        peaks.append(leaf)
        if size in sizes: found[size] = join(peaks)
    return found
def proof_of(leaves, i):  # inclusion proof of leaf i, leaf sibling first (RFC 9162 2.1.3.1)
    if len(leaves) == 1: return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    (near, at), far = ((leaves[:k], i), leaves[k:]) if i < k else ((leaves[k:], i - k), leaves[:k])
    return proof_of(near, at) + [roots(far, {len(far)})[len(far)]]
def multiproof(size, known, nodes):  # The root that leaves at their positions and the nodes lead to; every node is used
    nodes = iter(nodes)
    while size > 1:
        up = {}
        for i in sorted(known):
            if i ^ 1 >= size: up[i >> 1] = known[i]
            elif i & 1 == 0: up[i >> 1] = node(known[i], known[i + 1] if i + 1 in known else next(nodes))
            elif i - 1 not in known: up[i >> 1] = node(next(nodes), known[i])
        known, size = up, (size + 1) // 2
    need(next(nodes, None) is None and set(known) == {0}, "a multiproof with surplus nodes")
    return known[0]
def take(b, at, head):  # Parts whose lengths `head` gives, and where they end
    lengths, at = struct.unpack_from(head, b, at), at + struct.calcsize(head)
    ends = [at + sum(lengths[:i]) for i in range(len(lengths) + 1)]
    need(ends[-1] <= len(b), "cut short")
    return [b[i:j] for i, j in zip(ends, ends[1:])], ends[-1]
def bundle(b, head):
    at, parts = 0, []
    while at < len(b): (part,), at = take(b, at, head); parts.append(part)
    return parts if len(parts) == 256 else need(False, "a bundle of", len(parts))
def tile_path(n):
    *groups, last = [f"{n // 1000 ** i % 1000:03}" for i in reversed(range(7)) if i == 0 or n >= 1000 ** i]
    return "/".join(["x" + group for group in groups] + [last])
def journal(folder):  # The records of the segments: first index, (entry, payload)s, peaks, checkpoint
    for name in sorted(os.listdir(os.path.join(folder, "journal"))):
        b, at = read(folder, "journal", name), 0
        while b[at:at + 4] == b"AJR1":
            length, first, count, peaks = struct.unpack_from(">IQIB", b, at + 4)
            end, edge, sealed, at = at + 8 + length, b[at + 21:at + 21 + 32 * peaks], [], at + 21 + 32 * peaks
            for _ in range(count): pair, at = take(b, at, ">HI"); sealed.append(tuple(pair))
            (note,), at = take(b, at, ">I")
            digest = sha(b"affiant journal v1\n", struct.pack(">QI", first, count), edge, *[leaf_hash(e) for e, _ in sealed], note)
            need(at == end and b[end:end + 32] == digest, name, ": a damaged record")
            yield first, sealed, [edge[i:i + 32] for i in range(0, len(edge), 32)], note
            at = end + 32
        need(not any(b[at:]), name, ": bytes that are no record")
def check_ledger(folder, receipts):
    settings = dict(line.split(" = ", 1) for line in read(folder, "affiant.toml").decode().splitlines() if " = " in line)
    origin, vkey, tail, start = settings["origin"].strip('"'), settings["log_key"].strip('"'), [], None
    signed = [checkpoint(read(folder, "checkpoint"), origin)]
    for first, sealed, peaks, note in journal(folder):
        start = first if start is None else start
        need(start <= first <= start + len(tail) and tail[first - start:] == sealed[:start + len(tail) - first], "a gap at", first)
        tail += sealed[start + len(tail) - first:]
        signed.append(checkpoint(note, origin))
        need(signed[-1] == (first + len(sealed), join(peaks)), "the record at", first, "and its checkpoint differ")
    need(start is not None and start % 256 == 0, "no journal")
    paths = [tile_path(n) for n in range(start // 256)]
    old = [pair for p in paths for pair in zip(bundle(read(folder, "tile/entries", p), ">H"), bundle(read(folder, "payload", p), ">I"))]
    leaves, heads, time = [], {}, 0
    for index, (b, payload) in enumerate(old + tail):
        e = entry(b)
        need(e["index"] == index and e["prev"] == (leaves or [ZERO])[-1] and e["time"] >= time, "entry", index, ": out of place")
        need((e["n"], e["stream_prev"]) == heads.get(e["stream"], (0, ZERO)), "entry", index, ": not next in its stream")
        says = statement_of(e, payload)
        need(index or (e["kind"], says["origin"], says["log_key"]) == ("genesis", origin, vkey), "the genesis of another log")
        leaves.append(leaf_hash(b))
        heads[e["stream"]], time = (e["n"] + 1, leaves[-1]), e["time"]
    signed += [receipt(read(name), origin, leaves) for name in receipts]
    root = roots(leaves, {size for size, _ in signed})
    for size, signed_root in signed: need(root.get(size) == signed_root, "the signed root over", size, "is another")
    level, hashes = 0, leaves[:start]
    while tiles := [hashes[i:i + 256] for i in range(0, len(hashes) // 256 * 256, 256)]:
        for n, tile in enumerate(tiles): need(read(folder, f"tile/{level}", tile_path(n)) == b"".join(tile), "tile", level, n)
        level, hashes = level + 1, [roots(tile, {256})[256] for tile in tiles]
    return len(leaves)
def receipt(b, origin, leaves):  # a C2SP tlog-proof of an entry of this log; gives its checkpoint
    proof, note = b.split(b"\n\n", 1)
    header, extra, index, *hashes = proof.decode().split("\n")
    index, (size, root) = int(index.removeprefix("index ")), checkpoint(note, origin)
    need(header == "c2sp.org/tlog-proof@v1" and index < size <= len(leaves), "not a receipt of this log")
    need(leaf_hash(b64(extra.removeprefix("extra "))) == leaves[index], "a receipt of another entry")
    need([b64(h) for h in hashes] == proof_of(leaves[:size], index), "the proof does not hold for entry", index)
    return size, root
def check_pack(path, _):  # A pack: digests of a closed set, stream chain, payloads, inclusion of every entry
    with zipfile.ZipFile(path) as archive: members, count = {i.filename: archive.read(i) for i in archive.infolist()}, len(archive.infolist())
    lines = [line.split("  ", 1) for m in ("tagmanifest-sha256.txt", "manifest-sha256.txt") for line in members[m].decode().splitlines()]
    for digest, name in lines: need(sha(members[name]).hex() == digest, name, ": another digest")
    need({name for _, name in lines} | {"pack.note", "tagmanifest-sha256.txt"} == set(members) and count == len(members), "other members")
    says, proofs = json.loads(members["data/assessment.json"]), json.loads(members["data/proofs.json"])
    size, root = checkpoint(members["data/checkpoint"], says["origin"])
    text = ["affiant pack v1", says["pack"], says["origin"], str(size), base64.b64encode(root).decode(), sha(members["tagmanifest-sha256.txt"]).hex()]
    need(members["pack.note"].decode().split("\n\n")[0].split("\n") == text, "pack.note says otherwise")
    own, head, said = packed(members, "data/entries.cbor", says["system"], "data/payloads/", lambda e: e["index"] in says["withheld"])
    keys, key_head, _ = packed(members, "data/keys.cbor", "org", "data/keys/", lambda e: e["kind"] not in ("genesis", "key"))
    need((said["head"], said["keys"]) == (own[max(i for i in own if own[i] != head)], key_head), "the entry that issues the pack names other heads")
    need((proofs["size"], proofs["root"], proofs["indexes"]) == (size, root.hex(), sorted(own | keys)), "proofs of other entries")
    need(says["entries"] == {"first": 0, "last": len(own) - 1, "head": head.hex()}, "another range of entries")
    need(multiproof(size, own | keys, map(bytes.fromhex, proofs["nodes"])) == root, "the entries are not in the ledger")
    return len(own)
def packed(members, file, stream, folder, may_lack):  # a stream from its first entry: leaf hashes by index, the last of them, what it says
    known, at, prev, said, sequence = {}, 0, ZERO, None, members[file]
    while at < len(sequence):
        begin, (_, at) = at, cbor(sequence, at)
        e = entry(sequence[begin:at])
        name = f"{folder}{e['index']}.cbor"
        need((e["stream"], e["n"], e["stream_prev"]) == (stream, len(known), prev), "entry", e["index"], ": a gap before it")
        said = statement_of(e, members[name]) if name in members else None
        need(name in members or may_lack(e), name, "is missing")
        prev = known[e["index"]] = leaf_hash(sequence[begin:at])
    return known, prev, said
try:
    path, receipts = sys.argv[1], sys.argv[2:]
    print(f"ok {(check_ledger if os.path.isdir(path) else check_pack)(path, receipts)} entries")
except (OSError, ValueError, LookupError, StopIteration, TypeError, struct.error, zipfile.BadZipFile) as fault:
    sys.exit(f"fault: {type(fault).__name__}: {fault}")
