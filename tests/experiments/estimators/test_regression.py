"""Least squares, partial and rank correlations against statsmodels and scipy, and what they say of bad columns."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiments.estimators.correlation import residual_change
from experiments.estimators.methods.basics.correlations import (
    partial_correlation,
    semi_partial_correlation,
    spearman,
)
from experiments.estimators.methods.basics.regression import ols, residuals
from experiments.estimators.methods.basics.shape import ceiling_share, skew

LUCK = np.random.default_rng(11)
N = 200
INTAKE, ALLIANCE = LUCK.normal(14, 5, N), LUCK.normal(3.9, 0.6, N)
THERAPIST = LUCK.integers(0, 25, N)
OUTCOME = 3 + 0.5 * INTAKE - 1.5 * ALLIANCE + LUCK.normal(size=25)[THERAPIST] + LUCK.normal(size=N) * (1 + ALLIANCE)
COLUMNS = {"intake": INTAKE, "alliance": ALLIANCE}
DESIGN = sm.add_constant(np.column_stack([INTAKE, ALLIANCE]))
KINDS = {
    "classical": {},
    "hc3": {"cov_type": "HC3", "use_t": True},
    "cluster": {"cov_type": "cluster", "cov_kwds": {"groups": THERAPIST}, "use_t": True},
}


@pytest.mark.parametrize("errors", KINDS)
def test_least_squares_is_that_of_statsmodels(errors):
    got = ols(OUTCOME, COLUMNS, errors=errors, clusters=THERAPIST)
    want = sm.OLS(OUTCOME, DESIGN).fit(**KINDS[errors])
    for i, name in enumerate(("intercept", "intake", "alliance")):
        low, high = want.conf_int()[i]
        assert got[name].estimate == pytest.approx(want.params[i], rel=1e-9)
        assert got[name].se == pytest.approx(want.bse[i], rel=1e-9)
        assert (got[name].low, got[name].high) == pytest.approx((low, high), rel=1e-8)
        assert got[name].p == pytest.approx(want.pvalues[i], rel=1e-6)
    assert got["r_squared"].estimate == pytest.approx(want.rsquared)
    assert got.facts["adjusted"] == pytest.approx(want.rsquared_adj)
    assert got.facts["loglik"] == pytest.approx(want.llf)
    assert got.facts["sigma"] ** 2 == pytest.approx(want.scale)


def test_f_of_the_whole_model_is_that_of_statsmodels():
    got, want = ols(OUTCOME, COLUMNS), sm.OLS(OUTCOME, DESIGN).fit()
    assert (got.facts["f"], got.facts["p"]) == pytest.approx((want.fvalue, want.f_pvalue))


def test_standardised_slopes_are_the_slopes_of_standardised_columns():
    got = ols(OUTCOME, COLUMNS)
    again = ols(stats.zscore(OUTCOME), {name: stats.zscore(column) for name, column in COLUMNS.items()})
    for name in COLUMNS:
        assert got[f"beta_{name}"].estimate == pytest.approx(again[name].estimate)
        assert got[f"beta_{name}"].se == pytest.approx(again[name].se)


def test_rows_with_a_gap_are_left_out():
    holes = INTAKE.copy()
    holes[:20] = np.nan
    got = ols(OUTCOME, {"intake": holes, "alliance": ALLIANCE})
    assert got.n == N - 20
    rest = ols(OUTCOME[20:], {"intake": INTAKE[20:], "alliance": ALLIANCE[20:]})
    assert got["alliance"].estimate == pytest.approx(rest["alliance"].estimate)


def test_a_client_without_a_therapist_is_left_out_where_errors_are_by_therapist():
    some = THERAPIST.astype(float)
    some[:7] = np.nan
    assert ols(OUTCOME, COLUMNS, errors="cluster", clusters=some).n == N - 7


@settings(deadline=None, max_examples=30)
@given(st.floats(-100, 100), st.floats(0.05, 20), st.integers(0, 2**31))
def test_order_of_clients_and_ruler_change_no_t_value(shift, factor, seed):
    order = np.random.default_rng(seed).permutation(N)
    labels = np.array([f"therapist {k}" for k in THERAPIST])
    moved = {"intake": INTAKE[order] * factor + shift, "alliance": ALLIANCE[order]}
    got = ols(OUTCOME[order], moved, errors="cluster", clusters=labels[order])
    want = ols(OUTCOME, COLUMNS, errors="cluster", clusters=THERAPIST)
    for name in COLUMNS:
        assert got[name].estimate / got[name].se == pytest.approx(want[name].estimate / want[name].se, rel=1e-6)


FLAT, TWICE = np.ones(N), 2 * INTAKE + 1


@pytest.mark.parametrize(
    ("outcome", "columns", "more", "status"),
    [
        (OUTCOME[:4], {"intake": INTAKE[:4]}, {}, "too_few"),
        (np.full(N, np.nan), COLUMNS, {}, "missing"),
        (FLAT, COLUMNS, {}, "constant"),
        (OUTCOME, {"intake": FLAT}, {}, "constant"),
        (OUTCOME, {"intake": INTAKE, "again": TWICE}, {}, "collinear"),
        (OUTCOME, {"a": INTAKE, "b": ALLIANCE, "c": INTAKE + ALLIANCE}, {}, "collinear"),
        (OUTCOME, COLUMNS, {"errors": "cluster", "clusters": FLAT}, "one_group"),
        (np.where(np.arange(N) == 3, np.inf, OUTCOME), COLUMNS, {}, "not_finite"),
    ],
)
def test_bad_columns_give_a_named_reason(outcome, columns, more, status):
    got = ols(outcome, columns, **more)
    assert (got.status, got.note != "") == (status, True)
    assert math.isnan(got["intake"].estimate)


def test_a_kind_of_errors_that_does_not_exist_is_a_mistake():
    with pytest.raises(ValueError, match="hc3"):
        ols(OUTCOME, COLUMNS, errors="robust")


def test_partial_correlation_is_the_t_value_of_the_slope_turned_round():
    got = partial_correlation(ALLIANCE, OUTCOME, {"intake": INTAKE})
    t = sm.OLS(OUTCOME, DESIGN).fit().tvalues[2]
    assert got.estimate == pytest.approx(t / math.sqrt(t * t + N - 3))
    assert got.p == pytest.approx(sm.OLS(OUTCOME, DESIGN).fit().pvalues[2])
    z = math.atanh(got.estimate)
    assert got.low == pytest.approx(math.tanh(z - stats.norm.ppf(0.975) / math.sqrt(N - 1 - 3)))


def test_textbook_formula_of_one_covariate():
    r = np.corrcoef([ALLIANCE, OUTCOME, INTAKE])
    want = (r[0, 1] - r[0, 2] * r[1, 2]) / math.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
    assert partial_correlation(ALLIANCE, OUTCOME, {"intake": INTAKE}).estimate == pytest.approx(want)
    semi = (r[0, 1] - r[0, 2] * r[1, 2]) / math.sqrt(1 - r[0, 2] ** 2)
    assert semi_partial_correlation(ALLIANCE, OUTCOME, {"intake": INTAKE}).estimate == pytest.approx(semi)


def test_semi_partial_squared_is_what_the_predictor_adds_to_r_squared():
    got = semi_partial_correlation(ALLIANCE, OUTCOME, {"intake": INTAKE})
    added = ols(OUTCOME, COLUMNS)["r_squared"].estimate - ols(OUTCOME, {"intake": INTAKE})["r_squared"].estimate
    assert got.estimate**2 == pytest.approx(added)
    assert got.p == pytest.approx(ols(OUTCOME, COLUMNS)["alliance"].p)


def test_without_covariates_a_partial_correlation_is_pearson_with_its_interval():
    got, want = partial_correlation(ALLIANCE, OUTCOME, {}), stats.pearsonr(ALLIANCE, OUTCOME)
    assert (got.estimate, got.p) == pytest.approx((want.statistic, want.pvalue))
    assert (got.low, got.high) == pytest.approx(tuple(want.confidence_interval()))


def test_spearman_is_that_of_scipy_with_ties():
    rating = np.round(ALLIANCE * 2)
    got, want = spearman(rating, OUTCOME), stats.spearmanr(rating, OUTCOME)
    assert (got.estimate, got.p) == pytest.approx((want.statistic, want.pvalue))


@pytest.mark.parametrize("method", [partial_correlation, semi_partial_correlation])
def test_nothing_left_to_correlate_is_said(method):
    assert method(ALLIANCE, OUTCOME, {"same": 3 * ALLIANCE - 1}).status == "collinear"
    assert method(ALLIANCE[:5], OUTCOME[:5], {}).status == "too_few"
    assert method(FLAT, OUTCOME, {}).status == "constant"
    assert method(ALLIANCE, np.full(N, np.nan), {"intake": INTAKE}).status == "missing"
    assert method(np.where(ALLIANCE > 4, np.inf, ALLIANCE), OUTCOME, {}).status == "not_finite"
    assert method(ALLIANCE, 2 * ALLIANCE, {}).status == "constant"


def test_residuals_are_residualised_change_turned_and_stand_clear_of_the_intake_score():
    change, status = residual_change(INTAKE, OUTCOME)
    assert status == "ok"
    np.testing.assert_allclose(change, -residuals(OUTCOME, {"before": INTAKE}), atol=1e-9)
    assert abs(np.corrcoef(change, INTAKE)[0, 1]) < 1e-10
    better = residual_change(INTAKE, OUTCOME, higher_is_worse=False)[0]
    np.testing.assert_allclose(better, -change)


def test_skew_is_that_of_scipy_without_bias_and_the_ceiling_is_counted():
    rating = np.minimum(ALLIANCE, 4.2)
    assert skew(rating).estimate == pytest.approx(stats.skew(rating, bias=False))
    assert skew(rating).estimate < 0 < skew(-rating).estimate
    assert ceiling_share(rating, top=4.2).estimate == np.mean(ALLIANCE >= 4.2)
    assert skew(np.ones(20)).status == "constant"
    assert skew(rating[:5]).status == "too_few"
    assert ceiling_share(np.full(3, np.nan), top=5).status == "missing"


@pytest.mark.parametrize("errors", ["classical", "hc3", "cluster"])
@pytest.mark.parametrize(("offset", "unit"), [(1e7, 1.0), (0.0, 1e-5), (-1e6, 1e3)])
def test_offset_and_unit_of_a_predictor_cost_no_digits(errors, offset, unit):
    clusters = np.arange(INTAKE.size) % 9
    plain = ols(OUTCOME, {"intake": INTAKE}, errors=errors, clusters=clusters)["intake"]
    moved = ols(OUTCOME, {"intake": INTAKE * unit + offset}, errors=errors, clusters=clusters)["intake"]
    assert moved.estimate * unit == pytest.approx(plain.estimate, rel=1e-7)
    assert moved.se * unit == pytest.approx(plain.se, rel=1e-7)


def test_clients_whose_therapist_pandas_does_not_know_are_left_out():
    therapists = pd.Series(np.arange(INTAKE.size) % 9, dtype="Int64")
    got = ols(OUTCOME, {"intake": INTAKE}, errors="cluster", clusters=therapists.where(therapists.index > 1))
    want = ols(OUTCOME[2:], {"intake": INTAKE[2:]}, errors="cluster", clusters=therapists[2:])
    assert (got.n, got["intake"].se) == (want.n, pytest.approx(want["intake"].se))


@pytest.mark.parametrize(("offset", "unit"), [(0.0, 1e-17), (1e7, 1e3), (-5.0, 1e-9)])
def test_a_covariate_is_taken_out_whatever_its_unit(offset, unit):
    plain = residuals(OUTCOME, {"intake": INTAKE, "same": np.full(INTAKE.size, 0.1)})
    moved = residuals(OUTCOME, {"intake": (INTAKE + offset) * unit})
    np.testing.assert_allclose(moved, plain, atol=1e-7)
