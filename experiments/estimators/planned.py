"""Recovery of planned endings: how many of those who ended as planned got well, and whether more sessions help.

Among clients who stop when it is good enough the share that recovered need not rise with sessions, although each of
them gains with every session: the quick ones have gone. Scores are of the CORE-OM, as in the studies.
"""

import numpy as np

from experiments.estimators.columns import numbers, planned
from experiments.estimators.estimator import Estimator
from experiments.estimators.methods.basics.effect_sizes import d_on_start_sd
from experiments.estimators.methods.basics.regression import ols
from experiments.estimators.summary import share
from experiments.estimators.value import MISSING, TOO_FEW, Fit, absent, counted, there_are

CORE_CUTOFF, CORE_RELIABLE = 10, 5
BINS = range(1, 13)
FEWEST_PER_BIN = 30


def planned_recovery(tables, scales=None):
    """Return, of planned endings from caseness on the CORE-OM with an end form, `rate` of RCSI and pre-post `d`.

    RCSI: fell by at least 5 to below 10. At most 40 sessions.
    """
    before, after, _ = _planned_core(tables["clients"], most=40)
    what = "planned endings from caseness with an end form"
    success = (before - after >= CORE_RELIABLE) & (after < CORE_CUTOFF)
    return Fit({"rate": share(success, what=what), "d": d_on_start_sd(before, after, what=what)}, before.size)


def recovery_by_sessions(tables, scales=None):
    """Return the share of RCSI after 1, 2, … 12 sessions (`after_1` …) and its `slope` per session.

    Planned endings from caseness with an end form; the slope is least squares over clients, with errors robust to
    unequal variance. A share of fewer than 30 clients is not given.
    """
    before, after, sessions = _planned_core(tables["clients"], most=12)
    success = ((before - after >= CORE_RELIABLE) & (after < CORE_CUTOFF)).astype(float)
    parts = {f"after_{k}": _bin(success[sessions == k], k) for k in BINS}
    parts["slope"] = ols(success, {"sessions": sessions}, errors="hc3")["sessions"]
    return Fit(parts, before.size)


def _bin(success, k):
    what = f"planned endings after {counted(k, 'sessions')}"
    value = share(success, what=what)
    short = success.size < FEWEST_PER_BIN
    note = f"{there_are(success.size, what)}; a share needs at least {FEWEST_PER_BIN}."
    return absent(TOO_FEW if success.size else MISSING, n=success.size, note=note) if short else value


def _planned_core(clients, *, most):
    before, after = numbers(clients, "core_om_intake"), numbers(clients, "core_om_end")
    sessions = numbers(clients, "sessions_held")
    here = planned(clients) & (before >= CORE_CUTOFF) & ~np.isnan(after) & (sessions >= 1) & (sessions <= most)
    return before[here], after[here], sessions[here]


_CORE = ("sessions_held", "ending", "core_om_intake", "core_om_end")

ENTRIES = (
    Estimator(
        planned_recovery,
        "Recovery of planned endings",
        "Of planned endings from caseness on the CORE-OM with an end form and at most 40 sessions: share that fell by "
        "at least 5 to below 10.",
        unit="share of planned endings",
        formula="mean(intake score - end form >= 5 and end form < 10)",
        source="stiles2015",
        columns=_CORE,
        headline="rate",
        parts={"d": ("d, in SDs at intake", "mean fall from intake to the end form over the SD at intake")},
    ),
    Estimator(
        recovery_by_sessions,
        "Recovery by number of sessions",
        "Change in the share of recovery (CORE-OM) per session attended, among planned endings after 1 to 12 sessions.",
        unit="difference of shares per session",
        formula="OLS(recovered ~ sessions_held), HC3; recovered = intake - end >= 5 and end < 10",
        source="barkham2006",
        columns=_CORE,
        headline="slope",
        parts={"after_*": ("share of planned endings", "recovered, of those who ended after so many sessions")},
        digits=4,
    ),
)
"""In the order in which they are shown."""
