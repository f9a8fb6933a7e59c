"""How far it is: a bar with the time left on a terminal, plain lines in a log."""

import sys
import time

from tqdm import tqdm

SHARE = 0.1
SECONDS = 30.0


class Progress:
    """Shows how many of `total` runs are done, `already` of them before; `.say` prints a sentence."""

    def __init__(self, *, total, already=0, stream=None, clock=time.monotonic):
        """Begin to show; on a terminal as a bar."""
        self.total, self.count, self.already, self.failed = total, already, already, 0
        self.stream, self.clock = stream or sys.stderr, clock
        self._began = self._last_time = clock()
        self._last_count = already
        self._bar = None
        if self.stream.isatty():
            self._bar = tqdm(total=total, initial=already, unit="run", file=self.stream, dynamic_ncols=True)

    def __enter__(self):
        """Return itself."""
        return self

    def __exit__(self, *exception):
        """End the bar."""
        if self._bar is not None:
            self._bar.close()

    def add(self, count, *, failed=0):
        """Note that `count` more runs have ended, of which `failed` failed."""
        self.count, self.failed = self.count + count, self.failed + failed
        if self._bar is None:
            self._line()
            return
        if self.failed:
            self._bar.set_postfix_str(f"{self.failed} failed", refresh=False)
        self._bar.update(count)

    def say(self, sentence):
        """Print a sentence without breaking the bar."""
        if self._bar is None:
            print(sentence, file=self.stream, flush=True)
        else:
            self._bar.write(sentence, file=self.stream)

    def _line(self):
        """Print a line if another tenth is done, or if nothing was said for half a minute."""
        now = self.clock()
        step = self.count - self._last_count
        if step < SHARE * self.total and now - self._last_time < SECONDS and self.count < self.total:
            return
        self._last_count, self._last_time = self.count, now
        failed = f", {self.failed} failed" if self.failed else ""
        self.say(f"{self.count} of {self.total} runs ({self.count / self.total:.0%}){failed}{self._left(now)}")

    def _left(self, now):
        new = self.count - self.already
        if not new or self.count >= self.total:
            return ""
        seconds = (now - self._began) / new * (self.total - self.count)
        return f", about {duration(seconds)} left"


def duration(seconds):
    """Return a duration in words, as coarse as one would say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
