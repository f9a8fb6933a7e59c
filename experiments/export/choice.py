"""What of a result is exported: which tables, runs, columns and sessions. All that cannot be is refused here.

Nothing is read but the manifest and the column that counts sessions, so a wrong name is told at once and not after
minutes of writing.
"""

import operator
from dataclasses import dataclass
from difflib import get_close_matches

import pyarrow as pa
import pyarrow.compute as pc

from experiments.store import Result, StoreError

FORMS = ("csv", "sav", "dta", "parquet")
MOST_COLUMNS = {"dta": 32_767}
"""Stata/SE's limit (Stata/BE has 2,048). SPSS, CSV and Parquet have none that a wide form could reach."""
LEFT_OUT = ("timings",)
"""Tables that are exported only by name: they say how long it took, and may differ between equal results."""
SESSIONS_IN = "appointments"


class ExportError(StoreError):
    """A result cannot be exported like that; its text is one sentence."""


@dataclass(frozen=True)
class Choice:
    """A checked choice: `wide` and `sessions` are empty where no wide form is asked."""

    form: str
    tables: tuple
    wide: tuple
    sessions: tuple


class Selection(Result):
    """A result of which only some runs are seen: those of one arm, one design point, one replication, or all."""

    def __init__(self, folder, *, arm=None, design_point=None, replication=None):
        """Open a result; raises ExportError for an arm, point or replication that it does not have."""
        super().__init__(folder)
        self.chosen = {"arm": arm, "design_point": design_point, "replication": replication}
        self.chosen = {column: value for column, value in self.chosen.items() if value is not None}
        _check_runs(self.manifest, self.chosen)
        if "done" not in set(self.table("runs", columns=["status"])["status"]):
            raise ExportError(
                f"{self.folder} holds no finished run{self.in_words(' of ')}; there is nothing to export."
            )

    def pieces(self, name, columns=None):
        """Yield the parts of a table, without the rows of runs that were not chosen."""
        needed = None if columns is None else list(dict.fromkeys([*columns, *self.chosen]))
        for part, table in super().pieces(name, columns=needed):
            for column, value in self.chosen.items():
                table = table.filter(pc.equal(_plain(table[column]), value))
            yield part, table if columns is None else table.select(columns)

    def in_words(self, before=""):
        """Return which runs were chosen, "arm repair, design point 2" behind `before`, or nothing if all were."""
        words = [f"{column.replace('_', ' ')} {value}" for column, value in self.chosen.items()]
        return before + ", ".join(words) if words else ""


def choose(selection, *, form, tables, wide, sessions):
    """Return the checked `Choice`, or raise ExportError."""
    if form not in FORMS:
        raise ExportError(_unknown("form of export", form, FORMS))
    tables = tuple(dict.fromkeys(tables)) if tables else tuple(t for t in selection.tables if t not in LEFT_OUT)
    for name in tables:
        _check_table(selection, name)
    if sessions is not None and not wide:
        raise ExportError("Sessions were chosen, but no columns for the wide form; name them with --wide.")
    wide = tuple(dict.fromkeys(wide or ()))
    _check_wide(selection, wide)
    sessions = _sessions(selection, sessions) if wide else ()
    _check_width(selection, form, len(wide) * len(sessions))
    return Choice(form, tables, wide, sessions)


def _check_runs(manifest, chosen):
    arms, points = manifest["arms"], manifest["points"]
    if "arm" in chosen and chosen["arm"] not in arms:
        raise ExportError(_unknown("arm of this result", chosen["arm"], arms))
    for name in ("design_point", "replication"):
        if name in chosen:
            known = len(points) if name == "design_point" else manifest["config"]["replications"]
            number = _whole(chosen[name])
            if number is None or not 0 <= number < known:
                plain = name.replace("_", " ")
                raise ExportError(f"{plain} {chosen[name]} is not in this result; it has 0 to {known - 1}.")


def _check_table(selection, name):
    from sim.tables import TABLES

    if name in selection.tables:
        return
    if name in TABLES:
        raise ExportError(
            f"{name} was not kept in {selection.folder}, which keeps {', '.join(selection.tables)}; "
            f'run the config again with keep = "{TABLES[name].keep}".'
        )
    raise ExportError(_unknown("table", name, selection.tables))


def _check_wide(selection, wide):
    if not wide:
        return
    for table in ("clients", SESSIONS_IN):
        _check_table(selection, table)
    known = [c for c in selection.manifest["tables"][SESSIONS_IN] if c not in _not_a_series(selection)]
    for name in wide:
        if name not in known:
            raise ExportError(_unknown(f"column of {SESSIONS_IN} for the wide form", name, known))


def _check_width(selection, form, series):
    width = series and len(selection.manifest["tables"]["clients"]) + series
    most = MOST_COLUMNS.get(form, width)
    if width > most:
        raise ExportError(
            f"The wide form would have {width:,} columns, and Stata takes {most:,}; choose fewer columns or sessions, "
            "or csv."
        )


def _not_a_series(selection):
    return (*selection.manifest["keys"][SESSIONS_IN], "arm", "design_point", "replication", "session", "therapist_id")


def _sessions(selection, sessions):
    """Return the sessions of the wide form; without a choice all from 1 to the last that anybody had."""
    if sessions is None:
        last = pc.max(selection.arrow(SESSIONS_IN, columns=["session"])["session"]).as_py()
        if last is None:
            raise ExportError("No session was held, so there is no wide form.")
        return tuple(range(1, int(last) + 1))
    numbers = [_whole(each) for each in sessions]
    if not numbers or None in numbers or min(numbers) < 1:
        raise ExportError(f"Sessions {sessions} must be whole numbers from 1.")
    return tuple(sorted(set(numbers)))


def _whole(value):
    try:
        return None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        return None


def _plain(column):
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _unknown(what, name, known):
    near = get_close_matches(str(name), known, n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}."
    return f"{name} is not a known {what}; {hint}"
