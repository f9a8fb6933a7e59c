"""From sessions to steps: pairs of following sessions of one client, and their sums within the client.

    sessions held     1  2  3  4  .  6  7          (none at 5)
    steps             1>2  2>3  3>4      6>7        four steps of this client

Within a client every score stands against that client's mean over the steps, so nothing that lasts enters. Session
effects (how everybody changes from session to session) are taken out alongside.
"""

from dataclasses import dataclass

import numpy as np

FEWEST_STEPS = 2
"""A client with a single step has no deviation from the own mean."""


@dataclass(frozen=True)
class Steps:
    """Sums within clients: N clients, q series, k = q + number of session effects.

    `cross` (N, k, k) sums of products of what goes before (q scores at t, then session effects); `to` (N, k, q) of it
    with the scores at t + 1; `after` (N, q, q) of these; all about the client's means. `count` (N,) steps a client;
    `gaps` (N, L): pairs of steps of which the later begins 0, 1, … sessions after the earlier ends, over `count`.
    `before`, `next` (N, T - 1, .) are the deviations themselves, zero where there is no step.
    """

    cross: np.ndarray
    to: np.ndarray
    after: np.ndarray
    count: np.ndarray
    gaps: np.ndarray
    before: np.ndarray
    next: np.ndarray

    @property
    def clients(self):
        """How many clients have two steps or more."""
        return len(self.count)

    @property
    def series(self):
        """How many series q there are."""
        return self.next.shape[2]

    def sums(self, weights):
        """Return cross, to, after, degrees of freedom and gaps, summed over clients with these `weights` (N,).

        Degrees of freedom: steps less one mean a client and less what the regression of one series uses up.
        """
        add = [np.tensordot(weights, each, axes=1) for each in (self.cross, self.to, self.after, self.gaps)]
        used = np.count_nonzero(np.diag(add[0]) > 0)
        return add[0], add[1], add[2], float(weights @ (self.count - 1)) - used, add[3]


def steps(values, *, session_effects=True):
    """Return the `Steps` of an array of clients by sessions by series, nan for gaps; a step needs all series twice."""
    whole = np.isfinite(values).all(axis=2)
    there = whole[:, :-1] & whole[:, 1:]
    keep = there.sum(axis=1) >= FEWEST_STEPS
    there, values = there[keep], values[keep]
    before, following = values[:, :-1], values[:, 1:]
    if session_effects:
        effects = np.broadcast_to(np.eye(there.shape[1])[:, 1:], (len(there), there.shape[1], there.shape[1] - 1))
        before = np.concatenate([before, effects], axis=2)
    before, following = _about_own_mean(before, there), _about_own_mean(following, there)
    turned = before.transpose(0, 2, 1)
    return Steps(
        turned @ before,
        turned @ following,
        following.transpose(0, 2, 1) @ following,
        there.sum(axis=1),
        _gaps(there),
        before,
        following,
    )


def _about_own_mean(values, there):
    """Return deviations from the client's own mean over the steps, 0 where there is no step."""
    values = np.where(there[:, :, None], values, 0.0)
    mean = values.sum(axis=1) / there.sum(axis=1)[:, None]
    return np.where(there[:, :, None], values - mean[:, None, :], 0.0)


def _gaps(there):
    """Return for each lag 0, 1, … how many pairs of steps lie that far apart, over the client's steps, (N, L)."""
    width = there.shape[1]
    pairs = [np.sum(there[:, : width - lag] & there[:, lag:], axis=1) for lag in range(1, width)]
    return np.column_stack(pairs) / there.sum(axis=1)[:, None] if pairs else np.zeros((len(there), 0))
