"""A trial in which clients are measured week by week: how precisely each arm's rate of change will be known.

Two arms of 4 therapists with 10 clients each, measured at weeks 0 to 10. Each client has a slope of their own, each
therapist one too; the trial compares the mean slopes. What a client with m measurements tells about intercept and
slope is the 2 x 2 matrix (1 + M G)^-1 M, where M = X'X / error variance and G is the covariance between clients. A
therapist's clients add up, and the therapist's own covariance is folded in by the same formula. So any sizes, any
dropout and any number of therapists need only 2 x 2 matrices.

Sources: Raudenbush & Xiao-Feng 2001; Galbraith & Marschner 2002; R's powerlmm, whose numbers the tests meet.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from experiments.estimators.methods.trials.weibull_dropout import measurement_shares


@dataclass(frozen=True)
class Growth:
    """How clients change: y = (b0 + u0 + v0) + (b1 + u1 + v1) t + e, u by client, v by therapist, all variances.

    `times` of measurement, the first at 0; covariances within level are 0 unless given.
    """

    times: tuple
    error: float
    intercept: float
    slope: float
    covariance: float = 0.0
    therapist_intercept: float = 0.0
    therapist_slope: float = 0.0
    therapist_covariance: float = 0.0

    def __post_init__(self):
        """Raise ValueError for variances that cannot be, or fewer than two times."""
        for matrix in (self.client, self.therapist):
            if np.linalg.eigvalsh(matrix).min() < -1e-12 * max(1.0, np.abs(matrix).max()):
                raise ValueError("A covariance matrix of intercept and slope must not have a negative eigenvalue.")
        if not self.error > 0 or len(self.times) < 2 or len(set(self.times)) < len(self.times):
            raise ValueError(f"error = {self.error} must be above 0, and there must be two different times or more.")

    @property
    def client(self):
        """The covariance matrix of intercept and slope between clients of one therapist."""
        return np.array([[self.intercept, self.covariance], [self.covariance, self.slope]], dtype=float)

    @property
    def therapist(self):
        """The covariance matrix of intercept and slope between therapists."""
        off = self.therapist_covariance
        return np.array([[self.therapist_intercept, off], [off, self.therapist_slope]], dtype=float)

    @property
    def pretest_sd(self):
        """The SD of one measurement at time 0."""
        return float(np.sqrt(self.intercept + self.therapist_intercept + self.error))

    @property
    def ignoring_therapists(self):
        """The same clients seen by somebody who knows nothing of therapists: their variance counts as the clients'."""
        return Growth(
            self.times,
            self.error,
            self.intercept + self.therapist_intercept,
            self.slope + self.therapist_slope,
            self.covariance + self.therapist_covariance,
        )


def growth(times, *, error=100.0, icc_pre=0.5, var_ratio=0.0, icc_slope=0.0, icc_pre_therapist=0.0):
    """Return a `Growth` from relative numbers, as powerlmm's: shares of variance rather than variances.

    `icc_pre`, `icc_pre_therapist`: shares of the variance at time 0 between clients and between therapists;
    `var_ratio`: all variance of slopes / error variance; `icc_slope`: the therapists' share of it.
    """
    total, slopes = error / (1 - icc_pre - icc_pre_therapist), var_ratio * error
    return Growth(
        times=tuple(np.asarray(times, dtype=float).tolist()),
        error=error,
        intercept=icc_pre * total,
        slope=(1 - icc_slope) * slopes,
        therapist_intercept=icc_pre_therapist * total,
        therapist_slope=icc_slope * slopes,
    )


@dataclass(frozen=True)
class Arm:
    """One arm: `clients` of each therapist, a tuple; or a number, the clients of an arm without therapists.

    `dropout`: the cumulative share gone by each time, empty if nobody goes; the same share of every therapist's
    clients. Whose clients go is luck in a real trial, and a little precision is lost by it: with 5 therapists of 10
    clients some .001 of power, more where caseloads are unequal.
    """

    clients: tuple | int
    dropout: tuple = ()

    @property
    def nested(self):
        """True if the arm has therapists."""
        return not np.isscalar(self.clients)

    @property
    def n(self):
        """How many clients the arm has."""
        return int(np.sum(self.clients))


def slope_variance(model, arm):
    """Return the variance of the arm's mean slope, estimated by generalised least squares with known variances."""
    count = len(model.times)
    shares = measurement_shares(arm.dropout) if len(arm.dropout) else np.eye(count)[-1]
    told = sum(share * client_information(model, m + 1) for m, share in enumerate(shares))
    if not arm.nested:
        return float(np.linalg.inv(arm.n * told)[1, 1])
    sizes = Counter(arm.clients)
    information = sum(many * _folded(n * told, model.therapist) for n, many in sizes.items())
    return float(np.linalg.inv(information)[1, 1])


def client_information(model, m):
    """Return what a client's first `m` measurements tell about the mean intercept and slope, a 2 x 2 matrix."""
    x = np.column_stack([np.ones(m), model.times[:m]])
    return _folded(x.T @ x / model.error, model.client)


def _folded(information, covariance):
    """Return the information that is left when whatever it is about varies with `covariance`: (1 + M G)^-1 M."""
    return np.linalg.solve(np.eye(2) + information @ covariance, information)
