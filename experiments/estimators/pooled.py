"""One number from many clinics or runs: the estimates of each, pooled as a meta-analysis pools studies.

alliance-outcome r of 48 virtual clinics of one service
mean_r .27 (.02)        the mean of the 48, which published means are compared with
pooled_r .27            weighted by size, through Fisher's z, random effects by REML
tau2 .004, i2 28        how much the clinics differ beyond luck (on the z scale; per cent of all variance)
prediction .13 to .40   where the r of one more clinic would lie
"""

import math
from dataclasses import replace

import numpy as np
from scipy import stats

from experiments.estimators.alliance import alliance_outcome_r
from experiments.estimators.clinics import virtual_clinics
from experiments.estimators.columns import numbers
from experiments.estimators.estimator import Estimator
from experiments.estimators.methods.meta.meta_analysis import random_effects
from experiments.estimators.methods.meta.meta_effects import correlation_to_z
from experiments.estimators.value import Fit, Value, found, no_fit, too_few

FEWEST = 2


def alliance_r_over_clinics(tables, scales=None):
    """Return the alliance-outcome correlation pooled over virtual clinics of 50-200 clients of this service, a `Fit`.

    In each clinic the residualised change is its own. `mean_r` (plain mean over clinics, SE = SD / sqrt(k), t
    interval), `pooled_r` and `prediction` (random effects by REML on Fisher's z, Knapp-Hartung, turned back), `tau2`
    (z scale), `i2`. Facts: clinics, clinics_without (that gave no r).
    """
    clients = tables["clients"]
    label = virtual_clinics(clients)
    values = [
        alliance_outcome_r({"clients": clients[label == each]}, scales) for each in range(label.max(initial=-1) + 1)
    ]
    return pool_correlations(values, what="virtual clinics with a correlation")


def pool_correlations(values, *, what="correlations"):
    """Return `mean_r`, `pooled_r`, `prediction`, `tau2` and `i2` of correlations, a list of `Value` (r and n).

    Correlations that are absent, or come from three clients or fewer, are left out and counted.
    """
    good = [each for each in values if each.ok and each.n > 3]
    n, facts = sum(each.n for each in good), {"clinics": len(good), "clinics_without": len(values) - len(good)}
    if len(good) < FEWEST:
        few = too_few(len(good), fewest=FEWEST, what=what)
        return no_fit(few.status, n=n, note=few.note, facts=facts)
    r, sizes = np.array([each.estimate for each in good]), np.array([each.n for each in good])
    fit = random_effects(*correlation_to_z(r, sizes), test="knapp_hartung", what=what)
    if not fit.ok:
        return no_fit(fit.status, n=n, note=fit.note, facts=facts)
    parts = {"mean_r": plain_mean(r), "pooled_r": _as_r(fit["mean"]), "prediction": _as_r(fit["prediction"])}
    parts |= {name: fit[name] for name in ("tau2", "i2")}
    return Fit({name: replace(value, n=n) for name, value in parts.items()}, n, note=fit.note, facts=facts)


def pool(values, *, method="REML", test="knapp_hartung", what="estimates"):
    """Return the random-effects meta-analysis of estimates with their standard errors, a list of `Value`, as a `Fit`.

    For estimates whose error is about normal on their own scale (means, d, slopes); absent ones and those without a
    standard error are left out. Names as in `random_effects`.
    """
    good = [each for each in values if each.ok and each.se > 0]
    effects, variances = np.array([(each.estimate, each.se**2) for each in good]).reshape(-1, 2).T
    return random_effects(effects, variances, method=method, test=test, what=what)


def pool_runs(runs, name, **choices):
    """Return `pool` of the estimate `name` over the rows of the runs table (columns `name` and `name_se`)."""
    pairs = zip(numbers(runs, name), numbers(runs, f"{name}_se"), strict=True)
    known = [Value(float(number), float(se), 1) for number, se in pairs if math.isfinite(number)]
    return pool(known, what="runs with an estimate", **choices)


def plain_mean(values):
    """Return the unweighted mean, SE = SD / sqrt(k), and the interval and p of t(k - 1)."""
    k, mean = values.size, float(values.mean())
    se = float(values.std(ddof=1)) / math.sqrt(k)
    half = float(stats.t.ppf(0.975, k - 1)) * se
    p = 2 * float(stats.t.sf(abs(mean) / se, k - 1)) if se > 0 else math.nan
    return found(mean, se=se, n=k, low=mean - half, high=mean + half, p=p)


def _as_r(value):
    """Return a `Value` on Fisher's z as one on r; SE = (1 - r r) SE of z."""
    r, low, high = (math.tanh(each) for each in (value.estimate, value.low, value.high))
    return replace(value, estimate=r, se=(1 - r * r) * value.se, low=low, high=high)


ENTRIES = (
    Estimator(
        alliance_r_over_clinics,
        "Alliance–outcome correlation, mean of clinics",
        "Pearson's r between the client's alliance rating of session 3 and residualised change on the primary scale,"
        " within virtual clinics of 50 to 200 clients and 2 to 8 therapists; the mean over clinics.",
        unit="Pearson's r",
        formula="mean over clinics of r(wai_client_s3, -(after - OLS(after ~ before)));"
        " after = end form, else last score",
        source="flueckiger2018",
        columns=(
            "therapist_id",
            "sessions_held",
            "{primary}_intake",
            "{primary}_end",
            "{primary}_last",
            "wai_client_s3",
        ),
        headline="mean_r",
        parts={
            "pooled_r": ("Pearson's r", "mean weighted by size, random effects on Fisher's z"),
            "prediction": ("Pearson's r", "the interval is where the r of one more clinic would lie"),
            "tau2": ("Fisher's z squared", "variance between clinics beyond luck"),
            "i2": ("per cent of variance", "of all variance between clinics, beyond luck"),
        },
        caveat="Therapists are put into clinics by their numbers, so clinics differ by their people and by luck only.",
    ),
)
"""The registered estimates."""
