"""How well a model of means and covariances fits: chi-square, CFI, TLI, RMSEA, SRMR, AIC and BIC.

CFI and TLI compare with a model in which nothing is related (1 = as good as the saturated model); RMSEA is misfit per
degree of freedom; SRMR the usual size of what is left of a correlation. Definitions as lavaan's for maximum
likelihood with missing values (Rosseel 2012): n clients, not n - 1.
"""

import math

import numpy as np
from scipy import optimize, special


def fit_indices(top, full, baseline, *, n, parameters):
    """Return a dict of indices: `top` and `full` are the `Top`s of the model and the saturated model.

    `baseline` is the log-likelihood of unrelated variables, `n` the clients, `parameters` how many were estimated.
    Indices that need the saturated model are nan where it was not found; p, RMSEA and TLI where there is no df.
    """
    p = len(top.moments.mu)
    df = p * (p + 3) // 2 - parameters
    facts = {"loglik": top.loglik, "n_parameters": parameters, "df": df}
    facts |= {"aic": 2 * parameters - 2 * top.loglik, "bic": parameters * math.log(n) - 2 * top.loglik}
    if not full.converged:
        names = ("loglik_saturated", "chi2", "p", "cfi", "tli", "rmsea", "rmsea_low", "rmsea_high", "srmr")
        facts |= dict.fromkeys(names, math.nan)
        return {name: float(number) for name, number in facts.items()}
    chi2 = max(2 * (full.loglik - top.loglik), 0.0)
    against, against_df = 2 * (full.loglik - baseline), p * (p - 1) // 2
    facts |= {"loglik_saturated": full.loglik, "chi2": chi2, "p": float(special.chdtrc(df, chi2)) if df else math.nan}
    facts |= {"baseline_chi2": against, "baseline_df": against_df}
    facts |= {"cfi": _cfi(chi2, df, against, against_df), "tli": _tli(chi2, df, against, against_df)}
    facts |= _rmsea(chi2, df, n) | {"srmr": _srmr(top.moments, full.moments)}
    return {name: float(number) for name, number in facts.items()}


def _cfi(chi2, df, against, against_df):
    miss, worst = max(chi2 - df, 0.0), max(chi2 - df, against - against_df, 0.0)
    return 1.0 - miss / worst if worst > 0 else 1.0


def _tli(chi2, df, against, against_df):
    if not df or against / against_df == 1:
        return math.nan
    return (against / against_df - chi2 / df) / (against / against_df - 1)


def _rmsea(chi2, df, n):
    """Return RMSEA = sqrt((chi2 - df) / (df n)) with its 90 % interval by the non-central chi-square."""
    if not df:
        return dict.fromkeys(("rmsea", "rmsea_low", "rmsea_high"), math.nan)
    ends = [_noncentral(chi2, df, level) for level in (0.95, 0.05)]
    point, low, high = (math.sqrt(max(excess, 0.0) / (df * n)) for excess in (chi2 - df, *ends))
    return {"rmsea": point, "rmsea_low": low, "rmsea_high": high}


def _noncentral(chi2, df, level):
    """Return the non-centrality at which `chi2` is the quantile `level`; 0 if even 0 puts it lower."""
    if special.chdtr(df, chi2) < level:
        return 0.0
    top = chi2 + 10.0
    while special.chndtr(chi2, df, top) > level:
        top *= 2
    return optimize.brentq(lambda excess: special.chndtr(chi2, df, excess) - level, 0.0, top, xtol=1e-10)


def _srmr(model, full):
    """Return Bentler's SRMR over variances, covariances and means, in SDs of the saturated model."""
    sd = np.sqrt(np.diag(full.sigma))
    spread = ((full.sigma - model.sigma) / np.outer(sd, sd))[np.tril_indices(sd.size)]
    return float(np.sqrt(np.mean(np.concatenate([spread, (full.mu - model.mu) / sd]) ** 2)))
