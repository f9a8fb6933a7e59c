"""Writing an export: files, codebook, script and README, in one go and one table at a time."""

import hashlib
import json
from pathlib import Path

from experiments.estimators.columns import primary
from experiments.export import codebook, folders, formats, panel_models, readme, script, sheets
from experiments.export.choice import Selection, choose
from experiments.export.variables import LABEL_BYTES

FORM = 1
"""Number of this form of export.json."""


def export(
    result,
    folder,
    *,
    form="csv",
    tables=None,
    wide=None,
    sessions=None,
    arm=None,
    design_point=None,
    replication=None,
    overwrite=False,
):
    """Write tables of a `Result` into `folder` for other programs and return the paths of all files.

    `form` is "csv", "sav" (SPSS), "dta" (Stata) or "parquet". `tables` names the tables (default: all that were kept
    but timings). `wide` names columns of the appointments; then comes a table with one row a client and a column
    for each of them at each of `sessions` (default: 1 to the last session that anybody had). `arm`, `design_point`
    and `replication` leave only their runs. The folder stands whole or not at all; it must not exist, be empty, or
    hold an earlier export if `overwrite` is true.

    Raises ExportError, in one sentence, for all that cannot be.
    """
    selection = Selection(result.folder, arm=arm, design_point=design_point, replication=replication)
    choice = choose(selection, form=form, tables=tables, wide=wide, sessions=sessions)
    if form in LABEL_BYTES:
        formats.reader()
    folder = Path(folder)
    with folders.whole(folder, overwrite=overwrite) as draft:
        files = _write(draft, selection, choice)
    return [folder / name for name in files]


def _write(draft, selection, choice):
    """Write all files into the draft and return their names."""
    manifest = selection.manifest
    known, files = {}, {}
    for sheet in _sheets(selection, choice):
        name = f"{sheet.name}.{choice.form}"
        notes = [readme.CAUTION, *(f"{key}: {fact}" for key, fact in readme.provenance(manifest).items())]
        title = f"{sheet.name} of {manifest['name']}, simulated"
        formats.write(draft / name, sheet, form=choice.form, title=title, notes=notes)
        known[sheet.name] = formats.named(sheet, choice.form)
        files[name] = f"{_row(sheet.name)}; {sheet.table.num_rows:,} rows, {len(sheet.variables)} columns"
        if sheet.name == sheets.WIDE:
            files |= panel_models.write(draft, sheet, choice)
    return [*_companions(draft, selection, choice, known=known, files=files)]


def _sheets(selection, choice):
    """Yield one sheet after the other, so that only one is in memory."""
    for name in choice.tables:
        yield sheets.sheet(selection, name)
    if choice.wide:
        yield sheets.wide_sheet(selection, choice.wide, choice.sessions)


def _companions(draft, selection, choice, *, known, files):
    """Write codebook, script, README and the list of files; return the names of all files."""
    manifest, form = selection.manifest, choice.form
    coded = form in LABEL_BYTES
    codebook.write(draft / "codebook.csv", [(f"{name}.{form}", each, coded) for name, each in known.items()])
    scale = primary(manifest.get("scales"))
    worse = manifest.get("scales", {}).get(scale, {}).get("higher_is_worse", True)
    _write_text(draft / "analysis.R", script.text(manifest["name"], form=form, sheets=known, scale=scale, worse=worse))
    files["codebook.csv"] = "every variable: label, unit, type, range, values, origin"
    files["analysis.R"] = "opens all tables in R with the right types, and makes a first few analyses"
    files["README.txt"] = "this page"
    chosen, wide = selection.in_words(), panel_models.in_words(choice)
    _write_text(draft / "README.txt", readme.text(manifest, form=form, files=files, chosen=chosen, wide=wide))
    _mark(draft, selection, choice, files)
    return [*files, folders.MARK]


def _mark(draft, selection, choice, files):
    """Write the list of files with their hashes, and what the export was made from."""
    mark = {
        "form": FORM,
        "written_as": choice.form,
        "runs": selection.chosen,
        "wide": list(choice.wide),
        "sessions": list(choice.sessions),
        "result": readme.provenance(selection.manifest, chosen=selection.in_words()),
        "files": {name: _hash(draft / name) for name in files},
    }
    _write_text(draft / folders.MARK, json.dumps(mark, indent=1, ensure_ascii=False) + "\n")


def _write_text(path, text):
    path.write_bytes(text.encode("utf-8"))  # the same bytes on every system


def _hash(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _row(name):
    from sim.tables import TABLES

    what = (
        "one client, with series of sessions" if name == sheets.WIDE else TABLES[name].row if name in TABLES else name
    )
    return f"one row is {what}"
