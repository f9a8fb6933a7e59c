"""Sudden gains and losses against the flags, counts and sizes that the R package suddengains gives."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.estimators.columns import by_session
from experiments.estimators.methods.change.early_response import early_response, outcome_by_early_response
from experiments.estimators.methods.change.sudden_gains import jumps, summary_of_jumps
from tests.experiments.estimators.sgdata import bdi, sgdata

NA = np.nan
GAINS = [
    ([28, 19, 23, 12, 13, NA], [0, 0, NA]),
    ([28, 19, 23, 11, 12, NA], [0, 1, NA]),
    ([28, 19, NA, 12, 13, NA], [NA, NA, NA]),
    ([28, 19, 23, 12, 14, NA], [0, 0, NA]),
    ([28, 25, 28, 11, 12, NA], [0, 1, NA]),
    ([28, 26, 28, 11, 12, NA], [0, 1, NA]),
    ([NA, 26, 28, NA, 12, 11], [NA, NA, NA]),
    ([35, 37, 23, 23, 24, 21], [1, 0, 0]),
    ([35, 37, 34, 24, 24, 21], [0, 1, 0]),
    ([35, 37, 34, 34, 24, 21], [0, 0, 1]),
    ([35, 37, 34, 37, 37, 37], [0, 0, 0]),
]
LOSSES = [
    ([10, 11, 12, 30, 28, 33], [0, 1, 0]),
    ([10, 11, 12, 10, 28, 33], [0, 0, 1]),
    ([10, 11, 30, 30, 28, 33], [1, 0, 0]),
    ([35, 37, 34, 23, 24, 21], [0, 0, 0]),
]


@pytest.mark.parametrize(("scores", "flags"), GAINS)
def test_gains_of_the_published_rows(scores, flags):
    np.testing.assert_array_equal(jumps(scores, cutoff=7).found[0, 1:4], np.array(flags, dtype=float))


@pytest.mark.parametrize(("scores", "flags"), LOSSES)
def test_losses_of_the_published_rows(scores, flags):
    np.testing.assert_array_equal(jumps(scores, cutoff=7, losses=True).found[0, 1:4], np.array(flags, dtype=float))


def test_published_counts_of_sgdata():
    got = summary_of_jumps(jumps(bdi(), cutoff=7))
    number = {name: value.estimate for name, value in got.items()}
    assert (got.n, number["jumps"]) == (43, 24)
    assert number["clients"] == 15 / 43 == pytest.approx(0.3488, abs=5e-5)
    assert number["several"] == 8 / 43 == pytest.approx(0.186, abs=5e-5)
    assert number["reversed"] == 4 / 24
    assert number["size"] == pytest.approx(11.00, abs=0.005)
    assert number["size_sd"] == pytest.approx(3.43, abs=0.005)
    assert number["first_reversed"] == 3 / 15
    assert number["first_size"] == pytest.approx(11.40, abs=0.005)
    assert number["first_size_sd"] == pytest.approx(3.98, abs=0.005)


def test_first_ten_gains_of_sgdata_with_size_and_reversal():
    found = jumps(bdi(), cutoff=7)
    who, pair = np.nonzero(found.found == 1)
    got = [
        (int(sgdata()["id"][i]), int(j) + 1, found.size[i, j], bool(found.reversed[i, j]))
        for i, j in zip(who, pair, strict=True)
    ]
    assert got[:10] == [
        (1, 3, 11, True),
        (1, 7, 12, False),
        (3, 8, 9, False),
        (4, 3, 10, True),
        (5, 3, 10, False),
        (5, 8, 13, False),
        (9, 3, 9, False),
        (10, 2, 10, False),
        (10, 4, 8, False),
        (12, 3, 8, True),
    ]


def test_the_readings_of_the_third_criterion_differ_only_where_scores_are_missing_or_errors_are_divided():
    number = {
        (adjusted, spread): int((jumps(bdi(), cutoff=7, adjusted=adjusted, spread=spread).found == 1).sum())
        for adjusted in (True, False)
        for spread in ("sd", "se")
    }
    assert number == {(True, "sd"): 24, (False, "sd"): 26, (True, "se"): 27, (False, "se"): 27}
    whole = bdi()[~np.isnan(bdi()).any(axis=1)]
    fixed, adjusted = (jumps(whole, cutoff=7, adjusted=each).found for each in (False, True))
    np.testing.assert_array_equal(fixed[:, 2:9], adjusted[:, 2:9])  # three scores on both sides: t is 2.776 in both


def test_by_the_t_test_a_smaller_difference_is_enough():
    scores = [20, 24, 22, 14, 18, 16]  # means 22 and 16, pooled SD 2: 6 > 2.776 * 2 / 1.22, but also > 2.776 * 2
    assert jumps(scores, cutoff=7).found[0, 2] == 1
    wider = [19, 25, 22, 13, 19, 16]  # pooled SD 3: 6 < 2.776 * 3 = 8.3, yet not < 2.776 * 3 * sqrt(2 / 3) = 6.8
    assert jumps(wider, cutoff=7).found[0, 2] == 0
    between = [19.5, 24.5, 22, 13.5, 18.5, 16]  # pooled SD 2.5: 6 < 6.94 but > 5.67
    assert jumps(between, cutoff=7).found[0, 2] == 0
    assert jumps(between, cutoff=7, spread="se").found[0, 2] == 1


def test_suddengains_asks_no_quarter_of_a_loss_and_a_share_of_0_does_the_same():
    scores = [40, 41, 40, 48, 49, 48]
    assert jumps(scores, cutoff=7, losses=True).found[0, 2] == 0
    assert jumps(scores, cutoff=7, losses=True, share=0).found[0, 2] == 1


def test_reversal_is_a_later_score_that_takes_back_more_than_half():
    half = jumps([28, 28, 28, 14, 14, 14, 21], cutoff=7)
    more = jumps([28, 28, 28, 14, 14, 14, 22], cutoff=7)
    assert (half.found[0, 2], half.reversed[0, 2], more.reversed[0, 2]) == (1, False, True)


rows = st.lists(
    st.lists(st.one_of(st.just(NA), st.integers(0, 40).map(float)), min_size=6, max_size=6), min_size=1, max_size=6
)


@given(rows)
def test_a_scale_turned_round_shows_its_losses_as_gains(scores):
    scores = np.array(scores)
    losses = jumps(scores, cutoff=7, losses=True, share=0)
    gains = jumps(scores, cutoff=7, share=0, higher_is_worse=False)
    np.testing.assert_array_equal(losses.found, gains.found)
    np.testing.assert_array_equal(losses.reversed, gains.reversed)


@given(rows, st.permutations(range(6)))
def test_clients_are_judged_one_by_one_and_on_any_ruler(scores, order):
    scores = np.array(scores)
    order = [i for i in order if i < len(scores)]
    whole = jumps(scores, cutoff=7)
    np.testing.assert_array_equal(jumps(scores[order], cutoff=7).found, whole.found[order])
    np.testing.assert_array_equal(jumps(4 * scores, cutoff=28).found, whole.found)


def test_long_tables_give_the_same_as_wide_ones_in_any_order_of_rows():
    wide = sgdata().set_index("id")[[f"bdi_s{t}" for t in range(1, 13)]]
    long = wide.stack().rename("bdi").rename_axis(["client_id", "session"]).reset_index()
    long["session"] = long["session"].str.removeprefix("bdi_s").astype(int)
    turned = by_session(long.sample(frac=1, random_state=1), "bdi", clients=wide.index)
    np.testing.assert_array_equal(turned, bdi())
    assert summary_of_jumps(jumps(turned, cutoff=7))["jumps"].estimate == 24


@pytest.mark.parametrize("sessions", [0, 1, 2, 3])
def test_therapies_too_short_for_a_window_have_no_gain_and_say_so(sessions):
    found = jumps(np.full((5, sessions), 10.0), cutoff=7)
    fit = summary_of_jumps(found)
    assert fit.status in ("too_few", "missing")
    assert fit.note != "" and not fit["clients"].ok
    assert list(found.first()) == [-1] * 5


def test_scores_that_never_move_have_no_gains_and_no_size():
    fit = summary_of_jumps(jumps(np.full((5, 8), 10.0), cutoff=7))
    assert fit["clients"].estimate == 0 and np.isnan(fit["clients"].se)
    assert fit["size"].status == "missing"


def test_early_response_compares_the_last_early_score_with_intake_and_leaves_out_the_first_session():
    before = np.array([20.0, 20, 20, 20, 20, NA])
    scores = np.array(
        [[10, NA, NA, 16], [10, 18, 17, NA], [10, 15, NA, NA], [10, NA, NA, NA], [20, 20, 20, 20], [1] * 4]
    )
    np.testing.assert_array_equal(early_response(before, scores), [1, 0, 1, NA, 0, NA])
    np.testing.assert_array_equal(early_response(before, scores, points=3), [1, 1, 1, NA, 0, NA])
    np.testing.assert_array_equal(early_response(before, scores, by_session=3), [NA, 0, 1, NA, 0, NA])


def test_responders_who_fare_alike_differ_by_nothing_and_few_give_a_reason():
    marks = np.array([1.0, 1, 0, 0, NA])
    fit = outcome_by_early_response(marks, np.array([1.0, 2, 1, 2, 5]))
    assert (fit["rate"].estimate, fit["d"].estimate) == (0.5, 0)
    assert outcome_by_early_response(marks, np.full(5, NA))["d"].status == "missing"


def test_a_wrong_reading_is_a_mistake_of_the_programmer():
    with pytest.raises(ValueError, match="as published"):
        jumps([1, 2, 3], cutoff=7, spread="variance")


def test_rows_of_clients_that_are_not_asked_for_are_left_out():
    table = pd.DataFrame({"client_id": [1, 2, 2], "session": [1, 1, 2], "phq9": [5, 6, 7]})
    np.testing.assert_array_equal(by_session(table, "phq9", clients=[2, 3]), [[6, 7], [NA, NA]])


def test_a_jump_of_exactly_the_cutoff_counts_though_floats_fall_short_of_it():
    """As floats 2.3 - 1.8 = .4999999999999998."""
    assert jumps([2.3, 2.3, 2.3, 1.8, 1.8, 1.8], cutoff=0.5, share=0.2).found[0, 2] == 1
    assert jumps([2.3, 2.3, 2.3, 1.9, 1.9, 1.9], cutoff=0.5, share=0.1).found[0, 2] == 0
    scores = np.array([[9, 1.8, 1.8, 1.8]])
    assert early_response(pd.Series([2.3], index=[5]), scores, points=0.5) == [1]
