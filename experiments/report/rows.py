"""The tables of the report: estimates, paired differences, what is missing and why, the real service beside ours."""

import math

import numpy as np

from experiments import show
from experiments.estimators import REASONS, REGISTRY, estimate
from experiments.estimators.columns import primary
from experiments.estimators.monte_carlo import BETWEEN
from experiments.estimators.registry import needed_columns
from experiments.figures import wording
from experiments.store import ResultError

MOST_FAILURES = 10


def estimates(result, runs):
    """Return a block for each estimate: its words, and a row for each design point with a cell for each arm."""
    return [_block(result, runs, name) for name in show.shown(result, runs)]


def _block(result, runs, name):
    spec, arms = REGISTRY[name], wording.arms(result.manifest)
    found = {(each.design_point, each.arm): each for each in show.summaries(result, runs, name)}
    table = [
        {"point": words, "cells": [_cell(found.get((number, arm)), spec) for arm in arms]}
        for number, words in _point_names(result.manifest)
    ]
    words = {"label": spec.label, "unit": spec.unit, "sentence": spec.sentence}
    return {**words, "name": name, "rows": table}


def _cell(each, spec):
    """Return mean, error and interval as text; `runs` only where some runs gave no number."""
    if each is None or not math.isfinite(each.mean):
        return None
    lost = each.absent + each.failed
    return {
        "mean": wording.short(each.mean, spec.digits),
        "error": _error(each.se, spec),
        "interval": wording.span(each.low, each.high, spec.digits),
        "runs": f"{each.n} of {each.n + lost} runs" if lost else "",
    }


def differences(result, runs):
    """Return a block for each estimate with the paired differences of each arm from the first."""
    if len(wording.arms(result.manifest)) < 2:
        return []
    names = dict(_point_names(result.manifest))
    blocks = []
    for name in show.shown(result, runs):
        spec = REGISTRY[name]
        table = [
            {
                "point": names[each.design_point],
                "arms": f"{wording.plain(each.arm)} − {wording.plain(each.against)}",
                "mean": wording.short(each.mean, spec.digits),
                "error": _error(each.se, spec),
                "interval": wording.span(each.low, each.high, spec.digits),
                "unpaired": _error(each.se_unpaired, spec),
                "saved": _saved(each.saved),
                "pairs": f"{each.n}" + (f" of {each.n + each.dropped}" if each.dropped else ""),
            }
            for each in show.differences(result, runs, name)
        ]
        blocks.append({"label": spec.label, "unit": spec.unit, "rows": table})
    return blocks


def _saved(share):
    """Return the share of variance saved as per cent; nearly all is not all."""
    return ">99%" if 0.995 <= share < 1 else wording.percent(share).replace("-", "−")


def lost(result, runs):
    """Return, for each estimate that some finished runs did not give, how many for each reason, and an example."""
    done = runs[runs["status"] == "done"]
    found = []
    for name in show.shown(result, runs):
        without = done[done[name].isna()]
        if len(without):
            example = _reason(result, name, without.iloc[0])
            words = {"label": REGISTRY[name].label, "n": len(without), "of": len(done)}
            found.append({**words, "reasons": _reasons(without, name), "example": example})
    return found


def _reasons(without, name):
    """Return in words why runs gave no number: "12 runs: fewer clients than the estimate needs."."""
    if f"{name}_status" not in without:  # a result from before reasons were kept
        return f"{len(without):,} runs without a reason."
    counts = without[f"{name}_status"].value_counts()
    words = [f"{n:,} run{'s' if n > 1 else ''}: {REASONS.get(status, status)}" for status, n in counts.items()]
    return "; ".join(words) + "."


def _reason(result, name, run):
    """Return why a run gave no number, worked out again from its tables, as far as they were kept."""
    scales = result.manifest.get("scales")
    tables = dict.fromkeys(table for table, _ in needed_columns(name, scale=primary(scales)))
    try:
        frames = {table: result.table(table) for table in tables}
    except ResultError:
        return "its table was not kept, so no more can be told."
    one = {table: frame[frame["run_id"] == run["run_id"]] for table, frame in frames.items()}
    value = estimate(name, one, scales=scales)
    return value.note or f"Worked out again, it is {wording.short(value.estimate, 3)}."


def failures(runs):
    """Return how many runs failed, and the first few with stage, type and message."""
    failed = runs[runs["status"] == "failed"]
    columns = ["arm", "design_point", "replication", "seed", "stage", "error_type", "message"]
    first = failed.reindex(columns=columns).head(MOST_FAILURES)
    return {"n": len(failed), "rows": first.astype(object).where(first.notna(), "–").values.tolist()}


def references(result, runs):
    """Return the real service beside ours: label, published value, ours with its error, source."""
    manifest = result.manifest
    number, arm = wording.chosen_point(manifest), wording.arms(manifest)[0]
    found = []
    for entry in manifest.get("references") or []:
        name = entry["estimate"]
        if name not in REGISTRY or name not in runs:
            continue
        ours = {(e.arm, e.design_point): e for e in show.summaries(result, runs, name)}.get((arm, number))
        digits = REGISTRY[name].digits
        real = {"label": entry["label"], "value": wording.short(entry["value"], digits), "source": entry["source"]}
        found.append({**real, "ours": _cell(ours, REGISTRY[name]), "apart": _apart(ours, entry, digits)})
    where = f"arm {wording.plain(arm)}{wording.at_point(manifest, number)}"
    return {"rows": found, "where": where}


def _apart(ours, entry, digits):
    return wording.short(ours.mean - entry["value"], digits) if ours else "–"


def error_from(runs):
    """Return what the errors are made from: the spread between runs, or the standard error within the one run."""
    several = bool(len(runs)) and runs["replication"].nunique() > 1
    return BETWEEN if several else "within the one run"


def _point_names(manifest):
    return [(n, wording.setting(manifest, point)) for n, point in enumerate(wording.points(manifest))]


def _error(se, spec):
    return wording.short(se, spec.digits) if np.isfinite(se) else "?"
