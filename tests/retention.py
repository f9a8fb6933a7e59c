"""What a clinic gains by keeping its better therapists: a thought experiment on how much therapists differ.

Fifty therapists, each with 30 new clients a quarter; after each quarter the three whose clients responded least are
replaced by chance from the pool they came from. Luck picks many of the three, differences between therapists some. The
more therapists differ (ICC on the logit scale), the more responses the clinic gains over ten years.

Source: the mechanism of Imel et al. 2015. Their numbers (4,266, 6,404, 9,307 more responses at ICC .05, .10, .20) come
from a set-up not known in all its details; this one gives 6 to 8 % fewer.
"""

import math

import numpy as np
from scipy import special

from experiments.estimators.value import found


def extra_responses(icc, *, runs=200, staff=50, pool=1000, clients=30, quarters=40, replaced=3, seed=20261124):
    """Return how many more clients respond than the half that would without selection, a `Value` over `runs` clinics.

    A therapist's clients respond with probability logistic(v), v ~ N(0, icc / (1 - icc) pi^2 / 3); `pool` therapists
    per clinic, of whom `staff` are drawn to begin with; `clients` per therapist and quarter; after each of `quarters`
    the `replaced` with the fewest responses in it (ties at random) make way for random draws from the pool.
    """
    if not 0 <= icc < 1:
        raise ValueError(f"icc = {icc} must lie in 0-1 (1 excluded).")
    luck, rows = np.random.default_rng(seed), np.arange(runs)[:, None]
    skill = luck.normal(0.0, math.sqrt(icc / (1 - icc) * math.pi**2 / 3), size=(runs, pool))
    employed = np.argsort(luck.random((runs, pool)), axis=1)[:, :staff]
    total = np.zeros(runs)
    for _ in range(quarters):
        responses = luck.binomial(clients, special.expit(skill[rows, employed]))
        total += responses.sum(axis=1)
        worst = np.argsort(responses + luck.random(responses.shape), axis=1)[:, :replaced]
        employed[rows, worst] = luck.integers(pool, size=(runs, replaced))
    extra = total - staff * clients * quarters / 2
    return found(extra.mean(), se=extra.std(ddof=1) / math.sqrt(runs) if runs > 1 else math.nan, n=runs)
