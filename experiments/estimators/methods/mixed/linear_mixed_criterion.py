"""The likelihood of a nested mixed model from sums per client: one number, and how it changes, for given spreads.

Sessions lie in clients, clients in therapists. All that the likelihood needs of a client's sessions are sums of
squares and products, made once. For given spreads (`factors`) the clients' effects are taken out of these sums, what
is left is added up by therapist, the therapists' effects are taken out, and so on outward. Nothing grows with the
square of the sessions, and no client is visited alone: each step is one operation on all clients at once.

Notation as in Pinheiro & Bates (2000) and lme4: y = X b + Z u + e, u = sigma L v, so V = I + Z L L' Z' is the
covariance of y over sigma^2; L is the relative factor, one small lower triangle per level.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Profile:
    """The criterion (-2 log-likelihood, b and sigma^2 at their best) at given factors, and what goes with it.

    `slopes` is the criterion's derivative by each level's G = L L'. `b`, `unscaled` = inverse of X' V^-1 X, and `r2`,
    the sum of squares of the residuals, are in the design's standardised columns.
    """

    value: float
    slopes: list
    b: np.ndarray
    unscaled: np.ndarray
    r2: float


def profile(design, factors, *, reml):
    """Return the `Profile` of a `Design` at `factors`, a q x q relative factor per level, innermost first.

    REML: log|V| + log|X' V^-1 X| + (n - p) (1 + log(2 pi r^2 / (n - p))); ML: log|V| + n (1 + log(2 pi r^2 / n)).
    """
    steps, top, log_det = _inward_out(design, factors)
    b, unscaled, r2, log_det_x = _least_squares(top)
    m = design.spare(reml=reml)
    contrast = np.append(-b, 1.0)
    by_top = np.outer(contrast, contrast) * (m / r2)
    if reml:
        by_top[:-1, :-1] += unscaled
    return Profile(_value(design, log_det, log_det_x, r2, reml=reml), _outward_in(steps, by_top), b, unscaled, r2)


def criterion(design, factors, *, reml):
    """Return only the value of `profile`."""
    _, top, log_det = _inward_out(design, factors)
    diagonal = np.diag(np.linalg.cholesky(top))
    r2, log_det_x = float(diagonal[-1]) ** 2, 2.0 * float(np.log(diagonal[:-1]).sum())
    return _value(design, log_det, log_det_x, r2, reml=reml)


def _value(design, log_det, log_det_x, r2, *, reml):
    m = design.spare(reml=reml)
    log_det += m * (1.0 + math.log(2.0 * math.pi * r2 / m)) + design.constant(reml=reml)
    return log_det + log_det_x if reml else log_det


@dataclass(frozen=True)
class _Step:
    """One level taken out: its sums `zz` and `zw`, the posterior covariance `kept`, `taken` = kept zw, who is whose."""

    zz: np.ndarray
    zw: np.ndarray
    kept: np.ndarray
    taken: np.ndarray
    parent: np.ndarray


def _inward_out(design, factors):
    """Take out the levels one after the other; return the steps, the sums left of [X y], and log|V|.

    With P = L (I + L' Z'Z L)^-1 L':  W' V^-1 W = W'W - W'Z P Z'W  and  log|V| = log|I + L' Z'Z L|.
    """
    steps, rest, log_det = [], design.rest, 0.0
    for level, factor in zip(design.levels, factors, strict=True):
        q = factor.shape[0]
        zz, zw, ww = rest[:, :q, :q], rest[:, :q, q:], rest[:, q:, q:]
        if steps:
            ww = by_parent(ww, level)
        else:
            zz, zw, ww = design.zz, design.zw, rest
        inverse, logs = _inverse(np.eye(q) + _times(_times(factor.T, zz), factor))
        kept = _times(_times(factor, inverse), factor.T)
        taken = _times(kept, zw)
        steps.append(_Step(zz, zw, kept, taken, level.parent))
        rest = ww - _products_by_parent(zw, taken, level)
        log_det += logs
    return steps, rest[0], log_det


def _outward_in(steps, by_top):
    """Return the derivative by each level's G of log|V| plus a function of the last sums (its derivative: `by_top`)."""
    slopes, by_rest = [], by_top[None]
    for step in reversed(steps):
        left = step.zw - _times(step.zz, step.taken)
        by_own = by_rest if by_rest.shape[0] == 1 else by_rest[step.parent]
        explained = np.einsum("gij,gkj->ik", _times(left, by_own), left)
        slopes.append((step.zz - _times(_times(step.zz, step.kept), step.zz)).sum(axis=0) - explained)
        if step is not steps[0]:
            by_rest = _by_sums(step, by_own)
    return slopes[::-1]


def _by_sums(step, by_own):
    """Return the derivative by the sums that a level was given: K B K' with K = [-taken; I], and P for log|V|."""
    across = _times(step.taken, by_own)
    corner = _times(across, step.taken.swapaxes(1, 2)) + step.kept
    by_own = np.broadcast_to(by_own, (corner.shape[0], *by_own.shape[1:]))
    return np.block([[corner, -across], [-across.swapaxes(1, 2), by_own]])


def _least_squares(sums):
    """Return b, the inverse of X'V^-1X, r^2 and log|X'V^-1X| from the sums of [X y]."""
    p = sums.shape[0] - 1
    root = np.linalg.cholesky(sums)
    inverse = np.linalg.inv(root[:p, :p])
    return inverse.T @ root[p, :p], inverse.T @ inverse, root[p, p] ** 2, 2.0 * np.log(np.diag(root)[:p]).sum()


def _inverse(matrices):
    """Return the inverses of many small positive definite matrices, and the sum of their log determinants."""
    q = matrices.shape[-1]
    if q == 1:
        return 1.0 / matrices, float(np.log(matrices).sum())
    if q == 2:
        a, b, d = matrices[:, 0, 0], matrices[:, 0, 1], matrices[:, 1, 1]
        det = a * d - b * b
        inverse = np.stack([d, -b, -b, a], axis=1).reshape(-1, 2, 2) / det[:, None, None]
        return inverse, float(np.log(det).sum())
    return np.linalg.inv(matrices), float(np.linalg.slogdet(matrices)[1].sum())


def _times(a, b):
    """Return the matrix products of two stacks of small matrices (either may be one matrix)."""
    if a.ndim == 2:
        return np.einsum("ij,gjk->gik", a, b)
    if b.ndim == 2:
        return np.einsum("gij,jk->gik", a, b)
    if b.shape[0] == 1:
        return (a.reshape(-1, a.shape[2]) @ b[0]).reshape(*a.shape[:2], -1)
    return np.einsum("gij,gjk->gik", a, b)


def _products_by_parent(zw, taken, level):
    if level.parents == 1:
        k = zw.shape[2]
        return (zw.reshape(-1, k).T @ taken.reshape(-1, k))[None]
    return by_parent(np.einsum("gji,gjk->gik", zw, taken), level)


def by_parent(sums, level):
    """Add up what belongs to the same parent; the groups of a parent stand together."""
    if level.parents == 1:
        return sums.sum(axis=0, keepdims=True)
    return np.add.reduceat(sums, level.firsts, axis=0)
