"""Coming at all: waits, those who never start, and how many sessions a therapy has."""

import numpy as np

from experiments.estimators.columns import NEVER_STARTED, ended, finished_course, numbers, started
from experiments.estimators.summary import mean, share

NHS_WEEKS = 6
"""The waiting-time standard of NHS Talking Therapies, in weeks from referral to the first session."""


def n_sessions_mean(tables, scales=None):
    """Return the mean number of sessions held, of clients with at least one whose therapy has ended."""
    clients = tables["clients"]
    over = clients[started(clients) & ended(clients)]
    return mean(numbers(over, "sessions_held"), what="clients with at least one session whose therapy has ended")


def never_started_rate(tables, scales=None):
    """Return the share of all clients referred who left before a first session."""
    ending = tables["clients"]["ending"]
    never = np.where(ending.isna(), np.nan, (ending == NEVER_STARTED).to_numpy(dtype=float))
    return share(never, what="clients referred")


def waited_within_6_weeks(tables, scales=None):
    """Return the share of finished courses with the first session less than six weeks after the referral."""
    clients = tables["clients"]
    waited = numbers(clients[finished_course(clients)], "waited_weeks")
    soon = np.where(np.isnan(waited), np.nan, waited < NHS_WEEKS)
    return share(soon, what="finished courses with a known wait")
