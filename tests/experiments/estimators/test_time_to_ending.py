"""Kaplan-Meier, Gray's test and discrete-time hazards against numbers by hand, closed forms and statsmodels."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiments.estimators.methods.logistic.logistic import logistic
from experiments.estimators.methods.survival.cumulative_incidence import cumulative_incidence
from experiments.estimators.methods.survival.gray import gray_test
from experiments.estimators.methods.survival.hazards import hazard_regression, hazard_table, hazards, person_periods
from experiments.estimators.methods.survival.kaplan_meier import kaplan_meier, median
from experiments.estimators.summary import difference_of_groups

TIMES = [1, 2, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10]
EVENTS = [1, 0, 1, 2, 1, 2, 0, 1, 2, 1, 0, 0]


@pytest.fixture(scope="module")
def clients():
    luck = np.random.default_rng(6)
    n = 300
    held, stop = luck.geometric(0.15, size=n), luck.integers(1, 25, size=n)
    kind = luck.choice(["dissatisfied", "good_enough"], p=[0.4, 0.6], size=n)
    return pd.DataFrame(
        {
            "sessions_held": np.minimum(held, stop),
            "ending": np.where(held <= stop, kind, "in_therapy"),
            "minority": luck.integers(0, 2, size=n),
            "arm": luck.choice(["a", "b", "c"], size=n),
        }
    )


# Kaplan-Meier


def test_naive_one_minus_kaplan_meier_is_the_number_that_must_not_be_reported():
    """Software answer 6a: .611111 for cause 1, where the cumulative incidence is .481481."""
    naive = 1 - kaplan_meier(TIMES, np.equal(EVENTS, 1)).share[-1]
    assert naive == pytest.approx(0.611111, abs=1e-6)
    assert cumulative_incidence(TIMES, EVENTS, of=(1, 2)).at(1, 10) == pytest.approx(0.481481, abs=1e-6)


def test_without_censoring_the_curve_is_the_share_left_and_its_error_that_of_a_share():
    times = np.random.default_rng(1).geometric(0.2, size=100)
    curve = kaplan_meier(times, np.ones(100))
    for step, time in enumerate(curve.times[:-1]):
        left = np.mean(times > time)
        assert curve.share[step] == pytest.approx(left)
        assert curve.se[step] == pytest.approx(math.sqrt(left * (1 - left) / 100))
    assert curve.share[-1] == 0 and math.isnan(curve.se[-1])


def test_the_same_as_statsmodels(clients):
    from statsmodels.duration.survfunc import SurvfuncRight

    event = (clients["ending"] != "in_therapy").to_numpy(dtype=float)
    peer = SurvfuncRight(clients["sessions_held"], event)
    curve = kaplan_meier(clients["sessions_held"], event)
    at = np.searchsorted(curve.times, peer.surv_times)
    assert curve.share[at] == pytest.approx(peer.surv_prob, rel=1e-12)
    assert curve.se[at] == pytest.approx(peer.surv_prob_se, rel=1e-12, nan_ok=True)
    assert median(curve).estimate == peer.quantile(0.5)


def test_the_interval_is_log_log():
    curve = kaplan_meier(TIMES, np.greater(EVENTS, 0))
    share, se = curve.share[4], curve.se[4]
    move = 1.959963985 * se / (share * abs(math.log(share)))
    assert curve.low[4] == pytest.approx(share ** math.exp(move))
    assert curve.high[4] == pytest.approx(share ** math.exp(-move))


@pytest.mark.parametrize(
    ("times", "events", "expected"),
    [
        ([1, 2, 3, 4, 5], [1, 1, 1, 1, 1], 3),
        ([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 1], 3.5),
        ([1, 2, 3, 3, 4, 9], [1, 1, 1, 0, 0, 1], 6),
        ([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0], 3),
        ([2, 2, 2, 2, 2], [1, 1, 1, 1, 1], 2),
    ],
)
def test_median_by_hand(times, events, expected):
    assert median(kaplan_meier(times, events)).estimate == expected


def test_a_median_that_is_not_reached_is_no_number():
    got = median(kaplan_meier([1, 2, 3, 4, 5, 6], [1, 1, 0, 0, 0, 0]))
    assert got.status == "too_few"
    assert math.isnan(got.estimate)


def test_the_interval_of_the_median_is_where_the_bands_cross_one_half(clients):
    curve = kaplan_meier(clients["sessions_held"], clients["ending"] != "in_therapy")
    got = median(curve)
    inside = [time for time, low, high in zip(curve.times, curve.low, curve.high, strict=True) if low < 0.5 <= high]
    assert got.low == inside[0]
    assert got.low <= got.estimate <= got.high


def test_the_share_at_a_time_with_its_interval():
    curve = kaplan_meier(TIMES, np.greater(EVENTS, 0))
    got = curve.value(4.5)
    assert (got.estimate, got.low, got.high) == (curve.share[3], curve.low[3], curve.high[3])
    assert curve.value(0.5).estimate == 1
    assert curve.value(11).status == "too_few"
    assert kaplan_meier([1.0], [1]).value(1).status == "too_few"


def test_stretching_time_stretches_the_median_and_nothing_else(clients):
    event = (clients["ending"] != "in_therapy").to_numpy(dtype=float)
    first, second = (kaplan_meier(clients["sessions_held"] * each, event) for each in (1.0, 7.0))
    assert second.share == pytest.approx(first.share)
    assert median(second).estimate == pytest.approx(7 * median(first).estimate)


# Cumulative incidence


@pytest.mark.parametrize("variance", ["delta", "aalen"])
def test_cumulative_incidence_does_not_depend_on_order_or_labels(clients, variance):
    shuffled = clients.sample(frac=1, random_state=2).replace({"ending": {"dissatisfied": "z"}})
    kinds = ("dissatisfied", "good_enough"), ("z", "good_enough")
    first, second = (
        cumulative_incidence(each["sessions_held"], each["ending"], of=of, variance=variance)
        for each, of in zip((clients, shuffled), kinds, strict=True)
    )
    assert second.share["z"] == pytest.approx(first.share["dissatisfied"])
    assert second.se["z"] == pytest.approx(first.se["dissatisfied"])


def test_the_delta_variance_is_that_of_statsmodels_where_it_has_one(clients):
    from statsmodels.duration.survfunc import CumIncidenceRight

    code = clients["ending"].map({"in_therapy": 0, "dissatisfied": 1, "good_enough": 2}).to_numpy()
    with np.errstate(all="ignore"):
        peer = CumIncidenceRight(clients["sessions_held"].to_numpy(), code)
    curve = cumulative_incidence(clients["sessions_held"], code, of=(1, 2))
    known = np.isfinite(peer.cinc_se[0])
    assert known.sum() > 15
    for cause in (1, 2):
        assert curve.share[cause] == pytest.approx(peer.cinc[cause - 1], rel=1e-12)
        assert curve.se[cause][known] == pytest.approx(peer.cinc_se[cause - 1][known], rel=1e-8)


def test_where_the_last_client_ends_we_have_an_error_and_statsmodels_has_none():
    """The fault for which our own formula is kept: 0 / 0 where everybody has ended."""
    from statsmodels.duration.survfunc import CumIncidenceRight

    times, causes = np.array([1, 2, 3, 4, 5, 6]), np.array([1, 2, 1, 2, 1, 2])
    with np.errstate(all="ignore"):
        peer = CumIncidenceRight(times, causes)
    curve = cumulative_incidence(times, causes, of=(1, 2))
    assert math.isnan(peer.cinc_se[0][-1])
    assert curve.se[1][-1] == pytest.approx(math.sqrt(0.5 * 0.5 / 6))


def test_the_two_variances_are_close_in_a_large_sample():
    luck = np.random.default_rng(3)
    times, causes = luck.geometric(0.1, size=20_000), luck.integers(0, 3, size=20_000)
    first, second = (cumulative_incidence(times, causes, of=(1, 2), variance=each) for each in ("delta", "aalen"))
    assert second.se[1][:20] == pytest.approx(first.se[1][:20], rel=0.02)
    assert not np.allclose(second.se[1], first.se[1], rtol=1e-6)


def test_an_unknown_variance_is_a_mistake():
    with pytest.raises(ValueError, match="delta, aalen"):
        cumulative_incidence(TIMES, EVENTS, of=(1, 2), variance="gray")


def test_a_share_is_not_carried_beyond_the_last_client_watched():
    curve = cumulative_incidence(TIMES, EVENTS, of=(1, 2))
    assert curve.value(1, 10).estimate == pytest.approx(0.481481, abs=1e-6)
    assert curve.value(1, 10).low < 0.481481 < curve.value(1, 10).high
    assert curve.value(1, 11).status == "too_few"
    assert curve.value(1, 0).estimate == 0


def test_a_constant_hazard_of_0181_loses_1968_in_twelve_sessions():
    """Known answer: closed form to 1e-4, and 100,000 clients within .004."""
    closed = 1 - (1 - 0.0181) ** 12
    assert closed == pytest.approx(0.1968, abs=1e-4)
    luck = np.random.default_rng(20261124)
    held = luck.geometric(0.0181, size=100_000)
    kinds = np.where(held <= 12, "dropout", "in_therapy")
    got = cumulative_incidence(np.minimum(held, 12), kinds, of=("dropout",)).value("dropout", 12)
    assert got.estimate == pytest.approx(0.1968, abs=0.004)
    assert hazards(np.minimum(held, 12), kinds, of=("dropout",), at=(1, 6, 12))["h6"].estimate == pytest.approx(
        0.0181, abs=0.002
    )


def test_dropouts_and_the_session_at_which_they_rate():
    """Known answer: dropout .198 (.005); d .555, .588 and .748 (.025) for three readings of the same clients."""
    luck = np.random.default_rng(20261124)
    n, sessions = 100_000, 12
    alliance = luck.normal(0, math.sqrt(0.7), size=(n, 1)) + luck.normal(0, math.sqrt(0.3), size=(n, sessions))
    report = alliance + luck.normal(0, math.sqrt(1 / 0.9 - 1), size=(n, sessions))
    leaves = luck.random((n, sessions)) < 1 / (1 + np.exp(4.22 + 0.75 * alliance))
    left = leaves.any(axis=1)
    last = np.where(left, leaves.argmax(axis=1), sessions - 1)
    curve = cumulative_incidence(last + 1, np.where(left, "dropout", "in_therapy"), of=("dropout",))
    assert curve.at("dropout", 12) == pytest.approx(0.198, abs=0.005)
    for reading, d in ((np.zeros(n, int), 0.555), (np.minimum(last, 2), 0.588), (last, 0.748)):
        rating = report[np.arange(n), reading]
        assert difference_of_groups(rating[~left], rating[left], what="reports").estimate == pytest.approx(d, abs=0.025)


# Gray's test


def test_with_one_cause_the_score_is_that_of_the_log_rank_test():
    """Observed minus expected: sum over times of d_1 - d n_1 / n. (The variances are estimated differently.)"""
    luck = np.random.default_rng(5)
    times, group = luck.geometric(0.2, size=100), np.repeat([0, 1], 50)
    expected = 0.0
    for time in np.unique(times):
        here, risk = times == time, times >= time
        expected += np.sum(here & (group == 0)) - here.sum() * np.sum(risk & (group == 0)) / risk.sum()
    got = gray_test(times, np.ones(100), group, of=(1,))
    assert got.facts["score_1_0"] == pytest.approx(expected)


def test_gray_statistic_has_chi2_p_and_scores_that_add_up_to_0(clients):
    got = gray_test(clients["sessions_held"], clients["ending"], clients["arm"], of=("dissatisfied", "good_enough"))
    for cause in ("dissatisfied", "good_enough"):
        assert got[cause].p == pytest.approx(stats.chi2.sf(got[cause].estimate, 2))
        assert sum(got.facts[f"score_{cause}_{arm}"] for arm in "abc") == pytest.approx(0, abs=1e-9)
    assert (got.facts["df"], got.n) == (2, 300)


def test_gray_does_not_depend_on_order_labels_or_the_unit_of_time(clients):
    of = ("dissatisfied", "good_enough")
    first = gray_test(clients["sessions_held"], clients["ending"], clients["arm"], of=of)
    other = clients.sample(frac=1, random_state=4).replace({"arm": {"a": "z"}})
    second = gray_test(other["sessions_held"] * 3.5, other["ending"], other["arm"], of=of)
    for cause in of:
        assert second[cause].estimate == pytest.approx(first[cause].estimate, rel=1e-9)


def test_one_stratum_is_no_strata_and_a_copy_as_second_stratum_doubles_the_statistic(clients):
    columns = [clients[name].to_numpy() for name in ("sessions_held", "ending", "arm")]
    of = ("dissatisfied", "good_enough")
    first = gray_test(*columns, of=of)
    single = gray_test(*columns, of=of, strata=np.zeros(300))
    assert single["dissatisfied"].estimate == first["dissatisfied"].estimate
    twice = gray_test(*(np.tile(column, 2) for column in columns), of=of, strata=np.repeat(["x", "y"], 300))
    assert twice["dissatisfied"].estimate == pytest.approx(2 * first["dissatisfied"].estimate)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"arm": "a"}, "one_group"),
        ({"arm": None}, "missing"),
        ({"sessions_held": np.nan}, "missing"),
        ({"arm": ["a"] * 297 + ["b"] * 3}, "too_few"),
    ],
)
def test_gray_says_why_it_cannot(clients, change, status):
    rows = clients.assign(**change)
    got = gray_test(rows["sessions_held"], rows["ending"], rows["arm"], of=("dissatisfied", "good_enough"))
    assert (got.status, len(got)) == (status, 0)
    assert got["dissatisfied"].status == status


def test_gray_on_an_ending_that_nobody_has(clients):
    got = gray_test(clients["sessions_held"], clients["ending"], clients["arm"], of=("good_enough", "transferred"))
    assert got["transferred"].status == "too_few"
    assert got["good_enough"].ok


def two_arms(luck, *, n=200, odds=1.0):
    """Clients of two arms: each session some drop out and some are well enough; some are watched for a short time."""
    arm = np.repeat([0, 1], n // 2)
    drop = 0.05 * np.where(arm == 1, odds, 1.0)
    held = luck.geometric(drop + 0.06)
    kind = np.where(luck.random(n) < drop / (drop + 0.06), "dropout", "good_enough")
    stop = luck.integers(2, 30, size=n)
    return np.minimum(held, stop), np.where(held <= stop, kind, "in_therapy"), arm


@pytest.mark.statistics
def test_gray_raises_a_false_alarm_in_5_of_100_and_finds_a_difference():
    """1,000 clinics of 200 clients without a difference, exact binomial, false alarm .001; 200 with three times."""
    luck = np.random.default_rng(12)
    of = ("dropout", "good_enough")
    p = [gray_test(*two_arms(luck), of=of)["dropout"].p for _ in range(1000)]
    low, high = stats.binom.ppf([0.0005, 0.9995], 1000, 0.05)
    assert low <= sum(each < 0.05 for each in p) <= high
    fits = [gray_test(*two_arms(luck, odds=3.0), of=of) for _ in range(200)]
    assert np.mean([fit["dropout"].p < 0.05 for fit in fits]) > 0.9
    assert np.mean([fit.facts["score_dropout_1"] > 0 for fit in fits]) > 0.99


# Hazards


def test_hazards_by_hand():
    """Of 12, 1 ends after session 1; of 11, 1 after session 2 (one is censored there); of 8, 2 after session 4."""
    got = hazards(TIMES, EVENTS, of=(1, 2), at=(1, 2, 3, 4, 5))
    assert [got[f"h{t}"].estimate for t in range(1, 6)] == pytest.approx([1 / 12, 1 / 11, 1 / 9, 2 / 8, 0])
    assert got["h4"].se == pytest.approx(math.sqrt(0.25 * 0.75 / 8))
    assert got["h4"].n == 8
    assert math.isnan(got["h5"].se)
    assert got["h5"].high == pytest.approx(1.959963985**2 / (6 + 1.959963985**2))


def test_hazards_and_the_curve_are_two_views_of_the_same():
    table = hazard_table(TIMES, EVENTS, of=(1, 2))
    curve = cumulative_incidence(TIMES, EVENTS, of=(1, 2))
    assert np.cumprod(1 - table["hazard"].to_numpy()) == pytest.approx(curve.free)
    assert table["at_risk"].tolist() == curve.at_risk.tolist()
    before = np.concatenate([[1], curve.free[:-1]])
    assert np.cumsum(before * (table[1] / table["at_risk"]).to_numpy()) == pytest.approx(curve.share[1])


def test_hazards_without_clients_at_risk_are_absent():
    got = hazards(TIMES, EVENTS, of=(1, 2), at=(1, 9, 40))
    assert (got["h9"].status, got["h40"].status) == ("too_few", "missing")
    assert hazards([1, 2], [1, 1], of=(1,), at=(1, 2)).status == "too_few"
    assert hazards([np.nan] * 9, [1] * 9, of=(1,), at=(1,))["h1"].status == "missing"


def test_one_row_per_client_and_session():
    frame = pd.DataFrame(
        {"sessions_held": [2, 0, None, 3], "ending": ["left", "left", "left", "in_therapy"], "age": [30, 40, 50, 60]}
    )
    rows = person_periods(frame, time="sessions_held", cause="ending", of=("left",), predictors=("age",))
    assert rows["row"].tolist() == [0, 0, 3, 3, 3]
    assert rows["period"].tolist() == [1, 2, 1, 2, 3]
    assert rows["event"].tolist() == [0, 1, 0, 0, 0]
    assert rows["age"].tolist() == [30, 30, 60, 60, 60]


def regression(frame, predictors=("minority",), **more):
    return hazard_regression(
        frame, time="sessions_held", cause="ending", of=("dissatisfied",), predictors=predictors, **more
    )


def test_without_predictors_the_levels_are_the_hazards(clients):
    got = regression(clients, predictors=(), upto=6)
    table = hazard_table(clients["sessions_held"], clients["ending"], of=("dissatisfied",))
    for time, hazard, at_risk in table[["time", "hazard", "at_risk"]].head(6).to_numpy():
        level = got[f"level_{time:g}"]
        assert 1 / (1 + math.exp(-level.estimate)) == pytest.approx(hazard)
        assert level.se == pytest.approx(1 / math.sqrt(at_risk * hazard * (1 - hazard)))


def test_regression_is_a_logistic_regression_of_person_periods(clients):
    got = regression(clients, upto=5)
    rows = person_periods(clients, time="sessions_held", cause="ending", of=("dissatisfied",), predictors=("minority",))
    rows = rows[rows["period"] <= 5]
    for period in range(2, 6):
        rows[f"p{period}"] = (rows["period"] == period).astype(float)
    peer = logistic(rows, outcome="event", predictors=("p2", "p3", "p4", "p5", "minority"))
    assert got["minority"].estimate == pytest.approx(peer["minority"].estimate)
    assert got["minority"].se == pytest.approx(peer["minority"].se)
    assert got["level_3"].estimate == pytest.approx(peer["intercept"].estimate + peer["p3"].estimate)
    assert got.n == 300
    assert got.facts["person_periods"] == len(rows)


def test_sessions_after_which_nobody_left_say_nothing_and_are_counted(clients):
    quiet = clients[~((clients["sessions_held"] == 3) & (clients["ending"] == "dissatisfied"))]
    got = regression(quiet, upto=5)
    assert got.ok
    assert "level_3" not in got
    assert got.facts["periods_left_out"] == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"minority": 1}, "constant"),
        ({"minority": np.nan}, "too_few"),
        ({"ending": "in_therapy"}, "too_few"),
        ({"sessions_held": np.nan}, "too_few"),
    ],
)
def test_regression_says_why_it_cannot(clients, change, status):
    got = regression(clients.assign(**change))
    assert (got.status, len(got)) == (status, 0)


def test_regression_sees_separation(clients):
    left = (clients["ending"] == "dissatisfied").astype(int)
    assert regression(clients.assign(minority=left)).status == "separation"


@pytest.mark.parametrize("n", [0, 2, 4])
def test_too_few_clients_give_no_curve(n):
    curve = kaplan_meier([1.0] * n, [1] * n)
    assert curve.status == ("missing" if n == 0 else "too_few")
    assert median(curve).status == curve.status


@pytest.mark.parametrize("variance", ["delta", "aalen"])
def test_everybody_ended_by_one_cause_and_nothing_else_is_claimed(variance):
    """Rounding leaves the share a hair below 1; that must not become an interval from 0 to 1."""
    times = np.concatenate([np.arange(1.0, 50.0), np.repeat([50.0, 60.0], 7)])
    with np.errstate(all="raise"):
        curve = cumulative_incidence(times, ["left"] * times.size, of=("left",), variance=variance)
    last = curve.value("left", 60)
    assert last.estimate == 1
    assert np.isnan([last.se, last.low, last.high]).all()
    assert 0 < curve.value("left", 50).se < 0.1


@pytest.mark.parametrize("gap", [None, float("nan"), pd.NA])
def test_a_missing_cause_is_censored_whatever_marks_it(gap):
    times, causes = np.arange(1.0, 13.0), np.array(["left", "well", gap] * 4, dtype=object)
    censored, groups = np.array(["left", "well", "-"] * 4), ["a"] * 6 + ["b"] * 6
    of = ("left", "well")
    got, want = (cumulative_incidence(times, each, of=of).share["left"] for each in (causes, censored))
    np.testing.assert_array_equal(got, want)
    # by repr: from Python 3.13 on, two dataclasses that hold nan are not equal
    assert repr(gray_test(times, causes, groups, of=of)) == repr(gray_test(times, censored, groups, of=of))
    got, want = (hazards(times, each, of=of, at=(1, 3))["h3"] for each in (causes, censored))
    assert repr(got) == repr(want)
    pd.testing.assert_frame_equal(hazard_table(times, causes, of=of), hazard_table(times, censored, of=of))
