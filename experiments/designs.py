"""The points of a sweep: which values of which parameters an experiment tries.

A grid tries every combination (three speeds of growth and two waiting times are six points); a list tries the
points that are written out. A design can be counted before any point of it is made, so a grid of 10^12 points
is refused in a moment.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

MAX_RUNS = 1_000_000
"""Most runs that one experiment may have: arms times points times replications."""


@dataclass(frozen=True)
class Grid:
    """Every combination of the values on each axis; the last axis runs fastest. No axis: one point, `{}`."""

    axes: Mapping[str, tuple] = field(default_factory=dict)

    @property
    def keys(self):
        """The parameters that vary, in the order of the config."""
        return tuple(self.axes)

    def count(self):
        """Return how many points there are, without making them."""
        return math.prod(len(values) for values in self.axes.values())

    def __iter__(self):
        """Yield each point, a dict from parameter to value."""
        return (dict(zip(self.axes, values, strict=True)) for values in product(*self.axes.values()))


@dataclass(frozen=True)
class Listed:
    """The points that the config writes out, in its order; all have the same keys."""

    rows: tuple[dict, ...]

    @property
    def keys(self):
        """The parameters that vary, in the order of the first point."""
        return tuple(self.rows[0])

    def count(self):
        """Return how many points there are."""
        return len(self.rows)

    def __iter__(self):
        """Yield each point, a dict from parameter to value, its keys in the order of the first point."""
        return ({key: row[key] for key in self.keys} for row in self.rows)


NO_SWEEP = Grid()
"""The design of an experiment that varies nothing: one point."""


def too_many(design, *, arms, replications):
    """Return a sentence if the experiment would have more than `MAX_RUNS` runs, else None."""
    runs = design.count() * arms * replications
    if runs <= MAX_RUNS:
        return None
    parts = [
        _counted(arms, "arm"),
        _counted(design.count(), "design point"),
        _counted(replications, "replication"),
    ]
    return (
        f"{' x '.join(parts)} = {_short(runs)} runs, and an experiment may have at most {MAX_RUNS:,}; "
        "take fewer values or fewer replications."
    )


def _counted(number, noun):
    return f"{_short(number)} {noun}{'' if number == 1 else 's'}"


def _short(number):
    """Return a count in figures; beyond 10^15 as a power of ten, so that a sentence stays a sentence."""
    return f"{number:,}" if number < 10**15 else f"more than 10^{len(str(number)) - 1}"
