"""Coming back and missing appointments: who does not return after the first visit, and how the alliance tells.

A third of clients do not return after one visit. Those who do not are not only the dissatisfied: some are well enough.
So non-return by decile of the first alliance rating may be U-shaped.
"""

import math

import numpy as np
from scipy import stats

from experiments.estimators.columns import IN_THERAPY, numbers, started
from experiments.estimators.estimator import Estimator
from experiments.estimators.summary import clustered_mean, share
from experiments.estimators.value import MISSING, Fit, absent, as_fit, counted, found, too_few

SESSIONS = range(1, 6)
DECILES = 10
FEWEST = 100
"""Clients needed for deciles: ten in each."""
MISSED = "no_show"


def no_return_after_first(tables, scales=None):
    """Return `after_1` to `after_5`: of clients who had t sessions, the share who had no more, whatever the ending.

    Somebody still in therapy with t sessions is not counted at t (not known). `dropouts_by_4`: share of unilateral
    endings that came by session 4; `fall`: after_1 minus after_5.
    """
    clients = tables["clients"]
    held, open_ = numbers(clients, "sessions_held"), (clients["ending"] == IN_THERAPY).to_numpy(dtype=bool)
    parts = {f"after_{t}": _not_returned(held, open_, t) for t in SESSIONS}
    dropouts = held[(numbers(clients, "dropout_unilateral") == 1) & (held >= 1)]
    parts["dropouts_by_4"] = share(dropouts <= 4, what="clients who dropped out")
    parts["fall"] = _difference(parts["after_1"], parts["after_5"])
    return Fit(parts, int((held >= 1).sum()))


def _not_returned(held, open_, t):
    known = (held > t) | ((held == t) & ~open_)
    what = f"clients with {counted(t, 'sessions')} of whom it is known whether they returned"
    return share(held[known] == t, what=what)


def _difference(first, second):
    """Return the difference of two shares as a `Value`; SE as for independent shares."""
    if not (first.ok and second.ok):
        return first if not first.ok else second
    return found(first.estimate - second.estimate, se=math.hypot(first.se, second.se), n=first.n)


def no_return_by_alliance(tables, scales=None):
    """Return the share who do not return after session 1 by decile of its alliance rating, and whether it is U-shaped.

    `decile_1` (lowest) to `decile_10`; `bottom` and `top`: first and last decile minus deciles 4-7; `u_shape`: the
    smaller of the two with its own SE, above 0 if both ends leave more. Equal ratings are ordered by client_id.
    """
    clients = tables["clients"]
    clients = clients[started(clients)]
    held, rating = numbers(clients, "sessions_held"), numbers(clients, "wai_client_s1")
    known = ~np.isnan(rating) & ((held > 1) | (clients["ending"] != IN_THERAPY).to_numpy(dtype=bool))
    if known.sum() < FEWEST:
        return as_fit(too_few(int(known.sum()), fewest=FEWEST, what="clients with a rating of session 1"))
    gone, decile = held[known] == 1, _deciles(rating[known], clients["client_id"].to_numpy()[known])
    what = "clients of a decile"
    parts = {f"decile_{k}": share(gone[decile == k], what=what) for k in range(1, DECILES + 1)}
    middle = share(gone[(decile >= 4) & (decile <= 7)], what=what)
    parts["bottom"] = _apart(gone[decile == 1], gone[(decile >= 4) & (decile <= 7)])
    parts["top"] = _apart(gone[decile == DECILES], gone[(decile >= 4) & (decile <= 7)])
    parts["middle"] = middle
    parts["u_shape"] = min(parts["bottom"], parts["top"], key=lambda value: value.estimate)
    return Fit(parts, int(known.sum()))


def _deciles(rating, ids):
    order = np.lexsort((ids, rating))
    decile = np.empty(rating.size, dtype=int)
    decile[order] = np.arange(rating.size) * DECILES // rating.size + 1
    return decile


def _apart(first, second):
    p, q = first.mean(), second.mean()
    se = math.sqrt(p * (1 - p) / first.size + q * (1 - q) / second.size)
    return found(p - q, se=se if se > 0 else math.nan, n=first.size + second.size)


def missed_appointment_rate(tables, scales=None):
    """Return the share of booked appointments missed without a word, SE by client.

    Left out: the missed last appointment of a client who has dropped out, which is the ending itself. `first` and
    `later` appointments apart; `low_minus_high`: later ones of clients in the lowest third of the first alliance
    rating minus those in the highest.
    """
    clients, booked = tables["clients"], tables["appointments"]
    booked = booked[~_endings(booked, clients) & booked["attendance"].notna().to_numpy()]
    if booked.empty:
        return as_fit(absent(MISSING, n=0, note="There are no booked appointments."))
    missed, who = (booked["attendance"] == MISSED).to_numpy(dtype=float), booked["client_id"].to_numpy()
    first = numbers(booked, "appointment") == 1
    parts = {
        "rate": _by_client(missed, who),
        "first": _by_client(missed[first], who[first]),
        "later": _by_client(missed[~first], who[~first]),
        "low_minus_high": _thirds(missed[~first], who[~first], clients),
    }
    return Fit(parts, missed.size)


def _endings(booked, clients):
    """Mark the missed last appointments of clients who dropped out."""
    left = clients["client_id"][numbers(clients, "dropout_unilateral") == 1]
    last = booked["appointment"] == booked.groupby("client_id")["appointment"].transform("max")
    return (last & (booked["attendance"] == MISSED) & booked["client_id"].isin(left)).to_numpy(dtype=bool)


def _by_client(values, clients):
    average, se, groups = clustered_mean(values, clients)
    if groups < 2:
        return too_few(groups, fewest=2, what="clients with an appointment")
    return found(average, se=se, n=values.size)


def _thirds(missed, who, clients):
    rating = numbers(clients, "wai_client_s1")
    rated = ~np.isnan(rating)
    if rated.sum() < 6:
        return too_few(int(rated.sum()), fewest=6, what="clients with a rating of session 1")
    rank = stats.rankdata(rating[rated]) / rated.sum()
    ids = clients["client_id"].to_numpy()[rated]
    low, high = (np.isin(who, ids[part]) for part in (rank <= 1 / 3, rank > 2 / 3))
    return _difference(_by_client(missed[low], who[low]), _by_client(missed[high], who[high]))


_LEFT = ("sessions_held", "ending", "dropout_unilateral")

ENTRIES = (
    Estimator(
        no_return_after_first,
        "No return after the first session",
        "Of clients who had a first session, the share who had no second, whatever the ending.",
        unit="share of clients",
        formula="mean(sessions_held = t | sessions_held >= t), t = 1",
        source="simon2012",
        columns=_LEFT,
        headline="after_1",
        parts={
            "after_*": ("share of clients", "had no more sessions, of those who had so many"),
            "dropouts_by_4": ("share of dropouts", "unilateral endings that came by session 4"),
            "fall": ("difference of shares", "no return after session 1 minus no return after session 5"),
        },
    ),
    Estimator(
        no_return_by_alliance,
        "U-shape of no return by first alliance",
        "Share who do not return after session 1 in the lowest or highest tenth of its alliance ratings, whichever is "
        "smaller, minus that in the middle (deciles 4-7).",
        unit="difference of shares",
        formula="min(p1, p10) - p(4-7), p = share with one session, by decile of wai_client_s1",
        source="simon2012",
        columns=("client_id", "sessions_held", "ending", "wai_client_s1"),
        headline="u_shape",
        parts={
            "decile_*": ("share of clients", "did not return, by tenth of the first alliance rating (1 = lowest)"),
            "bottom": ("difference of shares", "lowest tenth minus the middle (deciles 4-7)"),
            "top": ("difference of shares", "highest tenth minus the middle (deciles 4-7)"),
            "middle": ("share of clients", "did not return, deciles 4-7"),
        },
        caveat="The smaller of two differences lies a little below 0 by chance where there is no U.",
    ),
    Estimator(
        missed_appointment_rate,
        "Missed appointments",
        "Share of booked appointments that the client missed without a word, without the one that was the ending.",
        unit="share of appointments",
        formula="mean(attendance = no_show)",
        source="mitchell2007",
        columns=(
            *("client_id", "dropout_unilateral", "wai_client_s1"),
            *(f"appointments.{name}" for name in ("client_id", "appointment", "attendance")),
        ),
        keep="sessions",
        headline="rate",
        parts={
            "first": ("share of appointments", "missed, of first appointments"),
            "later": ("share of appointments", "missed, of appointments after the first"),
            "low_minus_high": (
                "difference of shares",
                "later ones: lowest third of the first alliance minus highest third",
            ),
        },
    ),
)
"""In the order in which they are shown."""
