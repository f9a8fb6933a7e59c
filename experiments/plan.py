"""Cutting the runs that are left into chunks: as few files as can be, and still something to look at.

The first chunks are single runs, to see how long one takes. Then a chunk is a third of a worker's share of
what is left, at least two seconds and mostly no more than five; a very long sweep gets longer ones, about 400
in all. The order is never changed: replication by replication, so that half a sweep is a sweep.
"""

import math
from collections import deque

SHORTEST = 2.0
LONGEST = 5.0
PER_WORKER = 3
PARTS = 400


class Plan:
    """The runs still to be done; `suspects` were under way when a process died, and are tried alone."""

    def __init__(self, tasks, *, workers):
        """Plan these tasks for so many workers."""
        self.tasks, self.suspects, self.workers = deque(tasks), deque(), workers
        self.total = len(self.tasks)
        self.seconds = None

    def __len__(self):
        """How many runs are not yet handed out."""
        return len(self.tasks) + len(self.suspects)

    def learn(self, *, runs, seconds):
        """Note how long some runs took; the newest count half."""
        if runs:
            mean = seconds / runs
            self.seconds = mean if self.seconds is None else (self.seconds + mean) / 2

    def next(self):
        """Take out the next chunk, a list of tasks: a single one while there are suspects."""
        if self.suspects:
            return [self.suspects.popleft()]
        return [self.tasks.popleft() for _ in range(min(self.size(), len(self.tasks)))]

    def put_back(self, chunk, *, alone):
        """Put a chunk back in front, because nobody was there to take it."""
        (self.suspects if alone else self.tasks).extendleft(reversed(chunk))

    def size(self):
        """Return how many runs the next chunk should have."""
        if self.seconds is None:
            return 1
        each = max(self.seconds, 1e-6)
        share = len(self.tasks) * each / (PER_WORKER * self.workers)
        wanted = min(max(share, SHORTEST), max(LONGEST, self.total * each / PARTS))
        return max(1, min(round(wanted / each), math.ceil(len(self.tasks) / self.workers)))
