"""The restricted likelihood of effects within schools within districts, by sums instead of matrices.

Every effect is mean + district + school + sampling error of known variance v. The covariance matrix is nested, so its
inverse needs only sums by school and by district. For a school, a = sum 1/v and t = a / (1 + inner a); for a district,
T = sum t and u = T / (1 + outer T), where `outer` and `inner` are the two variances. u is what the district weighs in
the mean. No matrix is ever built: ten thousand effects take milliseconds. Tests compare with the matrices.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Nest:
    """Effects `y` with weights 1/v; `inner` is each effect's school, `outer` each school's district (from 0)."""

    y: np.ndarray
    weight: np.ndarray
    inner: np.ndarray
    outer: np.ndarray

    @property
    def districts(self):
        """How many outer groups there are."""
        return int(self.outer.max()) + 1

    def by_inner(self, values):
        """Sum a number of each effect by inner group."""
        return np.bincount(self.inner, values)

    def by_outer(self, values):
        """Sum a number of each inner group by outer group."""
        return np.bincount(self.outer, values)


@dataclass(frozen=True)
class Sums:
    """What the formulas need at two variances: `t` by school, `whole` (T) and `u` by district, mean, residuals.

    `shrink` = 1 + inner a and `grow` = 1 + outer T; `pull` is the weighted residual of a school, `pull_outer` of a
    district: what its own deviation would be pulled towards.
    """

    t: np.ndarray
    u: np.ndarray
    shrink: np.ndarray
    grow: np.ndarray
    mean: float
    squares: float
    pull: np.ndarray
    pull_outer: np.ndarray


def nest(effects, variances, *, outer, inner):
    """Return the `Nest` of effects with labels of two levels; equal `inner` labels in two outer groups are two."""
    districts = pd.factorize(np.asarray(outer))[0]
    frame = pd.DataFrame({"outer": districts, "inner": pd.factorize(np.asarray(inner))[0]})
    schools = frame.groupby(["outer", "inner"], sort=False).ngroup().to_numpy()
    return Nest(effects, 1 / variances, schools, districts[np.unique(schools, return_index=True)[1]])


def sums(data, theta):
    """Return the `Sums` at `theta` = (outer variance, inner variance)."""
    big, small = theta
    a = data.by_inner(data.weight)
    shrink = 1 + small * a
    t = a / shrink
    whole = data.by_outer(t)
    grow = 1 + big * whole
    u = whole / grow
    total = data.by_outer(data.by_inner(data.weight * data.y) / shrink)
    mean = float((total / grow).sum() / u.sum())
    residual = data.by_inner(data.weight * (data.y - mean))
    pull_outer = data.by_outer(residual / shrink) / grow
    squares = np.sum(data.weight * (data.y - mean) ** 2) - small * np.sum(residual**2 / shrink)
    squares -= big * np.sum(pull_outer**2 * grow)
    pull = residual / shrink - big * t * pull_outer[data.outer]
    return Sums(t, u, shrink, grow, mean, float(squares), pull, pull_outer)


def likelihood(data, theta):
    """Return the restricted log-likelihood at `theta`, with all its constants."""
    s, k = sums(data, theta), data.y.size
    determinant = np.log(s.shrink).sum() + np.log(s.grow).sum() - np.log(data.weight).sum() + math.log(s.u.sum())
    return float(-((k - 1) * math.log(2 * math.pi) - math.log(k) + determinant + s.squares) / 2)


def score(data, theta):
    """Return the slope of the restricted log-likelihood at `theta`, two numbers, and its expected information, 2 x 2.

    slope = (r'V^-1 A V^-1 r - tr(P A)) / 2, information = tr(P A P B) / 2, A and B the matrices of ones of the levels,
    V the covariance, P = V^-1 - V^-1 1 1'V^-1 / sum u; by sums, as the module says.
    """
    s, total = sums(data, theta), data.by_outer
    weight, shared = s.u.sum(), theta[0] / s.grow
    b = s.t / s.grow[data.outer]
    own = s.t - shared[data.outer] * s.t**2
    squares = np.array([np.sum(s.u**2), np.sum(b**2)])
    trace = np.array([weight, own.sum()]) - squares / weight
    slope = (np.array([np.sum(s.pull_outer**2), np.sum(s.pull**2)]) - trace) / 2
    outer = squares[0] - 2 * np.sum(s.u**3) / weight
    mixed = squares[1] - 2 * np.sum(s.u * total(b**2)) / weight
    inner = np.sum(s.t**2) - 2 * np.sum(shared * total(s.t**3)) + np.sum((shared * total(s.t**2)) ** 2)
    inner -= 2 * (np.sum(s.t * b**2) - np.sum(shared * total(s.t * b) ** 2)) / weight
    information = np.array([[outer, mixed], [mixed, inner]]) + np.outer(squares, squares) / weight**2
    return slope, information / 2
