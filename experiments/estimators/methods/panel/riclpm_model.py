"""The random-intercept cross-lagged panel model of two series over T sessions, as means and covariances.

    alliance    kappa + p1 --> p2 --> p3 -->     kappa, omega: each client's usual level, for good
                           \\ /   \\ /             p, q: how far the session is from the usual level
                           / \\   / \\
    symptoms    omega + q1 --> q2 --> q3 -->     p[t] = a p[t-1] + c q[t-1] + u[t], and so for q

Hamaker, Kuiper & Grasman (2015). Without kappa and omega it is the plain cross-lagged panel model, which mixes
lasting differences between clients with what changes from session to session.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from experiments.estimators.methods.panel.scoring import Moments

CHOICES = {
    "paths": ("equal", "free"),
    "residuals": ("equal", "free"),
    "means": ("free", "constant"),
    "intercepts": ("free", "none", "line"),
}


@dataclass(frozen=True)
class Model:
    """Which RI-CLPM: `names` of the two series, `waves` T, and what is equal over time.

    `paths` and `residuals`: "equal" over time or "free"; `means`: "free" for each wave or "constant". `intercepts`:
    "free" (variances and covariance), "none" (plain CLPM), or "line": both intercepts are multiples of one, which is
    where the largest likelihood lies if their covariance matrix would otherwise leave the possible.
    The variables are ordered series 1 at waves 1..T, then series 2.
    """

    names: tuple
    waves: int
    paths: str = "equal"
    residuals: str = "free"
    means: str = "free"
    intercepts: str = "free"

    def __post_init__(self):
        """Refuse a choice that there is not."""
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(f'{name} = "{getattr(self, name)}" must be one of {", ".join(known)}.')

    @cached_property
    def means_part(self):
        """Names of the mean parameters and their 0/1 design, (k, p)."""
        if self.means == "free":
            return [f"{name}_mean_{t}" for name in self.names for t in self._times(1)], np.eye(2 * self.waves)
        return [f"{name}_mean" for name in self.names], np.kron(np.eye(2), np.ones(self.waves))

    @cached_property
    def paths_part(self):
        """Names of the lagged paths and where each stands among the regressions, (k, p, p)."""
        pairs = [(a, b) for a in (0, 1) for b in (0, 1)]
        return self._named(
            [f"{self.names[a]}_to_{self.names[b]}" for a, b in pairs],
            [[self._mark(self._at(b, t), self._at(a, t - 1)) for t in self._times(2)] for a, b in pairs],
            first=2,
            free=self.paths == "free",
        )

    @property
    def own_paths(self):
        """Which paths lead from a series to itself: its autoregressions."""
        times = self.waves - 1 if self.paths == "free" else 1
        return np.repeat([True, False, False, True], times)

    @cached_property
    def residuals_part(self):
        """Names of the variances and covariances of wave 1 and of the residuals after it, (k, p, p)."""
        pairs = [(0, 0), (1, 1), (0, 1)]
        after = (f"{self.names[0]}_residual_variance", f"{self.names[1]}_residual_variance", "residual_covariance")
        start = (f"{self.names[0]}_variance_1", f"{self.names[1]}_variance_1", "covariance_1")
        places = [[self._mark(self._at(a, t), self._at(b, t), both=True) for t in self._times(1)] for a, b in pairs]
        names, tensors = self._named(after, [each[1:] for each in places], first=2, free=self.residuals == "free")
        return [*start, *names], np.concatenate([[each[0] for each in places], tensors])

    @cached_property
    def intercepts_part(self):
        """Names of the three (co)variances of the intercepts and the variables that share them, (3, p, p)."""
        one = np.kron(np.eye(2), np.ones(self.waves))
        names = [f"{name}_intercept_variance" for name in self.names]
        tensors = [np.outer(one[a], one[b]) + np.outer(one[b], one[a]) for a, b in ((0, 0), (1, 1), (0, 1))]
        return [*names, "intercept_covariance"], np.array([tensors[0] / 2, tensors[1] / 2, tensors[2]])

    @cached_property
    def cuts(self):
        """Where the mean, path, residual and intercept parameters begin and end in theta."""
        shared = {"free": 3, "line": 2, "none": 0}[self.intercepts]
        sizes = [len(self.means_part[0]), len(self.paths_part[0]), len(self.residuals_part[0]), shared]
        ends = np.cumsum(sizes)
        return [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]

    @property
    def size(self):
        """How many parameters theta has."""
        return self.cuts[-1].stop

    def split(self, theta):
        """Return the mean, path, residual and intercept parameters of theta."""
        return [np.asarray(theta[cut]) for cut in self.cuts]

    def shared(self, theta):
        """Return the intercepts' variance 1, variance 2 and covariance; zeros if the model has none."""
        own = self.split(theta)[3]
        if self.intercepts == "line":
            return np.array([own[0] ** 2, own[1] ** 2, own[0] * own[1]])
        return own if own.size else np.zeros(3)

    def within(self, theta):
        """Return (I - Beta)^-1, the covariance of the residuals and that of the within-client parts, each (p, p)."""
        _, paths, residuals, _ = self.split(theta)
        carry = np.linalg.inv(np.eye(2 * self.waves) - np.tensordot(paths, self.paths_part[1], axes=1))
        noise = np.tensordot(residuals, self.residuals_part[1], axes=1)
        return carry, noise, carry @ noise @ carry.T

    def moments(self, theta):
        """Return the `Moments` of the 2 T variables at theta."""
        carry, _, within = self.within(theta)
        turned = (carry @ self.paths_part[1]) @ within
        by_paths = turned + turned.transpose(0, 2, 1)
        by_sigma = [by_paths, carry @ self.residuals_part[1] @ carry.T, self._by_shared(theta)]
        design = self.means_part[1]
        by_mu = np.zeros((self.size, 2 * self.waves))
        by_mu[self.cuts[0]] = design
        rest = np.concatenate(by_sigma)
        by_sigma = np.concatenate([np.zeros((len(design), *rest.shape[1:])), rest])
        sigma = within + np.tensordot(self.shared(theta), self.intercepts_part[1], axes=1)
        return Moments(np.asarray(theta[self.cuts[0]]) @ design, sigma, by_mu, by_sigma)

    def bend(self, theta, slope):
        """Return the second derivatives of sigma by theta, each times `slope` (p, p) and summed, (k, k)."""
        carry, _, within = self.within(theta)
        _, paths, residuals, own = self.cuts
        turn, noise = carry @ self.paths_part[1], carry @ self.residuals_part[1] @ carry.T
        bent = np.zeros((self.size, self.size))
        chained = np.einsum("aij,bji->ab", slope @ turn, turn @ within)
        facing = np.einsum("aij,bji->ab", slope @ turn @ within, turn.transpose(0, 2, 1))
        bent[paths, paths] = 2 * (chained + chained.T + facing)
        bent[paths, residuals] = 2 * np.einsum("aij,bji->ab", slope @ turn, noise)
        bent[residuals, paths] = bent[paths, residuals].T
        if self.intercepts == "line":
            first, second, both = np.einsum("kij,ij->k", self.intercepts_part[1], slope)
            bent[own, own] = [[2 * first, both], [both, 2 * second]]
        return bent

    def _by_shared(self, theta):
        tensors = self.intercepts_part[1]
        if self.intercepts == "line":
            x, y = self.split(theta)[3]
            return np.tensordot(np.array([[2 * x, 0, y], [0, 2 * y, x]]), tensors, axes=1)
        return tensors if self.intercepts == "free" else tensors[:0]

    def _times(self, first):
        return range(first, self.waves + 1)

    def _at(self, series, t):
        return series * self.waves + t - 1

    def _mark(self, row, column, *, both=False):
        matrix = np.zeros((2 * self.waves, 2 * self.waves))
        matrix[row, column] = 1.0
        if both:
            matrix[column, row] = 1.0
        return matrix

    def _named(self, names, places, *, first, free):
        """Return names and tensors, one each if equal over time, else one for each wave from `first` on."""
        if not free:
            return list(names), np.array([np.sum(each, axis=0) for each in places])
        labels = [f"{name}_{t}" for name in names for t in self._times(first)]
        return labels, np.array([mark for each in places for mark in each])
