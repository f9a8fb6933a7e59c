"""One estimate from any written result: worked out run by run from the tables that were kept, then over the runs.

What `alliance estimate` prints. A config need not have named the estimate; its tables must have been kept.
"""

import json
import math
from contextlib import nullcontext
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pandas as pd

from experiments.estimators import REASONS, REGISTRY, Fit, analysis, monte_carlo
from experiments.estimators.columns import primary
from experiments.estimators.monte_carlo import inside
from experiments.estimators.registry import needed_columns
from experiments.estimators.value import NOT_FINITE, OK
from experiments.figures import wording
from experiments.progress import Progress
from experiments.store import RUN_COLUMNS, StoreError, frame

SHOWN_REASONS = 4
MANY = 200


@dataclass(frozen=True)
class Part:
    """One number of an analysis over the runs of a cell: `mean` with its error, and how many runs gave none and why."""

    arm: str
    design_point: int
    part: str
    mean: float
    se: float
    low: float
    high: float
    basis: str
    n_runs: int
    n_absent: int
    n_mean: float
    reasons: dict
    notes: dict
    unit: str
    meaning: str


def estimate(result, name, *, arm=None, design_point=None):
    """Return one estimate of a result as a list of `Part`, for one arm or design point or (None) for all.

    Raises ValueError, in one sentence, for a name, arm or point that does not exist, StoreError for a table that was
    not kept.
    """
    arms, points = wording.arms(result.manifest), wording.points(result.manifest)
    if name not in REGISTRY:
        near = get_close_matches(name, REGISTRY, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "`alliance explain` lists the estimates."
        raise ValueError(f"{name} is not a known estimate; {hint}")
    if arm is not None and arm not in arms:
        raise ValueError(f"arm {arm!r} is not in {result.folder}; its arms are {', '.join(arms)}.")
    if design_point is not None and design_point >= len(points):
        raise ValueError(f"design point {design_point} is not in {result.folder}; it has 0 to {len(points) - 1}.")
    wanted = {"arm": arm, "design_point": design_point}
    return over_runs(result, name, each_run(result, name, **{key: at for key, at in wanted.items() if at is not None}))


def each_run(result, name, **only):
    """Return one row for each run and part of an estimate: estimate, se, low, high, p, n, status and note.

    `only` keeps the runs of an `arm` or `design_point`.

    Raises StoreError, in one sentence, if a table that the estimate needs was not kept.
    """
    scales = result.manifest.get("scales")
    needed = list(dict.fromkeys(table for table, _ in needed_columns(name, scale=primary(scales))))
    runs = result.table("runs")
    here = runs["status"] == "done"
    for column, at in only.items():
        here &= runs[column] == at
    runs = runs[here]
    if runs.empty:
        raise StoreError(f"{result.folder} has no run that was done, so there is nothing to estimate.")
    for table in needed:
        if table not in result.tables and name in runs:
            return _as_written(runs, name)
        if table not in result.tables:
            raise StoreError(
                f"{name} needs the table {table}, which {result.folder} does not have; "
                f'run the config with keep = "{REGISTRY[name].keep}" or more.'
            )
    rows = []
    with Progress(total=len(runs)) if len(runs) >= MANY else nullcontext() as progress:
        for front, tables in _runs(result, needed, only=set(runs["run_id"])):
            rows += [{**front, **row} for row in _rows(analysis(name, tables, scales=scales))]
            if progress:
                progress.add(1)
    return pd.DataFrame(rows)


def _as_written(runs, name):
    """Return the numbers that the runs wrote when they ended, for a result that keeps nothing else."""
    nothing = {"part": "", "low": math.nan, "high": math.nan, "p": math.nan, "n": math.nan, "note": ""}
    found = runs[list(RUN_COLUMNS)].assign(**nothing)
    found["estimate"], found["se"] = runs[name], runs[f"{name}_se"]
    plain = np.where(runs[name].isna(), NOT_FINITE, OK)
    found["status"] = runs.get(f"{name}_status", plain)
    return found


def _runs(result, tables, *, only):
    """Yield id columns and tables of the runs in `only`, part by part, so that memory holds one part at a time."""
    for pieces in zip(*(result.pieces(table) for table in tables), strict=True):
        whole = {table: frame(piece) for table, (_, piece) in zip(tables, pieces, strict=True)}
        groups = {table: dict(list(data.groupby("run_id", sort=False))) for table, data in whole.items()}
        for run_id, first in groups[tables[0]].items():
            if run_id not in only:
                continue
            front = {column: first[column].iloc[0] for column in RUN_COLUMNS}
            yield front, {table: groups[table].get(run_id, whole[table].iloc[:0]) for table in tables}


def _rows(found):
    """Return a row for each number of a `Fit`, or one for a `Value`; one for a failed analysis."""
    whole = found.items() if isinstance(found, Fit) and found.ok else None
    parts = whole or [("", found[""] if isinstance(found, Fit) else found)]
    return [{"part": part, **vars(value)} for part, value in parts]


def over_runs(result, name, rows):
    """Return a `Part` for each cell and number of an estimate, in the order of the config."""
    order = wording.arms(result.manifest)
    names = [part for part in dict.fromkeys(rows["part"]) if part] or [""]
    cells = rows.groupby(["design_point", "arm"], sort=False)
    found = []
    for (point, arm), cell in sorted(cells, key=lambda item: (item[0][0], order.index(item[0][1]))):
        found += [_part(cell, name, part, arm=arm, point=int(point)) for part in names]
    return found


def _part(cell, name, part, *, arm, point):
    """Return one number of one cell over its runs; a failed analysis counts for each of its numbers."""
    own = cell[(cell["part"] == part) | (cell["part"] == "")]
    bad = own[own["status"] != "ok"]
    good = own[own["status"] == "ok"]
    unit, meaning = REGISTRY[name].part(part) if part else (REGISTRY[name].unit, REGISTRY[name].sentence)
    mean, se, low, high, basis = _over(own, good, unit=unit)
    return Part(
        arm=arm,
        design_point=point,
        part=part,
        mean=mean,
        se=se,
        low=low,
        high=high,
        basis=basis,
        n_runs=len(good),
        n_absent=len(bad),
        n_mean=float(good["n"].mean()) if len(good) else math.nan,
        reasons=bad["status"].value_counts().to_dict(),
        notes=own.loc[own["note"] != "", "note"].value_counts().to_dict(),
        unit=unit,
        meaning=meaning,
    )


def _over(own, good, *, unit):
    """Return mean, error and interval over runs, and what they come from; ratios are averaged on the log scale."""
    logs = unit.endswith("ratio") and bool((good["estimate"] > 0).all()) and len(good) > 1
    runs = pd.DataFrame({"arm": "", "design_point": 0, "status": "done"}, index=own.index)
    runs["x"], runs["x_se"] = np.log(own["estimate"]) if logs else own["estimate"], own["se"]
    (summary,) = monte_carlo(runs, "x")
    if len(good) == 1 and math.isfinite(good["low"].iloc[0]):
        return summary.mean, summary.se, good["low"].iloc[0], good["high"].iloc[0], summary.basis
    if logs:
        mean, low, high = np.exp([summary.mean, summary.low, summary.high])
        return float(mean), float(mean * summary.se), float(low), float(high), summary.basis
    return summary.mean, summary.se, *inside(summary.low, summary.high, unit=unit), summary.basis


def as_objects(result, name, parts):
    """Return the numbers as a list of dicts, None where there is none."""
    spec, points = REGISTRY[name], wording.points(result.manifest)
    found = []
    for each in parts:
        entry = {"name": name, "label": spec.label, "point": points[each.design_point]}
        known = {**entry, **vars(each)}
        found.append({key: None if _no_number(value) else value for key, value in known.items()})
    return json.loads(json.dumps(found, default=float))


def _no_number(value):
    return isinstance(value, float) and not math.isfinite(value)


def as_text(result, name, parts):
    """Return the numbers as a table for a terminal, with what they are, what was lost and what they cannot say."""
    spec = REGISTRY[name]
    closing = "In this model only; not clinical advice."
    lines = [*_table(result.manifest, spec, parts), *_meanings(spec, parts)]
    error = {each.basis for each in parts} - {"none"}
    foot = [f"± is the error {' or '.join(sorted(error))}." if error else "", *_lost(parts), spec.caveat]
    return "\n".join([f"{spec.label} ({spec.unit}) [{name}]", spec.sentence, *lines, *filter(None, foot), closing])


def _table(manifest, spec, parts):
    """Return the lines of the table; a cell of several numbers has a line of its own above them."""
    body = [["", "mean", "error", "95 % interval", "runs", "n per run", ""]]
    cell = None
    for each in parts:
        words = _cell_words(manifest, each) or "all runs"
        if each.part and words != cell:
            body.append([words, *[""] * 6])
        cell = words
        body.append([f"  {each.part}" if each.part else words, *_numbers(each, spec)])
    widths = [max(len(line[i]) for line in body if i == 0 or line[1]) for i in range(7)]
    return [_line(line, widths).rstrip() for line in body]


def _numbers(each, spec):
    return [
        wording.short(each.mean, spec.digits),
        f"± {each.se:.{spec.digits}f}" if math.isfinite(each.se) else "± ?",
        wording.span(each.low, each.high, spec.digits),
        f"{each.n_runs} of {each.n_runs + each.n_absent}",
        wording.short(each.n_mean, 0),
        each.unit if each.part else "",
    ]


def _line(cells, widths):
    middle = (cell.rjust(width) for cell, width in zip(cells[1:-1], widths[1:-1], strict=True))
    return "   ".join([cells[0].ljust(widths[0]), *middle, cells[-1]])


def _meanings(spec, parts):
    """Return what each number means; the one that stands for all is the sentence itself."""
    said = {each.part: each.meaning for each in parts if each.part}
    said = {part: "the number that stands for all" if part == spec.headline else text for part, text in said.items()}
    return ["", *(f"{part}: {text}" for part, text in said.items() if text)] if said else []


def _cell_words(manifest, each):
    several = len(wording.arms(manifest)) > 1
    setting = wording.setting(manifest, wording.points(manifest)[each.design_point])
    return ", ".join(filter(None, [wording.plain(each.arm) if several else "", setting]))


def _lost(parts):
    """Return sentences that say how many runs gave no number and why."""
    lost, notes = {}, {}
    for each in parts:
        what = f" for {each.part}" if each.part else ""
        total = each.n_runs + each.n_absent
        for status, n in each.reasons.items():
            lost.setdefault(status, f"No number{what} in {n} of {total} runs: {REASONS.get(status, status)}.")
        for note, n in each.notes.items():
            notes.setdefault(note, f"In {n} of {total} runs{what}: {note}")
    more = [f"… and {len(notes) - SHOWN_REASONS} notes more (--json)."] if len(notes) > SHOWN_REASONS else []
    return [*lost.values(), *list(notes.values())[:SHOWN_REASONS], *more]
