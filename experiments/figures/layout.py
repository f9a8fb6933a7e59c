"""Where the points of a sweep go on an axis: one parameter across, a second one as kinds of line, else by number.

A sweep over two parameters that is a full grid gives one line for each value of the second. A list of points that is
no grid is set out by number, and without a sweep the arms themselves stand side by side.
"""

from dataclasses import dataclass
from textwrap import fill

import numpy as np

from experiments.figures import style, wording

FILLS = (None, "white", style.FAINT)
TIGHT = 0.07
"""Values closer than this share of the axis would print over each other; then all are evenly spaced."""

LABEL = 36
"""The longest line of letters under an axis."""


@dataclass(frozen=True)
class Line:
    """One line: the design points on it, where they are, and its look; `value` is that of the second parameter."""

    points: list
    x: np.ndarray
    colour: str
    dash: object
    marker: str
    fill: str
    value: float | None = None


class Layout:
    """How the arms and design points of a result are laid out."""

    def __init__(self, manifest):
        """Work it out from the manifest's arms, points and sweep."""
        self.manifest = manifest
        self.arms = wording.arms(manifest)
        self.points = wording.points(manifest)
        self.keys = wording.swept(manifest)
        self.across = self.keys[0] if self.keys and (len(self.keys) == 1 or self._is_grid()) else None
        self.second = self.keys[1] if self.across and len(self.keys) == 2 else None
        self.values = self._values(self.second) if self.second else [None]
        self.ticks = self._values(self.across) if self.across else list(range(len(self.points)))
        self.even = self._is_tight()

    @property
    def lines(self):
        """How many lines there are in the legend."""
        return -(-len(self.arms) * len(self.values) // self.legend_columns)

    @property
    def legend_columns(self):
        """How many entries of the legend stand side by side."""
        return len(self.values) if self.second else min(4, len(self.arms))

    @property
    def arms_across(self):
        """True where the arms themselves stand side by side, with their names beneath."""
        return not self.keys and len(self.arms) <= 4

    @property
    def note(self):
        """A sentence for the caption on how the axis is laid out, or nothing."""
        if self.keys and not self.across:
            return " The design points stand side by side in the order of the config; they are no grid."
        if self.across and self.even:
            return f" The values of {self.across} are evenly spaced, not to scale."
        return ""

    def lines_of(self, number, *, of):
        """Return the lines of arm 0, 1 …: one, or one for each value of the second parameter."""
        found = []
        for rank, value in enumerate(self.values):
            colour, dash, marker = style.series_style(number)
            if self.second:
                _, dash, marker = style.series_style(rank)
            fill = FILLS[number % 3] or colour
            points = self._points_with(value)
            count = of * len(self.values)
            shift = (number * len(self.values) + rank - (count - 1) / 2) * self._step()
            dash = dash if self.across else "none"
            found.append(Line(points, self._places(points, number) + shift, colour, dash, marker, fill, value))
        return found

    def words(self, arm, line):
        """Return a line's entry in the legend."""
        label = wording.plain(arm)
        return label if line.value is None else f"{label}, {self.second} = {line.value:g}"

    def where(self, point):
        """Return a design point in words, "alliance.pace = 0.2 share per session"."""
        return wording.setting(self.manifest, self.points[point])

    def label(self, axes):
        """Put ticks and label on the axis across."""
        if self.across:
            axes.set_xlabel(fill(wording.parameter(self.manifest, self.across), LABEL))
            places = range(len(self.ticks)) if self.even else self.ticks
            axes.set_xticks(places, [f"{value:g}" for value in self.ticks])
        elif self.keys:
            words = [", ".join(f"{value:g}" for value in point.values()) for point in self.points]
            axes.set_xticks(self.ticks, words, rotation=30 if len(words) > 4 else 0)
            axes.set_xlabel("\n".join(fill(wording.parameter(self.manifest, key), LABEL) for key in self.keys))
        else:
            names = [fill(wording.plain(arm), 11) for arm in self.arms] if self.arms_across else []
            axes.set_xticks(range(len(names)), names, fontsize=9)
            axes.set_xlim(-0.6, len(self.arms) - 0.4)
            axes.set_xlabel("arm")

    def _points_with(self, value):
        """Return the design points on a line (those with `value` of the second parameter), from left to right."""
        found = [p for p, point in enumerate(self.points) if value is None or point[self.second] == value]
        return sorted(found, key=lambda p: self.points[p][self.across]) if self.across else found

    def _places(self, points, number):
        if not self.keys:
            return np.array([float(number)])
        if not self.across:
            return np.array(points, dtype=float)
        values = [self.points[point][self.across] for point in points]
        return np.array([self.ticks.index(value) for value in values] if self.even else values, dtype=float)

    def _step(self):
        """Return how far neighbouring lines are moved apart, so that their intervals do not hide each other."""
        if not self.keys or len(self.ticks) < 2:
            return 0.0 if not self.keys else 0.05
        wide = 1.0 if self.even or not self.across else min(np.diff(self.ticks))
        return 0.07 * wide

    def _values(self, key):
        return sorted({point[key] for point in self.points})

    def _is_grid(self):
        """Return whether two swept parameters have every combination of their values exactly once."""
        if len(self.keys) != 2:
            return False
        pairs = {tuple(point[key] for key in self.keys) for point in self.points}
        return len(pairs) == len(self.points) == np.prod([len(self._values(key)) for key in self.keys])

    def _is_tight(self):
        if not self.across or len(self.ticks) < 3:
            return False
        return min(np.diff(self.ticks)) < TIGHT * (self.ticks[-1] - self.ticks[0])
