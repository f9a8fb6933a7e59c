"""Cumulative incidence of competing endings against known answers."""

import numpy as np
import pytest

from experiments.estimators.methods.survival.cumulative_incidence import cumulative_incidence

TIMES = [1, 2, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10]
EVENTS = [1, 0, 1, 2, 1, 2, 0, 1, 2, 1, 0, 0]
KNOWN = {
    1: (0.916667, 0.083333, 0.0),
    2: (0.833333, 0.166667, 0.0),
    3: (0.740741, 0.166667, 0.092593),
    4: (0.555556, 0.259259, 0.185185),
    6: (0.444444, 0.370370, 0.185185),
    7: (0.333333, 0.370370, 0.296296),
    8: (0.222222, 0.481481, 0.296296),
    10: (0.222222, 0.481481, 0.296296),
}
"""Free, cause 1, cause 2 as survfit (R survival) and cmprsk give them."""


@pytest.fixture
def curve():
    return cumulative_incidence(TIMES, EVENTS, of=(1, 2))


@pytest.mark.parametrize("time", KNOWN)
def test_incidence_is_what_survfit_and_cmprsk_give(curve, time):
    got = curve.free_at(time), curve.at(1, time), curve.at(2, time)
    assert got == pytest.approx(KNOWN[time], abs=1e-6)


def test_one_minus_kaplan_meier_is_never_what_is_reported(curve):
    free = 1.0
    for time in range(1, 11):
        at_risk = sum(t >= time for t in TIMES)
        free *= 1 - sum(t == time and e == 1 for t, e in zip(TIMES, EVENTS, strict=True)) / at_risk
    assert 1 - free == pytest.approx(0.611111, abs=1e-6)
    assert curve.at(1, 10) < 1 - free


def test_causes_and_those_still_in_therapy_add_up_to_everybody(curve):
    assert curve.share[1] + curve.share[2] + curve.free == pytest.approx(np.ones(curve.times.size))


def test_before_the_first_time_nobody_has_ended(curve):
    assert curve.at(1, 0) == 0
    assert curve.free_at(0) == 1


def test_without_censoring_variance_is_that_of_a_share():
    rng = np.random.default_rng(1)
    times, causes = rng.integers(1, 9, size=200), rng.integers(1, 4, size=200)
    curve = cumulative_incidence(times, causes, of=(1, 2, 3))
    for cause in (1, 2, 3):
        share = np.array([np.mean((times <= time) & (causes == cause)) for time in curve.times])
        assert curve.share[cause] == pytest.approx(share)
        assert curve.se[cause] ** 2 == pytest.approx(share * (1 - share) / 200)


def test_with_one_cause_variance_is_greenwoods():
    rng = np.random.default_rng(2)
    times, event = rng.integers(1, 9, size=120), rng.integers(0, 2, size=120)
    curve = cumulative_incidence(times, event, of=(1,))
    deaths = np.array([np.sum((times == time) & (event == 1)) for time in curve.times])
    terms = deaths[:-1] / (curve.at_risk[:-1] * (curve.at_risk[:-1] - deaths[:-1]))
    assert curve.se[1][:-1] == pytest.approx(curve.free[:-1] * np.sqrt(np.cumsum(terms)))


def test_intervals_hold_the_share_and_stay_between_0_and_1(curve):
    seen = np.isfinite(curve.low[1])
    assert seen.any()
    assert np.all(curve.low[1][seen] < curve.share[1][seen])
    assert np.all(curve.high[1][seen] > curve.share[1][seen])
    assert np.all((curve.low[1][seen] > 0) & (curve.high[1][seen] < 1))


def test_where_nobody_has_ended_there_is_no_interval(curve):
    assert np.isnan(curve.low[2][0]) and np.isnan(curve.high[2][0])


@pytest.mark.statistics
def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """Two constant causes, random censoring; 95 % intervals, 2,000 clinics: cover .93-.965 (false alarm below 1e-4)."""
    rng, covered = np.random.default_rng(3), 0
    truth = 0.1 / 0.25 * (1 - 0.75**5)
    for _ in range(2000):
        end, stop = rng.geometric(0.25, size=150), rng.integers(1, 15, size=150)
        cause = np.where(end <= stop, np.where(rng.random(150) < 0.4, "left", "well"), "still here")
        curve = cumulative_incidence(np.minimum(end, stop), cause, of=("left", "well"))
        step = np.searchsorted(curve.times, 5, side="right") - 1
        covered += curve.low["left"][step] <= truth <= curve.high["left"][step]
    assert 0.93 <= covered / 2000 <= 0.965


def test_constant_hazard_gives_the_closed_form():
    """.0181 after each of 12 sessions and no other ending: 1 - (1 - .0181)^12 = .1968."""
    n, h = 10_000_000, 0.0181
    left = [round(n * (1 - h) ** (t - 1) * h) for t in range(1, 13)]
    times = np.repeat([*range(1, 13), 12], [x // 1000 for x in left] + [(n - sum(left)) // 1000])
    causes = np.repeat(["left"] * 12 + ["in_therapy"], [x // 1000 for x in left] + [(n - sum(left)) // 1000])
    curve = cumulative_incidence(times, causes, of=("left",))
    assert curve.at("left", 12) == pytest.approx(0.1968, abs=2e-3)


@pytest.mark.parametrize(
    ("times", "status", "words"),
    [
        ([], "missing", "There are 0 clients"),
        ([1, 2], "too_few", "There are 2 clients"),
        ([np.nan] * 9, "missing", "0"),
    ],
)
def test_too_few_clients_give_a_reason_and_no_curve(times, status, words):
    curve = cumulative_incidence(times, [1] * len(times), of=(1,))
    assert curve.status == status
    assert words in curve.note
    assert curve.share[1].size == 0


def test_the_last_client_to_end_breaks_nothing():
    curve = cumulative_incidence([1, 2, 3, 4, 5], [1, 1, 1, 2, 2], of=(1, 2))
    assert curve.free[-1] == 0
    assert np.isfinite(curve.se[1]).all()
    assert curve.share[1][-1] + curve.share[2][-1] == pytest.approx(1)
