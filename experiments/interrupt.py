"""Ctrl-C without loss: the first one lets the runs under way end and be written, the second gives them up.

Like the last call in a library: at the first bell people finish their page, at the second they go; no book is
left half shelved. SIGTERM (a scheduler, `kill`) rings the same bell.
"""

import os
import signal
import threading
from contextlib import contextmanager, suppress

SIGNALS = (signal.SIGINT, signal.SIGTERM)
FIRST = "\nStopping: runs under way are being finished and written; Ctrl-C once more gives them up.\n"


class Bell:
    """Counts rings of SIGINT and SIGTERM in its `with` block; the first puts a file `stop` in `folder`."""

    def __init__(self, folder):
        """Name the folder of the result; signals are not yet caught."""
        self.file = folder / "stop"
        self.rings = 0
        self._open = False
        self._before = {}

    def __enter__(self):
        """Catch the signals; only the main thread can, so in another thread nothing is caught."""
        self._remove()
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self.ring) for number in SIGNALS}
        return self

    def __exit__(self, *exception):
        """Let signals do what they did before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._remove()

    def ring(self, *signal_and_frame):
        """Note one more ring."""
        self.rings += 1
        if self.rings == 1:
            with suppress(OSError):
                self.file.touch()
            with suppress(OSError):
                os.write(2, FIRST.encode())  # print() may be in the middle of a line of its own
        elif self._open:
            raise KeyboardInterrupt

    @contextmanager
    def breakable(self):
        """Let the second ring break into this block with KeyboardInterrupt; it breaks into nothing else."""
        self._open = True
        try:
            yield
        finally:
            self._open = False

    def _remove(self):
        with suppress(OSError):
            self.file.unlink(missing_ok=True)
