"""The likelihood-ratio test of a variance, whose null hypothesis stands at the edge of what is possible.

"Do therapists differ?" asks whether a variance is 0. It cannot be less, so in half of all data sets without any
difference the estimate is exactly 0 and so is the test statistic. The usual chi-square forgets that half and finds too
little; the mixture of two chi-squares remembers it.

Sources: Self & Liang (1987); Stram & Lee (1994). With few groups more than half of the statistics are 0 and the test
errs on the side of caution (Crainiceanu & Ruppert 2004).
"""

from scipy import stats

from experiments.estimators.methods.mixed.linear_mixed import linear_mixed
from experiments.estimators.methods.mixed.linear_mixed_data import complete_rows
from experiments.estimators.value import Fit, found


def boundary_p(chi2, *, covariances):
    """Return the p-value of a likelihood ratio for one variance and `covariances` covariances that go with it.

    p = (P(chi2_k > x) + P(chi2_(k+1) > x)) / 2, k = covariances; chi2_0 is 0 for certain, so p = 1 at x = 0.
    """
    if chi2 <= 0.0:
        return 1.0
    lower = stats.chi2.sf(chi2, covariances) if covariances else 0.0
    return float((lower + stats.chi2.sf(chi2, covariances + 1)) / 2.0)


def random_effect_test(frame, *, outcome, fixed=(), groups, of, slope=None, method="reml"):
    """Return the test of one random effect: of group `of` its intercept, or its `slope` with the covariances.

    The other arguments are those of `linear_mixed`, for the model with the effect. The model without is fitted to the
    same rows; REML is right here because both have the same fixed effects. A group's intercept can be tested only if
    it has no slopes.

    Estimates: `chi2` (its p is that of the mixture). Facts: `criterion_with`, `criterion_without`, `covariances`,
    `p_chi_square` (the usual test with all parameters counted; too cautious).
    """
    rows = complete_rows(frame, outcome=outcome, fixed=fixed, groups=groups)
    covariances, fewer = _without(groups, of=of, slope=slope)
    larger = linear_mixed(rows, outcome=outcome, fixed=fixed, groups=groups, method=method)
    if not larger.ok:
        return larger
    smaller = linear_mixed(rows, outcome=outcome, fixed=fixed, groups=fewer, method=method)
    return smaller if not smaller.ok else compared(larger, smaller, covariances=covariances)


def compared(larger, smaller, *, covariances):
    """Return the test of two fits to the same rows that differ by one variance and its covariances."""
    ends = {"criterion_with": larger.facts["criterion"], "criterion_without": smaller.facts["criterion"]}
    chi2 = max(ends["criterion_without"] - ends["criterion_with"], 0.0)
    facts = ends | {"covariances": covariances, "p_chi_square": float(stats.chi2.sf(chi2, covariances + 1))}
    return Fit({"chi2": found(chi2, n=larger.n, p=boundary_p(chi2, covariances=covariances))}, larger.n, facts=facts)


def _without(groups, *, of, slope):
    """Return how many covariances go with an effect, and the groups without it."""
    slopes = tuple(groups[of])
    if slope is None:
        if slopes:
            raise ValueError(f"The intercept of {of} can be tested only without its slopes {', '.join(slopes)}.")
        return 0, {group: each for group, each in groups.items() if group != of}
    if slope not in slopes:
        raise ValueError(f"{of} has no random slope of {slope}; it has {', '.join(slopes) or 'none'}.")
    return len(slopes), groups | {of: tuple(each for each in slopes if each != slope)}
