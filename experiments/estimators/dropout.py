"""Who leaves: the share that drops out, the share that stops because it is good enough, and how they rate.

Dropout here is `dropout_unilateral`: the client ended before goals or plan were reached. Published rates differ by a
factor of two with the definition, so the definition is printed with the number.
"""

import numpy as np

from experiments.estimators.columns import ended, numbers, started
from experiments.estimators.summary import difference_of_groups, share

STARTED = "clients with at least one session"


def dropout_rate(tables, scales=None):
    """Return the share of clients with a session who dropped out; those still in therapy count as not."""
    clients = tables["clients"]
    here = clients[started(clients)]
    left = numbers(here, "dropout_unilateral")
    return share(np.where(ended(here), left, 0.0), what=STARTED)


def good_enough_rate(tables, scales=None):
    """Return the share of clients with a session who ended because it was good enough for them."""
    clients = tables["clients"]
    ending = clients["ending"][started(clients)]
    return share((ending == "good_enough").to_numpy(dtype=float), what=STARTED)


def early_alliance(clients):
    """Return the last alliance rating at or before session 3.

    It is the rating of session 3; else, of a client with no more than three sessions, the last rating;
    else that of session 1. (A rating of session 2 by somebody who went on and missed the form of session 3
    is not in this table.)
    """
    third, first = numbers(clients, "wai_client_s3"), numbers(clients, "wai_client_s1")
    last = np.where(numbers(clients, "sessions_held") <= 3, numbers(clients, "wai_client_last"), np.nan)
    return np.where(~np.isnan(third), third, np.where(~np.isnan(last), last, first))


def alliance_dropout_d(tables, scales=None):
    """Return d of the last alliance rating at or before session 3, stayers minus dropouts.

    Without clients who never started or are still in therapy.
    """
    clients = tables["clients"]
    clients = clients[started(clients) & ended(clients)]
    rating, left = early_alliance(clients), numbers(clients, "dropout_unilateral")
    return difference_of_groups(rating[left == 0], rating[left == 1], what="clients with an early alliance rating")
