"""Shares of variance, their intervals and tests, against closed forms of balanced data and by direct search."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiments.estimators.methods.mixed.anova_components import anova_components
from experiments.estimators.methods.mixed.boundary_test import boundary_p, random_effect_test
from experiments.estimators.methods.mixed.linear_mixed import linear_mixed
from experiments.estimators.methods.mixed.variance_components import variance_components
from tests.experiments.estimators.test_linear_mixed import BATCHES, SLOPE, close, lines, nested, one_way

LEVELS = ("client_id", "therapist_id")


def balanced(seed=1, therapists=10, clients=4, sessions=3, between=0.8):
    luck = np.random.default_rng(seed)
    therapist, client, _ = np.indices((therapists, clients, sessions)).reshape(3, -1)
    y = between * luck.normal(size=therapists)[therapist] + luck.normal(size=(therapists, clients))[therapist, client]
    frame = {"therapist_id": therapist, "client_id": clients * therapist + client}
    return pd.DataFrame(frame | {"y": y + luck.normal(size=therapist.size)})


# --- shares ---


def test_dyestuff_has_the_printed_icc():
    fit = variance_components(BATCHES, outcome="y", groups=("batch",))
    close(fit["share_batch"].estimate, 0.4184874)
    ml = variance_components(BATCHES, outcome="y", groups=("batch",), method="ml")
    close(ml["share_batch"].estimate, 0.3615844)


def test_the_se_of_a_balanced_icc_is_that_of_the_mean_squares():
    frame, msb, msw, groups, size = one_way(1.0)
    share = variance_components(frame, outcome="y", groups=("therapist_id",))["share_therapist_id"]
    icc = (msb - msw) / (msb + (size - 1) * msw)
    by_b, by_w = size * msw / (msb + (size - 1) * msw) ** 2, -size * msb / (msb + (size - 1) * msw) ** 2
    variance = by_b**2 * 2 * msb**2 / (groups - 1) + by_w**2 * 2 * msw**2 / (groups * (size - 1))
    close([share.estimate, share.se], [icc, math.sqrt(variance)])


def test_the_ends_of_an_interval_are_3_84_above_the_lowest_criterion():
    """The restricted likelihood of balanced groups is that of two mean squares, worked out here without a model."""
    frame, msb, msw, groups, size = one_way(1.0)
    share = variance_components(frame, outcome="y", groups=("therapist_id",))["share_therapist_id"]
    b, w = groups - 1, groups * (size - 1)

    def at(icc):
        expected = 1 + size * icc / (1 - icc)
        return b * math.log(expected) + (b + w) * math.log(b * msb / expected + w * msw)

    close([at(share.low) - at(share.estimate), at(share.high) - at(share.estimate)], [3.841459] * 2, 1e-4)
    assert share.low < share.estimate < share.high


def test_the_interval_in_three_levels_is_that_of_the_lowest_criterion_over_the_other_share():
    from experiments.estimators.methods.mixed.linear_mixed import prepared
    from experiments.estimators.methods.mixed.linear_mixed_criterion import criterion

    frame = nested(therapists=20)
    fit = variance_components(frame, outcome="wai_client", groups=LEVELS)
    made = prepared(frame, outcome="wai_client", fixed=(), groups=dict.fromkeys(LEVELS, ()))

    def lowest(therapist):
        values = []
        for client in np.linspace(0.2, 0.75, 400) * (1 - therapist):
            rest = 1 - therapist - client
            factors = [np.full((1, 1), math.sqrt(share / rest)) for share in (client, therapist)]
            values.append(criterion(made, factors, reml=True))
        return min(values) - fit.facts["criterion"]

    share = fit["share_therapist_id"]
    assert lowest(share.high) == pytest.approx(3.8415, abs=0.01)
    assert share.low == 0.0 or lowest(share.low) == pytest.approx(3.8415, abs=0.01)


def test_shares_sum_to_one_and_are_variances_by_their_sum():
    fit = variance_components(nested(), outcome="wai_client", groups=LEVELS, fixed=("session",))
    names = (*LEVELS, "residual")
    variances = np.array([fit[f"variance_{name}"].estimate for name in names])
    close([fit[f"share_{name}"].estimate for name in names], variances / variances.sum(), 1e-12)


def test_a_share_at_its_boundary_is_zero_from_zero_up():
    frame, *_ = one_way(0.0, seed=2)
    share = variance_components(frame, outcome="y", groups=("therapist_id",))["share_therapist_id"]
    assert (share.estimate, share.low, share.p, share.status) == (0.0, 0.0, 1.0, "ok")
    assert 0.05 < share.high < 0.6 and "boundary" in share.note


def test_an_affine_change_of_the_outcome_leaves_shares_alone():
    frame = nested(therapists=20)
    first = variance_components(frame, outcome="wai_client", groups=LEVELS)
    second = variance_components(
        frame.assign(wai_client=1e4 - 250 * frame["wai_client"]), outcome="wai_client", groups=LEVELS
    )
    for name in ("share_client_id", "share_therapist_id", "share_residual"):
        got, expected = second[name], first[name]
        close([got.estimate, got.se, got.high], [expected.estimate, expected.se, expected.high], 1e-5)


def test_more_than_two_groups_are_a_mistake_and_one_therapist_a_status():
    with pytest.raises(ValueError, match="one or two"):
        variance_components(nested(), outcome="wai_client", groups=())
    fit = variance_components(nested().assign(therapist_id=3), outcome="wai_client", groups=LEVELS)
    assert fit.status == "one_group" and fit["share_therapist_id"].status == "one_group"


# --- the method of moments ---


def test_in_balanced_data_moments_and_reml_agree():
    frame = balanced()
    moments = anova_components(frame, outcome="y", groups=LEVELS)
    reml = variance_components(frame, outcome="y", groups=LEVELS)
    assert all(value.estimate > 0 for value in moments.values())
    close([value.estimate for value in moments.values()], [reml[name].estimate for name in moments])


def test_moments_of_one_way_groups_are_mean_squares():
    frame, msb, msw, _, size = one_way(1.0)
    moments = anova_components(frame, outcome="y", groups=("therapist_id",))
    close([value.estimate for value in moments.values()], [(msb - msw) / size, msw], 1e-10)


def test_moments_of_unequal_groups_by_hand():
    """n0 = (N - sum n^2 / N) / (k - 1), the textbook divisor (Searle, Casella & McCulloch 1992)."""
    frame = one_way(1.0)[0].drop(index=[0, 1, 2, 10, 11, 20, 33])
    sizes = frame.groupby("therapist_id")["y"].size()
    within = frame.groupby("therapist_id")["y"].var() * (sizes - 1)
    msw = within.sum() / (len(frame) - len(sizes))
    msb = (frame["y"].var() * (len(frame) - 1) - within.sum()) / (len(sizes) - 1)
    n0 = (len(frame) - (sizes**2).sum() / len(frame)) / (len(sizes) - 1)
    moments = anova_components(frame, outcome="y", groups=("therapist_id",))
    close([value.estimate for value in moments.values()], [(msb - msw) / n0, msw], 1e-10)


def test_a_negative_solution_is_zero_and_kept_as_a_fact():
    frame, msb, msw, _, size = one_way(0.0, seed=2)
    moments = anova_components(frame, outcome="y", groups=("therapist_id",))
    assert moments["variance_therapist_id"].estimate == 0.0 and "boundary" in moments["variance_therapist_id"].note
    assert moments.facts["solution_therapist_id"] == pytest.approx((msb - msw) / size)
    assert anova_components(frame.assign(therapist_id=1), outcome="y", groups=("therapist_id",)).status == "one_group"


# --- the test at the boundary ---


@pytest.mark.parametrize(
    ("chi2", "covariances", "p"),
    [
        (0.0, 0, 1.0),
        (0.0, 1, 1.0),
        (2.705543, 0, 0.05),
        (3.841459, 0, 0.025),
        (5.138, 1, 0.05),
        (7.045, 2, 0.05),
    ],
)
def test_critical_values_of_the_mixtures(chi2, covariances, p):
    """5.138 and 7.045 are the 5 % points for the second and third random effect (Stram & Lee 1994)."""
    assert boundary_p(chi2, covariances=covariances) == pytest.approx(p, abs=1e-4)


def test_the_test_of_a_slope_is_the_difference_of_two_criteria():
    frame = lines(clients=60)
    test = random_effect_test(frame, **SLOPE, of="client_id", slope="session")
    without = linear_mixed(frame, **(SLOPE | {"groups": {"client_id": ()}}))
    chi2 = without.facts["criterion"] - linear_mixed(frame, **SLOPE).facts["criterion"]
    assert test["chi2"].estimate == pytest.approx(chi2) and chi2 > 0
    assert test["chi2"].p == pytest.approx((stats.chi2.sf(chi2, 1) + stats.chi2.sf(chi2, 2)) / 2)
    assert test.facts["p_chi_square"] == pytest.approx(stats.chi2.sf(chi2, 2))


def test_the_test_of_therapists_in_one_way_groups_is_that_of_the_mean_squares():
    frame, msb, msw, groups, size = one_way(1.0)
    test = random_effect_test(frame, outcome="y", groups={"therapist_id": ()}, of="therapist_id")
    b, w = groups - 1, groups * (size - 1)
    pooled = (b * msb + w * msw) / (b + w)
    chi2 = (b + w) * math.log(pooled) - b * math.log(msb) - w * math.log(msw)
    assert test["chi2"].estimate == pytest.approx(chi2, rel=1e-6)
    share = variance_components(frame, outcome="y", groups=("therapist_id",))["share_therapist_id"]
    assert share.p == pytest.approx(test["chi2"].p, rel=1e-6) == pytest.approx(stats.chi2.sf(chi2, 1) / 2, rel=1e-6)


def test_the_test_uses_the_rows_of_the_larger_model_and_passes_on_what_is_wrong():
    frame = lines(clients=60)
    frame["week"] = np.where(frame.index % 3 == 0, np.nan, 2.0 * frame["session"])
    model = {"outcome": "oq45", "groups": {"client_id": ("week",)}}
    test = random_effect_test(frame, **model, of="client_id", slope="week")
    assert test.n == frame["week"].notna().sum()
    assert random_effect_test(frame.assign(client_id=1), **model, of="client_id", slope="week").status == "one_group"


def test_an_effect_that_is_not_there_cannot_be_tested():
    with pytest.raises(ValueError, match="no random slope"):
        random_effect_test(lines(), **SLOPE, of="client_id", slope="week")
    with pytest.raises(ValueError, match="without its slopes"):
        random_effect_test(lines(), **SLOPE, of="client_id")
