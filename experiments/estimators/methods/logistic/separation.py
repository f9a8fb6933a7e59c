"""Separation: when a predictor tells perfectly who has the event, and a logistic regression has no answer.

If no client over 60 dropped out, the data say that being over 60 lowers the odds of dropping out without limit: the
likelihood keeps rising as the coefficient runs away, and software that stops somewhere prints an odds ratio of
0.0000001 as if it were an estimate. Separation is complete if a weighted sum of predictors splits those with the event
from those without, and quasi-complete if it does so but for ties on the border.
"""

import numpy as np

NONE, QUASI, COMPLETE = "none", "quasi-complete", "complete"
SLACK = 1e-7
"""Sums of predictors smaller than this count as ties, on predictors of spread 1."""


def separation(event, design):
    """Return "none", "quasi-complete" or "complete" for a 0/1 `event` (n) and a `design` (n x p, with its ones).

    Linear programming: maximise the sum of s_i x_i'b over -1 <= b <= 1 with every s_i x_i'b >= 0, s = +1 with the
    event and -1 without. The maximum is 0 exactly if there is no separation (Konis 2007, thesis, Oxford).
    """
    from scipy.optimize import linprog

    scale = np.maximum(np.abs(design).max(axis=0), 1e-300)
    signed = np.where(np.asarray(event) == 1, 1.0, -1.0)[:, None] * design / scale
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1), method="highs")
    if not found.success or -found.fun <= SLACK * len(signed):
        return NONE
    return COMPLETE if _complete(signed, linprog) else QUASI


def _complete(signed, linprog):
    """Return whether some b gives every client a margin: maximise m with s_i x_i'b >= m."""
    n, p = signed.shape
    rows = np.column_stack([-signed, np.ones(n)])
    goal = np.append(np.zeros(p), -1.0)
    found = linprog(goal, A_ub=rows, b_ub=np.zeros(n), bounds=[(-1, 1)] * p + [(None, 1)], method="highs")
    return bool(found.success and -found.fun > SLACK)
