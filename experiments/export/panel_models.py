"""Beside a wide export: the panel model that fits it, as syntax for lavaan and for Mplus, with its data.

With two series, `--wide wai_client,phq9`, it is the random-intercept cross-lagged panel model of the two; with one
it is linear growth. Rows of several runs are no sample of one service, so the data are those of the first run: in
`panel.csv` with names for lavaan, in `panel.dat` without for Mplus, where -999 stands for a gap.
"""

from functools import reduce

import pyarrow.compute as pc

from experiments.reshape import series_name

LAVAAN, MPLUS, CSV, DAT = "panel_lavaan.R", "panel_mplus.inp", "panel.csv", "panel.dat"
FEWEST_SESSIONS = 3
"""With fewer, stable differences between clients cannot be told from the rest (Hamaker, Kuiper & Grasman 2015)."""
MOST_SESSIONS = 10
"""More make the model slow and its matrices fragile; where more were exported, the first ten are taken."""
FEWEST_CLIENTS = 20
"""A session at which fewer clients have a value is left out of the model: a variance of its own could not be told."""


def write(draft, sheet, choice):
    """Write data and syntax for the first two numeric series; return what each file is, nothing if none can be."""
    columns, sessions = _model(sheet, choice)
    if not columns:
        return {}
    data = _first_run(sheet, columns, sessions)
    _write(draft / CSV, data.to_csv(index=False, lineterminator="\r\n"))
    for name, text in _texts(data, columns, sessions=len(sessions)).items():
        _write(draft / name, text)
    return _described(columns, sessions, clients=len(data))


def in_words(choice):
    """Return what a reader of the README should know of the wide form."""
    if not choice.wide:
        return ""
    return (
        "The wide form has a row for each client who was referred, those without a session too. "
        f"{series_name(choice.wide[0], choice.sessions[0])} is {choice.wide[0]} at session {choice.sessions[0]}. "
        "Symptom scales are filled in before a session, alliance ratings after it. Sessions are counted as held; gaps "
        "after the last one mean that therapy was over, which is not missing at random if clients left because of how "
        "they felt."
    )


def _model(sheet, choice):
    """Return up to two numeric series and the sessions at which enough clients have both; nothing if too few do."""
    kinds = {each.name: each.type for each in sheet.variables}
    numeric = [each for each in choice.wide if kinds[series_name(each, choice.sessions[0])] in ("int", "number")][:2]
    first_run = _of_first_run(sheet)
    sessions = [n for n in choice.sessions if all(_filled(first_run, each, n) for each in numeric)][:MOST_SESSIONS]
    return (numeric, sessions) if numeric and len(sessions) >= FEWEST_SESSIONS else ((), ())


def _filled(table, column, session):
    data = table[series_name(column, session)]
    return len(data) - data.null_count >= FEWEST_CLIENTS


def _of_first_run(sheet):
    ids = sheet.table["run_id"]
    return sheet.table.filter(pc.equal(ids, ids[0]))


def _first_run(sheet, columns, sessions):
    """Return the first run's clients and series, those named `_s1`, `_s2`, … in order; nobody without any value."""
    names = {series_name(c, n): series_name(c, t) for c in columns for t, n in enumerate(sessions, start=1)}
    table = _of_first_run(sheet).select(["client_id", *names])
    some = reduce(pc.or_, (pc.is_valid(table[name]) for name in names))
    return table.filter(some).rename_columns(["client_id", *names.values()]).to_pandas()


def _texts(data, columns, *, sessions):
    """Return syntax and Mplus's data by file name."""
    from experiments.estimators.methods.panel import syntax_lavaan, syntax_mplus

    dat = syntax_mplus.mplus_data(data, columns, sessions=sessions)
    if len(columns) == 1:
        lavaan = syntax_lavaan.growth_lavaan(CSV, columns[0], sessions=sessions)
        mplus = syntax_mplus.growth_mplus(DAT, columns[0], sessions=sessions)
    else:
        lavaan = syntax_lavaan.riclpm_lavaan(CSV, columns, sessions=sessions)
        mplus = syntax_mplus.riclpm_mplus(DAT, columns, sessions=sessions)
    return {LAVAAN: lavaan, MPLUS: mplus, DAT: dat}


def _described(columns, sessions, *, clients):
    kind = "linear growth" if len(columns) == 1 else "random-intercept cross-lagged panel model"
    renamed = "" if sessions[0] == 1 and sessions[-1] == len(sessions) else "; s1, s2, … stand for these, in order"
    return {
        LAVAAN: f"{kind} of {' and '.join(columns)} at sessions {', '.join(map(str, sessions))}, for R's lavaan",
        MPLUS: "the same for Mplus",
        CSV: f"their data: {clients:,} clients of the first run{renamed}",
        DAT: "the same without names, for Mplus; -999 stands for a gap",
    }


def _write(path, text):
    path.write_bytes(text.encode("utf-8"))
