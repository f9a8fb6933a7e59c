"""Reading the clients table: numbers with gaps, and which clients an estimate is about.

A form that did not come back is a gap (nan), never a zero. A client who never came has no dropout, yes or no. The
groups that published figures are about (started, finished a course, has a later score) are named here once.
"""

import numpy as np
import pandas as pd

IN_THERAPY = "in_therapy"
NEVER_STARTED = "never_started"


def primary(scales=None):
    """Return the name of the symptom scale that outcomes are read from: the one the manifest marks, else the PHQ-9."""
    marked = (name for name, scale in (scales or {}).items() if field_of(scale, "primary"))
    return next(marked, "phq9")


def field_of(scale, name):
    """Return one field of a scale, a dict or an object with fields; None if it has none."""
    return scale.get(name) if isinstance(scale, dict) else getattr(scale, name, None)


def numbers(frame, name):
    """Return a column as floats with nan for gaps; true and false count as 1 and 0, text as a gap."""
    column = pd.to_numeric(frame[name], errors="coerce")
    return column.to_numpy(dtype=float, na_value=np.nan)


def started(clients):
    """Mark the clients with at least one session held."""
    return numbers(clients, "sessions_held") >= 1


def ended(clients):
    """Mark the clients whose therapy has ended in whatever way; not those who still wait or come."""
    ending = clients["ending"]
    return (ending.notna() & (ending != IN_THERAPY)).to_numpy(dtype=bool)


def finished_course(clients):
    """Mark the finished courses as the NHS counts them: at least two sessions held, and ended in any way."""
    return (numbers(clients, "sessions_held") >= 2) & ended(clients)


def later_score(clients, *, fewest_sessions, scale="phq9"):
    """Return the score after therapy: the end form if it came back, else the last score before a session.

    The last score counts only from `fewest_sessions` sessions on: with one session it was taken before
    therapy began, and no score is an outcome of a session it was taken before.
    """
    end = numbers(clients, f"{scale}_end")
    enough = numbers(clients, "sessions_held") >= fewest_sessions
    last = np.where(enough, numbers(clients, f"{scale}_last"), np.nan)
    return np.where(np.isnan(end), last, end)


def both(first, second):
    """Return two arrays without the pairs in which either is missing."""
    here = ~np.isnan(first) & ~np.isnan(second)
    return first[here], second[here]
