"""How clients fared on the primary symptom scale: amount of change, reliable improvement, recovery, before and after.

Each function takes the tables of one run (one clinic) and returns a `Value`. Definitions follow routine practice: an
outcome is the end form if it came back, else the last score before a session, of clients with at least two sessions.
The functions whose name begins with phq9 read the PHQ-9 whatever the primary scale is.
"""

import math

from experiments.estimators.columns import (
    before_and_after,
    both,
    finished_course,
    higher_is_worse,
    numbers,
    primary,
    scale_number,
)
from experiments.estimators.summary import change_in_start_spreads, mean, share, spread
from experiments.estimators.value import MISSING, absent

COURSES = "finished courses with a score before and after"
UNWELL = "finished courses that began on the unwell side of the cut-off"


def pre_post_d(tables, scales=None):
    """Return d = (mean before - mean after) / SD before, of clients with an intake score and a later one."""
    scale = primary(scales)
    before, after = both(*before_and_after(tables["clients"], scale=scale))
    sign = 1.0 if higher_is_worse(scales, scale) else -1.0
    return change_in_start_spreads(sign * before, sign * after, what="clients with an intake score and a later one")


def reliable_improvement_rate(tables, scales=None):
    """Return the share of finished courses that improved by at least the reliable change index."""
    clients = tables["clients"]
    return share(numbers(clients[finished_course(clients)], "reliable_improvement"), what=COURSES)


def recovered_rate(tables, scales=None):
    """Return, of finished courses that began at or beyond the cut-off, the share that ended on its well side.

    Needs the cut-off of the primary scale, `scales["phq9"]["cutoff"]` say: the manifest has it.
    """
    scale = primary(scales)
    cutoff, sign = scale_number(scales, scale, "cutoff"), 1.0 if higher_is_worse(scales, scale) else -1.0
    if math.isnan(cutoff):
        return no_cutoff(scale)
    before, after = both(*before_and_after(tables["clients"], scale=scale, of=finished_course))
    return share((sign * (after - cutoff) < 0)[sign * (before - cutoff) >= 0], what=UNWELL)


def reliably_recovered_rate(tables, scales=None):
    """Return, of the same courses, the share that crossed the cut-off and improved reliably."""
    scale = primary(scales)
    cutoff, sign = scale_number(scales, scale, "cutoff"), 1.0 if higher_is_worse(scales, scale) else -1.0
    if math.isnan(cutoff):
        return no_cutoff(scale)
    clients = tables["clients"]
    unwell = finished_course(clients) & (sign * (numbers(clients, f"{scale}_intake") - cutoff) >= 0)
    return share(numbers(clients[unwell], "recovered"), what=UNWELL)


def no_cutoff(scale):
    """Return the `Value` for an estimate whose scale came without a cut-off."""
    note = f"The cut-off of {scale} was not given; the manifest has it under scales, if the scale has one."
    return absent(MISSING, n=0, note=note)


def phq9_intake_mean(tables, scales=None):
    """Return the mean PHQ-9 at intake, of finished courses with both scores."""
    return mean(_phq9(tables)[0], what=COURSES)


def phq9_intake_sd(tables, scales=None):
    """Return the standard deviation of the PHQ-9 at intake, of finished courses with both scores."""
    return spread(_phq9(tables)[0], what=COURSES)


def phq9_end_mean(tables, scales=None):
    """Return the mean PHQ-9 at the end form or last score, of finished courses with both scores."""
    return mean(_phq9(tables)[1], what=COURSES)


def phq9_end_sd(tables, scales=None):
    """Return the SD of the PHQ-9 at the end form or last score, of finished courses with both scores."""
    return spread(_phq9(tables)[1], what=COURSES)


def _phq9(tables):
    return before_and_after(tables["clients"], scale="phq9", of=finished_course)
