"""Monte Carlo error, paired differences, and what common random numbers save."""

import math

import numpy as np
import pandas as pd
import pytest

from experiments.estimators import monte_carlo, paired_difference
from experiments.estimators.monte_carlo import within_interval


def runs(**columns):
    """Return a runs table: columns by name, with arm, design point, replication and status filled in."""
    n = len(next(iter(columns.values())))
    filled = {"arm": ["a"] * n, "design_point": [0] * n, "replication": range(n), "status": ["done"] * n}
    return pd.DataFrame({**filled, **columns})


def two_arms(a, b):
    """Return a runs table of two arms with one estimate `x`."""
    one, other = runs(x=a), runs(x=b)
    return pd.concat([one, other.assign(arm="b")], ignore_index=True)


def test_mean_and_error_by_hand():
    (got,) = monte_carlo(runs(x=[0.1, 0.2, 0.3, 0.4]), "x")
    sd = math.sqrt(0.05 / 3)
    assert (got.mean, got.sd, got.se) == pytest.approx((0.25, sd, sd / 2))
    assert got.high - got.mean == pytest.approx(3.182446 * sd / 2, rel=1e-6)
    assert (got.n, got.absent, got.failed, got.basis) == (4, 0, 0, "between runs")


def test_runs_without_a_number_and_failed_runs_are_counted_apart():
    frame = runs(x=[0.1, 0.3, None, None], status=["done", "done", "done", "failed"])
    (got,) = monte_carlo(frame, "x")
    assert (got.mean, got.n, got.absent, got.failed) == (pytest.approx(0.2), 2, 1, 1)


def test_with_one_run_the_error_is_the_one_within_it():
    (got,) = monte_carlo(runs(x=[0.2], x_se=[0.03]), "x")
    assert (got.se, got.basis) == (0.03, "within the one run")
    assert got.low == pytest.approx(0.2 - 1.959964 * 0.03)


@pytest.mark.parametrize(
    "frame", [runs(x=[None, None]), runs(y=[1.0, 2.0]), runs(x=[1.0], status=["failed"]), runs(x=[0.2])]
)
def test_without_two_numbers_there_is_no_interval(frame):
    (got,) = monte_carlo(frame, "x")
    assert math.isnan(got.low) and math.isnan(got.se)
    assert got.basis == "none"


def test_nullable_columns_are_read():
    (got,) = monte_carlo(runs(x=pd.array([0.5, pd.NA, 1.5], dtype="Float64")), "x")
    assert (got.mean, got.n, got.absent) == (1.0, 2, 1)


def test_paired_difference_by_hand():
    (got,) = paired_difference(two_arms([1.0, 2.0, 4.0], [0.5, 1.0, 2.0]), "x", "a", "b")
    assert got.mean == pytest.approx((0.5 + 1 + 2) / 3)
    assert got.se == pytest.approx(np.std([0.5, 1, 2], ddof=1) / math.sqrt(3))
    apart = math.sqrt((np.var([1, 2, 4], ddof=1) + np.var([0.5, 1, 2], ddof=1)) / 3)
    assert got.se_unpaired == pytest.approx(apart)
    assert got.saved == pytest.approx(1 - (got.se / apart) ** 2)
    assert (got.arm, got.against, got.design_point, got.n) == ("a", "b", 0, 3)


def test_variance_saved_is_the_covariance_that_was_planted():
    rng = np.random.default_rng(4)
    luck, a, b = rng.normal(size=(3, 20_000))
    share = math.sqrt(0.8)
    frame = two_arms(share * luck + math.sqrt(0.2) * a, 1 + share * luck + math.sqrt(0.2) * b)
    (got,) = paired_difference(frame, "x", "b", "a")
    assert got.mean == pytest.approx(1, abs=0.02)
    assert got.saved == pytest.approx(0.8, abs=0.02)


def test_a_replication_that_one_arm_lacks_is_dropped_and_counted():
    frame = two_arms([1.0, 2.0, 3.0], [0.0, None, 1.0])
    frame.loc[frame.index[-1], "status"] = "failed"
    (got,) = paired_difference(frame, "x", "a", "b")
    assert (got.n, got.dropped) == (1, 2)
    assert got.mean == 1.0
    assert math.isnan(got.se) and math.isnan(got.saved)


def test_order_of_rows_does_not_matter():
    frame = two_arms([1.0, 2.0, 4.0], [0.5, 1.0, 2.0])
    shuffled = frame.sample(frac=1, random_state=5)
    assert paired_difference(frame, "x", "a", "b") == paired_difference(shuffled, "x", "a", "b")


def test_arms_that_are_the_same_differ_by_nothing_and_claim_no_share_saved_of_nothing():
    (got,) = paired_difference(two_arms([1.0, 1.0], [1.0, 1.0]), "x", "a", "b")
    assert (got.mean, got.se) == (0, 0)
    assert math.isnan(got.saved)


def test_an_arm_that_is_not_there_gives_no_differences():
    assert paired_difference(two_arms([1.0], [2.0]), "x", "a", "c") == []


def test_the_interval_of_a_single_run_stays_where_its_unit_can_be():
    low, high = within_interval(0.02, 0.02, unit="share of clients")
    assert 0 < low < 0.02 < high < 1
    low, high = within_interval(0.95, 0.06, unit="Pearson's r")
    assert -1 < low < 0.95 < high < 1
    assert within_interval(5.0, 1.0, unit="sessions") == pytest.approx((5 - 1.959964, 5 + 1.959964))


def test_the_interval_of_a_single_correlation_is_fishers():
    n, r = 103, 0.3
    low, high = within_interval(r, (1 - r * r) / math.sqrt(n - 3), unit="Pearson's r")
    assert (low, high) == pytest.approx((math.tanh(math.atanh(r) - 0.1959964), math.tanh(math.atanh(r) + 0.1959964)))
