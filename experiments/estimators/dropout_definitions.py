"""Dropout by every published definition, and the alliance of those who drop out by every published reading.

One client leaves after three sessions, well enough in her own eyes, without a word, at a reduced PHQ-9. To one study
she is a dropout (missed the last appointment), to another not (reliably improved). So a rate comes with its definition.
All are shares of clients with at least one session whose therapy has ended.
"""

import math

import numpy as np

from experiments.estimators.columns import (
    before_and_after,
    ended,
    higher_is_worse,
    numbers,
    planned,
    primary,
    scale_number,
    started,
)
from experiments.estimators.dropout import early_alliance
from experiments.estimators.estimator import Estimator
from experiments.estimators.methods.basics.two_by_two import compare_shares
from experiments.estimators.methods.change.reliable_change import IMPROVED, RECOVERED, classify
from experiments.estimators.summary import difference_of_groups, share
from experiments.estimators.value import MISSING, Fit, absent

OVER = "clients with a session whose therapy has ended"
RATED = "clients with an alliance rating"
MARKED = ("unilateral", "therapist_judged", "missed_last", "incomplete_protocol")
"""Definitions that stand in the clients table as dropout_<name>."""
FEW = 4
"""Sessions below which a therapy counts as dropped out by the definition of a fixed number."""


def over(clients):
    """Return the clients with at least one session whose therapy has ended."""
    return clients[started(clients) & ended(clients)]


def dropout_by_definition(tables, scales=None):
    """Return the rate of dropout by each definition as a `Fit`.

    `unilateral`, `therapist_judged`, `missed_last`, `incomplete_protocol` (of those with an agreed number of
    sessions): as marked in the clients table. `intake_only`: one session. `few_sessions`: fewer than four.
    `below_median`: fewer than the median of this clinic. `no_reliable_change`, `no_significant_change`: ended without
    it, however it ended, of clients with a score before and after (Swift et al. 2009).
    """
    clients = over(tables["clients"])
    sessions = numbers(clients, "sessions_held")
    parts = {name: _marked(clients, f"dropout_{name}") for name in MARKED}
    parts["intake_only"] = share(sessions == 1, what=OVER)
    parts["few_sessions"] = share(sessions < FEW, what=OVER)
    parts["below_median"] = share(sessions < (np.median(sessions) if sessions.size else 0), what=OVER)
    return Fit(parts | _without_change(clients, scales), sessions.size)


def _marked(clients, name):
    if name not in clients:
        return absent(MISSING, n=0, note=f"The clients table has no column {name}.")
    return share(numbers(clients, name), what=OVER)


def _without_change(clients, scales):
    scale = primary(scales)
    names = ("no_reliable_change", "no_significant_change")
    cutoff, change = (scale_number(scales, scale, field) for field in ("cutoff", "reliable_change"))
    scores = {f"{scale}_{when}" for when in ("intake", "end", "last")}
    if math.isnan(cutoff) or math.isnan(change) or not scores <= set(clients.columns):
        gap = absent(MISSING, n=0, note=f"The scores, the cut-off or the reliable change of {scale} were not given.")
        return dict.fromkeys(names, gap)
    before, after = before_and_after(clients, scale=scale)
    worse = higher_is_worse(scales, scale)
    label = classify(before, after, reliable_change=change, cutoff=cutoff, higher_is_worse=worse)
    known = np.isfinite(before) & np.isfinite(after)
    reliable, significant = np.isin(label, [RECOVERED, IMPROVED])[known], (label == RECOVERED)[known]
    what = f"{OVER}, with both scores"
    return dict(zip(names, (share(~reliable, what=what), share(~significant, what=what)), strict=True))


def alliance_dropout_readings(tables, scales=None):
    """Return d of the alliance, stayers minus dropouts, by three readings of "the alliance of dropouts".

    `session_1`: rating of session 1; `by_session_3`: last rating at or before session 3; `last`: last before the
    ending. Dropout = dropout_unilateral. The later the rating, the larger the d of the same clinic.
    """
    clients = over(tables["clients"])
    left = numbers(clients, "dropout_unilateral")
    readings = {
        "session_1": numbers(clients, "wai_client_s1"),
        "by_session_3": early_alliance(clients),
        "last": numbers(clients, "wai_client_last"),
    }
    parts = {
        name: difference_of_groups(each[left == 0], each[left == 1], what=RATED) for name, each in readings.items()
    }
    return Fit(parts, int((~np.isnan(left)).sum()))


def trainee_dropout_diff(tables, scales=None):
    """Return share of dropout of trainees' clients minus that of qualified therapists', with both and their ratio."""
    clients = over(tables["clients"])
    return _compare(clients, numbers(clients, "trainee_therapist"))


def open_ended_dropout_diff(tables, scales=None):
    """Return share of dropout without an agreed number of sessions minus that with one, with both and their ratio."""
    clients = over(tables["clients"])
    return _compare(clients, np.isnan(numbers(clients, "contract_sessions")).astype(float))


def _compare(clients, group):
    left = numbers(clients, "dropout_unilateral")
    return compare_shares(left[group == 1], left[group == 0], what="clients with a session and an ending")


def unplanned_rate(tables, scales=None):
    """Return the share of endings that were not planned: neither good enough, nor by plan, nor a transfer."""
    clients = over(tables["clients"])
    expected = planned(clients) | (clients["ending"] == "transferred").to_numpy(dtype=bool)
    return share(~expected, what=OVER)


_ENDED = ("sessions_held", "ending")
_LEFT = (*_ENDED, "dropout_unilateral")


def _compared(first, second):
    """Return unit and meaning of what a comparison of two shares of dropout gives."""
    return {
        "first": ("share of clients", f"who dropped out, {first}"),
        "second": ("share of clients", f"who dropped out, {second}"),
        "risk_ratio": ("ratio", f"share {first} / share {second}"),
        "odds_ratio": ("odds ratio", f"odds of dropout {first} / odds {second}"),
        "d": ("d", "log odds ratio times sqrt(3) / pi"),
    }


ENTRIES = (
    Estimator(
        dropout_by_definition,
        "Dropout by definition",
        "Share of clients with a session and an ending who count as dropouts, by nine published definitions.",
        unit="share of clients",
        formula="mean(dropout by definition), sessions_held >= 1 and ended",
        source="swift2012 swift2009",
        columns=_LEFT,
        headline="unilateral",
        parts={
            "unilateral": ("share of clients", "ended by the client before goals or plan were reached"),
            "therapist_judged": ("share of clients", "dropouts in the therapist's judgement"),
            "missed_last": ("share of clients", "missed the last appointment and did not come back"),
            "incomplete_protocol": (
                "share of clients",
                "ended before the agreed sessions, of those with an agreed number",
            ),
            "intake_only": ("share of clients", "had one session"),
            "few_sessions": ("share of clients", "had fewer than four sessions"),
            "below_median": ("share of clients", "had fewer sessions than the median client of this clinic"),
            "no_reliable_change": ("share of clients", "ended without reliable improvement, however they ended"),
            "no_significant_change": ("share of clients", "ended without recovering, however they ended"),
        },
        caveat="The rate moves by a factor of two or more with the definition.",
    ),
    Estimator(
        alliance_dropout_readings,
        "Alliance of stayers minus dropouts, three readings",
        "Cohen's d of the alliance, stayers minus dropouts, on session 1, on the last rating up to session 3, and on "
        "the last rating before the ending.",
        unit="Cohen's d",
        formula="(mean stayers - mean dropouts) / pooled SD",
        source="sharf2010",
        columns=(*_LEFT, "wai_client_s1", "wai_client_s3", "wai_client_last"),
        headline="by_session_3",
        parts={
            "session_1": ("Cohen's d", "rating of session 1"),
            "by_session_3": ("Cohen's d", "last rating at or before session 3"),
            "last": ("Cohen's d", "last rating before the ending"),
        },
    ),
    Estimator(
        trainee_dropout_diff,
        "Dropout, trainees minus qualified",
        "Share of dropout among clients of trainees minus that among clients of qualified therapists.",
        unit="difference of shares",
        formula="mean(dropout | trainee) - mean(dropout | qualified)",
        source="swift2012",
        columns=(*_LEFT, "trainee_therapist"),
        headline="risk_difference",
        parts=_compared("of trainees' clients", "of clients of qualified therapists"),
    ),
    Estimator(
        open_ended_dropout_diff,
        "Dropout, open-ended minus limited",
        "Share of dropout among clients without an agreed number of sessions minus that among clients with one.",
        unit="difference of shares",
        formula="mean(dropout | no contract) - mean(dropout | contract)",
        source="swift2012",
        columns=(*_LEFT, "contract_sessions"),
        headline="risk_difference",
        parts=_compared("without an agreed number", "with an agreed number of sessions"),
    ),
    Estimator(
        unplanned_rate,
        "Unplanned endings",
        "Share of endings other than good enough, as planned, or a transfer.",
        unit="share of clients",
        formula="mean(ending not in (good_enough, planned_end, transferred))",
        source="connell2006",
        columns=_ENDED,
    ),
)
"""In the order in which they are shown."""
