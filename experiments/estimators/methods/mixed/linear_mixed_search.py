"""The search for the spreads at which the data are most likely, with an exact zero where the data say zero.

A variance cannot be negative. Where the likelihood would like it to be, the best it can do is 0: the search notices a
factor that shrinks to nothing, takes it out, and keeps it out if the likelihood does not fall when it comes back. A
spread of 10^-9 that looks like an estimate is thus never reported.
"""

import math
from dataclasses import dataclass

import numpy as np

from experiments.estimators.methods.mixed.linear_mixed_criterion import Profile, profile
from experiments.estimators.methods.mixed.linear_mixed_descent import descend

STARTS = (1.0, 0.1, 10.0)
"""Relative standard deviations from which the search begins, one after the other until one search is enough."""
SMALL = 0.05
"""A relative SD (in SDs of the residual) below which the search asks whether it should be 0."""
SETTLED = 1e-12
"""The search has settled when a Newton step would lower the criterion by less than this."""
EDGE = 1e-3
"""How much the criterion may fall, per unit of relative variance, at a variance that is held at 0 (rounding)."""
STEP = 1e-4
"""The step of theta, relative to its size, by which derivatives are taken."""


@dataclass(frozen=True)
class Search:
    """Where a search ended: free numbers `theta`, the `ranks` of the factors, the `Profile` there, its curvature.

    `hessian` holds the second derivatives of the criterion by theta, `decrement` the gain that a Newton step still
    promises, `nearby` the pairs of profiles half a step to either side of theta in each direction.
    """

    theta: np.ndarray
    ranks: tuple
    best: Profile
    hessian: np.ndarray
    decrement: float
    nearby: list
    steps: int
    settled: bool

    def inside(self, design):
        """Return whether no variance is held at 0 and no correlation at 1 or -1."""
        return self.ranks == tuple(len(level.effects) for level in design.levels)


def search(design, *, reml):
    """Return the `Search` for the lowest criterion of a `Design`; `settled` says whether it can be trusted.

    A search that ends inside settles it. One that does not settle, or ends at a boundary (where a criterion may have
    a second valley), is compared with those from the other starts.
    """
    ends = []
    for start in STARTS:
        ends.append(_search_from(design, start, reml=reml))
        if ends[-1].settled and ends[-1].inside(design):
            break
    return min(ends, key=lambda ended: (not ended.settled, ended.best.value))


def _search_from(design, start, *, reml):
    ranks = tuple(len(level.effects) for level in design.levels)
    theta, count = _descend(design, pack([start * np.eye(rank) for rank in ranks], ranks), ranks, reml=reml)
    theta, ranks = _with_zeros(design, theta, ranks, below=SMALL, reml=reml)
    ended = _polished(design, theta, ranks, count, reml=reml)
    if not ended.settled:
        theta, ranks = _with_zeros(design, theta, ranks, below=math.inf, reml=reml)
        ended = _polished(design, theta, ranks, count, reml=reml)
    return ended


def pack(factors, ranks):
    """Return the free numbers of lower triangular factors: the first `rank` columns of each, from the diagonal on."""
    rows = [factor[_free(factor.shape[0], rank)] for factor, rank in zip(factors, ranks, strict=True)]
    return np.concatenate(rows) if rows else np.zeros(0)


def unpack(design, theta, ranks):
    """Return the factors that belong to free numbers: the opposite of `pack`."""
    factors, at = [], 0
    for level, rank in zip(design.levels, ranks, strict=True):
        where = _free(len(level.effects), rank)
        factor = np.zeros((len(level.effects),) * 2)
        factor[where] = theta[at : at + where[0].size]
        at += where[0].size
        factors.append(factor)
    return factors


def _free(q, rank):
    rows, columns = np.tril_indices(q)
    return rows[columns < rank], columns[columns < rank]


def gradient(found, factors, ranks):
    """Return the derivative of the criterion by theta: of G = L L' it is 2 slope L, where L is free."""
    return pack([2.0 * slope @ factor for slope, factor in zip(found.slopes, factors, strict=True)], ranks)


def _descend(design, theta, ranks, *, reml):
    """Return theta near the lowest criterion, and the number of steps there; Newton's steps follow."""

    def down(theta):
        factors = unpack(design, theta, ranks)
        found = profile(design, factors, reml=reml)
        return found.value, gradient(found, factors, ranks)

    return descend(down, theta)


def _with_zeros(design, theta, ranks, *, below, reml):
    """Return theta and ranks after every factor that wants to be 0, of those that are small, has been set to 0."""
    refused = set()
    while True:
        factors = unpack(design, theta, ranks)
        level = _smallest(factors, ranks, refused, below=below)
        if level is None:
            return theta, ranks
        fewer = tuple(rank - (place == level) for place, rank in enumerate(ranks))
        factors[level] = _without_smallest(factors[level], fewer[level])
        near, count = _descend(design, pack(factors, fewer), fewer, reml=reml)
        candidate = _polished(design, near, fewer, count, reml=reml)
        if candidate.settled and _at_edge(candidate):
            theta, ranks = candidate.theta, fewer
        else:
            refused.add(level)


def _smallest(factors, ranks, refused, *, below):
    """Return the place of the factor with the smallest singular value, if it lies below `below`; else None."""
    sizes = {
        place: np.linalg.svd(factor, compute_uv=False)[rank - 1]
        for place, (factor, rank) in enumerate(zip(factors, ranks, strict=True))
        if rank and place not in refused
    }
    place = min(sizes, key=sizes.get, default=None)
    return place if place is not None and sizes[place] < below else None


def _without_smallest(factor, rank):
    """Return the nearest factor of lower rank, as a lower triangle whose last columns are 0."""
    u, sizes, _ = np.linalg.svd(factor)
    triangle = np.linalg.qr((u[:, :rank] * sizes[:rank]).T)[1].T if rank else np.zeros((len(u), 0))
    return np.pad(triangle, ((0, 0), (0, len(u) - triangle.shape[1])))


def _at_edge(ended):
    """Return whether no variance held at 0 would lower the criterion by growing: all slopes have no negative side."""
    held = [slope for slope, rank in zip(ended.best.slopes, ended.ranks, strict=True) if rank < len(slope)]
    return all(np.linalg.eigvalsh(slope)[0] > -EDGE for slope in held)


def _polished(design, theta, ranks, count, *, reml):
    """Return the `Search` after Newton's steps with the curvature taken from differences of gradients."""
    for extra in range(10):
        ended = _curvature(design, theta, ranks, count + extra, reml=reml)
        if ended.settled or not ended.decrement < np.inf:
            return ended
        theta = theta - np.linalg.solve(ended.hessian, gradient(ended.best, unpack(design, theta, ranks), ranks))
    return ended


def _curvature(design, theta, ranks, count, *, reml):
    best = profile(design, unpack(design, theta, ranks), reml=reml)
    slope = gradient(best, unpack(design, theta, ranks), ranks)
    nearby, hessian = [], np.zeros((theta.size,) * 2)
    for place in range(theta.size):
        pair = [theta + side * step_at(theta, place) for side in (1.0, -1.0)]
        found = [profile(design, unpack(design, each, ranks), reml=reml) for each in pair]
        ends = [gradient(f, unpack(design, each, ranks), ranks) for f, each in zip(found, pair, strict=True)]
        hessian[place] = (ends[0] - ends[1]) / (2.0 * step_at(theta, place)[place])
        nearby.append(found)
    hessian = (hessian + hessian.T) / 2.0
    decrement = _decrement(hessian, slope)
    return Search(theta, ranks, best, hessian, decrement, nearby, count, decrement < SETTLED)


def step_at(theta, place):
    """Return the step of theta in one direction by which derivatives are taken: a ten-thousandth of its size."""
    step = np.zeros(theta.size)
    step[place] = STEP * max(abs(theta[place]), 0.1)
    return step


def _decrement(hessian, slope):
    """Return slope' hessian^-1 slope, infinite where the curvature is not that of a minimum."""
    if slope.size == 0:
        return 0.0
    if not np.all(np.isfinite(hessian)) or np.linalg.eigvalsh(hessian)[0] <= 0:
        return np.inf
    return float(slope @ np.linalg.solve(hessian, slope))
