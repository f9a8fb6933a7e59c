"""From the parameters of an RI-CLPM to the numbers that are read: paths, standardised paths, intercepts, means.

Standard errors come by the delta method: how each number moves with the parameters, times the parameters' covariance
(the inverse of the observed information).
"""

import math

import numpy as np

from experiments.estimators.methods.basics.intervals import Z, normal_p
from experiments.estimators.methods.panel.scoring import inverse
from experiments.estimators.value import found

TESTED = ("_to_", "correlation")
"""Numbers with a p-value: a test that they are 0. A variance of 0 is no ordinary hypothesis; it gets none."""


def quantities(model, top, *, n):
    """Return a dict of `Value`s by name and a dict of facts: least and largest standardised path over waves."""
    names, values = _numbers(model, top.theta)
    turn = np.column_stack([_slope(model, top.theta, index) for index in range(model.size)])
    variance = np.einsum("ij,jk,ik->i", turn, inverse(top.information), turn)
    parts = {
        name: _value(name, value, math.sqrt(max(spread, 0.0)), n=n)
        for name, value, spread in zip(names, values, variance, strict=True)
        if np.isfinite(value)
    }
    by_wave = standardised(model, top.theta)
    facts = {f"{name}_std_{end}": float(pick(each)) for name, each in by_wave.items() for end, pick in ENDS.items()}
    return parts, facts


ENDS = {"low": np.min, "high": np.max}


def _value(name, value, se, *, n):
    asked = any(part in name for part in TESTED) and se > 0
    p = normal_p(value / se) if asked else math.nan
    half = Z * se if se > 0 else math.nan
    return found(value, se=se if se > 0 else math.nan, n=n, low=value - half, high=value + half, p=p)


def _numbers(model, theta):
    """Return names and values of all numbers that are read, in one order."""
    theta = np.asarray(theta, dtype=float)
    _, paths, residuals, _ = model.split(theta)
    by_name = dict(zip(model.paths_part[0], paths, strict=True))
    by_wave = standardised(model, theta)
    by_name |= {f"{name}_std": each.mean() for name, each in by_wave.items()}
    if model.paths == "free":
        by_name |= {f"{name}_{t + 2}_std": part for name, each in by_wave.items() for t, part in enumerate(each)}
    if model.intercepts != "none":
        by_name |= _lasting(model, theta)
    by_name |= dict(zip(model.residuals_part[0], residuals, strict=True))
    by_name |= dict(zip(model.means_part[0], theta[model.cuts[0]], strict=True))
    return list(by_name), np.array(list(by_name.values()))


def _lasting(model, theta):
    """Return the intercepts' (co)variances and correlation, and the share of variance that lasts (ICC at wave 1)."""
    x, y, both = model.shared(theta)
    start = np.diag(model.within(theta)[1])
    numbers = dict(zip(model.intercepts_part[0], (x, y, both), strict=True))
    numbers["intercept_correlation"] = both / math.sqrt(x * y) if x > 0 and y > 0 else math.nan
    shares = zip(model.names, (x, y), (start[0], start[model.waves]), strict=True)
    return numbers | {f"{name}_lasting_share": own / (own + rest) for name, own, rest in shares}


def standardised(model, theta):
    """Return each path in within-client SDs, an array over the later waves 2..T (lavaan's `std.all`)."""
    paths = np.tensordot(model.split(theta)[1], model.paths_part[1], axes=1)
    sd = np.sqrt(np.diag(model.within(theta)[2]))
    later = np.arange(1, model.waves)
    place = {name: index * model.waves for index, name in enumerate(model.names)}
    return {
        f"{a}_to_{b}": paths[place[b] + later, place[a] + later - 1] * sd[place[a] + later - 1] / sd[place[b] + later]
        for a in model.names
        for b in model.names
    }


def _slope(model, theta, index):
    """Return how every number moves with one parameter, by central differences; a mean moves itself alone."""
    if index < model.cuts[0].stop:
        names = _numbers(model, theta)[0]
        return np.array([float(name == model.means_part[0][index]) for name in names])
    step = 1e-5 * max(abs(theta[index]), 1e-3)
    up, down = np.array(theta), np.array(theta)
    up[index] += step
    down[index] -= step
    return (_numbers(model, up)[1] - _numbers(model, down)[1]) / (2 * step)


def improper(model, theta):
    """Return in words which residual variance is impossible (negative, or a correlation beyond 1); empty if none."""
    noise = model.within(theta)[1]
    for t in range(model.waves):
        pair = noise[np.ix_([t, model.waves + t], [t, model.waves + t])]
        if np.linalg.eigvalsh(pair)[0] < 0:
            what = "variance" if pair.diagonal().min() < 0 else "correlation beyond 1"
            return f"a residual {what} at session {t + 1} ({pair.diagonal().min():.3g})"
    return ""
