"""Reliability: the known answers of attenuation and of a therapist's mean, and the textbook formulas."""

import math

import numpy as np
import pytest
from scipy import stats

from experiments.estimators.correlation import pearson
from experiments.estimators.methods.basics.reliability import (
    attenuated,
    cronbach_alpha,
    disattenuated,
    reliability_of_mean,
    retest,
    spearman_brown,
)
from experiments.estimators.value import found


def test_known_answer_attenuation_in_closed_form():
    assert attenuated(0.3178, reliability_x=0.90, reliability_y=0.85) == pytest.approx(0.278, abs=5e-4)


def test_known_answer_attenuation_with_400_000_clients():
    luck, n = np.random.default_rng(20261124), 400_000
    alliance, other = luck.normal(size=(2, n))
    outcome = 0.3178 * alliance + math.sqrt(1 - 0.3178**2) * other
    seen = [
        each + luck.normal(scale=math.sqrt(1 / reliability - 1), size=n)
        for each, reliability in ((alliance, 0.90), (outcome, 0.85))
    ]
    assert pearson(*seen, what="both forms").estimate == pytest.approx(0.278, abs=0.005)


def test_known_answer_reliability_of_a_therapists_mean():
    assert reliability_of_mean(0.05, 30) == pytest.approx(0.612, abs=5e-4)


def test_disattenuation_undoes_attenuation_and_refuses_what_lies_beyond_1():
    seen = found(0.278, se=0.02, n=100, low=0.24, high=0.31)
    back = disattenuated(seen, reliability_x=0.90, reliability_y=0.85)
    assert attenuated(back.estimate, reliability_x=0.90, reliability_y=0.85) == pytest.approx(0.278)
    assert back.se / back.estimate == pytest.approx(0.02 / 0.278)
    assert disattenuated(found(0.9, n=50), reliability_x=0.6, reliability_y=0.6).status == "not_finite"
    assert disattenuated(found(0.3, n=50), reliability_x=0.0, reliability_y=0.6).status == "not_finite"


def test_spearman_brown_of_halves_and_there_and_back():
    assert spearman_brown(0.7, 2) == pytest.approx(2 * 0.7 / 1.7)
    assert spearman_brown(spearman_brown(0.7, 3), 1 / 3) == pytest.approx(0.7)


ITEMS = np.array([[3, 4, 3, 5], [2, 2, 1, 3], [4, 5, 5, 5], [1, 2, 2, 1], [3, 3, 4, 4], [5, 4, 5, 5], [2, 3, 2, 2.0]])


def test_cronbach_alpha_is_the_mean_covariance_over_the_mean_of_the_whole_matrix():
    cov = np.cov(ITEMS.T)
    off = cov[~np.eye(4, dtype=bool)].mean()
    got = cronbach_alpha(ITEMS)
    assert got.estimate == pytest.approx(16 * off / cov.sum())
    assert got.low == pytest.approx(1 - (1 - got.estimate) * stats.f.ppf(0.975, 6, 18))
    assert got.low < got.estimate < got.high < 1
    more = np.vstack([ITEMS, [np.nan, 3, 3, 3]])
    assert cronbach_alpha(more).estimate == got.estimate


def test_alpha_of_no_spread_of_one_item_or_of_few_clients_has_a_reason():
    assert cronbach_alpha(np.full((9, 3), 2.0)).status == "constant"
    assert cronbach_alpha(ITEMS[:, :1]).status == "not_finite"
    assert cronbach_alpha(ITEMS[:3]).status == "too_few"
    assert cronbach_alpha(np.full((9, 3), np.nan)).status == "missing"


def test_retest_gives_r_standard_error_of_measurement_and_shift():
    first, second = ITEMS[:, 0], ITEMS[:, 3]
    got = retest(first, second)
    r = np.corrcoef(first, second)[0, 1]
    assert got["r"].estimate == pytest.approx(r)
    assert got["sem"].estimate == pytest.approx(first.std(ddof=1) * math.sqrt(1 - r))
    assert got["shift"].estimate == pytest.approx((second - first).mean())
    assert retest(first, np.full(7, np.nan))["r"].status == "missing"
