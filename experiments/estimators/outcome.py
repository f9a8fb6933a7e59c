"""How clients fared on the PHQ-9: amount of change, reliable improvement, recovery, and scores before and after.

Each function takes the tables of one run (one clinic) and returns a `Value`. Definitions follow routine practice: an
outcome is the end form if it came back, else the last score before a session, of clients with at least two sessions.
"""

import numpy as np

from experiments.estimators.columns import both, finished_course, later_score, numbers
from experiments.estimators.summary import change_in_start_spreads, mean, share, spread
from experiments.estimators.value import MISSING, absent

COURSES = "finished courses with a score before and after"


def pre_post_d(tables, scales=None):
    """Return d = (mean before - mean after) / SD before, of clients with an intake score and a later one."""
    before, after = _before_and_after(tables["clients"])
    return change_in_start_spreads(before, after, what="clients with an intake score and a later one")


def reliable_improvement_rate(tables, scales=None):
    """Return the share of finished courses that fell by at least the reliable change index."""
    return _share_of_courses(tables["clients"], "reliable_improvement")


def recovered_rate(tables, scales=None):
    """Return, of finished courses that began at or above the cut-off, the share that ended below it.

    Needs the cut-off of the PHQ-9, `scales["phq9"]["cutoff"]`: the manifest has it.
    """
    cutoff = _of_scale(scales, "phq9", "cutoff")
    if cutoff is None:
        return absent(MISSING, n=0, note="The cut-off of the PHQ-9 was not given; the manifest has it under scales.")
    before, after = _before_and_after(tables["clients"], of=finished_course)
    return share((after < cutoff)[before >= cutoff], what="finished courses that began at or above the cut-off")


def reliably_recovered_rate(tables, scales=None):
    """Return, of the same courses, the share that ended below the cut-off and improved reliably."""
    cutoff = _of_scale(scales, "phq9", "cutoff")
    if cutoff is None:
        return absent(MISSING, n=0, note="The cut-off of the PHQ-9 was not given; the manifest has it under scales.")
    clients = tables["clients"]
    unwell = clients[finished_course(clients) & (numbers(clients, "phq9_intake") >= cutoff)]
    return share(numbers(unwell, "recovered"), what="finished courses that began at or above the cut-off")


def phq9_intake_mean(tables, scales=None):
    """Return the mean PHQ-9 at intake, of finished courses with both scores."""
    return mean(_before_and_after(tables["clients"], of=finished_course)[0], what=COURSES)


def phq9_intake_sd(tables, scales=None):
    """Return the standard deviation of the PHQ-9 at intake, of finished courses with both scores."""
    return spread(_before_and_after(tables["clients"], of=finished_course)[0], what=COURSES)


def phq9_end_mean(tables, scales=None):
    """Return the mean PHQ-9 at the end form or last score, of finished courses with both scores."""
    return mean(_before_and_after(tables["clients"], of=finished_course)[1], what=COURSES)


def phq9_end_sd(tables, scales=None):
    """Return the SD of the PHQ-9 at the end form or last score, of finished courses with both scores."""
    return spread(_before_and_after(tables["clients"], of=finished_course)[1], what=COURSES)


def _before_and_after(clients, of=None):
    """Return intake and later score of the clients that `of` marks (None = all) and who have both."""
    before, after = numbers(clients, "phq9_intake"), later_score(clients, fewest_sessions=2)
    if of is not None:
        before = np.where(of(clients), before, np.nan)
    return both(before, after)


def _share_of_courses(clients, name):
    return share(numbers(clients[finished_course(clients)], name), what=COURSES)


def _of_scale(scales, name, field):
    """Return one number of a scale, from a dict or an object with fields; None if it is not there."""
    scale = (scales or {}).get(name)
    return scale.get(field) if isinstance(scale, dict) else getattr(scale, field, None)
