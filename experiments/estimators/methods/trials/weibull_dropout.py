"""Dropout over the weeks of a trial: how many have gone by each measurement, and how many measurements each leaves.

Of 100 clients 30 are gone by week 10. With rate 1/2 most of them go early (10.7 after the first week), with rate 2 most
go late. A client who drops out at the third measurement leaves two.

Source: Galbraith & Marschner 2002 (Weibull dropout in trials with repeated measures), as in R's powerlmm.
"""

import numpy as np


def weibull_dropout(times, *, share, rate):
    """Return the cumulative share that has dropped out by each of `times`, 1 - (1 - share)^((t / last)^rate).

    `times` begin at 0; `share`, from 0 to below 1, is reached at the last; `rate` > 0: below 1 early, above 1 late.
    """
    if not (0 <= share < 1 and rate > 0):
        raise ValueError(f"share = {share} must lie in 0-1 (1 excluded), rate = {rate} above 0.")
    times = np.asarray(times, dtype=float)
    return 1 - (1 - share) ** ((times / times.max()) ** rate)


def measurement_shares(cumulative):
    """Return the shares of clients who leave 1, 2, ..., all measurements, from cumulative dropout (0 at the first)."""
    gone = _valid(cumulative)
    return np.append(np.diff(gone), 1 - gone[-1])


def in_whole_people(cumulative, *, n):
    """Return cumulative dropout such that whole people go: of `n`, as many as bring those gone nearest to their share.

    Half is rounded to even, as R does; powerlmm counts dropouts of an arm so.
    """
    left, gone = n, []
    for share in _valid(cumulative):
        left -= round(left - (1 - share) * n)
        gone.append(1 - left / n)
    return np.array(gone)


def _valid(cumulative):
    gone = np.asarray(cumulative, dtype=float)
    if gone[0] != 0 or (np.diff(gone) < 0).any() or gone[-1] >= 1:
        raise ValueError("Cumulative dropout must begin at 0, never fall, and stay below 1.")
    return gone
