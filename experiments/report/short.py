"""The main findings in a few sentences, for the top of the page: numbers with intervals, and no more than they say."""

import math

from experiments import show
from experiments.estimators import REGISTRY
from experiments.figures import sweep, wording


def sentences(result, runs):
    """Return one finding for each of the main estimates: each arm, what arms differ by, and what the sweep does."""
    return [_sentence(result, runs, name) for name in sweep.chosen(runs)]


def _sentence(result, runs, name):
    manifest, spec = result.manifest, REGISTRY[name]
    number, arms = wording.chosen_point(manifest), wording.arms(manifest)
    found = {(each.arm, each.design_point): each for each in show.summaries(result, runs, name)}
    here = [(arm, found[arm, number]) for arm in arms if (arm, number) in found]
    said = wording.listed(f"{_number(each, spec)} ({wording.plain(arm)})" for arm, each in here) or "no number"
    apart = [each for each in show.differences(result, runs, name) if each.design_point == number]
    parts = [
        f"{said}.",
        *(_difference(each, spec) for each in apart if math.isfinite(each.mean)),
        _range(found, manifest, spec),
    ]
    return {"label": f"{spec.label} ({spec.unit})", "words": " ".join(filter(None, parts))}


def _difference(each, spec):
    pair = f"{wording.plain(each.arm)} minus {wording.plain(each.against)}".capitalize()
    interval = wording.span(each.low, each.high, spec.digits)
    return f"{pair}: {wording.short(each.mean, spec.digits)} (95% interval {interval})."


def _range(found, manifest, spec):
    """Return what happens from the first to the last point of a sweep over one parameter, in the first arm."""
    keys, points, arm = wording.swept(manifest), wording.points(manifest), wording.arms(manifest)[0]
    ends = [found.get((arm, number)) for number in (0, len(points) - 1)]
    if len(keys) != 1 or len(points) < 2 or None in ends:
        return ""
    low, high = (f"{point[keys[0]]:g}" for point in (points[0], points[-1]))
    first, last = (_number(each, spec) for each in ends)
    return f"With {keys[0]} going from {low} to {high}, {wording.plain(arm)} goes from {first} to {last}."


def _number(each, spec):
    error = f"\u00a0±\u00a0{wording.short(each.se, spec.digits)}" if math.isfinite(each.se) else ""
    return wording.short(each.mean, spec.digits) + error
