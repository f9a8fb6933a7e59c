"""A short way down to a minimum: quasi-Newton steps for a handful of numbers, each with its gradient.

The likelihood of a mixed model has one to perhaps seven free numbers. For so few, BFGS with halved steps is a page of
arithmetic that gives the same result on every machine.

Source: Nocedal & Wright, Numerical Optimization (2006), chapter 6.
"""

import numpy as np

NEAR = 1e-6
"""The descent ends when a quasi-Newton step promises less than this."""
LONGEST = 1.0
"""The longest step of the descent, in relative SDs."""
MOST_STEPS = 200


def descend(down, theta):
    """Return where the descent from `theta` ends and the number of its steps; `down(theta)` = value and gradient."""
    (value, slope), inverse = down(theta), np.eye(theta.size)
    for count in range(MOST_STEPS):
        step = -inverse @ slope
        if not -(slope @ step) > NEAR:
            return theta, count
        step = step * min(1.0, LONGEST / np.linalg.norm(step))
        found = _halved(down, theta, step, value, slope)
        if found is None:
            return theta, count
        new, (value, new_slope) = found
        inverse = _updated(inverse, new - theta, new_slope - slope)
        theta, slope = new, new_slope
    return theta, MOST_STEPS


def _halved(down, theta, step, value, slope):
    """Return the first of step, step / 2, step / 4 … that lowers the criterion enough (Armijo), None if none does."""
    for _ in range(40):
        new = down(theta + step)
        if new[0] <= value + 1e-4 * (slope @ step):
            return theta + step, new
        step = step / 2.0
    return None


def _updated(inverse, moved, turned):
    """Return the BFGS update of the inverse curvature after a move that turned the gradient by `turned`."""
    curve = moved @ turned
    if not curve > 1e-12 * (turned @ turned):
        return inverse
    if np.array_equal(inverse, np.eye(len(moved))):
        inverse = inverse * curve / (turned @ turned)
    left = np.eye(len(moved)) - np.outer(moved, turned) / curve
    return left @ inverse @ left.T + np.outer(moved, moved) / curve
