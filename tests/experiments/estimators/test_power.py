"""Power of nested trials: powerlmm's numbers, the same by large matrices, and limits that must hold."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from experiments.estimators.methods.trials.growth_trial import Arm, Growth, client_information, growth, slope_variance
from experiments.estimators.methods.trials.power import (
    clients_needed,
    t_power,
    therapists_needed,
    trial_power,
    type_one_error,
)
from experiments.estimators.methods.trials.weibull_dropout import in_whole_people, measurement_shares, weibull_dropout
from experiments.estimators.value import ONE_GROUP, TOO_FEW
from tests.retention import extra_responses

WEEKS = tuple(range(11))
TWO = growth(WEEKS, icc_pre=0.5, var_ratio=0.019)
THREE = growth(WEEKS, icc_pre=0.5, var_ratio=0.02, icc_slope=0.05)


def by_matrices(model, sizes, last):
    """Return the variance of the mean slope from the full covariance matrix; `last[i]` = measurements of client i."""
    therapist = np.repeat(np.arange(len(sizes)), sizes)
    rows = [(i, therapist[i], t) for i in range(therapist.size) for t in model.times[: int(last[i])]]
    client, owner, time = (np.array(each) for each in zip(*rows, strict=True))
    x = np.column_stack([np.ones(time.size), time])
    v = model.error * np.eye(time.size)
    v += (client[:, None] == client) * (x @ model.client @ x.T)
    v += (owner[:, None] == owner) * (x @ model.therapist @ x.T)
    return np.linalg.inv(x.T @ np.linalg.solve(v, x))[1, 1]


# --- published answers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("treatment", "control", "se", "power"),
    [(25, 25, 0.47405408, 0.30950257), (30, 30, None, 0.36221663), (10, 50, None, 0.22377261)],
)
def test_powerlmm_two_levels(treatment, control, se, power):
    fit = trial_power(TWO, Arm(treatment), Arm(control), d=-0.5)
    assert fit["power"].estimate == pytest.approx(power, abs=6e-9)
    assert fit.facts["df"] == treatment + control - 2
    assert se is None or fit["difference"].se == pytest.approx(se, abs=6e-9)


def test_powerlmm_weibull_dropout():
    gone = weibull_dropout(WEEKS, share=0.3, rate=0.5)
    expected = [0.10666222, 0.14743846, 0.17746061, 0.20194762, 0.22291635]
    expected += [0.24139892, 0.25800715, 0.27313882, 0.28706966, 0.30]
    assert gone[0] == 0 and gone[1:] == pytest.approx(expected, abs=6e-9)


def test_powerlmm_two_levels_with_dropout_of_whole_people():
    gone = in_whole_people(weibull_dropout(WEEKS, share=0.3, rate=0.5), n=25)
    fit = trial_power(TWO, Arm(25, tuple(gone)), Arm(25, tuple(gone)), d=-0.5)
    assert fit["difference"].se == pytest.approx(0.54152568, abs=6e-9)
    assert fit["power"].estimate == pytest.approx(0.24877193, abs=6e-9)
    assert fit.facts["df"] == 48


def test_powerlmm_three_levels():
    fit = trial_power(THREE, Arm((10,) * 4), Arm((10,) * 4), d=-0.8)
    assert fit["difference"].se == pytest.approx(0.43641098, abs=6e-9)
    assert fit["power"].estimate == pytest.approx(0.58354862, abs=6e-9)
    assert fit.facts["df"] == 6


def test_powerlmm_unequal_clusters():
    fit = trial_power(THREE, Arm((2, 3, 5, 20)), Arm((2, 3, 5, 20)), d=-0.8)
    assert fit["power"].estimate == pytest.approx(0.44361825, abs=6e-9)
    assert round(fit["power"].estimate, 2) == 0.44


def test_powerlmm_three_levels_with_dropout():
    # powerlmm draws at random which therapists lose clients, so its .67762507 is one of many; ours is the expectation.
    arms = [Arm((10,) * 5, tuple(weibull_dropout(WEEKS, share=share, rate=2))) for share in (0.3, 0.2)]
    fit = trial_power(THREE, *arms, d=-0.8)
    assert fit.facts["df"] == 8
    assert fit["difference"].se == pytest.approx(0.40986548, rel=0.002)
    assert fit["power"].estimate == pytest.approx(0.67762507, abs=0.001)
    assert round(fit["power"].estimate, 2) == 0.68


def test_the_published_run_lies_among_random_allocations():
    luck, told = np.random.default_rng(7), np.array([client_information(THREE, m) for m in range(1, 12)])
    ses = []
    for _ in range(60):
        variance = 0.0
        for share in (0.3, 0.2):
            gone = in_whole_people(weibull_dropout(WEEKS, share=share, rate=2), n=50)
            last = np.repeat(np.arange(11), np.round(50 * measurement_shares(gone)).astype(int))
            of_therapist = told[luck.permutation(last)].reshape(5, 10, 2, 2).sum(axis=1)
            folded = np.linalg.solve(np.eye(2) + of_therapist @ THREE.therapist, of_therapist)
            variance += np.linalg.inv(folded.sum(axis=0))[1, 1]
        ses.append(math.sqrt(variance))
    assert min(ses) < 0.40986548 < max(ses)
    assert np.ptp(ses) < 0.01 * min(ses)


# --- the same by other roads ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(4, 4, 4), (1, 2, 6)])
def test_small_matrices_equal_large_ones(sizes):
    model = Growth((0.0, 1.0, 2.5, 4.0), 3.0, 2.0, 0.4, 0.3, 0.5, 0.2, -0.1)
    last = np.full(sum(sizes), 4)
    assert slope_variance(model, Arm(sizes)) == pytest.approx(by_matrices(model, sizes, last), rel=1e-10)


def test_dropout_equals_large_matrices():
    model = Growth((0.0, 1.0, 2.0, 3.0), 3.0, 2.0, 0.4, 0.3, 0.5, 0.2, -0.1)
    gone = (0.0, 0.25, 0.25, 0.5)
    last = np.tile([1, 3, 4, 4], 3)
    assert slope_variance(model, Arm((4, 4, 4), gone)) == pytest.approx(by_matrices(model, (4, 4, 4), last), rel=1e-10)


@given(n=st.integers(1, 40), k=st.integers(2, 12), rho=st.floats(0, 1), ratio=st.floats(0, 0.2))
def test_the_closed_form_of_balanced_trials(n, k, rho, ratio):
    model = growth(WEEKS, icc_pre=0.4, var_ratio=ratio, icc_slope=rho)
    slopes = 100 * ratio
    closed = (slopes * (1 - rho) + 100 / 110) / (n * k) + slopes * rho / k
    assert slope_variance(model, Arm((n,) * k)) == pytest.approx(closed, rel=1e-9)


@pytest.mark.parametrize(("size", "df"), [(0.0, 8), (1.3, 3), (2.9, 48), (-2.9, 48)])
def test_power_is_the_area_of_a_shifted_t(size, df):
    edge = stats.t.ppf(0.975, df)

    def beyond(chi2):
        """Return P(|Z + size| > edge sqrt(chi2 / df)) times the density of chi2."""
        at = edge * math.sqrt(chi2 / df)
        return (stats.norm.sf(at - size) + stats.norm.cdf(-at - size)) * stats.chi2.pdf(chi2, df)

    assert t_power(size, df=df) == pytest.approx(integrate.quad(beyond, 0, np.inf, limit=200)[0], abs=1e-8)


def test_a_huge_effect_is_always_found():
    assert t_power(100.0, df=20) == pytest.approx(1.0) and t_power(-100.0, df=4) == pytest.approx(1.0, abs=1e-6)


def test_a_d_is_a_difference_at_the_last_week():
    by_d = trial_power(THREE, Arm((10,) * 4), Arm((10,) * 4), d=0.8)
    by_slope = trial_power(THREE, Arm((10,) * 4), Arm((10,) * 4), difference=0.8 * math.sqrt(200) / 10)
    assert by_d["power"].estimate == by_slope["power"].estimate


def test_an_arm_without_therapists_against_one_with():
    fit = trial_power(THREE, Arm((10,) * 4), Arm(40), d=0.8)
    assert fit.facts["df"] == 3
    both = 0.5 * slope_variance(THREE, Arm((10,) * 4)) * 2 + slope_variance(THREE, Arm(40))
    assert fit["difference"].se == pytest.approx(math.sqrt(both))
    assert slope_variance(THREE, Arm(40)) == pytest.approx((1.9 + 100 / 110) / 40, rel=1e-12)


# --- how many are needed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("clients", "d"), [(5, 0.5), (10, 0.8), (20, 1.2)])
def test_one_therapist_fewer_is_not_enough(clients, d):
    k = int(therapists_needed(THREE, clients=clients, d=d).estimate)

    def power(many):
        return trial_power(THREE, Arm((clients,) * many), Arm((clients,) * many), d=d)["power"].estimate

    assert power(k) >= 0.8 > power(k - 1)


def test_one_client_fewer_is_not_enough():
    n = int(clients_needed(THREE, therapists=6, d=0.8).estimate)

    def power(many):
        return trial_power(THREE, Arm((many,) * 6), Arm((many,) * 6), d=0.8)["power"].estimate

    assert power(n) >= 0.8 > power(n - 1)


def test_few_therapists_cannot_be_made_up_for_by_clients():
    value = clients_needed(THREE, therapists=3, d=0.4)
    assert value.status == TOO_FEW and "100000 clients per therapist" in value.note


def test_dropout_needs_more_clients():
    gone = tuple(weibull_dropout(WEEKS, share=0.4, rate=1))
    with_dropout, without = (clients_needed(THREE, therapists=6, d=0.8, dropout=each) for each in (gone, ()))
    assert with_dropout.estimate > without.estimate


# --- what must be refused ---------------------------------------------------------------------------------------------


def test_one_therapist_in_each_arm_leaves_nothing_to_test_with():
    fit = trial_power(THREE, Arm((20,)), Arm((20,)), d=0.8)
    assert fit.status == ONE_GROUP and math.isnan(fit["power"].estimate)


@pytest.mark.parametrize(
    "wrong", [{"error": 0.0}, {"slope": -1.0}, {"covariance": 9.0}, {"times": (0.0,)}, {"times": (1.0, 1.0)}]
)
def test_impossible_growth_is_a_mistake(wrong):
    with pytest.raises(ValueError, match=r"\.$"):
        Growth(**({"times": (0.0, 1.0), "error": 1.0, "intercept": 1.0, "slope": 1.0} | wrong))


@pytest.mark.parametrize("gone", [(0.1, 0.2), (0.0, 0.5, 0.4), (0.0, 1.0)])
def test_impossible_dropout_is_a_mistake(gone):
    with pytest.raises(ValueError, match="begin at 0"):
        measurement_shares(gone)


def test_d_and_difference_exclude_each_other():
    with pytest.raises(ValueError, match="either"):
        trial_power(TWO, Arm(10), Arm(10))


def test_type_one_error_without_therapist_variance_is_as_stated():
    assert type_one_error(TWO, Arm((10,) * 4), Arm((10,) * 4)).estimate == pytest.approx(0.05, rel=1e-12)
    assert type_one_error(THREE, Arm((1,) * 40), Arm((1,) * 40)).estimate == pytest.approx(0.05, rel=1e-12)


def test_measurements_add_up():
    shares = measurement_shares(weibull_dropout(WEEKS, share=0.3, rate=2))
    assert shares.sum() == pytest.approx(1.0) and shares[-1] == pytest.approx(0.7) and shares.size == 11


def test_nothing_is_gained_where_therapists_are_alike():
    value = extra_responses(0.0)
    assert abs(value.estimate) < 4 * value.se
    assert extra_responses(0.1).estimate == extra_responses(0.1).estimate
    with pytest.raises(ValueError, match="icc"):
        extra_responses(1.0)
