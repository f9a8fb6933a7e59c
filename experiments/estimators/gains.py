"""Jumps and early signs in the session-by-session scores: sudden gains, sudden losses, early response.

Noise jumps too: a scale that shakes by its own error shows sudden gains in clients who do not change at all, so a rate
means something beside the rate in a model (or a control) without jumps.
"""

import math

import numpy as np

from experiments.estimators.alliance import nothing_to_compare
from experiments.estimators.columns import (
    ENOUGH_SESSIONS,
    before_and_after,
    by_session,
    higher_is_worse,
    numbers,
    primary,
    scale_number,
    started,
)
from experiments.estimators.correlation import residual_change
from experiments.estimators.estimator import Estimator
from experiments.estimators.methods.change.early_response import early_response, outcome_by_early_response
from experiments.estimators.methods.change.sudden_gains import jumps, summary_of_jumps
from experiments.estimators.value import MISSING, OK, Fit, absent, as_fit

EARLY = 4
"""Session before which the score tells early response."""
FALL = 0.2


def sudden_gains(tables, scales=None):
    """Return the usual table of sudden gains on the primary scale, of clients with a session.

    Cut-off = reliable change of the scale. Besides `summary_of_jumps`: the share of clients with a gain under other
    readings of the third criterion, `clients_fixed_t` (t always 2.776) and `clients_t_test` (standard error in place
    of the SD).
    """
    return _jumps(tables, scales, losses=False)


def sudden_losses(tables, scales=None):
    """Return the same for jumps to the worse."""
    return _jumps(tables, scales, losses=True)


def _jumps(tables, scales, *, losses):
    scale = primary(scales)
    cutoff = scale_number(scales, scale, "reliable_change")
    if math.isnan(cutoff):
        return as_fit(absent(MISSING, n=0, note=f"The reliable change of {scale} was not given; it is the cut-off."))
    scores, how = _scores(tables, scale), {"cutoff": cutoff, "losses": losses}
    how["higher_is_worse"] = higher_is_worse(scales, scale)
    fit = summary_of_jumps(jumps(scores, **how), what="clients with a session")
    if not fit.ok:
        return fit
    others = {"clients_fixed_t": {"adjusted": False}, "clients_t_test": {"spread": "se"}}
    more = {name: summary_of_jumps(jumps(scores, **how, **reading))["clients"] for name, reading in others.items()}
    return Fit({**fit.parts, **more}, fit.n, facts=fit.facts)


def _scores(tables, scale):
    clients = tables["clients"]
    return by_session(tables["appointments"], scale, clients=clients["client_id"][started(clients)])


def early_response_rate(tables, scales=None):
    """Return the `rate` of early response on the primary scale, and `d` of residualised change by it.

    Early response: better by at least 20 % of the intake score at the last score before session 4, but after the
    first. d: responders minus others, of clients with an end form or at least four sessions.
    """
    scale, clients = primary(scales), tables["clients"]
    worse = higher_is_worse(scales, scale)
    scores = by_session(tables["appointments"], scale, clients=clients["client_id"])
    marks = early_response(
        numbers(clients, f"{scale}_intake"), scores, by_session=EARLY, fall=FALL, higher_is_worse=worse
    )
    before, after = before_and_after(clients, scale=scale, fewest_sessions=ENOUGH_SESSIONS)
    here = ~np.isnan(before)
    change, status = residual_change(before[here], after[here], higher_is_worse=worse)
    outcome = np.full(before.size, np.nan)
    outcome[here] = change
    fit = outcome_by_early_response(marks, outcome)
    return fit if status == OK else Fit({**fit.parts, "d": nothing_to_compare(int(here.sum()))}, fit.n)


_COLUMNS = ("client_id", "sessions_held", "appointments.client_id", "appointments.session", "appointments.{primary}")
_JUMP = "of at least the reliable change, a quarter of the score before it, and t times the SD of the scores around it"
_PARTS = {
    "several": ("share of clients", "with more than one jump"),
    "clients_testable": (
        "share of testable clients",
        "with a jump, of those with enough scores around a pair of sessions",
    ),
    "jumps": ("count", "jumps of all clients together"),
    "reversed": ("share of jumps", "later taken back by more than half"),
    "size": ("points", "mean size of a jump, one session to the next"),
    "size_sd": ("points", "standard deviation of the sizes"),
    "first_reversed": ("share of clients with a jump", "whose first jump was later taken back by more than half"),
    "first_size": ("points", "mean size of a client's first jump"),
    "first_size_sd": ("points", "standard deviation of the sizes of first jumps"),
    "clients_fixed_t": ("share of clients", "with a jump if t is 2.776 however many scores lie around it"),
    "clients_t_test": (
        "share of clients",
        "with a jump if the scores around it are compared by their standard error, not SD",
    ),
}

ENTRIES = (
    Estimator(
        sudden_gains,
        "Sudden gains",
        f"Share of clients with a session who have a fall between two sessions {_JUMP}.",
        unit="share of clients",
        formula="pre - post >= reliable change; >= .25 pre; mean(3 before) - mean(3 after) > t SD",
        source="tang1999 suddengains",
        columns=_COLUMNS,
        keep="sessions",
        headline="clients",
        parts=_PARTS,
        caveat="Scores that only shake show sudden gains too; clients with few sessions cannot show any.",
    ),
    Estimator(
        sudden_losses,
        "Sudden losses",
        f"Share of clients with a session who have a rise between two sessions {_JUMP}.",
        unit="share of clients",
        formula="post - pre >= reliable change; >= .25 pre; mean(3 after) - mean(3 before) > t SD",
        source="suddengains",
        columns=_COLUMNS,
        keep="sessions",
        headline="clients",
        parts=_PARTS,
        caveat="Scores that only shake show sudden losses too; clients with few sessions cannot show any.",
    ),
    Estimator(
        early_response_rate,
        "Early response",
        "Share of clients whose score before session 3 or 4 is better than at intake by at least 20 %.",
        unit="share of clients",
        formula="mean(intake - last score up to session 4 >= .20 intake)",
        source="",
        columns=(*_COLUMNS, "{primary}_intake", "{primary}_end", "{primary}_last"),
        keep="sessions",
        headline="rate",
        parts={"d": ("d", "outcome (residualised change) of early responders minus that of the others")},
        caveat="The difference in outcome is partly the same change counted twice.",
    ),
)
"""In the order in which they are shown."""
