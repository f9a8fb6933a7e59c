"""Random-effects meta-analysis: metafor's numbers, identities, and what becomes of data that bear no analysis."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.estimators.methods.meta.heterogeneity import (
    METHODS,
    generalised_q,
    log_likelihood,
    q_profile,
    tau2_of,
    typical_variance,
)
from experiments.estimators.methods.meta.meta_analysis import random_effects
from experiments.estimators.methods.meta.meta_effects import (
    correlation_to_z,
    log_odds_ratio,
    log_risk_ratio,
    standardised_difference,
    z_to_correlation,
)
from experiments.estimators.value import CONSTANT, MISSING, NOT_FINITE, TOO_FEW

DATA = Path(__file__).parents[2] / "data"
MOLLOY_N = [109, 749, 55, 107, 72, 65, 174, 326, 58, 771, 56, 91, 116, 537, 158, 65]
MOLLOY_R = [0.187, 0.162, 0.34, 0.32, 0.27, 0, 0.175, 0.05, 0.26, 0.01, -0.09, 0.37, 0, 0.15, 0.24, 0.04]
Z, V = correlation_to_z(MOLLOY_R, MOLLOY_N)
BCG = [
    (4, 123, 11, 139),
    (6, 306, 29, 303),
    (3, 231, 11, 220),
    (62, 13598, 248, 12867),
    (33, 5069, 47, 5808),
    (180, 1541, 372, 1451),
    (8, 2545, 10, 629),
    (505, 88391, 499, 88391),
    (29, 7499, 45, 7277),
    (17, 1716, 65, 1665),
    (186, 50634, 141, 27338),
    (5, 2498, 3, 2341),
    (27, 16913, 29, 17854),
]
METAFOR = 3e-6
"""metafor stops its iterations for tau2 when it moves by less than 1e-5; here that is .0081110 where the likelihood has
its peak at .0081096, and its printed means carry it. The tests with R ask metafor for 1e-12, and agree to 1e-7."""


def noisy(seed, *, k=24, tau=0.3, mean=0.5):
    luck = np.random.default_rng(seed)
    variances = luck.uniform(0.01, 0.2, size=k)
    return mean + tau * luck.normal(size=k) + np.sqrt(variances) * luck.normal(size=k), variances


# --- published answers ------------------------------------------------------------------------------------------------


def test_molloy_by_reml():
    fit = random_effects(Z, V)
    mean, tau2 = fit["mean"], fit["tau2"]
    assert [mean.estimate, mean.se, mean.low, mean.high] == pytest.approx(
        [0.149918, 0.031561, 0.088060, 0.211776], abs=METAFOR
    )
    assert tau2.estimate == pytest.approx(0.008111, rel=2e-4)
    assert tau2.se == pytest.approx(0.005510, abs=1e-6)
    assert fit["i2"].estimate == pytest.approx(61.7324, rel=1e-4)
    assert fit["h2"].estimate == pytest.approx(2.6132, rel=1e-4)
    assert (fit.facts["q"], fit.facts["df"]) == (pytest.approx(38.15952, abs=6e-6), 15)
    assert fit.facts["q_p"] == pytest.approx(0.000855, abs=6e-7)
    assert z_to_correlation([mean.estimate, mean.low, mean.high]) == pytest.approx(
        [0.148805, 0.087833, 0.208666], abs=METAFOR
    )
    assert z_to_correlation([fit["prediction"].low, fit["prediction"].high]) == pytest.approx(
        [-0.037101, 0.324756], abs=1.1e-5
    )


@pytest.mark.parametrize(
    ("method", "mean", "tau2"),
    [("DL", 0.149598, 0.007763), ("PM", 0.151007, 0.009479), ("ML", 0.148742, 0.006927)],
)
def test_molloy_by_other_methods(method, mean, tau2):
    fit = random_effects(Z, V, method=method)
    assert fit["mean"].estimate == pytest.approx(mean, abs=METAFOR)
    assert fit["tau2"].estimate == pytest.approx(tau2, abs=1e-6)


def test_molloy_dl_and_fe_details():
    dl, fe = random_effects(Z, V, method="DL"), random_effects(Z, V, method="FE")["mean"]
    assert (dl["mean"].se, dl["i2"].estimate) == (pytest.approx(0.031161, abs=6e-7), pytest.approx(60.6913, abs=6e-5))
    assert [fe.estimate, fe.se, fe.low, fe.high] == pytest.approx([0.125177, 0.016998, 0.091861, 0.158492], abs=6e-7)


def test_molloy_by_knapp_and_hartung():
    fit = random_effects(Z, V, test="knapp_hartung")
    mean, ahead = fit["mean"], fit["prediction"]
    assert [mean.se, mean.low, mean.high] == pytest.approx([0.032770, 0.080070, 0.219766], abs=METAFOR)
    assert z_to_correlation([ahead.low, ahead.high]) == pytest.approx([-0.054296, 0.340082], abs=1.1e-5)


def test_molloy_q_profile_interval():
    # metafor's printed ends carry its root finder's 1.2e-4 of a chi2; with R at 1e-12 ours agree to 1e-8 (tests/r).
    fit = random_effects(Z, V)
    assert [fit["tau2"].low, fit["tau2"].high] == pytest.approx([0.001701, 0.037777], abs=8e-6)
    assert [fit["i2"].low, fit["i2"].high] == pytest.approx([25.28, 88.25], abs=0.07)


def test_bcg_log_risk_ratios():
    effects, variances = log_risk_ratio(*np.array(BCG).T)
    reml, dl = random_effects(effects, variances), random_effects(effects, variances, method="DL")
    mean = reml["mean"]
    assert [mean.estimate, mean.se, mean.low, mean.high] == pytest.approx(
        [-0.714532, 0.179782, -1.066898, -0.362167], abs=METAFOR
    )
    assert reml["tau2"].estimate == pytest.approx(0.313243, rel=1e-4)
    assert reml["i2"].estimate == pytest.approx(92.2214, rel=1e-5)
    assert [dl["mean"].estimate, dl["mean"].se, dl["tau2"].estimate] == pytest.approx(
        [-0.714117, 0.178742, 0.308760], abs=6e-7
    )
    assert dl["i2"].estimate == pytest.approx(92.1173, abs=6e-5)


@pytest.mark.parametrize(
    ("control", "k", "mean"), [(None, 206, 0.7548406), ("Waiting List", 84, 0.9477), ("Care as Usual", 89, 0.6593)]
)
def test_half_of_the_metapsy_trials_of_depression(control, k, mean):
    trials = pd.read_csv(DATA / "metapsy_depression.csv")
    some = trials if control is None else trials[trials["control_type"] == control]
    fit = random_effects(some["g"], some["SE"] ** 2)
    assert fit.n == k
    assert fit["mean"].estimate == pytest.approx(mean, abs=2e-7 if control is None else 6e-5)
    if control is None:
        assert [fit["mean"].low, fit["mean"].high] == pytest.approx([0.6644784, 0.8452028], abs=3e-7)
        assert fit["tau2"].estimate == pytest.approx(0.3235428, rel=1e-5)


@pytest.mark.parametrize("method", ["DL", "PM"])
def test_statsmodels_agrees_where_it_is_right(method):
    from statsmodels.stats.meta_analysis import combine_effects

    theirs = combine_effects(Z, V, method_re=method.lower())
    ours = random_effects(Z, V, method=method)
    assert ours["tau2"].estimate == pytest.approx(theirs.tau2, rel=1e-5)
    assert ours["mean"].estimate == pytest.approx(theirs.mean_effect_re, rel=1e-6)


# --- identities and invariances -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_pm_and_the_q_profile_solve_their_equations(seed):
    from scipy.stats import chi2

    y, v = noisy(seed)
    assert generalised_q(y, v, tau2_of("PM", y, v)) == pytest.approx(y.size - 1, rel=1e-10)
    for end, level in zip(q_profile(y, v), chi2.ppf([0.975, 0.025], y.size - 1), strict=True):
        below = end == 0.0 and generalised_q(y, v, 0.0) <= level
        assert below or generalised_q(y, v, end) == pytest.approx(level, rel=1e-10)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("restricted", [False, True])
def test_maximum_likelihood_is_the_maximum(seed, restricted):
    y, v = noisy(seed, k=9, tau=0.15)
    ours = tau2_of("REML" if restricted else "ML", y, v)
    grid = np.linspace(0, 2, 20001)
    best = log_likelihood(y, v, grid, restricted=restricted).max()
    assert log_likelihood(y, v, ours, restricted=restricted) >= best - 1e-12


@pytest.mark.parametrize("far", [2.0, 6.0])
def test_the_higher_of_two_peaks_is_taken(far):
    # Three exact effects that agree, and three that lie far off: the likelihood of tau2 has a peak at 0 and one above.
    y, v = np.array([0.0, 0.0005, -0.0005, far, -far, far]), np.array([1e-6, 1e-6, 1e-6, 0.5, 0.5, 0.5])
    ours = tau2_of("ML", y, v)
    grid = np.concatenate([[0.0], np.geomspace(1e-10, 100, 20001)])
    level = log_likelihood(y, v, grid, restricted=False)
    inner = np.flatnonzero((level[1:-1] > level[:-2]) & (level[1:-1] > level[2:])) + 1
    assert level[0] > level[1] and inner.size == 1
    assert (ours == 0.0) == (far == 2.0)
    assert log_likelihood(y, v, ours, restricted=False) >= level.max() - 1e-12


def test_one_common_variance_gives_the_textbook_variance():
    y = np.array([0.1, 0.5, 0.9, 0.3, 0.7])
    v = np.full(5, 0.02)
    for method in ("DL", "PM", "REML"):
        assert random_effects(y, v, method=method)["tau2"].estimate == pytest.approx(y.var(ddof=1) - 0.02, rel=1e-12)
    assert random_effects(y, v, method="ML")["tau2"].estimate == pytest.approx(y.var() - 0.02, rel=1e-12)
    fit = random_effects(y, v, test="knapp_hartung")["mean"]
    assert fit.se == pytest.approx(y.std(ddof=1) / np.sqrt(5), rel=1e-12)


def test_i2_is_the_share_of_tau2():
    fit = random_effects(Z, V, method="PM")
    tau2 = fit["tau2"]
    for end in ("estimate", "low", "high"):
        own = getattr(tau2, end)
        assert getattr(fit["i2"], end) == pytest.approx(100 * own / (own + typical_variance(V)), rel=1e-12)
        assert getattr(fit["tau"], end) == pytest.approx(np.sqrt(own), rel=1e-12)


def test_without_spread_the_variance_is_exactly_zero_and_says_so():
    y, v = np.array([0.30, 0.31, 0.29, 0.30, 0.305]), np.full(5, 0.04)
    for method in METHODS[1:]:
        fit = random_effects(y, v, method=method)
        assert fit["tau2"].estimate == 0.0 and "boundary" in fit["tau2"].note
        assert (fit["tau2"].low, fit["tau2"].high) == (0.0, 0.0) and "empty" in fit["tau2"].note
        assert fit["mean"].estimate == pytest.approx(random_effects(y, v, method="FE")["mean"].estimate, rel=1e-14)


def test_the_ad_hoc_test_never_claims_more_than_z():
    y, v = np.array([0.30, 0.31, 0.29, 0.30, 0.305]), np.full(5, 0.04)
    plain, knapp, careful = (random_effects(y, v, test=test)["mean"] for test in ("z", "knapp_hartung", "ad_hoc"))
    assert knapp.se < plain.se and careful.se == pytest.approx(plain.se, rel=1e-14)
    assert careful.high - careful.low > plain.high - plain.low


@given(
    seed=st.integers(0, 10_000),
    shift=st.floats(-5, 5),
    factor=st.sampled_from([0.01, 0.5, 3.0, 100.0]),
    method=st.sampled_from(METHODS),
)
def test_units_and_order_change_nothing(seed, shift, factor, method):
    y, v = noisy(seed, k=12)
    order = np.random.default_rng(seed).permutation(12)
    first, second = (
        random_effects(y, v, method=method),
        random_effects(shift + factor * y[order], factor**2 * v[order], method=method),
    )
    assert second["mean"].estimate == pytest.approx(
        shift + factor * first["mean"].estimate, rel=1e-7, abs=1e-7 * factor
    )
    assert second["mean"].se == pytest.approx(factor * first["mean"].se, rel=1e-7)
    assert second["i2"].estimate == pytest.approx(first["i2"].estimate, abs=1e-5)


# --- data that bear no analysis ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effects", "variances", "status"),
    [
        ([], [], MISSING),
        ([np.nan, np.nan], [0.1, 0.1], MISSING),
        ([0.4], [0.1], TOO_FEW),
        ([0.4, np.nan, 0.3], [0.1, 0.1, np.nan], TOO_FEW),
        ([0.4, 0.3, 0.1], [0.1, 0.0, 0.1], NOT_FINITE),
        ([0.4, 0.3, 0.1], [0.1, -0.1, 0.1], NOT_FINITE),
        ([0.4, 0.3, np.inf], [0.1, 0.1, 0.1], NOT_FINITE),
        ([0.4, 0.3, 0.1], [0.1, 1e-14, 0.1], NOT_FINITE),
        ([0.4, 0.3, 0.1], [0.1, np.inf, 0.1], NOT_FINITE),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_bad_input_gives_a_reason(effects, variances, status, method):
    fit = random_effects(effects, variances, method=method, what="clinics")
    assert (fit.status, fit["mean"].status, fit["tau2"].status) == (status,) * 3
    assert fit.note.endswith(".") and np.isnan(fit["mean"].estimate)


def test_equal_effects_have_no_knapp_hartung_error():
    fit = random_effects([0.3, 0.3, 0.3], [0.1, 0.2, 0.1], test="knapp_hartung")
    assert fit.status == CONSTANT
    assert random_effects([0.3, 0.3, 0.3], [0.1, 0.2, 0.1])["mean"].estimate == pytest.approx(0.3)


def test_few_effects_come_with_a_warning():
    assert "hardly known" in random_effects([0.1, 0.4, 0.2], [0.1, 0.1, 0.1]).note
    assert random_effects(Z, V).note == ""


def test_gaps_are_left_out():
    y, v = np.append(Z, [np.nan, 0.2]), np.append(V, [0.1, np.nan])
    assert random_effects(y, v)["mean"] == random_effects(Z, V)["mean"]


def test_an_unknown_method_is_a_mistake():
    with pytest.raises(ValueError, match="REML"):
        random_effects(Z, V, method="EB")


# --- effects and their variances -----------------------------------------------------------------------------------


def test_fisher_z_and_back():
    z, v = correlation_to_z([0.5, 1.0, 0.2, -1.2], [103, 50, 3, 40])
    assert (z[0], v[0]) == (pytest.approx(0.5493061443340549), 0.01)
    assert np.isnan(z[1:]).all() and np.isnan(v[1:]).all()
    assert z_to_correlation(z[0]) == pytest.approx(0.5)


def test_a_table_by_hand():
    effect, variance = log_odds_ratio(12, 40, 18, 38)
    assert (effect, variance) == (
        pytest.approx(np.log(12 * 20 / (28 * 18))),
        pytest.approx(1 / 12 + 1 / 28 + 1 / 18 + 1 / 20),
    )
    effect, variance = log_risk_ratio(12, 40, 18, 38)
    assert (effect, variance) == (
        pytest.approx(np.log(0.3 / (18 / 38))),
        pytest.approx(1 / 12 - 1 / 40 + 1 / 18 - 1 / 38),
    )


def test_an_empty_cell_gets_a_half_in_its_own_table_only():
    effects, _ = log_odds_ratio([0, 12], [40, 40], [5, 18], [38, 38])
    assert effects[0] == pytest.approx(np.log(0.5 * 33.5 / (40.5 * 5.5)))
    assert effects[1] == pytest.approx(log_odds_ratio(12, 40, 18, 38)[0])


def test_an_impossible_table_is_a_gap():
    assert np.isnan(log_odds_ratio([41, -1, 0], [40, 40, 0], [5, 5, 5], [38, 38, 38])[0]).all()
    assert np.isnan(log_risk_ratio(0, 40, 5, 38, zero_cell=0.0)[0])


def test_hedges_g_by_hand():
    g, v = standardised_difference(12.0, 4.0, 10, 9.0, 4.0, 12)
    # J for 20 degrees of freedom: Gamma(10) / (sqrt(10) Gamma(9.5)) = 0.9619445
    assert g == pytest.approx(0.75 * 0.9619445, abs=1e-7)
    assert v == pytest.approx(1 / 10 + 1 / 12 + g * g / 44)
    assert np.isnan(standardised_difference(12.0, 0.0, 10, 9.0, 0.0, 12)).all()
    assert np.isnan(standardised_difference(12.0, 4.0, 1, 9.0, 4.0, 12)).all()
