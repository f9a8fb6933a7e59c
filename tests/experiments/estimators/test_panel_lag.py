"""Within-client lags: exact on the moments of an endless sample, Nickell's own formula for what is corrected."""

import numpy as np
import pytest

from experiments.estimators.methods.panel.panel_steps import steps
from experiments.estimators.methods.panel.panel_var import solve
from experiments.estimators.methods.panel.within_between import within_between
from experiments.estimators.methods.panel.within_lag import within_lag, within_sd
from tests.experiments.estimators.panel_data import NAMES, pair

THREE = np.array([[0.3, 0.1, -0.2], [0.0, 0.2, -0.3], [-0.1, 0.05, 0.4]])


def covariances(paths, noise, sessions, start):
    """Return the covariances of all sessions of a series that starts at session 0 with covariance `start`."""
    q = len(paths)
    now, table = start, np.zeros((sessions, sessions, q, q))
    for t in range(sessions):
        carried = now
        for later in range(t, sessions):
            table[t, later], table[later, t] = carried, carried.T
            carried = carried @ paths
        now = paths.T @ now @ paths + noise
    return table


def endless(paths, noise, patterns, *, start=None):
    """Return expected sums of products within clients, one client of each pattern (0/1 by step)."""
    q = len(paths)
    table = covariances(paths, noise, len(patterns[0]) + 1, noise if start is None else start)
    cross, to, after, degrees = np.zeros((q, q)), np.zeros((q, q)), np.zeros((q, q)), 0
    lags = np.zeros(len(patterns[0]) - 1)
    for pattern in patterns:
        there = np.flatnonzero(pattern)
        m = there.size
        centre = np.eye(m) - 1 / m
        for total, first, second in ((cross, there, there), (to, there, there + 1), (after, there + 1, there + 1)):
            total += np.einsum("st,stij->ij", centre, table[np.ix_(first, second)])
        for earlier in range(m):
            for later in range(earlier + 1, m):
                lags[there[later] - there[earlier] - 1] += 1 / m
        degrees += m - 1
    return cross, to, after, degrees, lags


def nickell(rho, steps_):
    """Return Nickell's (1981) inconsistency of the within estimator of a stationary autoregression of so many steps."""
    part = 1 - (1 - rho**steps_) / (steps_ * (1 - rho))
    return -(1 + rho) / (steps_ - 1) * part / (1 - 2 * rho / ((1 - rho) * (steps_ - 1)) * part)


@pytest.mark.parametrize("steps_", [3, 4, 6, 15])
@pytest.mark.parametrize("rho", [-0.3, 0.0, 0.4, 0.8])
def test_least_squares_are_off_by_nickells_formula_and_the_corrected_path_is_exact(rho, steps_):
    paths, noise = np.array([[rho]]), np.array([[1.0]])
    got = solve(endless(paths, noise, [np.ones(steps_, dtype=int)], start=noise / (1 - rho**2)), 1)
    assert got.naive[0, 0] - rho == pytest.approx(nickell(rho, steps_), rel=1e-9)
    assert got.found
    assert got.paths[0, 0] == pytest.approx(rho, abs=1e-7)
    assert got.noise[0, 0] == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("start", [np.eye(3) * 0.1, np.eye(3) * 9.0])
def test_three_series_with_feedback_unequal_lengths_and_gaps_are_exact_whatever_the_start(start):
    patterns = [[1, 1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1], [1, 0, 0, 1, 1, 0, 0], [0, 1, 1, 0, 0, 1, 0]]
    noise = np.array([[1.0, 0.2, -0.3], [0.2, 1.5, 0.1], [-0.3, 0.1, 0.8]])
    got = solve(endless(THREE, noise, patterns, start=start), 3)
    assert got.found
    assert got.paths == pytest.approx(THREE, abs=1e-7)
    assert got.noise == pytest.approx(noise, abs=1e-6)
    assert np.abs(got.naive - THREE).max() > 0.1


@pytest.mark.parametrize("own, other, together, cross", [(0.6, 0.1, 0.6, 0.03), (0.1, 0.6, 0.5, -0.03)])
def test_cross_lagged_least_squares_have_a_wrong_sign_that_depends_on_the_rest(own, other, together, cross):
    paths, noise = np.array([[own, cross], [0.0, other]]), np.array([[1.0, together], [together, 1.0]])
    got = solve(endless(paths, noise, [np.ones(4, dtype=int)]), 2)
    assert np.sign(got.naive[0, 1]) == -np.sign(cross)
    assert abs(got.naive[0, 1]) > abs(cross)
    assert got.paths[0, 1] == pytest.approx(cross, abs=1e-7)


@pytest.fixture(scope="module")
def scores():
    return np.stack(pair(11, sessions=8), axis=2)


@pytest.fixture(scope="module")
def fit(scores):
    return within_lag(scores, names=NAMES)


def test_uncorrected_paths_are_least_squares_with_a_dummy_for_each_client_and_session(scores, fit):
    rows = [
        (i, t, *scores[i, t], *scores[i, t + 1])
        for i in range(len(scores))
        for t in range(7)
        if np.isfinite(scores[i, t : t + 2]).all()
    ]
    count = {i: sum(row[0] == i for row in rows) for i in range(len(scores))}
    rows = np.array([row for row in rows if count[row[0]] >= 2])
    clients, sessions = (np.unique(rows[:, k], return_inverse=True)[1] for k in (0, 1))
    design = np.hstack([rows[:, 2:4], np.eye(clients.max() + 1)[clients], np.eye(sessions.max() + 1)[sessions][:, 1:]])
    slopes = np.linalg.lstsq(design, rows[:, 4:], rcond=None)[0][:2]
    for j, before in enumerate(NAMES):
        for k, after in enumerate(NAMES):
            assert fit[f"{before}_to_{after}_uncorrected"].estimate == pytest.approx(slopes[j, k], rel=1e-6)
    assert fit.facts["steps"] == len(rows)


def test_what_lasts_in_a_client_and_what_everybody_shares_at_a_session_change_nothing(scores, fit):
    luck = np.random.default_rng(1)
    moved = scores + luck.normal(size=(len(scores), 1, 2)) * [1, 9] + luck.normal(size=(1, 8, 2))
    again = within_lag(moved, names=NAMES)
    for name in ("alliance_to_symptoms", "symptoms_to_alliance", "alliance_to_alliance"):
        assert again[name].estimate == pytest.approx(fit[name].estimate, rel=1e-4)
        assert again[name].se == pytest.approx(fit[name].se, rel=1e-2)


def test_units_order_of_clients_and_order_of_series_do_not_matter(scores, fit):
    order = np.random.default_rng(2).permutation(len(scores))
    again = within_lag(scores[order][:, :, ::-1] * [0.1, 1000] + 5, names=NAMES[::-1])
    name = "alliance_to_symptoms"
    assert again[name].estimate == pytest.approx(fit[name].estimate * 1e-4, rel=1e-6)
    assert again[name].se == pytest.approx(fit[name].se * 1e-4, rel=1e-6)
    assert again[f"{name}_std"].estimate == pytest.approx(fit[f"{name}_std"].estimate, rel=1e-6)
    assert again[name].p == pytest.approx(fit[name].p, rel=1e-5)


def test_clients_with_a_single_step_and_empty_sessions_change_nothing(scores, fit):
    short = np.full((30, 8, 2), np.nan)
    short[:, :2] = 3.0
    wider = np.concatenate([np.vstack([scores, short]), np.full((len(scores) + 30, 3, 2), np.nan)], axis=1)
    again = within_lag(wider, names=NAMES)
    assert again.n == fit.n
    assert again["alliance_to_symptoms"].estimate == pytest.approx(fit["alliance_to_symptoms"].estimate, rel=1e-6)


def test_standard_errors_are_those_of_leaving_out_each_client_in_turn(scores, fit):
    """The jackknife over clients is another way to the same number."""
    some = scores[:120]
    full = within_lag(some, names=NAMES)
    left = [within_lag(np.delete(some, i, axis=0), names=NAMES)["alliance_to_symptoms"].estimate for i in range(120)]
    spread = np.sqrt(119 / 120 * np.sum((np.array(left) - np.mean(left)) ** 2))
    assert full["alliance_to_symptoms"].se == pytest.approx(spread, rel=0.06)


def test_twice_the_clients_give_the_same_paths_and_standard_errors_smaller_by_the_root_of_two(scores, fit):
    again = within_lag(np.vstack([scores, scores]), names=NAMES)
    name = "symptoms_to_symptoms"
    assert again[name].estimate == pytest.approx(fit[name].estimate, rel=2e-2)
    assert again[name].se == pytest.approx(fit[name].se / np.sqrt(2), rel=2e-2)


def test_gaps_count_the_pairs_of_steps_by_how_far_they_lie_apart():
    values = np.random.default_rng(1).normal(size=(1, 6, 1))
    values[0, 3] = np.nan
    assert steps(values).gaps.tolist() == [[1 / 3, 0, 1 / 3, 1 / 3]]


def test_sd_within_clients_is_about_their_own_means():
    values = np.array([[[1.0], [3.0], [np.nan]], [[10.0], [10.0], [13.0]], [[5.0], [np.nan], [np.nan]]])
    assert within_sd(values) == pytest.approx(np.sqrt((2 + 6) / 3))


@pytest.mark.parametrize(
    "spoil, status",
    [
        (lambda z: z[:10], "too_few"),
        (lambda z: z[:0], "missing"),
        (lambda z: z[:, :2], "missing"),
        (lambda z: z * np.nan, "missing"),
        (lambda z: np.where(np.arange(2) == 0, z, np.where(np.isfinite(z), 9.0, np.nan)), "constant"),
        (lambda z: z[:, :, [0, 0]], "collinear"),
        (lambda z: np.where(np.arange(2) == 0, z, np.arange(8)[None, :, None] + 0 * z), "collinear"),
        (lambda z: z + np.arange(2) * (np.cumsum(np.cumsum(np.nan_to_num(z), axis=1), axis=1) * 50), "not_converged"),
    ],
)
def test_bad_input_gives_a_named_reason_and_a_sentence(scores, spoil, status):
    got = within_lag(spoil(scores), names=NAMES)
    assert got.status == status
    assert got.note.endswith(".")
    assert np.isnan(got["alliance_to_symptoms"].estimate)


def test_within_part_is_the_fixed_effects_slope_and_the_difference_is_between_less_within():
    x, y = pair(3, sessions=6)
    got = within_between(x, y, name="alliance")
    rows = [(i, t, x[i, t], y[i, t + 1]) for i in range(len(x)) for t in range(5)]
    rows = np.array([row for row in rows if np.isfinite(row).all()])
    count = np.bincount(rows[:, 0].astype(int), minlength=len(x))
    rows = rows[count[rows[:, 0].astype(int)] >= 2]
    clients, sessions = (np.unique(rows[:, k], return_inverse=True)[1] for k in (0, 1))
    design = np.hstack([rows[:, [2]], np.eye(clients.max() + 1)[clients], np.eye(sessions.max() + 1)[sessions][:, 1:]])
    assert got["alliance_within"].estimate == pytest.approx(np.linalg.lstsq(design, rows[:, 3], rcond=None)[0][0])
    difference = got["alliance_between"].estimate - got["alliance_within"].estimate
    assert got["alliance_contextual"].estimate == pytest.approx(difference)
    assert got.n == clients.max() + 1


@pytest.mark.parametrize(
    "spoil, status",
    [
        (lambda x, y: (x[:10], y[:10]), "too_few"),
        (lambda x, y: (x * np.nan, y), "missing"),
        (lambda x, y: (np.where(np.isfinite(x), 3.0, np.nan), y), "constant"),
        (lambda x, y: (x, np.where(np.isfinite(y), 3.0, np.nan)), "constant"),
        (lambda x, y: (x[:, :1], y[:, :1]), "missing"),
    ],
)
def test_apart_within_and_between_bad_input_gives_a_named_reason(spoil, status):
    got = within_between(*spoil(*pair(3)), name="alliance")
    assert got.status == status
    assert got.note.endswith(".")
