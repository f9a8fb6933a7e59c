"""Early response: who is better by a fifth within the first sessions, and how they fare in the end.

A client starts with 20 points and has 15 before session 4: a fall of a quarter, so an early response by the rule "20 %
by session 4". Studies differ in the rule; fall, points and session are arguments.
"""

import numpy as np

from experiments.estimators.methods.basics.effect_sizes import cohen_d
from experiments.estimators.summary import reaches, share
from experiments.estimators.value import Fit


def early_response(before, scores, *, by_session=4, fall=0.2, points=None, higher_is_worse=True):
    """Return for each client 1 (early responder), 0 (not), or nan (no score to tell by), an array.

    `before`: score at intake; `scores`: clients x sessions, taken before each session, so the first column is no
    response to therapy and is not looked at. The last score up to `by_session` is compared with `before`: better by at
    least the share `fall` of it, or by at least `points` if given (a reliable change, say).
    """
    window = np.asarray(scores, dtype=float)[:, 1:by_session]
    here = ~np.isnan(window)
    last = np.where(here, np.arange(window.shape[1]), -1).max(axis=1, initial=-1)
    score = np.where(last >= 0, np.take_along_axis(_padded(window), np.maximum(last, 0)[:, None], axis=1)[:, 0], np.nan)
    before = np.asarray(before, dtype=float)
    gain = (1.0 if higher_is_worse else -1.0) * (before - score)
    needed = fall * np.abs(before) if points is None else points
    return np.where(np.isnan(gain), np.nan, reaches(gain, needed))


def _padded(window):
    """Return the window with at least one column, so that there is one to take from."""
    return window if window.shape[1] else np.full((window.shape[0], 1), np.nan)


def outcome_by_early_response(marks, outcome, *, what="clients with an early score and an outcome"):
    """Return the `rate` of early response, and `d` of `outcome` (higher = better), responders minus others."""
    here = ~np.isnan(marks) & ~np.isnan(outcome)
    d = cohen_d(outcome[here & (marks == 1)], outcome[here & (marks == 0)], what=what)
    return Fit({"rate": share(marks, what="clients with an early score"), "d": d}, int((~np.isnan(marks)).sum()))
