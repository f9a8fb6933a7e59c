"""The few functions under all rules, against the formulas they stand for."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from sim.maths import clamp, combined_probability, exponential, geometric, logistic

ANY = st.floats(-1e308, 1e308)


def test_clamp_holds_a_value_between_its_limits():
    assert [clamp(value, 1.0, 3.0) for value in (0.0, 1.0, 2.0, 3.0, 4.0)] == [1.0, 1.0, 2.0, 3.0, 3.0]


def test_functions_worked_by_hand():
    assert exponential(1.5) == math.exp(1.5)
    assert logistic(0.0) == 0.5
    assert logistic(1.2) == approx(1 / (1 + math.exp(-1.2)))
    assert logistic(-1.2) == approx(1 / (1 + math.exp(1.2)))
    assert combined_probability(0.4) == approx(1 - math.exp(-0.4))


@given(ANY)
def test_nothing_overflows(value):
    assert exponential(value) < math.inf
    assert 0.0 <= logistic(value) <= 1.0
    assert 0.0 <= combined_probability(value) <= 1.0


@given(st.floats(-50.0, 50.0))
def test_logistic_is_even_handed(value):
    assert logistic(value) + logistic(-value) == approx(1.0)


@given(st.floats(-40.0, 40.0), st.floats(1e-3, 1.0))
def test_all_rise_with_their_argument(value, step):
    assert exponential(value + step) > exponential(value)
    assert logistic(value + step) >= logistic(value)


def test_a_hazard_below_zero_is_none():
    assert combined_probability(-1.0) == 0.0


@pytest.mark.parametrize("mean", [0.5, 1.0])
@given(uniform=st.floats(0.001, 0.999))
def test_where_nobody_waits_the_wait_is_one_week(mean, uniform):
    assert geometric(uniform, mean) == 1


@pytest.mark.parametrize("mean", [1.05, 1.2, 2.0, 8.0, 26.0])
def test_a_geometric_wait_has_its_mean_and_the_same_chance_every_week(mean):
    """Worked from the distribution: P(wait > k) = (1 - 1/mean)^k says at which uniform the wait passes k."""
    for weeks in range(1, 12 if mean > 1.5 else 4):
        passes = 1.0 - (1.0 - 1.0 / mean) ** weeks
        assert geometric(passes - 1e-9, mean) == weeks
        assert geometric(passes + 1e-9, mean) == weeks + 1
    grid = (np.arange(100_000) + 0.5) / 100_000
    waits = [geometric(uniform, mean) for uniform in grid.tolist()]
    assert sum(waits) / len(waits) == approx(mean, rel=2e-3)


@given(st.floats(0.0, 1.0 - 2.0**-53), st.floats(1.0, 1000.0))
def test_a_wait_is_a_whole_number_of_at_least_a_week(uniform, mean):
    wait = geometric(uniform, mean)
    assert isinstance(wait, int) and wait >= 1
