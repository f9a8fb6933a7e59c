"""Virtual clinics: one large simulated service cut into clinics of the size that published studies have.

A service of 100 therapists and 6,000 clients has one correlation of alliance and outcome. A meta-analysis has some 300,
each from a clinic or trial of its own, and its mean is the mean of those. So the therapists are taken in the order of
their numbers and put together, two to eight, until a clinic has about 125 clients.
"""

import pandas as pd

CLIENTS = (50, 200)
"""The smallest and largest clinic."""
TARGET = 125
THERAPISTS = (2, 8)


def virtual_clinics(clients):
    """Return the clinic of each row of the clients table, numbers from 0; -1 for clients in none.

    Clients who never got a therapist are in none, and so are those of therapists who do not fit: a clinic is closed
    when its next therapist would take it farther from 125 clients, or beyond 200 clients or 8 therapists, and counts
    if it has at least 50 clients and 2 therapists. The order of rows does not matter.
    """
    therapist = pd.to_numeric(clients["therapist_id"], errors="coerce")
    sizes = therapist.value_counts().sort_index()
    groups = _merged(_groups(sizes.index.tolist(), sizes.tolist()), sizes)
    number = {each: index for index, group in enumerate(groups) for each in group}
    return therapist.map(number).fillna(-1).to_numpy(dtype=int)


def _groups(therapists, sizes):
    """Return the therapists in clinics one after the other, a list of lists; the last may be too small."""
    groups, total = [[]], 0
    for therapist, size in zip(therapists, sizes, strict=True):
        if _is_full(groups[-1], total, size):
            groups, total = [*groups, []], 0
        groups[-1].append(therapist)
        total += size
    return groups


def _is_full(group, total, size):
    """Return whether a clinic is closed before a therapist with `size` clients joins."""
    if len(group) == THERAPISTS[1] or (group and total + size > CLIENTS[1]):
        return True
    farther = abs(total - TARGET) <= abs(total + size - TARGET)
    return len(group) >= THERAPISTS[0] and total >= CLIENTS[0] and farther


def _merged(groups, sizes):
    """Return the clinics that count; one too small at the end joins the one before it if it may."""
    if len(groups) > 1 and not _counts(groups[-1], sizes) and _counts([*groups[-2], *groups[-1]], sizes):
        groups = [*groups[:-2], [*groups[-2], *groups[-1]]]
    return [group for group in groups if _counts(group, sizes)]


def _counts(group, sizes):
    n = int(sizes[group].sum())
    return CLIENTS[0] <= n <= CLIENTS[1] and THERAPISTS[0] <= len(group) <= THERAPISTS[1]
