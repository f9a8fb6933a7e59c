"""Results that outsiders recognise: what queues, staffing and trials come to, whatever the model says of therapy."""

import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from experiments.estimators.methods.trials.growth_trial import Arm, growth
from experiments.estimators.methods.trials.power import type_one_error
from experiments.estimators.methods.trials.weibull_dropout import weibull_dropout
from sim.caseload import places_by_queue
from sim.maths import geometric
from tests.retention import extra_responses

WEEKS = tuple(range(11))
TRIAL = growth(WEEKS, icc_pre=0.5, var_ratio=0.02, icc_slope=0.05)

# --- trials that ignore therapists ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "rate"), [(5, 0.0661), (10, 0.0867), (15, 0.1073), (20, 0.1274), (30, 0.1655)])
def test_a_trial_that_ignores_its_therapists_finds_too_much(n, rate):
    arm = Arm((n,) * 5)
    assert type_one_error(TRIAL, arm, arm).estimate == pytest.approx(rate, abs=1e-4)
    between, within = 2 * 0.05, 2 * 0.95 + 100 / 110
    closed = math.sqrt((within / n + between) / ((2 + 100 / 110) / n))
    assert type_one_error(TRIAL, arm, arm).estimate == pytest.approx(
        2 * stats.norm.cdf(-1.959963985 / closed), rel=1e-8
    )


@pytest.mark.parametrize(
    ("n", "ours", "published"),
    [
        (5, 0.0614, 0.062),
        (10, 0.0771, 0.077),
        (15, 0.0929, 0.093),
        (20, 0.1085, 0.109),
        (30, 0.1389, 0.139),
    ],
)
def test_and_so_it_does_with_dropout(n, ours, published):
    arm = Arm((n,) * 5, tuple(weibull_dropout(WEEKS, share=0.3, rate=0.5)))
    rate = type_one_error(TRIAL, arm, arm).estimate
    assert rate == pytest.approx(ours, abs=6e-5) and rate == pytest.approx(published, abs=0.002)


# --- keeping the better therapists ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("icc", "extra"), [(0.05, 3920), (0.10, 5895), (0.20, 8684)])
def test_replacing_the_three_least_successful_therapists(icc, extra):
    value = extra_responses(icc)
    assert value.estimate == pytest.approx(extra, rel=0.06)
    assert value.se < 0.02 * extra


# --- waiting list -----------------------------------------------------------------------------------------------------


def mean_wait(places, *, weeks=200_000, first=2_500, seed=1):
    """Return the mean wait in weeks of our own queue: Poisson referrals, 2 a week; geometric lengths, mean 20 weeks."""
    luck = np.random.default_rng(seed)
    referrals = luck.poisson(2, size=weeks)
    lengths = iter([geometric(u, 20.0) for u in luck.random(int(referrals.sum())).tolist()])
    desk = SimpleNamespace(places=places, on_the_books=0)
    waiting, endings, waits, known = [], Counter(), [], 0
    which = Counter()  # one desk holds all places, so nobody's uniform matters
    for week, referred in enumerate(referrals.tolist()):
        desk.on_the_books -= endings.pop(week, 0)
        waiting += [SimpleNamespace(client_id=known + i, referral_week=week) for i in range(referred)]
        known += referred
        given = [client for client, _ in places_by_queue(waiting, [desk], which)]
        desk.on_the_books += len(given)
        endings.update(week + next(lengths) for _ in given)
        waits += [week - client.referral_week for client in given if client.referral_week >= first]
        waiting = waiting[len(given) :]
    return sum(waits) / len(waits)


def weekly_wait(places, *, referrals=2.0, mean=20.0, most=600):
    """Return the exact mean wait of that queue: a Markov chain of how many are there each week, and Little's law."""
    arrive = stats.poisson.pmf(np.arange(40), referrals)
    steps = np.zeros((most + 1, most + 1))
    for inside in range(most + 1):
        busy = min(inside, places)
        left = np.zeros(most + 1)
        left[inside - np.arange(busy + 1)] = stats.binom.pmf(np.arange(busy + 1), busy, 1 / mean)
        steps[inside] = np.convolve(left, arrive)[: most + 1]
    steps[:, -1] += 1 - steps.sum(axis=1)
    equations = steps.T - np.eye(most + 1)
    equations[-1] = 1.0
    share = np.linalg.solve(equations, np.eye(most + 1)[-1])
    return float(share @ np.maximum(np.arange(most + 1) - places, 0)) / referrals


def erlang_c_wait(places, *, referrals=2.0, mean=20.0):
    """Return the mean wait of M/M/c, the same queue in continuous time."""
    load, blocked = referrals * mean, 1.0
    for servers in range(1, places + 1):
        blocked = load * blocked / (servers + load * blocked)
    return blocked / (1 - load / places * (1 - blocked)) * mean / (places - load)


@pytest.mark.parametrize(("places", "continuous", "weekly"), [(45, 1.363, 1.39), (44, 2.159, 2.18)])
def test_the_waiting_list_in_theory(places, continuous, weekly):
    assert erlang_c_wait(places) == pytest.approx(continuous, abs=6e-4)
    assert weekly_wait(places) == pytest.approx(weekly, rel=0.06)


@pytest.mark.slow
@pytest.mark.parametrize(("places", "weekly"), [(45, 1.39), (44, 2.18)])
def test_our_own_waiting_list(places, weekly):
    # Weeks are not independent: over seeds the mean of 200,000 weeks has an SD of 4 %.
    waited = mean_wait(places)
    assert waited == pytest.approx(weekly, rel=0.06)
    assert waited == pytest.approx(weekly_wait(places), rel=0.12)
