"""The estimates of a result as a plain table for a terminal, and the same as a list of objects for other programs.

One block for each estimate, a row for each design point, a column for each arm, and behind them what the arms differ
by on the same luck. A number stands with its Monte Carlo error, or not at all.
"""

import math
from dataclasses import asdict

import pandas as pd

from experiments.estimators import OK, REASONS, REGISTRY, monte_carlo, paired_difference
from experiments.figures import wording

GAP = "   "


def as_objects(result):
    """Return every estimate and every paired difference as a list of dicts, None where there is no number.

    `kind` is "estimate" or "difference"; a difference is `arm` minus `against`, the first arm.
    """
    runs, points = result.table("runs"), wording.points(result.manifest)
    found = []
    for name in shown(result, runs):
        for kind, each in [("estimate", e) for e in summaries(result, runs, name)] + [
            ("difference", d) for d in differences(result, runs, name)
        ]:
            known = {"kind": kind, "label": REGISTRY[name].label, "unit": REGISTRY[name].unit}
            found.append({**known, **_without_nan(asdict(each)), "point": points[each.design_point]})
    return found


def shown(result, runs):
    """Return the estimates of a result by name: those in its manifest that are known and stand in the runs table."""
    asked = result.manifest.get("estimates") or REGISTRY
    return [name for name in REGISTRY if name in asked and name in runs]


def summaries(result, runs, name):
    """Return the estimate's summaries by design point and then arm, in the order of the config."""
    order = wording.arms(result.manifest)
    return sorted(monte_carlo(runs, name), key=lambda each: (each.design_point, order.index(each.arm)))


def differences(result, runs, name):
    """Return the paired differences of each other arm from the first, by design point."""
    first, *others = wording.arms(result.manifest)
    return [each for arm in others for each in paired_difference(runs, name, arm, first)]


def as_text(result):
    """Return the whole table as text."""
    manifest, runs = result.manifest, result.table("runs")
    blocks = [_head(manifest), *(_block(result, runs, name) for name in shown(result, runs))]
    return "\n\n".join([*blocks, _foot(manifest, runs)]) + "\n"


def _head(manifest):
    failed = manifest.get("runs_failed", 0)
    done = f"{manifest.get('runs_done', 0)} of {manifest.get('runs_expected', '?')} runs done"
    lines = [f"{manifest['name']}: {done}, {failed} failed ({manifest.get('status', 'status unknown')})"]
    return "\n".join([*lines, *filter(None, [manifest.get("question")])])


def _block(result, runs, name):
    """Return the table of one estimate."""
    manifest, spec = result.manifest, REGISTRY[name]
    first, *others = arms = wording.arms(manifest)
    cells = {(each.design_point, each.arm): _number(each, spec) for each in summaries(result, runs, name)}
    apart = {(each.design_point, each.arm): _number(each, spec) for each in differences(result, runs, name)}
    head = ["", *arms, *(f"{arm} - {first}" for arm in others)]
    body = [
        [
            wording.setting(manifest, point) or "all runs",
            *(cells.get((number, arm), "–") for arm in arms),
            *(apart.get((number, arm), "–") for arm in others),
        ]
        for number, point in enumerate(wording.points(manifest))
    ]
    return f"{spec.label} ({spec.unit}) [{name}]\n{_aligned([head, *body])}"


def _aligned(lines):
    """Return rows of cells as text, the first column to the left and the others to the right."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        GAP.join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    )


def _number(each, spec):
    """Return mean and error, "0.394 ± 0.014", with the runs behind them where some gave no number."""
    if not math.isfinite(each.mean):
        return "no number"
    error = f" ± {each.se:.{spec.digits}f}" if math.isfinite(each.se) else " ± ?"
    lost = getattr(each, "absent", 0) + getattr(each, "failed", 0) + getattr(each, "dropped", 0)
    return f"{wording.short(each.mean, spec.digits)}{error}" + (f" ({each.n} of {each.n + lost})" if lost else "")


def _foot(manifest, runs):
    several = runs["replication"].nunique() > 1
    error = "the Monte Carlo error over replications" if several else "the standard error within the one run"
    pairs = ""
    if len(wording.arms(manifest)) > 1:
        pairs = " Differences are taken within replications" + (
            ", which share their luck." if manifest.get("config", {}).get("random_numbers") == "common" else "."
        )
    gaps = _gaps(runs)
    return f"± is {error}.{gaps}{pairs} In this model only; not clinical advice."


def _gaps(runs):
    """Return what to know where some runs gave no number: how often, for which reason, and where to read more."""
    done = runs[runs["status"] == "done"]
    status = [name for name in done if name.endswith("_status") and name.removesuffix("_status") in REGISTRY]
    found = pd.concat([done[name][done[name] != OK] for name in status]) if status else pd.Series(dtype=str)
    if found.empty:
        return ""
    counts = [f"{n} × {REASONS.get(reason, reason)}" for reason, n in found.value_counts().items()]
    return f" (11 of 12) = runs that gave a number; without one: {'; '.join(counts)} (`alliance estimate` says more)."


def _without_nan(data):
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in data.items()
    }
