"""The estimates by name, and the one door through which they are worked out.

A config names them under `estimates`; the runner works them out for each run as it ends; figures, the report,
`alliance show` and `alliance estimate` take their words from here.
"""

from numpy.linalg import LinAlgError

from experiments.estimators.catalogue import ALL
from experiments.estimators.columns import primary
from experiments.estimators.estimator import PRIMARY
from experiments.estimators.value import MISSING, NOT_FINITE, REASONS, Fit, absent

REGISTRY = {each.name: each for each in ALL}
"""All estimates by name, in the order in which they are shown."""


def analysis(name, tables, *, scales=None):
    """Return all that a registered estimate gives for the tables of one run: a `Value`, or a `Fit` of several.

    A table or column that was not kept or not asked gives the status "missing" with a sentence.
    """
    known = REGISTRY[name]
    gaps = missing_columns(name, tables, scales=scales)
    if gaps:
        note = (
            f"{known.label} needs {', '.join(gaps)}: the form was not asked, less than {known.keep} was kept, or the "
            "model that ran does not write it yet."
        )
        return absent(MISSING, n=0, note=note)
    try:
        return known.function(tables, scales)
    except (ArithmeticError, LinAlgError) as problem:
        return absent(NOT_FINITE, n=0, note=f"{known.label}: {REASONS[NOT_FINITE]} ({problem}).")


def estimate(name, tables, *, scales=None):
    """Return the one `Value` that stands for a registered estimate: its headline where it gives several numbers."""
    result = analysis(name, tables, scales=scales)
    return result[REGISTRY[name].headline] if isinstance(result, Fit) else result


def estimates(names, tables, *, scales=None):
    """Return the `Value`s of several estimates for the tables of one run, a dict by name."""
    return {name: estimate(name, tables, scales=scales) for name in names}


def needed_columns(name, *, scale):
    """Return the columns that an estimate reads, (table, column) pairs, with `scale` as the primary symptom scale."""
    known = REGISTRY[name]
    pairs = []
    for column in known.columns:
        table, _, own = column.replace(PRIMARY, scale).rpartition(".")
        pairs.append((table or known.table, own))
    return pairs


def missing_columns(name, tables, *, scales=None):
    """Return the columns that an estimate needs and `tables` lacks, each as table.column."""
    needed = needed_columns(name, scale=primary(scales))
    return [f"{table}.{column}" for table, column in needed if column not in tables.get(table, ())]
