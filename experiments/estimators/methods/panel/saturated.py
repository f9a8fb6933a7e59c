"""The two yardsticks that a model's fit is measured with: everything free, and nothing related to anything.

The saturated model gives every mean, variance and covariance its own value; the baseline model has means and variances
only. A model's chi-square is how far it falls short of the first.
"""

from dataclasses import dataclass

import numpy as np

from experiments.estimators.methods.panel.scoring import Moments, climb


@dataclass(frozen=True)
class Saturated:
    """All means and covariances of p variables free: parameters are the p means and then the lower triangle."""

    variables: int

    def moments(self, theta):
        """Return the `Moments` at means and lower triangle `theta`."""
        p, (rows, columns) = self.variables, np.tril_indices(self.variables)
        k = p + rows.size
        sigma, by_mu, by_sigma = np.zeros((p, p)), np.zeros((k, p)), np.zeros((k, p, p))
        sigma[rows, columns] = sigma[columns, rows] = theta[p:]
        by_mu[np.arange(p), np.arange(p)] = 1.0
        by_sigma[np.arange(p, k), rows, columns] = by_sigma[np.arange(p, k), columns, rows] = 1.0
        return Moments(np.asarray(theta[:p]), sigma, by_mu, by_sigma)

    def bend(self, theta, slope):
        """Return second derivatives times the slope: none, all parameters enter in a straight line."""
        return np.zeros((len(theta), len(theta)))


def saturated(data):
    """Return the `Top` of the saturated model of `Patterns`, by full-information maximum likelihood."""
    mean, variance = marginal(data)
    rows, columns = np.tril_indices(data.variables)
    return climb(Saturated(data.variables), data, np.concatenate([mean, np.diag(variance)[rows, columns]]))


def marginal(data):
    """Return each variable's mean and variance (divisor n) over whoever has it."""
    n = (data.n[:, None] * data.seen).sum(axis=0)
    mean = (data.n[:, None] * data.mean).sum(axis=0) / n
    about = np.diagonal(data.cov, axis1=1, axis2=2) + np.where(data.seen, data.mean - mean, 0.0) ** 2
    return mean, (data.n[:, None] * about).sum(axis=0) / n


def baseline_loglik(data):
    """Return the log-likelihood of the baseline model: unrelated normal variables."""
    n = (data.n[:, None] * data.seen).sum(axis=0)
    return float(-0.5 * n @ (np.log(2 * np.pi * marginal(data)[1]) + 1))
