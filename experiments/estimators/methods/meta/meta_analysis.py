"""Random-effects meta-analysis: the mean of effects that differ truly, how much they differ, and the next one.

    16 studies, r = .187, .162, .34, ... of 109, 749, 55, ... people
    z, v = correlation_to_z(r, n)
    fit = random_effects(z, v)           # REML
    fit["mean"]        .150 (.032), 95 % .088 to .212   the mean of the effects that studies like these have
    fit["tau2"]        .0081                             the variance between those effects
    fit["prediction"]  -.037 to .337                     where the effect of the next such study would lie

The interval of the mean says how well the mean is known, the prediction interval how far single studies (clinics)
stray from it. With few studies the z test is too sure of itself; Knapp & Hartung's is not.

Sources: Viechtbauer 2005, 2007, 2010; Knapp & Hartung 2003; Higgins & Thompson 2002; Riley et al. 2011 (prediction).
"""

import math

import numpy as np
from scipy import stats

from experiments.estimators.methods.meta.heterogeneity import (
    METHODS,
    generalised_q,
    log_likelihood,
    q_profile,
    tau2_of,
    tau2_se,
    typical_variance,
    weighted_mean,
    weights,
)
from experiments.estimators.value import (
    CONSTANT,
    NOT_FINITE,
    REASONS,
    Fit,
    absent,
    as_fit,
    found,
    no_fit,
    too_few,
)

TESTS = ("z", "knapp_hartung", "ad_hoc")
FEWEST = 2
FEW = 5
"""Below so many effects a note says that the variance between them is hardly known."""
FARTHEST = 1e10
"""The largest ratio of two sampling variances for which the sums keep their digits."""


def random_effects(effects, variances, *, method="REML", test="z", level=0.95, what="effects"):
    """Return the meta-analysis of `effects` with known sampling `variances`, two arrays (pairs with a gap left out).

    `method`: one of "REML", "ML", "DL", "PM", or "FE" (one common effect). `test`: "z"; "knapp_hartung" (standard error
    from the scatter itself, t with k - 1); "ad_hoc" (the same, but never smaller than z's standard error).
    Names: `mean`; `prediction` (the interval of the next effect: mean -+ q sqrt(tau2 + SE^2), q normal with z, else
    t(k - 1)); `tau2`, `tau` with Q-profile intervals; `i2` (per cent) and `h2`, theirs by the same tau2. FE has `mean`,
    `i2` and `h2` only.
    Facts: q, df, q_p, boundary, log_likelihood (restricted with REML). Statuses: too_few (k < 2), constant, not_finite.
    """
    if method not in METHODS or test not in TESTS:
        raise ValueError(f"method must be one of {METHODS} and test one of {TESTS}.")
    effects, variances, fault = checked(effects, variances, fewest=FEWEST, what=what)
    if fault:
        return as_fit(fault)
    tau2 = tau2_of(method, effects, variances)
    mean = _mean(effects, variances, tau2, test=test, level=level)
    if not mean.ok:
        return no_fit(mean.status, n=mean.n, note=mean.note)
    if method == "FE":
        parts = {"mean": mean} | _common(effects, variances)
    else:
        parts = {"mean": mean, "prediction": prediction(mean, tau2, test=test, level=level)}
        parts |= _spread(effects, variances, tau2, method, level=level)
    note = f"With {mean.n} {what} the variance between them is hardly known." if mean.n < FEW else ""
    return Fit(parts, mean.n, note=note, facts=_facts(effects, variances, tau2, method))


def checked(effects, variances, *, fewest, what):
    """Return effects and variances without pairs that have a gap, and a `Value` that says what is wrong, or None."""
    effects, variances = np.asarray(effects, dtype=float), np.asarray(variances, dtype=float)
    here = ~(np.isnan(effects) | np.isnan(variances))
    effects, variances = effects[here], variances[here]
    if effects.size < fewest:
        return effects, variances, too_few(effects.size, fewest=fewest, what=f"{what} with a sampling variance")
    sizes = np.concatenate([np.abs(effects), variances])
    if variances.min() < 1e-100 or sizes.max() > 1e100 or variances.max() > FARTHEST * variances.min():
        note = f"A sampling variance is 0 or less, or far out of line with the others: {REASONS[NOT_FINITE]}."
        return effects, variances, absent(NOT_FINITE, n=effects.size, note=note)
    return effects, variances, None


def quantile(test, *, df, level):
    """Return the quantile of the interval: normal for the z test, else of t with `df` degrees of freedom."""
    return float(stats.norm.ppf(0.5 + level / 2) if test == "z" else stats.t.ppf(0.5 + level / 2, df))


def _mean(effects, variances, tau2, *, test, level):
    w, k = weights(variances, tau2), effects.size
    mean, se = float(weighted_mean(effects, w)), math.sqrt(1 / w.sum())
    if test != "z":
        scale = float(generalised_q(effects, variances, tau2)) / (k - 1)
        if test == "knapp_hartung" and np.ptp(effects) <= 1e-12 * max(1e-100, np.abs(effects).max()):
            note = f"All {k} effects are the same, so their scatter gives no standard error."
            return absent(CONSTANT, n=k, note=note)
        se *= math.sqrt(max(1.0, scale) if test == "ad_hoc" else scale)
    half = quantile(test, df=k - 1, level=level) * se
    ratio = abs(mean) / se
    p = 2 * (stats.norm.sf(ratio) if test == "z" else stats.t.sf(ratio, k - 1))
    return found(mean, se=se, n=k, low=mean - half, high=mean + half, p=float(p))


def prediction(mean, tau2, *, test, level):
    """Return where the effect of one more study would lie: mean -+ quantile sqrt(tau2 + SE^2)."""
    half = quantile(test, df=mean.n - 1, level=level) * math.sqrt(tau2 + mean.se**2)
    return found(mean.estimate, n=mean.n, low=mean.estimate - half, high=mean.estimate + half)


def _spread(effects, variances, tau2, method, *, level):
    """Return tau2, tau, I2 and H2; the last two by tau2 and the typical sampling variance, ends as well."""
    k, typical = effects.size, typical_variance(variances)
    low, high = q_profile(effects, variances, level=level)
    note = "" if tau2 > 0 else "The estimate lies at its boundary, 0."
    if high == 0.0:
        note += " The Q-profile interval is empty: the effects vary less than their sampling errors would make them."
    ends = np.array([tau2, low, high])
    share = 100 * ends / (typical + ends)
    return {
        "tau2": found(tau2, se=tau2_se(method, effects, variances, tau2), n=k, low=low, high=high, note=note.strip()),
        "tau": _ends(np.sqrt(ends), n=k),
        "i2": _ends(share, n=k),
        "h2": _ends(1 + ends / typical, n=k),
    }


def _ends(three, *, n):
    return found(float(three[0]), n=n, low=float(three[1]), high=float(three[2]))


def _common(effects, variances):
    """Return I2 = max(0, (Q - df) / Q) in per cent and H2 = Q / df, of a model with one common effect."""
    k, q = effects.size, float(generalised_q(effects, variances, 0.0))
    excess = 100 * max(0.0, (q - (k - 1)) / q) if q > 0 else 0.0
    return {"i2": found(excess, n=k), "h2": found(q / (k - 1), n=k)}


def _facts(effects, variances, tau2, method):
    q, df = float(generalised_q(effects, variances, 0.0)), effects.size - 1
    likelihood = log_likelihood(effects, variances, tau2, restricted=method == "REML")
    return {
        "q": q,
        "df": df,
        "q_p": float(stats.chi2.sf(q, df)),
        "log_likelihood": float(likelihood),
        "boundary": float(method != "FE" and tau2 == 0.0),
    }
