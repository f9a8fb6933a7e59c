"""What figures and estimates need of a run: how much is kept of it, and which forms are asked.

A figure of the alliance over sessions cannot be drawn where only clients are kept; the correlation of
alliance and outcome cannot be worked out where nobody is asked for the alliance. Both are told before
anything runs.
"""

import re
from dataclasses import dataclass

from sim import instruments, measures
from sim.tables import ID_COLUMNS, KEEP, TABLES

FROM_PRIMARY = ("reliable_improvement", "reliable_deterioration", "recovered", "above_cutoff")
"""Columns that are worked out from the primary symptom scale without having its name."""
PRIMARY = "{primary}"
"""Stands in a column's name for the primary symptom scale: `{primary}_intake`."""


@dataclass(frozen=True)
class Need:
    """What a figure or an estimate needs: the least `keep`, and the columns that it reads.

    What is `routine` is done where a config names none.
    """

    keep: str
    columns: tuple[str, ...] = ()
    routine: bool = True


def known_estimates():
    """Return the estimates by name, each with its `Need`; looked up late, because it loads pandas."""
    from experiments.estimators import REGISTRY

    return {name: Need(each.keep, tuple(each.columns), each.routine) for name, each in REGISTRY.items()}


def known_figures():
    """Return the figures by name, each with its `Need`; looked up late, because it loads matplotlib."""
    from experiments.figures import NAMES

    return {name: Need(keep, columns) for name, (keep, columns) in NAMES.items()}


def at_hand(keep):
    """Return what an estimate finds when a run ends: clients always, more only if it is kept."""
    return max(keep, "clients", key=KEEP.index)


def choose(config, key, known, *, keep, forms, primary):
    """Return the figures (or estimates) that a config names; if it names none, all routine ones that can be had."""
    what = key.removesuffix("s")
    asked = config.names(key, known, what=what)
    run = {"keep": keep, "forms": forms, "primary": primary}
    if asked is None:
        return tuple(name for name, need in known.items() if need.routine and not gap(need, **run))
    for name in asked:
        lacking = gap(known[name], **run)
        if lacking:
            config.refuse(f"{what} {name} needs {lacking}.", key, config.data[key].index(name))
    return asked


def gap(need, *, keep, forms, primary):
    """Return in words what a run lacks for a need, None if nothing: it keeps `keep` and asks `forms`."""
    if KEEP.index(need.keep) > KEEP.index(keep):
        return f'keep = "{need.keep}" or more, and here keep is "{keep}"'
    return next(filter(None, (_unasked(column, forms, primary) for column in need.columns)), None)


def _waits(column):
    """Return in words that the model does not write a column (or table.column) yet, None if it does."""
    table, _, own = column.rpartition(".")
    tables = [TABLES[table]] if table else TABLES.values()
    written = {each.name for one in tables for each in (*ID_COLUMNS, *one.columns)}
    return None if own in written else f"the column {own}, which comes with a later step of the model"


def _unasked(column, forms, primary):
    """Return in words which form a column (or table.column) needs that is not asked, None if there is no such."""
    scale = primary or "phq9"
    known = _waits(column.replace(PRIMARY, scale))
    if known:
        return known
    column = column.rpartition(".")[2].replace(PRIMARY, scale)
    form = scale if column in FROM_PRIMARY else instruments.form_of(column)
    session = re.search(r"_s(\d+)$", column)
    if form is None or (form in forms and not session):
        return None
    if form in forms and measures.is_scheduled(forms[form], int(session[1])):
        return None
    when = f" at session {session[1]}" if session else ""
    return f"the form {form}{when}, which [forms] does not ask"
