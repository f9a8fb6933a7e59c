"""Three-level meta-analysis: sums against matrices, boundaries, and what becomes of data that bear no analysis."""

import numpy as np
import pytest
from scipy import optimize

from experiments.estimators.methods.meta.meta_analysis import random_effects
from experiments.estimators.methods.meta.meta_three_level import DROP, three_level
from experiments.estimators.methods.meta.nested_effects import likelihood, nest, score
from experiments.estimators.value import COLLINEAR, MISSING, NOT_FINITE, ONE_GROUP, TOO_FEW


def draw(seed, *, groups=8, inner=3, each=2, outer_variance=0.1, inner_variance=0.05):
    luck = np.random.default_rng(seed)
    district = np.repeat(np.arange(groups), inner * each)
    school = np.tile(np.repeat(np.arange(inner), each), groups)
    keep = luck.random(district.size) < 0.8
    v = luck.uniform(0.01, 0.1, size=district.size)
    y = (
        0.4
        + np.sqrt(outer_variance) * luck.normal(size=groups)[district]
        + np.sqrt(inner_variance) * luck.normal(size=groups * inner)[district * inner + school]
        + np.sqrt(v) * luck.normal(size=district.size)
    )
    return y[keep], v[keep], district[keep], school[keep]


def by_matrices(y, v, outer, inner, theta):
    """Return likelihood, slope and information by the matrices themselves."""
    same = [(outer[:, None] == outer).astype(float)]
    same.append(same[0] * (inner[:, None] == inner))
    one = np.ones(y.size)
    covariance = np.diag(v) + theta[0] * same[0] + theta[1] * same[1]
    inverse = np.linalg.inv(covariance)
    w = one @ inverse @ one
    p = inverse - np.outer(inverse @ one, inverse @ one) / w
    k, determinant = y.size, np.linalg.slogdet(covariance)[1]
    level = -((k - 1) * np.log(2 * np.pi) - np.log(k) + determinant + np.log(w) + y @ p @ y) / 2
    slope = [(y @ p @ a @ p @ y - np.trace(p @ a)) / 2 for a in same]
    information = [[np.trace(p @ a @ p @ b) / 2 for b in same] for a in same]
    return level, slope, information


@pytest.mark.parametrize("theta", [(0.3, 0.2), (0.0, 0.1), (0.5, 0.0), (0.0, 0.0)])
@pytest.mark.parametrize("seed", range(3))
def test_the_sums_are_those_of_the_matrices(seed, theta):
    y, v, outer, inner = draw(seed)
    data = nest(y, v, outer=outer, inner=inner)
    level, slope, information = by_matrices(y, v, outer, inner, theta)
    assert likelihood(data, theta) == pytest.approx(level, rel=1e-12)
    ours = score(data, theta)
    assert ours[0] == pytest.approx(np.array(slope), rel=1e-9, abs=1e-9)
    assert ours[1] == pytest.approx(np.array(information), rel=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_it_is_the_maximum_and_the_profile_ends_are_where_it_has_fallen(seed):
    y, v, outer, inner = draw(seed)
    fit = three_level(y, v, outer=outer, inner=inner)
    data = nest(y, v, outer=outer, inner=inner)

    def fall(theta):
        return -likelihood(data, np.maximum(theta, 0.0))

    theirs = optimize.minimize(fall, [0.1, 0.1], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    assert fit.facts["log_likelihood"] >= -theirs.fun - 1e-9
    for which, name in enumerate(("outer", "inner")):
        for end in (fit[name].low, fit[name].high):
            if end > 0:
                other = optimize.minimize_scalar(
                    lambda x, at=end, first=which == 0: fall([at, x] if first else [x, at]),
                    bounds=(0, 5),
                    method="bounded",
                    options={"xatol": 1e-10},
                )
                assert -other.fun == pytest.approx(fit.facts["log_likelihood"] - DROP, abs=1e-5)


def test_without_variance_between_districts_it_is_the_two_level_analysis():
    y, v, _, _ = draw(2)
    outer = np.arange(y.size) % 6
    centred = y - np.array([y[outer == each].mean() for each in outer])
    fit = three_level(centred, v, outer=outer, inner=np.arange(y.size))
    two = random_effects(centred, v)
    assert fit["outer"].estimate == 0.0 and "boundary" in fit["outer"].note and fit["outer"].low == 0.0
    assert fit["inner"].estimate == pytest.approx(two["tau2"].estimate, rel=1e-7)
    assert fit["mean"].estimate == pytest.approx(two["mean"].estimate, rel=1e-7, abs=1e-9)
    assert fit.facts["log_likelihood"] == pytest.approx(two.facts["log_likelihood"], rel=1e-9)


def test_without_any_variance_both_are_exactly_zero():
    luck = np.random.default_rng(3)
    y, v = 0.5 + 0.01 * luck.normal(size=24), np.full(24, 0.05)
    fit = three_level(y, v, outer=np.arange(24) // 6, inner=np.arange(24) // 2)
    assert (fit["outer"].estimate, fit["inner"].estimate) == (0.0, 0.0)
    assert fit["mean"].estimate == pytest.approx(random_effects(y, v, method="FE")["mean"].estimate, rel=1e-12)
    assert fit.facts["boundary"] == 1.0


def test_labels_and_order_change_nothing():
    y, v, outer, inner = draw(4)
    order = np.random.default_rng(1).permutation(y.size)
    names = np.array([f"clinic {9 - each}" for each in outer])
    plain = three_level(y, v, outer=outer, inner=inner)
    named = three_level(y[order], v[order], outer=names[order], inner=(inner * 7 + 3)[order])
    for name in plain:
        assert named[name].estimate == pytest.approx(plain[name].estimate, rel=1e-7), name


def test_units_change_nothing():
    y, v, outer, inner = draw(5)
    plain, scaled = (three_level(f * y, f * f * v, outer=outer, inner=inner) for f in (1.0, 50.0))
    assert scaled["outer"].estimate == pytest.approx(2500 * plain["outer"].estimate, rel=1e-7)
    assert scaled["mean"].se == pytest.approx(50 * plain["mean"].se, rel=1e-8)
    assert scaled["i2_inner"].estimate == pytest.approx(plain["i2_inner"].estimate, rel=1e-7)


def test_the_t_test_is_wider_than_z():
    y, v, outer, inner = draw(6)
    z, t = (three_level(y, v, outer=outer, inner=inner, test=test)["mean"] for test in ("z", "t"))
    assert z.se == t.se and t.high > z.high and t.p > z.p


@pytest.mark.parametrize(
    ("outer", "inner", "status"),
    [
        ([1, 1, 1, 1], [1, 1, 2, 2], ONE_GROUP),
        ([1, 2, 3, 4], [1, 1, 1, 1], COLLINEAR),
        ([1, 1, None, None], [1, 2, 1, 2], TOO_FEW),
        ([None] * 4, [1, 2, 3, 4], MISSING),
    ],
)
def test_groups_that_cannot_be_told_apart(outer, inner, status):
    fit = three_level([0.1, 0.3, 0.2, 0.6], [0.1, 0.1, 0.2, 0.1], outer=outer, inner=inner)
    assert (fit.status, fit["outer"].status) == (status, status) and fit.note.endswith(".")


def test_a_variance_of_zero_gives_a_reason():
    fit = three_level([0.1, 0.3, 0.2, 0.6], [0.1, 0.0, 0.2, 0.1], outer=[1, 1, 2, 2], inner=[1, 2, 1, 2])
    assert fit.status == NOT_FINITE
