"""Reading the tables: numbers with gaps, which clients an estimate is about, and which score is whose outcome.

A form that did not come back is a gap (nan), never a zero. A client who never came has no dropout, yes or no. The
groups that published figures are about (started, finished a course, has a later score) are named here once.
"""

import math

import numpy as np
import pandas as pd

IN_THERAPY = "in_therapy"
NEVER_STARTED = "never_started"
PLANNED = ("good_enough", "planned_end")
"""Endings that a service reports as planned."""
ENOUGH_SESSIONS = 4
"""Sessions from which on the last score counts as an outcome of what happened in the first three."""


def primary(scales=None):
    """Return the name of the symptom scale that outcomes are read from: the one the manifest marks, else the PHQ-9."""
    marked = (name for name, scale in (scales or {}).items() if field_of(scale, "primary"))
    return next(marked, "phq9")


def field_of(scale, name):
    """Return one field of a scale, a dict or an object with fields; None if it has none."""
    return scale.get(name) if isinstance(scale, dict) else getattr(scale, name, None)


def scale_number(scales, name, field):
    """Return one number of the scale `name` (its cutoff, its reliable_change …), nan if it is not given."""
    number = field_of((scales or {}).get(name, {}), field)
    return math.nan if number is None else float(number)


def higher_is_worse(scales, name):
    """Return whether a higher score on the scale is worse; true if the manifest does not say."""
    return field_of((scales or {}).get(name, {}), "higher_is_worse") is not False


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


def before_and_after(clients, *, scale, fewest_sessions=2, of=None):
    """Return intake score and later score of every client as two arrays, nan in both where either is missing.

    `of` (a function of the clients table) marks those whom the estimate is about.
    """
    before = numbers(clients, f"{scale}_intake")
    after = later_score(clients, fewest_sessions=fewest_sessions, scale=scale)
    gone = np.isnan(before) | np.isnan(after)
    if of is not None:
        gone |= ~of(clients)
    return np.where(gone, np.nan, before), np.where(gone, np.nan, after)


def planned(clients):
    """Mark the clients whose ending a service would report as planned."""
    return clients["ending"].isin(PLANNED).to_numpy(dtype=bool)


def held_sessions(appointments):
    """Return the rows of sessions that were held: those with a session number."""
    return appointments[appointments["session"].notna()]


def by_session(appointments, name, *, clients, sessions=None):
    """Return a column of the appointments as an array clients x sessions (nan = not asked, or not held).

    `clients` are the client_ids in the order of the rows; the first column is session 1. `sessions` cuts or pads to so
    many columns (None = as many as there are).
    """
    held = held_sessions(appointments)
    number = held["session"].to_numpy(dtype=int)
    width = int(number.max(initial=0)) if sessions is None else sessions
    row = pd.Index(clients).get_indexer(held["client_id"])
    table = np.full((len(clients), width), np.nan)
    inside = (row >= 0) & (number >= 1) & (number <= width)
    table[row[inside], number[inside] - 1] = numbers(held, name)[inside]
    return table


def mean_of_sessions(table, *, first=1, last, until=None):
    """Return each client's mean over sessions `first` to `last` of an array clients x sessions, nan if there is none.

    `until` (a number of sessions per client) leaves out what came after it.
    """
    part = table[:, first - 1 : last]
    if until is not None:
        part = np.where(np.arange(first, first + part.shape[1]) <= np.asarray(until)[:, None], part, np.nan)
    here = ~np.isnan(part)
    count = here.sum(axis=1)
    return np.where(count > 0, np.where(here, part, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)


def both(first, second):
    """Return two arrays without the pairs in which either is missing."""
    here = ~np.isnan(first) & ~np.isnan(second)
    return first[here], second[here]
