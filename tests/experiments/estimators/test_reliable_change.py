"""Reliable and clinically significant change against the numbers of suddengains and of the textbook example."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.estimators.methods.change.reliable_change import (
    DETERIORATED,
    LABELS,
    RECOVERED,
    UNCHANGED,
    classify,
    cut_offs,
    reliable_change_index,
    reliable_change_of_data,
    shares_of_change,
)
from experiments.estimators.methods.change.two_scales import Pair, two_scale_rates
from tests.experiments.estimators.sgdata import sgdata


def numbers(fit):
    return {name: value.estimate for name, value in fit.items()}


def test_index_of_a_scale_with_known_sd_and_reliability_as_published_by_suddengains():
    got = numbers(reliable_change_index(10.5, 0.961))
    assert got["sem"] == pytest.approx(2.073584, abs=5e-7)
    assert got["difference_se"] == pytest.approx(2.93249, abs=5e-7)
    assert got["reliable_change"] == pytest.approx(5.747681, abs=5e-7)


def test_index_of_the_first_scores_of_sgdata_as_published_by_suddengains():
    fit = reliable_change_of_data(sgdata()["bdi_s0"].to_numpy(float), 0.931)
    assert sgdata()["bdi_s0"].std() == pytest.approx(6.396073, abs=5e-7)
    assert fit["sem"].estimate == pytest.approx(1.680111, abs=5e-7)
    assert fit["difference_se"].estimate == pytest.approx(2.376036, abs=5e-7)
    assert fit["reliable_change"].estimate == pytest.approx(4.65703, abs=5e-7)


def test_example_of_jacobson_and_truax():
    index = numbers(reliable_change_index(7.5, 0.80))
    assert index["sem"] == pytest.approx(3.354, abs=5e-4)
    assert index["difference_se"] == pytest.approx(4.743, abs=5e-4)
    assert (47.5 - 32.5) / index["difference_se"] == pytest.approx(3.162, abs=5e-4)
    cuts = numbers(cut_offs(clinic_mean=40, clinic_sd=7.5, community_mean=60, community_sd=7.5))
    assert cuts == {"a": 55, "b": 45, "c": 50}


def test_cut_offs_of_scales_on_which_higher_is_worse_as_the_evidence_table_works_them_out():
    oq45 = cut_offs(clinic_mean=83.1, clinic_sd=22.2, community_mean=45.2, community_sd=18.6)
    phq9 = cut_offs(clinic_mean=13.8, clinic_sd=6.0, community_mean=2.9, community_sd=3.5)
    assert oq45["c"].estimate == pytest.approx(62.5, abs=0.05)
    assert phq9["c"].estimate == pytest.approx(6.9, abs=0.05)
    assert oq45["a"].estimate == pytest.approx(83.1 - 44.4)


def test_clients_are_classified_by_both_questions_and_limits_count_as_reached():
    before = np.array([18, 18, 18, 18, 9, 15, 10, np.nan])
    after = np.array([9, 12, 13, 24, 3, 16, 4, 3])
    got = classify(before, after, reliable_change=6, cutoff=10)
    wanted = ["recovered", "improved", "unchanged", "deteriorated", "improved", "unchanged", "recovered", None]
    assert list(got) == wanted


scores = st.lists(st.tuples(st.integers(0, 27), st.integers(0, 27)), min_size=2, max_size=30)


@given(scores)
def test_a_scale_turned_round_classifies_the_same(pairs):
    before, after = np.array(pairs, dtype=float).T
    straight = classify(before, after, reliable_change=6, cutoff=10)
    turned = classify(27 - before, 27 - after, reliable_change=6, cutoff=17, higher_is_worse=False)
    assert list(straight) == list(turned)
    fit = shares_of_change(straight)
    assert sum(fit[label].estimate for label in LABELS) == pytest.approx(1)


@given(scores)
def test_points_on_another_ruler_classify_the_same(pairs):
    before, after = np.array(pairs, dtype=float).T
    straight = classify(before, after, reliable_change=6, cutoff=10)
    assert list(straight) == list(classify(4 * before + 8, 4 * after + 8, reliable_change=24, cutoff=48))


@pytest.mark.parametrize(
    ("fit", "status"),
    [
        (reliable_change_index(float("nan"), 0.9), "missing"),
        (reliable_change_index(0.0, 0.9), "constant"),
        (reliable_change_index(5.0, 1.2), "not_finite"),
        (reliable_change_of_data(np.array([3.0, np.nan]), 0.9), "too_few"),
        (cut_offs(clinic_mean=10, clinic_sd=2, community_mean=10, community_sd=2), "constant"),
        (cut_offs(clinic_mean=10, clinic_sd=2, community_mean=None, community_sd=2), "missing"),
        (shares_of_change(np.array([None, None], dtype=object)), "missing"),
    ],
)
def test_no_index_without_what_it_needs(fit, status):
    assert (fit.status, fit.note != "") == (status, True)
    assert not fit["sem"].ok


def pair(rows):
    table = pd.DataFrame(rows, columns=["p0", "g0", "p1", "g1"]).astype(float)
    columns = [table[name].to_numpy() for name in table]
    return Pair(
        before=(columns[0], columns[1]), after=(columns[2], columns[3]), cutoffs=(10, 8), reliable_changes=(6, 4)
    )


def test_rule_of_two_scales_on_six_courses_counted_by_hand():
    courses = [
        [16, 12, 9, 9],  # fell reliably, still anxious: improved, not recovered
        [16, 12, 9, 7],  # recovered and improved
        [10, 3, 9, 3],  # recovered without reliable change
        [9, 7, 2, 7],  # no case, improved
        [16, 6, 8, 11],  # one fell, the other rose: neither improved nor deteriorated; a case at the end
        [12, 9, 18, 9],  # deteriorated
        [16, 12, np.nan, 9],  # a score is missing
    ]
    got = two_scale_rates(pair(courses))
    assert got.n == 6
    assert got["recovered"].estimate == pytest.approx(2 / 5)
    assert got["reliably_recovered"].estimate == pytest.approx(1 / 5)
    assert got["improved_cases"].estimate == pytest.approx(2 / 5)
    assert got["improved"].estimate == pytest.approx(3 / 6)
    assert got["deteriorated"].estimate == pytest.approx(1 / 6)
    assert got["no_change"].estimate == pytest.approx(2 / 6)


def test_no_courses_have_no_rates():
    got = two_scale_rates(pair([[np.nan, 3, 4, 5]]))
    assert {value.status for value in got.values()} == {"missing"}


def test_a_change_of_exactly_the_index_counts_though_floats_fall_short_of_it():
    """As floats 2.3 - 1.8 = .4999999999999998."""
    assert list(classify([2.3, 1.8, 2.3], [1.8, 2.3, 1.9], reliable_change=0.5, cutoff=2)) == [
        RECOVERED,
        DETERIORATED,
        UNCHANGED,
    ]
    scale = np.array([2.3])
    both = Pair(before=(scale, scale), after=(scale - 0.5, scale), cutoffs=(2, 2), reliable_changes=(0.5, 0.5))
    assert list(both.fell) == [1]


def test_scores_are_matched_by_place_not_by_the_index_of_a_series():
    before, after = pd.Series([20.0, 20], index=[4, 7]), pd.Series([10.0, 20], index=[7, 4])
    assert list(classify(before, after, reliable_change=6, cutoff=12)) == [RECOVERED, UNCHANGED]
