"""Full-information maximum likelihood: everybody counts with the sessions that they have.

    client 1   x x x x x x x      clients with the same gaps form one pattern; of each pattern only
    client 2   x x x . . . .      its size, its means and its covariances are needed, however many
    client 3   x x . x . . .      clients it holds

With scores that are jointly normal, and gaps that depend on nothing but scores that were seen (missing at random), the
estimates are those of complete data, only less certain. Textbook: Little & Rubin, Statistical Analysis with Missing
Data; all formulas here are the first and second derivatives of the normal log-likelihood.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Patterns:
    """Sufficient statistics by pattern of gaps: P patterns of p variables.

    `seen` (P, p) marks what was observed; `n` (P,) counts clients; `mean` (P, p) and `cov` (P, p, p; divisor n) are
    zero where nothing was observed. Clients without any value are left out.
    """

    seen: np.ndarray
    n: np.ndarray
    mean: np.ndarray
    cov: np.ndarray

    @property
    def clients(self):
        """How many clients there are with at least one value."""
        return int(self.n.sum())

    @property
    def variables(self):
        """How many variables p there are."""
        return self.seen.shape[1]


def patterns(data):
    """Return the `Patterns` of an array of clients by variables, nan for gaps; at most 62 variables."""
    data = data[np.isfinite(data).any(axis=1)]
    seen = np.isfinite(data)
    code = seen @ (1 << np.arange(data.shape[1], dtype=np.int64))
    order = np.argsort(code, kind="stable")
    _, first, n = np.unique(code[order], return_index=True, return_counts=True)
    x, seen = np.where(seen, data, 0.0)[order], seen[order][first]
    mean = np.add.reduceat(x, first, axis=0) / n[:, None] if n.size else x
    x = (x - np.repeat(mean, n, axis=0)) * np.repeat(seen, n, axis=0)
    square = (x[:, :, None] * x[:, None, :]).reshape(len(x), x.shape[1] ** 2)
    cov = np.add.reduceat(square, first, axis=0) / n[:, None] if n.size else square
    return Patterns(seen, n.astype(float), mean, cov.reshape(-1, x.shape[1], x.shape[1]))


@dataclass(frozen=True)
class Likelihood:
    """The log-likelihood of `Patterns` at means `mu` (p,) and a covariance `sigma` (p, p), and its derivatives.

    `value` is the log-likelihood, -inf where `sigma` is not positive definite. `inverse` (P, p, p) holds each
    pattern's inverse of its part of `sigma`, zero at gaps; `off` (P, p) its means minus `mu`.
    """

    data: Patterns
    value: float
    inverse: np.ndarray
    off: np.ndarray

    @property
    def spread(self):
        """Each pattern's covariance about `mu`, (P, p, p)."""
        return self.data.cov + self.off[:, :, None] * self.off[:, None, :]

    def gradient(self):
        """Return the derivatives by `mu` (p,) and by every element of `sigma` (p, p)."""
        weighted = self.data.n[:, None, None] * self.inverse
        by_sigma = 0.5 * (np.sum(weighted @ self.spread @ self.inverse, axis=0) - weighted.sum(axis=0))
        return np.sum((weighted @ self.off[:, :, None])[:, :, 0], axis=0), by_sigma

    def expected(self):
        """Return the expected information: by `mu` (p, p), by `sigma` twice (p p, p p), and mixed (p, p p), zero."""
        p = self.data.variables
        weighted = self.data.n[:, None, None] * self.inverse
        return weighted.sum(axis=0), 0.5 * _outer(weighted, self.inverse), np.zeros((p, p * p))

    def observed(self):
        """Return the observed information, minus the second derivatives, in the same three pieces.

        For changes A and B of `sigma`: sum of n (tr(B W A V) - tr(B W A W) / 2), with W the inverse and V = W S W;
        for a change d of `mu` and A of `sigma`: sum of n d' W A W (mean - mu).
        """
        p = self.data.variables
        weighted = self.data.n[:, None, None] * self.inverse
        by_mu, half, _ = self.expected()
        middle = self.inverse @ self.spread @ self.inverse
        pull = (self.inverse @ self.off[:, :, None])[:, :, 0]
        mixed = weighted.reshape(-1, p * p).T @ pull
        return by_mu, _outer(weighted, middle) - half, mixed.reshape(p, p * p)


def likelihood(data, mu, sigma):
    """Return the `Likelihood` of `Patterns` at means `mu` and covariance `sigma`."""
    nothing = np.zeros((0, *sigma.shape))
    try:
        np.linalg.cholesky(sigma)
    except np.linalg.LinAlgError:
        return Likelihood(data, -math.inf, nothing, nothing[:, :, 0])
    both = data.seen[:, :, None] & data.seen[:, None, :]
    part = np.where(both, sigma, np.eye(len(sigma)))
    inverse = np.where(both, np.linalg.inv(part), 0.0)
    off = np.where(data.seen, data.mean - mu, 0.0)
    about = np.sum(inverse * (data.cov + off[:, :, None] * off[:, None, :]), axis=(1, 2))
    size = data.seen.sum(axis=1) * math.log(2 * math.pi) + np.linalg.slogdet(part)[1]
    return Likelihood(data, float(-0.5 * data.n @ (size + about)), inverse, off)


def _outer(first, second):
    """Return sum over patterns of first[j, k] second[l, i] as a matrix over (i j) and (k l), all symmetric."""
    p = first.shape[1]
    product = first.reshape(-1, p * p).T @ second.reshape(-1, p * p)
    return product.reshape(p, p, p, p).transpose(3, 0, 1, 2).reshape(p * p, p * p)
