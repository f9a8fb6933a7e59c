"""Small clinics for the tests, and ways to look at what they leave behind."""

from sim import parameters
from sim.service import FORMS, Setting, simulate

TINY = {
    "service.clients": 12,
    "service.therapists": 2,
    "service.weeks": 40,
    "service.referral_weeks": 10,
    "service.caseload_median": 3.0,
    "service.caseload_min": 2,
    "service.caseload_max": 5,
    "service.weeks_to_second": 1.2,
    "service.weeks_between": 1.2,
    "ending.dissatisfied": -4.5,
    "ending.frailty": 1.0,
    "ending.good_enough_hazard": 0.5,
}
"""A clinic of twelve clients and two therapists in which the waiting list is felt and most stay for a while."""
BUSY = {
    "confidentiality.breach_rate": 0.1,
    "bias.remark_rate": 0.5,
    "population.minority_share": 0.5,
    "distress.event_rate": 0.1,
    "service.leaves_list": 0.05,
    "service.fixed_contract_share": 0.5,
    "service.contract_median": 8.0,
}
"""Rare things happen often enough here that a small clinic sees them."""


def consistent(values):
    """Return values in which no pair of `parameters.ORDERS` is broken: the smaller one gives way."""
    return values | {less: min(values[less], values[more]) for less, more, _ in parameters.ORDERS}


def setting(changes=None, *, switch=None, forms=None, **more):
    """Return the setting of a tiny clinic with some parameters changed."""
    values = consistent(parameters.resolve(TINY | (changes or {}), switch))
    return Setting(values=values, forms=dict(FORMS) if forms is None else forms, **more)


def tables(changes=None, *, seed=1, keep="everything", **more):
    """Run a tiny clinic and return its tables."""
    return simulate(setting(changes, **more), seed=seed, keep=keep)


def rows(table):
    """Return the rows of a table as dicts."""
    return [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]


def rows_of(table, client_id):
    """Return the rows of one client."""
    return [row for row in rows(table) if row["client_id"] == client_id]
