"""From one row a session to one row a client, and back.

A multilevel model wants the long form, a row for each session:

    client_id  session  wai_client              client_id  wai_client_s1  wai_client_s2  wai_client_s3
            7        1        3.50      wide ->          7           3.50           3.75              .
            7        2        3.75      <- long          9           4.00              .           4.25
            9        1        4.00
            9        3        4.25

A cross-lagged model wants the wide one. A session that was not held, or a form that did not come back, is a gap
in the wide form and no row in the long one.
"""

import re

import numpy as np
import pandas as pd

KEYS = ("run_id", "client_id")
"""What tells clients apart in the tables of several runs."""


def series_name(column, session):
    """Return the name of a wide column: `wai_client_s3` is `wai_client` at session 3."""
    return f"{column}_s{int(session)}"


def wide(rows, columns, *, by=KEYS, at="session", sessions=None, base=None):
    """Return a data frame with one row a client and a column for each of `columns` at each of `sessions`.

    `rows` are sessions in any order, `by` names the columns that tell clients apart, `at` the one that counts
    sessions; rows without a number there (not held) are left out. `sessions` are whole numbers, all that occur if
    None. `base` holds the clients to return, one row each, with at least the columns `by`; without it come the
    clients who have a row in `rows`, sorted. Types stay: whole numbers and true/false with gaps become pandas'
    nullable ones.

    Raises KeyError for a column that is not there, ValueError if a client has two rows for one session or two in
    `base`, or if two columns would get one name.
    """
    by, columns = list(by), list(dict.fromkeys(columns))
    held = rows.loc[rows[at].notna(), [*by, at, *columns]]
    base = _clients(held, by) if base is None else base.reset_index(drop=True)
    sessions = sorted(held[at].astype(int).unique()) if sessions is None else list(dict.fromkeys(map(int, sessions)))
    _refuse_doubles(base, by, what="clients")
    _refuse_doubles(held, [*by, at], what="sessions")
    place = _places(held, base, by)
    series = {}
    for column in columns:
        for session in sessions:
            here = (held[at] == session).to_numpy(dtype=bool) & (place >= 0)
            series[series_name(column, session)] = _spread(held.loc[here, column], place[here], len(base))
    _refuse_names(base, series)
    return pd.concat([base, pd.DataFrame(series, index=base.index)], axis=1)


def long(table, columns, *, by=KEYS, at="session"):
    """Return a data frame with one row for each client and session at which any of `columns` has a value.

    The inverse of `wide`: its columns are `by`, `at` and `columns`, its rows sorted by them. Which sessions there
    are is read from the names. Raises KeyError for a column of which no session is there.
    """
    by, columns = list(by), list(dict.fromkeys(columns))
    found = {column: sessions_of(table, column) for column in columns}
    if absent := [column for column in columns if not found[column]]:
        raise KeyError(f"There is no {series_name(absent[0], 1)} or other session of {absent[0]}.")
    pieces = []
    for session in sorted(set().union(*found.values())):
        piece = table[by].assign(**{at: session})
        for column in columns:
            name = series_name(column, session)
            first = table[series_name(column, found[column][0])]
            piece[column] = _nullable(table[name]) if session in found[column] else _gaps(first)
        pieces.append(piece.dropna(subset=columns, how="all"))
    rows = pd.concat(pieces) if pieces else table[by].iloc[:0]
    return rows.sort_values([*by, at], kind="stable").reset_index(drop=True)


def sessions_of(table, column):
    """Return the sessions at which a wide table has `column`, in order."""
    names = (re.fullmatch(re.escape(column) + r"_s([1-9][0-9]*|0)", str(name)) for name in table.columns)
    return sorted(int(name[1]) for name in names if name)


def _clients(held, by):
    return held[by].drop_duplicates().sort_values(by).reset_index(drop=True)


def _places(held, base, by):
    """Return for each row the number of its client's row in `base`, -1 for a client who is not there."""
    known = base[by].assign(_place=range(len(base)))
    return held[by].merge(known, on=by, how="left")["_place"].fillna(-1).to_numpy(dtype=int)


def _spread(values, place, length):
    """Return a column of `length` with `values` at their places and gaps elsewhere."""
    column = _nullable(values)
    column.index = place
    return column.reindex(range(length))


def _nullable(values):
    """Return whole numbers and true/false in a type that can hold gaps."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("boolean")
    plain = isinstance(values.dtype, np.dtype)
    return values.astype("Int64") if plain and pd.api.types.is_integer_dtype(values.dtype) else values.copy()


def _gaps(values):
    """Return a column of gaps in the type of `values`."""
    return _nullable(values).iloc[:0].reindex(values.index)


def _refuse_doubles(frame, key, *, what):
    if frame.duplicated(key).any():
        raise ValueError(f"Some {what} stand twice: {', '.join(key)} must tell the rows apart.")


def _refuse_names(base, series):
    for name in series:
        if name in base:
            raise ValueError(f"{name} would stand twice in the wide form; leave it out of the clients.")
