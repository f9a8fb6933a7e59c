"""One process at a time in a folder of results.

The lock is a note on the door: which computer, which process, since when. If that process is gone (killed,
power cut), the next one takes the note down and says so. A note from another computer is never taken down:
nobody can see from here whether that process still runs.
"""

import json
import os
import platform
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from experiments.store import Refusal
from experiments.writing import cannot_write


class Lock:
    """Holds `folder` for this process while the `with` block runs; `.taken_over` is a sentence, or None."""

    def __init__(self, folder):
        """Name the folder; nothing is locked yet."""
        self.path = Path(folder) / "lock"
        self.taken_over = None

    def __enter__(self):
        """Lock the folder, or raise Refusal if another process has it."""
        while not self._create():
            note = self._read()
            if note is not None:
                self._check(note)
                self._take_down(note)
        return self

    def __exit__(self, *exception):
        """Unlock."""
        with suppress(OSError):
            self.path.unlink()

    def _create(self):
        try:
            handle = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            return False
        except OSError as error:
            raise cannot_write(self.path.parent, error) from error
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(_myself(), file)
            file.flush()
            os.fsync(file.fileno())
        return True

    def _read(self):
        """Return the note on the door, or None if it is gone by now."""
        try:
            return json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            raise Refusal(
                f"{self.path} cannot be read; if no process works on this folder, remove it and run again."
            ) from None

    def _check(self, note):
        """Raise Refusal unless the process that left the note ran on this computer and is gone."""
        who = f"process {note['pid']} on {note['host']} since {note['since']}"
        if note["host"] != platform.node():
            raise Refusal(
                f"{self.path.parent} is locked by {who}, another computer than this; "
                f"if nothing runs there any more, remove {self.path} and run again."
            )
        if is_alive(note["pid"], started=note["process_start"]):
            raise Refusal(f"{self.path.parent} is being worked on by {who}; wait until it is done, or stop it.")

    def _take_down(self, note):
        """Take down a dead process's note; of two that try, one gets it: a file is renamed only once."""
        aside = self.path.with_name(f".lock.{os.getpid()}")
        with suppress(FileNotFoundError):
            os.replace(self.path, aside)
            if json.loads(aside.read_text(encoding="utf-8")) != note:
                os.replace(aside, self.path)  # somebody was quicker and has hung up a new one
                return
            aside.unlink()
            self.taken_over = (
                f"Process {note['pid']} left {self.path.parent} unfinished and is gone; going on from there."
            )


def _myself():
    pid = os.getpid()
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()) + " UTC"
    return {"host": platform.node(), "pid": pid, "process_start": process_start(pid), "since": since}


def is_alive(pid, *, started):
    """Return whether the process runs; `started` tells it from a later process with the same number."""
    if os.name == "nt":
        return True  # there is no harmless way to ask
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's process
    return started is None or process_start(pid) in (None, started)


def process_start(pid):
    """Return when a process started, a text to compare with others; None if the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "ended" if fields[0] == "Z" else fields[19]
    except (OSError, IndexError):
        pass
    with suppress(OSError, subprocess.SubprocessError):
        answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, timeout=10)
        return answer.stdout.strip() or None
    return None
