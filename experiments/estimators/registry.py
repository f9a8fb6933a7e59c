"""The estimates by name, and the one door through which they are worked out.

A config names them under `estimates`; the runner works them out for each run as it ends; figures, the report and
`alliance show` take their words from here.
"""

from numpy.linalg import LinAlgError

from experiments.estimators.catalogue import ALL
from experiments.estimators.value import MISSING, NOT_FINITE, REASONS, absent

REGISTRY = {each.name: each for each in ALL}
"""All estimates by name, in the order in which they are shown."""


def estimate(name, tables, *, scales=None):
    """Return the `Value` of one registered estimate for the tables of one run, a dict of data frames.

    A table or column that was not kept or not asked gives the status "missing" with a sentence.
    """
    known = REGISTRY[name]
    gaps = missing_columns(name, tables)
    if gaps:
        note = f"{known.label} needs {', '.join(gaps)}; ask the form and set keep to {known.keep} or more."
        return absent(MISSING, n=0, note=note)
    try:
        return known.function(tables, scales)
    except (ArithmeticError, LinAlgError) as problem:
        return absent(NOT_FINITE, n=0, note=f"{known.label}: {REASONS[NOT_FINITE]} ({problem}).")


def estimates(names, tables, *, scales=None):
    """Return the `Value`s of several estimates for the tables of one run, a dict by name."""
    return {name: estimate(name, tables, scales=scales) for name in names}


def missing_columns(name, tables):
    """Return the columns that an estimate needs and `tables` lacks, each as table.column."""
    known = REGISTRY[name]
    there = tables.get(known.table, ())
    return [f"{known.table}.{column}" for column in known.columns if column not in there]
