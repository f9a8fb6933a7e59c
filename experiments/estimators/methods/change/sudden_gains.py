"""Sudden gains and losses: a jump between two sessions that is large, and larger than the swing around it.

A client's scores run 28, 26, 28 | 11, 12, 13. Between sessions 3 and 4 they fall by 17: more than a cut-off of 7 (1),
more than a quarter of 28 (2), and the means of the sessions around differ by more than t times the spread within them
(3). That is a sudden gain (Tang & DeRubeis 1999). If a later score takes back more than half of it, it was reversed.

The third criterion has been read in more than one way, and each is an argument here. `adjusted`: t is the 5 % quantile
for the number of scores in the windows (2.776 for three and three, 3.182, 4.303 with gaps), or always 2.776. `spread`:
the pooled SD of the scores, as published, or the standard error of a difference of means, as a t test would have it.
Scores are an array of clients x sessions with nan for gaps; long tables are turned by `columns.by_session`.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from experiments.estimators.summary import clustered_mean, mean, reaches, share
from experiments.estimators.value import Fit, as_fit, found, too_few

FIXED_T = 2.776
"""t of three scores before and three after (4 degrees of freedom), as the first papers print it."""
WINDOW = 3
"""Sessions on each side whose means are compared."""
FEWEST_ON_A_SIDE = 2
ENOUGH = 2
"""Clients below which no summary is given."""


@dataclass(frozen=True)
class Jumps:
    """What was found between each session and the next: arrays of clients x (sessions - 1).

    `found`: 1 a jump, 0 none, nan where it cannot be tested (a score beside it is missing, or fewer than two on a
    side). `size`: points of change in the direction looked for. `reversed`: true where a jump was taken back by more
    than half at any later session.
    """

    found: np.ndarray
    size: np.ndarray
    reversed: np.ndarray

    def first(self):
        """Return for each client the column of the first jump, -1 if there is none."""
        hit = self.found == 1
        order = np.where(hit, np.arange(hit.shape[1]), hit.shape[1])
        column = order.min(axis=1, initial=hit.shape[1])
        return np.where(column < hit.shape[1], column, -1)


def jumps(scores, *, cutoff, share=0.25, adjusted=True, spread="sd", losses=False, higher_is_worse=True, window=WINDOW):
    """Return the `Jumps` of `scores` (clients x sessions, nan = gap): gains, or losses if `losses`.

    (1) change >= `cutoff` points; (2) change >= `share` of the score before; (3) difference of the means of the last
    `window` scores up to the jump and the first `window` after it > t times their spread. Windows are cut at the edges.
    `adjusted` and `spread` ("sd" or "se") choose the reading of (3). A sudden loss is a jump the other way, held to
    the same three; the R package suddengains asks nothing of a loss by (2), which `share=0` does here.
    """
    if spread not in ("sd", "se"):
        raise ValueError(f'spread = "{spread}" must be "sd" (as published) or "se" (as a t test).')
    scores = np.atleast_2d(np.asarray(scores, dtype=float))
    worse = (1.0 if higher_is_worse else -1.0) * (-1.0 if losses else 1.0)
    size = worse * (scores[:, :-1] - scores[:, 1:])
    limits = [_third(scores, pair, adjusted=adjusted, spread=spread, window=window) for pair in range(size.shape[1])]
    apart, limit = (
        (np.array(each).reshape(size.shape[::-1]).T for each in zip(*limits, strict=True)) if limits else 2 * [size]
    )
    large = reaches(size, cutoff) & reaches(size, share * np.abs(scores[:, :-1]))
    hit = large & (worse * apart > limit)
    flags = np.where(np.isnan(size) | np.isnan(limit), np.nan, hit.astype(float))
    return Jumps(flags, size, _taken_back(scores * worse, size, flags))


def _third(scores, pair, *, adjusted, spread, window):
    """Return for each client the difference of the two windows' means and what it must exceed, nan if untestable."""
    before = scores[:, max(0, pair + 1 - window) : pair + 1]
    after = scores[:, pair + 1 : pair + 1 + window]
    (n1, mean1, square1), (n2, mean2, square2) = _moments(before), _moments(after)
    enough = (n1 >= FEWEST_ON_A_SIDE) & (n2 >= FEWEST_ON_A_SIDE)
    degrees = np.where(enough, n1 + n2 - 2, 2)
    sd = np.sqrt((square1 + square2) / degrees)
    per = np.sqrt(1 / np.maximum(n1, 1) + 1 / np.maximum(n2, 1)) if spread == "se" else 1.0
    t = special.stdtrit(degrees, 0.975) if adjusted else FIXED_T
    return mean1 - mean2, np.where(enough, t * sd * per, np.nan)


def _moments(part):
    """Return number, mean and sum of squares around the mean of each row's scores, gaps left out."""
    here = ~np.isnan(part)
    n = here.sum(axis=1)
    mean = np.where(here, part, 0.0).sum(axis=1) / np.maximum(n, 1)
    return n, mean, (np.where(here, part - mean[:, None], 0.0) ** 2).sum(axis=1)


def _taken_back(worse, size, flags):
    """Mark the jumps after which any later score is worse by more than half the jump than the score right after."""
    later = np.where(np.isnan(worse), -math.inf, worse)
    highest = np.maximum.accumulate(later[:, ::-1], axis=1)[:, ::-1]
    beyond = np.concatenate([highest[:, 2:], np.full((worse.shape[0], 1), -math.inf)], axis=1)[:, : size.shape[1]]
    return (flags == 1) & (beyond > worse[:, 1:] + size / 2)


def summary_of_jumps(found_jumps, *, what="clients"):
    """Return the usual table of a study of sudden gains as a `Fit`.

    Shares of all clients (rows): `clients` with a jump, `several` with more than one; `clients_testable` is the share
    with a jump among those with a pair of sessions that can be tested. Over jumps: `jumps` (their number), `reversed`
    (share), `size` and `size_sd` (points), SE by client. Of each client's first jump: `first_reversed`, `first_size`,
    `first_size_sd`.
    """
    tested = ~np.isnan(found_jumps.found)
    per_client, testable = (found_jumps.found == 1).sum(axis=1), tested.any(axis=1)
    if testable.sum() < ENOUGH:
        return as_fit(too_few(int(testable.sum()), fewest=ENOUGH, what=f"{what} with enough scores for a sudden gain"))
    parts = {
        "clients": share(per_client >= 1, what=what),
        "several": share(per_client >= 2, what=what),
        "clients_testable": share(per_client[testable] >= 1, what=what),
        "jumps": found(float(per_client.sum()), n=per_client.size),
        **_over_jumps(found_jumps),
        **_first_jumps(found_jumps),
    }
    return Fit(parts, per_client.size, facts={"tested": int(tested.sum()), "testable": int(testable.sum())})


def _over_jumps(each):
    who, _ = np.nonzero(each.found == 1)
    size, back = each.size[each.found == 1], each.reversed[each.found == 1].astype(float)
    return {
        "reversed": _by_client(back, who, what="sudden gains"),
        "size": _by_client(size, who, what="sudden gains"),
        "size_sd": _sd(size, what="sudden gains"),
    }


def _first_jumps(each):
    column = each.first()
    who = np.flatnonzero(column >= 0)
    size, back = each.size[who, column[who]], each.reversed[who, column[who]]
    what = "clients with a sudden gain"
    return {
        "first_reversed": share(back, what=what),
        "first_size": mean(size, what=what),
        "first_size_sd": _sd(size, what=what),
    }


def _by_client(values, clients, *, what):
    average, se, groups = clustered_mean(values, clients)
    if groups < ENOUGH:
        return too_few(groups, fewest=ENOUGH, what=f"clients with {what}")
    return found(average, se=se, n=values.size)


def _sd(values, *, what):
    if values.size < 3:
        return too_few(values.size, fewest=3, what=what)
    sd = float(values.std(ddof=1))
    return found(sd, se=sd / math.sqrt(2 * (values.size - 1)), n=values.size)
