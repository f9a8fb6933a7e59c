"""The way up a likelihood: quasi-Newton steps to the top, a Newton step to be sure, and the curvature found there.

The curvature (observed information) is taken from differences of the exact gradient, so its inverse is the covariance
of all parameters together, standard deviations of therapists included.
"""

from dataclasses import dataclass

import numpy as np

WIDTH = 1e-4
"""Step of the central differences, for parameters of the size of 1."""
SETTLED = 1e-7
"""The top is reached if Newton's step would add less than this to the log-likelihood."""


@dataclass(frozen=True)
class Top:
    """Where the climb ended: `parameters`, their `covariance`, `height` (log-likelihood), `steps`, and if it `settled`.

    Without a settled top the covariance is nan.
    """

    parameters: np.ndarray
    covariance: np.ndarray
    height: float
    steps: int
    settled: bool


def climb(function, start, *, hint):
    """Return the `Top` of a function that gives value and gradient; `hint` is a first guess of the covariance (P x P).

    BFGS (Nocedal & Wright 2006), then at most three Newton steps with the observed information.
    """
    place, steps = quick_climb(function, start, hint=hint)
    for _ in range(3):
        height, gradient = function(place)
        curvature = information(function, place)
        if not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature).min() <= 0:
            break
        move = np.linalg.solve(curvature, gradient)
        if gradient @ move < SETTLED:
            return _polished(function, place, move, curvature, height, steps)
        place, steps = place + move, steps + 1
    return Top(place, np.full((len(place), len(place)), np.nan), function(place)[0], steps, False)


def _polished(function, place, move, curvature, height, steps):
    after = function(place + move)[0]
    place, height = (place + move, after) if after >= height else (place, height)
    return Top(place, np.linalg.inv(curvature), float(height), steps, True)


def quick_climb(function, start, *, hint):
    """Return where BFGS ends, and its number of steps."""
    from scipy.optimize import minimize

    def downhill(parameters):
        value, gradient = function(parameters)
        return -value, -gradient

    options = {"gtol": 1e-4, "maxiter": 200, "hess_inv0": (hint + hint.T) / 2}
    found = minimize(downhill, start, jac=True, method="BFGS", options=options)
    return found.x, int(found.nit)


def information(function, place):
    """Return minus the second derivatives at `place`, from central differences of the gradient."""
    rows = []
    for index in range(len(place)):
        width = np.zeros(len(place))
        width[index] = WIDTH * max(1.0, abs(place[index]))
        rows.append((function(place - width)[1] - function(place + width)[1]) / (2 * width[index]))
    matrix = np.array(rows)
    return (matrix + matrix.T) / 2
