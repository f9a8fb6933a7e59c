"""Intervals of a product a b, the part of an association that runs through a mediator.

A product of two normal estimates is not normal: its interval is skewed. Drawing the two many times from their normal
distribution (Monte Carlo interval, Preacher & Selig 2012), or drawing clients anew (bootstrap), shows the skew.
"""

import numpy as np

from experiments.estimators.methods.basics.intervals import normal_p

CAVEAT = (
    "A product of paths is an indirect effect only if nothing unmeasured moves both the mediator and the outcome; "
    "no regression removes that, and drawing clients anew does not either."
)
MONTE_CARLO = 20_000
"""Draws for a Monte Carlo interval; its ends are then good to about 2 % of its width."""


def monte_carlo_interval(pair, covariance, *, seed, level=0.95, draws=MONTE_CARLO):
    """Return low and high of a b for estimates `pair` (2,) with this `covariance` (2, 2), joint normal."""
    luck = np.random.default_rng(seed)
    values, vectors = np.linalg.eigh(np.asarray(covariance, dtype=float))
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    a, b = (np.asarray(pair, dtype=float) + luck.standard_normal((draws, 2)) @ root.T).T
    return quantiles(a * b, level=level)


def quantiles(values, *, level=0.95):
    """Return the two ends that leave out half of 1 - level on each side."""
    low, high = np.quantile(values, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)


def weights(clusters, *, draws, seed):
    """Return how often each of so many clusters is drawn in each bootstrap sample, (draws, clusters)."""
    luck = np.random.default_rng(seed)
    return luck.multinomial(clusters, np.full(clusters, 1 / clusters), size=draws).astype(float)


def sobel(a, b, covariance):
    """Return the first-order standard error of a b."""
    turn = np.array([b, a])
    return float(np.sqrt(max(turn @ covariance @ turn, 0.0)))


def both_tests(pair, covariance):
    """Return the p of the joint test that neither a nor b is 0: the larger of the two."""
    return normal_p(np.min(np.abs(pair) / np.sqrt(np.diag(covariance))))
