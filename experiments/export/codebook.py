"""The codebook of an export: a row for each variable of each file, as CSV, for people and for programs."""

import csv

from experiments.export.formats import safe

HEADER = ("file", "name", "column", "label", "unit", "type", "low", "high", "values", "origin")


def write(path, files):
    """Write the codebook of `files`, a list of (file name, variables, coded); coded files hold numbers for words."""
    with open(path, "w", encoding="utf-8", newline="") as page:
        pen = csv.writer(page, lineterminator="\r\n")
        pen.writerow(HEADER)
        for file, known, coded in files:
            pen.writerows([[safe(str(cell)) for cell in _row(file, variable, coded)] for variable in known])


def _row(file, variable, coded):
    span = ["" if end is None else f"{end:g}" for end in (variable.low, variable.high)]
    return [
        file,
        variable.name,
        variable.column,
        variable.text,
        "" if variable.unit == "-" else variable.unit,
        "text" if coded and variable.is_text else variable.type,
        *span,
        values(variable, coded=coded),
        variable.origin,
    ]


def values(variable, *, coded):
    """Return what a variable may say: "held; no_show", or "1 = held; 2 = no_show" where numbers stand for words."""
    if coded or variable.type == "bool":
        return "; ".join(f"{code} = {word}" for code, word in variable.codes.items())
    return "; ".join(variable.values)
