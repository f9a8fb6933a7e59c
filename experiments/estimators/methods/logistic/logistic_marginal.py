"""The likelihood of a logistic mixed model: what remains after averaging over the therapists' unknown effects.

Therapist j has effects b_j = L u_j, with u_j standard normal and L the lower triangle of their covariance L L'. The
chance of the 40 answers of her clients is an average over all values that u_j might have. The average has no closed
form; adaptive Gauss-Hermite quadrature takes it at a few points around the likeliest value (Pinheiro & Bates 1995;
Liu & Pierce 1994). One point is Laplace's approximation. Clients who are alike count once, with how many there are.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np


@dataclass(frozen=True)
class Cells:
    """Clients alike in therapist and predictors gathered into cells, sorted by therapist.

    `events` of `trials` clients in a cell (m) had the event; `fixed` (m x p) and `random` (m x q) are its predictors,
    `group` (m) counts therapists from 0, and `starts` (J) says where each therapist begins.
    """

    events: np.ndarray
    trials: np.ndarray
    fixed: np.ndarray
    random: np.ndarray
    group: np.ndarray
    starts: np.ndarray

    def total(self, values):
        """Return the sums over each therapist's cells: (m, ...) becomes (J, ...)."""
        return np.add.reduceat(values, self.starts, axis=0)


def gather(event, fixed, random, group):
    """Return the `Cells` of single clients (n): `group` counts therapists from 0 without gaps."""
    keys = np.column_stack([random, fixed])
    order = np.lexsort((*keys.T, group))
    event, fixed, random, group, keys = event[order], fixed[order], random[order], group[order], keys[order]
    new = np.ones(len(event), dtype=bool)
    new[1:] = (np.diff(group) != 0) | (np.diff(keys, axis=0) != 0).any(axis=1)
    first = np.flatnonzero(new)
    trials = np.diff(np.append(first, len(event))).astype(float)
    starts = np.flatnonzero(np.diff(group[first], prepend=-1))
    return Cells(np.add.reduceat(event, first), trials, fixed[first], random[first], group[first], starts)


def rule(points, dimensions):
    """Return nodes (K x q) and log weights (K) for integrals of g(x) with respect to dx, spread around 0 with unit SD.

    The product of `points` Gauss-Hermite points in each dimension; exp(x'x / 2) is in the weights, (2 pi)^(-q/2) too.
    """
    node, weight = np.polynomial.hermite_e.hermegauss(points)
    nodes = np.array(list(product(node, repeat=dimensions)))
    weights = np.array([np.prod(each) for each in product(weight / np.sqrt(2 * np.pi), repeat=dimensions)])
    return nodes, np.log(weights) + (nodes**2).sum(axis=1) / 2


class Marginal:
    """The marginal log-likelihood of `cells` and its gradient, as a function of (b, theta).

    b are the p fixed effects; theta the entries `free` of L, pairs (row, column); its other entries are 0. `modes`
    (J x q) remembers each therapist's likeliest u, where the next search begins.
    """

    def __init__(self, cells, *, free, points):
        """Make the likelihood for `points` quadrature points per random effect."""
        self.cells, self.free = cells, free
        self.q = cells.random.shape[1]
        self.nodes, self.log_weights = rule(points, self.q)
        self.modes = np.zeros((len(cells.starts), self.q))

    def triangle(self, theta):
        """Return L (q x q) from its free entries."""
        triangle = np.zeros((self.q, self.q))
        for (row, column), value in zip(self.free, theta, strict=True):
            triangle[row, column] = value
        return triangle

    def __call__(self, parameters):
        """Return the log-likelihood and its exact gradient (the nodes move with the parameters, and that counts)."""
        cells, p = self.cells, self.cells.fixed.shape[1]
        base, triangle = cells.fixed @ parameters[:p], self.triangle(parameters[p:])
        loading = cells.random @ triangle
        self.modes, curvature = _likeliest(cells, base, loading, self.modes)
        spread = np.linalg.cholesky(np.linalg.inv(curvature))
        u = self.modes[:, None, :] + np.einsum("jab,kb->jka", spread, self.nodes)
        height, residual = self._at_nodes(base, loading, u)
        top = height.max(axis=1, keepdims=True)
        share = np.exp(height - top)
        total = share.sum(axis=1, keepdims=True)
        share /= total
        scale = np.log(np.diagonal(spread, axis1=1, axis2=2)).sum()
        value = float(scale + (top + np.log(total)).sum())
        return value, self._gradient(base, loading, triangle, spread, u, share, residual)

    def _at_nodes(self, base, loading, u):
        """Return log of weight times integrand (J x K), and the residuals y - m p of each cell (m x K)."""
        cells = self.cells
        log_odds = base[:, None] + _product(loading, u, cells.group)
        small = np.exp(-np.abs(log_odds))
        chance = np.where(log_odds >= 0, 1.0, small) / (1 + small)
        fit = cells.events[:, None] * log_odds
        fit -= cells.trials[:, None] * (np.maximum(log_odds, 0) + np.log1p(small))
        height = cells.total(fit) - (u**2).sum(axis=2) / 2 + self.log_weights
        return height, cells.events[:, None] - cells.trials[:, None] * chance

    def _gradient(self, base, loading, triangle, spread, u, share, residual):
        cells = self.cells
        push = np.stack([cells.total(each[:, None] * residual) for each in cells.random.T], axis=2)
        slope = push @ triangle - u
        weighted = slope * share[:, :, None]
        mean_residual = (residual * share[cells.group]).sum(axis=1)
        direct = [cells.fixed.T @ mean_residual]
        direct += [[np.sum(share * push[:, :, row] * u[:, :, column])] for row, column in self.free]
        mode_moves, spread_moves, log_scale = self._moves(base, loading, triangle, spread)
        moved = np.einsum("ja,jap->p", weighted.sum(axis=1), mode_moves)
        moved += np.einsum("jab,jpab->p", np.swapaxes(weighted, 1, 2) @ self.nodes, spread_moves)
        return np.concatenate(direct) + moved + log_scale

    def _moves(self, base, loading, triangle, spread):
        """Return how modes (J x q x P), spreads (J x P x q x q) and the sum of log det spread (P) change."""
        cells, q = self.cells, self.q
        chance = _chance(base + _product_at(loading, self.modes, cells.group))
        weight = cells.trials * chance * (1 - chance)
        inner = [cells.random[:, row] * self.modes[cells.group, column] for row, column in self.free]
        change = np.column_stack([cells.fixed, *inner])
        pull = -cells.total(loading[:, :, None] * (weight[:, None] * change)[:, None, :])
        score = cells.total(cells.random * (cells.events - cells.trials * chance)[:, None])
        first = cells.fixed.shape[1]
        for place, (row, column) in enumerate(self.free, start=first):
            pull[:, column, place] += score[:, row]
        mode_moves = spread @ (np.swapaxes(spread, 1, 2) @ pull)
        change = change + sum(loading[:, [a]] * mode_moves[cells.group, a] for a in range(q))
        bend = (weight * (1 - 2 * chance))[:, None] * change
        pairs = loading[:, :, None] * loading[:, None, :]
        curve = cells.total(bend[:, :, None, None] * pairs[:, None])
        mass = cells.total(weight[:, None, None] * cells.random[:, :, None] * cells.random[:, None, :]) @ triangle
        for place, (row, column) in enumerate(self.free, start=first):
            curve[:, place, column] += mass[:, row]
            curve[:, place, :, column] += mass[:, row]
        inside = np.swapaxes(spread, 1, 2)[:, None] @ curve @ spread[:, None]
        lower = np.tril(np.ones((q, q))) - np.eye(q) / 2
        return mode_moves, -spread[:, None] @ (lower * inside), -np.einsum("jpaa->p", inside) / 2


def _likeliest(cells, base, loading, u, most=100):
    """Return each therapist's likeliest u (J x q) and minus the second derivative there (J x q x q), by Newton."""
    height = _height(cells, base, loading, u)
    for _ in range(most):
        chance = _chance(base + _product_at(loading, u, cells.group))
        score = cells.total(loading * (cells.events - cells.trials * chance)[:, None]) - u
        weight = cells.trials * chance * (1 - chance)
        curvature = cells.total(weight[:, None, None] * loading[:, :, None] * loading[:, None, :])
        curvature += np.eye(u.shape[1])
        step = np.linalg.solve(curvature, score[:, :, None])[:, :, 0]
        if np.abs(step).max() < 1e-10:
            return u, curvature
        u, height = _climb(cells, base, loading, u, step, height)
    return u, curvature


def _climb(cells, base, loading, u, step, height):
    """Take the step, halved for those therapists whose likelihood would fall (it is concave, so this ends)."""
    for _ in range(40):
        new = _height(cells, base, loading, u + step)
        worse = new < height - 1e-10 * (1 + np.abs(height))
        if not worse.any():
            break
        step = np.where(worse[:, None], step / 2, step)
    return u + step, new


def _height(cells, base, loading, u):
    log_odds = base + _product_at(loading, u, cells.group)
    return cells.total(cells.events * log_odds - cells.trials * np.logaddexp(0, log_odds)) - (u**2).sum(axis=1) / 2


def _product(loading, u, group):
    """Return z_i'L u at the nodes (m x K), for u (J x K x q)."""
    return sum(loading[:, [a]] * u[group, :, a] for a in range(loading.shape[1]))


def _product_at(loading, u, group):
    """Return z_i'L u (m), for u (J x q)."""
    return (loading * u[group]).sum(axis=1)


def _chance(log_odds):
    small = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1.0, small) / (1 + small)
