"""How far studies differ beyond luck: the variance between true effects, its standard error and its interval.

Sixteen studies correlate conscientiousness with taking one's medicine. Their results scatter; some of that scatter is
sampling error, which each study's size foretells. What is left over is tau2, the variance of the true effects. All
formulas are for effects y with known sampling variances v and one common mean; w = 1 / (v + tau2) are the weights.

DL and PM are own code here: in `statsmodels.stats.meta_analysis` (0.15) DL may give a negative variance, and PM stops
at |Q - df| < 1e-5 and returns 0 if rounding carries the last step past the root. Tests compare where both are right.

Sources: DerSimonian & Laird 1986 (DL), Paule & Mandel 1982 (PM), Viechtbauer 2005 (ML, REML and the standard errors),
Viechtbauer 2007 (Q-profile interval), Higgins & Thompson 2002 (I2, H2).
"""

import math

import numpy as np
from scipy import optimize, stats

METHODS = ("FE", "DL", "PM", "ML", "REML")
"""No variance between effects (FE), DerSimonian-Laird, Paule-Mandel, and (restricted) maximum likelihood."""
GRID = 160
"""At how many values of tau2 the slope of the likelihood is looked at to find its peaks."""


def weights(variances, tau2):
    """Return 1 / (v + tau2): an array of effects, or of one row for each of an array of tau2."""
    return 1.0 / (variances + np.asarray(tau2, dtype=float)[..., None])


def weighted_mean(effects, w):
    """Return the mean of the effects under weights `w`, a number for each row of `w`."""
    return (w * effects).sum(axis=-1) / w.sum(axis=-1)


def generalised_q(effects, variances, tau2):
    """Return Q(tau2) = sum w (y - mean)^2, which falls as tau2 grows; Q(0) is Cochran's Q."""
    w = weights(variances, tau2)
    return (w * (effects - weighted_mean(effects, w)[..., None]) ** 2).sum(axis=-1)


def log_likelihood(effects, variances, tau2, *, restricted):
    """Return the (restricted) log-likelihood at tau2, with all its constants, the mean being at its best for it."""
    w, k = weights(variances, tau2), effects.size
    deviance = np.log(2 * np.pi) * (k - restricted) - np.log(w).sum(axis=-1) + generalised_q(effects, variances, tau2)
    if restricted:
        deviance += np.log(w.sum(axis=-1)) - math.log(k)
    return -deviance / 2


def tau2_of(method, effects, variances):
    """Return tau2 by one of `METHODS`, exactly 0.0 where the estimate lies on that boundary or below."""
    if method == "FE":
        return 0.0
    if method == "DL":
        return _moments(effects, variances)
    if method == "PM":
        return where_q_is(effects.size - 1, effects, variances)
    return _highest_peak(effects, variances, restricted=method == "REML")


def tau2_se(method, effects, variances, tau2):
    """Return the standard error of tau2 by its large-sample formula, which is rough below some 20 effects.

    REML sqrt(2 / tr(PP)); ML sqrt(2 / sum w^2); PM sqrt(2 k^2 / (k - 1)) / sum w; DL from the variance of Cochran's Q.
    P = W - w w' / sum w.
    """
    k, w = effects.size, weights(variances, 0.0 if method == "DL" else tau2)
    if method == "ML":
        return math.sqrt(2 / np.sum(w**2))
    if method == "PM":
        return math.sqrt(2 * k * k / (k - 1)) / w.sum()
    squares = np.sum(w**2) - 2 * np.sum(w**3) / w.sum() + (np.sum(w**2) / w.sum()) ** 2
    if method == "REML":
        return math.sqrt(2 / squares)
    trace = w.sum() - np.sum(w**2) / w.sum()
    return math.sqrt(2 * (k - 1) + 4 * tau2 * trace + 2 * tau2**2 * squares) / trace


def typical_variance(variances):
    """Return the sampling variance of a typical effect, (k - 1) sum w / ((sum w)^2 - sum w^2) with w = 1 / v."""
    w = 1 / variances
    return (w.size - 1) / (w.sum() - np.sum(w**2) / w.sum())


def where_q_is(level, effects, variances):
    """Return the tau2 at which Q(tau2) = `level`, 0.0 if Q is below it everywhere."""

    def above(tau2):
        return float(generalised_q(effects, variances, tau2)) - level

    if above(0.0) <= 0:
        return 0.0
    high = _upper_end(effects, variances)
    while above(high) > 0:
        high *= 4
    return optimize.brentq(above, 0.0, high, xtol=1e-300, rtol=1e-14, maxiter=500)


def q_profile(effects, variances, *, level=0.95):
    """Return the Q-profile interval of tau2, (low, high); (0.0, 0.0) if the effects vary less than chance would have.

    All tau2 at which Q(tau2) lies between the two quantiles of chi2(k - 1).
    """
    outside = (1 - level) / 2
    quantiles = stats.chi2.ppf([1 - outside, outside], effects.size - 1)
    low, high = (where_q_is(quantile, effects, variances) for quantile in quantiles)
    return low, high


def _moments(effects, variances):
    w = 1 / variances
    trace = w.sum() - np.sum(w**2) / w.sum()
    return max(0.0, float((generalised_q(effects, variances, 0.0) - (effects.size - 1)) / trace))


def _highest_peak(effects, variances, *, restricted):
    """Return the tau2 of the highest likelihood, which may have several peaks; 0 counts where it falls from there."""
    top = _upper_end(effects, variances)
    grid = np.concatenate([[0.0], np.geomspace(1e-9 * top, top, GRID)])

    def slope(tau2):
        return _score(effects, variances, tau2, restricted=restricted)

    slopes = slope(grid)
    turns = np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0))
    peaks = [optimize.brentq(slope, grid[i], grid[i + 1], xtol=1e-300, rtol=1e-14, maxiter=500) for i in turns]
    peaks = np.array(peaks if slopes[0] > 0 else [0.0, *peaks])
    return float(peaks[np.argmax(log_likelihood(effects, variances, peaks, restricted=restricted))])


def _score(effects, variances, tau2, *, restricted):
    """Return twice the derivative of the (restricted) log-likelihood: sum w^2 (y - mean)^2 - tr(P or W)."""
    w = weights(variances, tau2)
    total = w.sum(axis=-1)
    spread = (w**2 * (effects - weighted_mean(effects, w)[..., None]) ** 2).sum(axis=-1)
    return spread - total + (restricted * (w**2).sum(axis=-1) / total)


def _upper_end(effects, variances):
    """Return a tau2 above any maximum of the likelihood: there the score is below 0 whatever the data."""
    return 10 * (effects.size * np.ptp(effects) ** 2 + variances.max())
