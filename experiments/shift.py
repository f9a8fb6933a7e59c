"""The foreman's loop: hand chunks of runs to whoever is free, until all is done or the bell rings.

A process that dies without a word takes its chunk with it, and nobody knows which run was to blame. So each
run that was under way is then tried alone; one that dies alone is written down as failed, and the others go
on.
"""

import time
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait
from contextlib import suppress

from experiments.plan import Plan
from experiments.store import Refusal
from experiments.worker import record_death

LOOK_UP = 0.2
"""Seconds between two looks at whether somebody rang."""
PATIENCE = 5.0
"""Seconds that workers get to finish the run in hand after Ctrl-C; then they are ended."""
DEATHS = 3
"""So many processes dying one after the other mean that something is wrong with more than one run."""


class WorkersDied(Refusal):
    """Worker processes die one after the other."""


class Shift:
    """Does `tasks` with executors that `hire()` returns; `.done` and `.failed` count what was finished."""

    def __init__(self, job, tasks, *, hire, work, workers, room, bell, progress):
        """`work(job, chunk)` does a chunk; at most `room` chunks are handed out at a time."""
        self.job, self.hire, self.function, self.room = job, hire, work, room
        self.plan = Plan(tasks, workers=workers)
        self.bell, self.progress = bell, progress
        self.done = self.failed = 0
        self._pending = {}
        self._alone = False
        self._dead = []

    def work(self):
        """Do all tasks, or as many as are done when the bell rings."""
        while (self.plan or self._pending) and not self.bell.rings:
            executor = self.hire()
            try:
                self._work_with(executor)
            except BrokenExecutor:
                self._suspect()
            finally:
                self._dismiss(executor)
        if not self.bell.rings:
            self._bury()

    def _work_with(self, executor):
        while self.plan or self._pending:
            if self.bell.rings:
                self._last_call()
                return
            self._hand_out(executor)
            self._take_in(timeout=LOOK_UP)

    def _hand_out(self, executor):
        while self.plan and not self.bell.rings and len(self._pending) < self._room():
            self._alone = bool(self.plan.suspects)
            chunk = self.plan.next()
            try:
                future = executor.submit(self.function, self.job, chunk)
            except BrokenExecutor:
                self.plan.put_back(chunk, alone=self._alone)
                raise
            self._pending[future] = chunk

    def _room(self):
        """How many chunks may be out: one alone while there are suspects."""
        return 1 if self._alone or self.plan.suspects else self.room

    def _take_in(self, *, timeout):
        """Wait a moment and note what came back, what went well first."""
        finished, _ = wait(self._pending, timeout=timeout, return_when=FIRST_COMPLETED)
        for future in sorted(finished, key=lambda future: future.exception() is not None):
            note = future.result()
            del self._pending[future]
            self._alone = False
            self._count(note)

    def _count(self, note):
        self.done, self.failed = self.done + note.done, self.failed + note.failed
        self.plan.learn(runs=note.done + note.failed, seconds=note.seconds)
        self.progress.add(note.done + note.failed, failed=note.failed)
        if note.done:
            self._bury()

    def _last_call(self):
        """Cancel what has not begun, and give the rest a little time to be written."""
        for future in [future for future in self._pending if future.cancel()]:
            del self._pending[future]
        end = time.monotonic() + PATIENCE
        with suppress(BrokenExecutor):
            while self._pending and self.bell.rings < 2 and time.monotonic() < end:
                self._take_in(timeout=LOOK_UP)

    def _suspect(self):
        """After a death, set aside the runs that were under way; if there was only one, it is the one."""
        time.sleep(LOOK_UP)  # a signal to the whole group of processes may have reached the workers first
        tasks = [task for chunk in self._pending.values() for task in chunk]
        self._pending.clear()
        if not self._alone:
            self.plan.suspects.extend(tasks)
            return
        self._alone = False
        self._dead.extend(tasks)
        if len(self._dead) >= DEATHS:
            raise WorkersDied(
                f"{DEATHS} worker processes died one after the other without a word; "
                "run with --workers 1 to see why (out of memory? a script without a main guard?)."
            )

    def _bury(self):
        """Write down as failed the runs that died alone: others went well, so it was not the machine."""
        for task in self._dead:
            record_death(self.job, task)
        self.failed += len(self._dead)
        if self._dead:
            self.progress.add(len(self._dead), failed=len(self._dead))
        self._dead = []

    def _dismiss(self, executor):
        """Send the workers home; those who are still at it are ended."""
        if self._pending and hasattr(executor, "kill"):
            executor.kill()
        executor.shutdown(wait=True, cancel_futures=True)
