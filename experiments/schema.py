"""The form of every file of results: which columns, in which order, of which type.

The data dictionary (`sim.tables`) says what a column means; here it becomes Arrow types, the same for every
part of a result, so that parts lie on each other like sheets of one pad. Latent numbers are kept as float32,
scores as float64.
"""

import pyarrow as pa
import pyarrow.compute as pc

from sim.output import absent_columns
from sim.parameters import catalogue
from sim.tables import ID_COLUMNS, TABLES, Column, kept

TEXT = pa.dictionary(pa.int32(), pa.string())
LONGEST_NAME = 32


def arrow_type(column):
    """Return the Arrow type of a column of the data dictionary."""
    if column.type == "int":
        return pa.int64() if column.name == "seed" else pa.int32()
    if column.type == "number":
        return pa.float32() if column.origin == "latent" else pa.float64()
    return {"bool": pa.bool_(), "text": TEXT}[column.type]


def layout(experiment, *, keep=None):
    """Return the columns of every table that an experiment keeps: table name -> tuple of `Column`.

    `keep` stands in for the config's own, where more is looked at than is kept.
    """
    tables = {}
    for table in kept(keep or experiment.keep):
        absent = absent_columns(table.name, experiment.forms)
        own = (column for column in table.columns if column.name not in absent)
        tables[table.name] = (*ID_COLUMNS, *own)
    tables["runs"] += (*swept_columns(experiment), *estimate_columns(experiment))
    return tables


def swept_columns(experiment):
    """Return a column of `runs` for each parameter of the sweep, under its short safe name."""
    names = short_names(experiment.sweep_keys, taken=TABLES["runs"].names)
    known = catalogue()
    return [
        Column(names[key], "number", known[key].text, known[key].unit, known[key].low, known[key].high, "derived")
        for key in experiment.sweep_keys
    ]


def short_names(keys, *, taken):
    """Return a column name for each dotted name: `alliance_pace` for `alliance.pace`; no name twice."""
    found = {}
    for key in keys:
        stem = key.replace(".", "_")
        tries = (stem if n == 1 else f"{stem[: LONGEST_NAME - 4]}_{n}" for n in range(1, 1000))
        used = {*taken, *found.values()}
        found[key] = next(name for name in tries if len(name) <= LONGEST_NAME and name not in used)
    return found


def estimate_columns(experiment):
    """Return three columns of `runs` for each estimate: the number, its standard error, and why there is none."""
    columns = []
    for name, spec in estimators(experiment.estimates).items():
        columns.append(Column(name, "number", spec.sentence, spec.unit, origin="derived"))
        columns.append(Column(f"{name}_se", "number", f"standard error of {name}", spec.unit, 0, origin="derived"))
        columns.append(Column(f"{name}_status", "text", f"ok, or why there is no {name}", origin="derived"))
    return columns


def estimators(names):
    """Return the registered estimators of these names."""
    if not names:
        return {}
    from experiments.estimators import REGISTRY  # here, because it loads scipy

    return {name: REGISTRY[name] for name in names}


def to_arrow(table, columns, data):
    """Return the `data` of one run (column name -> values, None for null) as the Arrow table called `table`.

    Raises ValueError if a column is missing, is not in the data dictionary, or holds a number that is not
    finite.
    """
    names = [column.name for column in columns]
    if set(names) != set(data):
        odd = ", ".join(sorted(set(names) ^ set(data)))
        raise ValueError(f"The columns of {table} are not those of the data dictionary; they differ in {odd}.")
    return pa.table([_array(table, column, data[column.name]) for column in columns], names=names)


def _array(table, column, values):
    if column.type == "text":
        return pa.array(values, pa.string()).dictionary_encode()
    array = pa.array(values, arrow_type(column))
    if column.type == "number" and pc.all(pc.is_finite(array)).as_py() is False:
        row = pc.index(pc.is_finite(array), False).as_py()
        raise ValueError(f"{table}.{column.name} is {array[row]} in row {row}; it must be finite, or null if unknown.")
    return array
