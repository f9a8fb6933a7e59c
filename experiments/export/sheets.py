"""Sheets: one table as it goes into one file, with its variables.

The long form is the tables of the result as they are. The wide form is the table of clients with further columns,
each a rating or score at one session. Numbers are doubles in every form, so that all files of one result hold the
same ones to the last digit.
"""

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from experiments import reshape
from experiments.export import variables
from experiments.export.choice import SESSIONS_IN, ExportError

WIDE = "wide"
_ARROW = {"int": pa.int32(), "number": pa.float64(), "bool": pa.bool_(), "text": pa.string()}
_PANDAS = {
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


@dataclass(frozen=True)
class Sheet:
    """A file to be: its name without ending, its Arrow table, and a `Variable` for each column, in order."""

    name: str
    table: pa.Table
    variables: tuple


def sheet(selection, name):
    """Return a table of the result as a sheet."""
    known = variables.of_table(selection.manifest, name)
    return _sheet(name, selection.arrow(name), known)


def wide_sheet(selection, columns, sessions):
    """Return the wide form: all clients, with `columns` of the appointments at each of `sessions` behind them.

    A column of the clients that has the name of one of the series, such as `wai_client_s3`, is left out for it.
    """
    clients = sheet(selection, "clients")
    series, known = _series(selection, clients, columns, sessions)
    kept = [each for each in clients.variables if each.name not in set(series.columns)]
    columns = {each.name: clients.table[each.name] for each in kept}
    for name in series:
        columns[name] = pa.Array.from_pandas(series[name], type=_ARROW[known[name].type])
    return Sheet(WIDE, pa.table(columns), (*kept, *known.values()))


def _series(selection, clients, columns, sessions):
    """Return the series of all clients as a data frame, and their variables by name."""
    keys = list(reshape.KEYS)
    described = {each.name: each for each in variables.of_table(selection.manifest, SESSIONS_IN)}
    needed = [*keys, "session", *columns]
    held = _sheet("", selection.arrow(SESSIONS_IN, columns=needed), [described[name] for name in needed])
    base = clients.table.select(keys).to_pandas(types_mapper=_PANDAS.get)
    frame = held.table.to_pandas(types_mapper=_PANDAS.get)
    series = reshape.wide(frame, columns, by=keys, sessions=sessions, base=base).drop(columns=keys)
    names = [(reshape.series_name(column, n), column, n) for column in columns for n in sessions]
    whole = {each.name: each for each in held.variables}
    return series, {name: variables.at_session(whole[column], name, n) for name, column, n in names}


def _sheet(name, table, known):
    """Return a sheet with the declared types, whatever types the files have."""
    known = [each for each in known if each.column in table.column_names]
    data = [_typed(table[each.column], each, name) for each in known]
    known = [_with_seen(each, column) for each, column in zip(known, data, strict=True)]
    return Sheet(name, pa.table(data, names=[each.name for each in known]), tuple(known))


def _typed(column, variable, name):
    wanted = pa.int64() if variable.is_long else _ARROW[variable.type]
    try:
        column = column.cast(wanted)
    except pa.ArrowInvalid as error:
        reason = str(error).splitlines()[0]
        raise ExportError(f"{name}.{variable.column} is not what the manifest says: {reason}.") from None
    return pc.replace_substring(column, "\0", "") if variable.type == "text" else column


def _with_seen(variable, column):
    return variables.with_values(variable, pc.unique(column).to_pylist()) if variable.values else variable
