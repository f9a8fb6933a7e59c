"""Made-up pairs of series, and the exact moments of an endless sample, for the tests of panel methods."""

import numpy as np

from experiments.estimators.methods.panel.patterns import Patterns
from experiments.estimators.methods.panel.riclpm_model import Model

NAMES = ("alliance", "symptoms")
PATHS = np.array([[0.3, -1.2], [-0.0125, 0.4]])
NOISE = np.array([[0.25, -0.4], [-0.4, 12.0]])


def pair(seed, *, clients=300, sessions=5, gaps=0.05, spread=(0.5, 4.0), dropout=True):
    """Return alliance and symptoms as two arrays of clients by sessions, with lasting differences, gaps and dropout."""
    luck = np.random.default_rng(seed)
    e = luck.multivariate_normal([0, 0], NOISE, size=(clients, sessions))
    z = e.copy()
    for t in range(1, sessions):
        z[:, t] += z[:, t - 1] @ PATHS
    z += (luck.normal(size=(clients, 2)) * spread)[:, None] + np.array([3.8, 14.0])
    if dropout:
        stay = luck.integers(3, sessions + 1, size=clients)
        z[np.arange(sessions) >= stay[:, None]] = np.nan
    z[luck.random(z.shape) < gaps] = np.nan
    return z[:, :, 0], z[:, :, 1]


def parameters(model):
    """Return parameters of a model that make sense, different ones at every place."""
    theta = np.zeros(model.size)
    means, paths, residuals, own = model.cuts
    k = len(model.paths_part[0]) // 4
    theta[means] = np.linspace(3.0, 15.0, means.stop - means.start)
    theta[paths] = np.repeat(PATHS.ravel(), k) * np.tile(np.linspace(1.0, 0.8, k), 4)
    count = (len(model.residuals_part[0]) - 3) // 3
    theta[residuals] = [0.4, 15.0, -0.7, *np.linspace(0.2, 0.3, count), *np.linspace(9, 12, count), *[-0.2] * count]
    theta[own] = {3: [0.3, 20.0, -1.0], 2: [0.5, -4.0], 0: []}[own.stop - own.start]
    return theta


def endless(model, theta, masks, sizes):
    """Return the `Patterns` of an endless sample from a model in which gaps come by lot: exact moments."""
    moments = model.moments(theta)
    seen = np.array(masks, dtype=bool)
    both = seen[:, :, None] & seen[:, None, :]
    return Patterns(
        seen, np.array(sizes, dtype=float), np.where(seen, moments.mu, 0.0), np.where(both, moments.sigma, 0.0)
    )


def dropout_masks(waves):
    """Return everybody, those who left after each session from the second on, and one with a gap."""
    stays = [np.arange(waves) < last for last in range(2, waves + 1)] + [np.arange(waves) != 1]
    return [np.tile(stay, 2) for stay in stays]


__all__ = ["NAMES", "NOISE", "PATHS", "Model", "dropout_masks", "endless", "pair", "parameters"]
