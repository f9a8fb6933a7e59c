"""Mixed models of nested data: sessions within clients within therapists, with slopes that differ between them.

Every client has a line of their own. The model says what the average line is (fixed effects), how much lines differ
between clients and between therapists (variances of random effects), and what is left within a client (residual).

    symptoms of session t of client i = (b0 + u0_i) + (b1 + u1_i) t + e_it

    linear_mixed(appointments, outcome="oq45", fixed=("session",), groups={"client_id": ("session",)})

Estimation is by REML (default) or ML over relative Cholesky factors, as in lme4 (Pinheiro & Bates 2000; Bates et al.
2015). A variance that the data give no support for is exactly 0.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from experiments.estimators.methods.mixed import linear_mixed_checks as checks
from experiments.estimators.methods.mixed.linear_mixed_data import Design, complete_rows, design, table
from experiments.estimators.methods.mixed.linear_mixed_errors import Component, Errors, errors
from experiments.estimators.methods.mixed.linear_mixed_search import Search, search
from experiments.estimators.value import NOT_CONVERGED, NOT_FINITE, OK, Fit, Value, absent, as_fit, found, no_fit

AT_ZERO = "The estimate is at its boundary, 0: the likelihood falls as soon as this variance grows."
SINGULAR = "The covariance matrix is singular (a correlation of 1 or -1): the data bear fewer random effects."
UNSETTLED = "The search for the variances did not settle: the likelihood is flat or has no single top."
METHODS = ("reml", "ml")
QUANTILE = float(stats.norm.ppf(0.975))


def linear_mixed(frame, *, outcome, fixed=(), groups, method="reml"):
    """Return the `Fit` of a linear mixed model with random effects of nested groups.

    `outcome` and `fixed` name columns of numbers (an intercept is always in). `groups` maps each grouping column, the
    innermost first, to the columns whose slopes differ between its groups: `{"client_id": ("session",),
    "therapist_id": ()}`. The random effects of a group have any covariance; a client with two therapists counts as
    one client with each. Rows with a gap are left out; n is how many remained.

    Estimates: `intercept` and each of `fixed` (SE; interval and p by t with Satterthwaite's df, `facts["df_..."]`);
    `variance_<group>`, `variance_<group>_<slope>`, `covariance_<group>_<slope>` (of intercept and slope, or of two
    slopes), `correlation_...`, `variance_residual`, and `sd_...`. SEs of variances are from the observed information
    (differences of the exact gradient), their intervals from chi-square (`variance_interval`); those of covariances are
    Wald's, those of correlations Fisher's z.
    Facts: `log_likelihood` (restricted under REML), `criterion` = -2 log-likelihood (REML criterion or deviance),
    `aic`, `parameters`, `rows`, `groups_<group>`, `iterations`, `converged`, `boundary`.
    Statuses: missing, too_few, constant, collinear, one_group, not_converged, not_finite.
    """
    started = prepared(frame, outcome=outcome, fixed=fixed, groups=groups)
    return as_fit(started) if isinstance(started, Value) else solved(started, method=method).fit()


def prepared(frame, *, outcome, fixed, groups):
    """Return the `Design` of a model, or the absent `Value` that says why there is none."""
    rows = complete_rows(frame, outcome=outcome, fixed=fixed, groups=groups)
    problem = checks.problem_of_columns(rows, outcome=outcome, fixed=fixed, groups=groups)
    if problem is None:
        data = table(rows, outcome=outcome, fixed=fixed, groups=groups)
        problem = checks.problem_of_groups(data, groups=groups, outcome=outcome)
    return design(data, groups=groups) if problem is None else problem


@dataclass(frozen=True)
class Solution:
    """A fitted `Design`: the `Search` that ended in it and, where it settled, the `Errors`; else status and note."""

    made: Design
    method: str
    ended: Search | None = None
    known: Errors | None = None
    status: str = OK
    note: str = ""

    @property
    def reml(self):
        """True under restricted maximum likelihood."""
        return self.method == "reml"

    def fit(self):
        """Return the `Fit`: all estimates and facts, or why there are none."""
        facts = _facts(self.made, self.ended, reml=self.reml) if self.ended else {}
        if self.status != OK:
            return no_fit(self.status, n=self.made.n, note=self.note, facts=facts)
        facts |= {f"df_{name}": float(df) for name, df in zip(self.made.names, self.known.df, strict=True)}
        parts = _fixed(self.made, self.known) | _random(self.made, self.ended, self.known)
        return Fit(parts, self.made.n, note=SINGULAR if facts["singular"] else "", facts=facts)


def solved(made, *, method):
    """Return the `Solution` of a `Design` by "reml" or "ml"."""
    if method not in METHODS:
        raise ValueError(f"method = {method!r}; it must be one of {', '.join(METHODS)}.")
    reml = method == "reml"
    try:
        ended = search(made, reml=reml)
        if not ended.settled:
            return Solution(made, method, ended, status=NOT_CONVERGED, note=UNSETTLED)
        return Solution(made, method, ended, errors(made, ended, reml=reml))
    except np.linalg.LinAlgError as problem:
        return Solution(made, method, status=NOT_FINITE, note=f"The sums could not be inverted ({problem}).")


def _facts(made, ended, *, reml):
    value = float(ended.best.value)
    free = sum(len(level.effects) * (len(level.effects) + 1) // 2 for level in made.levels) + made.p + 1
    partly = [0 < rank < len(level.effects) for level, rank in zip(made.levels, ended.ranks, strict=True)]
    full = [rank == len(level.effects) for level, rank in zip(made.levels, ended.ranks, strict=True)]
    return {
        "log_likelihood": -value / 2.0,
        "criterion": value,
        "aic": value + 2.0 * free,
        "parameters": free,
        "rows": made.n,
        **{f"groups_{level.group}": level.groups for level in made.levels},
        "iterations": ended.steps,
        "reml": int(reml),
        "converged": int(ended.settled),
        "boundary": int(not all(full)),
        "singular": int(any(partly)),
    }


def _fixed(made, known):
    """Return the fixed effects with t intervals."""
    parts = {}
    for name, b, se, df in zip(made.names, known.b, known.se, known.df, strict=True):
        half = stats.t.ppf(0.975, df) * se
        parts[name] = found(b, se=se, n=made.n, low=b - half, high=b + half, p=2.0 * stats.t.sf(abs(b) / se, df))
    return parts


def _random(made, ended, known):
    """Return variances, covariances, correlations and SDs of all levels."""
    parts = {}
    for level, g, rank in zip(made.levels, known.levels, ended.ranks, strict=True):
        note = SINGULAR if 0 < rank < len(g) else ""
        for place in range(len(g)):
            parts |= _variance(_named(level, place), g[place][place], known, level.spare, n=made.n, note=note)
            for other in range(place):
                pair = g[other][other], g[place][place], g[other][place]
                parts |= _covariance(_named(level, other, place), *pair, known, n=made.n, note=note)
    return parts | _variance("residual", known.residual, known, 0, n=made.n, note="")


def _named(level, *places):
    """Return what follows "variance_": the group, and the slopes meant (an intercept has no name)."""
    return "_".join([level.group, *(level.effects[place] for place in places if place)])


def _variance(name, component, known, df, *, n, note):
    """Return a variance and its SD; at the boundary 0 without SE, in a singular matrix (`note`) without interval."""
    s2, se = component.estimate, known.se_of(component)
    if s2 == 0.0:
        return {f"{kind}_{name}": found(0.0, n=n, note=AT_ZERO) for kind in ("variance", "sd")}
    low, high = (math.nan, math.nan) if note else variance_interval(s2, se, df=df)
    sd = math.sqrt(s2)
    return {
        f"variance_{name}": found(s2, se=se, n=n, low=low, high=high, note=note),
        f"sd_{name}": found(sd, se=se / (2.0 * sd), n=n, low=math.sqrt(low), high=math.sqrt(high), note=note),
    }


def variance_interval(s2, se, *, df=0.0):
    """Return the 95 % interval of a variance that is estimated with `se` from groups with `df` degrees of freedom.

    What groups are seen to differ (spread A) is their variance s2 and noise, A - s2. A has the chi-square interval of
    df; the noise is known well and taken off both ends (not below 0), as in intervals for differences of mean squares
    (Burdick & Graybill 1992). A follows from se = A sqrt(2 / df). A residual has no noise in it (df = 0): its interval
    is Satterthwaite's, df s2 / chi2 with df = 2 (s2 / se)^2.
    """
    df = max(df, 2.0 * (s2 / se) ** 2)
    seen = se * math.sqrt(df / 2.0)
    low, high = df * seen / stats.chi2.ppf([0.975, 0.025], df) - (seen - s2)
    return max(low, 0.0), high


def _covariance(name, first, second, both, known, *, n, note):
    """Return a covariance (Wald interval) and its correlation; none where a variance is 0."""
    if first.estimate == 0.0 or second.estimate == 0.0:
        none = absent(NOT_FINITE, n=n, note="A variance is 0, so there is no correlation.")
        return {f"covariance_{name}": found(0.0, n=n, note=AT_ZERO), f"correlation_{name}": none}
    se = known.se_of(both)
    half = math.nan if note else QUANTILE * se
    low, high = both.estimate - half, both.estimate + half
    covariance = found(both.estimate, se=se, n=n, low=low, high=high, note=note)
    return {
        f"covariance_{name}": covariance,
        f"correlation_{name}": _correlation(first, second, both, known, n=n, note=note),
    }


def _correlation(first, second, both, known, *, n, note):
    """Return the correlation with the interval of Fisher's z; in a singular matrix neither SE nor interval."""
    size = math.sqrt(first.estimate * second.estimate)
    r = both.estimate / size
    if note or 1.0 - abs(r) < 1e-12:
        return found(min(max(r, -1.0), 1.0), n=n, note=SINGULAR)
    slope = both.slope / size - r / 2.0 * (first.slope / first.estimate + second.slope / second.estimate)
    se = known.se_of(Component(r, slope))
    z, half = math.atanh(r), QUANTILE * se / (1.0 - r * r)
    return found(r, se=se, n=n, low=math.tanh(z - half), high=math.tanh(z + half))
