"""Variance components without likelihood: mean squares set equal to what they are expected to be.

For therapists with equally many clients this gives REML's numbers to the last digit wherever none is 0, by arithmetic
that fits on a page; that makes it a check on the iterations. With unequal groups it is Henderson's first method:
unbiased, less exact than REML.

Source: Searle, Casella & McCulloch (1992).
"""

import numpy as np

from experiments.estimators.methods.mixed import linear_mixed_checks as checks
from experiments.estimators.methods.mixed.linear_mixed import AT_ZERO
from experiments.estimators.methods.mixed.linear_mixed_data import complete_rows, table
from experiments.estimators.value import Fit, as_fit, found


def anova_components(frame, *, outcome, groups):
    """Return the `Fit` of `variance_<group>` and `variance_residual` by the method of moments, without SE.

    `groups` are nested, the innermost first, as in `variance_components`. A negative solution is reported as 0, with
    its value under `facts["solution_<group>"]`.
    """
    model = {"outcome": outcome, "fixed": (), "groups": dict.fromkeys(groups, ())}
    rows = complete_rows(frame, **model)
    problem = checks.problem_of_columns(rows, **model)
    if problem is not None:
        return as_fit(problem)
    data = table(rows, **model)
    problem = checks.problem_of_groups(data, groups=groups, outcome=outcome)
    if problem is not None:
        return as_fit(problem)
    names = (*groups, "residual")
    solution = dict(zip(names, _solution(data), strict=True))
    parts = {f"variance_{name}": _value(solution[name], len(rows)) for name in names}
    return Fit(parts, len(rows), facts={f"solution_{name}": solution[name] for name in names})


def _value(solution, n):
    return found(solution, n=n) if solution > 0 else found(0.0, n=n, note=AT_ZERO)


def _solution(data):
    """Return the variances, innermost group first and the residual last, that the sums of squares expect.

    T = sum over groups of (sum y)^2 / size has the expectation  n mean^2 + sum over levels m of s2_m k_m,
    k_m = sum over groups of [sum of squares of the sizes of m's groups in it] / size;  k of the residual = groups.
    """
    y = data.y - data.y.mean()
    everyone = np.zeros(len(y), dtype=int)
    rows = np.arange(len(y))
    levels = [rows, *data.codes, everyone]
    totals = np.array([np.sum(np.bincount(of, weights=y) ** 2 / np.bincount(of)) for of in levels])
    shares = np.array([[_k(of, part) for part in (*data.codes, rows)] for of in levels])
    return np.linalg.solve(shares[:-1] - shares[1:], totals[:-1] - totals[1:])


def _k(of, part):
    """Return the weight of the variance of `part`'s groups in the sum of squares of the groups `of`."""
    _, inverse, sizes = np.unique(np.column_stack([of, part]), axis=0, return_inverse=True, return_counts=True)
    first = np.unique(inverse.ravel(), return_index=True)[1]
    return float(np.sum(sizes**2 / np.bincount(of)[of[first]]))
