#!/usr/bin/env python3
"""kill -9 under load: every receipt that a client holds verifies after the restart.

  tests/service/kill9.py BINARY [--rounds 50] [--clients 64] [--seconds 0.4]

Each round starts the service on one ledger, has clients push single results over kept connections, kills it with SIGKILL in
the middle, and starts it again. What clients were answered is then asked for: the entry at that index has that leaf hash, the
checkpoint of the last answer is a prefix of the ledger (fsck --anchor), and receipts verify with the trust file. What was
sent and not answered may be there or not; sent again under its id, it is there once.
"""
import argparse
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=0.4)
    return parser.parse_args()


class Place:
    """A ledger with a registered system and a collector's token."""

    def __init__(self, binary, folder):
        self.binary, self.folder = os.path.abspath(binary), folder
        self.env = {**os.environ, "AFFIANT_STATE": folder + "/state", "AFFIANT_LEDGER": folder + "/ledger"}
        self.run("init", folder + "/ledger", "--origin", "kill.example/log", "--quiet")
        self.run("register", "system", "scoring", "--name", "Scoring", "--role", "provider", "--quiet")
        self.token = self.run("token", "new", "ci", "--role", "collector", "--quiet").strip()
        self.run("key", "trust", "--output", folder + "/trust.keys")

    def run(self, *words):
        done = subprocess.run([self.binary, *words], env=self.env, cwd=self.folder, capture_output=True, text=True)
        if done.returncode:
            sys.exit("%s: exit %d\n%s%s" % (" ".join(words), done.returncode, done.stdout, done.stderr))
        return done.stdout

    def sound(self, anchor, torn=False):
        """fsck finds nothing; before the next write, nothing but a record that the kill cut short and nobody was told of."""
        words = [self.binary, "log", "fsck", "--json", "--anchor", anchor]
        done = subprocess.run(words, env=self.env, cwd=self.folder, capture_output=True, text=True)
        kinds = {fault["kind"] for fault in json.loads(done.stdout)["faults"]}
        if kinds - ({"torn-tail"} if torn else set()) or not kinds and done.returncode:
            sys.exit("fsck: exit %d\n%s%s" % (done.returncode, done.stdout, done.stderr))

    def serve(self):
        """Starts the service; gives the process and its port."""
        log = open(self.folder + "/serve.log", "ab")
        child = subprocess.Popen([self.binary, "serve", "--listen", "127.0.0.1:0"], env=self.env, cwd=self.folder,
                                 stdout=subprocess.PIPE, stderr=log, text=True)
        line = child.stdout.readline()
        if "http://" not in line:
            sys.exit("the service does not start: %s" % open(self.folder + "/serve.log").read()[-2000:])
        return child, int(line.strip().rsplit(":", 1)[1])


def client(place, port, name, stop, held, open_ids):
    """Pushes one result after another until the service is gone; keeps what was answered."""
    headers = {"Authorization": "Bearer " + place.token, "Content-Type": "application/json"}
    link, n = None, 0
    while not stop.is_set():
        ident = "%s-%d" % (name, n)
        row = {"control": "AFF-EXP-11", "status": "passed", "system": "scoring", "summary": "as measured " + "x" * 600,
               "collector": {"name": "bench"}, "id": ident}
        open_ids.add(ident)
        try:
            if link is None:
                link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            link.request("POST", "/v1/results", json.dumps(row), headers)
            answer = link.getresponse()
            body = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return
        if answer.status not in (200, 201):
            held.append(("wrong", answer.status, body))
            return
        entry = body["entries"][0]
        held.append((entry["index"], entry["leaf"], entry["receipt"], ident))
        open_ids.discard(ident)
        n += 1


def main():
    asked = arguments()
    with tempfile.TemporaryDirectory() as folder:
        place = Place(asked.binary, folder)
        held_by_all, unanswered, slowest, killed = [], set(), 0.0, 0
        for number in range(asked.rounds):
            child, port = place.serve()
            stop, held, open_ids = threading.Event(), [], set()
            threads = [threading.Thread(target=client, args=(place, port, "r%d-c%d" % (number, n), stop, held, open_ids))
                       for n in range(asked.clients)]
            for thread in threads:
                thread.start()
            time.sleep(asked.seconds * random.uniform(0.3, 1.7))
            child.send_signal(signal.SIGKILL)
            killed += child.wait() == -signal.SIGKILL
            stop.set()
            for thread in threads:
                thread.join()
            wrong = [it for it in held if it[0] == "wrong"]
            if wrong:
                sys.exit("round %d: %s" % (number, wrong[0]))
            begin = time.time()
            if held:
                last = max(held, key=lambda it: it[0])
                anchor = folder + "/anchor.checkpoint"
                with open(anchor, "w") as out:
                    out.write(last[2].split("\n\n", 1)[1])
                place.sound(anchor, torn=True)
            slowest = max(slowest, time.time() - begin)
            held_by_all.extend(held)
            unanswered |= open_ids
            # What got no answer is sent again under its id: it is there once.
            child, port = place.serve()
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            for ident in sorted(open_ids):
                row = {"control": "AFF-EXP-11", "status": "passed", "system": "scoring", "summary": "as measured " + "x" * 600,
                       "collector": {"name": "bench"}, "id": ident}
                link.request("POST", "/v1/results", json.dumps(row),
                             {"Authorization": "Bearer " + place.token, "Content-Type": "application/json"})
                answer = link.getresponse()
                body = answer.read()
                if answer.status not in (200, 201):
                    sys.exit("round %d: %s again: %d %s" % (number, ident, answer.status, body))
            child.send_signal(signal.SIGTERM)
            if child.wait() != 0:
                sys.exit("round %d: the service did not end in order" % number)
            if held:
                place.sound(anchor)
        entries = [json.loads(line) for line in place.run("log", "show", "--json").splitlines()]
        leaves = {entry["index"]: entry["leaf"] for entry in entries}
        lost = [it for it in held_by_all if leaves.get(it[0]) != it[1]]
        for at, it in enumerate(random.sample(held_by_all, min(50, len(held_by_all)))):
            path = folder + "/receipt-%d.tlog-proof" % at
            with open(path, "w") as out:
                out.write(it[2])
            place.run("verify", path, "--trust", folder + "/trust.keys", "--quiet")
        ids = place.run("log", "show", "--ids").split()
        ids = [ident for ident in ids if ident.startswith("r")]
        twice = len(ids) - len(set(ids))
        print("%d rounds, %d killed under %d clients: %d receipts held, %d lost; %d without an answer sent again, %d recorded twice"
              % (asked.rounds, killed, asked.clients, len(held_by_all), len(lost), len(unanswered), twice))
        if lost or twice or killed != asked.rounds or not held_by_all:
            sys.exit(1)


if __name__ == "__main__":
    main()
