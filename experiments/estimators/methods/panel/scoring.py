"""Climbing to the maximum of a likelihood: Fisher scoring with step halving, then Newton steps near the top.

A model says which means and covariances its parameters stand for, and how these change with each parameter. The
expected information never misleads far from the top; the observed one is exact near it and gives the standard errors.
"""

from dataclasses import dataclass

import numpy as np

from experiments.estimators.methods.panel.patterns import likelihood

MOST_STEPS = 300
CLOSE = 1e-12
"""Stop where a further step would gain less than half of this in log-likelihood: a millionth of a standard error."""


@dataclass(frozen=True)
class Moments:
    """What a model implies: `mu` (p,), `sigma` (p, p) and their derivatives (k, p) and (k, p, p) by k parameters."""

    mu: np.ndarray
    sigma: np.ndarray
    by_mu: np.ndarray
    by_sigma: np.ndarray


@dataclass(frozen=True)
class Top:
    """The maximum: `theta`, its `loglik`, `information` (observed; None where singular), and whether it `converged`."""

    theta: np.ndarray
    loglik: float
    moments: Moments
    information: np.ndarray | None
    steps: int
    converged: bool


def climb(model, data, start):
    """Return the `Top` of the likelihood of `Patterns` under a model with `moments(theta)` and `bend(theta, slope)`."""
    theta, moments = np.asarray(start, dtype=float), model.moments(start)
    here = likelihood(data, moments.mu, moments.sigma)
    near, gain, steps = False, np.inf, 0
    while np.isfinite(here.value) and steps < MOST_STEPS:
        steps += 1
        move, gain, near = _direction(model, theta, here, moments, near=near)
        if move is None or gain < CLOSE:
            break
        theta, moments, here, moved = _walk(model, data, theta, move, here, moments)
        if not moved:
            break
    information = _observed(model, theta, here, moments) if np.isfinite(here.value) else None
    sound = information is not None and _positive(information)
    converged = sound and np.isfinite(gain) and gain < 1e-8
    return Top(theta, here.value, moments, information if sound else None, steps, bool(converged))


def _direction(model, theta, here, moments, *, near):
    """Return a step, twice the gain it promises, and whether the top is near enough for Newton's step."""
    slope = _slope(here, moments)
    matrix = _observed(model, theta, here, moments) if near else None
    if matrix is None or not _positive(matrix):
        matrix = _chain(here.expected(), moments)
    try:
        move = inverse(matrix) @ slope
    except np.linalg.LinAlgError:
        return None, np.inf, near
    gain = float(slope @ move)
    return (move, gain, gain < 0.1) if gain >= 0 else (None, np.inf, near)


def _walk(model, data, theta, move, here, moments):
    """Return where half, a quarter … of the step first raises the likelihood; unmoved if none does."""
    for halving in range(40):
        trial = theta + move * 0.5**halving
        there = model.moments(trial)
        found = likelihood(data, there.mu, there.sigma)
        if found.value >= here.value - 1e-12 * abs(here.value):
            return trial, there, found, True
    return theta, moments, here, False


def _slope(here, moments):
    by_mu, by_sigma = here.gradient()
    return moments.by_mu @ by_mu + np.einsum("kij,ij->k", moments.by_sigma, by_sigma)


def _chain(pieces, moments):
    """Return the information about the parameters from that about means and covariances."""
    by_mu, by_sigma, mixed = pieces
    flat = moments.by_sigma.reshape(len(moments.by_sigma), -1)
    cross = moments.by_mu @ mixed @ flat.T
    return moments.by_mu @ by_mu @ moments.by_mu.T + flat @ by_sigma @ flat.T + cross + cross.T


def _observed(model, theta, here, moments):
    return _chain(here.observed(), moments) - model.bend(theta, here.gradient()[1])


def inverse(matrix):
    """Return the inverse of an information matrix, worked out with all its rows in like units."""
    scale = np.sqrt(np.abs(np.diag(matrix)))
    scale = np.where(scale > 0, scale, 1.0)
    return np.linalg.inv(matrix / np.outer(scale, scale)) / np.outer(scale, scale)


def _positive(matrix):
    """Return whether a symmetric matrix is positive definite, whatever the units of its rows."""
    scale = np.sqrt(np.abs(np.diag(matrix)))
    if not (np.isfinite(matrix).all() and (scale > 0).all()):
        return False
    return bool(np.linalg.eigvalsh(matrix / np.outer(scale, scale))[0] > 1e-10)
