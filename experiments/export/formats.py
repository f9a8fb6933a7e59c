"""One sheet as a file: CSV, SPSS, Stata or Parquet.

| | text with known values | true and false | a gap |
|---|---|---|---|
| CSV | the words | 0 and 1 | an empty cell |
| SPSS, Stata | 1, 2, … with value labels | 0 and 1, labelled no and yes | system missing; empty text |
| Parquet | the words | true and false | null |

pyreadstat writes SPSS and Stata. It can damage value labels of text and ranges of missing text (Roche/pyreadstat
issues 281, 183, 180), so text with labels is never written, only numbers.
"""

import csv
import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from experiments.export.choice import ExportError
from experiments.export.variables import LABEL_BYTES, VALUE_LABEL_BYTES, cut, with_short_names

ROWS_AT_ONCE = 10_000
FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
FILE_LABEL_BYTES = {"sav": 64, "dta": 80}
NOTE_BYTES = 79
"""A line of an SPSS document has 80 bytes."""


def named(sheet, form):
    """Return the sheet's variables under the names that a form of file takes."""
    return with_short_names(sheet.variables) if form in LABEL_BYTES else sheet.variables


def write(path, sheet, *, form, title="", notes=()):
    """Write a sheet to `path`; `title` and `notes` go into SPSS's and Stata's own places for them."""
    if form == "csv":
        write_csv(path, sheet)
    elif form == "parquet":
        write_parquet(path, sheet)
    else:
        write_labelled(path, sheet, form=form, title=title, notes=notes)


def write_csv(path, sheet):
    """Write CSV as RFC 4180 has it: UTF-8, commas, lines that end with CR LF, quotes only where needed."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        pen = csv.writer(file, lineterminator="\r\n")
        pen.writerow([variable.name for variable in sheet.variables])
        for batch in sheet.table.to_batches(max_chunksize=ROWS_AT_ONCE):
            columns = [_cells(column) for column in batch.columns]
            pen.writerows(zip(*columns, strict=True))


def safe(text):
    """Return a text that no spreadsheet takes for a formula: one with `=` or the like in front gets an apostrophe.

    A text that already has apostrophes before such a sign gets one more, so one apostrophe less gives it back.
    """
    return f"'{text}" if text and FORMULA.match(text) else text


def write_parquet(path, sheet):
    """Write Parquet, with label and unit of each column in the metadata of its field."""
    fields = [
        field.with_metadata({"label": variable.label(), "unit": variable.unit, "values": json.dumps(variable.values)})
        for field, variable in zip(sheet.table.schema, sheet.variables, strict=True)
    ]
    pq.write_table(sheet.table.cast(pa.schema(fields)), path, compression="snappy")


def write_labelled(path, sheet, *, form, title, notes):
    """Write SPSS (`form` "sav") or Stata (`form` "dta") with labels for variables and values."""
    stat = reader()
    known = named(sheet, form)
    about = {
        "file_label": cut(title, FILE_LABEL_BYTES[form]),
        "column_labels": {variable.name: variable.label(LABEL_BYTES[form]) for variable in known},
        "variable_value_labels": {variable.name: _value_labels(variable) for variable in known if variable.codes},
        "variable_format": {variable.name: _format(variable, form) for variable in known if not variable.is_text},
    }
    if form == "sav":
        about["variable_measure"] = {variable.name: _measure(variable) for variable in known}
        about["note"] = [cut(line, NOTE_BYTES) for line in notes]
        about["row_compress"] = True  # small whole numbers take a byte each, as SPSS itself writes them
    put = stat.write_sav if form == "sav" else stat.write_dta
    try:
        put(coded(sheet, known), path, **about)
    except (stat.ReadstatError, stat.PyreadstatError) as problem:
        raise ExportError(f"{sheet.name}.{form} could not be written ({problem}); choose csv.") from None


def coded(sheet, known):
    """Return a sheet as a data frame of doubles, with nan for gaps, and of texts, with empty ones for gaps."""
    data = {}
    for variable, column in zip(known, sheet.table.columns, strict=True):
        data[variable.name] = _texts(column) if variable.is_text else _numbers(variable, column)
    return pd.DataFrame(data)


def reader():
    """Return pyreadstat, or raise ExportError if it is not installed."""
    try:
        import pyreadstat
    except ImportError:
        raise ExportError(
            "SPSS and Stata files are written by pyreadstat, which is not installed; "
            "type pip install pyreadstat, or choose csv."
        ) from None
    return pyreadstat


def _cells(column):
    if pa.types.is_boolean(column.type):
        return column.cast(pa.int8()).to_pylist()
    if pa.types.is_string(column.type):
        return [text and safe(text) for text in column.to_pylist()]
    return column.to_pylist()


def _numbers(variable, column):
    if variable.type == "text":
        column = pc.add(pc.index_in(column, pa.array(variable.values, pa.string())), 1)
    return column.cast(pa.float64()).to_numpy().astype(np.float64)


def _texts(column):
    return pd.Series(pc.fill_null(column.cast(pa.string()), "").to_pylist(), dtype=object)


def _value_labels(variable):
    return {code: cut(word, VALUE_LABEL_BYTES) for code, word in variable.codes.items()}


def _format(variable, form):
    whole = variable.type != "number"
    if form == "sav":
        return "F10.0" if whole else "F12.4"
    return "%10.0f" if whole else "%10.0g"


def _measure(variable):
    if variable.codes or variable.is_text or variable.name.endswith("_id"):
        return "nominal"
    return "scale"
