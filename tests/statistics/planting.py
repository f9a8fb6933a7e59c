"""Planted truths: data with a known answer, drawn again and again, and what an estimator makes of them.

An estimator is right if its mean over many data sets is the planted number (bias) and if its 95 % interval covers that
number in 95 % of them (coverage). `plants_*.py` declare them; `test_planted.py` draws 100 of each in CI, and
`python -m tests.statistics.accuracy` 400 for the table in `docs/`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

FALSE_ALARM = 0.001
"""How often a right estimator may fail one check of coverage or bias."""
BIAS = float(stats.norm.ppf(1 - FALSE_ALARM / 2))
"""So many Monte Carlo standard errors a right estimator may be off."""


@dataclass(frozen=True)
class Plant:
    """One planted truth: `draw(luck)` gives data, `fit(data)` a Fit (or dict of Values), `truth` maps names to numbers.

    `slack` is the bias that the literature grants the estimator at this size, in SDs of the estimate (say why in
    `why`); `covered` names the estimates whose interval is checked (None = all of `truth`): a variance at its boundary
    has no Wald interval worth checking. `degrees` gives the t quantile for estimates without an interval of their own.
    """

    name: str
    draw: Callable
    fit: Callable
    truth: dict
    slack: float = 0.0
    why: str = ""
    covered: tuple | None = None
    degrees: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Accuracy:
    """What became of one planted number over `n` data sets, of which `failed` gave no estimate.

    `bias` has the Monte Carlo error `error`; `sd` is the spread of the estimates and `se` the mean of their standard
    errors; `coverage` is nan where no interval is checked.
    """

    plant: str
    estimate: str
    truth: float
    n: int
    failed: int
    bias: float
    error: float
    sd: float
    se: float
    coverage: float


def accuracy(plant, *, replications, seed=20261124):
    """Return an `Accuracy` for each planted number of a plant."""
    streams = np.random.default_rng(seed).spawn(replications)
    fits = [plant.fit(plant.draw(luck)) for luck in streams]
    return [_accuracy(plant, name, truth, [fit[name] for fit in fits]) for name, truth in plant.truth.items()]


def _accuracy(plant, name, truth, values):
    good = [value for value in values if value.ok]
    numbers = np.array([value.estimate for value in good])
    sd = float(numbers.std(ddof=1)) if len(good) > 1 else math.nan
    checked = plant.covered is None or name in plant.covered
    hits = [_covers(value, truth, plant.degrees.get(name)) for value in good] if checked else []
    return Accuracy(
        plant=plant.name,
        estimate=name,
        truth=truth,
        n=len(good),
        failed=len(values) - len(good),
        bias=float(numbers.mean() - truth) if good else math.nan,
        error=sd / math.sqrt(len(good)) if len(good) > 1 else math.nan,
        sd=sd,
        se=float(np.mean([value.se for value in good])) if good else math.nan,
        coverage=float(np.mean(hits)) if hits else math.nan,
    )


def _covers(value, truth, degrees):
    if math.isfinite(value.low) and math.isfinite(value.high):
        return value.low <= truth <= value.high
    quantile = stats.t.ppf(0.975, degrees) if degrees else stats.norm.ppf(0.975)
    return abs(value.estimate - truth) <= quantile * value.se


def coverage_band(n):
    """Return the lowest and highest coverage of a true 95 % interval in `n` data sets (exact binomial)."""
    low, high = stats.binom.ppf([FALSE_ALARM / 2, 1 - FALSE_ALARM / 2], n, 0.95)
    return low / n, high / n


def faults(plant, each):
    """Return in words what is wrong with an `Accuracy`, an empty list if nothing."""
    wrong = []
    allowed = BIAS * each.error + plant.slack * each.sd
    if not abs(each.bias) <= allowed:
        wrong.append(f"{each.plant}: the bias of {each.estimate} is {each.bias:.4g}, more than {allowed:.4g}.")
    low, high = coverage_band(each.n)
    if not math.isnan(each.coverage) and not low <= each.coverage <= high:
        wrong.append(f"{each.plant}: {each.estimate} is covered in {each.coverage:.3f}, not in {low:.3f}-{high:.4f}.")
    if each.failed > 0.02 * (each.n + each.failed):
        wrong.append(f"{each.plant}: {each.estimate} failed in {each.failed} of {each.n + each.failed} data sets.")
    return wrong
