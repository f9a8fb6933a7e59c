"""What goes into a mixed model: rows without gaps, groups within groups, standardised columns, and their sums.

A client who changed therapist counts as one client with each of them, so that clients always lie within therapists.
Predictors and outcome are standardised inside (offsets of a million and units of a millionth do no harm) and every
number is turned back before anybody sees it.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.estimators.columns import numbers


@dataclass(frozen=True)
class Level:
    """One level of groups: its name, its random effects ("intercept" first), how many groups, whose they are.

    `parent` is each group's place one level up, `firsts` the first group of each parent, `parents` how many there
    are. `back` turns the factor of the standardised effects into that of the raw ones: G = back L L' back'.
    """

    group: str
    effects: tuple
    groups: int
    parent: np.ndarray
    firsts: np.ndarray
    parents: int
    back: np.ndarray

    @property
    def spare(self):
        """How many more groups there are than parents: the degrees of freedom between them."""
        return self.groups - self.parents


@dataclass(frozen=True)
class Design:
    """A mixed model's data: n rows, p fixed effects (`names`), `levels` from the inside outward, and the sums.

    Raw coefficients are `first` + `size` `back` b, `size` the SD of the residuals of plain least squares (`first`).
    `zz`, `zw` are sums by innermost group of Z'Z and Z'[outer Z, X, y]; `rest` is W'W of the others, by parent.
    `from_x` = 2 log|back|.
    """

    n: int
    names: tuple
    levels: tuple
    first: np.ndarray
    back: np.ndarray
    size: float
    zz: np.ndarray
    zw: np.ndarray
    rest: np.ndarray
    from_x: float

    @property
    def p(self):
        """How many fixed effects there are."""
        return len(self.names)

    def spare(self, *, reml):
        """Return the number by which the residual sum of squares is divided: n - p (REML) or n (ML)."""
        return self.n - self.p if reml else self.n

    def constant(self, *, reml):
        """Return what standardising took from the criterion: m log(size^2), and for REML the change of log|X'X|."""
        from_y = 2.0 * self.spare(reml=reml) * math.log(self.size)
        return from_y - self.from_x if reml else from_y


@dataclass(frozen=True)
class Table:
    """Rows without gaps as arrays: outcome `y`, predictors `x` (a 1 first), `z` per level, `codes` of the groups.

    Rows stand in the order of the groups, the outermost first; `codes` (a list, innermost first) number the groups
    from 0 in this order.
    """

    y: np.ndarray
    x: np.ndarray
    z: list
    codes: list
    names: tuple
    effects: list


def complete_rows(frame, *, outcome, fixed, groups):
    """Return the rows of `frame` in which nothing that the model needs is missing."""
    columns = [outcome, *fixed, *(slope for slopes in groups.values() for slope in slopes)]
    here = np.logical_and.reduce([np.isfinite(numbers(frame, name)) for name in columns])
    for group in groups:
        here &= frame[group].notna().to_numpy(dtype=bool)
    return frame[here]


def table(frame, *, outcome, fixed, groups):
    """Return the `Table` of a frame without gaps; `groups` from the innermost outward, each with its slopes."""
    codes = _nested([pd.factorize(frame[group])[0] for group in groups])
    order = np.lexsort(codes) if codes else np.arange(len(frame))
    ones = np.ones(len(frame))
    x = np.column_stack([ones, *(numbers(frame, name) for name in fixed)])
    z = [np.column_stack([ones, *(numbers(frame, name) for name in slopes)]) for slopes in groups.values()]
    return Table(
        y=numbers(frame, outcome)[order],
        x=x[order],
        z=[each[order] for each in z],
        codes=[_renumbered(each[order]) for each in codes],
        names=("intercept", *fixed),
        effects=[("intercept", *slopes) for slopes in groups.values()],
    )


def _nested(codes):
    """Return codes in which each group lies within one of the next: a pair of labels makes a group."""
    for level in range(len(codes) - 2, -1, -1):
        outer = codes[level + 1].astype(np.int64)
        codes[level] = pd.factorize(outer * (codes[level].max(initial=0) + 1) + codes[level])[0]
    return codes


def _renumbered(codes):
    return np.concatenate([[0], np.cumsum(np.diff(codes) != 0)]) if codes.size else codes


def design(data, *, groups):
    """Return the `Design` of a checked `Table`; `groups` are the names of the levels."""
    q, back = standardised(data.x)
    middle = data.y.mean()
    b = q.T @ (data.y - middle) / len(q)
    error = data.y - middle - q @ b
    size = math.sqrt(error @ error / len(q))
    first = back @ b
    first[0] += middle
    z = [standardised(each) for each in data.z]
    w = np.column_stack([*(each for each, _ in z), q, error / size])
    levels = _levels(data, groups=tuple(groups), backs=[back for _, back in z])
    zz, zw, rest = _sums(w, data.codes, levels)
    from_x = 2.0 * float(np.linalg.slogdet(back)[1])
    return Design(len(q), data.names, levels, first, back, size, zz, zw, rest, from_x)


def standardised(columns):
    """Return columns that are uncorrelated with mean square 1 and span the same, and `back`: new = old @ back.

    The first column is all ones; the others are centred before they are made orthogonal, so that a year of 2026 or
    a weight in micrograms loses no digits.
    """
    n, k = columns.shape
    shift = np.eye(k)
    shift[0, 1:] = -columns[:, 1:].mean(axis=0)
    centred = columns - np.append(0.0, columns[:, 1:].mean(axis=0))
    scale = np.sqrt(np.mean(centred**2, axis=0))
    q, r = np.linalg.qr(centred / scale)
    return q * math.sqrt(n), shift @ (np.linalg.inv(r) * math.sqrt(n) / scale[:, None])


def _levels(data, *, groups, backs):
    outer = [*data.codes[1:], np.zeros(len(data.y), dtype=int)]
    rows = zip(groups, data.effects, data.codes, outer, backs, strict=False)
    return tuple(_level(*each) for each in rows)


def _level(group, effects, codes, outer, back):
    parent = outer[starts(codes)]
    return Level(group, effects, len(parent), parent, starts(parent), int(parent[-1]) + 1, back)


def starts(codes):
    """Return where each group begins in sorted codes."""
    return np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1])


def _sums(w, codes, levels):
    """Return Z'Z and Z'W by innermost group, and W'W of the other columns by its parent (all rows: no levels)."""
    if not levels:
        return None, None, (w.T @ w)[None]
    q = len(levels[0].effects)
    own = products(w[:, :q], w, codes[0])
    parent = levels[0].parent[codes[0]]
    return own[:, :, :q], own[:, :, q:], products(w[:, q:], w[:, q:], parent)


def products(a, b, codes):
    """Return the sums of a'b by group of sorted codes, a stack of small matrices."""
    if codes[-1] == 0:
        return (a.T @ b)[None]
    first = starts(codes)
    return np.stack([np.add.reduceat(column[:, None] * b, first, axis=0) for column in a.T], axis=1)
