"""Power of a trial in which clients are nested in therapists, in closed form; and what ignoring the therapists costs.

    model = growth(range(11), icc_pre=.5, var_ratio=.02, icc_slope=.05)
    arm = Arm(clients=(10, 10, 10, 10))
    trial_power(model, arm, arm, d=.8)["power"]     .58 with 4 therapists of 10 clients in each arm
    type_one_error(model, arm, arm)                 .087: what "5 %" really is if therapists are ignored

Twenty clients more of the same therapists help little; four therapists more help a lot. For any difference of mean
slopes D, power is that of a two-sided t test at 5 % with noncentrality D / SE and the degrees of freedom between
therapists (between clients where there are none).

Sources: Raudenbush & Xiao-Feng 2001; Magnusson's powerlmm (R). Ignored therapists: Wampold & Serlin 2000.
"""

import math

from scipy import stats

from experiments.estimators.methods.trials.growth_trial import Arm, slope_variance
from experiments.estimators.value import ONE_GROUP, REASONS, TOO_FEW, Fit, absent, found, no_fit

MOST = 100_000
"""The largest number that the search for a sample size tries."""


def trial_power(model, treatment, control, *, d=None, difference=None, alpha=0.05):
    """Return the power to find that two arms differ in their mean slopes: `power`, and `difference` with its SE.

    `difference`: of mean slopes per unit of time; or `d`: of the means at the last time, in SDs of the pretest.
    Facts: df. Status one_group where no degree of freedom is left.
    """
    if (d is None) == (difference is None):
        raise ValueError("Give either d or difference.")
    difference = d * model.pretest_sd / (max(model.times) - min(model.times)) if difference is None else difference
    n, df = treatment.n + control.n, degrees(model, treatment, control)
    if df < 1:
        return no_fit(ONE_GROUP, n=n, note=f"No degree of freedom is left for the arms: {REASONS[ONE_GROUP]}.")
    se = math.sqrt(slope_variance(model, treatment) + slope_variance(model, control))
    parts = {"power": found(t_power(difference / se, df=df, alpha=alpha), n=n)}
    return Fit(parts | {"difference": found(difference, se=se, n=n)}, n, facts={"df": df})


def t_power(noncentrality, *, df, alpha=0.05):
    """Return the power of a two-sided t test: P(|T| > t(1 - alpha/2)), T noncentral t."""
    edge, size = stats.t.ppf(1 - alpha / 2, df), abs(noncentrality)
    if size > 35:
        return 1.0 if df >= 3 else float(stats.nct.sf(edge, df, 35.0))
    return float(stats.nct.sf(edge, df, size) + stats.nct.cdf(-edge, df, size))


def degrees(model, treatment, control):
    """Return the degrees of freedom: therapists - 2; clients - 2 where therapists do not differ in slope.

    Where only one arm has therapists, those - 1.
    """
    nested = [arm for arm in (treatment, control) if arm.nested]
    if not nested or model.therapist_slope == 0:
        return treatment.n + control.n - 2
    return sum(len(arm.clients) for arm in nested) - len(nested)


def therapists_needed(model, *, clients, d, power=0.8, dropout=()):
    """Return the smallest number of therapists per arm, with `clients` each, that gives `power` or more, a `Value`."""
    return _smallest(
        lambda k: Arm((clients,) * k, dropout), model, first=2, d=d, power=power, what="therapists per arm"
    )


def clients_needed(model, *, therapists, d, power=0.8, dropout=()):
    """Return the smallest number of clients per therapist that gives `power` or more, a `Value`.

    With few therapists there may be none (status too_few): however many clients each sees, they remain few.
    """
    return _smallest(
        lambda n: Arm((n,) * therapists, dropout), model, first=1, d=d, power=power, what="clients per therapist"
    )


def type_one_error(model, treatment, control, *, alpha=0.05):
    """Return how often an analysis that ignores therapists finds a difference where there is none, a `Value`.

    Its standard error is too small by the factor D, so its test at `alpha` really is one at 2 Phi(-z / D).
    """
    believed, true = (
        math.sqrt(slope_variance(seen, treatment) + slope_variance(seen, control))
        for seen in (model.ignoring_therapists, model)
    )
    return found(2 * stats.norm.cdf(stats.norm.ppf(alpha / 2) * believed / true), n=treatment.n + control.n)


def _smallest(arm, model, *, first, d, power, what):
    """Return the smallest number from `first` on whose trial has the power: doubled until it does, then halved in."""

    def enough(number):
        return trial_power(model, arm(number), arm(number), d=d)["power"].estimate >= power

    low, high = first - 1, first
    while not enough(high):
        if high >= MOST:
            note = f"Not even {high} {what} give a power of {power:g}."
            return absent(TOO_FEW, n=2 * arm(high).n, note=note)
        low, high = high, min(2 * high, MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return found(high, n=2 * arm(high).n)
