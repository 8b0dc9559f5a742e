"""Someone who pushes all the time, to be cut off: one push after another, single ones and batches in turn."""
import subprocess
import threading

from bases import batch, single
from hlib import acknowledged_in, kill_group


class Worker(threading.Thread):
    """Pushes until told to stop; `acknowledged` grows with every line that was printed."""

    def __init__(self, product, place, name, on_line=None):
        super().__init__(daemon=True)
        self.product, self.place, self.label, self.on_line = product, place, name, on_line
        self.acknowledged, self.grown, self.stopping = [], threading.Event(), False
        self.process, self.lock, self.answers = None, threading.Lock(), []

    def steps(self):
        """Three single pushes, then a batch that fills bundles, and so on."""
        number = 0
        while True:
            name = "%s-%d" % (self.label, number)
            yield batch(name, 300, 400) if number % 4 == 3 else single(name)
            number += 1

    def run(self):
        for step in self.steps():
            with self.lock:
                if self.stopping:
                    return
                self.process = subprocess.Popen(self.product.words(step, self.place), env=self.product.env(self.place),
                                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                                stderr=subprocess.PIPE, start_new_session=True)
            for line in self.process.stdout:
                for id in acknowledged_in(line):
                    self.acknowledged.append(id)
                    if self.on_line:
                        self.on_line(id)
                    self.grown.set()
            err = self.process.stderr.read()
            code = self.process.wait()
            self.process.stdout.close()
            self.process.stderr.close()
            if code:
                self.answers.append((code, err.decode("utf8", "replace")[:200]))
                self.grown.set()
                return

    def wait_for(self, count, seconds):
        """Waits until so many entries were acknowledged, at most so long."""
        while len(self.acknowledged) < count and self.is_alive() and seconds > 0:
            self.grown.wait(0.05)
            self.grown.clear()
            seconds -= 0.05

    def stop(self):
        """Kills what runs and waits for the end."""
        with self.lock:
            self.stopping = True
            if self.process:
                kill_group(self.process)
        self.join(30)
