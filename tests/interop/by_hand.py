"""Follows a pack's own VERIFY.md to the letter: its commands are taken out of it and run by a shell, with unzip, sha256sum,
openssl, base64 and coreutils. The honest pack must make every one print what the page says; each forgery must take away
the line that it should.

    by_hand.py PACK TRUST
"""
import hashlib, os, re, subprocess, sys, tempfile, zipfile

LISTED, NONE_EXTRA = "every file is the one listed", "none is missing and none extra"
SIGNED, NOTED = "Signature Verified Successfully", "tagmanifest-sha256.txt: OK"
HEAD = "the note names this head"
ALL = {LISTED: 1, NONE_EXTRA: 1, SIGNED: 2, NOTED: 1, HEAD: 1}


def by_hand(text):
    """The section's commands, in order, and what it says that they print."""
    section = text.split("\n## By hand", 1)[1].split("\n## ", 1)[0]
    blocks = re.findall(r"^   ```\n(.*?)^   ```$", section, re.S | re.M)
    assert len(blocks) == 4, len(blocks)
    for line in ALL:
        assert f"`{line}`" in section, f"the page does not say `{line}`"
    return "".join(line[3:] if line.strip() else line for block in blocks for line in block.splitlines(True))


def run(members, trust, name, script):
    """Runs the commands in a folder with nothing but the two files; gives how often each line was printed."""
    with tempfile.TemporaryDirectory() as place:
        with zipfile.ZipFile(os.path.join(place, name), "w") as archive:
            for member, data in members.items():
                archive.writestr(member, data)
        with open(os.path.join(place, "trust.keys"), "wb") as file:
            file.write(trust)
        # As pasted: a command that fails is followed by the next.
        done = subprocess.run(["bash", "-c", script], cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        printed = done.stdout.decode(errors="replace").splitlines()
        return {line: printed.count(line) for line in ALL}, printed


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def relisted(members, name, data):
    """Another file, and every list that names it made right again."""
    members = {**members, name: data}
    for file, list_name in [(name, "manifest-sha256.txt"), ("manifest-sha256.txt", "tagmanifest-sha256.txt")]:
        lines = members[list_name].decode().splitlines()
        lines = [f"{sha256(members[file])}  {file}" if line[66:] == file else line for line in lines]
        members[list_name] = ("\n".join(lines) + "\n").encode()
    return members


def renoted(members):
    """The note says the digest of the list as it is now; its signature stays."""
    lines = members["pack.note"].split(b"\n")
    lines[5] = sha256(members["tagmanifest-sha256.txt"]).encode()
    return {**members, "pack.note": b"\n".join(lines)}


def main():
    pack, trust = sys.argv[1], open(sys.argv[2], "rb").read()
    with zipfile.ZipFile(pack) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    text = members["VERIFY.md"].decode()
    name = re.search(r"take the pack's file to be called `([^`]+)`", text)[1]
    script = by_hand(text)

    def judged(members, lost, trust=trust):
        found, printed = run(members, trust, name, script)
        missing = {line for line, count in ALL.items() if found[line] < count}
        assert missing == lost, "\n".join([f"lost {missing}, not {lost}", *printed])

    judged(members, set())
    report = "data/report.pdf"
    edited = members[report].replace(b"%PDF", b"%PDG", 1)
    judged({**members, report: edited}, {LISTED})
    judged({**members, "data/assessment.json": members["data/assessment.json"] + b"\n"}, {LISTED})
    judged({**members, "data/more.txt": b"more"}, {NONE_EXTRA})
    judged({key: data for key, data in members.items() if key != report}, {LISTED, NONE_EXTRA})
    judged(relisted(members, report, edited), {NOTED})
    judged(renoted(relisted(members, report, edited)), {SIGNED})
    head = members["data/checkpoint"].split(b"\n")
    head[1] = str(int(head[1]) + 1).encode()
    judged(renoted(relisted(members, "data/checkpoint", b"\n".join(head))), {SIGNED, HEAD})
    stranger = b"".join(re.sub(rb"\+[0-9a-f]{8}\+", b"+00000000+", line) for line in trust.splitlines(True))
    judged(members, {SIGNED}, stranger)
    print("10 packs judged by hand")


main()
