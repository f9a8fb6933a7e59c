"""Effect sizes by hand, by scipy, and by what must hold whatever the data."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from experiments.estimators.methods.basics import conversions, effect_sizes
from experiments.estimators.methods.basics.intervals import fisher, noncentral_t, student, wilson
from experiments.estimators.methods.basics.two_by_two import compare_shares
from experiments.estimators.value import found

FIRST = np.array([8.0, 12, 9, 15, 11, 10, 14, 7])
SECOND = np.array([11.0, 16, 13, 12, 18, 15, 14, 10, 17])


def test_cohen_d_by_hand_and_its_p_is_that_of_the_t_test():
    got = effect_sizes.cohen_d(FIRST, SECOND)
    pooled = math.sqrt((7 * FIRST.var(ddof=1) + 8 * SECOND.var(ddof=1)) / 15)
    assert got.estimate == pytest.approx((FIRST.mean() - SECOND.mean()) / pooled)
    assert got.p == pytest.approx(stats.ttest_ind(FIRST, SECOND).pvalue)
    assert got.n == 17


def test_hedges_g_is_cohen_d_times_the_exact_correction():
    d, g = effect_sizes.cohen_d(FIRST, SECOND), effect_sizes.hedges_g(FIRST, SECOND)
    assert g.estimate / d.estimate == pytest.approx(math.gamma(7.5) / math.gamma(7) / math.sqrt(7.5), rel=1e-12)
    assert effect_sizes.small_sample_correction(15) == pytest.approx(1 - 3 / (4 * 15 - 1), abs=2e-4)
    assert (g.low, g.high) == (d.low, d.high)


@pytest.mark.parametrize(("t", "degrees"), [(0.0, 5), (2.0, 10), (-3.0, 20), (-8.0, 3), (30.0, 40), (5.0, 100_000)])
def test_noncentral_interval_has_its_tail_areas_by_direct_integration(t, degrees):
    for bound, share in zip(noncentral_t(t, degrees), (0.975, 0.025), strict=True):
        # P(T <= t) = E[Phi(t sqrt(V / df) - delta)], V chi-square with df degrees of freedom
        centre, wide = degrees, 12 * math.sqrt(2 * degrees)
        area, _ = integrate.quad(
            lambda v, bound=bound: stats.norm.cdf(t * math.sqrt(v / degrees) - bound) * stats.chi2.pdf(v, degrees),
            max(0.0, centre - wide),
            centre + wide + 40,
            limit=400,
        )
        assert area == pytest.approx(share, abs=2e-6)


def test_noncentral_interval_agrees_with_r():
    # R 4.2.2: uniroot on pt(t, df, ncp)
    assert noncentral_t(2.0, 10) == pytest.approx((-0.183517085105, 4.101135017083), rel=1e-9)
    assert noncentral_t(-3.0, 20) == pytest.approx((-5.136081031437, -0.802661415464), rel=1e-9)
    assert noncentral_t(30.0, 40) == pytest.approx((23.1437520916, 36.8134359870), rel=1e-9)


def test_glass_delta_divides_by_the_spread_of_the_comparison_group():
    got = effect_sizes.glass_delta(FIRST, SECOND)
    assert got.estimate == pytest.approx((FIRST.mean() - SECOND.mean()) / SECOND.std(ddof=1))


def test_pre_post_d_on_three_sds():
    before, after = SECOND, SECOND - np.array([2.0, 5, 3, 0, 6, 4, 1, 2, 4])
    change = before - after
    start = effect_sizes.d_on_start_sd(before, after)
    own = effect_sizes.d_on_change_sd(before, after)
    pair = effect_sizes.d_of_pairs(before, after)
    assert start.estimate == pytest.approx(change.mean() / before.std(ddof=1))
    assert own.estimate == pytest.approx(change.mean() / change.std(ddof=1))
    assert own.p == pytest.approx(stats.ttest_rel(before, after).pvalue)
    assert pair.estimate == pytest.approx(change.mean() / math.sqrt((before.var(ddof=1) + after.var(ddof=1)) / 2))
    assert effect_sizes.d_on_start_sd(before, after, higher_is_worse=False).estimate == -start.estimate


def test_spread_that_doubles_has_the_ratio_2():
    value = effect_sizes.ratio_of_spreads(FIRST, 2 * SECOND[:8])
    assert value.estimate == pytest.approx(2 * SECOND[:8].std() / FIRST.std())
    assert value.low < value.estimate < value.high


@given(st.floats(-0.95, 0.95))
def test_conversions_there_and_back(r):
    assert conversions.d_to_r(conversions.r_to_d(r)) == pytest.approx(r, abs=1e-12)
    assert conversions.odds_ratio_to_d(conversions.d_to_odds_ratio(r)) == pytest.approx(r, abs=1e-12)


def test_conversions_in_the_evidence():
    assert conversions.r_to_d(0.278) == pytest.approx(0.579, abs=5e-4)
    assert conversions.odds_ratio_to_d(1.79) == pytest.approx(math.log(1.79) * math.sqrt(3) / math.pi)
    assert conversions.d_to_r(0.22, n1=1, n2=1) == pytest.approx(0.22 / math.sqrt(0.22**2 + 4))
    assert conversions.d_to_r(0.5, n1=1, n2=3) < conversions.d_to_r(0.5)


@pytest.mark.parametrize(
    ("convert", "value", "change"),
    [
        (conversions.correlation_as_d, 0.3, conversions.r_to_d),
        (conversions.d_as_correlation, 0.6, conversions.d_to_r),
        (conversions.odds_ratio_as_d, 1.8, conversions.odds_ratio_to_d),
    ],
)
def test_errors_of_converted_values_are_the_slope_of_the_conversion(convert, value, change):
    got = convert(found(value, se=0.01, n=100, low=value - 0.02, high=value + 0.02))
    assert got.se == pytest.approx(0.01 * (change(value + 1e-5) - change(value - 1e-5)) / 2e-5, rel=1e-5)
    assert (got.low, got.high) == (change(value - 0.02), change(value + 0.02))


def test_shares_of_two_groups_by_hand():
    first, second = np.repeat([1.0, 0], [18, 82]), np.repeat([1.0, 0], [28, 72])
    got = compare_shares(first, second)
    assert got["risk_difference"].estimate == pytest.approx(-0.10)
    assert got["risk_ratio"].estimate == pytest.approx(18 / 28)
    assert got["odds_ratio"].estimate == pytest.approx(18 * 72 / (82 * 28))
    assert got["odds_ratio"].se / got["odds_ratio"].estimate == pytest.approx(
        math.sqrt(1 / 18 + 1 / 82 + 1 / 28 + 1 / 72)
    )
    assert got["d"].estimate == pytest.approx(math.log(18 * 72 / (82 * 28)) * math.sqrt(3) / math.pi)


def test_newcombe_interval_of_a_difference_is_the_published_one():
    got = compare_shares(np.repeat([1.0, 0], [56, 14]), np.repeat([1.0, 0], [48, 32]))["risk_difference"]
    assert (got.low, got.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)  # Newcombe 1998, method 10, example (a)


def test_an_empty_cell_gives_no_ratio_but_a_difference():
    got = compare_shares(np.zeros(20), np.repeat([1.0, 0], [5, 15]))
    assert got["odds_ratio"].status == got["d"].status == got["risk_ratio"].status == "separation"
    assert got["risk_difference"].estimate == -0.25


def test_wilson_interval_solves_its_equation_and_student_is_that_of_scipy():
    low, high = wilson(8, 10)
    for end in (low, high):
        assert abs(0.8 - end) == pytest.approx(stats.norm.ppf(0.975) * math.sqrt(end * (1 - end) / 10))
    assert wilson(8, 8)[1] == 1
    got = student(FIRST.mean(), FIRST.std(ddof=1) / math.sqrt(8), 7)
    assert got[:2] == pytest.approx(stats.ttest_1samp(FIRST, 0).confidence_interval())
    assert got[2] == pytest.approx(stats.ttest_1samp(FIRST, 0).pvalue)
    assert fisher(0.5, 0.1) == pytest.approx(tuple(math.tanh(math.atanh(0.5) + k * 0.1959964) for k in (-1, 1)))


METHODS = [
    effect_sizes.cohen_d,
    effect_sizes.hedges_g,
    effect_sizes.glass_delta,
    effect_sizes.d_on_start_sd,
    effect_sizes.d_on_change_sd,
    effect_sizes.d_of_pairs,
]


@pytest.mark.parametrize("method", METHODS)
@given(shift=st.floats(-50, 50), factor=st.floats(0.1, 50))
def test_effects_do_not_depend_on_the_ruler(method, shift, factor):
    plain, moved = method(FIRST, SECOND[:8]), method(FIRST * factor + shift, SECOND[:8] * factor + shift)
    assert moved.estimate == pytest.approx(plain.estimate, rel=1e-9)
    assert moved.se == pytest.approx(plain.se, rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ([], [], "missing"),
        ([1.0], [2.0], "too_few"),
        ([math.nan] * 4, [math.nan] * 4, "missing"),
        ([3.0] * 5, [3.0] * 5, "constant"),
    ],
)
def test_too_little_gives_a_named_reason(method, first, second, status):
    got = method(np.array(first), np.array(second))
    assert (got.status, got.note != "") == (status, True)
    assert math.isnan(got.estimate)


def test_correction_of_g_makes_it_unbiased():
    luck = np.random.default_rng(5)
    draws = [effect_sizes.hedges_g(luck.normal(0.5, 1, 6), luck.normal(0, 1, 6)).estimate for _ in range(1500)]
    assert np.mean(draws) == pytest.approx(0.5, abs=4 * np.std(draws) / math.sqrt(1500))
