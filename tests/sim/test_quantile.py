"""AS 241 against scipy, in the middle and far out in the tails."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.draws import normal_from_uniform

SMALLEST = 0.5 / 2**52
"""The smallest uniform that is ever drawn; the largest is 1 less of it."""


def test_the_quantile_agrees_with_scipy_to_thirteen_digits():
    middle = np.linspace(0.001, 0.999, 99_999)
    tail = np.geomspace(SMALLEST, 0.1, 20_000)
    for uniform in (middle[np.abs(middle - 0.5) > 1e-6], tail, 1.0 - tail):
        np.testing.assert_allclose(normal_from_uniform(uniform), stats.norm.ppf(uniform), rtol=1e-13)


@pytest.mark.parametrize("uniform", [0.075, 0.925, 1.388794386496402e-11, SMALLEST, 1 - 3 * SMALLEST, 0.5])
def test_the_quantile_agrees_where_its_formulas_meet_and_at_the_ends(uniform):
    around = np.array([np.nextafter(uniform, 0.0), uniform, np.nextafter(uniform, 1.0)])
    assert normal_from_uniform(around) == pytest.approx(stats.norm.ppf(around), rel=1e-13, abs=1e-15)


def test_the_middle_is_zero():
    assert normal_from_uniform([0.5]).tolist() == [0.0]


@given(st.floats(SMALLEST, 0.5), st.floats(SMALLEST, 0.5))
def test_the_quantile_is_odd_and_rises(one, other):
    low, high = normal_from_uniform([min(one, other), max(one, other)])
    assert low <= high
    assert normal_from_uniform([1.0 - one])[0] == pytest.approx(-normal_from_uniform([one])[0], rel=1e-6, abs=1e-12)


def test_shapes_are_kept_and_nothing_is_no_trouble():
    assert normal_from_uniform(np.full((3, 4), 0.01)).shape == (3, 4)
    assert normal_from_uniform(np.empty((0, 4))).shape == (0, 4)
