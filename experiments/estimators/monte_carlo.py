"""How sure the simulation is of its own averages: Monte Carlo error, and differences between arms on the same luck.

Run a clinic twenty times and the mean dropout rate has an error that only more runs make smaller. Two arms that share
their random numbers differ by less luck than two that do not; how much less is worked out here and printed.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from experiments.estimators.columns import numbers
from experiments.estimators.registry import REGISTRY

BETWEEN = "between runs"
WITHIN = "within the one run"
NOWHERE = "none"


@dataclass(frozen=True)
class Summary:
    """An estimate over the replications of one arm at one design point.

    `se` is the Monte Carlo error of `mean`, `sd` the spread of single clinics; `n` runs gave a number,
    `failed` runs broke off, and `absent` runs were done but gave none. `basis` says where the interval comes
    from: the spread between runs, or, with one run, the standard error within it.
    """

    name: str
    arm: str
    design_point: int
    mean: float
    se: float
    sd: float
    low: float
    high: float
    n: int
    absent: int
    failed: int
    basis: str


@dataclass(frozen=True)
class Difference:
    """The mean of `arm` minus `against` over replications that both arms share, at one design point.

    `se_unpaired` is the error it would have without common random numbers, `saved` the share of variance
    that they saved, 1 - (se / se_unpaired)^2; below 0 they did harm.
    """

    name: str
    arm: str
    against: str
    design_point: int
    mean: float
    se: float
    low: float
    high: float
    se_unpaired: float
    saved: float
    n: int
    dropped: int


def monte_carlo(runs, name):
    """Return one `Summary` of estimate `name` for each arm and design point, in the order of the runs table.

    mean over runs; SE = s / sqrt(n); interval = mean -+ t(n - 1) SE. With one run, its own SE and the
    normal quantile.
    """
    groups = runs.groupby(["arm", "design_point"], sort=False)
    return [_summary(group, name, arm=str(arm), point=int(point)) for (arm, point), group in groups]


def paired_difference(runs, name, arm, against):
    """Return one `Difference` of estimate `name`, `arm` minus `against`, for each design point both have.

    Within each replication arm minus against; mean and SE = s / sqrt(n) of these;
    unpaired SE = sqrt((s_arm^2 + s_against^2) / n).
    """
    one, other = (_by_cell(runs, name, arm=which) for which in (arm, against))
    points = [point for point in one if point in other]
    return [_difference(one[point], other[point], (name, arm, against, point)) for point in points]


def t_interval(mean, se, *, n, level=0.95):
    """Return low and high of mean -+ t(n - 1) se; nan where fewer than two runs gave a number."""
    if n < 2 or not math.isfinite(se):
        return math.nan, math.nan
    half = stats.t.ppf(0.5 + level / 2, n - 1) * se
    return mean - half, mean + half


def _summary(group, name, *, arm, point):
    done = group[_done(group)]
    values = numbers(done, name) if name in done else np.full(len(done), np.nan)
    here = np.isfinite(values)
    values, n = values[here], int(here.sum())
    mean = float(values.mean()) if n else math.nan
    sd = float(values.std(ddof=1)) if n > 1 else math.nan
    se, low, high, basis = _spread(done[here], name, mean=mean, sd=sd)
    counts = {"n": n, "absent": len(done) - n, "failed": len(group) - len(done)}
    return Summary(name, arm, point, mean, se, sd, low, high, **counts, basis=basis)


def _spread(done, name, *, mean, sd):
    """Return SE, both ends of the interval, and what they are made from."""
    n, unit = len(done), REGISTRY[name].unit if name in REGISTRY else ""
    if n > 1:
        se = sd / math.sqrt(n)
        return se, *inside(*t_interval(mean, se, n=n), unit=unit), BETWEEN
    se = numbers(done, f"{name}_se")[0] if n and f"{name}_se" in done else math.nan
    if not math.isfinite(se):
        return math.nan, math.nan, math.nan, NOWHERE
    return float(se), *within_interval(mean, se, unit=unit), WITHIN


def inside(low, high, *, unit):
    """Return an interval without what its unit cannot be: a share ends at 0 and 1, a correlation at -1 and 1."""
    least, most = {"share": (0.0, 1.0), "Pears": (-1.0, 1.0)}.get(unit[:5], (-math.inf, math.inf))
    return max(low, least), min(high, most)


def within_interval(mean, se, *, unit):
    """Return both ends of the 95 % interval of one run's estimate, inside what its unit allows.

    A correlation is taken through Fisher's z, a share through the logit, each with the standard error that the delta
    method gives there; everything else is mean +- 1.96 SE.
    """
    half = stats.norm.ppf(0.975) * se
    if unit == "Pearson's r" and abs(mean) < 1:
        z, half = math.atanh(mean), half / (1 - mean * mean)
        return math.tanh(z - half), math.tanh(z + half)
    if unit.startswith("share") and 0 < mean < 1:
        logit, half = math.log(mean / (1 - mean)), half / (mean * (1 - mean))
        return float(special.expit(logit - half)), float(special.expit(logit + half))
    return mean - half, mean + half


def _by_cell(runs, name, *, arm):
    """Return the estimate of one arm: a dict from design point to a dict from replication to number."""
    rows, cells = runs[(runs["arm"] == arm) & _done(runs)], {}
    values = numbers(rows, name) if name in rows else np.full(len(rows), np.nan)
    for point, replication, value in zip(rows["design_point"], rows["replication"], values, strict=True):
        cells.setdefault(int(point), {})[int(replication)] = float(value)
    return cells


def _difference(one, other, labels):
    shared = sorted(set(one) | set(other))
    pairs = np.array([(one.get(r, math.nan), other.get(r, math.nan)) for r in shared], dtype=float).reshape(-1, 2)
    pairs = pairs[np.isfinite(pairs).all(axis=1)]
    n = len(pairs)
    change = pairs[:, 0] - pairs[:, 1]
    mean = float(change.mean()) if n else math.nan
    se = float(change.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan
    apart = math.sqrt(pairs.var(axis=0, ddof=1).sum() / n) if n > 1 else math.nan
    saved = 1 - (se / apart) ** 2 if n > 1 and apart > 0 else math.nan
    return Difference(*labels, mean, se, *t_interval(mean, se, n=n), apart, saved, n, len(shared) - n)


def _done(runs):
    """Mark the runs that were done (all, where the table does not say)."""
    if "status" not in runs:
        return np.ones(len(runs), dtype=bool)
    return (runs["status"] == "done").to_numpy(dtype=bool)
